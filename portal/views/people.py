"""*Mennesker*: everybody in the case, what each may see, and what is missing."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.access.guard import opens
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services import confidences, hand_over, hand_over_says
from portal.services.consents import overrides, reminders, requests
from portal.services.shared import audience
from portal.views.asking import AskingForm

bp = Blueprint("people", __name__, url_prefix="/cases/<uuid:case_id>/people")


@bp.get("")
@opens(Action.TEAM_VIEW)
def index(ticket: CaseTicket) -> ResponseReturnValue:
    lines = audience.picture(ticket)
    consents = requests.standing_consents(ticket) if ticket.allows(Action.CONSENT_VIEW) else []
    givers = requests.givers(ticket) if ticket.allows(Action.CONSENT_REGISTER) else []
    leads = audience.leads(ticket)
    return render_template(
        "people/index.html",
        lines=lines,
        leads=leads,
        offered=hand_over.offered_to(ticket) if ticket.allows(Action.TEAM_CHANGE) else None,
        guide_change=hand_over_says.current(ticket) if leads else hand_over_says.asked_of_me(ticket),
        by_law=hand_over_says.by_law(ticket),
        asking=AskingForm(),
        frozen=overrides.freezes(ticket) if leads else [],
        compartments=[rule.key for rule in ticket.profile.compartment if rule.categories] if leads else [],
        missing=audience.missing(lines, ticket) if leads else [],
        endings=reminders.endings(ticket),
        consents=consents,
        givers=givers,
        asks_me=requests.who_asks_me(ticket),
        told_before=confidences.questions(ticket),
    )
