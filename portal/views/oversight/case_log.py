"""*Hvem har set min sag*."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.access.policy.actions import Action
from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.events import Event
from portal.services.members.leaving import LeavingReason
from portal.services.oversight import case_log, log_lines, questions
from portal.services.oversight.log_lines import LogLine, Named, Visit
from portal.views.oversight import event_labels
from portal.web import labels
from portal.web.case_words import role, tool_title
from portal.web.guard import opens
from portal.web.i18n import clock_time, day, near

bp = Blueprint("log", __name__, url_prefix="/cases/<uuid:case_id>/log")

KINDS = {
    "": _l("Everything"),
    "looks": _l("Who has looked"),
    "changes": _l("What has changed"),
    "machine": _l("What the system did by itself"),
}


@bp.get("")
@opens(Action.LOG_VIEW)
def index(ticket: CaseTicket) -> ResponseReturnValue:
    only, who = request.args.get("only", ""), request.args.get("who", "")
    return render_template(
        "oversight/case_log.html",
        page=case_log.log(ticket, request.args.get("before"), only, who),
        only=only,
        who=who,
        kinds=KINDS,
        did=did,
        called=called,
        name_in_list=lambda member: _in_list(ticket, member),
        place_of=place_of,
        on_day=on_day,
        at_time=at_time,
        may_ask=lambda visit: questions.may_ask(ticket, visit),
    )


def did(line: LogLine) -> str:
    """What somebody did, as the end of a sentence that began with who they are."""
    level = str(labels.LEVEL[Level(line.fields["level"])]).lower() if "level" in line.fields else ""
    values = {"about": _about(line), "number": line.fields.get("number", ""), "level": level}
    if "correction" in line.fields:
        before = (
            day(date.fromisoformat(line.before)) if line.fields["what"] == "birth_date" and line.before else line.before
        )
        values["what"] = str(labels.CORRECTED[line.fields["what"]])
        values["before"] = str(_(" (before: %(before)s)", before=before)) if before else ""
    if line.event is Event.MEMBER_LEFT:
        values["reason"] = str(labels.LEAVING_REASON[LeavingReason(line.fields["reason"])]).lower()
    return str(event_labels.EVENT_LABELS[line.event]) % values


def called(line: LogLine) -> str:
    """Who did it, as far as the reader may know."""
    if line.is_me:
        return str(_("You"))
    if line.by_scanner:
        return str(_("The virus scanner"))
    if line.by_machine:
        return str(_("The system"))
    if line.by_office:
        return str(_("Whoever looks after the accounts"))
    if line.who is None:
        return str(_("Somebody outside the case"))
    return line.who.member.display_name if line.who.name_shown or not line.who.is_known else role(line.who.member)


def place_of(line: LogLine) -> str:
    """What they are and where they work, after who they are."""
    who = line.who
    if who is None or line.is_me or not who.is_known:
        return ""
    place = f"{who.workplace.unit}, {who.workplace.organisation}" if who.workplace else ""
    return ", ".join(filter(None, (role(who.member) if who.name_shown else "", place)))


def _in_list(ticket: CaseTicket, member: Any) -> str:
    """Somebody of the case in the list to choose from; whether staff are named is the setting of the log."""
    who = log_lines.named(ticket, member.id)
    if who is None or who.name_shown:
        return str(member.display_name)
    return f"{role(member)}, {who.workplace.unit}" if who.workplace else role(member)


def at_time(visit: Visit) -> str:
    """When, within its day: "kl. 14.05", "kl. 14.05-14.31"."""
    begun, ended = clock_time(visit.begun_at), clock_time(visit.ended_at)
    return str(_("at %(time)s", time=ended if begun == ended else f"{begun}\N{EN DASH}{ended}"))


def on_day(value: date) -> str:
    """A day as a heading."""
    said = near(value)
    return said[:1].upper() + said[1:]


def _about(line: LogLine) -> str:
    if line.about_who is not None:
        return _whom(line.about_who)
    if line.about:
        return str(_("“%(name)s”", name=tool_title(line.about) if line.about_tool else line.about))
    if line.in_closed_compartment and g.ticket.compartments:
        return str(_("something that is for others than you"))
    return str(_("something"))


def _whom(named: Named) -> str:
    """Whom it was about. Whether staff are named is one setting, whether they acted or were acted on."""
    if not named.is_known:
        return str(_("somebody else in the case"))
    if named.is_me:
        return str(_("you"))
    if named.name_shown:
        return str(named.member.display_name)
    word = role(named.member)
    return f"{word} ({named.workplace.unit})" if named.workplace else word
