"""Files: the list, one file with its versions, putting in and taking out."""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from wtforms import HiddenField, RadioField, SelectField

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.exports import exports
from portal.services.files import downloads, files, resumable_uploads
from portal.services.files.downloads import ByteRange
from portal.storage.inspection import MEDIA_TYPES
from portal.text import in_order
from portal.views.files import versions
from portal.views.files.folders import arranged
from portal.web import arguments
from portal.web.case_words import tool_title
from portal.web.compartment_field import compartment_choices, compartment_of
from portal.web.forms import ChosenFile, PortalForm, choices, status, text_field, upload_of
from portal.web.guard import gives_file, opens
from portal.web.i18n import said

bp = Blueprint("files", __name__, url_prefix="/cases/<uuid:case_id>/files")


_SEALED_OFF = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


class PackForm(PortalForm):
    """Asks for a folder in one package."""

    folder = HiddenField()


PAGE = 50
"""Files on one page of the list."""


class NameFilter(PortalForm):
    """Looks the list through by name."""

    name = text_field(_l("Part of the name"), 200, required=False)


class FileForm(PortalForm):
    file = ChosenFile(_l("File"))
    note = text_field(_l("What is it? (may be left out)"), 1000, required=False)
    tool = SelectField(_l("Is it one of the plan's tools?"))
    compartment = RadioField(_l("Who should be able to see it?"), validate_choice=False)


@bp.route("", methods=["GET", "POST"])
@opens(Action.FILE_VIEW)
def index(ticket: CaseTicket) -> ResponseReturnValue:
    """The list; by POST when it is looked through by name, so that the words stand in no address and no log."""
    every = files.list_files(ticket)
    there = [line for line in every if not line.withdrawn]
    by_name = NameFilter()
    name = (by_name.name.data or "").strip() if by_name.validate_on_submit() else ""
    found, asked = arranged(ticket, there, name)
    asked_page, last = _page_number(), max(1, -(-len(found) // PAGE))
    page = min(asked_page, last)
    return render_template(
        "files/index.html",
        files=found[(page - 1) * PAGE : page * PAGE],
        found=len(found),
        page=page,
        last=last,
        step=PAGE,
        asked=asked,
        asks=bool(name or any(value for key, value in asked.items() if key != "sort")),
        by_name=by_name,
        name=name,
        added=_added(),
        add=_add_form(ticket) if ticket.allows(Action.FILE_ADD) else None,
        folders=sorted({line.folder for line in there if line.folder}, key=in_order),
        places=_places(ticket, {line.compartment for line in there}),
        tools=sorted({line.tool for line in there if line.tool}, key=lambda tool: in_order(tool_title(tool))),
        gone=[line for line in every if line.withdrawn],
        packed=[line for line in exports.my_exports(ticket) if line.ready and not line.fetched],
        pack=PackForm(formdata=None),
    )


def _places(ticket: CaseTicket, used: set[str]) -> list[tuple[str, str]]:
    """Id and title of the compartments that files lie in, in the order of the profile."""
    ids = {compartment.key: str(compartment.id) for compartment in ticket.compartments.values()}
    return [(ids[rule.key], said(rule.title)) for rule in ticket.profile.compartment if rule.key in used]


def _page_number() -> int:
    """Which page of the list is asked for, counted from 1."""
    return max(1, arguments.number(request.values.get("page"), 1))


def _added() -> int:
    """How many files the script of the page has just sent; it comes here when all are there."""
    return min(max(0, arguments.number(request.args.get("added"), 0)), 99)


def _add_form(ticket: CaseTicket) -> FileForm:
    """The empty form, as every page offers it."""
    form = _offered(ticket, FileForm() if request.endpoint == "files.add" else FileForm(formdata=None))
    form.tool.data = form.tool.data or request.args.get("tool", "")
    if not form.compartment.data and form.compartment.choices:
        form.compartment.data = form.compartment.choices[0].value
    return form


def _offered(ticket: CaseTicket, form: FileForm) -> FileForm:
    form.tool.choices = choices(("", _("No, something else")), *((t.key, said(t.title)) for t in ticket.profile.tool))
    form.compartment.choices = compartment_choices(ticket)
    return form


@bp.post("/small")
@opens(Action.FILE_VIEW)
def small(ticket: CaseTicket) -> ResponseReturnValue:
    """Small pictures for the files of a list, all in one answer: one look, one line in the trace."""
    wanted = []
    for typed in request.form.getlist("file")[: files.MOST_SMALL]:
        with suppress(ValueError):
            wanted.append(UUID(typed))
    found = files.small_pictures(ticket, g.runtime.store, wanted)
    return jsonify({str(file_id): b64encode(picture).decode() for file_id, picture in found.items()})


@bp.route("/new", methods=["GET", "POST"])
@opens(Action.FILE_ADD, takes_files=True)
def add(ticket: CaseTicket) -> ResponseReturnValue:
    form = _add_form(ticket) if request.method == "GET" else _offered(ticket, FileForm())
    if form.is_ready():
        with form.submitting():
            compartment = compartment_of(ticket, form.compartment.data)
            upload = upload_of(form.file, form.note.data or "")
            made = files.add_file(ticket, form.submission_id, compartment, upload, form.tool.data or None)
            flash(_("The file is added."), "success")
            return redirect(url_for("files.show", case_id=ticket.case_id, file_id=made), 303)
    begun = resumable_uploads.unfinished(ticket)
    return render_template("files/add.html", form=form, endings=sorted(MEDIA_TYPES), begun=begun), status(form)


@bp.get("/<uuid:file_id>")
@opens(Action.FILE_VIEW)
def show(ticket: CaseTicket, file_id: UUID) -> ResponseReturnValue:
    return versions.page(ticket, file_id)


@bp.get("/<uuid:file_id>/versions/<int(max=1000000):number>")
@gives_file
@opens(Action.FILE_DOWNLOAD)
def download(ticket: CaseTicket, file_id: UUID, number: int) -> ResponseReturnValue:
    found = downloads.download(ticket, g.runtime.store, file_id, number, wanted_part)
    headers = attachment(found.name, found.media_type, found.size)
    headers |= {"Accept-Ranges": "bytes", "ETag": f'"{found.mark}"'}
    if found.span is None:
        return Response(found.content, headers=headers)
    headers["Content-Length"] = str(found.span.stop - found.span.start)
    headers["Content-Range"] = f"bytes {found.span.start}-{found.span.stop - 1}/{found.size}"
    return Response(found.content, 206, headers=headers)


def wanted_part(size: int, mark: str) -> ByteRange | None:
    """The part of a file that the request asks for; None for the whole (RFC 9110, 14.2 and 13.1.5).

    Several ranges at once get the whole file, as a server may answer; so does a range of a version that is another now
    (`If-Range`), and one that cannot be understood. Raises RequestedRangeNotSatisfiable (416) for one past the end.
    """
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    condition = request.if_range
    if "If-Range" in request.headers and (condition.etag != mark or request.headers["If-Range"].startswith("W/")):
        return None
    found = asked.range_for_length(size)
    if found is None:
        raise RequestedRangeNotSatisfiable(length=size)
    return ByteRange(*found)


def attachment(name: str, media_type: str, size: int) -> dict[str, str]:
    """Headers that make a browser save a file under its own name and never show it as a page of ours (RFC 6266)."""
    plain = "".join(c if (c.isascii() and c.isalnum()) or c in " .-_()" else "_" for c in name)
    return {
        "Content-Type": media_type,
        "Content-Length": str(size),
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": _SEALED_OFF,
    }
