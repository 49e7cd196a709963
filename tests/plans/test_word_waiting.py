"""How long somebody is reminded of a Word file they have not decided about, and what is read of a tracked change."""

from __future__ import annotations

import zipfile
from io import BytesIO
from uuid import UUID

import pytest
from docx import Document

from portal.access.ticket import CaseTicket
from portal.documents import reading
from portal.services.files import downloads
from portal.services.plans import plans, word_import
from tests.conftest import Calendar
from tests.support.story import Room, Story
from tests.support.word_trip import TOOL, Trip, begun, typed

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@pytest.fixture
def room(story: Story) -> Room:
    return begun(story)


def test_a_word_file_is_called_to_mind_for_two_weeks_and_kept_after_that(
    trip: Trip, story: Story, room: Room, calendar: Calendar
) -> None:
    page = trip.edited(typed("now.goal", "Mit nye mål"))
    file_id = page.path.split("/")[-2]

    def waiting(ticket: CaseTicket) -> list[str]:
        plan = plans.show_plan(ticket, TOOL)
        assert plan is not None
        return [str(each.file_id) for each in word_import.waiting_import(ticket, plan)]

    calendar.move(days=13, hours=23)
    assert story.play(room, room.young, waiting) == [file_id]
    calendar.move(hours=2)
    assert story.play(room, room.young, waiting) == []
    again = Trip(trip.browser.app, story, room, room.young)
    assert "Mit nye mål" in again.browser.get(page.path).text, "its own page stays"
    assert story.play(room, room.young, lambda t: downloads.load_version(t, UUID(file_id), 1)).number == 1


def row(answer: str, about: str = "") -> str:
    question = "<w:tc><w:p><w:r><w:t>Spørgsmål</w:t></w:r></w:p></w:tc>"
    return f"<w:tr>{about}{question}<w:tc>{answer}</w:tc></w:tr>"


def read(rows: str) -> tuple[list[str], bool]:
    """The answers of a table with these rows, and whether tracked changes were met."""
    body = f'<w:document xmlns:w="{W}"><w:body><w:tbl>{rows}</w:tbl></w:body></w:document>'
    made, out = BytesIO(), BytesIO()
    Document().save(made)
    with zipfile.ZipFile(made) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            after.writestr(name, body if name == "word/document.xml" else before.read(name))
    form = reading.form(out.getvalue())
    return [row.words for piece in form.pieces for row in piece.rows], form.tracked


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("<w:p><w:r><w:t>Jeg vil</w:t></w:r><w:del><w:r><w:delText> bo</w:delText><w:br/><w:tab/></w:r></w:del></w:p>",
         "Jeg vil"),
        ("<w:p><w:moveFrom><w:r><w:t>langt </w:t></w:r></w:moveFrom><w:r><w:t>væk</w:t></w:r>"
         "<w:moveTo><w:r><w:t> langt</w:t></w:r></w:moveTo></w:p>", "væk langt"),
        ("<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>Jeg </w:t></w:r></w:p>"
         "<w:p><w:ins><w:r><w:t>rejser</w:t></w:r></w:ins></w:p>", "Jeg rejser"),
    ],
    ids=["deleted", "moved", "paragraph"],
)  # fmt: skip
def test_tracked_changes_are_read_as_if_all_of_them_were_taken(inside: str, words: str) -> None:
    assert read(row(inside)) == ([words], True)


def test_a_row_whose_taking_out_was_tracked_is_out() -> None:
    gone = row("<w:p><w:r><w:t>Væk</w:t></w:r></w:p>", "<w:trPr><w:del/></w:trPr>")
    assert read(row("<w:p><w:r><w:t>Bliver</w:t></w:r></w:p>") + gone) == (["Bliver"], True)
