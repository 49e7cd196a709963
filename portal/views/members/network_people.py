"""Inviting somebody of the network to the team, from the tool in which they are written down."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from portal.access.policy.actions import Action
from portal.access.policy.roles import Capacity
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.members import network_people, team
from portal.services.members.network_people import NetworkInvitation
from portal.services.shared import audience
from portal.views.members.team import CitizenForm, refuse_a_namesake
from portal.web import labels
from portal.web.case_words import role
from portal.web.forms import PortalForm, choices, status
from portal.web.guard import opens

bp = Blueprint("network", __name__, url_prefix="/cases/<uuid:case_id>/plan/<tool>/people/<row>")
DOOR = ""
"""Reached from a plan as well as from the people."""


class MemberForm(PortalForm):
    member = SelectField(_l("Who in the case is it?"), validate_choice=False)

    def offer(self, found: NetworkInvitation) -> None:
        named = [(str(member.id), f"{member.display_name}, {role(member)}") for member in found.candidates]
        self.member.choices = choices(("", _l("Choose")), *named)

    def chosen(self) -> UUID:
        try:
            return UUID(self.member.data or "")
        except ValueError as problem:
            raise InvalidInput("member", "required") from problem


@bp.route("/invite", methods=["GET", "POST"])
@opens(Action.TEAM_CHANGE)
def invite(ticket: CaseTicket, tool: str, row: str) -> ResponseReturnValue:
    """Adds them with the name they have in the tool; the page says first what follows."""
    found = network_people.invitation(ticket, tool, row)
    form = CitizenForm(name=found.part.name[:120], capacity=Capacity.NETWORK_PERSON.value)
    if form.is_ready():
        with form.submitting():
            refuse_a_namesake(ticket, form)
            network_people.invite_to_network(ticket, form.submission_id, tool, row, form.newcomer(), form.terms())
            flash(_("The person is added."), "success")
            return redirect(url_for("plan_form.show", case_id=ticket.case_id, tool=tool, _anchor=f"row-{row}"), 303)
    return _page(ticket, tool, found, form, MemberForm(formdata=None)), status(form)


@bp.post("/is")
@opens(Action.TEAM_CHANGE)
def recognise(ticket: CaseTicket, tool: str, row: str) -> ResponseReturnValue:
    """Says that they are somebody who is in the case already."""
    found = network_people.invitation(ticket, tool, row)
    form = MemberForm()
    form.offer(found)
    if form.is_ready():
        with form.submitting():
            network_people.recognise_person(ticket, form.submission_id, tool, row, form.chosen())
            flash(_("It is noted who it is."), "success")
            return redirect(url_for("plan_form.show", case_id=ticket.case_id, tool=tool, _anchor=f"row-{row}"), 303)
    empty = CitizenForm(formdata=None, name=found.part.name[:120], capacity=Capacity.NETWORK_PERSON.value)
    return _page(ticket, tool, found, empty, form), status(form)


@bp.post("/nobody")
@opens(Action.TEAM_CHANGE)
def forget(ticket: CaseTicket, tool: str, row: str) -> ResponseReturnValue:
    """Takes back that they are somebody of the case; what that member may see stays as it is."""
    form = PortalForm()
    if form.is_ready():
        with form.submitting():
            network_people.recognise_person(ticket, form.submission_id, tool, row, None)
            return redirect(url_for(".invite", case_id=ticket.case_id, tool=tool, row=row), 303)
    raise InvalidInput("", "form_stale")


def _page(ticket: CaseTicket, tool: str, found: NetworkInvitation, form: CitizenForm, known: MemberForm) -> str:
    known.offer(found)
    kinds = labels.COMING
    return render_template(
        "members/citizen.html",
        form=form,
        known=known,
        tool=tool,
        part=found.part,
        ways=[(kinds[kind], team.adding_effects(ticket, *kind)) for kind in kinds],
        alike=audience.namesakes(ticket, form.name.data) if form.name.data else [],
    )
