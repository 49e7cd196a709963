"""Forms made elsewhere: putting one in at a tool's place, and putting right what is said of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.services.files import files
from portal.services.plans import external_forms
from portal.services.plans.external_forms import FormFacts
from portal.text import in_order
from portal.web.forms import ChosenFile, DayField, PortalForm, choices, status, text_field, upload_of
from portal.web.guard import opens

bp = Blueprint("old_forms", __name__, url_prefix="/cases/<uuid:case_id>/plan/<tool>/elsewhere")


class AboutForm(PortalForm):
    made_on = DayField(_l("Which day is it from?"))
    people = SelectMultipleField(_l("Who was it made with?"), validate_choice=False)
    others = text_field(_l("Others, by name"), 500, required=False)

    def offer(self, ticket: CaseTicket, noted: Iterable[Any] = ()) -> None:
        """Whom the writer may know of, and whoever is `noted` already: else saving the form would leave them out."""
        young, known = ticket.young_person.id, ticket.members.known
        every = {**known, **{member.id: member for member in noted}}.values()
        found = sorted(every, key=lambda member: (member.id != young, in_order(member.display_name)))
        self.people.choices = choices(*((str(member.id), member.display_name) for member in found))

    @property
    def about(self) -> FormFacts:
        try:
            people = [UUID(each) for each in self.people.data or ()]
        except ValueError as problem:
            raise InvalidInput("people", "choice") from problem
        return FormFacts(self.made_on.chosen, people, self.others.data or "")


class FormFactsForm(AboutForm):
    file = ChosenFile(_l("The form"))
    note = text_field(_l("What is it? (may be left out)"), 1000, required=False)


@bp.route("", methods=["GET", "POST"])
@opens(Action.FILE_ADD, takes_files=True)
def add(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    form = FormFactsForm()
    form.offer(ticket)
    compartment = ticket.compartments[external_forms.form_compartment(ticket, tool)].key
    if form.is_ready():
        with form.submitting():
            about = form.about
            external_forms.add_external_form(
                ticket, form.submission_id, tool, upload_of(form.file, form.note.data or ""), about
            )
            flash(_("The form is added. It stands among the versions of the tool."), "success")
            return redirect(url_for("plan_form.show", case_id=ticket.case_id, tool=tool), 303)
    page = render_template("plans/external_form_add.html", tool=tool, form=form, compartment_key=compartment)
    return page, status(form)


@bp.route("/<uuid:file_id>", methods=["GET", "POST"])
@opens(Action.FILE_ADD_VERSION)
def correct(ticket: CaseTicket, tool: str, file_id: UUID) -> ResponseReturnValue:
    form = AboutForm()
    page, known = files.file_page(ticket, file_id), external_forms.of_file(ticket, file_id)
    if known is None or page.tool != tool or not page.can_add_version:
        raise NotFound
    form.offer(ticket, known.people)
    if request.method == "GET" and not form.made_on.data:
        form.made_on.process_data(known.made_on)
        form.people.data = [str(member.id) for member in known.people]
        form.others.data = known.others

    if form.is_ready():
        with form.submitting():
            external_forms.correct(ticket, file_id, form.about)
            flash(_("Saved."), "success")
            return redirect(url_for("files.show", case_id=ticket.case_id, file_id=file_id), 303)
    return render_template("plans/external_form_correct.html", tool=tool, form=form, file=page), status(form)
