"""The plan: the model's tools, each with the files that lie in its place."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.cases import overview
from portal.services.meetings import schedule
from portal.services.plans import external_forms
from portal.services.plans import front as plans_front
from portal.storage.inspection import MEDIA_TYPES
from portal.views.files.files import attachment
from portal.views.plans import documents
from portal.web.forms import PortalForm
from portal.web.guard import gives_file, opens
from portal.web.i18n import language, said

bp = Blueprint("plan", __name__, url_prefix="/cases/<uuid:case_id>/plan")


@bp.get("")
@opens(Action.PLAN_VIEW)
def index(ticket: CaseTicket) -> ResponseReturnValue:
    tools = overview.tools(ticket)
    return render_template(
        "plans/index.html",
        front=plans_front.front(ticket),
        tools=tools,
        laws=documents.laws({line.tool.key for line in tools if line.form and line.standing}),
        consent=overview.consent(ticket),
        elsewhere=external_forms.of_case(ticket),
        meetings=overview.model_meetings(ticket),
        planned=schedule.list_meetings(ticket),
        can_lead=schedule.may_lead(ticket),
        step=PortalForm(formdata=None),
    )


@bp.get("/<tool>/blank")
@gives_file
@opens(Action.PLAN_VIEW)
def blank(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    """An empty Word form with the base data of the case filled in."""
    found, content = overview.blank(ticket, tool, _words(), language())
    return Response(content, headers=attachment(f"{said(found.title)}.docx", MEDIA_TYPES["docx"], len(content)))


def _words() -> dict[str, str]:
    return {
        "name": _("Name"),
        "birth_date": _("Birth date"),
        "guide": _("Guide"),
        "team": _("My team"),
        "now": _("Where I am now, and where I am going"),
        "period": _("The period this is about"),
        "overall_goal": _("My overall goal"),
        "how_it_is": _("How it is now"),
        "strengths": _("What I am good at"),
        "goal": _("Goal"),
        "goal_words": _("I will"),
        "why": _("Why it matters to me"),
        "reached": _("How we see that it is reached"),
        "latest": _("At the latest"),
        "status": _("How it is going"),
        "agreements": _("Agreements for goal"),
        "what": _("What"),
        "who": _("Who does it"),
        "due": _("When"),
        "follow_up_on": _("When we follow up"),
        "follow_up": _("How we follow up"),
    }
