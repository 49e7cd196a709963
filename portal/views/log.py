"""*Hvem har set min sag*."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actions import Action
from portal.access.guard import opens
from portal.access.roles import Level
from portal.access.ticket import CaseTicket
from portal.events import Event
from portal.i18n import day
from portal.services import insight
from portal.services.insight import LogLine
from portal.services.leaving import LeavingReason
from portal.views import deeds, words
from portal.views.frame import tool_title

bp = Blueprint("log", __name__, url_prefix="/cases/<uuid:case_id>/log")


@bp.get("")
@opens(Action.LOG_VIEW)
def index(ticket: CaseTicket) -> ResponseReturnValue:
    before = request.args.get("before", "")
    only = request.args.get("only", "")
    page = insight.log(
        ticket,
        int(before) if before.isdigit() and len(before) < 12 else None,
        only if only in ("looks", "changes") else "",
    )
    return render_template("log/index.html", page=page, only=only, did=did)


def did(line: LogLine) -> str:
    """What somebody did, as the end of a sentence that began with who they are."""
    name = tool_title(line.about) if line.about_tool and line.about else line.about
    about = (name if line.about_person else _("“%(name)s”", name=name)) if name else _unnamed(line)
    level = str(words.LEVEL[Level(line.fields["level"])]).lower() if "level" in line.fields else ""
    sentence = str(deeds.DID[line.event])
    values = {"about": about, "number": line.fields.get("number", ""), "level": level}
    if "correction" in line.fields:
        before = (
            day(date.fromisoformat(line.before)) if line.fields["what"] == "birth_date" and line.before else line.before
        )
        values["what"] = str(words.CORRECTED[line.fields["what"]])
        values["before"] = str(_(" (before: %(before)s)", before=before)) if before else ""
    if line.event is Event.MEMBER_LEFT:
        values["reason"] = str(words.LEAVING_REASON[LeavingReason(line.fields["reason"])]).lower()
    return sentence % values


def _unnamed(line: LogLine) -> str:
    if line.in_shut_compartment and g.ticket.hatches:
        return str(_("something that is for others than you"))
    return str(_("something"))
