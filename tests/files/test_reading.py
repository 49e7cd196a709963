"""Reading a file: in parts, resumed, under its own name, and in a frame that can do nothing."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
import time
import wave
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import typst
from docx import Document
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from portal import create_app
from portal.db import Role
from portal.documents import converting as converting_module
from portal.errors import UnsafeConfiguration
from portal.jobs.worker import work
from portal.runtime import Runtime, open_runtime, runtime_for
from portal.settings import Settings
from tests.signin.test_professionals_sign_in import run_jobs
from tests.support.browser import Browser
from tests.support.chromium import until
from tests.support.live import cookie, served
from tests.support.story import PDF, Room, Story

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CONTENT = PDF + os.urandom(200_000)
NAME = "Blåbærgrød til Zoë – æøå 🍓 (2).pdf"


def address(room: Room, file_id: UUID, rest: str = "") -> str:
    return f"/cases/{room.case_id}/files/{file_id}/versions/1{rest}"


def test_a_part_is_a_part_and_everything_else_the_whole(app: Flask, story: Story, room: Room) -> None:
    path = address(room, story.file(room, room.guide, content=CONTENT))
    client = Browser(app, story.token(room.guide)).client
    whole = client.get(path)
    size, mark = len(CONTENT), whole.headers["ETag"]
    assert (whole.status_code, whole.data, whole.headers["Accept-Ranges"]) == (200, CONTENT, "bytes")
    edge = 65_480
    for asked, start, stop in [
        ("0-0", 0, 1),
        ("0-99", 0, 100),
        (f"{edge - 2}-{edge + 2}", edge - 2, edge + 3),
        ("150000-", 150_000, size),
        ("-500", size - 500, size),
        (f"{size - 1}-{size + 500}", size - 1, size),
    ]:
        part = client.get(path, headers={"Range": f"bytes={asked}", "If-Range": mark})
        assert part.status_code == 206, asked
        assert part.data == CONTENT[start:stop], asked
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
        assert part.headers["Content-Length"] == str(stop - start)
    past = client.get(path, headers={"Range": f"bytes={size}-"})
    assert (past.status_code, past.headers["Content-Range"]) == (416, f"bytes */{size}")
    for headers in (
        {"Range": "bytes=0-1,5-9"},
        {"Range": "lines=0-1"},
        {"Range": "bytes=9-1"},
        {"Range": "bytes=0-1", "If-Range": '"another"'},
        {"Range": "bytes=0-1", "If-Range": f"W/{mark}"},
        {"Range": "bytes=0-1", "If-Range": "Sat, 01 Jan 2028 00:00:00 GMT"},
    ):
        assert client.get(path, headers=headers).data == CONTENT, headers
    head = client.head(path)
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(size))


def test_two_versions_have_two_marks(app: Flask, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, content=CONTENT)
    story.version(room, room.guide, file_id, content=CONTENT)
    client = Browser(app, story.token(room.guide)).client
    marks = {client.get(address(room, file_id)[:-1] + str(number)).headers["ETag"] for number in (1, 2)}
    assert len(marks) == 2


def test_what_nobody_reads_to_the_end_is_closed(app: Flask, story: Story, room: Room) -> None:
    path = address(room, story.file(room, room.guide, content=CONTENT))
    client = Browser(app, story.token(room.guide)).client
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(5):
        client.head(path).close()
        client.get(path, buffered=False).close()
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208


def test_curl_resumes_a_broken_download(app: Flask, story: Story, room: Room, tmp_path: Path) -> None:
    path = address(room, story.file(room, room.guide, content=CONTENT))
    sent = cookie(app, story.token(room.guide))
    target = tmp_path / "plan.pdf"
    target.write_bytes(CONTENT[:70_001])
    with served(app) as at:
        command = ["curl", "-sS", "--fail", "-b", f"{sent['name']}={sent['value']}", "-C", "-", "-o", str(target)]
        subprocess.run([*command, at + path], check=True)
    assert target.read_bytes() == CONTENT


def test_the_name_arrives_exactly_in_chromium(app: Flask, story: Story, room: Room, chromium: Chromium) -> None:
    file_id = story.file(room, room.guide, name=NAME)
    with served(app) as at:
        context = chromium.new_context()
        context.add_cookies([cookie(app, story.token(room.guide))])  # type: ignore[list-item]
        page = context.new_page()
        page.goto(f"{at}/cases/{room.case_id}/files/{file_id}")
        with page.expect_download() as begun:
            page.get_by_role("link", name="Hent den nyeste").click()
        assert begun.value.suggested_filename == NAME
        assert Path(begun.value.path()).read_bytes() == PDF


def sound(seconds: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(b"\0\0" * 44_100 * seconds)
    return out.getvalue()


def picture() -> bytes:
    out = io.BytesIO()
    taken = Image.Exif()
    taken[0x010E] = "hemmeligt sted"
    taken.get_ifd(0x8825)[1] = "N"
    Image.new("RGB", (400, 300), "teal").save(out, "JPEG", exif=taken)
    return out.getvalue()


def test_a_picture_is_shown_without_what_it_tells_of_the_place(app: Flask, story: Story, room: Room) -> None:
    original = picture()
    assert b"hemmeligt" in original
    file_id = story.file(room, room.guide, name="foto.jpg", content=original)
    browser = Browser(app, story.token(room.guide))
    made = browser.get(address(room, file_id, "/picture"))
    assert made.headers["Content-Type"] == "image/jpeg"
    shown = Image.open(io.BytesIO(made.response.data))
    assert shown.size == (400, 300)
    assert not shown.getexif()
    assert b"hemmeligt" not in made.response.data
    assert browser.get(address(room, file_id)).response.data == original, "the download is the picture as it came"


def test_each_kind_is_shown_in_a_frame_that_can_run_nothing(
    app: Flask, story: Story, room: Room, chromium: Chromium
) -> None:
    pages = typst.compile(b"Alma #pagebreak() to")
    kinds = {
        "plan.pdf": (pages, "img.sheet", 2),
        "foto.jpg": (picture(), "img", 1),
        "note.txt": ("Kære Alma <script>alert(1)</script>".encode(), "pre", 1),
        "tale.wav": (sound(1), "audio", 1),
        "ødelagt.pdf": (PDF, "p", 1),
    }
    with served(app) as at:
        context = chromium.new_context()
        context.add_cookies([cookie(app, story.token(room.guide))])  # type: ignore[list-item]
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        for name, (content, element, count) in kinds.items():
            file_id = story.file(room, room.guide, name=name, content=content)
            page.goto(f"{at}{address(room, file_id, '/view')}")
            frame = page.frame_locator("iframe.preview")
            frame.locator(element).first.wait_for()
            expect(frame.locator(element), name).to_have_count(count)
            for shown in frame.locator("img").all():
                until(page, lambda shown=shown: shown.evaluate("image => image.naturalWidth") > 0)
            if name == "note.txt":
                expect(frame.locator("pre")).to_contain_text("<script>alert(1)</script>")
            if name == "ødelagt.pdf":
                expect(frame.locator("p")).to_contain_text("kan ikke læses")
        assert not said, said


def test_the_frame_has_its_own_strict_policy(app: Flask, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="note.txt", content=b"hej")
    browser = Browser(app, story.token(room.guide))
    policy = browser.get(address(room, file_id, "/preview")).headers["Content-Security-Policy"]
    assert "sandbox allow-same-origin;" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    around = browser.get(address(room, file_id, "/view"))
    assert "frame-src 'self'" in around.headers["Content-Security-Policy"]
    assert around.soup.find("iframe")["sandbox"] == ["allow-same-origin"]  # type: ignore[index]
    elsewhere = browser.get(f"/cases/{room.case_id}/files")
    assert "frame-src" not in elsewhere.headers["Content-Security-Policy"]


def test_a_recording_is_sought_in_chromium_without_being_fetched_whole(
    app: Flask, story: Story, room: Room, chromium: Chromium
) -> None:
    content = sound(240)
    file_id = story.file(room, room.guide, name="tale.wav", content=content)
    with served(app) as at:
        context = chromium.new_context()
        context.add_cookies([cookie(app, story.token(room.guide))])  # type: ignore[list-item]
        page = context.new_page()
        parts: list[str] = []
        page.on("response", lambda answer: parts.append(f"{answer.status} {answer.headers.get('content-range')}"))
        page.goto(f"{at}{address(room, file_id, '/preview')}")
        playing = page.locator("audio")
        until(page, lambda: playing.evaluate("a => a.readyState") > 0)
        playing.evaluate("a => { a.currentTime = 200; }")
        until(page, lambda: playing.evaluate("a => !a.seeking && a.currentTime === 200 && a.readyState > 1"))
        begun = [int(part.split()[2].split("-")[0]) for part in parts if part.startswith("206")]
        assert any(start > len(content) // 2 for start in begun), parts


def test_looking_is_in_the_trace_and_is_not_taking_out(app: Flask, story: Story, room: Room, owner) -> None:  # type: ignore[no-untyped-def]
    file_id = story.file(room, room.guide, name="note.txt", content=b"hej")
    Browser(app, story.token(room.young)).get(address(room, file_id, "/preview"))
    lines = owner.execute(
        "select event from audit_event where item_id = %s and actor_id = %s", [file_id, room.young.id]
    )
    assert lines.fetchall() == [("version.previewed",)]


@pytest.fixture
def converting(portal_settings: Settings) -> Iterator[Runtime]:
    """A portal whose workers have LibreOffice."""
    runtime = open_runtime(portal_settings.model_copy(update={"converter": shutil.which("soffice")}))
    yield runtime
    runtime.close()


def broken_document() -> bytes:
    """An archive with the names of a Word file in it and nothing that could be read."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        package.writestr("word/document.xml", b"no xml")
    return made.getvalue()


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in memory of this test's own: others convert documents at the same time."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        Path(name).chmod(0o711)  # root's converter is another user, who must come through to its own folder
        monkeypatch.setattr(converting_module, "_IN_MEMORY", Path(name))
        yield Path(name)


def test_a_word_file_is_looked_at_as_pages_once_the_worker_made_them(converting: Runtime, memory: Path) -> None:
    story = Story(converting)
    room = story.case(parents=1)
    document = Document()
    document.add_paragraph("Hej Alma")
    content = io.BytesIO()
    document.save(content)
    file_id = story.file(room, room.guide, name="brev.docx", content=content.getvalue())
    broken = story.file(room, room.guide, name="rod.docx", content=broken_document())
    browser = Browser(create_app(converting), story.token(room.young))
    assert "gjort klar" in browser.get(address(room, file_id, "/preview")).text
    left, busy = memory / "convert-left", memory / "convert-busy"
    for folder in (left, busy):
        folder.mkdir()
        (folder / "document.docx").write_bytes(b"of a worker that was killed, or one that is at it")
    os.utime(left, (time.time() - 600, time.time() - 600))
    run_jobs(converting)
    page = browser.get(address(room, file_id, "/preview"))
    assert len(page.soup.find_all("img")) == 1, page.text
    assert browser.get(address(room, file_id, "/pages/0")).headers["Content-Type"] == "image/png"
    assert "kan ikke læses" in browser.get(address(room, broken, "/preview")).text
    assert list(memory.iterdir()) == [busy], "nothing else is left in memory"


OPEN_DOCUMENT = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body><office:text>'
    "<text:p>Hej Alma</text:p></office:text></office:body></office:document-content>"
)
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KINDS = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def packed(parts: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return made.getvalue()


def open_document() -> bytes:
    """A letter as LibreOffice itself would save it, as short as can be."""
    kind = "application/vnd.oasis.opendocument.text"
    return packed({"mimetype": kind, "content.xml": OPEN_DOCUMENT, "META-INF/manifest.xml": MANIFEST})


def spreadsheet() -> bytes:
    """A sheet with one cell, as Excel saves it, as short as can be."""
    return packed(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{KINDS}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KINDS}.worksheet+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{RELATIONS}">'
            f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}">'
            '<sheets><sheet name="Ark1" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}">'
            f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}"><sheetData><row r="1">'
            '<c r="A1" t="inlineStr"><is><t>Hej Alma</t></is></c></row></sheetData></worksheet>',
        }
    )


def test_open_documents_and_spreadsheets_are_looked_at_as_pages_too(converting: Runtime, tmp_path: Path) -> None:
    story = Story(converting)
    room = story.case(parents=1)
    made = {name: story.file(room, room.guide, name=name, content=content) for name, content in
            {"brev.odt": open_document(), "ark.xlsx": spreadsheet()}.items()}  # fmt: skip
    run_jobs(converting)
    browser = Browser(create_app(converting), story.token(room.young))
    for name, file_id in made.items():
        page = browser.get(address(room, file_id, "/preview"))
        assert len(page.soup.find_all("img")) == 1, (name, page.text)
        picture = Image.open(io.BytesIO(browser.get(address(room, file_id, "/pages/0")).response.data)).convert("L")
        assert picture.getextrema()[0] < 100, f"something is written on the page made of {name}"


def test_without_a_converter_a_word_file_is_downloaded(app: Flask, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="brev.docx", content=broken_document())
    browser = Browser(app, story.token(room.guide))
    assert "Hent den for at åbne den" in browser.get(address(room, file_id, "/preview")).text
    assert "/view" not in str(browser.get(f"/cases/{room.case_id}/files/{file_id}").links())


def test_a_worker_does_not_start_with_a_converter_that_is_not_there(portal_settings: Settings) -> None:
    settings = portal_settings.model_copy(update={"converter": "/nowhere/soffice"})
    with (
        runtime_for(settings) as runtime,
        runtime_for(settings, Role.WORKER) as office,
        pytest.raises(UnsafeConfiguration, match="CONVERTER"),
    ):
        work(runtime, office)
