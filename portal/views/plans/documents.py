"""The tools on paper: any version as PDF or Word file, and the plan under the headings of a law."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import clock
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.documents import plan_docx, plan_pdf
from portal.documents.letterhead import Logo
from portal.documents.sheet import Sheet, SheetBlock, SheetLine, SheetPart
from portal.errors import NotFound
from portal.services.plans import documents as plan_documents
from portal.services.plans.documents import Sources
from portal.services.plans.versions import VersionPage
from portal.services.shared import audience
from portal.services.shared import letterhead as shared_letterhead
from portal.storage.inspection import MEDIA_TYPES
from portal.tools import answer_format, statutes
from portal.tools.answer_format import row_title
from portal.tools.definition import NEW_ROW, AnswerKind, Place, Question, Section
from portal.tools.statutes import Heading, View
from portal.views.files.files import attachment
from portal.views.plans import answers, drawings
from portal.views.plans.answers import Reader
from portal.web import labels
from portal.web.case_words import tool_title
from portal.web.guard import gives_file, opens
from portal.web.i18n import day, language, said

bp = Blueprint("plan_papers", __name__, url_prefix="/cases/<uuid:case_id>/plan")

WRITERS = {"pdf": plan_pdf.write, "docx": plan_docx.write}


@bp.get("/<tool>/versions/<int:number>/paper/<kind>")
@gives_file
@opens(Action.PLAN_VIEW)
def version(ticket: CaseTicket, tool: str, number: int, kind: str) -> ResponseReturnValue:
    if kind not in WRITERS:
        raise NotFound
    this = plan_documents.version(ticket, tool, number, kind)
    reader = Reader(ticket, this.definition)
    return _sent(
        _sheet(
            ticket,
            tool_title(tool),
            reader,
            parts=_parts(ticket, reader, this, kind),
            about=_about(this),
            about_title=_("About this version"),
            mark=plan_documents.mark(ticket, this),
        ),
        kind,
    )


@bp.get("/laws/<view>/<kind>")
@gives_file
@opens(Action.PLAN_VIEW)
def statute(ticket: CaseTicket, view: str, kind: str) -> ResponseReturnValue:
    found = statutes.view_of(view)
    if found is None or kind not in WRITERS:
        raise NotFound
    today = clock.today(ticket.profile.zone)
    if not found.is_valid(today):
        raise NotFound
    sources = plan_documents.for_statute(ticket, found, kind)
    first = next(iter((sources.agreed or sources.drafts).values()))
    return _sent(
        _sheet(
            ticket,
            said(found.title),
            Reader(ticket, first.definition),
            parts=[_heading(ticket, heading, sources, today) for heading in found.heading],
            about=_taken_from(found, sources, today),
            about_title=_("Taken from"),
            notice=_("Draft - not a decision"),
        ),
        kind,
    )


def _sent(sheet: Sheet, kind: str) -> Response:
    content = WRITERS[kind](sheet)
    return Response(content, headers=attachment(f"{sheet.title}.{kind}", MEDIA_TYPES[kind], len(content)))


def _sheet(ticket: CaseTicket, title: str, reader: Reader, parts: list[SheetPart], **more: object) -> Sheet:
    place = audience.workplaces(ticket).get(ticket.owner.unit_id) if ticket.owner.unit_id else None
    return Sheet(
        title=title,
        language=language(),
        sender=place.organisation if place else g.runtime.settings.product_name,
        colour=shared_letterhead.colour_of(g.runtime.settings),
        head=shared_letterhead.head_of(g.runtime.settings, language()),
        base=reader.base(),
        base_title=_("Base data"),
        parts=parts,
        **more,  # type: ignore[arg-type]
    )


def _parts(ticket: CaseTicket, reader: Reader, this: VersionPage, kind: str) -> list[SheetPart]:
    parts = []
    for section in reader.definition.section:
        if not section.question:
            continue  # what is the young person's own is on no paper
        blocks = []
        for number, row in enumerate(this.rows(section.key) if section.row else [""], start=1):
            if kind == "docx":
                # To be written in: a row is called by its number, and what it says stands in its answer alone.
                named = f"{said(section.row)} {number}" if section.row else ""
                blocks.append(SheetBlock(named, _lines(reader, section, row, section.question, this.answers)))
            else:
                blocks += _block(reader, section, row, number, section.question, this.answers)
        if kind == "docx" and section.row and not section.rows_of:
            empty = _lines(reader, section, NEW_ROW, section.question, {})
            blocks.append(SheetBlock(_("%(row)s: one more, if there is one", row=said(section.row)), empty))
        drawn = drawings.on_paper(ticket, this, section, shared_letterhead.colour_of(g.runtime.settings))
        picture = Logo(*drawn) if drawn else None
        parts.append(SheetPart(said(section.title), blocks, _("Nothing here yet."), picture))
    return parts


def _block(
    reader: Reader, section: Section, row: str, number: int, asked: Iterable[Question], given: Mapping[str, str]
) -> list[SheetBlock]:
    """What is answered, said once: a row is called by its own words, and where those are too long for a heading by its
    number, with the words below it."""
    words = row_title(section, row, given) if row else ""
    short = words if len(words) <= _HEADING and "\n" not in words else ""
    named = short or (f"{said(section.row)} {number}" if section.row else "")
    shown = [question for question in asked if not (row and short and question.key == section.headline.key)]
    lines = [line for line in _lines(reader, section, row, shown, given) if line.words]
    return [SheetBlock(named, lines)] if lines or short else []


_HEADING = 100
"""Letters of a row's own words that make a heading."""


def _lines(
    reader: Reader, section: Section, row: str, asked: Iterable[Question], given: Mapping[str, str]
) -> list[SheetLine]:
    return [_line(reader, Place(section, row, question), given) for question in asked]


def _line(reader: Reader, place: Place, given: Mapping[str, str]) -> SheetLine:
    question = place.question
    return SheetLine(said(question.label), reader.told(place, given), place.address, _hint(question))


def _hint(question: Question) -> str:
    if question.kind is AnswerKind.DATE:
        return str(_("Day.month.year"))
    return " / ".join(title for _key, title in answers.options(question))


def _heading(ticket: CaseTicket, heading: Heading, sources: Sources, today: date) -> SheetPart:
    """What stands under a heading: answers on their own first, then each row with all that is told of it."""
    lines: list[SheetLine] = []
    for where in heading.of:
        tool, asked_in, asked = statutes.asked(where)
        section, question, this = _as_answered(sources, tool, asked_in.key, asked.key)
        if this is not None and section is not None and question is not None:
            told = _line(Reader(ticket, this.definition), Place(section, "", question), this.answers)
            lines += [replace(told, address="", hint="")] if told.words else []
    blocks = [SheetBlock("", lines)] if lines else []
    for each in heading.rows:
        section, _question, this = _as_answered(sources, each.tool, each.section)
        if this is None or section is None:
            continue
        reader, numbers = Reader(ticket, this.definition), this.rows(section.key)
        wanted = (section.headline.key, *each.show)
        asked_of_rows = [question for question in section.question if question.key in wanted]
        for row in each.chosen(section, this.answers, today):
            blocks += _block(reader, section, row, numbers.index(row) + 1, asked_of_rows, this.answers)
    blocks += [
        SheetBlock("", [SheetLine(_("Missing"), _why(tool, sources))])
        for tool in heading.tools
        if tool not in sources.agreed
    ]
    return SheetPart(said(heading.title), [_unaddressed(block) for block in blocks], _("Nothing here yet."))


def _unaddressed(block: SheetBlock) -> SheetBlock:
    """Nothing that is put together of several tools can be written back."""
    return replace(block, lines=[replace(line, address="", hint="") for line in block.lines])


def _as_answered(
    sources: Sources, tool: str, section_key: str, key: str = ""
) -> tuple[Section | None, Question | None, VersionPage | None]:
    """Section and question as the agreed version asks them: an older one may not have them yet."""
    this = sources.agreed.get(tool)
    section = this.definition.section_of(section_key) if this else None
    return section, section.question_of(key) if section else None, this


def _why(tool: str, sources: Sources) -> str:
    """Why nothing stands there of a tool."""
    title = tool_title(tool)
    if tool in sources.drafts:
        return str(_("%(tool)s: no version is agreed yet.", tool=title))
    if tool in sources.closed:
        return str(_("%(tool)s: not open to whoever took this paper out.", tool=title))
    return str(_("%(tool)s: nobody has begun it.", tool=title))


def _taken_from(view: View, sources: Sources, today: date) -> list[tuple[str, str]]:
    lines = [
        (
            str(_("Law")),
            str(
                _(
                    "%(law)s, in force since %(day)s",
                    law=said(view.law),
                    day=answer_format.day(view.valid_from, language()),
                )
            ),
        )
    ]
    lines += [(tool_title(tool), _standing(this)) for tool, this in sources.agreed.items()]
    lines += [(str(_("Missing")), _why(tool, sources)) for tool in sorted(view.tools - set(sources.agreed))]
    return [*lines, (str(_("As it stands on")), answer_format.day(today, language()))]


def _about(this: VersionPage) -> list[tuple[str, str]]:
    lines = [(_("Version"), _standing(this)), (_("Begun by"), f"{this.author.display_name}, {day(this.created_at)}")]
    for yes in this.asked:
        said_yes = _("Said yes %(when)s", when=day(yes.at)) if yes.at else _("Has not answered yet")
        if yes.noted_by:
            said_yes += f" ({_('noted by %(name)s', name=yes.noted_by.display_name)}: {yes.how})"
        lines.append((yes.member.display_name, said_yes))
    return lines


def _standing(this: VersionPage) -> str:
    return f"{this.number}, {labels.PLAN_STATE[this.state]}"


def laws(seen: set[str]) -> list[View]:
    """The laws in force today under whose headings something can be put, for somebody who sees those tools."""
    today = clock.today(g.ticket.profile.zone)
    return [view for view in statutes.views() if view.tools & seen and view.is_valid(today)]
