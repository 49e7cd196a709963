"""Putting right who somebody is in a case: written, looked through with what follows, then done."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.members import corrections, own_data
from portal.services.members.corrections import Proposal, Subject, WantedCorrection
from portal.web.forms import DayField, PortalForm, status, text_field
from portal.web.guard import fresh, opens
from portal.web.input_errors import INPUT_ERRORS

bp = Blueprint("corrections", __name__, url_prefix="/cases/<uuid:case_id>")


class CorrectionForm(PortalForm):
    name = text_field(_l("Name"), 120)
    birth_date = DayField(_l("Birth date"), required=False)
    national_id = text_field(_l("The right CPR number (leave empty to keep what is noted)"), 20, required=False)
    forget_number = BooleanField(_l("Take the CPR number away; it is not this person's"))
    reason = TextAreaField(
        _l("Why is it put right?"),
        validators=[
            InputRequired(message=INPUT_ERRORS["required"]),
            Length(max=2000, message=_l("This is too long.")),
        ],
    )
    mark = HiddenField()

    def wanted(self) -> WantedCorrection:
        return WantedCorrection(
            self.name.data or "",
            self.birth_date.data,
            self.national_id.data or "",
            bool(self.forget_number.data),
        )


@bp.route("/team/<uuid:membership_id>/correct", methods=["GET", "POST"])
@fresh
@opens(Action.MEMBER_CORRECT)
def correct(ticket: CaseTicket, membership_id: UUID) -> ResponseReturnValue:
    """The first sending shows what follows; the second, which carries the mark of that, does it."""
    this = corrections.look_at_correction(ticket, membership_id)
    form = CorrectionForm(name=this.membership.display_name, birth_date=this.birth_date)
    if request.method == "GET":
        return _page(form, this)
    if not form.mark.data:
        proposal = None
        if form.is_ready():
            with form.submitting():
                proposal = _proposed(ticket, membership_id, form)
        return _page(form, this, proposal), status(form)
    if form.is_ready():
        with form.submitting():
            corrections.correct(
                ticket, form.submission_id, membership_id, form.wanted(), form.reason.data or "", form.mark.data or ""
            )
            flash(_("It is put right, and noted in the log. The person can read it themselves."), "success")
            return redirect(url_for("team.member", case_id=ticket.case_id, membership_id=membership_id), 303)
    form.mark.data = ""
    return _page(form, this), status(form)


@bp.get("/about-me")
@opens(Action.OWN_DATA_VIEW)
def about_me(ticket: CaseTicket) -> ResponseReturnValue:
    return render_template("members/about_me.html", data=own_data.show_own_data(ticket))


def _proposed(ticket: CaseTicket, membership_id: UUID, form: CorrectionForm) -> Proposal:
    proposal = corrections.propose_correction(ticket, membership_id, form.wanted())
    if not (form.reason.data or "").strip():
        raise InvalidInput("reason", "required")
    if not proposal:
        raise InvalidInput("", "nothing_corrected")
    return proposal


def _page(form: CorrectionForm, this: Subject, proposal: Proposal | None = None) -> str:
    return render_template("members/correct.html", form=form, this=this, proposal=proposal)
