"""A plan taken out as a Word file, written in and put in again: read back, compared, merged as its sender chooses."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from docx import Document
from docx.document import Document as DocumentType
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from flask import Flask

from portal.access.roles import Level
from portal.access.ticket import CaseTicket
from portal.documents.sheet import bookmark_of
from portal.services import plan_agreeing, plan_writing, plans
from portal.services.plans import VersionPage
from tests.browser import Browser, Page, held
from tests.libreoffice import edit_in_libreoffice
from tests.story import PDF, Room, Someone, Story

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
            page = plans.show(ticket, TOOL)
            assert page is not None
            return page.newest

        return self.story.play(self.room, self.who, read)


@pytest.fixture
def room(story: Story) -> Room:
    room = story.case()
    story.play(room, room.guide, lambda t: plan_writing.begin(t, uuid4(), TOOL))
    write(story, room, room.guide, **{"now.goal": "Jeg vil bo selv", "now.situation": "Det går op og ned"})
    write(story, room, room.guide, **{"now.from": "2026-05-01"})
    return room


@pytest.fixture
def goal(story: Story, room: Room) -> str:
    return add(story, room, "goals", words="Jeg skal i skole 2 dage", status="under_way")


@pytest.fixture
def trip(app: Flask, story: Story, room: Room, goal: str) -> Trip:
    assert goal
    return Trip(app, story, room, room.young)


def write(story: Story, room: Room, who: Someone, number: int = 1, **given: str) -> None:
    def save(ticket: CaseTicket) -> None:
        page = plans.show(ticket, TOOL)
        assert page is not None
        plan_writing.save(ticket, TOOL, number, page.newest.revision, given)

    story.play(room, who, save)


def add(story: Story, room: Room, section: str, **given: str) -> str:
    return story.play(room, room.guide, lambda t: plan_writing.add_row(t, TOOL, 1, section, **given))


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
            ("Planen gælder fra", "1.5.2026", "3. juni 2026"),
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
          <w:del w:id="1" w:author="Ulla"><w:r><w:delText> bo selv</w:delText></w:r></w:del>
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
    story.play(room, room.guide, lambda t: plan_writing.move_row(t, TOOL, 1, "goals", goal, 0))
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


# Meanwhile


def test_what_somebody_writes_while_another_chooses_is_shown_before_anything_is_put_in(
    trip: Trip, story: Story, room: Room
) -> None:
    page = trip.edited(typed("now.goal", "Mit nye mål"))
    write(story, room, room.guide, **{"now.goal": "Guidens mål"})
    refused = trip.choose(page)
    assert refused.status == 422
    assert "Nogen skrev her, mens du valgte" in refused.text
    assert "Grete Guide har skrevet noget andet her imens" in refused.text
    assert trip.answers()["now.goal"] == "Guidens mål"
    trip.choose(refused, **{"now.goal": "mine"})
    assert trip.answers()["now.goal"] == "Mit nye mål"


def test_an_agreed_version_stays_and_the_word_file_begins_the_next(trip: Trip, story: Story, room: Room) -> None:
    content = trip.taken_out()
    story.play(room, room.guide, lambda t: plan_agreeing.propose(t, uuid4(), TOOL, 1, trip.newest().revision))
    for who in (room.guide, room.young):
        proposal = trip.newest().proposal_id
        assert proposal is not None
        story.play(room, who, lambda t, p=proposal: plan_agreeing.accept(t, uuid4(), TOOL, 1, p))
    page = trip.edited(typed("now.goal", "Et nyt mål"), content)
    assert "begynder en ny version" in page.text
    for _ in range(2):
        trip.choose(page)  # an impatient finger
    assert trip.newest().number == 2
    assert trip.answers()["now.goal"] == "Et nyt mål"
    assert "Jeg vil bo selv" in trip.browser.get(f"{trip.at}/versions/1").text


def test_nothing_changed_is_said_and_the_same_file_again_is_a_version_of_it(
    trip: Trip, owner: psycopg.Connection
) -> None:
    content = trip.taken_out()
    assert "Der er 0 ting at vælge om" in trip.put_in(content).text
    trip.put_in(content)
    assert owner.execute("select count(distinct file_id), max(number) from file_version").fetchone() == (1, 2)
    assert "ikke valgt endnu" in trip.browser.get(trip.at).text
    for _ in range(2):
        page = trip.browser.get(next(a for a in trip.browser.get(trip.at).links() if re.search(r"/word/.+/\d$", a)))
        trip.browser.submit(page, "/leave")
    assert "ikke valgt endnu" not in trip.browser.get(trip.at).text


# Strange files


def other_case(trip: Trip, story: Story) -> bytes:
    room = story.case(story.guide("Else Ekstern"), name="Unni Uvedkommende")
    story.play(room, room.guide, lambda t: plan_writing.begin(t, uuid4(), TOOL))
    write(story, room, room.guide, **{"now.goal": "hemmeligtmål"})
    return Trip(trip.browser.app, story, room, room.guide).taken_out()


def forged(trip: Trip, _story: Story) -> bytes:
    """The mark of another revision than the one it was signed for."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(trip.taken_out())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb"(form1\.[\w-]{22}\.)\d+", rb"\g<1>0", old.read(name)))
    return out.getvalue()


def plain_word(_trip: Trip, _story: Story) -> bytes:
    document, out = Document(), BytesIO()
    document.add_paragraph("Et brev")
    document.save(out)
    return out.getvalue()


def broken(trip: Trip, _story: Story) -> bytes:
    """A package that is whole and holds no document that can be read."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(trip.taken_out())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name)[:500] if name == "word/document.xml" else old.read(name))
    return out.getvalue()


def entities(trip: Trip, _story: Story) -> bytes:
    """Words that grow a thousandfold each time they are named."""
    bomb = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 1000}'>" for n in range(5))
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(trip.taken_out())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "word/document.xml":
                content = content.replace(b"<w:document", f"{bomb}]><w:document".encode(), 1)
                content = content.replace(b"Jeg vil bo selv", b"&a5;")
            new.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "name", "says"),
    [
        (other_case, "plan.docx", "Den er ikke hentet ud af den her plan"),
        (forged, "plan.docx", "Den er ikke hentet ud af den her plan"),
        (plain_word, "brev.docx", "Den er ikke hentet ud af den her plan"),
        (broken, "plan.docx", "Den kan ikke åbnes som Word-fil"),
        (lambda _trip, _story: PDF, "plan.pdf", "Kun Word-filer (.docx) kan læses her"),
        (lambda _trip, _story: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "plan.doc", "Kun Word-filer (.docx)"),
    ],
)
def test_a_file_that_cannot_be_read_back_says_why_and_is_kept_as_an_ordinary_file(
    make: Callable[[Trip, Story], bytes], name: str, says: str, trip: Trip, story: Story, owner: psycopg.Connection
) -> None:
    content = make(trip, story)
    before = trip.answers()
    page = trip.put_in(content, name)
    assert page.status == 200
    assert says in page.text
    assert "gemt som alle andre filer" in page.text
    assert "hemmeligtmål" not in page.everything
    assert "Unni" not in page.everything
    assert trip.answers() == before
    file_id, tool = owner.execute("select id, tool from file").fetchone() or ("", "")
    assert tool == TOOL
    assert trip.browser.get(f"/cases/{trip.room.case_id}/files/{file_id}/versions/1").response.data == content
    posted = trip.browser.post(page.path, {"submission": str(uuid4()), "choose.now.goal": "mine"})
    assert posted.status == 422
    assert trip.answers() == before


def test_a_file_made_to_do_harm_is_not_read(trip: Trip, story: Story) -> None:
    page = trip.put_in(entities(trip, story))
    assert page.status == 200
    assert "haha" not in page.everything
    assert len(page.everything) < 100_000


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"PK\x03\x04 cut off", "ikke det, dens navn siger"), (bytes.fromhex("d0cf11e0a1b11ae1") * 20, "adgangskode")],
)
def test_what_no_upload_lets_in_is_refused_here_too(
    content: bytes, says: str, trip: Trip, owner: psycopg.Connection
) -> None:
    page = trip.put_in(content)
    assert page.status == 422
    assert says in page.text
    assert owner.execute("select count(*) from file").fetchone() == (0,)


def test_a_file_of_another_tool_says_which(trip: Trip, story: Story, room: Room) -> None:
    story.play(room, room.guide, lambda t: plan_writing.begin(t, uuid4(), "basic_contract"))
    other = trip.browser.get(f"/cases/{room.case_id}/plan/basic_contract/versions/1/paper/docx").response.data
    page = trip.put_in(other)
    assert "Den hører til et andet redskab: Grundkontrakt" in page.text


# Who may


def test_a_trip_is_its_senders_own_and_needs_the_right_to_write(
    trip: Trip, story: Story, room: Room, app: Flask
) -> None:
    page = trip.edited(typed("now.goal", "Mit nye mål"))
    guide = Browser(app, story.token(room.guide))
    assert guide.get(page.path).status == 404
    assert guide.post(page.path, {"submission": str(uuid4()), "choose.now.goal": "mine"}).status == 404
    assert guide.post(f"{page.path}/leave", {"submission": str(uuid4())}).status == 404
    assert "ikke valgt endnu" not in guide.get(trip.at).text
    story.set_level(room, room.young, Level.READ)
    for path in (f"{trip.at}/word", page.path):
        assert trip.browser.get(path).status == 403
    assert trip.choose(page).status == 403
    assert "skrevet i Word" not in trip.browser.get(trip.at).text
    story.set_level(room, room.young, Level.WRITE)
    assert trip.answers()["now.goal"] == "Jeg vil bo selv"


def test_nothing_is_opened_before_the_scanner_has_let_it_through(trip: Trip, owner: psycopg.Connection) -> None:
    page = trip.edited(typed("now.goal", "Mit nye mål"))
    owner.execute("update file_version set scan = 'waiting'")
    waits = trip.browser.get(page.path)
    assert "bliver tjekket for virus" in waits.text
    assert "Mit nye mål" not in waits.text
    assert trip.choose(page).status == 422
    owner.execute("update file_version set scan = 'refused'")
    assert trip.browser.get(page.path).status == 403
    assert trip.choose(page).status == 403
    assert trip.answers()["now.goal"] == "Jeg vil bo selv"
    owner.execute("update file_version set scan = 'clean'")
    trip.choose(page)
    assert trip.answers()["now.goal"] == "Mit nye mål"


def test_a_trip_leaves_its_trace_without_a_word(trip: Trip, owner: psycopg.Connection) -> None:
    trip.choose(trip.edited(typed("now.goal", "Mit nye mål")))
    told = owner.execute(
        "select event, array(select json_object_keys(fields::json)) from audit_event where actor_id = %s and event like"
        " 'schema.%%' order by seq",
        [trip.who.id],
    ).fetchall()
    events = [event for event, _fields in told]
    for event in ("schema.brought", "schema.compared", "schema.changed", "schema.merged"):
        assert event in events
    assert {field for _event, fields in told for field in fields} <= {"version", "number", "format"}
    assert "lagde ord fra en Word-fil ind i version 1" in trip.browser.get(f"/cases/{trip.room.case_id}/log").text
