"""Every route of the portal, who it is for, and an address of it in the world of the tests.

A route that is not listed fails, and so does a line here for a route that is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from portal.access.policy.actions import Action, OfficeAction
from tests.support.world import World

NOTHING = UUID(int=1)
"""The id of nothing."""


@dataclass(frozen=True)
class Target:
    """Which case and which things in it an address is about."""

    case_id: UUID
    file_id: UUID
    thread_id: UUID
    compartment_id: UUID
    membership_id: UUID
    giver_id: UUID
    consent_id: UUID
    party: str
    colleague_id: UUID
    parent_id: UUID
    row: str
    """Somebody on the network map."""
    override_id: UUID = NOTHING
    freeze_id: UUID = NOTHING
    wish_id: UUID = NOTHING
    held_id: UUID = NOTHING
    meeting_id: UUID = NOTHING
    message_id: UUID = NOTHING


def own(world: World, compartment: str = "shared") -> Target:
    """The world's own case, with the things of one compartment."""
    room = world.room
    return Target(
        case_id=room.case_id,
        file_id=world.files[compartment],
        thread_id=world.threads[compartment],
        compartment_id=world.compartments[compartment],
        membership_id=room.member(world.people["teacher"]),
        giver_id=room.member(world.people["young person"]),
        consent_id=world.consent_id,
        party=world.party,
        colleague_id=world.people["administrator"].id,
        parent_id=room.member(world.people["custody holder"]),
        row=world.row,
        meeting_id=world.meeting_id,
    )


@dataclass(frozen=True)
class Route:
    endpoint: str
    method: str
    access: str | Action | OfficeAction
    path: Callable[[Target], str]

    def __str__(self) -> str:
        return f"{self.method} {self.endpoint}"


def _route(line: str, access: str | Action | OfficeAction, path: Callable[[Target], str]) -> Route:
    method, endpoint = line.split()
    return Route(endpoint, method, access, path)


def _at(rest: str) -> Callable[[Target], str]:
    return lambda t: f"/cases/{t.case_id}" + rest.format(t=t)


def _plain(path: str) -> Callable[[Target], str]:
    return lambda _t: path


ACCOUNT_PAGES = {
    "account": "", "edit": "/edit", "unit": "/unit", "email": "/email", "stop_email": "/email/stop",
    "invite_again": "/invite", "confirm_renewal": "/renewal", "start_renewal": "/renewal", "confirm_close": "/close",
    "close": "/close", "confirm_reopen": "/reopen", "reopen": "/reopen",
}  # fmt: skip
ONE_WAY = {
    "POST account", "GET stop_email", "GET invite_again", "POST confirm_renewal", "GET start_renewal",
    "POST confirm_close", "GET close", "POST confirm_reopen", "GET reopen",
}  # fmt: skip
"""Pages of an account that are only asked for, or only sent to."""

ROUTES = [
    _route("GET static", "public", _plain("/static/css/portal.css")),
    _route("GET front.index", "public", _plain("/")),
    _route("POST front.language", "public", _plain("/language/en")),
    _route("GET foot.help_page", "public", _plain("/help")),
    _route("GET foot.privacy", "public", _plain("/privacy")),
    _route("GET foot.accessibility", "public", _plain("/accessibility")),
    _route("GET foot.was", "public", _plain("/was")),
    _route("GET home_screen.manifest", "public", _plain("/manifest.webmanifest")),
    _route("GET home_screen.offline", "public", _plain("/offline")),
    _route("GET home_screen.worker", "public", _plain("/service-worker.js")),
    _route("GET front.alive", "public", _plain("/health")),
    _route("GET signin.form", "public", _plain("/sign-in")),
    _route("POST signin.with_password", "public", _plain("/sign-in")),
    _route("POST signin.out", "signed_in", _plain("/sign-out")),
    _route("POST signin.out_there", "public", _plain("/sign-out/eid/none")),
    _route("POST signin.stay", "signed_in", _plain("/stay")),
    _route("GET signin.second", "public", _plain("/sign-in/second")),
    _route("POST signin.with_second", "public", _plain("/sign-in/second")),
    _route("POST signin.passkey_options", "public", _plain("/sign-in/passkey/options")),
    _route("POST signin.with_passkey", "public", _plain("/sign-in/passkey")),
    _route("POST stepup.with_code", "signed_in", _plain("/step-up")),
    _route("POST stepup.with_passkey", "signed_in", _plain("/step-up/passkey")),
    _route("GET account.index", "signed_in", _plain("/me")),
    _route("POST own_eids.seen", "signed_in", _plain("/me/eids/seen")),
    _route("GET own_eids.end", "signed_in", _plain(f"/me/eids/{UUID(int=1)}/end")),
    _route("POST own_eids.end", "signed_in", _plain(f"/me/eids/{UUID(int=1)}/end")),
    _route("GET own_phone.bind", "signed_in", _plain("/me/own-phone")),
    _route("POST own_phone.bind", "signed_in", _plain("/me/own-phone")),
    _route("POST own_phone.options", "signed_in", _plain("/me/own-phone/options")),
    _route("GET own_phone.to_case", "signed_in", _plain(f"/me/own-phone/cases/{UUID(int=1)}")),
    _route("POST own_phone.remove", "signed_in", _plain(f"/me/own-phone/{UUID(int=1)}/remove")),
    _route("GET own_eids.code", "signed_in", _plain("/me/eids/code")),
    _route("POST own_eids.begin_code", "signed_in", _plain("/me/eids/code/none")),
    _route("POST account.end_device", "signed_in", _plain(f"/me/devices/{UUID(int=1)}/end")),
    _route("POST account.end_others", "signed_in", _plain("/me/devices/end")),
    _route("POST account.phone", "signed_in", _plain("/me/phone")),
    _route("GET notices.index", "signed_in", _plain("/me/notices")),
    _route("POST notices.give", "signed_in", _plain("/me/notices/mail")),
    _route("POST notices.confirm", "signed_in", _plain("/me/notices/mail/code")),
    _route("POST notices.remove", "signed_in", _plain("/me/notices/sms/remove")),
    _route("POST notices.choose", "signed_in", _plain("/me/notices/choices")),
    _route("POST notices.not_now", "signed_in", _plain("/me/notices/later")),
    _route("GET stopping.ask", "token", _plain("/stop/none")),
    _route("POST stopping.press", "token", _plain("/stop/none")),
    _route("GET account.password", "signed_in", _plain("/me/password")),
    _route("POST account.password", "signed_in", _plain("/me/password")),
    _route("GET factors.begin", "awaiting_second_factor", _plain("/me/second-step")),
    _route("GET factors.totp", "awaiting_second_factor", _plain("/me/totp")),
    _route("POST factors.totp", "awaiting_second_factor", _plain("/me/totp")),
    _route("GET factors.add_passkey", "awaiting_second_factor", _plain("/me/passkeys/new")),
    _route("POST factors.add_passkey", "awaiting_second_factor", _plain("/me/passkeys/new")),
    _route("POST factors.passkey_options", "awaiting_second_factor", _plain("/me/passkeys/options")),
    _route("POST factors.remove_totp", "signed_in", _plain("/me/totp/remove")),
    _route("POST factors.remove_passkey", "signed_in", _plain(f"/me/passkeys/{UUID(int=1)}/remove")),
    _route("POST factors.new_codes", "signed_in", _plain("/me/codes")),
    _route("POST stepup.keep", "page", _plain("/keep")),
    _route("GET stepup.ask", "signed_in", _plain("/step-up")),
    _route("POST stepup.with_eid", "signed_in", _plain("/step-up/eid/none")),
    _route("GET stepup.go_on", "signed_in", _plain("/go-on")),
    _route("GET stepup.fetch", "signed_in", _plain("/fetch")),
    _route("POST signin.begin_eid", "public", _plain("/eid/none")),
    _route("GET signin.end_eid", "public", _plain("/eid/none/callback")),
    _route("GET signin.code", "public", _plain("/eid/code")),
    _route("POST signin.redeem_code", "public", _plain("/eid/code")),
    _route("GET invitations.form", "public", _plain("/invitation/none")),
    _route("POST invitations.choose", "public", _plain("/invitation/none")),
    _route("GET forgotten.form", "public", _plain("/forgotten")),
    _route("POST forgotten.ask", "public", _plain("/forgotten")),
    _route("GET forgotten.choose", "public", _plain("/forgotten/none")),
    _route("POST forgotten.save", "public", _plain("/forgotten/none")),
    _route("GET office.index", OfficeAction.ACCOUNTS_MANAGE, _plain("/office")),
    _route("GET office.add_organisation", OfficeAction.ACCOUNTS_MANAGE, _plain("/office/organisations/new")),
    _route("POST office.add_organisation", OfficeAction.ACCOUNTS_MANAGE, _plain("/office/organisations/new")),
    _route(
        "GET office.add_unit", OfficeAction.ACCOUNTS_MANAGE, _plain(f"/office/organisations/{UUID(int=1)}/units/new")
    ),
    _route(
        "POST office.add_unit", OfficeAction.ACCOUNTS_MANAGE, _plain(f"/office/organisations/{UUID(int=1)}/units/new")
    ),
    _route("GET office.add_staff", OfficeAction.ACCOUNTS_MANAGE, _plain(f"/office/units/{UUID(int=1)}/staff/new")),
    _route("POST office.add_staff", OfficeAction.ACCOUNTS_MANAGE, _plain(f"/office/units/{UUID(int=1)}/staff/new")),
    *(
        _route(f"{method} accounts.{name}", OfficeAction.ACCOUNTS_MANAGE, path)
        for name, last in ACCOUNT_PAGES.items()
        for method, path in (
            ("GET", lambda t, last=last: f"/office/staff/{t.colleague_id}{last}"),
            ("POST", _plain(f"/office/staff/{NOTHING}{last}")),
        )
        if f"{method} {name}" not in ONE_WAY
    ),
    _route("GET colleagues.missing", "signed_in", _plain("/colleagues/missing")),
    _route("POST colleagues.missing", "signed_in", _plain("/colleagues/missing")),
    _route("GET colleagues.answer", OfficeAction.ACCOUNTS_MANAGE, _plain(f"/office/requests/{NOTHING}")),
    _route("POST colleagues.answer", OfficeAction.ACCOUNTS_MANAGE, _plain(f"/office/requests/{NOTHING}")),
    _route("POST colleagues.decline", OfficeAction.ACCOUNTS_MANAGE, _plain(f"/office/requests/{NOTHING}/no")),
    _route("GET addresses.confirm", "signed_in", _plain("/email/none")),
    _route("POST addresses.confirm", "signed_in", _plain("/email/none")),
    _route(
        "GET office_import.ask", OfficeAction.ACCOUNTS_MANAGE, _plain(f"/office/organisations/{UUID(int=1)}/import")
    ),
    _route(
        "POST office_import.check", OfficeAction.ACCOUNTS_MANAGE, _plain(f"/office/organisations/{UUID(int=1)}/import")
    ),
    _route(
        "POST office_import.confirm",
        OfficeAction.ACCOUNTS_MANAGE,
        _plain(f"/office/organisations/{UUID(int=1)}/import/all"),
    ),
    _route("GET office.sign_in", OfficeAction.ACCOUNTS_MANAGE, _plain(f"/office/organisations/{UUID(int=1)}/sign-in")),
    _route("POST office.sign_in", OfficeAction.ACCOUNTS_MANAGE, _plain(f"/office/organisations/{UUID(int=1)}/sign-in")),
    _route("POST stepup.with_staff_sign_in", "signed_in", _plain("/step-up/staff/none")),
    _route("POST staff_sso.begin", "public", _plain("/staff-sign-in/none")),
    _route("GET staff_sso.end", "public", _plain("/staff-sign-in/none/callback")),
    _route("GET oversight.figures", OfficeAction.FIGURES_VIEW, _plain("/figures")),
    _route("GET oversight.trace", OfficeAction.TRACE_VIEW, _plain("/trace")),
    _route("GET oversight.trace_list", OfficeAction.TRACE_VIEW, _plain("/trace/list.csv")),
    _route("GET case_list.index", "signed_in", _plain("/cases")),
    _route("POST case_list.find", "signed_in", _plain("/cases/find")),
    _route("GET case_list.new", OfficeAction.CASE_OPEN, _plain("/cases/new")),
    _route("POST case_list.new", OfficeAction.CASE_OPEN, _plain("/cases/new")),
    _route("GET case.overview", Action.CASE_VIEW, _at("")),
    _route("POST case.put_away", Action.CASE_VIEW, _at("/welcome")),
    _route("GET case.audience", Action.CASE_VIEW, _at("/audience")),
    _route("GET case.audience_of", Action.CASE_VIEW, _at("/audience/{t.compartment_id}")),
    _route("GET case.find", Action.CASE_SEARCH, _at("/search")),
    _route("POST case.find", Action.CASE_SEARCH, _at("/search")),
    _route("GET plan.index", Action.PLAN_VIEW, _at("/plan")),
    _route("GET plan.blank", Action.PLAN_VIEW, _at("/plan/goals_and_agreements/blank")),
    _route("GET plan_form.show", Action.PLAN_VIEW, _at("/plan/goals_and_agreements")),
    _route("GET plan_form.version", Action.PLAN_VIEW, _at("/plan/goals_and_agreements/versions/1")),
    _route("GET plan_form.changes", Action.PLAN_VIEW, _at("/plan/goals_and_agreements/versions/1/changes")),
    _route("GET plan_papers.version", Action.PLAN_VIEW, _at("/plan/goals_and_agreements/versions/1/paper/docx")),
    _route("GET plan_papers.statute", Action.PLAN_VIEW, _at("/plan/laws/job_plan/docx")),
    _route("GET promises.index", Action.PLAN_VIEW, _at("/plan/promises")),
    _route("POST promises.note", Action.PLAN_ACCEPT, _at("/plan/promises/00000000")),
    _route("GET meetings.arrange", Action.PLAN_WRITE, _at("/meetings/new")),
    _route("POST meetings.arrange", Action.PLAN_WRITE, _at("/meetings/new")),
    _route("POST meetings.begin_now", Action.PLAN_WRITE, _at("/meetings/now")),
    _route("GET meetings.show", Action.PLAN_VIEW, _at("/meetings/{t.meeting_id}")),
    _route("GET meetings.change", Action.PLAN_WRITE, _at("/meetings/{t.meeting_id}/change")),
    _route("POST meetings.change", Action.PLAN_WRITE, _at("/meetings/{t.meeting_id}/change")),
    _route("POST meetings.call_off", Action.PLAN_WRITE, _at("/meetings/{t.meeting_id}/call-off")),
    _route("POST meetings.begin", Action.PLAN_WRITE, _at("/meetings/{t.meeting_id}/begin")),
    _route("GET meetings.people", Action.PLAN_WRITE, _at("/meetings/{t.meeting_id}/people")),
    _route("POST meetings.people", Action.PLAN_WRITE, _at("/meetings/{t.meeting_id}/people")),
    _route("GET meetings.screen", Action.PLAN_VIEW, _at("/meetings/{t.meeting_id}/screen")),
    _route("GET meetings.live", Action.PLAN_VIEW, _at("/meetings/{t.meeting_id}/live")),
    _route("POST meetings.take", Action.PLAN_ACCEPT, _at("/meetings/{t.meeting_id}/take/00000000")),
    _route("POST meetings.accept", Action.PLAN_ACCEPT, _at("/meetings/{t.meeting_id}/yes")),
    _route("POST meetings.checklist", Action.PLAN_WRITE, _at("/meetings/{t.meeting_id}/checklist")),
    _route("GET meetings.end", Action.PLAN_WRITE, _at("/meetings/{t.meeting_id}/end")),
    _route("POST meetings.end", Action.PLAN_WRITE, _at("/meetings/{t.meeting_id}/end")),
    _route("GET heard.meeting", Action.HEARD_ANSWER, _at("/meetings/{t.meeting_id}/heard")),
    _route("POST heard.meeting", Action.HEARD_ANSWER, _at("/meetings/{t.meeting_id}/heard")),
    _route("GET heard.version", Action.HEARD_ANSWER, _at("/plan/meeting_checklist/versions/1/heard")),
    _route("POST heard.version", Action.HEARD_ANSWER, _at("/plan/meeting_checklist/versions/1/heard")),
    _route("GET together.live", Action.PLAN_WRITE, _at("/plan/goals_and_agreements/live?number=1")),
    _route("POST together.here", Action.PLAN_WRITE, _at("/plan/goals_and_agreements/here")),
    _route("POST plan_form.begin", Action.PLAN_WRITE, _at("/plan/goals_and_agreements/begin")),
    _route("POST plan_form.renew", Action.PLAN_WRITE, _at("/plan/goals_and_agreements/renew")),
    _route("GET plan_form.write", Action.PLAN_WRITE, _at("/plan/goals_and_agreements/write")),
    _route("POST plan_form.save", Action.PLAN_WRITE, _at("/plan/goals_and_agreements/write")),
    _route("GET word.bring", Action.PLAN_WRITE, _at("/plan/goals_and_agreements/word")),
    _route("POST word.bring", Action.PLAN_WRITE, _at("/plan/goals_and_agreements/word")),
    _route("GET word.compare", Action.PLAN_WRITE, _at("/plan/goals_and_agreements/word/{t.file_id}/1")),
    _route("POST word.compare", Action.PLAN_WRITE, _at("/plan/goals_and_agreements/word/{t.file_id}/1")),
    _route("POST word.leave", Action.PLAN_WRITE, _at("/plan/goals_and_agreements/word/{t.file_id}/1/leave")),
    _route("POST plan_form.propose", Action.PLAN_WRITE, _at("/plan/goals_and_agreements/versions/1/propose")),
    _route("POST plan_form.accept", Action.PLAN_ACCEPT, _at("/plan/goals_and_agreements/versions/1/accept")),
    _route("POST plan_form.object_to", Action.PLAN_ACCEPT, _at("/plan/goals_and_agreements/versions/1/change")),
    _route("POST plan_form.add_row", Action.PLAN_WRITE, _at("/plan/goals_and_agreements/rows/goals")),
    _route(
        "POST plan_form.accept_for",
        Action.PLAN_REGISTER,
        _at("/plan/goals_and_agreements/versions/1/accept/{t.giver_id}"),
    ),
    _route("GET old_forms.add", Action.FILE_ADD, _at("/plan/goals_and_agreements/elsewhere")),
    _route("POST old_forms.add", Action.FILE_ADD, _at("/plan/goals_and_agreements/elsewhere")),
    _route("GET old_forms.correct", Action.FILE_ADD_VERSION, _at("/plan/goals_and_agreements/elsewhere/{t.file_id}")),
    _route("POST old_forms.correct", Action.FILE_ADD_VERSION, _at("/plan/goals_and_agreements/elsewhere/{t.file_id}")),
    _route("GET files.index", Action.FILE_VIEW, _at("/files")),
    _route("POST files.index", Action.FILE_VIEW, _at("/files")),
    _route("POST files.small", Action.FILE_VIEW, _at("/files/small")),
    _route("GET files.add", Action.FILE_ADD, _at("/files/new")),
    _route("POST files.add", Action.FILE_ADD, _at("/files/new")),
    _route("GET exports.index", Action.FILE_DOWNLOAD, _at("/copies")),
    _route("POST exports.folder", Action.FILE_DOWNLOAD, _at("/copies/folder")),
    _route("GET exports.case", Action.CASE_EXPORT, _at("/copies/case")),
    _route("POST exports.case", Action.CASE_EXPORT, _at("/copies/case")),
    _route("GET exports.fetch", Action.FILE_DOWNLOAD, _at(f"/copies/{UUID(int=1)}")),
    _route("GET exports.fetch_case", Action.CASE_EXPORT, _at(f"/copies/case/{UUID(int=1)}")),
    _route("POST uploads.begin", Action.FILE_ADD, _at("/uploads")),
    _route("PATCH uploads.send", Action.FILE_ADD, _at(f"/uploads/{UUID(int=1)}")),
    _route("DELETE uploads.send", Action.FILE_ADD, _at(f"/uploads/{UUID(int=1)}")),
    _route("POST uploads.finish", Action.FILE_ADD, _at(f"/uploads/{UUID(int=1)}/finish")),
    _route("GET files.show", Action.FILE_VIEW, _at("/files/{t.file_id}")),
    _route("POST versions.add", Action.FILE_ADD_VERSION, _at("/files/{t.file_id}/versions")),
    _route("GET previews.view", Action.FILE_VIEW, _at("/files/{t.file_id}/versions/1/view")),
    _route("GET previews.preview_page", Action.FILE_VIEW, _at("/files/{t.file_id}/versions/1/preview")),
    _route("GET previews.picture", Action.FILE_VIEW, _at("/files/{t.file_id}/versions/1/picture")),
    _route("GET previews.page", Action.FILE_VIEW, _at("/files/{t.file_id}/versions/1/pages/0")),
    _route("GET ordering.withdraw", Action.FILE_WITHDRAW, _at("/files/{t.file_id}/withdraw")),
    _route("POST ordering.withdraw", Action.FILE_WITHDRAW, _at("/files/{t.file_id}/withdraw")),
    _route("POST ordering.rename", Action.FILE_ADD_VERSION, _at("/files/{t.file_id}/name")),
    _route("POST ordering.place", Action.FILE_ADD_VERSION, _at("/files/{t.file_id}/folder")),
    _route("GET versions.held", Action.FILE_ADD_VERSION, _at("/files/held/{t.held_id}")),
    _route("POST versions.held", Action.FILE_ADD_VERSION, _at("/files/held/{t.held_id}")),
    _route("POST versions.restore", Action.FILE_ADD_VERSION, _at("/files/{t.file_id}/versions/1/restore")),
    _route("POST versions.check_out", Action.FILE_ADD_VERSION, _at("/files/{t.file_id}/editing")),
    _route("POST versions.check_in", Action.FILE_ADD_VERSION, _at("/files/{t.file_id}/editing/end")),
    _route("GET versions.break_off", Action.FILE_UNLOCK, _at("/files/{t.file_id}/editing/break")),
    _route("POST versions.break_off", Action.FILE_UNLOCK, _at("/files/{t.file_id}/editing/break")),
    _route("GET dav.links", Action.FILE_DOWNLOAD, _at("/files/{t.file_id}/word-processor")),
    _route("POST dav.link", Action.FILE_ADD_VERSION, _at("/files/{t.file_id}/word-processor")),
    _route("POST dav.end", Action.FILE_DOWNLOAD, _at(f"/files/{{t.file_id}}/word-processor/{UUID(int=1)}/end")),
    _route("GET files.download", Action.FILE_DOWNLOAD, _at("/files/{t.file_id}/versions/1")),
    _route("GET moving.file", Action.FILE_MOVE, _at("/files/{t.file_id}/move")),
    _route("POST moving.file", Action.FILE_MOVE, _at("/files/{t.file_id}/move")),
    _route("GET moving.thread", Action.MESSAGE_MOVE, _at("/messages/{t.thread_id}/move")),
    _route("POST moving.thread", Action.MESSAGE_MOVE, _at("/messages/{t.thread_id}/move")),
    _route("GET messages.index", Action.MESSAGE_VIEW, _at("/messages")),
    _route("GET messages.start", Action.MESSAGE_WRITE, _at("/messages/new")),
    _route("POST messages.start", Action.MESSAGE_WRITE, _at("/messages/new")),
    _route("GET messages.show", Action.MESSAGE_VIEW, _at("/messages/{t.thread_id}")),
    _route("POST messages.reply", Action.MESSAGE_WRITE, _at("/messages/{t.thread_id}")),
    _route(
        "GET messages.confirm_take_back", Action.MESSAGE_WRITE, _at("/messages/{t.thread_id}/{t.message_id}/take-back")
    ),
    _route(
        "POST messages.take_message_back", Action.MESSAGE_WRITE, _at("/messages/{t.thread_id}/{t.message_id}/take-back")
    ),
    _route("GET absence.tell", Action.TEAM_CHANGE, _at("/messages/away")),
    _route("POST absence.tell", Action.TEAM_CHANGE, _at("/messages/away")),
    _route("POST absence.end", Action.TEAM_CHANGE, _at("/messages/away/end")),
    _route("POST message_drafts.save", Action.MESSAGE_WRITE, _at("/messages/draft")),
    _route("POST message_drafts.drop", Action.MESSAGE_WRITE, _at("/messages/draft/drop")),
    _route("POST messages.withdraw_request", Action.MESSAGE_WRITE, _at(f"/messages/requests/{NOTHING}/withdraw")),
    _route("GET people.index", Action.TEAM_VIEW, _at("/people")),
    _route("GET team.find", Action.TEAM_CHANGE, _at("/team/find?q=test")),
    _route("GET team.add", Action.TEAM_CHANGE, _at("/team/add/{t.colleague_id}")),
    _route("POST team.add", Action.TEAM_CHANGE, _at("/team/add/{t.colleague_id}")),
    _route("GET team.add_citizen", Action.TEAM_CHANGE, _at("/team/citizen")),
    _route("POST team.add_citizen", Action.TEAM_CHANGE, _at("/team/citizen")),
    _route("GET team.member", Action.TEAM_CHANGE, _at("/team/{t.membership_id}")),
    _route("POST team.member", Action.TEAM_CHANGE, _at("/team/{t.membership_id}")),
    _route("GET corrections.correct", Action.MEMBER_CORRECT, _at("/team/{t.giver_id}/correct")),
    _route("POST corrections.correct", Action.MEMBER_CORRECT, _at("/team/{t.giver_id}/correct")),
    _route("GET corrections.about_me", Action.OWN_DATA_VIEW, _at("/about-me")),
    _route("GET team.confirm_close", Action.TEAM_CHANGE, _at("/team/{t.membership_id}/close")),
    _route("POST team.close", Action.TEAM_CHANGE, _at("/team/{t.membership_id}/close")),
    _route("GET team.custody", Action.TEAM_CHANGE, _at("/team/{t.parent_id}/custody")),
    _route("POST team.custody", Action.TEAM_CHANGE, _at("/team/{t.parent_id}/custody")),
    _route("POST team.code", Action.TEAM_CHANGE, lambda t: f"/cases/{t.case_id}/team/{t.giver_id}/code"),
    _route("POST team.national_id", Action.NATIONAL_ID_SHOW, _at("/team/{t.giver_id}/national-id")),
    _route("GET network.invite", Action.TEAM_CHANGE, _at("/plan/network_overview/people/{t.row}/invite")),
    _route("POST network.invite", Action.TEAM_CHANGE, _at("/plan/network_overview/people/{t.row}/invite")),
    _route("POST network.recognise", Action.TEAM_CHANGE, _at("/plan/network_overview/people/{t.row}/is")),
    _route("POST network.forget", Action.TEAM_CHANGE, _at("/plan/network_overview/people/{t.row}/nobody")),
    _route("GET consents.give", Action.CONSENT_GIVE, _at("/consents/give")),
    _route("POST consents.give", Action.CONSENT_GIVE, _at("/consents/give")),
    _route("GET consents.sign", Action.CONSENT_GIVE, _at("/consents/sign")),
    _route("POST consents.sign", Action.CONSENT_GIVE, _at("/consents/sign")),
    _route("GET consents.if_no", Action.CONSENT_GIVE, _at("/consents/if-no/{t.party}")),
    _route("GET consents.mine", Action.CONSENT_VIEW, _at("/consents/mine")),
    _route("GET consents.register", Action.CONSENT_REGISTER, _at("/consents/register/{t.giver_id}")),
    _route("POST consents.register", Action.CONSENT_REGISTER, _at("/consents/register/{t.giver_id}")),
    _route("GET consents.withdraw", Action.CONSENT_WITHDRAW, _at("/consents/{t.consent_id}/withdraw/{t.party}")),
    _route("POST consents.withdraw", Action.CONSENT_WITHDRAW, _at("/consents/{t.consent_id}/withdraw/{t.party}")),
    _route("GET safeguards.override", Action.ACCESS_OVERRIDE, _at("/safeguards/override/{t.membership_id}")),
    _route("POST safeguards.override", Action.ACCESS_OVERRIDE, _at("/safeguards/override/{t.membership_id}")),
    _route("GET safeguards.end_override", Action.ACCESS_OVERRIDE, _at("/safeguards/overrides/{t.override_id}/end")),
    _route("POST safeguards.end_override", Action.ACCESS_OVERRIDE, _at("/safeguards/overrides/{t.override_id}/end")),
    _route("GET safeguards.freeze", Action.ACCESS_FREEZE, _at("/safeguards/freeze")),
    _route("POST safeguards.freeze", Action.ACCESS_FREEZE, _at("/safeguards/freeze")),
    _route("GET safeguards.review", Action.ACCESS_FREEZE, _at("/safeguards/freezes/{t.freeze_id}")),
    _route("POST safeguards.review", Action.ACCESS_FREEZE, _at("/safeguards/freezes/{t.freeze_id}")),
    _route("GET leaving.leave", Action.CASE_LEAVE, _at("/leave")),
    _route("POST leaving.leave", Action.CASE_LEAVE, _at("/leave")),
    _route("GET choosing.index", Action.TEAM_WISH, _at("/choose")),
    _route("GET choosing.yes", Action.TEAM_WISH, _at("/choose/yes/{t.membership_id}")),
    _route("GET choosing.no", Action.TEAM_WISH, _at("/choose/no/{t.membership_id}")),
    _route("POST choosing.no", Action.TEAM_WISH, _at("/choose/no/{t.membership_id}")),
    _route("GET choosing.propose", Action.TEAM_WISH, _at("/choose/propose")),
    _route("POST choosing.propose", Action.TEAM_WISH, _at("/choose/propose")),
    _route("GET choosing.pause", Action.TEAM_WISH, _at("/choose/pause")),
    _route("POST choosing.pause", Action.TEAM_WISH, _at("/choose/pause")),
    _route("GET choosing.answer", Action.TEAM_CHANGE, _at("/choose/wishes/{t.wish_id}")),
    _route("POST choosing.answer", Action.TEAM_CHANGE, _at("/choose/wishes/{t.wish_id}")),
    _route("GET coming_of_age.index", Action.CASE_VIEW, _at("/coming-of-age")),
    _route("GET hand_over.say", Action.HAND_OVER_SAY, _at("/hand-over/say")),
    _route("POST hand_over.say", Action.HAND_OVER_SAY, _at("/hand-over/say")),
    _route("GET hand_over.register", Action.TEAM_CHANGE, _at("/hand-over/register/{t.giver_id}")),
    _route("POST hand_over.register", Action.TEAM_CHANGE, _at("/hand-over/register/{t.giver_id}")),
    _route("GET hand_over.reply", Action.TEAM_CHANGE, _at(f"/hand-over/reply/{UUID(int=1)}")),
    _route("POST hand_over.reply", Action.TEAM_CHANGE, _at(f"/hand-over/reply/{UUID(int=1)}")),
    _route("GET confidences.answer", Action.CONFIDENCE_OPEN, _at("/confidences/{t.compartment_id}")),
    _route("POST confidences.answer", Action.CONFIDENCE_OPEN, _at("/confidences/{t.compartment_id}")),
    _route("GET hand_over.find", Action.TEAM_CHANGE, _at("/hand-over?q=else")),
    _route("GET hand_over.offer", Action.TEAM_CHANGE, _at("/hand-over/to/{t.colleague_id}")),
    _route("POST hand_over.offer", Action.TEAM_CHANGE, _at("/hand-over/to/{t.colleague_id}")),
    _route("POST hand_over.withdraw", Action.TEAM_CHANGE, _at("/hand-over/withdraw")),
    _route("GET hand_over.answer", Action.HAND_OVER_ANSWER, _at("/hand-over/answer")),
    _route("POST hand_over.answer", Action.HAND_OVER_ANSWER, _at("/hand-over/answer")),
    _route("POST consent_papers.to_sign", Action.CONSENT_REGISTER, _at("/consents/register/{t.giver_id}/page")),
    _route("GET consent_papers.receipt", Action.CONSENT_VIEW, _at("/consents/{t.consent_id}/receipt")),
    _route("GET consent_papers.scan", Action.CONSENT_VIEW, _at("/consents/{t.consent_id}/scan")),
    _route("GET log.index", Action.LOG_VIEW, _at("/log")),
]
WEBDAV = ("GET", "PROPFIND", "PUT", "DELETE", "COPY", "MOVE", "MKCOL", "PROPPATCH", "LOCK", "UNLOCK", "POST")
ROUTES += [_route(f"{method} dav.door", "link", _plain("/dav/none/plan.pdf")) for method in WEBDAV]
MAP = [
    _route("GET plan_form.show", Action.PLAN_VIEW, _at("/plan/network_map")),
    _route("GET plan_form.changes", Action.PLAN_VIEW, _at("/plan/network_map/versions/1/changes")),
    _route("GET plan_form.write", Action.PLAN_WRITE, _at("/plan/network_map/write")),
    _route("GET heard.meeting", Action.HEARD_ANSWER, _at("/meetings/{t.meeting_id}/heard")),
    _route("POST heard.meeting", Action.HEARD_ANSWER, _at("/meetings/{t.meeting_id}/heard")),
    _route("GET heard.version", Action.HEARD_ANSWER, _at("/plan/meeting_checklist/versions/1/heard")),
    _route("POST heard.version", Action.HEARD_ANSWER, _at("/plan/meeting_checklist/versions/1/heard")),
    _route("GET together.live", Action.PLAN_WRITE, _at("/plan/network_map/live?number=1")),
    _route("GET plan_papers.version", Action.PLAN_VIEW, _at("/plan/network_map/versions/1/paper/docx")),
]
"""The routes of tools once more, at the tool in which something is confided."""
CASE_ROUTES = [route for route in [*ROUTES, *MAP] if isinstance(route.access, Action)]
