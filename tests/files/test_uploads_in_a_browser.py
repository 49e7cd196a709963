"""Uploads as people send them: several at once, over a line that breaks, given up on the way."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page as ChromiumPage
from playwright.sync_api import expect

from portal.runtime import Runtime
from portal.services.files import files as list_of_files
from tests.support.live import Line, cookie, served
from tests.support.sender import LONG, blobs, content, work_off
from tests.support.story import PDF, Room, Story


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def line(app: Flask) -> Iterator[Line]:
    with served(app) as address:
        line = Line(address)
        yield line
        line.close()


@pytest.fixture
def page(app: Flask, story: Story, room: Room, line: Line, chromium: Chromium) -> Iterator[ChromiumPage]:
    """The young person at a browser."""
    context = chromium.new_context(base_url=line.address)
    context.add_cookies([cookie(app, story.token(room.young))])  # type: ignore[list-item]
    yield context.new_page()
    context.close()


def chosen(name: str, content: bytes) -> dict[str, object]:
    """A file as a browser is given it."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_several_files_arrive_whole_over_a_connection_that_breaks(
    page: ChromiumPage, line: Line, story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    large = PDF + os.urandom(9_000_000)
    wanted = {"lang.pdf": large, "kort.txt": b"Hej", "Blå 🫐.pdf": PDF}
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda problem: said.append(str(problem)))
    page.goto(f"/cases/{room.case_id}/files/new")
    page.set_input_files("input[name=file]", [chosen(n, c) for n, c in [*wanted.items(), ("x.exe", b"MZ")]])  # type: ignore[list-item]
    line.hold_after(6_000_000)
    page.get_by_role("button", name="Tilføj", exact=True).click()
    long = page.locator("li", has_text="lang.pdf")
    expect(long).to_contain_text(re.compile(r"\d+ % af 9 MB"))
    assert line.holds.wait(60)
    line.cut()
    expect(long).to_contain_text("Forbindelsen er væk")
    until = time.monotonic() + 60
    while not owner.execute("select 1 from upload_part where size > 1000000").fetchone():
        assert time.monotonic() < until, "what had come before the break is kept"
        time.sleep(0.05)
    line.mend()
    expect(long).to_contain_text("Den er tilføjet", timeout=60_000)
    for name in ("Blå 🫐.pdf", "kort.txt"):
        expect(page.locator("li", has_text=name)).to_contain_text("Den er tilføjet", timeout=60_000)
    expect(page.locator("li", has_text="x.exe")).to_contain_text("Det er et program")
    lines = story.play(room, room.young, list_of_files.list_files)
    assert {one.name: content(story, room, one.file_id) for one in lines} == wanted
    # Where the break swallowed the answer to a beginning, the browser began anew: what it did not hear of is empty, and
    # goes by itself.
    assert owner.execute("select count(*) from upload_part").fetchone() == (0,)
    assert page.evaluate("[Object.keys(localStorage), Object.keys(sessionStorage)]") == [[], []]
    assert not [one for one in said if "Content Security Policy" in one or "Error:" in one], said
    # What was refused stays to be read. Put away, there is nothing left to wait for.
    page.get_by_role("button", name="Fjern x.exe").click()
    page.wait_for_url(f"**/cases/{room.case_id}/files")


def test_a_file_given_up_on_its_way_leaves_nothing(
    page: ChromiumPage, line: Line, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    page.goto(f"/cases/{room.case_id}/files/new")
    # Dropped on the form, as with a mouse.
    page.evaluate(
        """() => {
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array(5_000_000)], "stor.pdf"));
            document.querySelector("form[enctype]").dispatchEvent(
                new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
        }"""
    )
    line.hold_after(2_000_000)
    page.get_by_role("button", name="Tilføj", exact=True).click()
    assert line.holds.wait(60)
    begun = owner.execute("select count(*) from begun_upload").fetchone()
    assert begun == (1,)
    page.get_by_role("button", name="Annuller stor.pdf").click()
    line.mend()
    expect(page.locator("li", has_text="stor.pdf")).to_have_count(0)
    until = time.monotonic() + 60
    while True:
        work_off(runtime, owner)
        left = [*blobs(runtime), *(runtime.settings.data_dir / "blobs" / "unfinished").iterdir()]
        if not left and owner.execute("select count(*) from begun_upload").fetchone() == (0,):
            break
        assert time.monotonic() < until, left
        time.sleep(0.1)
    expect(page.get_by_role("button", name="Tilføj", exact=True)).to_be_enabled()


def test_what_had_arrived_when_the_page_was_closed_is_gone_on_with_from_another_one(
    page: ChromiumPage, line: Line, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    wanted = PDF + os.urandom(3_000_000)
    other = wanted[:50] + os.urandom(len(wanted) - 50)
    page.goto(f"/cases/{room.case_id}/files/new")
    page.set_input_files("input[name=file]", [chosen("lang.pdf", wanted)])  # type: ignore[list-item]
    line.hold_after(2_000_000)
    page.get_by_role("button", name="Tilføj", exact=True).click()
    assert line.holds.wait(60)
    line.cut()
    until = time.monotonic() + 60
    while not owner.execute("select 1 from upload_part where size > 1000000").fetchone():
        assert time.monotonic() < until, "what had come before the break is kept"
        time.sleep(0.05)
    context = page.context
    page.close()
    line.mend()
    again = context.new_page()
    again.goto(f"/cases/{room.case_id}/files/new")
    begun = again.locator("[data-begun] li", has_text="lang.pdf")
    expect(begun).to_contain_text(re.compile(r"\d+ % af 3 MB"))
    # Another file of the same name and size is another file.
    again.set_input_files("input[name=file]", [chosen("lang.pdf", other)])  # type: ignore[list-item]
    again.get_by_role("button", name="Tilføj", exact=True).click()
    expect(again.get_by_text("Filen er tilføjet")).to_be_visible(timeout=60_000)
    again.goto(f"/cases/{room.case_id}/files/new")
    again.set_input_files("input[name=file]", [chosen("lang.pdf", wanted)])  # type: ignore[list-item]
    again.get_by_role("button", name="Tilføj", exact=True).click()
    expect(again.get_by_text("Filen er tilføjet")).to_be_visible(timeout=60_000)
    lines = story.play(room, room.young, list_of_files.list_files)
    assert sorted(content(story, room, one.file_id) for one in lines) == sorted([wanted, other])
    begins = owner.execute("select count(*) from audit_event where event = 'upload.begun'").fetchone()
    assert begins == (2,), "the first went on; only the other file was begun besides"
    assert owner.execute("select count(*) from begun_upload").fetchone() == (0,)
    again.goto(f"/cases/{room.case_id}/files/new")
    expect(again.locator("[data-begun]")).to_have_count(0)


def test_a_new_version_goes_the_same_way_and_ends_at_its_file(page: ChromiumPage, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide)
    page.goto(f"/cases/{room.case_id}/files/{file_id}")
    page.set_input_files("input[name=file]", [chosen("plan.pdf", LONG)])  # type: ignore[list-item]
    page.get_by_role("button", name="Tilføj version 2").click()
    expect(page.get_by_role("heading", name="2 versioner")).to_be_visible()
    assert content(story, room, file_id, 2) == LONG
