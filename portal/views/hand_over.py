"""Handing a case over to another guide."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField

from portal.access.actions import Action
from portal.access.guard import fresh, opens
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services import hand_over
from portal.views.asking import AskingForm, attempt, choices, status

bp = Blueprint("hand_over", __name__, url_prefix="/cases/<uuid:case_id>/hand-over")


class AnswerForm(AskingForm):
    answer = RadioField(
        _l("Your answer"),
        choices=choices(("accept", _l("Yes, I take the case over")), ("decline", _l("No"))),
        validate_choice=False,
    )


@bp.get("")
@opens(Action.TEAM_CHANGE)
def find(ticket: CaseTicket) -> ResponseReturnValue:
    wanted = request.args.get("q", "").strip()[:100]
    found = hand_over.guides(ticket, wanted) if wanted else []
    return render_template("hand_over/find.html", wanted=wanted, found=found)


@bp.route("/to/<uuid:person_id>", methods=["GET", "POST"])
@fresh
@opens(Action.TEAM_CHANGE)
def offer(ticket: CaseTicket, person_id: UUID) -> ResponseReturnValue:
    changes = hand_over.preview(ticket, person_id)
    form = AskingForm()
    if attempt(form, lambda: hand_over.offer(ticket, form.submission_id, person_id)) is None:
        who = hand_over.guide(ticket, person_id)
        return render_template("hand_over/offer.html", form=form, who=who, changes=changes), status(form)
    flash(_("The case is offered. You are the guide until it is accepted."), "success")
    return redirect(url_for("people.index", case_id=ticket.case_id), 303)


@bp.post("/withdraw")
@opens(Action.TEAM_CHANGE)
def withdraw(ticket: CaseTicket) -> ResponseReturnValue:
    hand_over.withdraw(ticket, AskingForm().submission_id)
    flash(_("The offer is taken back."), "success")
    return redirect(url_for("people.index", case_id=ticket.case_id), 303)


@bp.route("/answer", methods=["GET", "POST"])
@fresh
@opens(Action.HAND_OVER_ANSWER)
def answer(ticket: CaseTicket) -> ResponseReturnValue:
    offered = hand_over.offer_to_me(ticket)
    form = AnswerForm()

    def verb() -> str:
        if form.answer.data == "accept":
            hand_over.accept(ticket, form.submission_id)
        elif form.answer.data == "decline":
            hand_over.decline(ticket, form.submission_id)
        else:
            raise InvalidInput("answer", "choice")
        return str(form.answer.data)

    said = attempt(form, verb)
    if said is None:
        return render_template("hand_over/answer.html", form=form, offer=offered), status(form)
    if said == "accept":
        flash(_("You are the guide of this case now."), "success")
        return redirect(url_for("case.overview", case_id=ticket.case_id), 303)
    flash(_("Your answer is sent."), "success")
    return redirect(url_for("case_list.index"), 303)
