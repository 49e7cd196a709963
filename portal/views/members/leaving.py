"""Leaving a case by oneself."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.members import leaving
from portal.services.members.leaving import LeavingReason
from portal.web import labels
from portal.web.forms import PortalForm, choices, status
from portal.web.guard import opens

bp = Blueprint("leaving", __name__, url_prefix="/cases/<uuid:case_id>/leave")


class LeavingForm(PortalForm):
    reason = RadioField(
        _l("Why do you leave?"),
        choices=choices(*((reason.value, labels.LEAVING_REASON[reason]) for reason in LeavingReason)),
        validate_choice=False,
    )


@bp.route("", methods=["GET", "POST"])
@opens(Action.CASE_LEAVE)
def leave(ticket: CaseTicket) -> ResponseReturnValue:
    form = LeavingForm()
    if form.is_ready():
        with form.submitting():
            leaving.leave_case(ticket, form.submission_id, form.reason.data or "")
            flash(_("You have left the case. The guide can see it."), "success")
            return redirect(url_for("case_list.index"), 303)
    return render_template("members/leave.html", form=form), status(form)
