"""One account, as an administrator looks after it: what it says, its unit and address, inviting, closing, reopening."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField

from portal.access.policy.actions import OfficeAction
from portal.access.policy.roles import SystemRole
from portal.services.accounts import directory, editing, email_changes, invitations, listing, moves, sign_in_overview
from portal.services.accounts.editing import Details
from portal.services.accounts.listing import AccountLine
from portal.web.forms import PortalForm, choices, status, text_field
from portal.web.guard import fresh, office

# Still the office to the addresses and to the pages that lead here.
bp = Blueprint("accounts", __name__, url_prefix="/office/staff/<uuid:person_id>")

ROLES = {
    "may_open_cases": SystemRole.CASE_OPENER,
    "is_leader": SystemRole.LEADER,
    "is_auditor": SystemRole.AUDITOR,
    "is_admin": SystemRole.ADMINISTRATOR,
}


class CloseForm(PortalForm):
    leaving_cases = BooleanField(
        _l("This cannot wait. Close the account now; the cases have no guide until one is found")
    )


class EditForm(PortalForm):
    name = text_field(_l("Name"), 120)
    job_title = text_field(_l("Job title"), 120)
    phone = text_field(_l("Telephone at work (may be left out)"), 40, required=False)
    may_open_cases = BooleanField(_l("May open cases and be a guide"))
    is_leader = BooleanField(_l("Is a leader (sees figures of the organisation, no cases)"))
    is_auditor = BooleanField(_l("Is an auditor (sees when who did what, no cases)"))
    is_admin = BooleanField(_l("Is an administrator (looks after accounts, sees no cases)"))

    def details(self) -> Details:
        roles = frozenset(role for field, role in ROLES.items() if self[field].data)
        return Details(self.name.data or "", self.job_title.data or "", self.phone.data or "", roles)


class EmailForm(PortalForm):
    email = text_field(_l("New e-mail address"), 254)


class UnitChangeForm(PortalForm):
    unit = SelectField(_l("New unit"), validate_choice=False)


@bp.get("")
@office(OfficeAction.ACCOUNTS_MANAGE)
def account(person_id: UUID) -> ResponseReturnValue:
    """One account and its sign-ins."""
    staff = _staff(person_id)
    return render_template(
        "accounts/account.html",
        staff=staff,
        sign_ins=sign_in_overview.sign_ins(g.actor, person_id),
        waiting=email_changes.pending_addresses(g.session, person_id),
        plain_form=PortalForm(formdata=None),
    )


@bp.route("/edit", methods=["GET", "POST"])
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def edit(person_id: UUID) -> ResponseReturnValue:
    staff = _staff(person_id)
    form = EditForm(obj=staff)
    if form.is_ready():
        with form.submitting():
            editing.edit(g.actor, person_id, form.details())
            flash(_("The account is changed."), "success")
            return _back(person_id)
    return render_template("accounts/edit.html", form=form, staff=staff), status(form)


@bp.route("/unit", methods=["GET", "POST"])
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def unit(person_id: UUID) -> ResponseReturnValue:
    """Moving somebody; the page says first what follows."""
    staff, prospect, form = _staff(person_id), moves.prospect(g.actor, person_id), UnitChangeForm()
    form.unit.choices = choices(("", _("Choose")), *((str(id_), name) for id_, name in prospect.units))
    if form.is_ready():
        with form.submitting():
            chosen = next((id_ for id_, _name in prospect.units if str(id_) == form.unit.data), None)
            moves.move(g.actor, person_id, chosen)
            flash(_("The account is moved. It takes effect now."), "success")
            return _back(person_id)
    return render_template("accounts/move.html", form=form, staff=staff, prospect=prospect), status(form)


@bp.route("/email", methods=["GET", "POST"])
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def email(person_id: UUID) -> ResponseReturnValue:
    """Another address; it counts once its owner has confirmed it."""
    staff, form = _staff(person_id), EmailForm()
    if form.is_ready():
        with form.submitting():
            if email_changes.ask_for_address(g.actor, person_id, form.email.data or ""):
                flash(_("The address is changed, and a new invitation is on its way there."), "success")
            else:
                flash(_("A link is on its way to the new address. The old one is told."), "success")
            return _back(person_id)
    return render_template("accounts/email.html", form=form, staff=staff), status(form)


@bp.post("/email/stop")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def stop_email(person_id: UUID) -> ResponseReturnValue:
    email_changes.stop(g.actor, _staff(person_id).person_id)
    flash(_("The new address is taken back. The link in the mail no longer works."), "success")
    return _back(person_id)


@bp.post("/invite")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def invite_again(person_id: UUID) -> ResponseReturnValue:
    invitations.invite_again(g.actor, person_id)
    flash(_("A new invitation is on its way by mail. The one before no longer works."), "success")
    return _back(person_id)


@bp.get("/renewal")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def confirm_renewal(person_id: UUID) -> ResponseReturnValue:
    return render_template("accounts/renewal.html", form=PortalForm(), staff=_staff(person_id))


@bp.post("/renewal")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def start_renewal(person_id: UUID) -> ResponseReturnValue:
    invitations.start_renewal(g.actor, person_id)
    flash(_("An invitation and a notice are on their way by mail."), "success")
    return _back(person_id)


@bp.get("/close")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def confirm_close(person_id: UUID) -> ResponseReturnValue:
    return _close_page(CloseForm(formdata=None), person_id)


@bp.post("/close")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def close(person_id: UUID) -> ResponseReturnValue:
    form = CloseForm()
    staff = _staff(person_id)
    if form.is_ready():
        with form.submitting():
            directory.close_account(g.actor, staff.person_id, bool(form.leaving_cases.data))
            flash(_("The account is closed, and everywhere it was signed in it is signed out."), "success")
            return _back(person_id)
    return _close_page(form, person_id), status(form)


@bp.get("/reopen")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def confirm_reopen(person_id: UUID) -> ResponseReturnValue:
    places = sign_in_overview.cases_open_to(g.actor, person_id)
    return render_template("accounts/reopen.html", form=PortalForm(), staff=_staff(person_id), places=places)


@bp.post("/reopen")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def reopen(person_id: UUID) -> ResponseReturnValue:
    directory.reopen_account(g.actor, person_id)
    flash(_("The account is open again."), "success")
    return _back(person_id)


def _staff(person_id: UUID) -> AccountLine:
    return listing.account(g.actor, person_id)


def _back(person_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("accounts.account", person_id=person_id), 303)


def _close_page(form: CloseForm, person_id: UUID) -> str:
    cases = sign_in_overview.led_cases(g.actor, person_id)
    return render_template("accounts/close.html", form=form, staff=_staff(person_id), cases=cases)
