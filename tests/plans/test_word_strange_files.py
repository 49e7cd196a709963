"""Files that are not what was taken out, put in as if they were: said why, kept or refused, never read."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from uuid import uuid4

import psycopg
import pytest
from docx import Document

from portal.services.plans import editing
from tests.support.story import PDF, Room, Story
from tests.support.word_trip import TOOL, Trip, begun, write


@pytest.fixture
def room(story: Story) -> Room:
    return begun(story)


def other_case(trip: Trip, story: Story) -> bytes:
    room = story.case(story.guide("Else Ekstern"), name="Unni Uvedkommende")
    story.play(room, room.guide, lambda t: editing.begin_plan(t, uuid4(), TOOL))
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
    story.play(room, room.guide, lambda t: editing.begin_plan(t, uuid4(), "basic_contract"))
    other = trip.browser.get(f"/cases/{room.case_id}/plan/basic_contract/versions/1/paper/docx").response.data
    page = trip.put_in(other)
    assert "Den hører til et andet redskab: Grundkontrakt" in page.text
