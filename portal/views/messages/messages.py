"""Messages in threads with subjects."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import text
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.services.messages import absence, answers, drafts, take_back
from portal.services.messages import threads as message_threads
from portal.services.messages.drafts import DraftWords
from portal.services.messages.threads import ThreadPage
from portal.services.oversight import log_lines, questions
from portal.services.shared import audience
from portal.views.messages.writing import ReplyForm, ThreadForm
from portal.views.oversight import case_log
from portal.web import arguments
from portal.web.arguments import whole_number
from portal.web.compartment_field import compartment_choices, compartment_of
from portal.web.forms import PortalForm, status
from portal.web.guard import opens
from portal.web.i18n import clock_time, day
from portal.web.input_errors import error_message

bp = Blueprint("messages", __name__, url_prefix="/cases/<uuid:case_id>/messages")


@bp.get("")
@opens(Action.MESSAGE_VIEW)
def index(ticket: CaseTicket) -> ResponseReturnValue:
    away = absence.current(ticket)
    place, unread = request.args.get("place", ""), request.args.get("show") == "unread"
    threads = message_threads.list_threads(ticket, away, place, unread)
    return render_template(
        "messages/index.html",
        threads=threads,
        begun=drafts.begun(ticket),
        away=away,
        place=place,
        only_unread=unread,
    )


@bp.route("/new", methods=["GET", "POST"])
@opens(Action.MESSAGE_WRITE, takes_files=True)
def start(ticket: CaseTicket) -> ResponseReturnValue:
    form = ThreadForm()
    form.compartment.choices = compartment_choices(ticket)
    form.offer(ticket)
    draft = drafts.my_draft(ticket, None) if ticket.compartments else None
    if request.method == "GET":
        _fill_in(ticket, form, draft)

    if not _is_choosing(form) and form.is_ready():
        with form.submitting():
            compartment = compartment_of(ticket, form.compartment.data)
            made = message_threads.start(
                ticket, form.submission_id, compartment, form.subject.data or "", form.body.data or "", form.besides()
            )
            drafts.discard_draft(ticket, None)
            flash(_("Your message is sent."), "success")
            return redirect(url_for("messages.show", case_id=ticket.case_id, thread_id=made), 303)
    warned = form.lay_out(ticket, arguments.identity(form.compartment.data))
    away = absence.current(ticket)
    return render_template("messages/new.html", form=form, draft=draft, warned=warned, away=away), status(form)


def _is_choosing(form: ReplyForm) -> bool:
    """Whether the button was pressed that shows what can be put beside a message: nothing is sent by it, nor lost."""
    if request.method == "GET" or not request.form.get("choose"):
        return False
    form.keep_files()
    return True


def _fill_in(ticket: CaseTicket, form: ThreadForm, draft: DraftWords | None) -> None:
    """What a page to write on begins with: a link says what it is for, else it goes on with what was begun."""
    if "why" in request.args and not form.body.data:
        _ask_why(ticket, form, request.args["why"])
    elif draft and "guide" not in request.args and not form.body.data and not form.subject.data:
        form.subject.data, form.body.data = draft.subject, draft.body
        form.compartment.data = form.compartment.data or str(draft.compartment_id)
    offered = [choice.value for choice in form.compartment.choices]
    if offered and not form.compartment.data:
        form.compartment.data = _place(ticket) or offered[0]


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
    form = ReplyForm()
    form.quotes.data = form.quotes.data or request.args.get("quote", "")
    draft = drafts.my_draft(ticket, thread_id) if page.can_write else None
    if draft and not form.body.data:
        form.body.data = draft.body
    return _shown(ticket, page, form, draft)


@bp.post("/<uuid:thread_id>")
@opens(Action.MESSAGE_WRITE, takes_files=True)
def reply(ticket: CaseTicket, thread_id: UUID) -> ResponseReturnValue:
    form = ReplyForm()
    if not _is_choosing(form) and form.is_ready():
        with form.submitting():
            made = message_threads.reply(ticket, form.submission_id, thread_id, form.body.data or "", form.besides())
            drafts.discard_draft(ticket, thread_id)
            flash(_("Your message is sent."), "success")
            return redirect(
                url_for("messages.show", case_id=ticket.case_id, thread_id=thread_id, _anchor=f"m-{made}"), 303
            )
    return _shown(ticket, message_threads.thread(ticket, thread_id), form), status(form)


def _shown(ticket: CaseTicket, page: ThreadPage, form: ReplyForm, draft: DraftWords | None = None) -> str:
    form.offer(ticket, page.compartment_id)
    asked = arguments.identity(form.quotes.data) if page.can_write else None
    quote = message_threads.quoted(ticket, page.id, asked) if asked else None
    form.quotes.data = str(quote.message_id) if quote else ""
    warned = form.lay_out(ticket, page.compartment_id)
    return render_template(
        "messages/show.html", thread=page, form=form, quote=quote, draft=draft, warned=warned, as_html=text.as_html
    )


class PressForm(PortalForm):
    """One button."""


@bp.get("/<uuid:thread_id>/<uuid:message_id>/take-back")
@opens(Action.MESSAGE_WRITE)
def confirm_take_back(ticket: CaseTicket, thread_id: UUID, message_id: UUID) -> ResponseReturnValue:
    line = message_threads.own_message(ticket, thread_id, message_id)
    return render_template(
        "messages/take_back.html", thread_id=thread_id, message=line, form=PressForm(), as_html=text.as_html
    )


@bp.post("/<uuid:thread_id>/<uuid:message_id>/take-back")
@opens(Action.MESSAGE_WRITE)
def take_message_back(ticket: CaseTicket, thread_id: UUID, message_id: UUID) -> ResponseReturnValue:
    try:
        if take_back.take_back(ticket, message_id) != thread_id:
            raise NotFound
        flash(_("Your message is taken back."), "success")
    except InvalidInput as problem:
        flash(error_message(problem), "error")
    place = f"m-{message_id}"
    return redirect(url_for("messages.show", case_id=ticket.case_id, thread_id=thread_id, _anchor=place), 303)


@bp.post("/requests/<uuid:request_id>/withdraw")
@opens(Action.MESSAGE_WRITE)
def withdraw_request(ticket: CaseTicket, request_id: UUID) -> ResponseReturnValue:
    thread_id = answers.withdraw_request(ticket, request_id)
    flash(_("You no longer ask for this answer."), "success")
    return redirect(url_for("messages.show", case_id=ticket.case_id, thread_id=thread_id), 303)
