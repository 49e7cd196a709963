"""Order among the files: putting one into a folder, and withdrawing one."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.files import files, folders, renaming
from portal.services.files.files import VersionLine
from portal.text import in_order
from portal.web.forms import PortalForm, status, text_field
from portal.web.guard import opens

bp = Blueprint("ordering", __name__, url_prefix="/cases/<uuid:case_id>/files/<uuid:file_id>")


class WithdrawForm(PortalForm):
    reason = text_field(_l("Why? Everybody who saw the file can read this."), 1000)


NAME = 150
"""Characters that may be typed for a file's name."""


class NameForm(PortalForm):
    name = text_field(_l("Name"), NAME, required=False)


class FolderForm(PortalForm):
    folder = text_field(_l("Folder"), folders.LONGEST, required=False)


ASKED = ("folder", "tool", "place", "sort")
"""What an address may ask of the list. Words of a name never stand in one: they are sent by POST."""


def arranged(ticket: CaseTicket, lines: list[VersionLine], name: str = "") -> tuple[list[VersionLine], dict[str, str]]:
    """The lines as the request asks for them (`ASKED`), with all words of `name` in theirs, and what it asks for.
    `place` is a compartment's id."""
    places = {compartment.key: str(compartment.id) for compartment in ticket.compartments.values()}
    asked = {key: request.values.get(key, "") for key in ASKED}
    words = name.casefold().split()
    saved = [
        line
        for line in lines
        if asked["folder"] in ("", folder_mark(line.folder))
        and asked["tool"] in ("", line.tool or "")
        and asked["place"] in ("", places[line.compartment])
        and all(word in line.title.casefold() for word in words)
    ]
    if asked["sort"] == "name":
        saved.sort(key=lambda line: in_order(line.title))
    elif asked["sort"] == "size":
        saved.sort(key=lambda line: line.size, reverse=True)
    elif asked["sort"] == "oldest":
        saved.sort(key=lambda line: line.created_at)
    return saved, asked


def folder_mark(folder: str) -> str:
    """What a folder is called in an address, where no word of a case may stand: the keyed form of its name."""
    from flask import g

    return str(g.ticket.keys.blind(f"folder {folder}")) if folder else "none"


@bp.app_context_processor
def _words_of_order() -> dict[str, object]:
    return {"folder_mark": folder_mark}


@bp.route("/withdraw", methods=["GET", "POST"])
@opens(Action.FILE_WITHDRAW)
def withdraw(ticket: CaseTicket, file_id: UUID) -> ResponseReturnValue:
    form = WithdrawForm()
    if form.is_ready():
        with form.submitting():
            folders.withdraw_file(ticket, file_id, form.reason.data or "")
            flash(_("The file is withdrawn. Its name and your reason are still there to see."), "success")
            return redirect(url_for("files.show", case_id=ticket.case_id, file_id=file_id), 303)
    found = files.file_page(ticket, file_id)
    return render_template("files/withdraw.html", file=found, form=form), status(form)


@bp.post("/name")
@opens(Action.FILE_ADD_VERSION)
def rename(ticket: CaseTicket, file_id: UUID) -> ResponseReturnValue:
    form = NameForm()
    back = redirect(url_for("files.show", case_id=ticket.case_id, file_id=file_id), 303)
    if form.is_ready():
        with form.submitting():
            renaming.rename(ticket, file_id, form.name.data or "")
            flash(_("The file has its new name now. Its versions keep theirs."), "success")
            return back
    flash(_("The name was not changed. Write one of at most %(most)s characters.", most=NAME), "warning")
    return back


@bp.post("/folder")
@opens(Action.FILE_ADD_VERSION)
def place(ticket: CaseTicket, file_id: UUID) -> ResponseReturnValue:
    form = FolderForm()
    back = redirect(url_for("files.show", case_id=ticket.case_id, file_id=file_id), 303)
    if form.is_ready():
        with form.submitting():
            folders.place_in_folder(ticket, file_id, form.folder.data or "")
            flash(_("The file is in its folder now."), "success")
            return back
    flash(_("That is too long for a folder's name."), "warning")
    return back
