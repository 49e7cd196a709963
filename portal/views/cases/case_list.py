"""One's cases, and opening a new one."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Form, FormField, RadioField, SelectField

from portal.access.policy.actions import OfficeAction
from portal.access.policy.roles import Level
from portal.errors import InvalidInput
from portal.services.cases import finding, first_page, register
from portal.services.cases.finding import CaseOrder
from portal.services.cases.register import CaseList, NewCase
from portal.services.members.citizens import NewCitizen
from portal.services.shared import idempotency
from portal.tools.profile import profile
from portal.views.cases.needs import told
from portal.web import arguments
from portal.web.forms import DayField, FormRows, PortalForm, choices, status, text_field
from portal.web.guard import office, signed_in
from portal.web.i18n import said
from portal.web.labels import CASE_ORDER

bp = Blueprint("case_list", __name__)


class HolderForm(Form):  # type: ignore[misc]
    name = text_field(_l("Name"), 120, required=False)
    national_id = text_field(_l("CPR number (may be left out)"), 20, required=False)


class CaseSearchForm(PortalForm):
    """Names do not belong in an address or a history, so finding is a POST."""

    words = text_field(_l("Name or birth date"), 200, required=False)
    order = SelectField(_l("In the order of"), choices=choices(*CASE_ORDER.items()), validate_choice=False)


class CaseForm(PortalForm):
    model = RadioField(_l("Which model does the case follow?"), choices=[], validate_choice=False)
    name = text_field(_l("The young person's name"), 120)
    birth_date = DayField(_l("Birth date"))
    national_id = text_field(_l("CPR number (may be left out)"), 20, required=False)
    custody = FormRows(FormField(HolderForm), min_entries=2, max_entries=4)
    young_person_signs_in = BooleanField(_l("The young person may sign in, read and write"), default=True)
    holders_sign_in = BooleanField(
        _l("Custody holders may sign in and read, once the young person agrees"), default=True
    )
    another = BooleanField(_l("It is another young person"))


@bp.get("/cases")
@signed_in
def index() -> ResponseReturnValue:
    found = register.my_cases(g.actor)
    if not g.actor.is_staff and len(found.open) == 1 and not found.waiting:
        return redirect(url_for("case.overview", case_id=found.open[0].case_id), 303)
    order = request.args.get("order", "")
    return _page(found, CaseSearchForm(formdata=None, order=order), request.args.get("page", ""))


@bp.post("/cases/find")
@signed_in
def find() -> ResponseReturnValue:
    """Those whose name holds what was typed."""
    form = CaseSearchForm()
    valid = form.validate_on_submit()
    return _page(register.my_cases(g.actor), form, request.form.get("page", "") if valid else ""), status(form)


@bp.route("/cases/new", methods=["GET", "POST"])
@office(OfficeAction.CASE_OPEN)
def new() -> ResponseReturnValue:
    form = CaseForm(model=g.runtime.settings.profile)
    form.model.choices = choices(*((key, said(profile(key).title)) for key in g.runtime.settings.profiles))
    alike = register.like(g.actor, form.name.data) if form.name.data else []
    if form.is_ready():
        with form.submitting():
            asks = alike and not form.another.data and idempotency.made_before(g.session, form.submission_id) is None
            opened = register.open_case(g.actor, form.submission_id, _new_case(form), _model(form))
            if asks:  # after all that cannot be; nothing stays of what was opened
                raise InvalidInput("another", "same_name")
            made = opened
            flash(_("The case is open. Now choose who should be in it."), "success")
            return redirect(url_for("people.index", case_id=made), 303)
    return render_template("cases/new.html", form=form, alike=alike), status(form)


def _page(found: CaseList, form: CaseSearchForm, number: str) -> str:
    order = CaseOrder(form.order.data) if form.order.data in set(CaseOrder) else CaseOrder.NAME
    form.order.data = order.value
    page = finding.found_page(found.open, form.words.data or "", order, arguments.number(number, 1))
    first = first_page.first_page(g.actor, found)
    at_once = g.actor.is_staff and len(found.open) > 1 and page.pages == 1 and not form.words.data
    return render_template(
        "cases/index.html", cases=found, first=first, told_need=told, page=page, form=form, at_once=at_once
    )


def _model(form: CaseForm) -> str:
    """The programme profile that was chosen. Raises InvalidInput for one that cases cannot be opened with here."""
    offered: tuple[str, ...] = g.runtime.settings.profiles
    if len(offered) > 1 and form.model.data not in offered:
        raise InvalidInput("model", "choice")
    return form.model.data if form.model.data in offered else offered[0]


def _new_case(form: CaseForm) -> NewCase:
    holders = [entry.form for entry in form.custody]
    return NewCase(
        young_person=NewCitizen(form.name.data or "", form.national_id.data or ""),
        birth_date=form.birth_date.chosen,
        custody_holders=tuple(
            NewCitizen(holder.name.data or "", holder.national_id.data or "")
            for holder in holders
            if holder.name.data or holder.national_id.data
        ),
        young_person_level=Level.WRITE if form.young_person_signs_in.data else Level.NONE,
        custody_level=Level.READ if form.holders_sign_in.data else Level.NONE,
    )
