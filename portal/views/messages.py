"""Messages in threads with subjects."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.validators import Length

from portal import text
from portal.access.actions import Action
from portal.access.guard import opens
from portal.access.ticket import CaseTicket
from portal.services import confidences, messages
from portal.views.asking import AskingForm, attempt, status, text_field
from portal.views.shelves import shelf_choices, shelf_of

bp = Blueprint("messages", __name__, url_prefix="/cases/<uuid:case_id>/messages")

_TOO_LONG = _l("This is too long. A message may have at most 20,000 characters; put longer texts in as a file.")


class ReplyForm(AskingForm):
    body = TextAreaField(_l("Your message"), validators=[Length(max=20_000, message=_TOO_LONG)])


class ThreadForm(ReplyForm):
    subject = text_field(_l("What is it about?"))
    compartment = RadioField(_l("Who should be able to read it?"), validate_choice=False)


@bp.get("")
@opens(Action.MESSAGE_VIEW)
def index(ticket: CaseTicket) -> ResponseReturnValue:
    return render_template("messages/index.html", threads=messages.listing(ticket))


@bp.route("/new", methods=["GET", "POST"])
@opens(Action.MESSAGE_WRITE)
def start(ticket: CaseTicket) -> ResponseReturnValue:
    form = ThreadForm()
    form.compartment.choices = shelf_choices(ticket)
    if request.method == "GET" and form.compartment.choices:
        form.compartment.data = _place(ticket) or form.compartment.choices[0].value

    def verb() -> UUID:
        shelf = shelf_of(ticket, form.compartment.data)
        return messages.start(ticket, form.submission_id, shelf, form.subject.data or "", form.body.data or "")

    made = attempt(form, verb)
    if made is None:
        return render_template("messages/new.html", form=form), status(form)
    flash(_("Your message is sent."), "success")
    return redirect(url_for("messages.show", case_id=ticket.case_id, thread_id=made), 303)


def _place(ticket: CaseTicket) -> str:
    """What the young person shares with the guide of today alone, where a link says "write to your guide"."""
    alone = confidences.of_today(ticket) if "guide" in request.args else None
    return str(alone.id) if alone and alone.can_write else ""


@bp.get("/<uuid:thread_id>")
@opens(Action.MESSAGE_VIEW)
def show(ticket: CaseTicket, thread_id: UUID) -> ResponseReturnValue:
    page = messages.thread(ticket, thread_id, request.args.get("from", type=int))
    return render_template("messages/show.html", thread=page, form=ReplyForm(), as_html=text.as_html)


@bp.post("/<uuid:thread_id>")
@opens(Action.MESSAGE_WRITE)
def reply(ticket: CaseTicket, thread_id: UUID) -> ResponseReturnValue:
    form = ReplyForm()
    made = attempt(form, lambda: messages.reply(ticket, form.submission_id, thread_id, form.body.data or ""))
    if made is None:
        page = messages.thread(ticket, thread_id)
        return render_template("messages/show.html", thread=page, form=form, as_html=text.as_html), status(form)
    flash(_("Your message is sent."), "success")
    return redirect(url_for("messages.show", case_id=ticket.case_id, thread_id=thread_id, _anchor=f"m-{made}"), 303)
