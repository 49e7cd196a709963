"""The guide's say over who is in the case: adding, opening, closing, codes."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, TextAreaField
from wtforms.validators import AnyOf, Length

from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.policy.roles import Capacity, Level
from portal.access.ticket import CaseTicket
from portal.clock import now
from portal.cpr import Cpr
from portal.errors import InvalidInput, NotFound
from portal.services.members import codes, team
from portal.services.members.citizens import NewCitizen
from portal.services.members.joining import Joining
from portal.services.shared import audience, idempotency
from portal.web import labels
from portal.web.forms import PortalForm, Required, choices, status, text_field
from portal.web.guard import fresh, opens
from portal.web.input_errors import INPUT_ERRORS

bp = Blueprint("team", __name__, url_prefix="/cases/<uuid:case_id>/team")

_LEVELS = choices(*((level.value, labels.LEVEL[level]) for level in (Level.READ, Level.WRITE)))


class ProfessionalForm(PortalForm):
    level = RadioField(_l("What should they be able to do?"), choices=_LEVELS, default=Level.READ.value)
    purpose = TextAreaField(
        _l("Why should they be in the case?"),
        validators=[Required(), Length(max=1000, message=_l("This is too long."))],
    )


class CitizenForm(PortalForm):
    capacity = RadioField(
        _l("Who is it?"),
        choices=choices(
            (Capacity.PARENT.value, _l("A parent")),
            (Capacity.NETWORK_PERSON.value, _l("Another adult the young person has chosen")),
        ),
        default=Capacity.PARENT.value,
    )
    custody = BooleanField(_l("Holds custody, and must be asked for consent until the young person comes of age"))
    name = text_field(_l("Name"), 120)
    national_id = text_field(_l("CPR number (may be left out)"), 20, required=False)
    level = RadioField(_l("What should they be able to do?"), choices=_LEVELS, default=Level.READ.value)
    purpose = TextAreaField(_l("Why should they be in the case?"), validators=[Length(max=1000)])
    another = BooleanField(_l("It is another person"))

    def newcomer(self) -> NewCitizen:
        return NewCitizen(self.name.data or "", self.national_id.data or "")

    def terms(self) -> Joining:
        capacity = Capacity(self.capacity.data)
        return Joining(
            capacity=capacity,
            level=Level(self.level.data),
            purpose=self.purpose.data or "",
            custody=self.custody.data and who_may.may_hold_custody(capacity),
        )


def refuse_a_namesake(ticket: CaseTicket, form: CitizenForm) -> None:
    """Raises InvalidInput while somebody in the case has nearly the same name and it is not said to be another. A form
    that is sent twice meets the one it added itself."""
    if form.another.data or idempotency.made_before(ticket.session, form.submission_id):
        return
    if audience.namesakes(ticket, form.name.data or ""):
        raise InvalidInput("another", "same_name")


class LevelForm(PortalForm):
    level = RadioField(_l("Access"), choices=choices(*((level.value, labels.LEVEL[level]) for level in Level)))


class CustodyForm(PortalForm):
    holds = HiddenField(validators=[AnyOf(("yes", "no"), message=INPUT_ERRORS["form_stale"])])


@bp.get("/find")
@opens(Action.TEAM_CHANGE)
def find(ticket: CaseTicket) -> ResponseReturnValue:
    """Looking somebody up in the staff directory. Names of staff are no secret, so this may be an address."""
    wanted = request.args.get("q", "").strip()[:100]
    found = team.search_staff(ticket, wanted) if wanted else []
    return render_template("members/find.html", wanted=wanted, found=found)


@bp.route("/add/<uuid:person_id>", methods=["GET", "POST"])
@opens(Action.TEAM_CHANGE)
def add(ticket: CaseTicket, person_id: UUID) -> ResponseReturnValue:
    who = team.colleague(ticket, person_id)
    form = ProfessionalForm()
    if form.is_ready():
        with form.submitting():
            team.add_professional(
                ticket, form.submission_id, person_id, Level(form.level.data), form.purpose.data or ""
            )
            flash(_("The person is added."), "success")
            return redirect(url_for("people.index", case_id=ticket.case_id), 303)
    prospects = team.preview(ticket, Capacity.PROFESSIONAL, who.unit_id, Level.READ)
    alike = audience.namesakes(ticket, who.name)
    return render_template("members/add.html", form=form, who=who, prospects=prospects, alike=alike), status(form)


@bp.route("/citizen", methods=["GET", "POST"])
@opens(Action.TEAM_CHANGE)
def add_citizen(ticket: CaseTicket) -> ResponseReturnValue:
    form = CitizenForm()
    if form.is_ready():
        with form.submitting():
            refuse_a_namesake(ticket, form)
            team.add_citizen(ticket, form.submission_id, form.newcomer(), form.terms())
            flash(_("The person is added."), "success")
            return redirect(url_for("people.index", case_id=ticket.case_id), 303)
    ways = [
        (labels.COMING[capacity, custody], team.adding_effects(ticket, capacity, custody))
        for capacity, custody in labels.COMING
    ]
    alike = audience.namesakes(ticket, form.name.data) if form.name.data else []
    return render_template("members/citizen.html", form=form, ways=ways, part=None, alike=alike), status(form)


@bp.route("/<uuid:membership_id>", methods=["GET", "POST"])
@opens(Action.TEAM_CHANGE)
def member(ticket: CaseTicket, membership_id: UUID) -> ResponseReturnValue:
    """One member: their access, and what follows from changing it."""
    line = team.member(ticket, membership_id)
    form = LevelForm(level=line.level.value)
    if form.is_ready():
        with form.submitting():
            team.change_level(ticket, membership_id, Level(form.level.data))
            flash(_("The access is changed. It takes effect now."), "success")
            return redirect(url_for("people.index", case_id=ticket.case_id), 303)
    outcomes = team.level_effects(ticket, membership_id) if line.may_be_changed else {}
    known = None if line.membership.unit_id else codes.state(ticket, line.membership)
    page = render_template("members/member.html", form=form, line=line, outcomes=outcomes, known=known)
    return page, status(form)


@bp.get("/<uuid:membership_id>/close")
@opens(Action.TEAM_CHANGE)
def confirm_close(ticket: CaseTicket, membership_id: UUID) -> ResponseReturnValue:
    """Shutting somebody out is a page of its own that says what will happen."""
    line = team.member(ticket, membership_id)
    if not line.may_be_changed:
        raise NotFound
    outcome = team.level_effects(ticket, membership_id)[Level.NONE]
    return render_template("members/close.html", form=PortalForm(), line=line, outcome=outcome)


@bp.post("/<uuid:membership_id>/close")
@opens(Action.TEAM_CHANGE)
def close(ticket: CaseTicket, membership_id: UUID) -> ResponseReturnValue:
    team.change_level(ticket, membership_id, Level.NONE)
    flash(_("The access is closed. It takes effect now."), "success")
    return redirect(url_for("people.index", case_id=ticket.case_id), 303)


@bp.route("/<uuid:membership_id>/custody", methods=["GET", "POST"])
@fresh
@opens(Action.TEAM_CHANGE)
def custody(ticket: CaseTicket, membership_id: UUID) -> ResponseReturnValue:
    """Noting that a parent holds custody, or no longer does; the page says first what follows for whom."""
    outcome = team.custody_effects(ticket, membership_id)
    line = team.member(ticket, membership_id)
    form = CustodyForm(holds="no" if line.holds_custody else "yes")
    if form.is_ready():
        with form.submitting():
            team.set_custody(ticket, membership_id, form.holds.data == "yes")
            flash(_("It is noted who holds custody. It takes effect now."), "success")
            return redirect(url_for("people.index", case_id=ticket.case_id), 303)
    return render_template("members/custody.html", form=form, line=line, outcome=outcome), status(form)


@bp.post("/<uuid:membership_id>/code")
@fresh
@opens(Action.TEAM_CHANGE)
def code(ticket: CaseTicket, membership_id: UUID) -> ResponseReturnValue:
    """Shown once, in the answer to this request: it is not kept anywhere in clear."""
    made = team.make_code(ticket, membership_id)
    membership = ticket.members[membership_id]
    return render_template("members/code.html", code=made, membership=membership, days=codes.LASTS.days)


@bp.post("/<uuid:membership_id>/national-id")
@fresh
@opens(Action.NATIONAL_ID_SHOW)
def national_id(ticket: CaseTicket, membership_id: UUID) -> ResponseReturnValue:
    number = team.show_national_id(ticket, membership_id)
    written = Cpr.parse(number, now().date()).written if number else None
    return render_template("members/national_id.html", number=written, membership=ticket.members[membership_id])
