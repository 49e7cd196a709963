"""Moving a file or a thread to another compartment; every choice says first who gains and who loses sight of it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.cases import move as case_move
from portal.services.cases.move import Moving
from portal.web.forms import PortalForm, status
from portal.web.guard import opens

bp = Blueprint("moving", __name__, url_prefix="/cases/<uuid:case_id>")
DOOR = ""
"""A file or a message is moved: it comes from behind one door or the other."""


class MoveForm(PortalForm):
    compartment = RadioField(_l("Where should it lie?"), choices=[], validate_choice=False)


@bp.route("/files/<uuid:file_id>/move", methods=["GET", "POST"])
@opens(Action.FILE_MOVE)
def file(ticket: CaseTicket, file_id: UUID) -> ResponseReturnValue:
    found = case_move.of_file(ticket, file_id)
    back = url_for("files.show", case_id=ticket.case_id, file_id=file_id)
    return _page(found, back, lambda compartment: case_move.move_file(ticket, file_id, compartment))


@bp.route("/messages/<uuid:thread_id>/move", methods=["GET", "POST"])
@opens(Action.MESSAGE_MOVE)
def thread(ticket: CaseTicket, thread_id: UUID) -> ResponseReturnValue:
    found = case_move.of_thread(ticket, thread_id)
    back = url_for("messages.show", case_id=ticket.case_id, thread_id=thread_id)
    return _page(found, back, lambda compartment: case_move.move_thread(ticket, thread_id, compartment))


def _page(found: Moving, back: str, move: Callable[[UUID], None]) -> ResponseReturnValue:
    form = MoveForm()
    if form.is_ready():
        with form.submitting():
            chosen = next(
                (place.compartment.id for place in found.places if str(place.compartment.id) == form.compartment.data),
                None,
            )
            if chosen is None:
                raise InvalidInput("compartment", "choice")
            move(chosen)
            flash(_("It is moved. Who can see it changed at once."), "success")
            return redirect(back, 303)
    return render_template("cases/move.html", form=form, found=found, back_to=back), status(form)
