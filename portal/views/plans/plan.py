"""The tools as forms: reading, writing together, proposing, saying yes, and what changed between two versions."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import clock
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.services.plans import agreement, closing, definitions, diff, editing, objections, plans, saving
from portal.services.plans import history as plans_history
from portal.services.plans.open_plan import OpenPlan, open_plan
from portal.services.plans.saving import Saved
from portal.services.plans.versions import PlanPage, VersionPage
from portal.views.plans import drawings
from portal.views.plans import form as plans_form
from portal.views.plans import reading as plan_reading
from portal.views.plans.answers import Reader
from portal.views.plans.form import SentForm
from portal.views.plans.reading import ObjectForm, StepForm, YesForm
from portal.web import arguments
from portal.web.arguments import whole_number
from portal.web.forms import INVALID
from portal.web.guard import fresh, opens
from portal.web.input_errors import INPUT_ERRORS, error_message

bp = Blueprint("plan_form", __name__, url_prefix="/cases/<uuid:case_id>/plan/<tool>")


@bp.get("")
@opens(Action.PLAN_VIEW)
def show(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    page = plans.show_plan(ticket, tool)
    return plan_reading.reading(ticket, tool, page, page.newest.number if page else 0)


@bp.get("/versions/<int:number>")
@opens(Action.PLAN_VIEW)
def version(ticket: CaseTicket, tool: str, number: int) -> ResponseReturnValue:
    return plan_reading.reading(ticket, tool, plans.show_plan(ticket, tool), number)


LINES = 100
"""Of the history on one page."""


@bp.get("/versions/<int:number>/changes")
@opens(Action.PLAN_VIEW)
def changes(ticket: CaseTicket, tool: str, number: int) -> ResponseReturnValue:
    """What differs from an earlier version (`?since=`, the one before when it is left out), and who wrote when: the
    newest lines, or those before the revision `?before=`."""
    page = _begun(plans.show_plan(ticket, tool))
    this = page.version(number)
    earlier = request.args.get("since", number - 1, whole_number)
    old = page.version(earlier) if earlier >= 1 else None
    found = diff.between(this.definition, old.answers if old else {}, this.answers, old.definition if old else None)
    lines = plans_history.history(ticket, this, LINES + 1, request.args.get("before", None, whole_number))
    return render_template(
        "plans/changes.html",
        tool=tool,
        page=page,
        this=this,
        earlier=earlier,
        before=old.answers if old else {},
        found=found,
        reader=Reader(ticket, this.definition),
        history=lines[:LINES],
        older=lines[LINES - 1].revision if len(lines) > LINES else None,
    )


@bp.post("/begin")
@opens(Action.PLAN_WRITE)
def begin(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    form = StepForm()
    if form.is_ready():
        with form.submitting():
            editing.begin_plan(ticket, form.submission_id, tool)
            return redirect(url_for(".write", case_id=ticket.case_id, tool=tool), 303)
    return redirect(url_for(".show", case_id=ticket.case_id, tool=tool), 303)


@bp.post("/renew")
@opens(Action.PLAN_WRITE)
def renew(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    """Begins the next version; with `close`, one in which that row of the agreed one is closed."""
    form = StepForm()
    if closed := request.form.get("close"):
        section, _dot, row = closed.partition(".")
        done = _("It is closed in a new version. Everyone has to say yes to that one: propose it when you are ready.")
        return _after(
            ticket, tool, form, lambda: closing.close_in_next(ticket, form.submission_id, tool, section, row), done
        )
    if form.is_ready():
        with form.submitting():
            editing.renew(ticket, form.submission_id, tool)
    return redirect(url_for(".write", case_id=ticket.case_id, tool=tool), 303)


@bp.get("/write")
@opens(Action.PLAN_WRITE)
def write(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    """The newest version to write in, or `?version=`; with `?row=`, that row open."""
    page = plans.show_plan(ticket, tool)
    number = request.args.get("version", 0, whole_number)
    this = page.version(number) if page and number else page.newest if page else None
    if page is None or this is None or not page.can_write or not this.is_open:
        return redirect(url_for(".show", case_id=ticket.case_id, tool=tool), 303)
    # What was typed when the session ended is here again.
    typed = plans_form.written(ticket, this, g.saved_form) if g.saved_form is not None else {}
    return plans_form.writing(ticket, page, this, SentForm(typed), request.args.get("row", ""))


@bp.post("/write")
@opens(Action.PLAN_WRITE)
def save(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    """Saves what was written, then does what the pressed button says: add, move or take out a row, or propose."""
    form = StepForm()
    number, base = request.form.get("number", 0, whole_number), request.form.get("revision", -1, whole_number)
    sent, plan, row = SentForm(saved=Saved(base)), None, ""
    another = request.form.get("me", str(ticket.membership.id)) != str(ticket.membership.id)
    if another:
        sent.faults[""] = str(INPUT_ERRORS["another_person"])
    elif not form.validate_on_submit() or base < 0:
        sent.faults[""] = str(INPUT_ERRORS["form_stale"])
    else:
        plan = open_plan(ticket, tool)
        row = _save(plan, number, base, sent)
    if request.accept_mimetypes.best == "application/json":
        page = plan.page if plan else _begun(plans.load(ticket, tool, definitions.compartment_of(ticket, tool)))
        return _told(ticket, page.version(number), sent, another)
    if sent.faults or sent.saved.clashes or sent.saved.orphaned:
        page = plans.viewed(ticket, plan.page) if plan else _begun(plans.show_plan(ticket, tool))
        return _to_put_right(ticket, page, number, sent, row), INVALID
    if request.form.get("done"):
        if sent.saved.reopened:
            flash(
                _("Saved. The plan is a draft again: propose it when you are ready, and everyone is asked."), "success"
            )
        else:
            flash(_("Saved."), "success")
        return redirect(url_for(".version", case_id=ticket.case_id, tool=tool, number=number), 303)
    return redirect(plans_form.address(ticket, tool, number, row), 303)


def _save(plan: OpenPlan, number: int, base: int, sent: SentForm) -> str:
    """All of what was sent or, with a fault told, nothing; returns the row to go on in."""
    given, seen = plans_form.given(request.form)
    try:
        with plan.savepoint():
            sent.saved = saving.save(plan, number, base, given, seen)
            return _rows(plan, number)
    except InvalidInput as problem:
        sent.faults[problem.field] = error_message(problem)
        return ""


def _told(ticket: CaseTicket, this: VersionPage, sent: SentForm, another: bool) -> ResponseReturnValue:
    """What the page's script is answered."""
    reader = Reader(ticket, this.definition)
    return jsonify(
        another=another,
        faults=sent.faults | {clash.address: str(INPUT_ERRORS["row_gone"]) for clash in sent.saved.orphaned},
        clashes=[plans_form.told(clash, reader, this) for clash in sent.saved.clashes],
        drawings=drawings.maps(ticket, this),
        ends=g.limits.ends_at.isoformat(),
        now=clock.now().isoformat(),
    )


def _to_put_right(ticket: CaseTicket, page: PlanPage, number: int, sent: SentForm, row: str) -> str:
    """The page again, with what its writer had written."""
    this = page.version(number) if number in {each.number for each in page.versions} else page.newest
    if sent.faults:
        sent.typed = plans_form.written(ticket, this, request.form)
    else:
        sent.typed = {clash.address: clash.mine for clash in sent.saved.clashes}
    return plans_form.writing(ticket, page, this, sent, row)


@bp.post("/versions/<int:number>/propose")
@opens(Action.PLAN_WRITE)
def propose(ticket: CaseTicket, tool: str, number: int) -> ResponseReturnValue:
    form = StepForm()
    revision = arguments.number(form.revision.data, -1)
    return _after(
        ticket,
        tool,
        form,
        lambda: agreement.propose_plan(ticket, form.submission_id, tool, number, revision),
        _("The plan is proposed. It is agreed when everyone has said yes."),
    )


@bp.post("/versions/<int:number>/accept")
@opens(Action.PLAN_ACCEPT)
def accept(ticket: CaseTicket, tool: str, number: int) -> ResponseReturnValue:
    form = StepForm()
    return _after(
        ticket,
        tool,
        form,
        lambda: agreement.accept_proposal(ticket, form.submission_id, tool, number, form.proposal_id()),
        _("Thank you. Your yes is saved."),
    )


@bp.post("/versions/<int:number>/change")
@opens(Action.PLAN_ACCEPT)
def object_to(ticket: CaseTicket, tool: str, number: int) -> ResponseReturnValue:
    """Words to the guide from somebody who is asked for a yes and wants something changed first."""
    form, guide = ObjectForm(), ticket.owner.display_name
    return _after(
        ticket,
        tool,
        form,
        lambda: objections.object_to(
            ticket, form.submission_id, tool, number, form.proposal_id(), form.words.data or ""
        ),
        _("%(guide)s is told what you want changed. You can still say yes.", guide=guide),
    )


@bp.post("/rows/<section>")
@opens(Action.PLAN_WRITE)
def add_row(ticket: CaseTicket, tool: str, section: str) -> ResponseReturnValue:
    """From another page to an empty row that stands open: begins the tool, or its next version, where that takes it."""
    form = StepForm()
    if form.is_ready():
        with form.submitting():
            made = editing.row_to_write_in(ticket, form.submission_id, tool, section)
            return redirect(plans_form.address(ticket, tool, *made), 303)
    return redirect(url_for(".show", case_id=ticket.case_id, tool=tool), 303)


@bp.post("/versions/<int:number>/accept/<uuid:member_id>")
@fresh
@opens(Action.PLAN_REGISTER)
def accept_for(ticket: CaseTicket, tool: str, number: int, member_id: UUID) -> ResponseReturnValue:
    if member_id not in ticket.members:
        raise NotFound
    form = YesForm()
    return _after(
        ticket,
        tool,
        form,
        lambda: agreement.accept_for(
            ticket, form.submission_id, tool, number, form.proposal_id(), member_id, form.how.data or ""
        ),
        _("The yes is noted."),
    )


# Pages


def _after(ticket: CaseTicket, tool: str, form: StepForm, step: Callable[[], object], done: str) -> ResponseReturnValue:
    if form.is_ready():
        with form.submitting():
            step()
            flash(done, "success")
            return redirect(url_for(".show", case_id=ticket.case_id, tool=tool), 303)
    page = _begun(plans.show_plan(ticket, tool))
    return plan_reading.reading(ticket, tool, page, page.newest.number, form), INVALID


def _rows(plan: OpenPlan, number: int) -> str:
    """Does what a row's button says; returns the row to go on in."""
    if section := request.form.get("add"):
        section_key, _dot, goal = section.partition(".")
        return editing.add_row(plan, number, section_key, **({"goal": goal} if goal else {}))
    if closed := request.form.get("close"):
        section_key, row, again = (*closed.split("."), "", "")[:3]
        closing.close_row(plan, number, section_key, row, again != "open")
        return row
    if moved := request.form.get("move"):
        section_key, row, step = (*moved.split("."), "", "")[:3]
        steps = {"up": -1, "down": 1, "out": 0}
        if step not in steps:
            raise InvalidInput("", "form_stale")
        editing.move_row(plan, number, section_key, row, steps[step])
        return row if steps[step] else ""
    return ""


def _begun(page: PlanPage | None) -> PlanPage:
    if page is None:
        raise NotFound
    return page
