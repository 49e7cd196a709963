"""A case from inside: its overview, who can see what, and searching in it."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.cases import overview as overviews
from portal.services.cases import search, welcome
from portal.services.shared import audience as shared_audience
from portal.views.cases import changes
from portal.web.forms import PortalForm, text_field
from portal.web.guard import opens

bp = Blueprint("case", __name__, url_prefix="/cases/<uuid:case_id>")


class SearchForm(PortalForm):
    words = text_field(_l("Search in files and messages"), 200, required=False)


@bp.get("")
@opens(Action.CASE_VIEW)
def overview(ticket: CaseTicket) -> ResponseReturnValue:
    return render_template("cases/overview.html", page=overviews.overview(ticket), changes=changes)


@bp.post("/welcome")
@opens(Action.CASE_VIEW)
def put_away(ticket: CaseTicket) -> ResponseReturnValue:
    """The welcome, or the first steps, are not shown again."""
    welcome.put_away(ticket)
    return redirect(url_for("case.overview", case_id=ticket.case_id), 303)


@bp.get("/audience")
@opens(Action.CASE_VIEW)
def audience(ticket: CaseTicket) -> ResponseReturnValue:
    return render_template("cases/audience.html", lines=shared_audience.who_sees(ticket, None), compartment=None)


@bp.get("/audience/<uuid:compartment_id>")
@opens(Action.CASE_VIEW)
def audience_of(ticket: CaseTicket, compartment_id: UUID) -> ResponseReturnValue:
    lines = shared_audience.who_sees(ticket, compartment_id)
    return render_template("cases/audience.html", lines=lines, compartment=ticket.compartments[compartment_id])


@bp.route("/search", methods=["GET", "POST"])
@opens(Action.CASE_SEARCH)
def find(ticket: CaseTicket) -> ResponseReturnValue:
    """Searching is sent as a form: what somebody looks for belongs in no address and no log."""
    form = SearchForm()
    wanted = (form.words.data or "").strip()
    hits = search.find_in_case(ticket, wanted) if request.method == "POST" and form.validate_on_submit() else None
    return render_template("cases/search.html", search=form, hits=hits, wanted=wanted)
