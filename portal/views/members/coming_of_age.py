"""The eighteenth birthday: what changes on the day, and what is asked anew."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.members import coming_of_age
from portal.web.guard import opens

bp = Blueprint("coming_of_age", __name__, url_prefix="/cases/<uuid:case_id>/coming-of-age")


@bp.get("")
@opens(Action.CASE_VIEW)
def index(ticket: CaseTicket) -> ResponseReturnValue:
    return render_template("members/coming_of_age.html", page=coming_of_age.coming_of_age_page(ticket))
