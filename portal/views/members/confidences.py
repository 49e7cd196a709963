"""The young person says whether a new guide may read what they told the one before."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.members import confidences
from portal.services.members.confidences import ConfidenceQuestion
from portal.web.case_words import first_name
from portal.web.forms import PortalForm, choices, status
from portal.web.guard import opens

bp = Blueprint("confidences", __name__, url_prefix="/cases/<uuid:case_id>/confidences")


class OpenForm(PortalForm):
    answer = RadioField(_l("Your answer"), choices=[], validate_choice=False)
    guide = HiddenField()


@bp.route("/<uuid:compartment_id>", methods=["GET", "POST"])
@opens(Action.CONFIDENCE_OPEN)
def answer(ticket: CaseTicket, compartment_id: UUID) -> ResponseReturnValue:
    asked = confidences.question(ticket, compartment_id)
    form = OpenForm(answer=asked.said, guide=str(asked.guide.id))
    form.answer.choices = _choices(asked)
    if form.is_ready():
        with form.submitting():
            guide_id = next((id_ for id_ in ticket.members if str(id_) == form.guide.data), None)
            if guide_id is None:
                raise InvalidInput("", "form_stale")
            confidences.answer_confidence(ticket, form.submission_id, compartment_id, guide_id, form.answer.data or "")
            said = str(form.answer.data)
            told = _("%(name)s can read it now.") if said == "yes" else _("%(name)s cannot read it.")
            flash(told % {"name": asked.guide.display_name}, "success")
            return redirect(url_for("case.overview", case_id=ticket.case_id), 303)
    form.guide.data = str(asked.guide.id)
    return render_template("members/confidence_answer.html", form=form, asked=asked), status(form)


def _choices(asked: ConfidenceQuestion) -> list:  # type: ignore[type-arg]
    name = first_name(asked.guide)
    return choices(
        ("yes", _("Yes, %(name)s may read it", name=name)), ("no", _("No, %(name)s may not read it", name=name))
    )
