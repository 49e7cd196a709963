"""The tools on paper: any version as PDF or Word file, and the plan under the headings of a law."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actions import Action
from portal.access.guard import opens
from portal.access.ticket import CaseTicket
from portal.documents import plan_docx, plan_pdf
from portal.documents.letterhead import Picture
from portal.documents.sheet import Block, Line, Part, Sheet
from portal.errors import NotFound
from portal.i18n import day, language, said
from portal.services import letterheads, people, plan_papers
from portal.services.plans import VersionPage
from portal.storage.inspection import MEDIA_TYPES
from portal.tools import statutes
from portal.tools.definition import NEW_ROW, Kind, Place, Question, rows
from portal.tools.statutes import Heading, View
from portal.tools.telling import row_title
from portal.views import answers, drawings, words
from portal.views.answers import Reader
from portal.views.files import attachment
from portal.views.frame import tool_title

bp = Blueprint("plan_papers", __name__, url_prefix="/cases/<uuid:case_id>/plan")

WRITERS = {"pdf": plan_pdf.write, "docx": plan_docx.write}


@bp.get("/<tool>/versions/<int:number>/paper/<kind>")
@opens(Action.PLAN_VIEW)
def version(ticket: CaseTicket, tool: str, number: int, kind: str) -> ResponseReturnValue:
    if kind not in WRITERS:
        raise NotFound
    this = plan_papers.version(ticket, tool, number, kind)
    reader = Reader(ticket, this.definition)
    return _sent(
        _sheet(
            ticket,
            tool_title(tool),
            reader,
            parts=_parts(ticket, reader, this, kind),
            about=_about(this),
            about_title=_("About this version"),
            mark=plan_papers.mark(ticket, this),
        ),
        kind,
    )


@bp.get("/laws/<view>/<kind>")
@opens(Action.PLAN_VIEW)
def statute(ticket: CaseTicket, view: str, kind: str) -> ResponseReturnValue:
    found = statutes.view_of(view)
    if found is None or kind not in WRITERS:
        raise NotFound
    versions = plan_papers.for_statute(ticket, found, kind)
    first = next(iter(versions.values()))
    return _sent(
        _sheet(
            ticket,
            said(found.title),
            Reader(ticket, first.definition),
            parts=[_heading(ticket, heading, versions) for heading in found.heading],
            about=[(tool_title(tool), _standing(this)) for tool, this in versions.items()],
            about_title=_("Taken from"),
            notice=_("Draft - not a decision"),
        ),
        kind,
    )


def _sent(sheet: Sheet, kind: str) -> Response:
    content = WRITERS[kind](sheet)
    return Response(content, headers=attachment(f"{sheet.title}.{kind}", MEDIA_TYPES[kind], len(content)))


def _sheet(ticket: CaseTicket, title: str, reader: Reader, parts: list[Part], **more: object) -> Sheet:
    place = people.workplaces(ticket).get(ticket.owner.unit_id) if ticket.owner.unit_id else None
    return Sheet(
        title=title,
        language=language(),
        sender=place.organisation if place else g.house.settings.product_name,
        colour=letterheads.colour_of(g.house.settings),
        head=letterheads.head_of(g.house.settings, language()),
        base=reader.base(),
        base_title=_("Base data"),
        parts=parts,
        **more,  # type: ignore[arg-type]
    )


def _parts(ticket: CaseTicket, reader: Reader, this: VersionPage, kind: str) -> list[Part]:
    parts = []
    for section in reader.known.section:
        if not section.question:
            continue  # what is the young person's own is on no paper
        blocks = []
        for number, row in enumerate(this.rows(section.key) if section.row else [""], start=1):
            title = row_title(section, row, this.answers) if row else ""
            named = f"{said(section.row)} {number}" if section.row else ""
            lines = [_line(reader, Place(section, row, question), this.answers) for question in section.question]
            if kind == "docx" or any(line.words for line in lines):
                blocks.append(Block(f"{named}: {title[:80]}" if title else named, lines))
        if kind == "docx" and section.row and not section.rows_of:
            empty = [_line(reader, Place(section, NEW_ROW, question), {}) for question in section.question]
            blocks.append(Block(_("%(row)s: one more, if there is one", row=said(section.row)), empty))
        drawn = drawings.on_paper(ticket, this, section, letterheads.colour_of(g.house.settings))
        picture = Picture(*drawn) if drawn else None
        parts.append(Part(said(section.title), blocks, _("Nothing here yet."), picture))
    return parts


def _line(reader: Reader, place: Place, given: Mapping[str, str]) -> Line:
    question = place.question
    return Line(said(question.label), reader.told(place, given), place.address, _hint(question))


def _hint(question: Question) -> str:
    if question.kind is Kind.DATE:
        return str(_("Day.month.year"))
    return " / ".join(title for _key, title in answers.options(question))


def _heading(ticket: CaseTicket, heading: Heading, versions: Mapping[str, VersionPage]) -> Part:
    """What stands under a heading: answers of their own one by one, those of rows a row at a time."""
    blocks: dict[tuple[str, str, str], list[Line]] = {}
    for where in heading.of:
        tool, asked_in, asked = statutes.asked(where)
        this = versions.get(tool)
        section = this.definition.section_of(asked_in.key) if this else None
        question = section.question_of(asked.key) if section else None
        if this is None or section is None or question is None:
            continue
        reader = Reader(ticket, this.definition)
        for row in rows(this.answers, section.key) if section.row else [""]:
            told = reader.told(Place(section, row, question), this.answers)
            if told:
                blocks.setdefault((tool, section.key, row), []).append(Line(said(question.label), told))
    ordered = sorted(blocks.items(), key=lambda item: _rank(item[0], versions))
    return Part(said(heading.title), [Block("", lines) for _place, lines in ordered], _("Nothing here yet."))


def _rank(place: tuple[str, str, str], versions: Mapping[str, VersionPage]) -> tuple[str, int, int]:
    tool, key, row = place
    sections = [section.key for section in versions[tool].definition.section]
    return tool, sections.index(key), versions[tool].rows(key).index(row) if row else 0


def _about(this: VersionPage) -> list[tuple[str, str]]:
    lines = [(_("Version"), _standing(this)), (_("Begun by"), f"{this.author.display_name}, {day(this.created_at)}")]
    for yes in this.asked:
        said_yes = _("Said yes %(when)s", when=day(yes.at)) if yes.at else _("Has not answered yet")
        lines.append((yes.member.display_name, said_yes))
    return lines


def _standing(this: VersionPage) -> str:
    return f"{this.number}, {words.PLAN_STATE[this.state]}"


def laws(seen: set[str]) -> list[View]:
    """The laws under whose headings something can be put, for somebody who sees those tools."""
    return [view for view in statutes.views() if view.tools & seen]
