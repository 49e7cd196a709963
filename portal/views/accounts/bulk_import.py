"""Inviting many people at once, from a list: choose it, look every row through, then all of it or nothing."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import TextAreaField

from portal.access.policy.actions import OfficeAction
from portal.errors import InvalidInput, NotFound
from portal.services.accounts import bulk_import
from portal.services.accounts import directory as account_directory
from portal.services.accounts.bulk_import import ImportRow
from portal.services.accounts.directory import OrganisationLine
from portal.web.forms import INVALID, ChosenFile, PortalForm, status
from portal.web.guard import fresh, office
from portal.web.input_errors import error_message

bp = Blueprint("office_import", __name__, url_prefix="/office/organisations/<uuid:organisation_id>/import")


class ListForm(PortalForm):
    file = ChosenFile(_l("The list (CSV)"))
    content = TextAreaField(_l("Or the rows themselves, the first line naming the columns"))


@bp.get("")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def ask(organisation_id: UUID) -> ResponseReturnValue:
    return _page(ListForm(), organisation_id)


@bp.post("")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE, takes_list=True)
def check(organisation_id: UUID) -> ResponseReturnValue:
    """Shows every row with its faults; nobody is invited yet."""
    form = ListForm()
    _organisation(organisation_id)
    if form.is_ready():
        with form.submitting():
            rows = _read(form, organisation_id)
            faulty = any(row.faults for row in rows)
            return _page(form, organisation_id, rows), INVALID if faulty else 200
    return _page(form, organisation_id), status(form)


@bp.post("/all")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def confirm(organisation_id: UUID) -> ResponseReturnValue:
    """Invites everybody in the list that was looked through, or nobody."""
    form = ListForm()
    _organisation(organisation_id)
    text = form.content.data or ""
    if form.is_ready():
        with form.submitting():
            made = bulk_import.invite_all(g.actor, form.submission_id, organisation_id, text)
            said = ngettext(
                "%(num)s invitation is on its way by mail.", "%(num)s invitations are on their way by mail.", made
            )
            flash(said, "success")
            return redirect(url_for("office.index"), 303)
    rows, again = None, ListForm()
    if again.is_ready():
        with again.submitting():
            rows = bulk_import.read_list(g.actor, organisation_id, text)
    return _page(form, organisation_id, rows), status(form)


def _read(form: ListForm, organisation_id: UUID) -> list[ImportRow]:
    """The rows of the file that was chosen, else of the text; the text stays in the form, to be put right there."""
    chosen = form.file.content
    if chosen is not None:
        form.content.data = bulk_import.decode(chosen)
        form.file.let_go()  # its rows are in the form from now on, to be put right there
    if not (form.content.data or "").strip():
        raise InvalidInput("file", "file_missing")
    return bulk_import.read_list(g.actor, organisation_id, form.content.data or "")


def _page(form: ListForm, organisation_id: UUID, rows: list[ImportRow] | None = None) -> str:
    return render_template(
        "accounts/import.html",
        form=form,
        organisation=_organisation(organisation_id),
        rows=rows,
        faulty=sum(bool(row.faults) for row in rows or ()),
        said=said,
    )


def said(row: ImportRow, column: str) -> list[str]:
    """What is wrong with one cell, in words."""
    return [error_message(InvalidInput(column, code)) for where, code in row.faults if where == column]


def _organisation(organisation_id: UUID) -> OrganisationLine:
    found = next((line for line in account_directory.directory(g.actor) if line.id == organisation_id), None)
    if found is None:
        raise NotFound
    return found
