"""The programs themselves: litmus, which asks whether WebDAV is spoken right, and LibreOffice, which only wants to
save."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import psycopg
import pytest
from docx import Document
from flask import Flask

from portal.services.files import downloads, files
from portal.services.webdav import links
from portal.settings import Settings
from tests.support import live
from tests.support.served import served
from tests.support.story import Room, Story

WRITER = Path(__file__).parents[1] / "support" / "type_in_writer.py"
NAME = "Blåbær & notat (2).docx"


def docx(*lines: str) -> bytes:
    document, made = Document(), BytesIO()
    for line in lines:
        document.add_paragraph(line)
    document.save(made)
    return made.getvalue()


@contextmanager
def in_writer(address: str, add: str) -> Iterator[Callable[[], str]]:
    """LibreOffice Writer at work on the document at an address. Each call waits for its next step and names it."""
    program = ["timeout", "280", "/usr/bin/python3", str(WRITER), address, add]
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        first = [True]

        def step() -> str:
            if not first[0]:
                writer.stdin.write("\n")  # type: ignore[union-attr]
                writer.stdin.flush()  # type: ignore[union-attr]
            first[0] = False
            return writer.stdout.readline().strip()  # type: ignore[union-attr]

        yield step
    assert writer.returncode == 0


def test_libreoffice_opens_edits_and_saves_where_the_file_is(story: Story, room: Room, app: Flask) -> None:
    file_id = story.file(room, room.guide, name=NAME, content=docx("Hej Ulla"))
    token, link = story.play(room, room.young, lambda t: links.make_dav_link(t, file_id))

    def seen() -> tuple[str | None, list[tuple[int, str, UUID]]]:
        """What the guide sees meanwhile: who is editing, and the versions with names and authors."""
        page = story.play(room, room.guide, lambda t: files.file_page(t, file_id))
        editing = page.editing.who.display_name if page.editing else None
        return editing, [(line.number, line.name, line.author.id) for line in page.versions]

    first = (1, NAME, room.member(room.guide))
    second = (2, NAME, room.member(room.young))
    with (
        live.served(app) as at,
        in_writer(f"{at}/dav/{token}/{quote(link.last)}", "Skrevet af Ulla") as step,
    ):
        assert step() == "opened"
        assert seen() == (room.young.name, [first])
        assert step() == "saved"
        assert seen() == (room.young.name, [second, first])
        assert step() == "closed"
        assert seen() == (None, [second, first])
        assert step() == ""
    saved = story.play(
        room, room.guide, lambda t: b"".join(downloads.download(t, story.runtime.store, file_id, 2).content)
    )
    assert [p.text for p in Document(BytesIO(saved)).paragraphs] == ["Hej Ulla", "Skrevet af Ulla"]


def test_litmus_finds_nothing_to_complain_of_and_no_log_holds_the_token(
    story: Story, room: Room, portal_settings: Settings, owner: psycopg.Connection, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """In a link's own folder, where a word processor may put its things; the file in it is untouched by all that."""
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--access-logfile - --log-level debug")
    file_id = story.file(room, room.guide)
    token = story.play(room, room.guide, lambda t: links.make_dav_link(t, file_id))[0]
    with served(portal_settings, tmp_path / "served") as portal:
        ran = subprocess.run(
            ["litmus", "-k", f"{portal.address}/dav/{token}/"],
            cwd=tmp_path,
            env={"TESTS": "basic copymove props locks", "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=300,
        )
    results = [line.split(": ")[1] for line in ran.stdout.splitlines() if line.startswith("<- summary")]
    assert results == [
        "of 16 tests run", "of 13 tests run", "of 30 tests run", "of 41 tests run",
    ], ran.stdout  # fmt: skip
    assert "FAIL" not in ran.stdout
    assert ran.stdout.count("0 failed") == 4
    assert ran.returncode == 0
    web = (tmp_path / "served" / "web.log").read_text()
    assert web.count("/dav/... HTTP/1.1") > 100
    assert '"view": "dav.door"' in web
    assert token not in web
    assert token not in str(owner.execute("select * from audit_event").fetchall())
    assert [line.number for line in story.play(room, room.guide, lambda t: files.file_page(t, file_id)).versions] == [1]
    assert len(story.play(room, room.guide, files.list_files)) == 1
