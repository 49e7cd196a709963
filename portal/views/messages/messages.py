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
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.messages import threads as message_threads
from portal.services.oversight import log_lines, questions
from portal.services.shared import audience
from portal.views.oversight import case_log
from portal.web.arguments import whole_number
from portal.web.compartment_field import compartment_choices, compartment_of
from portal.web.forms import PortalForm, status, text_field
from portal.web.guard import opens
from portal.web.i18n import clock_time, day

bp = Blueprint("messages", __name__, url_prefix="/cases/<uuid:case_id>/messages")

_TOO_LONG = _l("This is too long. A message may have at most 20,000 characters; put longer texts in as a file.")


class ReplyForm(PortalForm):
    body = TextAreaField(_l("Your message"), validators=[Length(max=20_000, message=_TOO_LONG)])


class ThreadForm(ReplyForm):
    subject = text_field(_l("What is it about?"))
    compartment = RadioField(_l("Who should be able to read it?"), validate_choice=False)


@bp.get("")
@opens(Action.MESSAGE_VIEW)
def index(ticket: CaseTicket) -> ResponseReturnValue:
    place, unread = request.args.get("place", ""), request.args.get("show") == "unread"
    found = message_threads.list_threads(ticket, place, unread)
    return render_template("messages/index.html", threads=found, place=place, only_unread=unread)


@bp.route("/new", methods=["GET", "POST"])
@opens(Action.MESSAGE_WRITE)
def start(ticket: CaseTicket) -> ResponseReturnValue:
    form = ThreadForm()
    form.compartment.choices = compartment_choices(ticket)
    if request.method == "GET" and form.compartment.choices and not form.compartment.data:
        form.compartment.data = _place(ticket) or form.compartment.choices[0].value
    if request.method == "GET" and "why" in request.args and not form.body.data:
        _ask_why(ticket, form, request.args["why"])

    if form.is_ready():
        with form.submitting():
            compartment = compartment_of(ticket, form.compartment.data)
            made = message_threads.start(
                ticket, form.submission_id, compartment, form.subject.data or "", form.body.data or ""
            )
            flash(_("Your message is sent."), "success")
            return redirect(url_for("messages.show", case_id=ticket.case_id, thread_id=made), 303)
    return render_template("messages/new.html", form=form), status(form)


def _ask_why(ticket: CaseTicket, form: ThreadForm, asked: str) -> None:
    """A question to the guide about lines of the log, which stand in it: to be read, changed, and sent or not."""
    first, _dash, last = asked.partition("-")
    lines, place = questions.question_lines(ticket, first, last), questions.question_compartment(ticket)
    if place is not None:
        form.compartment.data = str(place.id)
    who = case_log.called(lines[0])
    told = [f"- {case_log.did(line)}" for line in log_lines.Visit(tuple(reversed(lines))).told]
    at = _("%(day)s at %(time)s", day=day(lines[0].at), time=clock_time(lines[0].at))
    about = ", ".join(filter(None, (who, case_log.place_of(lines[0]))))
    form.subject.data = _("Why was my case looked at?") if _is_young(ticket) else _("Why was the case looked at?")
    question = _("Hi %(guide)s. I have read this in the log:", guide=ticket.owner.display_name.split()[0])
    form.body.data = "\n".join([question, "", f"{at}: {about}", *told, "", str(_("Why was that?"))])


def _is_young(ticket: CaseTicket) -> bool:
    return ticket.membership.id == ticket.young_person.id


def _place(ticket: CaseTicket) -> str:
    """What the young person shares with the guide of today alone, where a link says "write to your guide"."""
    alone = audience.confidence_of_today(ticket) if "guide" in request.args else None
    return str(alone.id) if alone and alone.can_write else ""


@bp.get("/<uuid:thread_id>")
@opens(Action.MESSAGE_VIEW)
def show(ticket: CaseTicket, thread_id: UUID) -> ResponseReturnValue:
    page = message_threads.thread(ticket, thread_id, request.args.get("from", type=whole_number))
    return render_template("messages/show.html", thread=page, form=ReplyForm(), as_html=text.as_html)


@bp.post("/<uuid:thread_id>")
@opens(Action.MESSAGE_WRITE)
def reply(ticket: CaseTicket, thread_id: UUID) -> ResponseReturnValue:
    form = ReplyForm()
    if form.is_ready():
        with form.submitting():
            made = message_threads.reply(ticket, form.submission_id, thread_id, form.body.data or "")
            flash(_("Your message is sent."), "success")
            return redirect(
                url_for("messages.show", case_id=ticket.case_id, thread_id=thread_id, _anchor=f"m-{made}"), 303
            )
    page = message_threads.thread(ticket, thread_id)
    return render_template("messages/show.html", thread=page, form=form, as_html=text.as_html), status(form)
