"""Keeping what is written so far: by the page's script every few seconds, or by a button."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import HiddenField

from portal import clock
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.messages import drafts
from portal.views.messages.writing import ReplyForm
from portal.web import arguments
from portal.web.forms import INVALID, text_field
from portal.web.guard import opens

bp = Blueprint("message_drafts", __name__, url_prefix="/cases/<uuid:case_id>/messages/draft")


class DraftForm(ReplyForm):
    """What is sent of a form of messages. Nothing in it has to be there yet."""

    subject = text_field("", required=False)
    thread = HiddenField()
    compartment = HiddenField()

    @property
    def thread_id(self) -> UUID | None:
        return arguments.identity(self.thread.data)


@bp.post("")
@opens(Action.MESSAGE_WRITE)
def save(ticket: CaseTicket) -> ResponseReturnValue:
    form = DraftForm()
    by_script = request.accept_mimetypes.best == "application/json"
    if not form.validate_on_submit():
        said = " ".join(message for _field, message in form.faults)
        if by_script:
            return jsonify(saved=False, says=said), INVALID
        flash(said, "error")
        return _back(ticket, form.thread_id)
    place = arguments.identity(form.compartment.data)
    saved = drafts.save_draft(
        ticket, form.submission_id, form.thread_id, place, form.subject.data or "", form.body.data or ""
    )
    if by_script:
        return jsonify(saved=saved, ends=g.limits.ends_at.isoformat(), now=clock.now().isoformat())
    flash(_("Your draft is kept. Nobody but you can read it.") if saved else _("There is nothing to keep."), "info")
    return redirect(url_for("messages.index", case_id=ticket.case_id), 303)


@bp.post("/drop")
@opens(Action.MESSAGE_WRITE)
def drop(ticket: CaseTicket) -> ResponseReturnValue:
    form = DraftForm()
    drafts.discard_draft(ticket, form.thread_id)
    flash(_("Your draft is thrown away."), "success")
    return _back(ticket, form.thread_id)


def _back(ticket: CaseTicket, thread_id: UUID | None) -> ResponseReturnValue:
    if thread_id is None:
        return redirect(url_for("messages.start", case_id=ticket.case_id), 303)
    return redirect(url_for("messages.show", case_id=ticket.case_id, thread_id=thread_id), 303)
