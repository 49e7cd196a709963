"""Files that cannot be, come twice, or go where they may not: a clear answer, nothing lost, nothing half done."""

from __future__ import annotations

import re
from io import BytesIO
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.runtime import Runtime
from tests.support.browser import Browser, Page, held
from tests.support.story import PDF, Room, Story
from tests.web.test_bad_input import counts


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def guide(app: Flask, story: Story, room: Room) -> Browser:
    return Browser(app, story.token(room.guide))


def put_in(browser: Browser, room: Room, name: str, content: bytes, **more: str) -> Page:
    page = browser.get(f"/cases/{room.case_id}/files/new")
    return browser.submit(page, "compartment", file=(name, content), **more)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("tom.pdf", b"", "Filen er tom"),
        ("program.exe", b"MZ\x90", "Det er et program"),
        ("side.html", b"<html>", "Det er en webside"),
        ("uden endelse", b"abc", "Den slags filer"),
        ("falsk.pdf", b"MZ\x90 a program", "Det er et program"),
        ("falsk.pdf", b"<!DOCTYPE html><script>", "Det er en webside"),
        ("falsk.docx", b"%PDF-1.4", "det er en .pdf-fil"),
        ("billede.png", b"%PDF-1.4", "det er en .pdf-fil"),
        ("film.mp4", b"ingen film", "ikke det, dens navn siger"),
        ("brev.eml", b"From: a@b.dk", "gem den som PDF"),
        ("tale.wma", b"0&\xb2u", "Gem lyden som MP3"),
        ("tegning.svg", b"<svg xmlns='x'>", "Det er en webside"),
    ],
)
def test_a_file_that_may_not_come_in_is_refused_with_a_reason_and_leaves_nothing(
    name: str, content: bytes, says: str, guide: Browser, room: Room, owner: psycopg.Connection, runtime: Runtime
) -> None:
    before = counts(owner)
    page = put_in(guide, room, name, content, note="en note")
    assert page.status == 422
    assert says in page.text
    assert held(page.form("compartment"))["note"] == "en note"
    assert counts(owner) == before
    assert list(runtime.store.keys()) == []


def test_no_file_at_all_is_said_so(guide: Browser, room: Room) -> None:
    page = guide.submit(guide.get(f"/cases/{room.case_id}/files/new"), "compartment")
    assert page.status == 422
    assert "Vælg en fil" in page.text


@pytest.mark.parametrize(
    ("sent", "saved"),
    [
        ("blåbærgrød æøå ÆØÅ.pdf", "blåbærgrød æøå ÆØÅ.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("plan\u202efdp.exe.pdf", "planfdp.exe.pdf"),
        ("ã combined a\u0303.pdf", "ã combined ã.pdf"),
        ("👩\u200d👧 familie 🫐.pdf", "👩\u200d👧 familie 🫐.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("'; drop table file; --.pdf", "'; drop table file; --.pdf"),
    ],
)
def test_a_name_is_data_kept_as_it_is_but_for_paths_and_tricks(
    sent: str, saved: str, guide: Browser, room: Room
) -> None:
    listed = guide.follow(put_in(guide, room, sent, PDF))
    heading = listed.soup.find("h1")
    assert heading is not None
    assert heading.get_text() == saved
    answer = guide.get(next(link for link in listed.links() if "/versions/1" in link))
    assert answer.status == 200
    assert answer.response.data == PDF
    from urllib.parse import unquote

    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; ")
    assert unquote(disposition.split("filename*=UTF-8''")[1]) == saved
    assert "\n" not in disposition
    plain = re.search(r'filename="([^"]*)"', disposition)
    assert plain is not None
    assert plain.group(1).isascii()
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_the_limit_is_shown_before_and_a_file_above_it_is_a_clear_page(
    story: Story, room: Room, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from portal import create_app

    small = replace(
        runtime, settings=runtime.settings.model_copy(update={"upload_limit": 50_000, "request_limit": 100_000})
    )
    browser = Browser(create_app(small), story.token(room.guide))
    page = browser.get(f"/cases/{room.case_id}/files/new")
    assert "Højst 50 kB" in page.text
    answer = put_in(browser, room, "stor.pdf", PDF + bytes(200_000))
    assert answer.status == 413
    assert "højst fylde 50 kB" in answer.text
    assert list(runtime.store.keys()) == []
    assert put_in(browser, room, "lille.pdf", PDF + bytes(40_000)).status == 303


def test_a_page_that_takes_no_files_takes_no_large_request_either(guide: Browser, room: Room, runtime: Runtime) -> None:
    answer = guide.post(f"/cases/{room.case_id}/search", {"words": "x" * 2_000_000})
    assert answer.status == 413
    page = guide.get(f"/cases/{room.case_id}/messages/new")
    token = held(page.form("body"))["csrf_token"]
    fields = {"csrf_token": token, "file": (BytesIO(b"x" * 1000), "x.pdf")}
    guide.client.post(f"/cases/{room.case_id}/search", data=fields, content_type="multipart/form-data")
    assert list(runtime.store.keys()) == []


def test_the_same_upload_sent_twice_makes_one_file(
    guide: Browser, room: Room, owner: psycopg.Connection, runtime: Runtime
) -> None:
    page = guide.get(f"/cases/{room.case_id}/files/new")
    first = guide.submit(page, "compartment", file=("plan.pdf", PDF))
    second = guide.submit(page, "compartment", file=("plan.pdf", PDF))
    assert first.headers["Location"] == second.headers["Location"]
    assert owner.execute("select count(*) from file_version").fetchone() == (1,)
    assert len(list(runtime.store.keys())) == 1, "the second copy is not kept"


def test_an_upload_by_somebody_not_signed_in_is_not_even_read(app: Flask, room: Room, runtime: Runtime) -> None:
    browser = Browser(app)
    token = browser.csrf()
    fields = {"csrf_token": token, "file": (BytesIO(PDF), "x.pdf")}
    answer = browser.client.post(f"/cases/{room.case_id}/files/new", data=fields, content_type="multipart/form-data")
    assert answer.status_code == 303
    assert list(runtime.store.keys()) == []


def test_an_upload_into_a_compartment_one_cannot_write_in_is_refused_and_leaves_nothing(
    app: Flask, story: Story, room: Room, runtime: Runtime
) -> None:
    reader = story.staff("Kim Kollega")
    story.add(room, reader, Level.READ)
    browser = Browser(app, story.token(reader))
    fields = {"csrf_token": browser.csrf(), "submission": str(uuid4()), "file": (BytesIO(PDF), "x.pdf")}
    answer = browser.client.post(f"/cases/{room.case_id}/files/new", data=fields, content_type="multipart/form-data")
    assert answer.status_code == 403
    assert "læse her, men ikke skrive" in answer.get_data(as_text=True)
    assert list(runtime.store.keys()) == []


@pytest.mark.parametrize("number", ["0", "2", "999999", "1000001", "-1", "one"])
def test_a_version_that_is_not_there_is_not_found(number: str, guide: Browser, room: Room, story: Story) -> None:
    file_id = story.file(room, room.guide)
    assert guide.get(f"/cases/{room.case_id}/files/{file_id}/versions/{number}").status == 404
