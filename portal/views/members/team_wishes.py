"""The young person chooses the team; the guide answers."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.validators import Length

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.members import team_wishes
from portal.web import labels
from portal.web.forms import DayField, PortalForm, choices, status, text_field
from portal.web.guard import opens

bp = Blueprint("choosing", __name__, url_prefix="/cases/<uuid:case_id>/choose")

_SHORT = [Length(max=2000, message=_l("This is too long."))]


class NoForm(PortalForm):
    reason = TextAreaField(_l("Why? You do not have to write anything."), validators=_SHORT)


class ProposeForm(PortalForm):
    name = text_field(_l("Who is it?"), 120, required=False)
    reason = TextAreaField(_l("Where do you know them from, and what can they help with?"), validators=_SHORT)


class PauseForm(PortalForm):
    until = DayField(_l("Until when?"))
    reason = TextAreaField(_l("A pause from what?"), validators=_SHORT)


class WishAnswerForm(PortalForm):
    answer = RadioField(_l("Your answer"), validate_choice=False)
    reason = TextAreaField(_l("What you want to say about it"), validators=_SHORT)


@bp.get("")
@opens(Action.TEAM_WISH)
def index(ticket: CaseTicket) -> ResponseReturnValue:
    return render_template("members/team_wishes.html", wishes=team_wishes.own(ticket), team=team_wishes.team(ticket))


@bp.get("/yes/<uuid:membership_id>")
@opens(Action.TEAM_WISH)
def yes(ticket: CaseTicket, membership_id: UUID) -> ResponseReturnValue:
    """What a yes means; it is given with the words of a consent, on the page for that."""
    return render_template("members/wish_yes.html", page=team_wishes.yes(ticket, membership_id))


@bp.route("/no/<uuid:membership_id>", methods=["GET", "POST"])
@opens(Action.TEAM_WISH)
def no(ticket: CaseTicket, membership_id: UUID) -> ResponseReturnValue:
    preview = team_wishes.preview_no(ticket, membership_id)
    form = NoForm()
    if form.is_ready():
        with form.submitting():
            team_wishes.say_no(ticket, form.submission_id, membership_id, form.reason.data or "")
            return _sent(ticket)
    who = ticket.members[membership_id]
    return render_template("members/wish_no.html", form=form, who=who, preview=preview), status(form)


@bp.route("/propose", methods=["GET", "POST"])
@opens(Action.TEAM_WISH)
def propose(ticket: CaseTicket) -> ResponseReturnValue:
    form = ProposeForm()
    name, why = form.name, form.reason
    if form.is_ready():
        with form.submitting():
            team_wishes.propose_wishes(ticket, form.submission_id, name.data or "", why.data or "")
            return _sent(ticket)
    return render_template("members/wish_propose.html", form=form), status(form)


@bp.route("/pause", methods=["GET", "POST"])
@opens(Action.TEAM_WISH)
def pause(ticket: CaseTicket) -> ResponseReturnValue:
    form = PauseForm()
    until, why = form.until, form.reason
    if form.is_ready():
        with form.submitting():
            team_wishes.ask_for_pause(ticket, form.submission_id, until.chosen, why.data or "")
            return _sent(ticket)
    return render_template("members/wish_pause.html", form=form), status(form)


@bp.route("/wishes/<uuid:wish_id>", methods=["GET", "POST"])
@opens(Action.TEAM_CHANGE)
def answer(ticket: CaseTicket, wish_id: UUID) -> ResponseReturnValue:
    wish = team_wishes.wish(ticket, wish_id)
    form = WishAnswerForm()
    form.answer.choices = choices(*((said.value, labels.WISH_ANSWER[said]) for said in wish.can_be_answered))
    if form.is_ready():
        with form.submitting():
            team_wishes.answer_wish(ticket, form.submission_id, wish_id, form.answer.data or "", form.reason.data or "")
            flash(_("Your answer is sent."), "success")
            return redirect(url_for("case.overview", case_id=ticket.case_id), 303)
    return render_template("members/wish_answer.html", form=form, wish=wish), status(form)


def _sent(ticket: CaseTicket) -> ResponseReturnValue:
    flash(_("Your guide can see it now, with today's date."), "success")
    return redirect(url_for("choosing.index", case_id=ticket.case_id), 303)
