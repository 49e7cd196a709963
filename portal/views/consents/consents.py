"""Consent: reading what is asked, reading one's own answer, giving it, registering a paper, taking a yes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, TextAreaField
from wtforms.validators import Length

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.consents import declare, drafts, receipts, reminders, requests
from portal.services.consents.declaration import Answers
from portal.services.consents.declare import Paper, PaperReading
from portal.services.consents.requests import Request
from portal.web.forms import (
    INVALID,
    ChosenFile,
    DayField,
    PortalForm,
    choices,
    has_file,
    status,
    upload_of,
)
from portal.web.guard import fresh, fresh_for_others, opens
from portal.web.i18n import language

bp = Blueprint("consents", __name__, url_prefix="/cases/<uuid:case_id>/consents")


class ConsentForm(PortalForm):
    valid_until = DayField(_l("Until when is your yes valid?"))


class SignForm(PortalForm):
    read = HiddenField()


class PageForm(PortalForm):
    """What a page to sign takes, before anything was signed."""

    valid_until = DayField("", required=False)

    def about(self, name: str) -> None:
        """The guide reads of whom the question is."""
        self.valid_until.label.text = _("For how long does the yes from %(name)s count?", name=name)


class PaperForm(PageForm):
    method = RadioField(
        _l("How was it given?"),
        choices=choices(("paper", _l("On paper")), ("oral", _l("By word of mouth"))),
        default="paper",
    )
    given_on = DayField(_l("When was it given?"))
    scan = ChosenFile(_l("Picture or scan of the signed page"))
    note = TextAreaField(_l("Note (who was there, what was said)"), validators=[Length(max=2000)])
    told = BooleanField(_l("They have been told all of this"))
    read = HiddenField()
    """What the guide has looked through; '' before that."""

    @property
    def paper(self) -> Paper:
        scan = upload_of(self.scan) if has_file(self.scan) else None
        return Paper(self.method.data, self.given_on.chosen, self.note.data or "", scan, bool(self.told.data))


@bp.route("/give", methods=["GET", "POST"])
@fresh
@opens(Action.CONSENT_GIVE)
def give(ticket: CaseTicket) -> ResponseReturnValue:
    """What one is asked, as the giver oneself, of everybody or (`?about=<party>`) of one. The answer is kept and then
    read through before it is given."""
    asked = requests.request(ticket, ticket.membership.id)
    form = ConsentForm(valid_until=asked.until)
    if form.is_ready():
        with form.submitting():
            drafts.save_answers(ticket, asked, answers_of(asked, form), language())
            return redirect(url_for("consents.sign", case_id=ticket.case_id), 303)
    waiting = drafts.saved_answers(ticket) if request.method == "GET" else None
    if waiting is not None:
        form.valid_until.process_data(waiting.valid_until)
    return consent_page("consents/give.html", ticket, asked, form, waiting)


@bp.route("/sign", methods=["GET", "POST"])
@fresh
@opens(Action.CONSENT_GIVE)
def sign(ticket: CaseTicket) -> ResponseReturnValue:
    """The answer in its exact words, what it will do, and the button that gives it."""
    waiting = drafts.saved_answers(ticket)
    if waiting is None:
        return redirect(url_for("consents.mine", case_id=ticket.case_id), 303)
    form = SignForm()
    if form.is_ready():
        with form.submitting():
            drafts.give(ticket, form.submission_id, waiting, form.read.data or "", language())
            flash(_("Thank you. Your answer is saved and takes effect now."), "success")
            return redirect(url_for("consents.mine", case_id=ticket.case_id), 303)
    try:
        reading = drafts.read_draft(ticket, waiting, language())
    except InvalidInput:
        # Who asks has changed meanwhile: the answer must be looked at again.
        return redirect(url_for("consents.give", case_id=ticket.case_id), 303)
    form.read.data = reading.draft.digest
    return render_template("consents/sign.html", form=form, reading=reading), status(form)


@bp.get("/if-no/<party>")
@opens(Action.CONSENT_GIVE)
def if_no(ticket: CaseTicket, party: str) -> ResponseReturnValue:
    """What a no to one party would mean, and what a yes."""
    return render_template("consents/if_no.html", outlook=drafts.outlook(ticket, party))


@bp.get("/mine")
@opens(Action.CONSENT_VIEW)
def mine(ticket: CaseTicket) -> ResponseReturnValue:
    """What one has said yes to, the way to take it back, and every declaration one ever gave."""
    asked = requests.request(ticket, ticket.membership.id)
    history = receipts.history(ticket, ticket.membership.id)
    endings = [ending for ending in reminders.endings(ticket) if ending.is_mine]
    return render_template("consents/mine.html", asked=asked, history=history, endings=endings)


@bp.route("/register/<uuid:giver_id>", methods=["GET", "POST"])
@fresh
@opens(Action.CONSENT_REGISTER, takes_files=True)
def register(ticket: CaseTicket, giver_id: UUID) -> ResponseReturnValue:
    """The guide registers what somebody signed on paper or said: looks it through with what it will do, and does it."""
    asked = requests.request(ticket, giver_id)
    form = PaperForm()
    form.about(asked.giver.display_name)
    reading = None
    if form.is_ready():
        with form.submitting():
            reading = declare.read_paper(ticket, asked, answers_of(asked, form), language(), form.paper)
    if reading is None or "change" in request.form:
        return consent_page("consents/register.html", ticket, asked, form)
    if form.read.data != reading.mark:
        form.keep_files()
        return _look_through(form, asked, reading), INVALID if form.read.data else 200
    if form.is_ready():
        with form.submitting():
            said = answers_of(asked, form)
            paper = form.paper
            declare.register(ticket, form.submission_id, giver_id, said.choices, said.valid_until, language(), paper)
            if reading.effects:
                flash(_("The answer is registered and takes effect now."), "success")
            else:
                flash(_("The answer is registered. Nobody sees more or less than before."), "success")
            return redirect(url_for("people.index", case_id=ticket.case_id), 303)
    return consent_page("consents/register.html", ticket, asked, form)


def _look_through(form: PaperForm, asked: Request, reading: PaperReading) -> str:
    """The page carries on what was typed, to be sent again or changed."""
    own = {"csrf_token", "submission", "read", *(f"{form.scan.name}-{part}" for part in ("kept", "drop"))}
    typed = [(name, value) for name, value in request.form.items(multi=True) if name not in own]
    return render_template("consents/register_read.html", form=form, asked=asked, reading=reading, typed=typed)


@bp.route("/<uuid:consent_id>/withdraw/<party>", methods=["GET", "POST"])
@fresh_for_others
@opens(Action.CONSENT_WITHDRAW)
def withdraw(ticket: CaseTicket, consent_id: UUID, party: str) -> ResponseReturnValue:
    """A page of its own that says what taking it back will shut, and for whom."""
    form = PortalForm()
    if form.is_ready():
        with form.submitting():
            declare.withdraw_consent(ticket, form.submission_id, consent_id, party)
            flash(_("The consent is withdrawn. It takes effect now."), "success")
            mine = declare.giver_of(ticket, consent_id) == ticket.membership.id
            return redirect(url_for("consents.mine" if mine else "people.index", case_id=ticket.case_id), 303)
    giver_id = declare.giver_of(ticket, consent_id)
    line = None if party == "all" else declare.party_of(ticket, consent_id, party)
    effects = declare.preview_withdrawal(ticket, consent_id, party)
    return render_template(
        "consents/withdraw.html", form=form, party=line, effects=effects, giver=ticket.members[giver_id]
    )


def answers_of(asked: Request, form: ConsentForm | PageForm) -> Answers:
    """What was answered. Raises InvalidInput for a date that is none; a page on paper needs none."""
    until = form.valid_until.data if isinstance(form, PageForm) else form.valid_until.chosen
    return Answers(_answered(asked, request.form), until)


def _answered(asked: Request, sent: Mapping[str, Any]) -> dict[str, dict[str, bool]]:
    """A pair of buttons for each party and compartment, named `answer-<party>-<compartment>`."""
    return {
        line.key: {
            one.key: said == "yes"
            for one in line.asked
            if (said := sent.get(f"answer-{line.key}-{one.key}")) in ("yes", "no")
        }
        for line in asked.parties
    }


def consent_page(
    template: str, ticket: CaseTicket, asked: Request, form: ConsentForm | PageForm, waiting: Answers | None = None
) -> ResponseReturnValue:
    """The page with what is asked. Nothing is chosen beforehand but what its reader chose just now."""
    about = [line for line in asked.parties if line.key == request.args.get("about")]
    every = sorted(asked.parties, key=lambda line: not line.waits)  # who waits comes first
    sent = request.form if request.method == "POST" else g.saved_form if g.get("saved_form") is not None else None
    chosen = _answered(asked, sent) if sent is not None else waiting.choices if waiting else {}
    page = render_template(
        template, form=form, asked=asked, parties=about or every, chosen=chosen, rules=ticket.profile
    )
    return page, status(form)
