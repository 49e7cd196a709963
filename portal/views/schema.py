"""The tools as forms: reading, writing together, proposing, saying yes, and what changed between two versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from uuid import UUID

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length

from portal import clock
from portal.access.actions import Action
from portal.access.guard import opens
from portal.access.ticket import CaseTicket
from portal.audit import savepoint
from portal.errors import InvalidInput, NotFound
from portal.i18n import said
from portal.services import (
    network,
    old_forms,
    people,
    plan_agreeing,
    plan_closing,
    plan_confided,
    plan_difference,
    plan_history,
    plan_together,
    plan_writing,
    plans,
    word_trips,
    wordings,
)
from portal.services.plan_writing import Clash, Saved
from portal.services.plans import PlanPage, PlanState, VersionPage
from portal.tools.definition import Place
from portal.tools.telling import row_title
from portal.views import answers, arguments, drawings, words
from portal.views.answers import Reader
from portal.views.asking import INVALID, AskingForm, attempt, whole_number

bp = Blueprint("schema", __name__, url_prefix="/cases/<uuid:case_id>/plan/<tool>")


class StepForm(AskingForm):
    """A button that moves a version on; `revision` or `proposal` say which words were on the page."""

    revision = HiddenField()
    proposal = HiddenField()

    def proposal_id(self) -> UUID:
        try:
            return UUID(self.proposal.data or "")
        except ValueError as problem:
            raise InvalidInput("", "form_stale") from problem


class YesForm(StepForm):
    how = TextAreaField(_l("How was the yes given?"), validators=[Length(max=2000)])


@bp.get("")
@opens(Action.PLAN_VIEW)
def show(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    page = plans.show(ticket, tool)
    return _show(ticket, tool, page, page.newest.number if page else 0)


@bp.get("/versions/<int:number>")
@opens(Action.PLAN_VIEW)
def version(ticket: CaseTicket, tool: str, number: int) -> ResponseReturnValue:
    return _show(ticket, tool, plans.show(ticket, tool), number)


LINES = 100
"""Of the history on one page."""


@bp.get("/versions/<int:number>/changes")
@opens(Action.PLAN_VIEW)
def changes(ticket: CaseTicket, tool: str, number: int) -> ResponseReturnValue:
    """What differs from an earlier version (`?since=`, the one before when it is left out), and who wrote when: the
    newest lines, or those before the revision `?before=`."""
    page = _begun(plans.show(ticket, tool))
    this = page.version(number)
    earlier = request.args.get("since", number - 1, int)
    old = page.version(earlier) if earlier >= 1 else None
    found = plan_difference.between(
        this.definition, old.answers if old else {}, this.answers, old.definition if old else None
    )
    lines = plan_history.history(ticket, this, LINES + 1, request.args.get("before", None, whole_number))
    return render_template(
        "schema/changes.html",
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
    if attempt(form, lambda: plan_writing.begin(ticket, form.submission_id, tool)) is None:
        return redirect(url_for(".show", case_id=ticket.case_id, tool=tool), 303)
    return redirect(url_for(".write", case_id=ticket.case_id, tool=tool), 303)


@bp.post("/renew")
@opens(Action.PLAN_WRITE)
def renew(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    """Begins the next version; with `close`, one in which that row of the agreed one is closed."""
    form = StepForm()
    if closed := request.form.get("close"):
        section, _dot, row = closed.partition(".")

        def verb() -> bool:
            plan_closing.close_in_next(ticket, form.submission_id, tool, section, row)
            return True

        done = _("It is closed in a new version. Everyone has to say yes to that one: propose it when you are ready.")
        return _after(ticket, tool, form, verb, done)
    attempt(form, lambda: plan_writing.renew(ticket, form.submission_id, tool))
    return redirect(url_for(".write", case_id=ticket.case_id, tool=tool), 303)


@bp.get("/write")
@opens(Action.PLAN_WRITE)
def write(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    page = plans.show(ticket, tool)
    if page is None or not page.can_write or page.newest.state in (PlanState.AGREED, PlanState.REPLACED):
        return redirect(url_for(".show", case_id=ticket.case_id, tool=tool), 303)
    # What was typed when the session ended is here again.
    typed = _written(ticket, page, g.kept) if g.kept is not None else {}
    return _writing(ticket, tool, page, typed, {}, Saved(0, 0, ()))


@bp.post("/write")
@opens(Action.PLAN_WRITE)
def save(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    """Saves what was written, then does what the pressed button says: add, move or take out a row, or propose."""
    form = StepForm()
    number, base = request.form.get("number", 0, whole_number), request.form.get("revision", -1, whole_number)
    given, seen = _given(request.form)
    faults: dict[str, str] = {}
    saved = Saved(base, 0, ())
    anchor = ""
    another = request.form.get("me", str(ticket.membership.id)) != str(ticket.membership.id)
    if another:
        faults[""] = str(words.INPUT["another_person"])
    elif not form.validate_on_submit() or base < 0:
        faults[""] = str(words.INPUT["form_stale"])
    else:
        try:
            with savepoint(ticket.session):
                saved = plan_writing.save(ticket, tool, number, base, given, seen)
                met = plan_confided.save(ticket, tool, number, given, seen)
                saved = replace(saved, clashes=saved.clashes + met)
                anchor = _rows(ticket, tool, number)
        except InvalidInput as problem:
            faults[problem.field] = words.sentence(problem)
    gone = {clash.address: str(words.INPUT["row_gone"]) for clash in saved.homeless}
    if request.accept_mimetypes.best == "application/json":
        now = _begun(plans.load(ticket, tool, wordings.hatch_of(ticket, tool))).newest
        reader = Reader(ticket, now.definition)
        return jsonify(
            another=another,
            faults=faults | gone,
            clashes=[_told(clash, reader, now) for clash in saved.clashes],
            drawings=drawings.maps(ticket, now),
            ends=g.limits.ends_at.isoformat(),
            now=clock.now().isoformat(),
        )
    if faults or saved.clashes or saved.homeless:
        page = _begun(plans.show(ticket, tool))
        typed = (
            _written(ticket, page, request.form) if faults else {clash.address: clash.mine for clash in saved.clashes}
        )
        return _writing(ticket, tool, page, typed, faults, saved), INVALID
    if request.form.get("done"):
        flash(_("Saved."), "success")
        return redirect(url_for(".show", case_id=ticket.case_id, tool=tool), 303)
    return redirect(url_for(".write", case_id=ticket.case_id, tool=tool, _anchor=anchor or None), 303)


@bp.post("/versions/<int:number>/propose")
@opens(Action.PLAN_WRITE)
def propose(ticket: CaseTicket, tool: str, number: int) -> ResponseReturnValue:
    form = StepForm()
    revision = arguments.number(form.revision.data, -1)

    def verb() -> bool:
        plan_agreeing.propose(ticket, form.submission_id, tool, number, revision)
        return True

    return _after(ticket, tool, form, verb, _("The plan is proposed. It is agreed when everyone has said yes."))


@bp.post("/versions/<int:number>/accept")
@opens(Action.PLAN_ACCEPT)
def accept(ticket: CaseTicket, tool: str, number: int) -> ResponseReturnValue:
    form = StepForm()
    return _after(
        ticket,
        tool,
        form,
        lambda: plan_agreeing.accept(ticket, form.submission_id, tool, number, form.proposal_id()),
        _("Thank you. Your yes is saved."),
    )


@bp.post("/versions/<int:number>/accept/<uuid:member_id>")
@opens(Action.PLAN_REGISTER)
def accept_for(ticket: CaseTicket, tool: str, number: int, member_id: UUID) -> ResponseReturnValue:
    if member_id not in ticket.members:
        raise NotFound
    form = YesForm()
    return _after(
        ticket,
        tool,
        form,
        lambda: plan_agreeing.accept_for(
            ticket, form.submission_id, tool, number, form.proposal_id(), member_id, form.how.data or ""
        ),
        _("The yes is noted."),
    )


# Pages


def _show(ticket: CaseTicket, tool: str, page: PlanPage | None, number: int, form: StepForm | None = None) -> str:
    step = form or StepForm(formdata=None)
    if page is None:
        hatch = wordings.hatch_of(ticket, tool)
        can_begin = hatch.can_write and ticket.allows(Action.PLAN_WRITE)
        forms = old_forms.of_tool(ticket, tool)
        known = wordings.today(ticket, tool)
        return render_template(
            "schema/empty.html",
            tool=tool,
            hatch=hatch,
            can_begin=can_begin,
            step=step,
            listed=forms,
            asks=[said(section.title) for section in known.section] if known else [],
        )
    this = page.version(number)
    takes = plans.who_takes_on(this).get(str(ticket.membership.id), [])
    return render_template(
        "schema/show.html",
        tool=tool,
        page=page,
        this=this,
        step=step,
        takes=takes,
        row_title=row_title,
        can_close=lambda section: number == page.newest.number and plan_closing.can_close(ticket, page, section),
        timelines=drawings.timelines(ticket, this),
        maps=drawings.maps(ticket, this),
        parts=network.parts(ticket, this) if number == page.newest.number else {},
        reader=Reader(ticket, this.definition),
        confided=plan_confided.read(ticket, this) if number == page.newest.number else {},
        confided_places=_confided_places(ticket, this),
        listed=old_forms.woven(ticket, page, old_forms.of_tool(ticket, tool)),
        trips=word_trips.waiting(ticket, page) if page.can_write else [],
        yes_form=YesForm(formdata=None),
    )


def _confided_places(ticket: CaseTicket, this: VersionPage) -> list[Place]:
    """What is asked of the young person and the guide alone; nothing for others, who are not even asked."""
    return list(this.definition.confided_places(this.answers)) if people.leads(ticket) else []


def _writing(
    ticket: CaseTicket,
    tool: str,
    page: PlanPage,
    typed: Mapping[str, str],
    faults: Mapping[str, str],
    saved: Saved,
) -> str:
    alone = _confided_places(ticket, page.newest)
    stands = {**page.newest.answers, **plan_confided.read(ticket, page.newest)}
    return render_template(
        "schema/write.html",
        tool=tool,
        page=page,
        this=page.newest,
        answers={**stands, **typed},
        confided_places=alone,
        stood={address: stands.get(address, "") for address in {*typed, *(place.address for place in alone)}},
        maps=drawings.maps(ticket, page.newest),
        faults=faults,
        fault_names={address: _called(page, address) for address in faults},
        clashes={clash.address: clash for clash in saved.clashes},
        homeless=saved.homeless,
        reader=(reader := Reader(ticket, page.newest.definition)),
        people=reader.people(),
        may_fill=lambda question: plans.may_fill(ticket, question),
        who_fills=lambda question: answers.who_fills(ticket, question),
        row_title=row_title,
        options=answers.options,
        row_ids=plan_together.row_ids(page.newest),
        step=StepForm(formdata=None),
    )


def _after(ticket: CaseTicket, tool: str, form: StepForm, verb: Callable[[], object], done: str) -> ResponseReturnValue:
    made = attempt(form, verb)
    if made is None:
        page = _begun(plans.show(ticket, tool))
        return _show(ticket, tool, page, page.newest.number, form), INVALID
    flash(done, "success")
    return redirect(url_for(".show", case_id=ticket.case_id, tool=tool), 303)


def _rows(ticket: CaseTicket, tool: str, number: int) -> str:
    """Does what a row's button says; returns where on the page to go on."""
    if section := request.form.get("add"):
        section_key, _dot, goal = section.partition(".")
        row = plan_writing.add_row(ticket, tool, number, section_key, **({"goal": goal} if goal else {}))
        return f"row-{row}"
    if closed := request.form.get("close"):
        section_key, row, again = (*closed.split("."), "", "")[:3]
        plan_closing.close_row(ticket, tool, number, section_key, row, again != "open")
        return f"row-{row}"
    if moved := request.form.get("move"):
        section_key, row, step = (*moved.split("."), "", "")[:3]
        steps = {"up": -1, "down": 1, "out": 0}
        if step not in steps:
            raise InvalidInput("", "form_stale")
        plan_writing.move_row(ticket, tool, number, section_key, row, steps[step])
        return f"row-{row}" if steps[step] else f"section-{section_key}"
    return ""


def _begun(page: PlanPage | None) -> PlanPage:
    if page is None:
        raise NotFound
    return page


def _called(page: PlanPage, address: str) -> str:
    known, given = page.newest.definition, page.newest.answers
    for place in (*known.places(given), *known.confided_places(given)):
        if place.address == address:
            return said(place.question.label)
    return ""


def _told(clash: Clash, reader: Reader, now: VersionPage) -> dict[str, str]:
    who = _("%(name)s wrote something else here meanwhile:", name=clash.by.display_name)
    return {
        "address": clash.address,
        "who": who,
        "theirs": clash.theirs,
        "shown": reader.at(clash.address, clash.theirs, now.answers),
    }


def _written(ticket: CaseTicket, page: PlanPage, form: MultiDict[str, str]) -> dict[str, str]:
    """What somebody had written in a form that was not saved: of a whole page, only the answers they had changed."""
    given, seen = _given(form)
    found = plan_writing.changed_since(ticket, page.newest, form.get("revision", -1, whole_number), given, seen)
    alone = {place.address for place in _confided_places(ticket, page.newest)} & set(given)
    return {**found, **{address: given[address] for address in alone if given[address] != seen.get(address)}}


def _given(form: MultiDict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Answers by address; and by address what the page had there before, where it said so (`was.`)."""
    # Several choices come one by one under the same name, behind an empty one that says they were asked.
    every = {name: " ".join(filter(None, values)) for name, values in form.lists() if "." in name}
    seen = {name.removeprefix("was."): words for name, words in every.items() if name.startswith("was.")}
    return {name: words for name, words in every.items() if not name.startswith("was.")}, seen
