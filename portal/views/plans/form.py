"""The page a version is written in: what it asks, what somebody had typed, and which rows stand open."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from flask import render_template, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.access.ticket import CaseTicket
from portal.services.plans import confidential, definitions, plans, presence, saving
from portal.services.plans.answer_store import AnswerConflict
from portal.services.plans.saving import Saved
from portal.services.plans.versions import PlanPage, VersionPage
from portal.services.shared import audience
from portal.tools.answer_format import row_title
from portal.tools.definition import Place, Section
from portal.views.plans import answers, drawings
from portal.views.plans.answers import Reader
from portal.web.arguments import whole_number
from portal.web.forms import PortalForm
from portal.web.i18n import said

DATE = "date"
"""What the three boxes of a date send before day, month and year."""
_EMPTY_BOX = "·"


@dataclass
class SentForm:
    """What came back of a page that was sent."""

    typed: Mapping[str, str] = field(default_factory=dict)
    """What stands in the fields in place of what is kept."""
    faults: dict[str, str] = field(default_factory=dict)
    """Address -> what is wrong there; under '' what is wrong with the page."""
    saved: Saved = field(default_factory=lambda: Saved(0))


@dataclass(frozen=True)
class Fields:
    """The questions of one row, or of a section without rows: those it opens with, and those behind "More"."""

    first: tuple[Place, ...]
    more: tuple[Place, ...]


def address(ticket: CaseTicket, tool: str, number: int, row: str = "") -> str:
    """Of the page a version is written in, at a row that stands open."""
    page = url_for("plan_form.write", case_id=ticket.case_id, tool=tool, version=number, row=row or None)
    return f"{page}#row-{row}" if row else page


def writing(ticket: CaseTicket, page: PlanPage, this: VersionPage, sent: SentForm, row: str = "") -> str:
    """The page with that row open. Where something has to be put right, those rows are open and `row` is not: nothing
    that is told is hidden."""
    alone = confided_places(ticket, this)
    stands = {**this.answers, **confidential.read_confidential(ticket, this)}
    reader = Reader(ticket, this.definition)
    told = {*sent.faults, *(clash.address for clash in sent.saved.clashes)}
    return render_template(
        "plans/write.html",
        tool=page.tool,
        page=page,
        this=this,
        answers={**stands, **sent.typed},
        fields=lambda section, at="": _fields(ticket, this, section, at),
        confided_places=alone,
        stood={address: stands.get(address, "") for address in {*sent.typed, *(place.address for place in alone)}},
        maps=drawings.maps(ticket, this),
        faults=sent.faults,
        fault_names={address: _called(this, address) for address in sent.faults},
        clashes={clash.address: clash for clash in sent.saved.clashes},
        orphaned=sent.saved.orphaned,
        told=told,
        open_rows=_rows_of(told) or {row},
        reader=reader,
        people=reader.people(),
        may_fill=lambda question: plans.may_fill(ticket, this, question),
        who_fills=lambda question: answers.who_fills(ticket, question),
        row_title=row_title,
        options=answers.options,
        boxes=boxes,
        row_ids=presence.row_ids(this),
        step=PortalForm(formdata=None),
    )


def _fields(ticket: CaseTicket, this: VersionPage, section: Section, row: str) -> Fields:
    """In the order of the definition of today: how a page is laid out is not part of what was begun."""
    definition = definitions.today(ticket, this.definition.key)
    today = definition.section_of(section.key) if definition else None
    every = {question.key: Place(section, row, question) for question in section.question}
    first = [every[key] for key in (today or section).first if key in every]
    if not row or not first:
        return Fields(tuple(every.values()), ())
    return Fields(tuple(first), tuple(place for place in every.values() if place not in first))


def _rows_of(addresses: Collection[str]) -> set[str]:
    return {address.split(".")[1] for address in addresses if address.count(".") == 2}


def confided_places(ticket: CaseTicket, this: VersionPage) -> list[Place]:
    """What is asked of the young person and the guide alone; nothing for others, who are not even asked."""
    return list(this.definition.confided_places(this.answers)) if audience.leads(ticket) else []


def boxes(value: str) -> tuple[str, str, str]:
    """Day, month and year of an answer that is a date, or of what was typed in its place."""
    year, _dash, rest = value.partition("-")
    month, dash, day = rest.partition("-")
    if dash and len(year) == 4:
        return day.lstrip("0"), month.lstrip("0"), year
    typed = [part.replace(_EMPTY_BOX, "") for part in value.split(" ")]
    return (*typed, "", "", "")[:3]  # type: ignore[return-value]


def given(form: MultiDict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Answers by address; and by address what the page had there before, where it said so (`was.`)."""
    every = {name: _joined(values) for name, values in form.lists() if "." in name}
    seen = {name.removeprefix("was."): words for name, words in every.items() if name.startswith("was.")}
    return {name: words for name, words in every.items() if not name.startswith("was.")}, seen


def _joined(values: list[str]) -> str:
    """Several choices come one by one under the same name, behind an empty one that says they were asked; so do the
    three boxes of a date, behind one that says what they are."""
    if values[0] == DATE and len(values) == 4:
        parts = [value.strip().replace(" ", "") for value in values[1:]]
        return " ".join(part or _EMPTY_BOX for part in parts) if any(parts) else ""
    return " ".join(filter(None, values))


def written(ticket: CaseTicket, this: VersionPage, form: MultiDict[str, str]) -> dict[str, str]:
    """What somebody had written in a form that was not saved: of a whole page, only the answers they had changed."""
    typed, seen = given(form)
    found = saving.changed_since(ticket, this, form.get("revision", -1, whole_number), typed, seen)
    alone = {place.address for place in confided_places(ticket, this)} & set(typed)
    return {**found, **{address: typed[address] for address in alone if typed[address] != seen.get(address)}}


def told(clash: AnswerConflict, reader: Reader, this: VersionPage) -> dict[str, str]:
    """A meeting of two writers, as a page's script is told of it."""
    return {
        "address": clash.address,
        "who": _("%(name)s wrote something else here meanwhile:", name=clash.by.display_name),
        "theirs": clash.theirs,
        "shown": reader.at(clash.address, clash.theirs, this.answers),
    }


def _called(this: VersionPage, address: str) -> str:
    definition, answered = this.definition, this.answers
    for place in (*definition.places(answered), *definition.confided_places(answered)):
        if place.address == address:
            return said(place.question.label)
    return ""
