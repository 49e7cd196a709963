"""A version waits until the scanner has spoken: nobody else fetches it before, and nobody at all what it refused."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.exc import ProgrammingError

from portal import create_app
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput
from portal.runtime import Runtime, runtime_for
from portal.services.files import virus_scans
from portal.settings import Settings
from portal.storage.scanning import ScanState
from tests.support.browser import Browser
from tests.support.clamd_server import EICAR, ClamdServer
from tests.support.served import served
from tests.support.story import PDF, Room, Story

pytestmark = pytest.mark.xdist_group("clamd")
VIRUS = PDF + EICAR


@pytest.fixture
def scanned_settings(portal_settings: Settings, clamd_server: ClamdServer) -> Settings:
    return portal_settings.model_copy(update={"clamd_url": clamd_server.url})


@pytest.fixture
def scanning(scanned_settings: Settings) -> Iterator[Runtime]:
    """A portal with a scanner."""
    with runtime_for(scanned_settings) as runtime:
        yield runtime


def states(owner: psycopg.Connection) -> list[str]:
    return [state for (state,) in owner.execute("select scan from file_version order by created_at, id")]


def work(runtime: Runtime) -> int:
    return virus_scans.scan_waiting(runtime.unit_of_work, runtime.store)


def paths(room: Room, file_id: UUID) -> tuple[str, str]:
    page = f"/cases/{room.case_id}/files/{file_id}"
    return page, f"{page}/versions/1"


def test_while_it_waits_only_its_author_can_fetch_it(scanning: Runtime, owner: psycopg.Connection) -> None:
    story = Story(scanning)
    room = story.case()
    file_id = story.file(room, room.guide)
    assert states(owner) == ["waiting"]
    page, fetch = paths(room, file_id)
    app = create_app(scanning)
    guide, young = Browser(app, story.token(room.guide)), Browser(app, story.token(room.young))
    assert guide.get(fetch).response.data == PDF
    refused = young.get(fetch)
    assert refused.status == 403
    assert PDF not in refused.response.data
    assert "bliver stadig tjekket for virus" in refused.text
    assert fetch not in young.get(page).links()
    assert fetch in guide.get(page).links()
    assert "Bliver tjekket for virus" in young.get(page).text
    assert "Bliver tjekket for virus" in young.get(page.rsplit("/", 1)[0]).text

    assert work(scanning) == 1
    assert states(owner) == ["clean"]
    assert young.get(fetch).response.data == PDF
    assert "Tjekket for virus" in young.get(page).text
    assert work(scanning) == 0


def test_what_it_refuses_nobody_can_fetch_and_the_log_says_so(scanning: Runtime, owner: psycopg.Connection) -> None:
    story = Story(scanning)
    room = story.case()
    file_id = story.file(room, room.guide, content=VIRUS)
    assert work(scanning) == 1
    assert states(owner) == ["refused"]
    page, fetch = paths(room, file_id)
    app = create_app(scanning)
    for someone in (room.guide, room.young):
        browser = Browser(app, story.token(someone))
        refused = browser.get(fetch)
        assert refused.status == 403
        assert EICAR not in refused.response.data
        assert "virus" in refused.text
        assert fetch not in browser.get(page).links()
        assert "Lukket: der blev fundet virus" in browser.get(page).text
    log = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/log").text
    assert "Virusskanneren" in log
    assert "tjekkede version 1 af ”plan.pdf”" in log
    line = owner.execute("select fields, actor_id from audit_event where event = 'version.scanned'").fetchone()
    assert line is not None
    assert (line[0]["state"], line[1]) == ("refused", None)


def test_a_new_version_is_scanned_too_and_the_older_one_stays_open(
    scanning: Runtime, owner: psycopg.Connection
) -> None:
    story = Story(scanning)
    room = story.case()
    file_id = story.file(room, room.guide)
    work(scanning)
    story.version(room, room.guide, file_id, content=VIRUS)
    work(scanning)
    young = Browser(create_app(scanning), story.token(room.young))
    assert young.get(paths(room, file_id)[1]).response.data == PDF
    assert young.get(f"/cases/{room.case_id}/files/{file_id}/versions/2").status == 403


def test_without_a_scanner_it_is_said_aloud_in_the_list_once(runtime: Runtime, owner: psycopg.Connection) -> None:
    story = Story(runtime)
    room = story.case()
    file_id = story.file(room, room.guide)
    assert states(owner) == ["not_scanned"]
    young = Browser(create_app(runtime), story.token(room.young))
    page, fetch = paths(room, file_id)
    story.file(room, room.guide)
    assert young.get(page.rsplit("/", 1)[0]).text.count("ikke tjekket for virus") == 1
    assert "virus" not in young.get(page).text
    assert young.get(fetch).response.data == PDF


def test_a_scanner_taken_away_leaves_nothing_waiting_forever(
    scanning: Runtime, portal_settings: Settings, owner: psycopg.Connection
) -> None:
    story = Story(scanning)
    story.file(room := story.case(), room.guide)
    with runtime_for(portal_settings) as without:
        assert work(without) == 1
    assert states(owner) == ["not_scanned"]


def test_a_harmed_file_stays_closed_and_keeps_nobody_else_waiting(scanning: Runtime, owner: psycopg.Connection) -> None:
    story = Story(scanning)
    room = story.case()
    story.file(room, room.guide)
    blob = owner.execute("select blob from file_version").fetchone()
    assert blob is not None
    path = scanning.settings.data_dir / "blobs" / blob[0][:2] / blob[0]
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    story.file(room, room.guide)
    assert work(scanning) == 1
    assert states(owner) == ["waiting", "clean"]


def test_the_worker_scans_at_once_and_releases_what_waited_for_a_scanner_that_was_down(
    scanned_settings: Settings, clamd_server: ClamdServer, owner: psycopg.Connection, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with runtime_for(scanned_settings) as runtime, served(scanned_settings, tmp_path / "served"):
        story = Story(runtime)
        room = story.case()
        story.file(room, room.guide)
        wait_for(lambda: states(owner) == ["clean"])
        clamd_server.stop()
        try:
            story.file(room, room.guide, content=VIRUS)
            wait_for(lambda: "neighbour down" in (tmp_path / "served" / "worker.log").read_text())
            assert states(owner) == ["clean", "waiting"]
            assert work(runtime) == 0
        finally:
            clamd_server.start()
        # What the clock does every minute.
        assert work(runtime) == 1
        assert states(owner) == ["clean", "refused"]


def test_the_scanners_role_sees_what_waits_and_nothing_else(
    scanning: Runtime, owner: psycopg.Connection, postgres: EmbeddedPostgres
) -> None:
    story = Story(scanning)
    room, other = story.case(), story.case(name="Noah")
    story.file(room, room.guide)
    work(scanning)
    story.file(other, other.guide)
    with psycopg.connect(postgres.url("portal_app", str(scanning.engine.url.database))) as connection:
        connection.execute("set local role portal_scanner")
        assert connection.execute("select case_id from file_version").fetchall() == [(other.case_id,)]
        assert connection.execute("select case_id from case_key").fetchall() == [(other.case_id,)]
        changed = connection.execute("update file_version set scan = 'clean' where case_id = %s", [room.case_id])
        assert changed.rowcount == 0, "what is settled stays settled"
        for forbidden in ("select name_sealed from file_version", "select * from message", "select * from person",
                          "update file_version set blob = 'x'", "select * from membership"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(forbidden)


def test_nobody_who_puts_a_version_in_can_call_it_clean(
    scanning: Runtime, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(scanning)
    room = story.case()
    monkeypatch.setattr("portal.services.files.arrivals.first_state", lambda _ticket: ScanState.CLEAN)
    with pytest.raises(ProgrammingError, match="row-level security"):
        story.file(room, room.guide)
    assert states(owner) == []


def wait_for(what) -> None:  # type: ignore[no-untyped-def]
    until = time.monotonic() + 120
    while not what():
        assert time.monotonic() < until
        time.sleep(0.1)


# The page of a consent on paper


def paper(story: Story, content: bytes, name: str = "samtykke.pdf") -> tuple[Room, str]:
    """A consent on paper with that page, and the page's address."""
    room = story.case()
    story.add(room, story.staff("Lars Lærer", "Skolen"))
    upload = story.upload(name, content)
    giver = room.parents[0]
    real, story.upload = story.upload, lambda *_about: upload  # type: ignore[method-assign]
    try:
        consent_id = story.paper_consent(room, giver)
    finally:
        story.upload = real  # type: ignore[method-assign]
    return room, f"/cases/{room.case_id}/consents/{consent_id}/scan"


def test_the_page_of_a_consent_on_paper_waits_for_the_scanner_too(scanning: Runtime, owner: psycopg.Connection) -> None:
    story = Story(scanning)
    room, fetch = paper(story, PDF)
    app = create_app(scanning)
    guide, giver = (Browser(app, story.token(who)) for who in (room.guide, room.parents[0]))
    assert guide.get(fetch).response.data == PDF, "whoever put it in may look at it"
    assert giver.get(fetch).status == 403
    assert "Bliver tjekket for virus" in guide.get(f"/cases/{room.case_id}/people").text
    assert work(scanning) == 1
    assert giver.get(fetch).response.data == PDF
    told = owner.execute("select fields, actor_id from audit_event where event = 'consent.scanned'").fetchall()
    assert told == [({"state": "clean"}, None)]
    assert work(scanning) == 0


def test_a_page_with_a_virus_is_opened_by_nobody_and_the_consent_stands(
    scanning: Runtime, owner: psycopg.Connection
) -> None:
    story = Story(scanning)
    room, fetch = paper(story, VIRUS)
    assert work(scanning) == 1
    app = create_app(scanning)
    for who in (room.guide, room.parents[0]):
        answer = Browser(app, story.token(who)).get(fetch)
        assert answer.status == 403
        assert EICAR not in answer.response.data
    people = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/people")
    assert fetch not in people.links()
    assert "Lukket: der blev fundet virus" in people.text
    assert owner.execute("select count(*) from consent").fetchone() == (1,)


def test_the_page_goes_into_the_queue_of_the_scanner_at_once(scanning: Runtime, owner: psycopg.Connection) -> None:
    paper(Story(scanning), PDF)
    queued = owner.execute("select args from procrastinate_jobs where task_name = 'scan_paper'").fetchall()
    consent_id = owner.execute("select id from consent").fetchone()
    assert consent_id is not None
    assert queued == [({"consent_id": str(consent_id[0])},)]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("samtykke.docx", b"PK\x03\x04 no table of contents", "file_not_what_it_says"),
        ("samtykke.txt", b"Jeg siger ja", "scan_kind"),
        ("samtykke.exe", b"MZ", "file_program"),
    ],
)
def test_the_page_of_a_consent_passes_the_same_inspection_as_any_file(
    name: str, content: bytes, code: str, runtime: Runtime
) -> None:
    with pytest.raises(InvalidInput, match=f"scan: {code}"):
        paper(Story(runtime), content, name)


def test_nobody_who_registers_a_consent_can_say_that_its_page_is_clean(
    scanning: Runtime, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.services.files.arrivals.first_state", lambda _ticket: ScanState.CLEAN)
    with pytest.raises(ProgrammingError, match="row-level security"):
        paper(Story(scanning), PDF)


def test_where_there_is_a_scanner_what_it_did_not_look_into_says_so(
    scanning: Runtime, owner: psycopg.Connection
) -> None:
    """A file larger than it takes, or from before it was there: not in green, which is for what was looked into."""
    story = Story(scanning)
    room = story.case()
    file_id = story.file(room, room.guide)
    owner.execute("update file_version set scan = 'not_scanned'")
    young = Browser(create_app(scanning), story.token(room.young))
    page, _fetch = paths(room, file_id)
    for path in (page, page.rsplit("/", 1)[0]):
        (said,) = young.get(path).soup.find_all(string=re.compile("Ikke tjekket for virus"))
        assert said.parent["class"] == ["badge-soft", "wait"]
    assert "Filer bliver ikke tjekket" not in young.get(page.rsplit("/", 1)[0]).text
