"""A plan taken out as a Word file, written in and put in again: read back, compared, merged as its sender chooses."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
from docx.document import Document as DocumentType
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from portal.documents.sheet import bookmark_of
from portal.services.plans import editing
from portal.services.plans.open_plan import open_plan
from tests.support.browser import held
from tests.support.libreoffice import edit_in_libreoffice
from tests.support.story import Room, Story
from tests.support.word_trip import TOOL, Trip, add, begun, both, cell, run, table_of, typed, write


@pytest.fixture
def room(story: Story) -> Room:
    return begun(story)


# With LibreOffice


def test_what_is_written_in_libreoffice_is_read_back_and_merged_with_what_others_wrote_meanwhile(
    trip: Trip, story: Story, room: Room, goal: str, tmp_path: Path
) -> None:
    path = tmp_path / "Mål- og aftaleskema.docx"
    path.write_bytes(trip.taken_out())
    edit_in_libreoffice(
        path,
        beside=[
            ("Mit overordnede mål", "Jeg vil bo selv", "Jeg vil bo for mig selv\nog have en kat"),
            ("Sådan er det nu", "Det går op og ned", "Det går bedre"),
            ("Planen gælder fra", "1. maj 2026", "3. juni 2026"),
            ("Målet", "", "Jeg skal have en læreplads"),
            ("Hvordan går det?", "I gang", "Delvist nået"),
        ],
    )
    write(story, room, room.guide, **{"now.situation": "Det er svært lige nu", "now.strengths": "At tegne"})
    page = trip.put_in(path.read_bytes())
    assert "Det har du ændret i Word" in page.text
    assert "Grete Guide har skrevet noget andet her imens" in page.text
    assert [str(tag) for tag in page.soup.select("del, ins") if tag.get_text() == "og have en kat"] == []
    chosen = held(page.form("choose."))
    picked = {name.removeprefix("choose."): value for name, value in chosen.items() if name.startswith("choose.")}
    assert picked == {"now.goal": "mine", "now.from": "mine", f"goals.{goal}.status": "mine", "goals.new0": "yes"}
    refused = trip.browser.submit(page, "choose.")
    assert refused.status == 422
    assert "Vælg en af dem" in refused.text
    assert trip.answers()["now.goal"] == "Jeg vil bo selv", "nothing is put in before all is chosen"
    done = trip.choose(refused, **{"now.situation": "both"})
    assert "ting fra din Word-fil står nu i planen" in trip.browser.follow(done).text
    answers = trip.answers()
    assert answers["now.goal"] == "Jeg vil bo for mig selv\nog have en kat"
    assert answers["now.situation"] == "Det er svært lige nu\n\nDet går bedre"
    assert answers["now.from"] == "2026-06-03"
    assert answers["now.strengths"] == "At tegne", "what others wrote elsewhere stays"
    assert answers[f"goals.{goal}.status"] == "partly"
    new = answers["goals"].split()[1]
    assert answers[f"goals.{new}.words"] == "Jeg skal have en læreplads"
    history = trip.browser.get(f"{trip.at}/versions/1/changes").text
    assert "fra en Word-fil" in history


# With Word: what it does to a file


def test_words_cut_into_runs_and_tracked_changes_are_read_as_they_would_be_printed(trip: Trip) -> None:
    def as_word_does(document: DocumentType) -> None:
        paragraph = next(cell(document, "now.goal").iter(qn("w:p")))
        for element in list(paragraph):
            paragraph.remove(element)
        pieces = """<w:proofErr w:type="spellStart"/><w:r><w:t xml:space="preserve">Jeg </w:t></w:r>
          <w:smartTag w:element="x"><w:r><w:rPr><w:b/></w:rPr><w:t>vil</w:t></w:r></w:smartTag>
          <w:proofErr w:type="spellEnd"/>
          <w:del w:id="1" w:author="Ulla"><w:r><w:delText> bo selv</w:delText><w:br/></w:r></w:del>
          <w:ins w:id="2" w:author="Ulla"><w:r><w:t xml:space="preserve"> rejse</w:t></w:r></w:ins>
          <w:hyperlink w:anchor="x"><w:r><w:t xml:space="preserve"> langt</w:t><w:br/><w:t>væk</w:t></w:r>
          </w:hyperlink>"""
        for element in parse_xml(f"<w:p {nsdecls('w')}>{pieces}</w:p>"):
            paragraph.append(element)

    page = trip.edited(as_word_does)
    assert "sporede ændringer" in page.text
    trip.choose(page)
    assert trip.answers()["now.goal"] == "Jeg vil rejse langt\nvæk"


def test_what_is_typed_beside_the_content_control_or_without_it_is_the_answer_too(trip: Trip) -> None:
    def beside(document: DocumentType) -> None:
        for control in list(cell(document, "now.goal").iter(qn("w:sdt"))):
            control.getparent().remove(control)
        cell(document, "now.goal").append(parse_xml(f"<w:p {nsdecls('w')}/>"))
        list(cell(document, "now.goal").iter(qn("w:p")))[-1].append(run("Uden felt"))
        next(cell(document, "now.strengths").iter(qn("w:p"))).append(run("Efter feltet"))
        for name in ("w:bookmarkStart", "w:sdtPr"):
            row = next(cell(document, "now.situation").iterancestors(qn("w:tr")))
            [element.getparent().remove(element) for element in list(row.iter(qn(name)))]
            if name == "w:bookmarkStart":
                list(row.iter(qn("w:t")))[-1].text = "Kun kendt på spørgsmålet"
                break

    trip.choose(trip.edited(beside))
    answers = trip.answers()
    assert answers["now.goal"] == "Uden felt"
    assert answers["now.strengths"] == "Efter feltet"
    assert answers["now.situation"] == "Kun kendt på spørgsmålet"


def test_a_file_that_lost_every_mark_but_its_origin_is_read_by_its_questions(trip: Trip, goal: str) -> None:
    def bare(document: DocumentType) -> None:
        typed(f"goals.{goal}.words", "Jeg skal i skole hver dag")(document)
        typed("now.goal", "Et andet mål")(document)
        for name in ("w:bookmarkStart", "w:bookmarkEnd", "w:tag"):
            for element in list(document.element.body.iter(qn(name))):
                element.getparent().remove(element)

    trip.choose(trip.edited(bare))
    answers = trip.answers()
    assert answers["now.goal"] == "Et andet mål"
    assert answers["goals"] == goal, "the same row, not a second one"
    assert answers[f"goals.{goal}.words"] == "Jeg skal i skole hver dag"


# Rows


def test_a_copied_row_is_a_new_row_and_what_belongs_to_it_finds_it(trip: Trip, goal: str, story: Story) -> None:
    def copied(document: DocumentType) -> None:
        table = table_of(document, f"goals.{goal}.words")
        copy = deepcopy(table)
        table.addnext(copy)
        answer = next(row for row in copy.iter(qn("w:tr")) if bookmark_of(f"goals.{goal}.words") in row.xml)
        next(answer.iter(qn("w:sdtContent")))[:] = [run("Jeg skal have et job")]
        typed("agreements.new.what", "Skriver en ansøgning")(document)
        typed("agreements.new.goal", "jeg skal have et job")(document)
        typed("agreements.new.who", "Ulla Ung")(document)

    page = trip.edited(copied)
    assert "Nyt i din fil: Mål" in page.text
    trip.choose(page)
    answers = trip.answers()
    first, second = answers["goals"].split()
    assert first == goal
    assert answers[f"goals.{second}.words"] == "Jeg skal have et job"
    (agreement,) = answers["agreements"].split()
    assert answers[f"agreements.{agreement}.goal"] == second
    assert answers[f"agreements.{agreement}.who"] == str(trip.room.member(trip.room.young))


def test_rows_that_were_moved_or_taken_out_are_told_and_chosen(trip: Trip, goal: str, story: Story, room: Room) -> None:
    second = add(story, room, "goals", words="Jeg skal spare op")
    third = add(story, room, "goals", words="Jeg skal sove bedre")

    def moved(document: DocumentType) -> None:
        gone, last = (table_of(document, f"goals.{row}.words") for row in (goal, third))
        table_of(document, f"goals.{second}.words").addprevious(last)
        gone.getparent().remove(gone)

    page = trip.edited(moved)
    assert "Ikke i din fil mere: “Jeg skal i skole 2 dage”" in page.text
    assert "En anden rækkefølge: Mine mål" in page.text
    chosen = held(page.form("choose."))
    assert chosen[f"choose.goals.{goal}"] == "no", "nothing is taken out unless somebody says so"
    trip.choose(page)
    assert trip.answers()["goals"].split() == [goal, third, second]
    taken_out = trip.edited(lambda d: table_of(d, f"goals.{goal}.words").getparent().remove(
        table_of(d, f"goals.{goal}.words")))  # fmt: skip
    trip.choose(taken_out, **{f"goals.{goal}": "yes"})
    assert trip.answers()["goals"].split() == [third, second]


def test_a_row_that_somebody_took_out_meanwhile_can_come_back(trip: Trip, goal: str, story: Story, room: Room) -> None:
    content = trip.taken_out()
    story.play(room, room.guide, lambda t: editing.move_row(open_plan(t, TOOL), 1, "goals", goal, 0))
    page = trip.edited(typed(f"goals.{goal}.words", "Jeg skal i skole 4 dage"), content)
    assert "Taget ud af planen imens" in page.text
    assert "Grete Guide har taget det ud" in page.text
    trip.choose(page, **{f"goals.{goal}": "yes"})
    (row,) = trip.answers()["goals"].split()
    assert trip.answers()[f"goals.{row}.words"] == "Jeg skal i skole 4 dage"
    assert trip.answers()[f"goals.{row}.status"] == "under_way"


# What cannot be understood


def test_what_is_no_answer_is_shown_with_what_was_typed_and_the_rest_is_put_in(trip: Trip, goal: str) -> None:
    page = trip.edited(
        both(
            typed("now.from", "engang til sommer"),
            typed(f"goals.{goal}.area", "Rumfart"),
            typed(f"goals.{goal}.progress", "11"),
            typed("agreements.new.who", "Onkel Anders And"),
            typed("now.goal", "Jeg vil noget nyt"),
            lambda d: d.add_paragraph("En hilsen under skemaet"),
        )
    )
    for words in ("engang til sommer", "Rumfart", "11", "Onkel Anders And", "En hilsen under skemaet"):
        assert words in page.text
    assert page.text.count("Det kan ikke læses som et svar her") == 4
    trip.choose(page)
    answers = trip.answers()
    assert (answers["now.goal"], answers["now.from"]) == ("Jeg vil noget nyt", "2026-05-01")
    assert not answers.get(f"goals.{goal}.area")


def test_dates_that_cross_are_told_at_their_line_and_nothing_is_put_in(trip: Trip) -> None:
    page = trip.edited(both(typed("now.until", "1.4.2026"), typed("now.goal", "Noget nyt")))
    refused = trip.choose(page)
    assert refused.status == 422
    line = refused.soup.find("input", attrs={"name": "choose.now.until"}).find_parent("fieldset")
    assert "ligger før den dato" in line.get_text()
    assert trip.answers()["now.goal"] == "Jeg vil bo selv"
    trip.choose(refused, **{"now.until": "now"})
    assert trip.answers()["now.goal"] == "Noget nyt"


def test_an_answer_that_was_emptied_is_emptied_and_one_whose_place_is_gone_stays(trip: Trip) -> None:
    def edit(document: DocumentType) -> None:
        typed("now.goal", "")(document)
        row = next(cell(document, "now.situation").iterancestors(qn("w:tr")))
        row.getparent().remove(row)

    page = trip.edited(edit)
    assert "Feltet til svaret er væk fra filen" in page.text
    trip.choose(page)
    assert trip.answers()["now.goal"] == ""
    assert trip.answers()["now.situation"] == "Det går op og ned"


def test_a_day_that_is_only_written_otherwise_than_it_was_taken_out_is_no_change(
    trip: Trip, story: Story, room: Room
) -> None:
    """A file of before says "1.5.2026". What somebody else changed meanwhile is not taken back by it."""
    content = trip.taken_out()
    assert "now.from" in {place.address for place in trip.newest().definition.places({})}
    write(story, room, room.guide, **{"now.from": "2026-06-01"})
    page = trip.edited(both(typed("now.from", "1.5.2026"), typed("now.goal", "Noget nyt")), content)
    assert page.soup.find("input", attrs={"name": "choose.now.from"}) is None
    trip.choose(page)
    assert (trip.answers()["now.from"], trip.answers()["now.goal"]) == ("2026-06-01", "Noget nyt")
