"""Missing a colleague: anybody can ask for an account for one; an administrator invites, or answers otherwise."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from portal.access.policy.actions import OfficeAction
from portal.errors import InvalidInput, NotFound
from portal.services.accounts import directory as account_directory
from portal.services.accounts import requests
from portal.services.accounts.directory import NewStaff
from portal.services.accounts.requests import Missed, RequestLine
from portal.views.accounts.directory import StaffForm
from portal.web.forms import PortalForm, choices, status, text_field
from portal.web.guard import fresh, office, signed_in

bp = Blueprint("colleagues", __name__)


class MissingForm(PortalForm):
    name = text_field(_l("Your colleague's name"), 120)
    workplace = text_field(_l("Where do they work?"), 120)
    job_title = text_field(_l("Job title (may be left out)"), 120, required=False)
    email = text_field(_l("E-mail at work (may be left out)"), 254, required=False)


class InviteForm(StaffForm):
    unit = SelectField(_l("Unit"), validate_choice=False)


@bp.route("/colleagues/missing", methods=["GET", "POST"])
@signed_in
def missing() -> ResponseReturnValue:
    if not g.actor.is_staff:
        raise NotFound
    form = MissingForm()
    missed = Missed(form.name.data or "", form.workplace.data or "", form.job_title.data or "", form.email.data or "")
    if form.is_ready():
        with form.submitting():
            requests.ask_for_change(g.actor, form.submission_id, missed)
            flash(_("An administrator has been asked. You get a mail when there is an answer."), "success")
            return redirect(url_for(".missing"), 303)
    page = render_template("accounts/missing.html", form=form, mine=requests.my_requests(g.actor))
    return page, status(form)


@bp.route("/office/requests/<uuid:request_id>", methods=["GET", "POST"])
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def answer(request_id: UUID) -> ResponseReturnValue:
    """Inviting whom somebody misses; what they wrote stands in the form already."""
    asked = requests.one(g.actor, request_id)
    form = InviteForm(name=asked.missed.name, email=asked.missed.email, job_title=asked.missed.job_title)
    organisations = account_directory.directory(g.actor)
    units = {str(unit.id): f"{unit.name}, {o.name}" for o in organisations for unit in o.units}
    form.unit.choices = choices(("", _("Choose")), *units.items())
    if form.is_ready():
        with form.submitting():
            if form.unit.data not in units:
                raise InvalidInput("unit", "required")
            requests.invite_requested(g.actor, form.submission_id, request_id, _new(form))
            flash(_("The invitation is on its way by mail."), "success")
            return redirect(url_for("office.index"), 303)
    return _page(form, asked), status(form)


@bp.post("/office/requests/<uuid:request_id>/no")
@fresh
@office(OfficeAction.ACCOUNTS_MANAGE)
def decline(request_id: UUID) -> ResponseReturnValue:
    requests.decline(g.actor, request_id)
    flash(_("It is answered without a new account. Whoever asked is told."), "success")
    return redirect(url_for("office.index"), 303)


def _new(form: InviteForm) -> NewStaff:
    return NewStaff(
        unit_id=UUID(form.unit.data),
        name=form.name.data or "",
        email=form.email.data or "",
        job_title=form.job_title.data or "",
        is_admin=form.is_admin.data,
        may_open_cases=form.may_open_cases.data,
        is_leader=form.is_leader.data,
        is_auditor=form.is_auditor.data,
    )


def _page(form: InviteForm, asked: RequestLine) -> str:
    return render_template("accounts/request.html", form=form, asked=asked, saying_no=PortalForm(formdata=None))
