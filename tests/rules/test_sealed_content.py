"""What people write lies nowhere in clear: not in the database's files, not among the blobs, not in a temporary file,
not in a log. Played over real HTTP through gunicorn and the worker, and looked for in the bytes themselves."""

from __future__ import annotations

import base64
import mmap
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import psycopg
from urllib3.filepost import encode_multipart_formdata

from portal.demo.postgres import EmbeddedPostgres
from portal.runtime import Runtime
from tests.support.served import Served, Visitor, served
from tests.support.story import Room, Story

STEM = "zqvlyngxkrat"
"""Every marker begins with this; what follows says where it was written."""
NAME = f"{STEM}navn"
CPR = "010109-4129"
LARGE = 3_000_000
"""Bytes of a file far above the size (500 kB) from which form parsers like to use temporary files."""

HEAP, WAL = "/cluster/base/", "/cluster/pg_wal/"


def marker(where: str) -> str:
    return f"{STEM}{where}"


def disguises(word: str) -> set[bytes]:
    """The word as it may lie in a file: plain, wide, as digits of its bytes, in base64 at any of its three offsets."""
    plain = word.encode()
    found = {plain, word.encode("utf-16-le"), plain.hex().encode(), plain.hex().upper().encode()}
    for before in range(3):
        coded = base64.b64encode(b"x" * before + plain)
        # The characters at both ends mix with the neighbours' bits.
        found.add(coded[(0, 2, 3)[before] : len(coded) - 4])
    return found


def sightings(files: Iterable[tuple[str, BinaryIO]], words: set[bytes]) -> list[str]:
    """Where any of the words occurs: file, and the bytes around it."""
    found = []
    for name, file in files:
        # What is empty or no plain file cannot be mapped.
        with file, suppress(ValueError, OSError), mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            for word in words:
                at = content.find(word)
                if at >= 0:
                    found.append(f"{name}: {content[max(0, at - 20) : at + 60]!r}")
    return found


def on_disk(*folders: Path) -> Iterator[tuple[str, BinaryIO]]:
    for folder in folders:
        for path in folder.rglob("*"):
            with suppress(OSError):
                if path.is_file():
                    yield str(path), path.open("rb")


def held_open(pids: Iterable[int]) -> Iterator[tuple[str, BinaryIO]]:
    """Every file the processes hold open, those without a name too: a temporary file is often deleted while in use."""
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if link.is_file():
                    yield f"{link} ({link.readlink()})", link.open("rb")


def lines_with(word: str, size: int) -> bytes:
    line = f"{word} blev sagt på mødet\n".encode()
    return line * (size // len(line) + 1)


def test_what_people_write_is_found_in_clear_nowhere(
    runtime: Runtime, story: Story, postgres: EmbeddedPostgres, owner: psycopg.Connection, tmp_path: Path
) -> None:
    room = story.case(name=NAME)
    with served(runtime.settings, tmp_path / "served") as portal:
        guide = Visitor(portal, story.token(room.guide))
        write_everywhere(guide, room)
        begun_upload_is_sealed(portal, guide, room)
        files = upload_two(guide, room)
        read_everything(guide, room, files)
        stumble(guide, room)
        wait_for_the_worker(owner)
        owner.execute("checkpoint")
        places = list(on_disk(postgres.folder, runtime.settings.data_dir, portal.folder))
        names = [name for name, _ in places]
        assert any(HEAP in name for name in names)
        assert any(WAL in name for name in names)
        found = sightings(places, disguises(STEM) | {CPR.encode(), CPR.replace("-", "").encode()})
        found += sightings(held_open(portal.processes()), disguises(STEM))
    # People's own names stay in clear: that the name is found, in the tables and in the log of changes, shows that
    # this is where the rest would be found too.
    assert any(HEAP in one for one in found if NAME in one)
    assert any(WAL in one for one in found if NAME in one)
    assert [one for one in found if NAME not in one] == []
    blobs = sum(path.stat().st_size for path in (runtime.settings.data_dir / "blobs").rglob("*") if path.is_file())
    assert blobs > LARGE, "the files went where was looked"


def test_the_search_sees_files_that_are_deleted_while_they_are_open() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(marker("planted").encode())
        file.flush()
        assert sightings(held_open([os.getpid()]), disguises(STEM))


def test_the_search_sees_through_every_disguise(tmp_path: Path) -> None:
    word = marker("planted")
    for number, before in enumerate(("", "a", "ab")):
        coded = base64.b64encode(f"{before}{word} and more".encode())
        (tmp_path / f"base64-{number}").write_bytes(coded)
    (tmp_path / "wide").write_bytes(f"Windows writes {word} so".encode("utf-16-le"))
    (tmp_path / "hex").write_bytes(b"\\x" + f"bytea {word}".encode().hex().encode())
    seen = {Path(one.partition(": ")[0]).name for one in sightings(on_disk(tmp_path), disguises(STEM))}
    assert seen == {"base64-0", "base64-1", "base64-2", "wide", "hex"}


# What is done


def write_everywhere(guide: Visitor, room: Room) -> None:
    case = f"/cases/{room.case_id}"
    fields = guide.fields(f"{case}/messages/new", "subject")
    sent = guide.send(f"{case}/messages/new", {**fields, "subject": marker("subject"), "body": marker("body")})
    assert sent.status == 303
    thread = sent.headers["Location"].partition("#")[0]
    reply = guide.fields(thread, "body")
    assert guide.send(thread, {**reply, "body": f"{marker('reply')} " * 500}).status == 303
    fields = guide.fields(f"{case}/team/citizen", "capacity")
    added = {"name": "Tove Tante", "national_id": CPR, "capacity": "network_person", "level": "read"}
    sent = guide.send(f"{case}/team/citizen", {**fields, **added, "purpose": marker("purpose")})
    assert sent.status == 303, sent.data.decode()


def begun_upload_is_sealed(portal: Served, guide: Visitor, room: Room) -> None:
    """Half a large file has arrived and the rest is still to come: what does the machine hold of it?"""
    path, fields = f"/cases/{room.case_id}/files/new", guide.fields(f"/cases/{room.case_id}/files/new", "compartment")
    fields["file"] = (f"{marker('begunname')}.txt", lines_with(marker("begun"), LARGE))
    body, kind = encode_multipart_formdata(fields)
    connection = HTTPConnection("localhost", portal.door.getsockname()[1], timeout=120)
    connection.putrequest("POST", path)
    connection.putheader("Cookie", guide.cookie)
    connection.putheader("Content-Type", kind)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[: LARGE * 2 // 3])
    unfinished = portal.settings.data_dir / "blobs" / "unfinished"
    until = time.monotonic() + 60
    while sum(path.stat().st_size for path in unfinished.iterdir()) < LARGE // 2:
        assert time.monotonic() < until, "the upload is not sealed while it arrives"
        time.sleep(0.02)
    assert sightings(held_open(portal.processes()), disguises(STEM)) == []
    assert sightings(on_disk(unfinished, portal.temporary), disguises(STEM)) == []
    connection.send(body[LARGE * 2 // 3 :])
    answer = connection.getresponse()
    assert answer.status == 303, answer.read().decode()
    connection.close()


def upload_two(guide: Visitor, room: Room) -> dict[UUID, bytes]:
    made = {}
    for word, size in (("small", 100), ("large", LARGE)):
        path = f"/cases/{room.case_id}/files/new"
        content = lines_with(marker(word), size)
        fields = guide.fields(path, "compartment")
        fields |= {"note": marker(f"{word}note"), "file": (f"{marker(word)}name.txt", content)}
        sent = guide.send(path, fields)
        assert sent.status == 303, sent.data.decode()
        made[UUID(sent.headers["Location"].rsplit("/", 1)[-1])] = content
    return made


def read_everything(guide: Visitor, room: Room, files: dict[UUID, bytes]) -> None:
    case = f"/cases/{room.case_id}"
    for file_id, content in files.items():
        assert marker("") in guide.get(f"{case}/files/{file_id}").decode()
        assert guide.get(f"{case}/files/{file_id}/versions/1") == content
    for page in ("", "/files", "/messages", "/people", "/log"):
        assert guide.get(f"{case}{page}")
    fields = guide.fields(case, "words")
    found = guide.send(f"{case}/search", {**fields, "words": marker("body")})
    assert marker("subject") in found.data.decode()


def stumble(guide: Visitor, room: Room) -> None:
    """Everything that goes wrong with words in it: refusals and faults must not write them down either."""
    case = f"/cases/{room.case_id}"
    start = guide.fields(f"{case}/messages/new", "subject")
    long = {**start, "subject": marker("toolong") * 50, "body": marker("toolong")}
    assert guide.send(f"{case}/messages/new", long).status == 422
    forged = {**start, "body": marker("forged"), "csrf_token": marker("token")}
    assert guide.send(f"{case}/messages/new", forged).status == 303, "put aside for its writer"
    assert guide.send(f"{case}/messages/new", {**forged, "writer": marker("writer")}).status == 400
    files = guide.fields(f"{case}/files/new", "compartment")
    program = {**files, "note": marker("program"), "file": (f"{marker('program')}.exe", b"MZ" + marker("exe").encode())}
    assert guide.send(f"{case}/files/new", program).status == 422
    assert guide.ask("GET", f"/{marker('nowhere')}?q={marker('query')}").status == 404
    assert guide.ask("POST", f"{case}/search", body=marker("wrongtype").encode()).status in (400, 415, 422)
    null = {**start, "subject": marker("null") + "\x00", "body": marker("null")}
    assert guide.send(f"{case}/messages/new", null).status in (303, 422)


def wait_for_the_worker(owner: psycopg.Connection) -> None:
    """Until it has done all there is to do: what it makes of the files may lie nowhere in clear either. That there is
    something new is told minutes later, and says nothing."""
    until = time.monotonic() + 180
    while owner.execute(
        "select 1 from procrastinate_jobs where status in ('todo', 'doing') and task_name <> 'mail_news' limit 1"
    ).fetchone():
        assert time.monotonic() < until, owner.execute("select task_name, status from procrastinate_jobs").fetchall()
        time.sleep(0.1)
