"""What else a Word file can hold, on its way back into the plan: read, or said on the page that compares."""

from __future__ import annotations

import pytest
from docx.document import Document as DocumentType
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from flask import Flask

from tests.documents.test_what_word_holds import NAMES, field, math, renamed, run, sym, t
from tests.support.story import Room, Story
from tests.support.word_trip import Trip, begun, cell, changed, write


@pytest.fixture
def room(story: Story) -> Room:
    return begun(story)


@pytest.fixture
def trip(app: Flask, story: Story, room: Room) -> Trip:
    return Trip(app, story, room, room.guide)


def holds(address: str, inside: str):  # type: ignore[no-untyped-def]
    """Puts it into the answer, in its content control."""

    def edit(document: DocumentType) -> None:
        content = next(cell(document, address).iter(qn("w:sdtContent")))
        content[:] = list(parse_xml(f"<w:p {NAMES}>{inside}</w:p>"))

    return edit


def test_symbols_and_formulas_come_into_the_plan_and_hidden_text_does_not(trip: Trip) -> None:
    pieces = (
        run(t("Fravær ")), sym("Symbol", "F0B3"), run(t(" 10 % ")), sym("Wingdings", "F0FC"),
        run(t("hemmeligt"), "<w:vanish/>"), math("<m:r><m:t>x=1</m:t></m:r>"), sym("Egen Skrift", "F041"),
        field("DATE", run(t(" i dag"))),
    )  # fmt: skip
    inside = "".join(pieces)
    page = trip.edited(holds("now.situation", inside))
    assert "hemmeligt" not in page.everything
    for sentence in (
        "1 stykke skjult tekst i filen er ikke taget med.",
        "1 tegn kan ikke læses. Det står som \ufffd.",
        "1 formel er læst som almindelig tekst.",
    ):
        assert sentence in page.text
    trip.choose(page, now__situation="mine")
    assert trip.answers()["now.situation"] == "Fravær ≥ 10 % ✓x=1\ufffd i dag"


def test_a_file_whose_main_part_has_another_name_is_put_in(trip: Trip) -> None:
    written = changed(trip.taken_out(), holds("now.situation", run(t("Det går godt"))))
    for to in ({"document": "word/document2.xml"}, {"document": "dele/hoved.xml", "styles": "dele/stil.xml"}):
        page = trip.put_in(renamed(written, **to), f"{len(to)}.docx")
        assert "Der er 1 ting" in page.text
        assert "kan ikke åbnes" not in page.text


def test_two_long_texts_that_have_nothing_in_common_stand_one_after_the_other(
    trip: Trip, story: Story, room: Room
) -> None:
    write(story, room, room.guide, **{"now.situation": "a  " * 6000})
    page = trip.edited(holds("now.situation", run(t("b  " * 6000))))
    assert page.status == 200
    assert "Her er for meget forskelligt til at vise det ord for ord" in page.text
