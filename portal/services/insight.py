"""*Hvem har set min sag*: the trace of a case, in words people use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal import clock
from portal.access.actions import Action
from portal.access.roles import Standing
from portal.access.ticket import CaseTicket
from portal.events import Event
from portal.models import AuditEvent, Compartment, Correction, FileVersion, Membership, Plan, Thread, Unit
from portal.services import naming, people
from portal.services.people import Workplace

PAGE = 100
_PAUSE = timedelta(minutes=30)


@dataclass(frozen=True)
class LogLine:
    """One thing somebody did or looked at."""

    seq: int
    at: datetime
    event: Event
    who: Membership | None
    """None for somebody who was never in the case."""
    workplace: Workplace | None
    name_shown: bool
    """Whether the reader may know the name, or only role and organisation (Datatilsynet 2024)."""
    about: str
    """Name of the file, subject of the thread or name of the member it was about, as far as the reader may see it."""
    about_person: bool
    about_tool: bool
    """Then `about` is the tool's key."""
    compartment: str | None
    """Key of the compartment, when the reader sees it too."""
    in_shut_compartment: bool
    fields: dict[str, Any]
    is_me: bool
    before: str = ""
    """What was put right: how it was before, for those who may know."""

    @property
    def by_office(self) -> bool:
        """Whether it came from an account, and not from anybody of the case."""
        return self.event is Event.MEMBER_CHANGED

    @property
    def by_scanner(self) -> bool:
        """Whether the virus scanner did it and no person."""
        return self.event in (Event.VERSION_SCANNED, Event.CONSENT_SCANNED)


@dataclass(frozen=True)
class Visit:
    """What one person did without a longer pause, newest first. The same thing done again is told once."""

    lines: tuple[LogLine, ...]

    @property
    def who(self) -> LogLine:
        return self.lines[0]

    @property
    def begun_at(self) -> datetime:
        return self.lines[-1].at

    @property
    def ended_at(self) -> datetime:
        return self.lines[0].at

    @property
    def told(self) -> tuple[LogLine, ...]:
        """Each different thing once, the latest of its kind, in the order it was done."""
        once: dict[object, LogLine] = {}
        for line in self.lines:
            once.setdefault((line.event, line.about, line.in_shut_compartment, str(line.fields)), line)
        return tuple(reversed(once.values()))


@dataclass(frozen=True)
class LogPage:
    visits: tuple[Visit, ...]
    older_than: int | None
    """Pass as `before` for the next page; None when this was the last."""
    hidden_from: datetime | None = None
    """From when on lines are not shown to the reader just now; None when nothing is hidden."""
    own_only: bool = False
    """Whether it holds only what the reader did, and what was about them."""


def log(ticket: CaseTicket, before: int | None, only: str) -> LogPage:
    """The newest 100 lines older than `before`. `only` is 'looks' (who has looked), 'changes' or ''.

    The owner and the young person read every line of the case; everybody else reads lines about what they can see
    themselves. A right does not end with access: the young person to whom the case is shut reads every line, a parent
    those about themselves; a freeze may hide the newest ones while it lasts.
    """
    ticket.require(Action.LOG_VIEW)
    ticket.record(Event.LOG_VIEWED)
    found = select(AuditEvent).where(AuditEvent.chain_id == ticket.case_id)
    hidden_from = None if ticket.hatches else ticket.facts.log_ends_at(ticket.membership.id, clock.now())
    own_only = not ticket.hatches and ticket.standing is not Standing.YOUNG_PERSON
    found = found.where(AuditEvent.event.not_in(OWN) | (AuditEvent.actor_id == ticket.actor.person_id))
    if hidden_from is not None:
        found = found.where(AuditEvent.at < hidden_from)
    if own_only:
        untold = (*BETWEEN_TWO, *GUARDED, *STEERING)
        found = found.where(AuditEvent.event.not_in(untold), _about_me(ticket))
    elif ticket.standing is Standing.OWNER:
        found = found.where(_no_other_guides(ticket))
    elif ticket.standing is not Standing.YOUNG_PERSON:
        open_ones = list(ticket.hatches)
        unknown = BETWEEN_TWO if ticket.actor.is_staff else (*BETWEEN_TWO, *GUARDED)
        found = found.where(AuditEvent.event.not_in(unknown))
        found = found.where((AuditEvent.compartment_id.is_(None)) | (AuditEvent.compartment_id.in_(open_ones)))
    if before is not None:
        found = found.where(AuditEvent.seq < before)
    if only:
        found = found.where(AuditEvent.event.in_(LOOKS if only == "looks" else CHANGES))
    rows = list(ticket.session.scalars(found.order_by(AuditEvent.seq.desc()).limit(PAGE + 1)))
    shown = rows[:PAGE]
    names = _names(ticket, shown)
    places = people.workplaces(ticket)
    corrected = _before(ticket, shown)
    lines = [_line(ticket, row, names, places) for row in shown]
    told = [replace(line, before=corrected.get(line.fields.get("correction", ""), "")) for line in lines]
    return LogPage(_visits(told), shown[-1].seq if len(rows) > PAGE else None, hidden_from, own_only)


def _no_other_guides(ticket: CaseTicket) -> ColumnElement[bool]:
    """Nothing about what the young person confided to a guide before, as long as it is shut to this one."""
    confided = select(Compartment.id).where(
        Compartment.case_id == ticket.case_id,
        Compartment.confidant_id.is_not(None),
        Compartment.id.not_in(list(ticket.hatches)),
    )
    return or_(AuditEvent.compartment_id.is_(None), AuditEvent.compartment_id.not_in(confided))


def _about_me(ticket: CaseTicket) -> ColumnElement[bool]:
    """What the reader did, and what was done with their place in the case or with a declaration of theirs."""
    me = ticket.membership.id
    mine = [me, *(consent.id for consent in ticket.facts.consents_of(me))]
    return or_(AuditEvent.membership_id == me, AuditEvent.item_id.in_(mine))


LOOKS = (
    Event.CASE_VIEWED,
    Event.PLAN_VIEWED,
    Event.SCHEMA_VIEWED,
    Event.SCHEMA_EXPORTED,
    Event.SCHEMA_COMPARED,
    Event.MEETING_VIEWED,
    Event.HEARD_VIEWED,
    Event.TEAM_VIEWED,
    Event.AUDIENCE_VIEWED,
    Event.FILES_LISTED,
    Event.PICTURES_LISTED,
    Event.FILE_VIEWED,
    Event.VERSION_DOWNLOADED,
    Event.VERSION_OPENED,
    Event.VERSION_PREVIEWED,
    Event.EXPORT_FETCHED,
    Event.FOLDER_FETCHED,
    Event.BLANK_DOWNLOADED,
    Event.THREADS_LISTED,
    Event.THREAD_VIEWED,
    Event.CASE_SEARCHED,
    Event.CONSENT_VIEWED,
    Event.NATIONAL_ID_SHOWN,
    Event.OWN_DATA_VIEWED,
    Event.LOG_VIEWED,
    Event.ACCESS_REFUSED,
    Event.ACCESS_EXPLAINED,
)
CHANGES = (
    Event.CASE_OPENED,
    Event.WELCOME_READ,
    Event.SCHEMA_TAKEN,
    Event.MEETING_PLANNED,
    Event.MEETING_CHANGED,
    Event.MEETING_CALLED_OFF,
    Event.MEETING_BEGUN,
    Event.MEETING_JOINED,
    Event.MEETING_LEFT,
    Event.MEETING_OPENED,
    Event.MEETING_ENDED,
    Event.HEARD_ANSWERED,
    Event.HEARD_SHOWN,
    Event.HEARD_HIDDEN,
    Event.MEMBER_ADDED,
    Event.MEMBER_CORRECTED,
    Event.MEMBER_CHANGED,
    Event.LEVEL_SET,
    Event.CODE_MADE,
    Event.CODE_USED,
    Event.CODE_REFUSED,
    Event.CONSENT_GIVEN,
    Event.CONSENT_WITHDRAWN,
    Event.CONSENT_SCANNED,
    Event.OVERRIDE_SET,
    Event.OVERRIDE_ENDED,
    Event.FREEZE_SET,
    Event.FREEZE_KEPT,
    Event.FREEZE_LIFTED,
    Event.MEMBER_LEFT,
    Event.WISH_MADE,
    Event.WISH_ANSWERED,
    Event.CONFIDENCE_ANSWERED,
    Event.HAND_OVER_OFFERED,
    Event.HAND_OVER_SAID,
    Event.HAND_OVER_REPLIED,
    Event.HAND_OVER_ACCEPTED,
    Event.HAND_OVER_DECLINED,
    Event.HAND_OVER_WITHDRAWN,
    Event.CONSENT_ENDING,
    Event.CUSTODY_SET,
    Event.SCHEMA_BEGUN,
    Event.SCHEMA_CHANGED,
    Event.SCHEMA_CONFIDED,
    Event.SCHEMA_PERSON,
    Event.SCHEMA_PROPOSED,
    Event.SCHEMA_ACCEPTED,
    Event.SCHEMA_YES_NOTED,
    Event.SCHEMA_OBJECTED,
    Event.SCHEMA_BROUGHT,
    Event.SCHEMA_MERGED,
    Event.SCHEMA_LEFT,
    Event.SCHEMA_OUTCOME,
    Event.SCHEMA_REMINDED,
    Event.FILE_ADDED,
    Event.FILE_MOVED,
    Event.VERSION_ADDED,
    Event.VERSION_SAVED,
    Event.VERSION_SCANNED,
    Event.VERSION_RESTORED,
    Event.FILE_WITHDRAWN,
    Event.FILE_PLACED,
    Event.FILE_RENAMED,
    Event.FORM_NOTED,
    Event.EXPORT_ASKED,
    Event.EXPORT_MADE,
    Event.EXPORT_FAILED,
    Event.UPLOAD_BEGUN,
    Event.UPLOAD_CANCELLED,
    Event.UPLOAD_HELD,
    Event.UPLOAD_DROPPED,
    Event.WRITING_LINKED,
    Event.WRITING_UNLINKED,
    Event.EDITING_BEGUN,
    Event.EDITING_ENDED,
    Event.EDITING_BROKEN,
    Event.THREAD_STARTED,
    Event.THREAD_MOVED,
    Event.MESSAGE_SENT,
)


GUARDED = (Event.FREEZE_SET, Event.FREEZE_KEPT, Event.FREEZE_LIFTED)
"""For the young person and professionals: among family it could reach the one who is shut out."""
STEERING = (Event.LEVEL_SET,)
"""Not for whoever is shut out: where no such line stands, they would know that the young person took a yes back."""
BETWEEN_TWO = (
    Event.WISH_MADE,
    Event.WISH_ANSWERED,
    Event.SCHEMA_CONFIDED,
    Event.CONFIDENCE_ANSWERED,
    Event.HAND_OVER_SAID,
    Event.HAND_OVER_REPLIED,
    Event.SCHEMA_OBJECTED,
    Event.HEARD_SHOWN,
    Event.HEARD_HIDDEN,
    Event.HEARD_VIEWED,
)
"""Between the young person and the guide."""
OWN = (Event.HEARD_ANSWERED, Event.WELCOME_READ)
"""For nobody but whoever did it."""


def _visits(lines: list[LogLine]) -> tuple[Visit, ...]:
    groups: list[list[LogLine]] = []
    for line in lines:
        last = groups[-1][-1] if groups else None
        if last and last.who is line.who and last.at - line.at < _PAUSE:
            groups[-1].append(line)
        else:
            groups.append([line])
    return tuple(Visit(tuple(group)) for group in groups)


def _line(ticket: CaseTicket, row: AuditEvent, names: dict[UUID, str], places: dict[UUID, Workplace]) -> LogLine:
    who = ticket.members.get(row.membership_id) if row.membership_id else None
    hatch = ticket.hatches.get(row.compartment_id) if row.compartment_id else None
    is_staff = who is not None and who.unit_id is not None
    names_of_staff = ticket.actor.is_staff or ticket.session.info["settings"].show_staff_names_in_log
    return LogLine(
        seq=row.seq,
        at=row.at,
        event=Event(row.event),
        who=who,
        workplace=places.get(who.unit_id) if who and who.unit_id else None,
        name_shown=not is_staff or names_of_staff or row.actor_id == ticket.actor.person_id,
        about=names.get(row.item_id, "") if row.item_id else "",
        about_person=row.item_id in ticket.members,
        about_tool=row.event.startswith("schema."),
        compartment=hatch.key if hatch else None,
        in_shut_compartment=row.compartment_id is not None and hatch is None,
        fields=row.fields,
        is_me=row.actor_id == ticket.actor.person_id,
    )


def _before(ticket: CaseTicket, rows: Iterable[AuditEvent]) -> dict[str, str]:
    """By the id of a correction, how it was before; the database gives out what this person may know."""
    wanted = {UUID(row.fields["correction"]) for row in rows if "correction" in row.fields}
    if not wanted:
        return {}
    found = {}
    units: dict[UUID, str] = {}
    corrections = ticket.session.scalars(select(Correction).where(Correction.id.in_(wanted))).all()
    if moved := {row.before_unit_id for row in corrections if row.before_unit_id}:
        units = {row.id: row.name for row in ticket.session.scalars(select(Unit).where(Unit.id.in_(moved)))}
    for row in corrections:
        if row.before_unit_id:
            found[str(row.id)] = units[row.before_unit_id]
        elif row.before_sealed:
            found[str(row.id)] = ticket.keys.unseal_text(row.before_sealed, f"correction.before {row.id}")
    return found


def _names(ticket: CaseTicket, rows: Iterable[AuditEvent]) -> dict[UUID, str]:
    """What the items are called, for those the reader may see; loaded through the ticket, in two queries."""
    wanted = {row.item_id for row in rows if row.item_id}
    names = {m.id: m.display_name for m in ticket.members.values() if m.id in wanted}
    newest = (
        ticket.select(FileVersion)
        .where(FileVersion.file_id.in_(wanted))
        .ext(distinct_on(FileVersion.file_id))
        .order_by(FileVersion.file_id, FileVersion.number.desc())
    )
    versions = ticket.session.scalars(newest).all()
    given = naming.given(ticket) if versions else {}
    for version in versions:
        own = ticket.keys.unseal_text(version.name_sealed, f"file_version.name {version.id}")
        names[version.file_id] = naming.title(given.get(version.file_id, ""), own)
    for thread in ticket.session.scalars(ticket.select(Thread).where(Thread.id.in_(wanted))):
        names[thread.id] = ticket.keys.unseal_text(thread.subject_sealed, f"thread.subject {thread.id}")
    for plan in ticket.session.scalars(ticket.select(Plan).where(Plan.id.in_(wanted))):
        names[plan.id] = plan.tool
    return names
