"""A tool edited in Word: putting the file in, and choosing line by line what of it comes into the plan."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.audit import savepoint
from portal.errors import InvalidInput
from portal.services.plans import diff, word_compare, word_import
from portal.services.plans.diff import Compared, Effort
from portal.services.plans.word_compare import AnswerLine, OrderLine, RowLine
from portal.services.plans.word_import import WordImport
from portal.tools.answer_format import row_title
from portal.tools.definition import WRITTEN, Place, Section
from portal.views.plans.answers import Reader
from portal.web.forms import INVALID, ChosenFile, PortalForm, status, upload_of
from portal.web.guard import opens
from portal.web.i18n import said
from portal.web.input_errors import INPUT_ERRORS, error_message

bp = Blueprint("word", __name__, url_prefix="/cases/<uuid:case_id>/plan/<tool>/word")


class BringForm(PortalForm):
    file = ChosenFile(_l("Your Word file"))


class LineChoiceForm(PortalForm):
    """Which line gets what comes by the names of the lines; see `_sent`."""


@bp.route("", methods=["GET", "POST"])
@opens(Action.PLAN_WRITE, takes_files=True)
def bring(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    form = BringForm()
    if form.is_ready():
        with form.submitting():
            made = word_import.bring(ticket, form.submission_id, tool, upload_of(form.file))
            return _to(ticket, tool, *made)
    page = word_import.import_plan(ticket, tool)
    return render_template("plans/word_import.html", tool=tool, page=page, form=form), status(form)


@bp.route("/<uuid:file_id>/<int(max=1000000):number>", methods=["GET", "POST"])
@opens(Action.PLAN_WRITE)
def compare(ticket: CaseTicket, tool: str, file_id: UUID, number: int) -> ResponseReturnValue:
    form = LineChoiceForm()
    if not form.validate_on_submit():
        trip = word_import.look_at_import(ticket, g.runtime.store, tool, file_id, number)
        picked = _sent("choose.") if request.method == "POST" else _saved_choice()
        return _page(ticket, trip, form, picked, {}), status(form)
    faults: dict[str, str] = {}
    try:
        with savepoint(ticket.session):
            trip_of = (tool, file_id, number)
            done = word_import.put_in(
                ticket, g.runtime.store, form.submission_id, trip_of, _sent("choose."), _sent("shown.")
            )
            faults = {key: str(INPUT_ERRORS[code]) for key, code in done.faults.items()}
    except InvalidInput as problem:
        faults = {problem.field: error_message(problem)}
    if faults:
        trip = word_import.look_at_import(ticket, g.runtime.store, tool, file_id, number)
        return _page(ticket, trip, form, _sent("choose."), faults), INVALID
    if done.changed:
        said_so = ngettext(
            "%(num)s thing from your Word file is in the plan now.",
            "%(num)s things from your Word file are in the plan now.",
            done.changed,
        )
        flash(said_so, "success")
    else:
        flash(_("Nothing was changed in the plan. Your Word file is kept."), "success")
    return redirect(url_for("plan_form.show", case_id=ticket.case_id, tool=tool), 303)


@bp.post("/<uuid:file_id>/<int(max=1000000):number>/leave")
@opens(Action.PLAN_WRITE)
def leave(ticket: CaseTicket, tool: str, file_id: UUID, number: int) -> ResponseReturnValue:
    word_import.leave_word_import(ticket, tool, file_id, number)
    flash(_("Nothing was changed in the plan. Your Word file is kept."), "success")
    return redirect(url_for("plan_form.show", case_id=ticket.case_id, tool=tool), 303)


# Pages


class _LineLabels:
    """Says the lines of a trip."""

    def __init__(self, ticket: CaseTicket, trip: WordImport) -> None:
        self._trip, self._stands = trip, trip.stands
        self._effort = Effort()  # one for the whole page, however many lines it has
        if trip.stands is not None:
            self._then, self._now = Reader(ticket, trip.stands.then), Reader(ticket, trip.stands.definition)

    def before(self, line: AnswerLine) -> str:
        return self._then.told(line.place, self._stands.base) if self._stands else ""

    def now(self, place: Place) -> str:
        return self._now.told(place, self._stands.now) if self._stands else ""

    def mine(self, line: AnswerLine) -> Compared:
        """The words of the file against what was taken out."""
        return self._difference(line, self.before(line), line.words)

    def theirs(self, line: AnswerLine) -> Compared:
        return self._difference(line, self.before(line), self.now(line.place))

    def where(self, place: Place) -> str:
        """Section and question, and the row where there is one."""
        row = f" {self.row(place.section, place.row)}" if place.row else ""
        return f"{said(place.section.title)}{row}: {said(place.question.label)}"

    def named(self, line: AnswerLine | RowLine | OrderLine) -> str:
        """What a line is about, for whoever looks for it."""
        if isinstance(line, AnswerLine):
            return self.where(line.place)
        row = f" {self.row(line.section, line.row)}" if isinstance(line, RowLine) and line.kind != "new" else ""
        return f"{said(line.section.title)}{row}"

    def row(self, section: Section, row: str) -> str:
        """What a row is called: by its own words, as they stood when the file was taken out."""
        base, now = (self._stands.base, self._stands.now) if self._stands else ({}, {})
        title = row_title(section, row, base) or row_title(section, row, now)
        return f"“{title[:60]}”" if title else said(section.row) if section.row else ""

    def _difference(self, line: AnswerLine, was: str, now: str) -> Compared:
        if line.place.question.kind not in WRITTEN:
            return diff.both(was, now)
        return diff.word_by_word(was, now, self._effort)


def _page(
    ticket: CaseTicket, trip: WordImport, form: LineChoiceForm, picked: Mapping[str, str], faults: Mapping[str, str]
) -> str:
    lines = trip.found.lines if trip.found else []
    tells = _LineLabels(ticket, trip)
    ids = {line.key: f"line-{number}" for number, line in enumerate(lines)}
    return render_template(
        "plans/word_compare.html",
        tool=trip.page.tool,
        trip=trip,
        form=form,
        tells=tells,
        ids=ids,
        names={ids[line.key]: tells.named(line) for line in lines},
        picked={line.key: picked.get(line.key, line.default) for line in lines},
        stamp=word_compare.stamp,
        faults={key: (fault, _id_of(key, ids)) for key, fault in faults.items()},
        leave=LineChoiceForm(formdata=None),
        AnswerLine=AnswerLine,
        RowLine=RowLine,
        OrderLine=OrderLine,
    )


def _id_of(key: str, ids: Mapping[str, str]) -> str:
    """Where on the page a fault belongs: at its line, or at the new row the answer is in; '' for neither."""
    return ids.get(key) or ids.get(key.rpartition(".")[0], "")


def _sent(prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in request.form.items() if name.startswith(prefix)}


def _saved_choice() -> dict[str, str]:
    """What had been chosen when the session ended."""
    saved = g.saved_form if g.get("saved_form") is not None else {}
    return {name.removeprefix("choose."): value for name, value in saved.items() if name.startswith("choose.")}


def _to(ticket: CaseTicket, tool: str, file_id: UUID, number: int) -> ResponseReturnValue:
    return redirect(url_for(".compare", case_id=ticket.case_id, tool=tool, file_id=file_id, number=number), 303)
