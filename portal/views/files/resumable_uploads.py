"""Sending a file in pieces: the tus protocol 1.0 (https://tus.io/protocols/resumable-upload), for a case.

The core protocol with creation, termination, expiration and checksum. Its five requests carry bytes alone; what the
form says besides (note, tool) comes with the last one, `finish`, which is ours and makes the file.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from email.utils import format_datetime
from uuid import UUID

from flask import Blueprint, Response, flash, g, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import ClientDisconnected
from wtforms import HiddenField

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.files import resumable_uploads
from portal.services.files.resumable_uploads import Finished, Garbled, OutOfStep, Progress
from portal.web import arguments
from portal.web.forms import INVALID, PortalForm, text_field
from portal.web.guard import opens
from portal.web.input_errors import INPUT_ERRORS, error_message

bp = Blueprint("uploads", __name__, url_prefix="/cases/<uuid:case_id>/uploads")

VERSION = "1.0.0"
_PIECE = 256 * 1024
"""Bytes taken from the socket at a time."""
_PATIENCE = 60
"""Seconds a sender may be silent in the middle of a piece."""
_CONFLICT, _GONE_WRONG, _OTHER_VERSION, _NOT_WHAT_WAS_SENT = 409, 400, 412, 460


class FinishForm(PortalForm):
    note = text_field(_l("Note"), 1000, required=False)
    tool = HiddenField()
    seen = HiddenField()
    one_of_several = HiddenField()
    """Of several files in a row the script leads on to the list, which says how many there were."""


@bp.route("", methods=["POST", "OPTIONS"])
@opens(Action.FILE_ADD)
def begin(ticket: CaseTicket) -> ResponseReturnValue:
    if request.method == "OPTIONS":
        return _answer(
            204,
            **{
                "Tus-Version": VERSION,
                "Tus-Extension": "creation,expiration,termination,checksum",
                "Tus-Checksum-Algorithm": ",".join(resumable_uploads.CHECKSUMS),
                "Tus-Max-Size": str(g.runtime.settings.upload_limit),
            },
        )
    if not _speaks():
        return _answer(_OTHER_VERSION)
    about = _metadata(request.headers.get("Upload-Metadata", ""))
    size = _number("Upload-Length")
    if about is None or size is None:
        return _answer(_GONE_WRONG)
    try:
        made = resumable_uploads.begin_upload(
            ticket, about.get("filename", ""), size, _id(about, "compartment"), _id(about, "file")
        )
    except InvalidInput as problem:
        return _answer(INVALID, error_message(problem))
    return _answer(
        201, Location=url_for("uploads.send", case_id=ticket.case_id, upload_id=made.id), **_state(made, about=False)
    )


@bp.route("/<uuid:upload_id>", methods=["HEAD", "PATCH", "DELETE"])
@opens(Action.FILE_ADD, takes_files=True)
def send(ticket: CaseTicket, upload_id: UUID) -> ResponseReturnValue:
    if not _speaks():
        return _answer(_OTHER_VERSION)
    if request.method == "HEAD":
        return _answer(200, **_state(resumable_uploads.progress(ticket, upload_id)))
    if request.method == "DELETE":
        resumable_uploads.cancel(ticket, upload_id)
        return _answer(204)
    if request.mimetype != "application/offset+octet-stream":
        return _answer(415)
    starts_at = _number("Upload-Offset")
    checksum = _checksum()
    if starts_at is None or checksum == ():
        return _answer(_GONE_WRONG)
    try:
        now = resumable_uploads.receive(ticket, g.runtime.store, upload_id, starts_at, _pieces(), checksum or None)
    except OutOfStep:
        return _answer(_CONFLICT)
    except Garbled:
        return _answer(_NOT_WHAT_WAS_SENT)
    return _answer(204, **_state(now, about=False))


@bp.post("/<uuid:upload_id>/finish")
@opens(Action.FILE_ADD)
def finish(ticket: CaseTicket, upload_id: UUID) -> ResponseReturnValue:
    """Answers with where to go on, or with why the file was not taken; then nothing of it is kept."""
    form = FinishForm()
    try:
        submission = form.submission_id
    except InvalidInput as problem:
        # A fault of the page's, not of the file's: that stays.
        return jsonify(says=error_message(problem), gone=False), INVALID
    number = arguments.number(form.seen.data, 0) or None
    try:
        if form.is_ready():
            with form.submitting():
                note, tool = form.note.data or "", form.tool.data or None
                return _finished(
                    ticket,
                    form,
                    resumable_uploads.finish(ticket, g.runtime.store, upload_id, submission, note, tool, number),
                )
    except OutOfStep:
        return jsonify(says=str(INPUT_ERRORS["upload_unfinished"])), _CONFLICT
    if form.form_errors:
        # It is about the file itself, which no second try makes better.
        resumable_uploads.cancel(ticket, upload_id)
    return jsonify(says=" ".join(message for _field, message in form.faults), gone=bool(form.form_errors)), INVALID


def _finished(ticket: CaseTicket, form: FinishForm, done: Finished) -> ResponseReturnValue:
    """Where to go on; the next page begins as after the plain form."""
    if done.brought and done.brought.held_id:
        return jsonify(to=url_for("versions.held", case_id=ticket.case_id, held_id=done.brought.held_id))
    if not form.one_of_several.data:
        number = done.brought.number if done.brought else None
        flash(_("Version %(number)s is added.", number=number) if number else _("The file is added."), "success")
    return jsonify(to=url_for("files.show", case_id=ticket.case_id, file_id=done.file_id))


def _pieces() -> Iterator[bytes]:
    """What the request brings, until it ends or the connection breaks: what came before the break counts."""
    line = request.environ.get("gunicorn.socket")
    if line is not None:
        # A phone that is out of reach says nothing, not even goodbye.
        line.settimeout(_PATIENCE)
    try:
        while piece := request.stream.read(_PIECE):
            yield piece
    except (ClientDisconnected, OSError):
        return


def _speaks() -> bool:
    return request.headers.get("Tus-Resumable") == VERSION


def _answer(status: int, says: str = "", **headers: str) -> Response:
    given = {"Tus-Resumable": VERSION, **headers}
    if status == _OTHER_VERSION:
        given["Tus-Version"] = VERSION
    return Response(says, status, given, mimetype="text/plain")


def _state(now: Progress, about: bool = True) -> dict[str, str]:
    told = {"Upload-Offset": str(now.arrived), "Upload-Expires": format_datetime(now.ends_at, usegmt=True)}
    return {**told, "Upload-Length": str(now.size)} if about else told


def _number(header: str) -> int | None:
    said = request.headers.get(header, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 16 else None


def _metadata(said: str) -> dict[str, str] | None:
    """Pairs of a key and a value in base64; None when it cannot be understood."""
    found = {}
    for pair in filter(None, (part.strip() for part in said.split(","))):
        key, _space, value = pair.partition(" ")
        try:
            found[key] = b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            return None
    return found


def _id(about: dict[str, str], key: str) -> UUID | None:
    """Raises InvalidInput for what is no id."""
    try:
        return UUID(about[key]) if about.get(key) else None
    except ValueError as problem:
        raise InvalidInput("compartment", "choice") from problem


def _checksum() -> tuple[str, bytes] | tuple[()] | None:
    """The checksum the piece comes with; None when there is none, () for one of a kind that is not known here."""
    said = request.headers.get("Upload-Checksum")
    if said is None:
        return None
    algorithm, _space, value = said.partition(" ")
    try:
        return (algorithm, b64decode(value, validate=True)) if algorithm in resumable_uploads.CHECKSUMS else ()
    except (binascii.Error, ValueError):
        return ()
