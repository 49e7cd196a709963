"""Consent: reading what is asked, reading one's own answer, giving it, registering a paper, taking a yes back."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, TextAreaField
from wtforms.validators import Length

from portal.access.actions import Action
from portal.access.guard import fresh, fresh_for_others, opens
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.i18n import language
from portal.services import consent_drafts, consent_papers, consent_requests, consents, reminders
from portal.services.consent_requests import PartyLine, Request
from portal.services.consents import Paper
from portal.services.declarations import Answers
from portal.tools.profile import Words
from portal.views.asking import AskingForm, DayField, attempt, choices, status, upload_of

bp = Blueprint("consents", __name__, url_prefix="/cases/<uuid:case_id>/consents")


class ConsentForm(AskingForm):
    valid_until = DayField(_l("Until when is your yes valid?"))


class SignForm(AskingForm):
    read = HiddenField()


class PaperForm(ConsentForm):
    method = RadioField(
        _l("How was it given?"),
        choices=choices(("paper", _l("On paper")), ("oral", _l("By word of mouth"))),
        default="paper",
    )
    given_on = DayField(_l("When was it given?"))
    scan = FileField(_l("Picture or scan of the signed page"))
    note = TextAreaField(_l("Note (who was there, what was said)"), validators=[Length(max=2000)])
    told = BooleanField(_l("They have been told all of this"))


class PageForm(PaperForm):
    """The same fields, before anything was signed."""

    given_on = DayField(_l("When was it given?"), required=False)


@bp.route("/give", methods=["GET", "POST"])
@fresh
@opens(Action.CONSENT_GIVE)
def give(ticket: CaseTicket) -> ResponseReturnValue:
    """What one is asked, as the giver oneself. The answer is kept and then read through before it is given."""
    asked = consent_requests.request(ticket, ticket.membership.id)
    form = ConsentForm(valid_until=asked.until)

    def verb() -> bool:
        consent_drafts.keep(ticket, answers_of(asked, form), language())
        return True

    if attempt(form, verb) is None:
        waiting = consent_drafts.kept(ticket) if request.method == "GET" else None
        if waiting is not None:
            form.valid_until.process_data(waiting.valid_until)
        return asking("consents/give.html", ticket, asked, form, waiting)
    return redirect(url_for("consents.sign", case_id=ticket.case_id), 303)


@bp.route("/sign", methods=["GET", "POST"])
@fresh
@opens(Action.CONSENT_GIVE)
def sign(ticket: CaseTicket) -> ResponseReturnValue:
    """The answer in its exact words, what it will do, and the button that gives it."""
    waiting = consent_drafts.kept(ticket)
    if waiting is None:
        return redirect(url_for("consents.mine", case_id=ticket.case_id), 303)
    form = SignForm()
    made = attempt(
        form, lambda: consent_drafts.give(ticket, form.submission_id, waiting, form.read.data or "", language())
    )
    if made is not None:
        flash(_("Thank you. Your answer is saved and takes effect now."), "success")
        return redirect(url_for("consents.mine", case_id=ticket.case_id), 303)
    try:
        reading = consent_drafts.read(ticket, waiting, language())
    except InvalidInput:
        # Who asks has changed meanwhile: the answer must be looked at again.
        return redirect(url_for("consents.give", case_id=ticket.case_id), 303)
    form.read.data = reading.draft.digest
    return render_template("consents/sign.html", form=form, reading=reading), status(form)


@bp.get("/if-no/<party>")
@opens(Action.CONSENT_GIVE)
def if_no(ticket: CaseTicket, party: str) -> ResponseReturnValue:
    """What a no to one party would mean, and what a yes."""
    return render_template("consents/if_no.html", outlook=consent_drafts.outlook(ticket, party))


@bp.get("/mine")
@opens(Action.CONSENT_VIEW)
def mine(ticket: CaseTicket) -> ResponseReturnValue:
    """What one has said yes to, the way to take it back, and every declaration one ever gave."""
    asked = consent_requests.request(ticket, ticket.membership.id)
    history = consent_papers.history(ticket, ticket.membership.id)
    endings = [ending for ending in reminders.endings(ticket) if ending.is_mine]
    return render_template(
        "consents/mine.html", asked=asked, history=history, categories=categories_of(ticket), endings=endings
    )


@bp.route("/register/<uuid:giver_id>", methods=["GET", "POST"])
@fresh
@opens(Action.CONSENT_REGISTER, takes_files=True)
def register(ticket: CaseTicket, giver_id: UUID) -> ResponseReturnValue:
    """The guide registers what somebody signed on paper or said."""
    asked = consent_requests.request(ticket, giver_id)
    form = PaperForm(valid_until=asked.until)

    def verb() -> UUID:
        scan = upload_of(form.scan) if form.scan.data and form.scan.data.filename else None
        paper = Paper(form.method.data, form.given_on.chosen, form.note.data or "", scan, bool(form.told.data))
        said = answers_of(asked, form)
        return consents.register(
            ticket, form.submission_id, giver_id, said.choices, said.valid_until, language(), paper, said.exceptions
        )

    if attempt(form, verb) is None:
        return asking("consents/register.html", ticket, asked, form)
    flash(_("The consent is registered and takes effect now."), "success")
    return redirect(url_for("people.index", case_id=ticket.case_id), 303)


@bp.route("/<uuid:consent_id>/withdraw/<party>", methods=["GET", "POST"])
@fresh_for_others
@opens(Action.CONSENT_WITHDRAW)
def withdraw(ticket: CaseTicket, consent_id: UUID, party: str) -> ResponseReturnValue:
    """A page of its own that says what taking it back will shut, and for whom."""
    form = AskingForm()

    def verb() -> bool:
        consents.withdraw(ticket, form.submission_id, consent_id, party)
        return True

    if attempt(form, verb):
        flash(_("The consent is withdrawn. It takes effect now."), "success")
        mine = consents.giver_of(ticket, consent_id) == ticket.membership.id
        return redirect(url_for("consents.mine" if mine else "people.index", case_id=ticket.case_id), 303)
    giver_id = consents.giver_of(ticket, consent_id)
    line = None if party == "all" else consents.party_of(ticket, consent_id, party)
    effects = consents.preview_withdrawal(ticket, consent_id, party)
    return render_template(
        "consents/withdraw.html", form=form, party=line, effects=effects, giver=ticket.members[giver_id]
    )


def answers_of(asked: Request, form: ConsentForm) -> Answers:
    """What was ticked. Raises InvalidInput for a date that is none."""
    return Answers(_ticked(asked, "yes"), form.valid_until.chosen, _ticked(asked, "except"))


def categories_of(ticket: CaseTicket) -> dict[str, Words]:
    return {category.key: category.title for category in ticket.profile.category}


def _offered(line: PartyLine) -> frozenset[str]:
    """What is ticked when the page is opened: what was said yes to before, and everything for the one person the giver
    came here to say yes to."""
    chosen = request.args.get("yes") == line.key
    return frozenset(group.key for group in line.groups) if chosen else line.granted


def _ticked(asked: Request, kind: str) -> dict[str, frozenset[str]]:
    """One box per party and group, named `yes-<party>`; one per party and category, named `except-<party>`."""
    return {line.key: frozenset(request.form.getlist(f"{kind}-{line.key}")) for line in asked.parties}


def asking(
    template: str, ticket: CaseTicket, asked: Request, form: ConsentForm, waiting: Answers | None = None
) -> ResponseReturnValue:
    ticked = {line.key: _offered(line) for line in asked.parties}
    excepted = {line.key: line.excepted for line in asked.parties}
    if request.method == "POST":
        ticked, excepted = _ticked(asked, "yes"), _ticked(asked, "except")
    elif waiting is not None:
        ticked, excepted = {**ticked, **waiting.choices}, {**excepted, **waiting.exceptions}
    page = render_template(
        template,
        form=form,
        asked=asked,
        ticked=ticked,
        excepted=excepted,
        rules=ticket.profile,
        categories=categories_of(ticket),
    )
    return page, status(form)
