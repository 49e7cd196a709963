"""Handing a case over to another guide."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import Length

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.services.members import handover
from portal.services.members import handover_answers as says
from portal.services.members.handover import Law
from portal.web.forms import PortalForm, choices, status, text_field
from portal.web.guard import fresh, opens

bp = Blueprint("hand_over", __name__, url_prefix="/cases/<uuid:case_id>/hand-over")

_SHORT = [Length(max=2000, message=_l("This is too long."))]


class HandoverAnswerForm(PortalForm):
    answer = RadioField(
        _l("Your answer"),
        choices=choices(("accept", _l("Yes, I take the case over")), ("decline", _l("No"))),
        validate_choice=False,
    )


class OfferForm(PortalForm):
    how = RadioField(
        _l("On what may the case go there?"),
        choices=choices(("consent", _l("Ask for consent")), ("law", _l("There is a legal basis without consent"))),
        default="consent",
        validate_choice=False,
    )
    legal_basis = text_field(_l("Legal basis"), 200, required=False)
    reason = TextAreaField(_l("Why is it needed?"), validators=_SHORT)

    def law(self) -> Law | None:
        """By what it goes without consent; None where consent is asked. Raises InvalidInput where nothing is chosen."""
        if self.how.data not in ("consent", "law"):
            raise InvalidInput("how", "choice")
        return Law(self.legal_basis.data or "", self.reason.data or "") if self.how.data == "law" else None


class SayForm(PortalForm):
    answer = RadioField(_l("Your answer"), choices=[], validate_choice=False)
    words = TextAreaField(_l("What you want to say about it"), validators=_SHORT)
    change = HiddenField()


class RegisterForm(PortalForm):
    answer = RadioField(
        _l("What did they say?"), choices=choices(("yes", _l("Yes")), ("no", _l("No"))), validate_choice=False
    )
    method = RadioField(
        _l("How was it said?"),
        choices=choices(("paper", _l("On paper")), ("oral", _l("By word of mouth"))),
        default="paper",
        validate_choice=False,
    )
    words = TextAreaField(_l("Note (who was there, what was said)"), validators=_SHORT)


class HandoverReplyForm(PortalForm):
    words = TextAreaField(_l("Your answer"), validators=_SHORT)


@bp.get("")
@opens(Action.TEAM_CHANGE)
def find(ticket: CaseTicket) -> ResponseReturnValue:
    wanted = request.args.get("q", "").strip()[:100]
    found = handover.guides(ticket, wanted) if wanted else []
    return render_template("members/handover_find.html", wanted=wanted, found=found)


@bp.route("/to/<uuid:person_id>", methods=["GET", "POST"])
@fresh
@opens(Action.TEAM_CHANGE)
def offer(ticket: CaseTicket, person_id: UUID) -> ResponseReturnValue:
    outlook = handover.preview(ticket, person_id)
    form = OfferForm()
    if form.is_ready():
        with form.submitting():
            handover.offer(ticket, form.submission_id, person_id, form.law() if outlook.leaves else None)
            flash(_("The case is offered. You are the guide until it is accepted."), "success")
            return redirect(url_for("people.index", case_id=ticket.case_id), 303)
    who = handover.guide(ticket, person_id)
    return render_template("members/handover_offer.html", form=form, who=who, outlook=outlook), status(form)


@bp.post("/withdraw")
@opens(Action.TEAM_CHANGE)
def withdraw(ticket: CaseTicket) -> ResponseReturnValue:
    handover.withdraw_handover(ticket, PortalForm().submission_id)
    flash(_("The offer is taken back."), "success")
    return redirect(url_for("people.index", case_id=ticket.case_id), 303)


@bp.route("/answer", methods=["GET", "POST"])
@fresh
@opens(Action.HAND_OVER_ANSWER)
def answer(ticket: CaseTicket) -> ResponseReturnValue:
    offered = handover.offer_to_me(ticket)
    form = HandoverAnswerForm()
    if form.is_ready():
        with form.submitting():
            if form.answer.data == "accept":
                handover.accept_handover(ticket, form.submission_id)
            elif form.answer.data == "decline":
                handover.decline(ticket, form.submission_id)
            else:
                raise InvalidInput("answer", "choice")
            said = str(form.answer.data)
            if said == "accept":
                flash(_("You are the guide of this case now."), "success")
                return redirect(url_for("case.overview", case_id=ticket.case_id), 303)
            flash(_("Your answer is sent."), "success")
            return redirect(url_for("case_list.index"), 303)
    asked = handover.of_offer(ticket, offered)
    return render_template("members/handover_answer.html", form=form, offer=offered, change=asked), status(form)


@bp.route("/say", methods=["GET", "POST"])
@fresh
@opens(Action.HAND_OVER_SAY)
def say(ticket: CaseTicket) -> ResponseReturnValue:
    """What somebody the case is about says to another guide."""
    asked = says.asked_of_me(ticket)
    if asked is None or not asked.can_be_said:
        raise NotFound
    mine = next(one for one in asked.said if one.giver.id == ticket.membership.id)
    form = SayForm(answer=mine.answer, words=mine.words, change=str(asked.id))
    form.answer.choices = _possible(asked)
    if form.is_ready():
        with form.submitting():
            if form.change.data != str(asked.id):
                raise InvalidInput("", "form_stale")
            says.say(ticket, form.submission_id, asked.id, form.answer.data or "", form.words.data or "")
            flash(_("Thank you. Both guides can read your answer."), "success")
            return redirect(url_for("case_list.index"), 303)
    form.change.data = str(asked.id)
    ticket.record(Event.TEAM_VIEWED)
    return render_template("members/handover_say.html", form=form, change=asked, mine=mine), status(form)


def _possible(asked: says.GuideChange) -> list:  # type: ignore[type-arg]
    after, before = asked.after.display_name, asked.before.display_name
    if asked.leaves and not asked.by_law:
        return choices(
            ("yes", _("Yes, %(name)s may take the case over", name=after)),
            ("no", _("No, %(name)s should stay the guide", name=before)),
        )
    return choices(("yes", _("That is fine with me")), ("no", _("I do not want another guide")))


@bp.route("/register/<uuid:giver_id>", methods=["GET", "POST"])
@opens(Action.TEAM_CHANGE)
def register(ticket: CaseTicket, giver_id: UUID) -> ResponseReturnValue:
    """The guide notes what somebody who is asked said on paper or aloud."""
    asked = says.current(ticket)
    who = next((one.giver for one in asked.said if one.giver.id == giver_id), None) if asked else None
    if asked is None or who is None or asked.is_over:
        raise NotFound
    form = RegisterForm()
    if form.is_ready():
        with form.submitting():
            said, how, note = form.answer.data or "", form.method.data or "", form.words.data or ""
            says.register(ticket, form.submission_id, giver_id, said, how, note)
            flash(_("The answer is noted."), "success")
            return redirect(url_for("people.index", case_id=ticket.case_id), 303)
    ticket.record(Event.TEAM_VIEWED)
    return render_template("members/handover_register.html", form=form, change=asked, who=who), status(form)


@bp.route("/reply/<uuid:say_id>", methods=["GET", "POST"])
@opens(Action.TEAM_CHANGE)
def reply(ticket: CaseTicket, say_id: UUID) -> ResponseReturnValue:
    """The guide answers in words."""
    said = says.said_to(ticket, say_id)
    form = HandoverReplyForm()
    if form.is_ready():
        with form.submitting():
            says.reply(ticket, form.submission_id, say_id, form.words.data or "")
            flash(_("Your answer is sent."), "success")
            return redirect(url_for("people.index", case_id=ticket.case_id), 303)
    return render_template("members/handover_reply.html", form=form, said=said), status(form)
