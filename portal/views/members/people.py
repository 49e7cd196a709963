"""*Mennesker*: everybody in the case, what each may see, and what is missing."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.consents import overrides, reminders, requests
from portal.services.members import confidences, handover, handover_answers
from portal.services.notices import delivering
from portal.services.shared import audience
from portal.web.forms import PortalForm
from portal.web.guard import opens

bp = Blueprint("people", __name__, url_prefix="/cases/<uuid:case_id>/people")


@bp.get("")
@opens(Action.TEAM_VIEW)
def index(ticket: CaseTicket) -> ResponseReturnValue:
    lines = audience.audience_picture(ticket)
    consents = requests.standing_consents(ticket) if ticket.allows(Action.CONSENT_VIEW) else []
    givers = requests.givers(ticket) if ticket.allows(Action.CONSENT_REGISTER) else []
    leads = audience.leads(ticket)
    return render_template(
        "members/people.html",
        lines=lines,
        leads=leads,
        offered=handover.offered_to(ticket) if ticket.allows(Action.TEAM_CHANGE) else None,
        guide_change=handover_answers.current(ticket) if leads else handover_answers.asked_of_me(ticket),
        by_law=handover_answers.by_law(ticket),
        plain_form=PortalForm(),
        frozen=overrides.freezes(ticket) if leads else [],
        compartments=[rule.key for rule in ticket.profile.compartment if rule.categories] if leads else [],
        missing=audience.missing(lines, ticket) if leads else [],
        endings=reminders.endings(ticket),
        consents=consents,
        givers=givers,
        asks_me=requests.who_asks_me(ticket),
        unreached=delivering.unreached(ticket) if who_may.is_guide(ticket.capacity) else [],
        told_before=confidences.questions(ticket),
    )
