"""Consent: reading what is asked, saying yes, registering a paper, taking a yes back."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import RadioField, TextAreaField
from wtforms.validators import Length

from portal.access.actions import Action
from portal.access.guard import fresh, opens
from portal.access.ticket import CaseTicket
from portal.i18n import language
from portal.services import consent_requests, consents
from portal.services.consent_requests import Request
from portal.services.consents import Paper
from portal.storage.inspection import MEDIA_TYPES
from portal.views import words
from portal.views.asking import AskingForm, DayField, attempt, choices, status, upload_of
from portal.views.files import attachment

bp = Blueprint("consents", __name__, url_prefix="/cases/<uuid:case_id>/consents")


class ConsentForm(AskingForm):
    valid_until = DayField(_l("Until when is your yes valid?"))


class PaperForm(ConsentForm):
    method = RadioField(
        _l("How was it given?"),
        choices=choices(("paper", _l("On paper")), ("oral", _l("By word of mouth"))),
        default="paper",
    )
    given_on = DayField(_l("When was it given?"))
    scan = FileField(_l("Picture or scan of the signed page"))
    note = TextAreaField(_l("Note (who was there, what was said)"), validators=[Length(max=2000)])


@bp.route("/give", methods=["GET", "POST"])
@fresh
@opens(Action.CONSENT_GIVE)
def give(ticket: CaseTicket) -> ResponseReturnValue:
    """What one is asked, as the giver oneself."""
    asked = consent_requests.request(ticket, ticket.membership.id)
    form = ConsentForm(valid_until=asked.until)
    made = attempt(
        form,
        lambda: consents.give(ticket, form.submission_id, _choices(asked), form.valid_until.chosen, language()),
    )
    if made is None:
        return _asking("consents/give.html", ticket, asked, form)
    flash(_("Thank you. Your answer is saved and takes effect now."), "success")
    return redirect(url_for("consents.mine", case_id=ticket.case_id), 303)


@bp.get("/mine")
@opens(Action.CONSENT_GIVE)
def mine(ticket: CaseTicket) -> ResponseReturnValue:
    """What one has said yes to, and the way to take it back."""
    asked = consent_requests.request(ticket, ticket.membership.id)
    return render_template("consents/mine.html", asked=asked)


@bp.route("/register/<uuid:giver_id>", methods=["GET", "POST"])
@opens(Action.CONSENT_REGISTER, takes_files=True)
def register(ticket: CaseTicket, giver_id: UUID) -> ResponseReturnValue:
    """The guide registers what somebody signed on paper or said."""
    asked = consent_requests.request(ticket, giver_id)
    form = PaperForm(valid_until=asked.until)

    def verb() -> UUID:
        scan = upload_of(form.scan) if form.scan.data and form.scan.data.filename else None
        paper = Paper(form.method.data, form.given_on.chosen, form.note.data or "", scan)
        return consents.register(
            ticket, form.submission_id, giver_id, _choices(asked), form.valid_until.chosen, language(), paper
        )

    if attempt(form, verb) is None:
        return _asking("consents/register.html", ticket, asked, form)
    flash(_("The consent is registered and takes effect now."), "success")
    return redirect(url_for("people.index", case_id=ticket.case_id), 303)


@bp.route("/<uuid:consent_id>/withdraw/<party>", methods=["GET", "POST"])
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
    line = None if party == "all" else consent_requests.party_line(ticket, giver_id, party)
    changes = consents.preview_withdrawal(ticket, consent_id, party)
    return render_template(
        "consents/withdraw.html", form=form, party=line, changes=changes, giver=ticket.members[giver_id]
    )


@bp.get("/<uuid:consent_id>/scan")
@opens(Action.CONSENT_VIEW)
def scan(ticket: CaseTicket, consent_id: UUID) -> ResponseReturnValue:
    found = consents.scan(ticket, g.house.store, consent_id)
    ending = next((e for e, kind in MEDIA_TYPES.items() if kind == found.media_type), "bin")
    return Response(found.content, headers=attachment(f"{found.name}.{ending}", found.media_type, found.size))


def _choices(asked: Request) -> dict[str, frozenset[str]]:
    """What was ticked: one box per party and group, named `yes-<party>`."""
    return {line.key: frozenset(request.form.getlist(f"yes-{line.key}")) for line in asked.parties}


def _asking(template: str, ticket: CaseTicket, asked: Request, form: ConsentForm) -> ResponseReturnValue:
    ticked: dict[str, frozenset[str]] = (
        _choices(asked) if request.method == "POST" else {line.key: line.granted for line in asked.parties}
    )
    rules = ticket.profile
    categories = {category.key: category.title for category in rules.category}
    page = render_template(
        template, form=form, asked=asked, ticked=ticked, rules=rules, categories=categories, words=words
    )
    return page, status(form)
