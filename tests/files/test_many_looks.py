"""Looking at files costs the machine little, however many look, and the same look never twice."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import typst
from flask import Flask
from PIL import Image

from portal.documents import reading, slots
from portal.documents.slots import Turn
from portal.events import Event
from portal.models import FileVersion
from portal.runtime import Runtime
from portal.services.files import pdf_renditions
from tests.files.test_reading import address
from tests.signin.test_professionals_sign_in import run_jobs
from tests.support.browser import Browser
from tests.support.pictures import made
from tests.support.served import Served, Visitor, served
from tests.support.story import PDF, Room, Story


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What readers were started for."""
    kinds: list[str] = []
    run = subprocess.run

    def noted(command: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(command, list) and str(reading._READER) in command:
            kinds.append(command[-1])
        return run(command, *args, **kwargs)

    monkeypatch.setattr(reading.subprocess, "run", noted)
    return kinds


def picture(width: int = 400, height: int = 300, colour: str = "teal") -> bytes:
    return made("JPEG", Image.new("RGB", (width, height), colour))


@pytest.mark.parametrize(
    ("name", "content", "look", "reads"),
    [
        ("foto.jpg", picture(), ("/preview", "/picture"), ["picture"]),
        ("plan.pdf", typst.compile(b"Alma #pagebreak() to"), ("/preview", "/pages/0", "/pages/1"), ["sheet:0:5"]),
        ("note.txt", b"hej Alma", ("/preview",), ["plain"]),
        ("rod.pdf", PDF, ("/preview",), ["sheet:0:5"]),
        ("rod.jpg", b"\xff\xd8\xff\xe0 no picture", ("/preview",), ["picture"]),
        ("stort.png", made("PNG", Image.new("1", (9000, 8800))), ("/preview",), ["picture"]),
    ],
)
def test_what_was_made_to_look_at_is_kept_and_made_once(
    name: str, content: bytes, look: tuple[str, ...], reads: list[str], app: Flask, story: Story, room: Room,
    started: list[str],
) -> None:  # fmt: skip
    file_id = story.file(room, room.guide, name=name, content=content)
    answers = []
    for who in (room.guide, room.young, room.guide):
        browser = Browser(app, story.token(who))
        answers.append([browser.get(address(room, file_id, rest)).response.data for rest in look])
        assert started == reads, "a second look costs nothing"
    assert answers[0][1:] == answers[1][1:] == answers[2][1:]


def test_pages_of_a_long_document_are_made_five_at_a_time(
    app: Flask, story: Story, room: Room, started: list[str]
) -> None:
    content = typst.compile("#pagebreak()".join(f"Side {number}" for number in range(12)).encode())
    file_id = story.file(room, room.guide, name="lang.pdf", content=content)
    browser = Browser(app, story.token(room.guide))
    page = browser.get(address(room, file_id, "/preview"))
    assert len(page.soup.find_all("img")) == 5
    assert "Side 1 til 5 af 12" in page.text
    last = browser.get(address(room, file_id, "/preview?page=11"))
    assert len(last.soup.find_all("img")) == 2
    beyond = browser.get(address(room, file_id, "/preview?page=99"))
    assert "Side 12 til 12 af 12" in beyond.text
    before = list(started)
    for number in (0, 4, 10, 11):
        assert browser.get(address(room, file_id, f"/pages/{number}")).status == 200
    assert started == before, "the pages a frame asks for have been made with it"
    assert browser.get(address(room, file_id, "/pages/12")).status == 404
    assert browser.get(address(room, file_id, "/pages/7")).status == 200


def test_what_is_kept_is_sealed_and_lies_in_the_compartment_of_its_file(
    app: Flask, story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    file_id = story.file(room, room.guide, "health", "foto.jpg", picture(colour="red"))
    Browser(app, story.token(room.guide)).get(address(room, file_id, "/picture"))
    (compartment,) = owner.execute("select compartment_id from file where id = %s", [file_id]).fetchone() or (None,)
    rows = owner.execute("select kind, compartment_id, blob, fault from rendition order by kind").fetchall()
    assert [(kind, place, fault) for kind, place, _blob, fault in rows] == [
        ("picture", compartment, None), ("small", compartment, None),
    ]  # fmt: skip
    for stored in runtime.store.listing():
        with runtime.store.open(stored.key) as blob:
            assert b"JFIF" not in blob.read_at(0, blob.size)


def test_a_reader_of_the_case_may_keep_what_was_made_for_them_and_nothing_of_other_compartments(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection, started: list[str]
) -> None:
    mother = room.parents[0]
    story.consent(room, room.young)
    file_id = story.file(room, room.guide, name="foto.jpg", content=picture())
    hidden = story.file(room, room.guide, "professionals", "fagligt.jpg", picture(colour="red"))
    browser = Browser(app, story.token(mother))
    assert browser.get(address(room, file_id, "/picture")).status == 200
    assert browser.get(address(room, file_id, "/picture")).status == 200
    assert started == ["picture"]
    assert browser.get(address(room, hidden, "/picture")).status == 404
    found = owner.execute(
        "select id, file_id, case_id, compartment_id from file_version where file_id = any(%s)", [[file_id, hidden]]
    ).fetchall()
    owner.execute("delete from rendition")
    owner.execute("set role portal_app")
    owner.execute("select set_config('app.person_id', %s, false)", [str(mother.id)])
    put = (
        "insert into rendition (version_id, file_id, case_id, compartment_id, kind, number, blob, file_key, size,"
        " made_at) values (%s, %s, %s, %s, 'picture', 0, %s, '', 1, now())"
    )
    try:
        for line in found:
            if line[1] == file_id:
                owner.execute(put, [*line, "a"])
            else:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    owner.execute(put, [*line, "b"])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute("update rendition set blob = 'c'")
    finally:
        owner.execute("reset role")


def test_two_who_look_at_once_keep_one_and_leave_nothing_behind(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    """Both have made it: the one who comes later throws theirs away."""
    file_id = story.file(room, room.guide, name="foto.jpg", content=picture())

    def look(ticket):  # type: ignore[no-untyped-def]
        version = ticket.session.scalars(ticket.select(FileVersion).where(FileVersion.file_id == file_id)).one()
        ticket.record(Event.VERSION_PREVIEWED, version.compartment_id, file_id, number=1)
        return pdf_renditions._make_picture(ticket, runtime.store, version, 1)

    first, second = (story.play(room, room.guide, look).blob for _ in range(2))
    assert first == second
    named = {row[0] for row in owner.execute("select blob from rendition union select blob from file_version")}
    assert set(runtime.store.keys()) == named


def test_the_worker_makes_pictures_ready_before_anybody_looks(
    app: Flask, runtime: Runtime, story: Story, room: Room, started: list[str]
) -> None:
    file_id = story.file(room, room.guide, name="foto.jpg", content=picture())
    run_jobs(runtime)
    run_jobs(runtime)
    assert started == ["picture"]
    assert Browser(app, story.token(room.young)).get(address(room, file_id, "/picture")).status == 200
    assert started == ["picture"]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that reads as much as it may already."""
    monkeypatch.setattr(pdf_renditions, "PATIENCE", 0.0)
    with contextmanager_all(slots.ALL):
        yield


@contextmanager
def contextmanager_all(count: int) -> Iterator[None]:
    if not count:
        yield
        return
    # Somebody else each time, as nobody gets all of them; buckets are shared by few.
    with slots._one_of("reader", slots.ALL, 0), contextmanager_all(count - 1):
        yield


def test_a_machine_that_is_busy_says_so_and_everything_else_goes_on(
    app: Flask, story: Story, room: Room, full: None, owner: psycopg.Connection
) -> None:
    file_id = story.file(room, room.guide, name="foto.jpg", content=picture())
    browser = Browser(app, story.token(room.guide))
    frame = browser.get(address(room, file_id, "/preview"))
    assert frame.status == 503
    assert "Vent lidt" in frame.text
    assert frame.headers["Retry-After"] == "10"
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN", "or the frame would stay empty"
    assert frame.soup.find("a", string="Prøv igen")["href"].endswith("/preview")  # type: ignore[index]
    image = browser.get(address(room, file_id, "/picture"))
    assert (image.status, image.headers["Retry-After"]) == (503, "10")
    told = "select count(*) from audit_event where event = 'version.previewed'"
    assert owner.execute(told).fetchone() == (0,), "nobody has seen anything"
    for path in ("", "/files", f"/files/{file_id}", f"/files/{file_id}/versions/1", "/messages"):
        assert browser.get(f"/cases/{room.case_id}{path}").status == 200
    assert owner.execute("select count(*) from rendition").fetchone() == (0,), "and it is not kept as unreadable"


def test_a_reader_killed_for_want_of_memory_is_no_fault_of_the_file(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = story.file(room, room.guide, name="foto.jpg", content=picture())
    (tmp_path / "reader.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    browser = Browser(app, story.token(room.guide))
    with monkeypatch.context() as there:
        there.setattr(reading, "_READER", tmp_path / "reader.py")
        assert browser.get(address(room, file_id, "/picture")).status == 503
    assert owner.execute("select count(*) from rendition").fetchone() == (0,)
    assert browser.get(address(room, file_id, "/picture")).status == 200


# Over the wire, with real processes


def readers(portal: Served) -> list[int]:
    """The readers that run now below the web's processes, each with the bytes it holds in memory."""
    held, parents = [], {str(pid) for pid in portal.children("web")}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            about = dict(re.findall(r"(\w+):\s+(\d+)", (process / "status").read_text()))
            if about.get("PPid") in parents and str(reading._READER).encode() in (process / "cmdline").read_bytes():
                held.append(int(about.get("VmRSS", 0)) * 1024)
    return held


@pytest.fixture
def portal(portal_settings: Any, tmp_path: Path) -> Iterator[Served]:
    with served(portal_settings, tmp_path / "served") as running:
        running.parts["worker"].terminate()
        running.parts["worker"].wait()
        yield running


def test_one_person_who_looks_at_eight_large_pictures_at_once_takes_one_persons_share(
    portal: Served, story: Story, room: Room
) -> None:
    """Eight pictures as large as are read at all. Another person's look comes through meanwhile, pages are answered,
    and no more is read at once, nor more memory held, than one person's share."""
    large = [
        story.file(room, room.guide, name=f"{n}.png", content=made("PNG", Image.new("RGBA", (8000, 4900 + n), "teal")))
        for n in range(8)
    ]
    small = story.file(room, room.guide, name="lille.jpg", content=picture())
    guide, young = (Visitor(portal, story.token(who)) for who in (room.guide, room.young))
    answers: dict[UUID, tuple[int, str | None]] = {}

    def look(visitor: Visitor, file_id: UUID) -> None:
        answer = visitor.ask("GET", address(room, file_id, "/picture"))
        answers[file_id] = (answer.status, answer.headers.get("Retry-After"))

    threads = [threading.Thread(target=look, args=(guide, file_id)) for file_id in large]
    for thread in threads:
        thread.start()
    most, memory = 0, 0
    other = threading.Thread(target=look, args=(young, small))
    while any(thread.is_alive() for thread in threads):
        held = readers(portal)
        most, memory = max(most, len(held)), max(memory, sum(held))
        if held and not other.ident:
            other.start()
            assert young.ask("GET", f"/cases/{room.case_id}").status == 200
        time.sleep(0.01)
    for thread in (*threads, other):
        thread.join()
    assert answers.pop(small) == (200, None)
    assert len(answers) == 8
    assert set(answers.values()) <= {(200, None), (503, "10")}
    assert (200, None) in answers.values()
    assert 1 <= most <= slots.OWN + 1, "one person's share, and the other's"
    assert memory < (slots.OWN + 1) * (768 << 20)


def test_a_picture_of_79_million_pixels_is_not_unpacked_at_all(portal: Served, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="kæmpe.png", content=made("PNG", Image.new("1", (9000, 8800))))
    guide = Visitor(portal, story.token(room.guide))
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(guide.ask("GET", address(room, file_id, "/preview")).status))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    memory = 0
    while any(thread.is_alive() for thread in threads):
        memory = max(memory, sum(readers(portal)))
        time.sleep(0.005)
    assert set(statuses) <= {200, 503}
    assert memory < 200 << 20
    page = guide.get(address(room, file_id, "/preview")).decode()
    assert "for stor til at blive vist" in page


def test_nobody_can_have_a_turn_as_somebody_else(story: Story, room: Room) -> None:
    """The share is the signed-in person's, whatever case or file it is for."""
    turns: set[Turn] = set()
    for who in (room.guide, room.young):
        turns.add(story.play(room, who, pdf_renditions._turn))
    elsewhere = story.case(room.guide, name="En Anden")
    turns.add(story.play(elsewhere, room.guide, pdf_renditions._turn))
    assert {turn.who for turn in turns} == {str(room.guide.id), str(room.young.id)}
