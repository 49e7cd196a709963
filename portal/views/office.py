"""The administrator's office: organisations, units and accounts. No case is ever seen from here."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField

from portal.access.actions import OfficeAction
from portal.access.guard import fresh, office
from portal.errors import NotFound
from portal.services import accounts
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


class StaffForm(AskingForm):
    name = text_field(_l("Name"), 120)
    email = text_field(_l("E-mail"), 254)
    job_title = text_field(_l("Job title"), 120)
    may_open_cases = BooleanField(_l("May open cases and be a guide"))
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
    accounts.invite_again(g.actor, person_id)
    flash(_("A new invitation is on its way by mail. The one before no longer works."), "success")
    return redirect(url_for("office.index"), 303)


@bp.get("/staff/<uuid:person_id>/renewal")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def confirm_renewal(person_id: UUID) -> ResponseReturnValue:
    return render_template("office/renewal.html", form=AskingForm(), staff=_staff(person_id))


@bp.post("/staff/<uuid:person_id>/renewal")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def start_renewal(person_id: UUID) -> ResponseReturnValue:
    accounts.start_renewal(g.actor, person_id)
    flash(_("An invitation and a notice are on their way by mail."), "success")
    return redirect(url_for("office.index"), 303)


@bp.get("/staff/<uuid:person_id>/close")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def confirm_close(person_id: UUID) -> ResponseReturnValue:
    return render_template("office/close.html", form=AskingForm(), staff=_staff(person_id))


@bp.post("/staff/<uuid:person_id>/close")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def close(person_id: UUID) -> ResponseReturnValue:
    accounts.close_account(g.actor, person_id)
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
