"""A plan on its way through Word: taken out by one person, changed as Word would change it, put in again."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from uuid import uuid4

from docx import Document
from docx.document import Document as DocumentType
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from flask import Flask

from portal.access.ticket import CaseTicket
from portal.documents.sheet import bookmark_of
from portal.services.plans import editing, plans, saving
from portal.services.plans.open_plan import open_plan
from portal.services.plans.versions import VersionPage
from tests.support.browser import Browser, Page
from tests.support.story import Room, Someone, Story

TOOL = "goals_and_agreements"


class Trip:
    """One person's trips with the plan of a room."""

    def __init__(self, app: Flask, story: Story, room: Room, who: Someone) -> None:
        self.browser, self.story, self.room, self.who = Browser(app, story.token(who)), story, room, who
        self.at = f"/cases/{room.case_id}/plan/{TOOL}"

    def taken_out(self, number: int = 1) -> bytes:
        return self.browser.get(f"{self.at}/versions/{number}/paper/docx").response.data

    def put_in(self, content: bytes, name: str = "Mål- og aftaleskema.docx") -> Page:
        page = self.browser.submit(self.browser.get(f"{self.at}/word"), "file", file=(name, content))
        return self.browser.follow(page)

    def edited(self, edit: Callable[[DocumentType], None], content: bytes = b"") -> Page:
        """Takes the plan out, changes the document, puts it in, and returns the page that shows what changed."""
        return self.put_in(changed(content or self.taken_out(), edit))

    def choose(self, page: Page, **choices: str) -> Page:
        picked = {f"choose.{line.replace('__', '.')}": choice for line, choice in choices.items()}
        return self.browser.submit(page, "choose.", **picked)

    def answers(self) -> dict[str, str]:
        return dict(self.newest().answers)

    def newest(self) -> VersionPage:
        def read(ticket: CaseTicket) -> VersionPage:
            page = plans.show_plan(ticket, TOOL)
            assert page is not None
            return page.newest

        return self.story.play(self.room, self.who, read)


def begun(story: Story) -> Room:
    """A case with a plan that says something in three places."""
    room = story.case()
    story.play(room, room.guide, lambda t: editing.begin_plan(t, uuid4(), TOOL))
    write(story, room, room.guide, **{"now.goal": "Jeg vil bo selv", "now.situation": "Det går op og ned"})
    write(story, room, room.guide, **{"now.from": "2026-05-01"})
    return room


def write(story: Story, room: Room, who: Someone, number: int = 1, **given: str) -> None:
    def save(ticket: CaseTicket) -> None:
        page = plans.show_plan(ticket, TOOL)
        assert page is not None
        saving.save(open_plan(ticket, TOOL), number, page.newest.revision, given)

    story.play(room, who, save)


def add(story: Story, room: Room, section: str, **given: str) -> str:
    return story.play(room, room.guide, lambda t: editing.add_row(open_plan(t, TOOL), 1, section, **given))


def changed(content: bytes, edit: Callable[[DocumentType], None]) -> bytes:
    document = Document(BytesIO(content))
    edit(document)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def cell(document: DocumentType, address: str):  # type: ignore[no-untyped-def]
    """The cell of an answer, by the bookmark of its question."""
    mark = bookmark_of(address)
    (found,) = [row for row in document.element.body.iter(qn("w:tr")) if f'w:name="{mark}"' in row.xml]
    return found.findall(qn("w:tc"))[-1]


def typed(address: str, words: str) -> Callable[[DocumentType], None]:
    """Types over the answer, in its content control."""

    def edit(document: DocumentType) -> None:
        content = next(cell(document, address).iter(qn("w:sdtContent")))
        content[:] = [run(words)]

    return edit


def run(words: str):  # type: ignore[no-untyped-def]
    element = parse_xml(f"<w:r {nsdecls('w')}><w:t xml:space='preserve'></w:t></w:r>")
    element[0].text = words
    return element


def table_of(document: DocumentType, address: str):  # type: ignore[no-untyped-def]
    return next(cell(document, address).iterancestors(qn("w:tbl")))


def both(*edits: Callable[[DocumentType], None]) -> Callable[[DocumentType], None]:
    def edit(document: DocumentType) -> None:
        for each in edits:
            each(document)

    return edit
