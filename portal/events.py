"""Everything that leaves a line in the trace, and what a line may hold."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """What can happen, named `noun.past_participle`."""

    CASE_OPENED = "case.opened"
    CASE_VIEWED = "case.viewed"
    WELCOME_READ = "welcome.read"
    PLAN_VIEWED = "plan.viewed"
    PLAN_BEGUN = "schema.begun"
    PLAN_OPENED = "schema.viewed"
    PLAN_CHANGED = "schema.changed"
    PLAN_CONFIDED = "schema.confided"
    PLAN_PERSON = "schema.person"
    PLAN_PROPOSED = "schema.proposed"
    PLAN_ACCEPTED = "schema.accepted"
    PLAN_YES_NOTED = "schema.yes_noted"
    PLAN_OBJECTED = "schema.objected"
    PLAN_EXPORTED = "schema.exported"
    PLAN_BROUGHT = "schema.brought"
    PLAN_COMPARED = "schema.compared"
    PLAN_MERGED = "schema.merged"
    PLAN_LEFT = "schema.left"
    PLAN_OUTCOME = "schema.outcome"
    PLAN_REMINDED = "schema.reminded"
    PLAN_TAKEN = "schema.taken"
    MEETING_VIEWED = "meeting.viewed"
    MEETING_PLANNED = "meeting.planned"
    MEETING_CHANGED = "meeting.changed"
    MEETING_CALLED_OFF = "meeting.called_off"
    MEETING_BEGUN = "meeting.begun"
    MEETING_JOINED = "meeting.joined"
    MEETING_LEFT = "meeting.left"
    MEETING_OPENED = "meeting.opened"
    MEETING_ENDED = "meeting.ended"
    HEARD_ANSWERED = "heard.answered"
    HEARD_SHOWN = "heard.shown"
    HEARD_HIDDEN = "heard.hidden"
    HEARD_VIEWED = "heard.viewed"
    TEAM_VIEWED = "team.viewed"
    AUDIENCE_VIEWED = "audience.viewed"
    MEMBER_ADDED = "member.added"
    LEVEL_SET = "level.set"
    MEMBER_CORRECTED = "member.corrected"
    MEMBER_CHANGED = "member.changed"
    OWN_DATA_VIEWED = "own_data.viewed"
    CODE_MADE = "code.made"
    CODE_USED = "code.used"
    CODE_REFUSED = "code.refused"
    NATIONAL_ID_SHOWN = "national_id.shown"
    CONSENT_GIVEN = "consent.given"
    CONSENT_REFUSED = "consent.refused"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    CONSENT_SCANNED = "consent.scanned"
    CONSENT_VIEWED = "consent.viewed"
    OVERRIDE_SET = "override.set"
    OVERRIDE_ENDED = "override.ended"
    FREEZE_SET = "freeze.set"
    FREEZE_RENEWED = "freeze.kept"
    FREEZE_LIFTED = "freeze.lifted"
    MEMBER_LEFT = "member.left"
    WISH_MADE = "wish.made"
    WISH_ANSWERED = "wish.answered"
    CONFIDENCE_ANSWERED = "confidence.answered"
    HAND_OVER_OFFERED = "hand_over.offered"
    HAND_OVER_SAID = "hand_over.said"
    HAND_OVER_REPLIED = "hand_over.replied"
    HAND_OVER_ACCEPTED = "hand_over.accepted"
    HAND_OVER_DECLINED = "hand_over.declined"
    HAND_OVER_WITHDRAWN = "hand_over.withdrawn"
    CONSENT_ENDING = "consent.ending"
    CUSTODY_SET = "custody.set"
    FILES_LISTED = "files.listed"
    PICTURES_LISTED = "pictures.listed"
    FILE_VIEWED = "file.viewed"
    FILE_MOVED = "file.moved"
    FILE_ADDED = "file.added"
    VERSION_ADDED = "version.added"
    VERSION_SCANNED = "version.scanned"
    VERSION_RESTORED = "version.restored"
    VERSION_DOWNLOADED = "version.downloaded"
    FILE_WITHDRAWN = "file.withdrawn"
    FILE_PLACED = "file.placed"
    FILE_RENAMED = "file.renamed"
    VERSION_PREVIEWED = "version.previewed"
    VERSION_CONVERTED = "version.converted"
    VERSION_INDEXED = "version.indexed"
    FORM_NOTED = "form.noted"
    EXPORT_ASKED = "export.asked"
    EXPORT_MADE = "export.made"
    EXPORT_FAILED = "export.failed"
    EXPORT_FETCHED = "export.fetched"
    FOLDER_FETCHED = "folder.fetched"
    UPLOAD_BEGUN = "upload.begun"
    UPLOAD_CANCELLED = "upload.cancelled"
    UPLOAD_HELD = "upload.held"
    UPLOAD_DROPPED = "upload.dropped"
    EDITING_BEGUN = "editing.begun"
    EDITING_ENDED = "editing.ended"
    EDITING_BROKEN = "editing.broken"
    WRITING_LINKED = "writing.linked"
    WRITING_UNLINKED = "writing.unlinked"
    VERSION_OPENED = "version.opened"
    VERSION_SAVED = "version.saved"
    BLANK_DOWNLOADED = "blank.downloaded"
    THREADS_LISTED = "threads.listed"
    THREAD_VIEWED = "thread.viewed"
    THREAD_MOVED = "thread.moved"
    THREAD_STARTED = "thread.started"
    MESSAGE_SENT = "message.sent"
    MESSAGE_TAKEN_BACK = "message.taken_back"
    ANSWER_ASKED = "answer.asked"
    ANSWER_UNASKED = "answer.unasked"
    ABSENCE_TOLD = "absence.told"
    ABSENCE_ENDED = "absence.ended"
    CASE_SEARCHED = "case.searched"
    LOG_VIEWED = "log.viewed"
    ACCESS_REFUSED = "access.refused"
    ACCESS_EXPLAINED = "access.explained"

    CHAIN_BEGUN = "chain.begun"
    STRANGER_REFUSED = "stranger.refused"
    ORGANISATION_ADDED = "organisation.added"
    UNIT_ADDED = "unit.added"
    STAFF_ADDED = "staff.added"
    STAFF_CHANGED = "staff.changed"
    EMAIL_ASKED = "email.asked"
    EMAIL_STOPPED = "email.stopped"
    ACCOUNT_ASKED = "account.asked"
    ACCOUNT_ANSWERED = "account.answered"
    STAFF_INVITED = "staff.invited"
    INVITATION_WRITTEN = "invitation.written"
    INVITATION_MAILED = "invitation.mailed"
    RESET_ASKED = "reset.asked"
    RESET_MAILED = "reset.mailed"
    PASSWORD_CHOSEN = "password.chosen"  # noqa: S105  a name
    PASSWORD_REHASHED = "password.rehashed"  # noqa: S105  a name
    ACCOUNT_CLOSED = "account.closed"
    ACCOUNT_REOPENED = "account.reopened"
    SIGN_INS_VIEWED = "sign_ins.viewed"
    ROLES_SET = "roles.set"
    PHONE_SET = "phone.set"
    STAFF_LINKED = "staff.linked"
    PASSWORDS_SWITCHED = "passwords.switched"
    FIGURES_VIEWED = "figures.viewed"
    TRACE_VIEWED = "trace.viewed"
    SIGNED_IN = "signed.in"
    SIGN_IN_REFUSED = "sign_in.refused"
    SIGNED_OUT = "signed.out"
    STEPPED_UP = "stepped.up"
    SIGNED_OUT_ELSEWHERE = "signed.out_elsewhere"
    FACTOR_ADDED = "factor.added"
    FACTOR_REMOVED = "factor.removed"
    RECOVERY_CODES_MADE = "recovery_codes.made"
    RECOVERY_CODE_USED = "recovery_code.used"
    RENEWAL_STARTED = "renewal.started"
    NOTICE_MAILED = "notice.mailed"
    NOTICES_CHOSEN = "notices.chosen"
    NOTICES_STOPPED = "notices.stopped"
    CONTACT_ADDED = "contact.added"
    CONTACT_WRITTEN = "contact.written"
    CONTACT_TRIED = "contact.tried"
    CONTACT_CONFIRMED = "contact.confirmed"
    CONTACT_REMOVED = "contact.removed"
    MAIL_UNDELIVERED = "mail.undelivered"
    EID_LINKED = "eid.linked"
    EID_SEEN = "eid.seen"
    EID_UNLINKED = "eid.unlinked"
    ACCESS_REWRITTEN = "access.rewritten"
    WINDOWS_CHECKED = "windows.checked"
    KEYS_ROTATED = "keys.rotated"
    KEYS_RETIRED = "keys.retired"
    STORE_SWEPT = "store.swept"
    TRACE_CHECKED = "trace.checked"
    TRACE_UNCHECKED = "trace.unchecked"
    TRACE_EXPORTED = "trace.exported"


ALLOWED_FIELDS: dict[Event, frozenset[str]] = {
    Event.MEMBER_ADDED: frozenset({"capacity", "level"}),
    Event.LEVEL_SET: frozenset({"level"}),
    Event.CODE_REFUSED: frozenset({"reason"}),
    Event.EID_LINKED: frozenset({"method"}),
    Event.EID_UNLINKED: frozenset({"method"}),
    Event.MEMBER_CORRECTED: frozenset({"what", "correction"}),
    Event.MEMBER_CHANGED: frozenset({"what", "correction"}),
    Event.CONSENT_GIVEN: frozenset({"method"}),
    Event.CONSENT_WITHDRAWN: frozenset({"whole"}),
    Event.CONSENT_SCANNED: frozenset({"state"}),
    Event.MEMBER_LEFT: frozenset({"reason"}),
    Event.CONFIDENCE_ANSWERED: frozenset({"allowed"}),
    Event.HAND_OVER_SAID: frozenset({"allowed", "method"}),
    Event.CUSTODY_SET: frozenset({"holds"}),
    Event.FILE_ADDED: frozenset({"version"}),
    Event.VERSION_ADDED: frozenset({"version", "number"}),
    Event.VERSION_SCANNED: frozenset({"version", "number", "state"}),
    Event.VERSION_RESTORED: frozenset({"version", "number"}),
    Event.VERSION_DOWNLOADED: frozenset({"version", "number"}),
    Event.FILE_VIEWED: frozenset({"link"}),
    Event.PICTURES_LISTED: frozenset({"number"}),
    Event.WRITING_LINKED: frozenset({"link", "number"}),
    Event.VERSION_OPENED: frozenset({"link", "version", "number"}),
    Event.VERSION_SAVED: frozenset({"link", "version", "number"}),
    Event.VERSION_PREVIEWED: frozenset({"version", "number"}),
    Event.VERSION_CONVERTED: frozenset({"number"}),
    Event.VERSION_INDEXED: frozenset({"number"}),
    Event.EXPORT_MADE: frozenset({"number"}),
    Event.EXPORT_FETCHED: frozenset({"number"}),
    Event.FOLDER_FETCHED: frozenset({"number"}),
    Event.BLANK_DOWNLOADED: frozenset({"tool"}),
    Event.PLAN_BEGUN: frozenset({"number"}),
    Event.PLAN_CHANGED: frozenset({"number"}),
    Event.PLAN_YES_NOTED: frozenset({"number"}),
    Event.PLAN_PROPOSED: frozenset({"number"}),
    Event.PLAN_ACCEPTED: frozenset({"number"}),
    Event.PLAN_BROUGHT: frozenset({"version"}),
    Event.PLAN_COMPARED: frozenset({"version"}),
    Event.PLAN_MERGED: frozenset({"version", "number"}),
    Event.PLAN_LEFT: frozenset({"version"}),
    Event.PLAN_OUTCOME: frozenset({"number"}),
    Event.PLAN_OBJECTED: frozenset({"number"}),
    Event.PLAN_EXPORTED: frozenset({"number", "format"}),
    Event.PLAN_TAKEN: frozenset({"number"}),
    Event.CASE_SEARCHED: frozenset({"hits"}),
    Event.ACCESS_REFUSED: frozenset({"action", "reason"}),
    Event.STRANGER_REFUSED: frozenset({"action"}),
    Event.ROLES_SET: frozenset({"roles"}),
    Event.PASSWORDS_SWITCHED: frozenset({"allowed"}),
    Event.STAFF_CHANGED: frozenset({"what"}),
    Event.SIGNED_IN: frozenset({"method"}),
    Event.KEYS_ROTATED: frozenset({"cases", "apps"}),
    Event.STORE_SWEPT: frozenset({"orphans", "unfinished"}),
    Event.TRACE_CHECKED: frozenset({"lines", "faults"}),
    Event.TRACE_EXPORTED: frozenset({"lines"}),
    Event.SIGN_IN_REFUSED: frozenset({"method", "reason"}),
    Event.STEPPED_UP: frozenset({"method"}),
    Event.WINDOWS_CHECKED: frozenset({"hits"}),
    Event.FACTOR_ADDED: frozenset({"method"}),
    Event.FACTOR_REMOVED: frozenset({"method"}),
    Event.CONTACT_ADDED: frozenset({"method"}),
    Event.CONTACT_WRITTEN: frozenset({"method"}),
    Event.CONTACT_TRIED: frozenset({"method"}),
    Event.CONTACT_CONFIRMED: frozenset({"method"}),
    Event.CONTACT_REMOVED: frozenset({"method"}),
}
"""Fields an event may carry beside the ids every line has; an event not named here carries none."""
