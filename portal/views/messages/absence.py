"""The guide says when they are away, and who is written to meanwhile."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.messages import absence
from portal.web import arguments, case_words
from portal.web.forms import DayField, PortalForm, choices, status
from portal.web.guard import opens

bp = Blueprint("absence", __name__, url_prefix="/cases/<uuid:case_id>/messages/away")


class AbsenceForm(PortalForm):
    first = DayField(_l("First day away"))
    last = DayField(_l("Last day away"))
    stand_in = RadioField(_l("Who is written to meanwhile?"), validate_choice=False)


@bp.route("", methods=["GET", "POST"])
@opens(Action.TEAM_CHANGE)
def tell(ticket: CaseTicket) -> ResponseReturnValue:
    form, able = AbsenceForm(), absence.able(ticket)
    form.stand_in.choices = choices(*((str(m.id), f"{m.display_name} ({case_words.role(m)})") for m in able))

    if form.is_ready():
        with form.submitting():
            chosen = arguments.identity(form.stand_in.data)
            absence.tell(ticket, form.submission_id, form.first.chosen, form.last.chosen, chosen)
            flash(_("Everybody who writes to you is told."), "success")
            return redirect(url_for("messages.index", case_id=ticket.case_id), 303)
    return render_template("messages/away.html", form=form, away=absence.told(ticket)), status(form)


@bp.post("/end")
@opens(Action.TEAM_CHANGE)
def end(ticket: CaseTicket) -> ResponseReturnValue:
    absence.end_absence(ticket)
    flash(_("You are back. Nobody is told any more that you are away."), "success")
    return redirect(url_for("messages.index", case_id=ticket.case_id), 303)
