"""The administrator's office: organisations, units and accounts. No case is ever seen from here."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField

from portal.access.actions import OfficeAction
from portal.access.guard import fresh, office
from portal.errors import NotFound
from portal.services import account_facts, accounts, invitations, organisations
from portal.services.accounts import NewStaff, OrganisationKind, OrganisationLine, UnitKind, UnitLine
from portal.views import words
from portal.views.asking import AskingForm, attempt, choices, status, text_field

bp = Blueprint("office", __name__, url_prefix="/office")


class OrganisationForm(AskingForm):
    name = text_field(_l("Name"), 120)
    kind = SelectField(_l("Kind"), choices=choices(*words.ORGANISATION_KIND.items()))


class UnitForm(AskingForm):
    name = text_field(_l("Name"), 120)
    kind = SelectField(_l("Field of work"), choices=choices(*words.UNIT_KIND.items()))


class SignInForm(AskingForm):
    allowed = HiddenField()


class CloseForm(AskingForm):
    leaving_cases = BooleanField(
        _l("This cannot wait. Close the account now; the cases have no guide until one is found")
    )


class StaffForm(AskingForm):
    name = text_field(_l("Name"), 120)
    email = text_field(_l("E-mail"), 254)
    job_title = text_field(_l("Job title"), 120)
    may_open_cases = BooleanField(_l("May open cases and be a guide"))
    is_leader = BooleanField(_l("Is a leader (sees figures of the organisation, no cases)"))
    is_auditor = BooleanField(_l("Is an auditor (sees when who did what, no cases)"))
    is_admin = BooleanField(_l("Is an administrator (looks after accounts, sees no cases)"))


@bp.get("")
@office(OfficeAction.ACCOUNTS_MANAGE)
def index() -> ResponseReturnValue:
    return render_template("office/index.html", organisations=accounts.directory(g.actor))


@bp.route("/organisations/new", methods=["GET", "POST"])
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def add_organisation() -> ResponseReturnValue:
    form = OrganisationForm()
    made = attempt(
        form,
        lambda: accounts.add_organisation(
            g.actor, form.submission_id, form.name.data or "", OrganisationKind(form.kind.data)
        ),
    )
    if made is None:
        return render_template("office/organisation.html", form=form), status(form)
    flash(_("The organisation is added."), "success")
    return redirect(url_for("office.index"), 303)


@bp.route("/organisations/<uuid:organisation_id>/units/new", methods=["GET", "POST"])
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def add_unit(organisation_id: UUID) -> ResponseReturnValue:
    organisation = _organisation(organisation_id)
    form = UnitForm()
    made = attempt(
        form,
        lambda: accounts.add_unit(
            g.actor, form.submission_id, organisation_id, form.name.data or "", UnitKind(form.kind.data)
        ),
    )
    if made is None:
        return render_template("office/unit.html", form=form, organisation=organisation), status(form)
    flash(_("The unit is added."), "success")
    return redirect(url_for("office.index"), 303)


@bp.route("/organisations/<uuid:organisation_id>/sign-in", methods=["GET", "POST"])
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def sign_in(organisation_id: UUID) -> ResponseReturnValue:
    """Whether the organisation's staff may use passwords."""
    organisation, form = _organisation(organisation_id), SignInForm()
    allowed = bool(form.allowed.data)

    def switch() -> bool:
        organisations.switch_passwords(g.actor, organisation_id, allowed)
        return True

    if attempt(form, switch) is None:
        return render_template("office/sign_in.html", form=form, organisation=organisation), status(form)
    flash(_("Passwords work again.") if allowed else _("Passwords are switched off."), "success")
    return redirect(url_for("office.index"), 303)


@bp.route("/units/<uuid:unit_id>/staff/new", methods=["GET", "POST"])
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def add_staff(unit_id: UUID) -> ResponseReturnValue:
    organisation, unit = _unit(unit_id)
    form = StaffForm()
    made = attempt(
        form,
        lambda: accounts.add_staff(
            g.actor,
            form.submission_id,
            NewStaff(
                unit_id=unit_id,
                name=form.name.data or "",
                email=form.email.data or "",
                job_title=form.job_title.data or "",
                is_admin=form.is_admin.data,
                may_open_cases=form.may_open_cases.data,
                is_leader=form.is_leader.data,
                is_auditor=form.is_auditor.data,
            ),
        ),
    )
    if made is None:
        page = render_template("office/staff.html", form=form, organisation=organisation, unit=unit)
        return page, status(form)
    flash(_("The invitation is on its way by mail."), "success")
    return redirect(url_for("office.index"), 303)


@bp.post("/staff/<uuid:person_id>/invite")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def invite_again(person_id: UUID) -> ResponseReturnValue:
    invitations.invite_again(g.actor, person_id)
    flash(_("A new invitation is on its way by mail. The one before no longer works."), "success")
    return redirect(url_for("office.index"), 303)


@bp.get("/staff/<uuid:person_id>")
@office(OfficeAction.ACCOUNTS_MANAGE)
def account(person_id: UUID) -> ResponseReturnValue:
    """One account and its sign-ins."""
    staff = _staff(person_id)
    return render_template("office/account.html", staff=staff, sign_ins=account_facts.sign_ins(g.actor, person_id))


@bp.get("/staff/<uuid:person_id>/renewal")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def confirm_renewal(person_id: UUID) -> ResponseReturnValue:
    return render_template("office/renewal.html", form=AskingForm(), staff=_staff(person_id))


@bp.post("/staff/<uuid:person_id>/renewal")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def start_renewal(person_id: UUID) -> ResponseReturnValue:
    invitations.start_renewal(g.actor, person_id)
    flash(_("An invitation and a notice are on their way by mail."), "success")
    return redirect(url_for("office.index"), 303)


@bp.get("/staff/<uuid:person_id>/close")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def confirm_close(person_id: UUID) -> ResponseReturnValue:
    return _close_page(CloseForm(formdata=None), person_id)


@bp.post("/staff/<uuid:person_id>/close")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def close(person_id: UUID) -> ResponseReturnValue:
    form = CloseForm()
    staff = _staff(person_id)

    def shut() -> bool:
        accounts.close_account(g.actor, staff.person_id, bool(form.leaving_cases.data))
        return True

    if attempt(form, shut) is None:
        return _close_page(form, person_id), status(form)
    flash(_("The account is closed, and everywhere it was signed in it is signed out."), "success")
    return redirect(url_for("office.index"), 303)


@bp.post("/staff/<uuid:person_id>/reopen")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def reopen(person_id: UUID) -> ResponseReturnValue:
    accounts.reopen_account(g.actor, person_id)
    flash(_("The account is open again."), "success")
    return redirect(url_for("office.index"), 303)


def _organisation(organisation_id: UUID) -> OrganisationLine:
    found = next((line for line in accounts.directory(g.actor) if line.id == organisation_id), None)
    if found is None:
        raise NotFound
    return found


def _unit(unit_id: UUID) -> tuple[OrganisationLine, UnitLine]:
    for organisation in accounts.directory(g.actor):
        for unit in organisation.units:
            if unit.id == unit_id:
                return organisation, unit
    raise NotFound


def _staff(person_id: UUID) -> accounts.StaffLine:
    for organisation in accounts.directory(g.actor):
        for unit in organisation.units:
            for line in unit.staff:
                if line.person_id == person_id:
                    return line
    raise NotFound


def _close_page(form: CloseForm, person_id: UUID) -> str:
    cases = account_facts.led_cases(g.actor, person_id)
    return render_template("office/close.html", form=form, staff=_staff(person_id), cases=cases)
