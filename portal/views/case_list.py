"""One's cases, and opening a new one."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Form, FormField

from portal.access.actions import OfficeAction
from portal.access.guard import office, signed_in
from portal.access.roles import Level
from portal.services import cases
from portal.services.cases import NewCase
from portal.services.citizens import NewCitizen
from portal.views.asking import AskingForm, DayField, Rows, attempt, status, text_field

bp = Blueprint("case_list", __name__)


class HolderForm(Form):  # type: ignore[misc]
    name = text_field(_l("Name"), 120, required=False)
    national_id = text_field(_l("CPR number (may be left out)"), 20, required=False)


class CaseForm(AskingForm):
    name = text_field(_l("The young person's name"), 120)
    birth_date = DayField(_l("Birth date"))
    national_id = text_field(_l("CPR number (may be left out)"), 20, required=False)
    custody = Rows(FormField(HolderForm), min_entries=2, max_entries=4)
    young_person_signs_in = BooleanField(_l("The young person may sign in, read and write"), default=True)
    holders_sign_in = BooleanField(
        _l("Custody holders may sign in and read, once the young person agrees"), default=True
    )


@bp.get("/cases")
@signed_in
def index() -> ResponseReturnValue:
    found = cases.my_cases(g.actor)
    if not g.actor.is_staff and len(found.open) == 1 and not found.waiting:
        return redirect(url_for("case.overview", case_id=found.open[0].case_id), 303)
    return render_template("cases/index.html", cases=found)


@bp.route("/cases/new", methods=["GET", "POST"])
@office(OfficeAction.CASE_OPEN)
def new() -> ResponseReturnValue:
    form = CaseForm()
    made = attempt(
        form, lambda: cases.open_case(g.actor, form.submission_id, _new_case(form), g.house.settings.profile)
    )
    if made is None:
        return render_template("cases/new.html", form=form), status(form)
    flash(_("The case is open. Now choose who should be in it."), "success")
    return redirect(url_for("people.index", case_id=made), 303)


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
