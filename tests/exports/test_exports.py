"""Copies to take away: complete, safe to unpack, for one person alone, and only while they may read what is in it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.documents.packages import ZipPackage, safe
from portal.errors import NotFound
from portal.jobs import worker
from portal.runtime import Runtime
from portal.services.exports import exports
from portal.services.files import conflicts, downloads, folders
from portal.services.plans import editing
from portal.services.plans.open_plan import open_plan
from tests.support.browser import Browser
from tests.support.story import PDF, Room, Someone, Story

DANISH = "Referat – æøå 🍓.pdf"


def work_off(runtime: Runtime, owner: psycopg.Connection, task: str = "make_export") -> None:
    """Does what was queued, as the worker does."""
    app = worker.build(runtime)
    for number, arguments in owner.execute("select id, args from procrastinate_jobs where task_name = %s", [task]):
        app.tasks[task](**arguments)
        owner.execute("delete from procrastinate_jobs where id = %s", [number])


def packed(story: Story, room: Room, who: Someone, owner: psycopg.Connection, folder: str = "") -> UUID:
    """A package that somebody asked for and the worker made."""

    def ask(ticket):  # type: ignore[no-untyped-def]
        if folder:
            return exports.ask_for_folder(ticket, uuid4(), folder, "da")
        return exports.ask_for_case(ticket, uuid4(), "da")

    made = story.play(room, who, ask)
    work_off(story.runtime, owner)
    return made


def opened(story: Story, room: Room, who: Someone, export_id: UUID, is_case: bool = True) -> zipfile.ZipFile:
    def fetch(ticket):  # type: ignore[no-untyped-def]
        return b"".join(exports.fetch(ticket, story.runtime.store, export_id, is_case).content)

    return zipfile.ZipFile(io.BytesIO(story.play(room, who, fetch)))


def in_folder(story: Story, room: Room, name: str, content: bytes = PDF, compartment: str = "shared") -> UUID:
    file_id = story.file(room, room.guide, compartment, name, content)
    story.play(room, room.guide, lambda t: folders.place_in_folder(t, file_id, "Møder"))
    return file_id


def test_a_folder_holds_the_newest_of_each_file_under_its_own_name(
    story: Story, room: Room, owner: psycopg.Connection, runtime: Runtime
) -> None:
    first = in_folder(story, room, DANISH)
    story.version(room, room.guide, first, DANISH, PDF + b"nyere")
    in_folder(story, room, DANISH.upper(), PDF + b"en anden")
    story.file(room, room.guide, name="udenfor.pdf")
    package = opened(story, room, room.young, packed(story, room, room.young, owner, "Møder"), is_case=False)
    assert package.testzip() is None
    assert {name: package.read(name) for name in package.namelist()} == {
        DANISH: PDF + b"nyere",
        "REFERAT – ÆØÅ 🍓 (2).PDF": PDF + b"en anden",
    }
    told = owner.execute(
        "select item_id, fields->>'number' from audit_event where event = 'version.downloaded' and actor_id = %s",
        [room.young.id],
    ).fetchall()
    assert len(told) == 2
    assert (first, "2") in told
    for stored in runtime.store.listing():
        with runtime.store.open(stored.key) as blob:
            assert b"Referat" not in blob.read_at(0, blob.size), "a package is sealed like any file"


def test_what_a_package_holds_is_what_its_person_had_last(
    story: Story, room: Room, owner: psycopg.Connection, runtime: Runtime
) -> None:
    """An older copy that is taken out last and sent back changed meets the versions that it does not hold."""
    file_id = in_folder(story, room, DANISH)
    made = packed(story, room, room.young, owner, "Møder")
    story.version(room, room.guide, file_id, DANISH, PDF + b"nyere")
    story.play(room, room.young, lambda t: b"".join(downloads.download(t, runtime.store, file_id, 2).content))
    opened(story, room, room.young, made, is_case=False)
    changed = story.upload(DANISH, PDF + b"i det gamle")
    sent = story.play(room, room.young, lambda t: conflicts.bring(t, uuid4(), file_id, changed, 2))
    assert sent.held_id is not None


def test_a_copy_of_the_case_holds_everything_its_person_may_read_and_nothing_else(
    story: Story, room: Room, owner: psycopg.Connection
) -> None:
    file_id = in_folder(story, room, DANISH)
    story.version(room, room.guide, file_id, DANISH, PDF + b"nyere")
    story.file(room, room.guide, "professionals", "hemmelig.pdf", PDF + b"fagligt")
    story.thread(room, room.guide, "shared", "Næste møde", "Vi ses <b>torsdag</b> & snakker")
    story.thread(room, room.guide, "professionals", "Internt", "fagligtord")
    story.plan(room, room.guide, "Jeg vil bo for mig selv")
    package = opened(story, room, room.young, packed(story, room, room.young, owner))
    assert set(package.namelist()) == {
        f"Filer - Møder/{DANISH}",
        f"Tidligere versioner/{DANISH}",
        "Indhold.html",
        "Beskeder.html",
        "Plan.html",
    }
    assert package.read(f"Tidligere versioner/{DANISH}") == PDF
    messages, plan = package.read("Beskeder.html").decode(), package.read("Plan.html").decode()
    assert "Næste møde" in messages
    assert "Vi ses &lt;b&gt;torsdag&lt;/b&gt; &amp; snakker" in messages
    assert "Grete Guide" in messages
    assert "Jeg vil bo for mig selv" in plan
    everything = b"".join(package.read(name) for name in package.namelist()).decode("utf-8", "replace")
    assert not [word for word in ("fagligt", "hemmelig", "Internt") if word in everything]
    guides = opened(story, room, room.guide, packed(story, room, room.guide, owner))
    assert "Filer/hemmelig.pdf" in guides.namelist()


def test_what_the_scanner_has_not_let_through_is_named_and_left_out(
    story: Story, room: Room, owner: psycopg.Connection
) -> None:
    story.file(room, room.guide, name="ren.pdf")
    bad = story.file(room, room.guide, name="smittet.pdf", content=PDF + b"smitte")
    owner.execute("update file_version set scan = 'refused' where file_id = %s", [bad])
    package = opened(story, room, room.young, packed(story, room, room.young, owner))
    assert "Filer/ren.pdf" in package.namelist()
    assert "Filer/smittet.pdf" not in package.namelist()
    assert "smittet.pdf" in package.read("Indhold.html").decode()


def close_health(story: Story, room: Room, who: Someone, file_id: UUID, owner: psycopg.Connection) -> None:
    story.consent(room, room.young, otherwise=("shared",))


def close(story: Story, room: Room, who: Someone, file_id: UUID, owner: psycopg.Connection) -> None:
    story.set_level(room, who, Level.NONE)


def withdraw(story: Story, room: Room, who: Someone, file_id: UUID, owner: psycopg.Connection) -> None:
    story.play(room, room.guide, lambda t: folders.withdraw_file(t, file_id, "Forkert fil"))


def infect(story: Story, room: Room, who: Someone, file_id: UUID, owner: psycopg.Connection) -> None:
    owner.execute("update file_version set scan = 'refused' where file_id = %s", [file_id])


@pytest.mark.parametrize("change", [close_health, close, withdraw, infect])
def test_a_package_opens_only_while_its_person_may_read_all_that_is_in_it(
    change: Callable[..., None], story: Story, room: Room, owner: psycopg.Connection
) -> None:
    doctor = story.staff("Petra Psykiater", "Psykiatrien")
    story.add(room, doctor)
    story.everybody_agrees(room)
    file_id = in_folder(story, room, "prøve.pdf", compartment="health")
    for folder in ("Møder", ""):
        made = packed(story, room, doctor, owner, folder)
        assert any("prøve.pdf" in name for name in opened(story, room, doctor, made, not folder).namelist())
    change(story, room, doctor, file_id, owner)
    with pytest.raises(NotFound):
        opened(story, room, doctor, made)


def test_a_package_is_its_persons_alone(app: Flask, story: Story, room: Room, owner: psycopg.Connection) -> None:
    story.file(room, room.guide)
    made = packed(story, room, room.guide, owner)
    young, guide = (Browser(app, story.token(who)) for who in (room.young, room.guide))
    path = f"/cases/{room.case_id}/copies/case/{made}"
    assert young.get(path).status == young.get(f"/cases/{room.case_id}/copies/case/{uuid4()}").status == 404
    assert guide.get(f"/cases/{room.case_id}/copies/{made}").status == 404, "a case is not fetched as a folder is"
    assert guide.get(path).status == 200
    owner.execute("set role portal_app")
    owner.execute("select set_config('app.person_id', %s, false)", [str(room.young.id)])
    assert owner.execute("select count(*) from export").fetchone() == (0,)
    owner.execute("reset role")


def test_a_copy_of_the_case_takes_a_fresh_proof(app: Flask, story: Story, room: Room, owner, calendar) -> None:  # type: ignore[no-untyped-def]
    made = packed(story, room, room.young, owner)
    browser = Browser(app, story.token(room.young))
    case = f"/cases/{room.case_id}/copies"
    calendar.move(minutes=11)
    for answer in (
        browser.get(f"{case}/case"),
        browser.post(f"{case}/case", {"submission": str(uuid4())}),
        browser.get(f"{case}/case/{made}"),
    ):
        assert answer.status == 303
        assert "/step-up" in answer.headers["Location"]


def test_asked_for_on_the_page_and_announced_when_it_is_ready(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection, runtime: Runtime
) -> None:
    in_folder(story, room, "plan.pdf")
    browser = Browser(app, story.token(room.young))
    case = f"/cases/{room.case_id}"
    mark = next(
        str(o["value"]) for o in browser.get(f"{case}/files").soup.find_all("option") if "Møder" in o.get_text()
    )
    page = browser.submit(browser.get(f"{case}/files?folder={mark}"), "copies/folder")
    page = browser.follow(page)
    assert "Møder" in page.text
    assert "bliver pakket" in page.text
    browser.submit(browser.get(f"{case}/copies/case"), "submission")
    work_off(runtime, owner)
    assert "pakket" in browser.get(f"{case}/files").text
    page = browser.get(f"{case}/copies")
    links = [link for link in page.links() if "/copies/" in link and not link.endswith("/case")]
    assert len(links) == 2
    for link in links:
        answer = browser.client.get(link)
        assert answer.status_code == 200
        assert answer.mimetype == "application/zip"
        assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None
        answer.close()
    assert "Mappen" not in browser.get(f"{case}/files").text, "what was fetched is no news"


def test_a_folder_that_is_not_there_cannot_be_asked_for(story: Story, room: Room) -> None:
    with pytest.raises(NotFound):
        story.play(room, room.young, lambda t: exports.ask_for_folder(t, uuid4(), "Findes ikke", "da"))


def test_a_damaged_file_makes_no_half_package_and_the_page_says_so(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection, runtime: Runtime
) -> None:
    story.file(room, room.guide)
    (blob,) = runtime.store.keys()
    path = runtime.settings.data_dir / "blobs" / blob[:2] / blob
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    packed(story, room, room.young, owner)
    assert list(runtime.store.keys()) == [blob]
    assert "beskadiget" in Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/copies").text


def test_a_package_whose_person_has_left_meanwhile_is_not_made(
    story: Story, room: Room, owner: psycopg.Connection, runtime: Runtime
) -> None:
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher)
    story.everybody_agrees(room)
    story.play(room, teacher, lambda t: exports.ask_for_case(t, uuid4(), "da"))
    story.set_level(room, teacher, Level.NONE)
    work_off(runtime, owner)
    assert list(runtime.store.keys()) == []


def test_a_package_goes_by_itself(
    story: Story, room: Room, owner: psycopg.Connection, runtime: Runtime, calendar
) -> None:  # type: ignore[no-untyped-def]
    packed(story, room, room.young, owner)
    assert len(list(runtime.store.keys())) == 1
    calendar.move(days=3, minutes=1)
    assert story.play(room, room.young, exports.my_exports) == []
    with runtime.unit_of_work() as session:
        assert exports.sweep_exports(session) == 1
    work_off(runtime, owner, "forget_blob")
    assert list(runtime.store.keys()) == []


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "_"),
        ("C:\\Windows\\x.dll", "C__Windows_x.dll"),
        ("con.txt", "_con.txt"),
        ("a\x00b\nc.pdf", "a_b_c.pdf"),
        ('hvad?"<>|*.pdf', "hvad______.pdf"),
        ("plan. ", "plan"),
        ("NUL", "_NUL"),
        ("nul .txt", "_nul.txt"),
        ("Com¹.pdf", "_Com¹.pdf"),
        ("lpt9.a.b", "_lpt9.a.b"),
        ("CONIN$.txt", "_CONIN$.txt"),
        ("Consent.pdf", "Consent.pdf"),
        ("nul\u200e.txt", "nul_.txt"),
        ("a\u202efdp.exe", "a_fdp.exe"),
        ("aa\u030a.pdf", "aå.pdf"),
        ("\x85\x7f\ud800.pdf", "___.pdf"),
        ("...", "_"),
        ("å" * 196 + ".pdf", "å" * 68 + ".pdf"),
        ("🍓" * 60 + ".docx", "🍓" * 33 + ".docx"),
        ("a" * 200 + ".pdf", "a" * 136 + ".pdf"),
        ("a" * 134 + "e\u0301\u0323.pdf", "a" * 134 + ".pdf"),
        (DANISH, DANISH),
    ],
)
def test_a_name_in_a_package_leads_nowhere_else(name: str, saved: str) -> None:
    assert safe(name) == saved


def test_files_of_one_name_are_numbered_and_none_is_lost() -> None:
    out = io.BytesIO()
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with ZipPackage(out) as package:
        names = [
            package.add("", name, at, [name.encode()], len(name))
            for name in ("a.pdf", "A.pdf", "a.pdf", "a (2).pdf", "b")
        ]
    assert names == ["a.pdf", "A (2).pdf", "a (3).pdf", "a (2) (2).pdf", "b"]
    assert sorted(zipfile.ZipFile(io.BytesIO(out.getvalue())).namelist()) == sorted(names)


@pytest.mark.parametrize(
    ("language", "pages", "said"),
    [
        ("da", {"Indhold.html", "Plan.html"}, ("Mål- og aftaleskema, Version 1", "Kladde", "vil jeg ikke svare på")),
        ("en", {"Contents.html", "Plan.html"}, ("Goal and agreement schema, Version 1", "Draft", "I would rather not")),
    ],
)
def test_a_package_speaks_the_language_it_was_asked_for_in(
    language: str, pages: set[str], said: tuple[str, ...], story: Story, room: Room, owner: psycopg.Connection
) -> None:
    story.plan(room, room.guide)
    tool = "goals_and_agreements"
    story.play(room, room.guide, lambda t: editing.add_row(open_plan(t, tool), 1, "goals", progress="declined"))
    made = story.play(room, room.young, lambda t: exports.ask_for_case(t, uuid4(), language))
    work_off(story.runtime, owner)
    package = opened(story, room, room.young, made)
    assert pages <= set(package.namelist())
    told = package.read("Plan.html").decode()
    for words in said:
        assert words in told
