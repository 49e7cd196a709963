"""Versions: putting in the next one, meeting a newer one, taking an older one back, and saying that one is editing."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.files import checkouts, conflicts, files, resumable_uploads, text_index
from portal.services.plans import external_forms
from portal.services.webdav import links
from portal.web import arguments
from portal.web.forms import INVALID, ChosenFile, PortalForm, status, text_field, upload_of
from portal.web.guard import opens

bp = Blueprint("versions", __name__, url_prefix="/cases/<uuid:case_id>/files")


class VersionForm(PortalForm):
    file = ChosenFile(_l("The file as it is now"))
    note = text_field(_l("What have you changed? (may be left out)"), 1000, required=False)
    seen = HiddenField()

    @property
    def newest_seen(self) -> int | None:
        """Number of the newest version when the page was shown."""
        return arguments.number(self.seen.data, 0) or None


class ChoiceForm(PortalForm):
    choice = HiddenField()


class BreakForm(PortalForm):
    note = text_field(_l("Why do you end it? Everybody who sees the file can read this."), 1000)


def page(ticket: CaseTicket, file_id: UUID, form: VersionForm | None = None) -> str:
    """A file with its versions and what can be done with them."""
    found = files.file_page(ticket, file_id)
    form = form or VersionForm(formdata=None)
    form.seen.data = str(found.newest.number)
    waiting = conflicts.waiting_conflict(ticket, file_id)
    return render_template(
        "files/show.html",
        file=found,
        form=form,
        waiting=waiting,
        begun=resumable_uploads.unfinished(ticket, file_id),
        choice=ChoiceForm(formdata=None),
        writing=links.my_dav_links(ticket, file_id) if g.runtime.settings.webdav else [],
        elsewhere=external_forms.of_file(ticket, file_id) if found.tool else None,
        readable=text_index.readable(ticket, found.newest.version_id),
    )


@bp.post("/<uuid:file_id>/versions")
@opens(Action.FILE_ADD_VERSION, takes_files=True)
def add(ticket: CaseTicket, file_id: UUID) -> ResponseReturnValue:
    form = VersionForm()
    if form.is_ready():
        with form.submitting():
            upload = upload_of(form.file, form.note.data or "")
            made = conflicts.bring(ticket, form.submission_id, file_id, upload, form.newest_seen)
            if made.held_id is not None:
                return redirect(url_for("versions.held", case_id=ticket.case_id, held_id=made.held_id), 303)
            flash(_("Version %(number)s is added.", number=made.number), "success")
            return _to_file(ticket, file_id)
    return page(ticket, file_id, form), status(form)


@bp.route("/held/<uuid:held_id>", methods=["GET", "POST"])
@opens(Action.FILE_ADD_VERSION)
def held(ticket: CaseTicket, held_id: UUID) -> ResponseReturnValue:
    """Two versions have met: both are shown, and the sender of the later one chooses."""
    form = ChoiceForm()
    if form.is_ready():
        with form.submitting():
            chosen = _choose(ticket, form, held_id)
            file_id, said = chosen
            flash(said, "success")
            return _to_file(ticket, file_id)
    if form.form_errors and not form.choice.data:
        return render_template("files/met.html", met=conflicts.meeting(ticket, held_id), form=form), INVALID
    if form.form_errors:
        raise InvalidInput("", "held_gone")
    return render_template("files/met.html", met=conflicts.meeting(ticket, held_id), form=form)


def _choose(ticket: CaseTicket, form: ChoiceForm, held_id: UUID) -> tuple[UUID, str]:
    match form.choice.data:
        case "next":
            file_id, number = conflicts.put_as_next(ticket, form.submission_id, held_id)
            return file_id, _("Version %(number)s is added.", number=number)
        case "own":
            made = conflicts.put_as_own(ticket, form.submission_id, held_id)
            return made, _("Yours is kept as a file of its own.")
        case "cancel":
            return conflicts.drop(ticket, held_id), _("What you sent was not added. The file is as it was.")
    raise InvalidInput("", "choice")


@bp.post("/<uuid:file_id>/versions/<int(max=1000000):number>/restore")
@opens(Action.FILE_ADD_VERSION)
def restore(ticket: CaseTicket, file_id: UUID, number: int) -> ResponseReturnValue:
    form = ChoiceForm()
    if form.is_ready():
        with form.submitting():
            made = files.restore(ticket, g.runtime.store, form.submission_id, file_id, number)
            flash(_("Version %(number)s is now also version %(new)s, the newest.", number=number, new=made), "success")
            return _to_file(ticket, file_id)
    raise InvalidInput("", "form_stale")


@bp.post("/<uuid:file_id>/editing")
@opens(Action.FILE_ADD_VERSION)
def check_out(ticket: CaseTicket, file_id: UUID) -> ResponseReturnValue:
    checkouts.begin_checkout(ticket, file_id)
    flash(_("The others can see that you are editing."), "success")
    return _to_file(ticket, file_id)


@bp.post("/<uuid:file_id>/editing/end")
@opens(Action.FILE_ADD_VERSION)
def check_in(ticket: CaseTicket, file_id: UUID) -> ResponseReturnValue:
    checkouts.end_checkout(ticket, file_id)
    flash(_("You are not editing the file any more."), "success")
    return _to_file(ticket, file_id)


@bp.route("/<uuid:file_id>/editing/break", methods=["GET", "POST"])
@opens(Action.FILE_UNLOCK)
def break_off(ticket: CaseTicket, file_id: UUID) -> ResponseReturnValue:
    form = BreakForm()
    if form.is_ready():
        with form.submitting():
            checkouts.break_off(ticket, file_id, form.note.data or "")
            flash(_("The editing is ended. Your reason stands at the file."), "success")
            return _to_file(ticket, file_id)
    found = files.file_page(ticket, file_id)
    return render_template("files/break.html", file=found, form=form), status(form)


def _to_file(ticket: CaseTicket, file_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("files.show", case_id=ticket.case_id, file_id=file_id), 303)
