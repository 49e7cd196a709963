"""What everybody has promised in the agreed plan, and how it went."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import NotFound
from portal.services.plans import commitments
from portal.services.plans.commitments import Outcome
from portal.web import arguments, labels
from portal.web.forms import INVALID, PortalForm, choices
from portal.web.guard import opens
from portal.web.input_errors import INPUT_ERRORS

bp = Blueprint("promises", __name__, url_prefix="/cases/<uuid:case_id>/plan/promises")


class OutcomeForm(PortalForm):
    number = HiddenField()
    outcome = RadioField(
        _l("Was it kept?"),
        choices=choices(*((outcome, labels.OUTCOME[outcome]) for outcome in Outcome)),
        validators=[InputRequired(message=INPUT_ERRORS["choice"])],
    )
    to = HiddenField()
    word = TextAreaField(_l("A word about it"), validators=[Length(max=2000, message=_l("This is too long."))])


@bp.get("")
@opens(Action.PLAN_VIEW)
def index(ticket: CaseTicket) -> ResponseReturnValue:
    return _page(ticket)


@bp.post("/<row>")
@opens(Action.PLAN_ACCEPT)
def note(ticket: CaseTicket, row: str) -> ResponseReturnValue:
    form = OutcomeForm()
    number = arguments.number(form.number.data, 0)
    if form.is_ready():
        with form.submitting():
            commitments.note_outcome(
                ticket, form.submission_id, number, row, form.outcome.data or "", form.word.data or ""
            )
            flash(_("Noted."), "success")
            back = "case.overview" if form.to.data == "case" else ".index"
            return redirect(url_for(back, case_id=ticket.case_id), 303)
    return _page(ticket, form, row), INVALID


def _page(ticket: CaseTicket, form: OutcomeForm | None = None, row: str = "") -> str:
    page = commitments.show_commitments(ticket)
    if page is None and form is not None:
        raise NotFound
    return render_template(
        "plans/commitments.html", page=page, form=form, row=row, fresh=OutcomeForm(formdata=None), tool=commitments.TOOL
    )
