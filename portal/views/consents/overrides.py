"""Exceptions from consent: in by law, out at once. Each has a page of its own that says what follows."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectMultipleField, TextAreaField
from wtforms.validators import Length

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.consents import overrides
from portal.web import case_words
from portal.web.forms import DayField, PortalForm, choices, status, text_field
from portal.web.guard import fresh, opens

bp = Blueprint("safeguards", __name__, url_prefix="/cases/<uuid:case_id>/safeguards")

_SHORT = [Length(max=2000, message=_l("This is too long."))]


class OverrideForm(PortalForm):
    compartments = SelectMultipleField(_l("What should be opened?"), validate_choice=False)
    legal_basis = text_field(_l("Legal basis"), 200, required=False)
    reason = TextAreaField(_l("Why is it needed?"), validators=_SHORT)
    until = DayField(_l("Until when?"))


class FreezeForm(PortalForm):
    people = SelectMultipleField(_l("Who should be shut out?"), validate_choice=False)
    reason = TextAreaField(_l("Why?"), validators=_SHORT)
    review_on = DayField(_l("When will you look at it again?"))
    hide_log = BooleanField(_l("Hide the newest lines of the log from them while it lasts"), default=True)


class ReviewForm(PortalForm):
    decision = RadioField(
        _l("What do you decide?"),
        choices=choices(("keep", _l("They stay shut out")), ("lift", _l("Let them in again"))),
        default="keep",
    )
    reason = TextAreaField(_l("Why?"), validators=_SHORT)
    review_on = DayField(_l("When will you look at it again?"), required=False)


@bp.route("/override/<uuid:membership_id>", methods=["GET", "POST"])
@fresh
@opens(Action.ACCESS_OVERRIDE)
def override(ticket: CaseTicket, membership_id: UUID) -> ResponseReturnValue:
    opened = overrides.preview_override(ticket, membership_id)
    form = OverrideForm()
    form.compartments.choices = choices(*((c.compartment, case_words.title_of(c.compartment)) for c in opened))
    if form.is_ready():
        with form.submitting():
            overrides.override(
                ticket,
                form.submission_id,
                membership_id,
                form.compartments.data or (),
                form.until.chosen,
                form.legal_basis.data or "",
                form.reason.data or "",
            )
            flash(_("The access is open. Everyone in the case can read why."), "success")
            return redirect(url_for("people.index", case_id=ticket.case_id), 303)
    who, latest = ticket.members[membership_id], overrides.latest_override_end(ticket)
    return render_template("consents/override.html", form=form, who=who, latest=latest), status(form)


@bp.route("/overrides/<uuid:override_id>/end", methods=["GET", "POST"])
@fresh
@opens(Action.ACCESS_OVERRIDE)
def end_override(ticket: CaseTicket, override_id: UUID) -> ResponseReturnValue:
    line = overrides.override_line(ticket, override_id)
    form = PortalForm()
    if form.is_ready():
        with form.submitting():
            overrides.end_override(ticket, form.submission_id, override_id)
            flash(_("The access is closed. It takes effect now."), "success")
            return redirect(url_for("people.index", case_id=ticket.case_id), 303)
    changes = overrides.preview_end(ticket, override_id)
    return render_template("consents/override_end.html", form=form, line=line, changes=changes), status(form)


@bp.route("/freeze", methods=["GET", "POST"])
@fresh
@opens(Action.ACCESS_FREEZE)
def freeze(ticket: CaseTicket) -> ResponseReturnValue:
    citizens = overrides.may_be_frozen(ticket)
    form = FreezeForm()
    form.people.choices = choices(*((str(m.id), m.display_name) for m in citizens))
    if form.is_ready():
        with form.submitting():
            known = {str(m.id): m.id for m in citizens}
            if not set(form.people.data or ()) <= set(known):
                raise InvalidInput("people", "choice")
            wanted = [known[chosen] for chosen in form.people.data or ()]
            review_on, reason = form.review_on.chosen, form.reason.data or ""
            overrides.freeze(ticket, form.submission_id, wanted, review_on, reason, bool(form.hide_log.data))
            flash(_("They are shut out. It takes effect now."), "success")
            return redirect(url_for("people.index", case_id=ticket.case_id), 303)
    latest = overrides.latest_review(ticket)
    return render_template("consents/freeze.html", form=form, citizens=citizens, latest=latest), status(form)


@bp.route("/freezes/<uuid:freeze_id>", methods=["GET", "POST"])
@fresh
@opens(Action.ACCESS_FREEZE)
def review(ticket: CaseTicket, freeze_id: UUID) -> ResponseReturnValue:
    line = overrides.freeze_line(ticket, freeze_id)
    form = ReviewForm()
    if form.is_ready():
        with form.submitting():
            if form.decision.data == "lift":
                overrides.lift(ticket, form.submission_id, freeze_id)
            else:
                day = form.review_on.chosen
                overrides.keep_frozen(ticket, form.submission_id, freeze_id, day, form.reason.data or "")
            flash(_("Your decision is saved. It takes effect now."), "success")
            return redirect(url_for("people.index", case_id=ticket.case_id), 303)
    changes, latest = overrides.preview_lift(ticket, freeze_id), overrides.latest_review(ticket)
    page = render_template("consents/override_review.html", form=form, line=line, changes=changes, latest=latest)
    return page, status(form)
