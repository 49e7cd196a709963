"""The administrator's office: organisations, units and the list of accounts. No case is ever seen from here."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField

from portal.access.policy.actions import OfficeAction
from portal.access.policy.roles import SystemRole
from portal.errors import NotFound
from portal.services.accounts import directory as account_directory
from portal.services.accounts import listing, requests, sign_in_policy
from portal.services.accounts.directory import (
    AccountState,
    NewStaff,
    OrganisationKind,
    OrganisationLine,
    UnitKind,
    UnitLine,
)
from portal.services.accounts.listing import AccountFilter
from portal.services.oversight import audit_checks
from portal.web import arguments, labels
from portal.web.forms import PortalForm, choices, status, text_field
from portal.web.guard import fresh, office

bp = Blueprint("office", __name__, url_prefix="/office")


class OrganisationForm(PortalForm):
    name = text_field(_l("Name"), 120)
    kind = SelectField(_l("Kind"), choices=choices(*labels.ORGANISATION_KIND.items()))


class UnitForm(PortalForm):
    name = text_field(_l("Name"), 120)
    kind = SelectField(_l("Field of work"), choices=choices(*labels.UNIT_KIND.items()))


class SignInForm(PortalForm):
    allowed = HiddenField()


class StaffForm(PortalForm):
    name = text_field(_l("Name"), 120)
    email = text_field(_l("E-mail"), 254)
    job_title = text_field(_l("Job title"), 120)
    may_open_cases = BooleanField(_l("May open cases and be a guide"))
    is_leader = BooleanField(_l("Is a leader (sees figures of the organisation, no cases)"))
    is_auditor = BooleanField(_l("Is an auditor (sees when who did what, no cases)"))
    is_admin = BooleanField(_l("Is an administrator (looks after accounts, sees no cases)"))


class AccountSearchForm(PortalForm):
    """Names of staff are no secret, so what is looked for may be an address."""

    class Meta:
        csrf = False

    q = text_field(_l("Name, e-mail, job title or place of work"), 200, required=False)
    unit = SelectField(_l("Unit"), validate_choice=False)
    role = SelectField(_l("Role"), validate_choice=False, choices=choices(("", _l("All")), *labels.SYSTEM_ROLE.items()))
    state = SelectField(
        _l("Account"), validate_choice=False, choices=choices(("", _l("All")), *labels.ACCOUNT_STATE.items())
    )


@bp.get("")
@office(OfficeAction.ACCOUNTS_MANAGE)
def index() -> ResponseReturnValue:
    organisations = account_directory.directory(g.actor)
    form = AccountSearchForm(request.args)
    form.unit.choices = choices(
        ("", _("All")), *((str(unit.id), f"{unit.name}, {o.name}") for o in organisations for unit in o.units)
    )
    return render_template(
        "accounts/index.html",
        organisations=organisations,
        form=form,
        page=listing.account_page(g.actor, _wanted(form, request.args.get("page", ""))),
        staffed=listing.count_by_unit(g.actor),
        asked=requests.waiting_requests(g.actor),
        trace=audit_checks.audit_status(g.actor),
    )


def _wanted(form: AccountSearchForm, number: str) -> AccountFilter:
    """What the address asks for; what is no such thing asks for everything."""
    units = {choice.value for choice in form.unit.choices} - {""}
    return AccountFilter(
        words=form.q.data or "",
        unit_id=UUID(form.unit.data) if form.unit.data in units else None,
        role=SystemRole(form.role.data) if form.role.data in set(SystemRole) else None,
        state=AccountState(form.state.data) if form.state.data in set(AccountState) else None,
        number=arguments.number(number, 1),
    )


@bp.route("/organisations/new", methods=["GET", "POST"])
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def add_organisation() -> ResponseReturnValue:
    form = OrganisationForm()
    if form.is_ready():
        with form.submitting():
            account_directory.add_organisation(
                g.actor, form.submission_id, form.name.data or "", OrganisationKind(form.kind.data)
            )
            flash(_("The organisation is added."), "success")
            return redirect(url_for("office.index"), 303)
    return render_template("accounts/organisation.html", form=form), status(form)


@bp.route("/organisations/<uuid:organisation_id>/units/new", methods=["GET", "POST"])
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def add_unit(organisation_id: UUID) -> ResponseReturnValue:
    organisation = _organisation(organisation_id)
    form = UnitForm()
    if form.is_ready():
        with form.submitting():
            account_directory.add_unit(
                g.actor, form.submission_id, organisation_id, form.name.data or "", UnitKind(form.kind.data)
            )
            flash(_("The unit is added."), "success")
            return redirect(url_for("office.index"), 303)
    return render_template("accounts/unit.html", form=form, organisation=organisation), status(form)


@bp.route("/organisations/<uuid:organisation_id>/sign-in", methods=["GET", "POST"])
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def sign_in(organisation_id: UUID) -> ResponseReturnValue:
    """Whether the organisation's staff may use passwords."""
    organisation, form = _organisation(organisation_id), SignInForm()
    allowed = bool(form.allowed.data)
    if form.is_ready():
        with form.submitting():
            sign_in_policy.switch_passwords(g.actor, organisation_id, allowed)
            flash(_("Passwords work again.") if allowed else _("Passwords are switched off."), "success")
            return redirect(url_for("office.index"), 303)
    return render_template("accounts/sign_in.html", form=form, organisation=organisation), status(form)


@bp.route("/units/<uuid:unit_id>/staff/new", methods=["GET", "POST"])
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def add_staff(unit_id: UUID) -> ResponseReturnValue:
    organisation, unit = _unit(unit_id)
    form = StaffForm()
    if form.is_ready():
        with form.submitting():
            account_directory.add_staff(
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
            )
            flash(_("The invitation is on its way by mail."), "success")
            return redirect(url_for("office.index"), 303)
    page = render_template("accounts/staff.html", form=form, organisation=organisation, unit=unit)
    return page, status(form)


def _organisation(organisation_id: UUID) -> OrganisationLine:
    found = next((line for line in account_directory.directory(g.actor) if line.id == organisation_id), None)
    if found is None:
        raise NotFound
    return found


def _unit(unit_id: UUID) -> tuple[OrganisationLine, UnitLine]:
    for organisation in account_directory.directory(g.actor):
        for unit in organisation.units:
            if unit.id == unit_id:
                return organisation, unit
    raise NotFound
