"""Copies to take away: asking for a folder or for one's copy of the case, seeing that it is packed, and fetching it."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.exports import exports
from portal.services.files import folders as file_folders
from portal.services.files.downloads import Download
from portal.views.files.files import PackForm, attachment
from portal.views.files.folders import folder_mark
from portal.web.forms import PortalForm, status
from portal.web.guard import fresh, gives_file, opens
from portal.web.i18n import language

bp = Blueprint("exports", __name__, url_prefix="/cases/<uuid:case_id>/copies")


class CopyForm(PortalForm):
    """Nothing but a yes."""


@bp.get("")
@opens(Action.FILE_DOWNLOAD)
def index(ticket: CaseTicket) -> ResponseReturnValue:
    return render_template("exports/index.html", lines=exports.export_page(ticket))


@bp.post("/folder")
@opens(Action.FILE_DOWNLOAD)
def folder(ticket: CaseTicket) -> ResponseReturnValue:
    form = PackForm()
    name = next((one for one in file_folders.folders(ticket).values() if folder_mark(one) == form.folder.data), "")
    if form.is_ready():
        with form.submitting():
            exports.ask_for_folder(ticket, form.submission_id, name, language())
            return _to_list(ticket)
    raise InvalidInput("", "form_stale")


@bp.route("/case", methods=["GET", "POST"])
@fresh
@opens(Action.CASE_EXPORT)
def case(ticket: CaseTicket) -> ResponseReturnValue:
    form = CopyForm()
    if form.is_ready():
        with form.submitting():
            exports.ask_for_case(ticket, form.submission_id, language())
            return _to_list(ticket)
    return render_template("exports/case.html", form=form), status(form)


@bp.get("/<uuid:export_id>")
@gives_file
@opens(Action.FILE_DOWNLOAD)
def fetch(ticket: CaseTicket, export_id: UUID) -> ResponseReturnValue:
    return _send(exports.fetch(ticket, g.runtime.store, export_id, is_case=False))


@bp.get("/case/<uuid:export_id>")
@gives_file
@fresh
@opens(Action.CASE_EXPORT)
def fetch_case(ticket: CaseTicket, export_id: UUID) -> ResponseReturnValue:
    return _send(exports.fetch(ticket, g.runtime.store, export_id, is_case=True))


def _send(found: Download) -> Response:
    return Response(found.content, headers=attachment(found.name, found.media_type, found.size))


def _to_list(ticket: CaseTicket) -> ResponseReturnValue:
    return redirect(url_for("exports.index", case_id=ticket.case_id), 303)
