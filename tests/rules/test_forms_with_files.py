"""A form with a file that is refused keeps every field and the file: sent again, nothing has to be chosen anew.

Every route that takes a file is listed here with what it can be refused for besides the file; a new one that is not
fails the first test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.runtime import Runtime
from portal.services.files import held_uploads
from portal.web.guard import declared
from tests.consents.test_giving_consent import chosen
from tests.support.browser import Browser, Page, held
from tests.support.story import HERE, PDF, Room, Someone, Story

TODAY = clock.today(HERE)
IN_PIECES = {"uploads.send", "dav.door"}
"""Protocols of programs: what has arrived is kept by them, and no form is shown."""
ROWS = "Navn;E-mail;Stilling;Enhed\nBo Bæk;bo@by.example;Konsulent;{}\n"


@dataclass
class Setting:
    app: Flask
    story: Story
    room: Room
    teacher: Someone
    owner: psycopg.Connection
    file_id: UUID
    organisation: str


@dataclass(frozen=True)
class Form:
    """A form with a file, and something else in it that is wrong at first."""

    who: str
    page: Callable[[Setting], str]
    marker: str
    wrong: dict[str, str]
    """Fields for which it is refused, though the file is fine."""
    right: dict[str, str]
    """The same fields, mended."""
    more: Callable[[Setting, Page], dict[str, str]] = lambda _setting, _page: {}
    """Fields that are right from the beginning."""
    file: str = "file"
    name: str = "Blå bog.pdf"
    content: bytes = PDF
    sent_to: str = ""
    """Where its button sends it, if not where the form says."""
    ends: Callable[[Browser, Page], Page] = lambda _browser, page: page
    """What is still to be pressed afterwards."""
    as_text: str = ""
    """The field that shows what was in the file, where it is shown and not kept."""
    skips: tuple[str, ...] = field(default_factory=tuple)


def on(day: object, name: str) -> dict[str, str]:
    return {f"{name}-{part}": str(getattr(day, part)) for part in ("day", "month", "year")}


def of_the_case(path: str) -> Callable[[Setting], str]:
    return lambda setting: f"/cases/{setting.room.case_id}{path}"


def register(setting: Setting) -> str:
    return f"/cases/{setting.room.case_id}/consents/register/{setting.room.member(setting.room.young)}"


def place_of_file(setting: Setting, page: Page) -> dict[str, str]:
    radios = page.form("compartment").find_all("input", {"name": "compartment"})
    return {"compartment": str(radios[0]["value"])}


def _first(page: Page, name: str) -> str:
    return str(page.form("data-draft").find_all("input", {"name": name})[0]["value"])


def thread_of(setting: Setting) -> str:
    return f"/cases/{setting.room.case_id}/messages/{setting.story.thread(setting.room, setting.room.guide)}"


LONG = "x" * 1001
FORMS = {
    "files.add": Form(
        "guide", of_the_case("/files/new"), "compartment", {"note": LONG}, {"note": "Ny"}, more=place_of_file
    ),
    "messages.start": Form(
        "guide", of_the_case("/messages/new"), "data-draft", {"subject": " "}, {"subject": "Emne"},
        more=lambda _s, page: {"compartment": _first(page, "compartment"), "body": "Hej"}, skips=("body",),
    ),
    "messages.reply": Form(
        "guide", thread_of, "data-draft", {}, {"body": "Hej"},
    ),
    "versions.add": Form(
        "guide", lambda s: f"/cases/{s.room.case_id}/files/{s.file_id}", "/versions", {"note": LONG}, {"note": "Ny"}
    ),
    "old_forms.add": Form(
        "guide", of_the_case("/plan/goals_and_agreements/elsewhere"), "made_on", {}, on(TODAY, "made_on"),
        more=lambda _s, _p: {"others": "Karl Forrige", "note": "Fra Nordskolen"},
    ),
    "word.bring": Form(
        "guide", of_the_case("/plan/goals_and_agreements/word"), "file", {"submission": "no number"}, {},
        name="Plan.docx", skips=("submission",),
    ),
    "consents.register": Form(
        "guide", register, "given_on", {}, on(TODAY - timedelta(days=9), "given_on"), file="scan",
        more=lambda _s, page: {**chosen(page, "Skole", ["shared"]), "note": "Lagt på mødet", "told": "y"},
        ends=lambda browser, page: browser.submit(page, "read"),
    ),
    "consent_papers.to_sign": Form(
        "guide", register, "given_on", {}, {}, file="scan", sent_to="/page",
        more=lambda _s, _p: {**on(TODAY, "given_on"), "note": "Lagt på mødet", "told": "y"},
    ),
    "office_import.check": Form(
        "administrator", lambda s: f"/office/organisations/{s.organisation}/import", "file", {},
        {"content": ROWS.format("Jobcenter")}, name="liste.csv", content=ROWS.format("Ukendt enhed").encode(),
        as_text="content",
    ),
}  # fmt: skip


@pytest.fixture
def setting(app: Flask, story: Story, owner: psycopg.Connection) -> Setting:
    room = story.case()
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    story.plan(room, room.guide)
    file_id = story.file(room, room.guide, name="Før.pdf")
    story.unit("Jobcenter")
    organisation = owner.execute("select id from organisation").fetchone()
    assert organisation is not None
    return Setting(app, story, room, teacher, owner, file_id, str(organisation[0]))


def browser_of(form: Form, setting: Setting) -> Browser:
    someone = setting.story.admin() if form.who == "administrator" else setting.room.guide
    return Browser(setting.app, setting.story.token(someone))


def a_word_file(setting: Setting) -> bytes:
    browser = Browser(setting.app, setting.story.token(setting.room.guide))
    at = f"/cases/{setting.room.case_id}/plan/goals_and_agreements/versions/1/paper/docx"
    return bytes(browser.get(at).response.data)


def sent(browser: Browser, form: Form, page: Page, typed: dict[str, Any]) -> Page:
    if not form.sent_to:
        return browser.submit(page, form.marker, **typed)
    fields = {**held(page.form(form.marker)), **typed}
    files = {k: (v[1], v[0]) for k, v in fields.items() if isinstance(v, tuple)}
    from io import BytesIO

    data = {**fields, **{k: (BytesIO(content), name) for k, (content, name) in files.items()}}
    return browser.post(page.path + form.sent_to, data, fields["csrf_token"], content_type="multipart/form-data")


def saved(setting: Setting) -> list[tuple[bool]]:
    return setting.owner.execute("select blob is null from kept_file").fetchall()


def test_every_form_that_takes_a_file_is_here(app: Flask) -> None:
    takes = {
        name
        for name in app.view_functions
        if (d := declared(app, name)) is not None and (d.takes_files or d.takes_list)
    }
    assert takes - IN_PIECES == set(FORMS)


@pytest.mark.parametrize("name", FORMS)
def test_a_refused_form_keeps_every_field_and_the_file(name: str, setting: Setting, runtime: Runtime) -> None:
    form = FORMS[name]
    browser, content = browser_of(form, setting), a_word_file(setting) if name == "word.bring" else form.content
    page = browser.get(form.page(setting))
    typed = {**form.more(setting, page), **form.wrong}
    before = len(list(runtime.store.keys()))
    refused = sent(browser, form, page, {**typed, form.file: (form.name, content)})
    assert refused.status == 422, refused.text
    shown = held(refused.form(form.marker))
    for key, value in typed.items():
        if key not in form.skips:
            assert shown.get(key) == value, f"{key} is lost"
    if form.as_text:
        assert shown[form.as_text].strip() == content.decode().strip()
        assert saved(setting) == [], "what is shown in the form is put right there"
    else:
        assert f"Valgt: {form.name}" in refused.text
        assert saved(setting) == [(False,)]
        assert len(list(runtime.store.keys())) == before + 1
    if name == "consent_papers.to_sign":
        # Nothing was answered; the page is now used for what its file is for.
        form = FORMS["consents.register"]
        mended = browser.submit(refused, "given_on", **chosen(refused, "Skole", ["shared"]))
    else:
        mended = browser.submit(refused, form.marker, **form.right)
    assert mended.status in (200, 303), mended.text
    done = form.ends(browser, mended)
    if form.as_text:
        assert "Bo Bæk" in done.text
        return
    assert done.status == 303, done.text
    assert saved(setting) == [(True,)]
    again = browser.submit(refused, form.marker, **form.right)
    assert again.status in (200, 303, 422), "sent twice"
    assert [row[0] for row in setting.owner.execute(
        "select count(*) from (select blob from file_version union all select scan_blob from consent union all "
        "select blob from held_upload) every group by blob having count(*) > 1")] == []  # fmt: skip


def refused_page(
    setting: Setting, name: str = "Blå bog.pdf", content: bytes = PDF, browser: Browser | None = None
) -> tuple[Browser, Page]:
    browser = browser or Browser(setting.app, setting.story.token(setting.room.guide))
    page = browser.get(f"/cases/{setting.room.case_id}/files/new")
    typed = {**place_of_file(setting, page), "note": LONG}
    return browser, browser.submit(page, "compartment", **typed, file=(name, content))


def handle_of(page: Page) -> str:
    return str(page.soup.find("input", {"name": "file-kept"})["value"])  # type: ignore[index]


def bytes_of_newest(setting: Setting, browser: Browser) -> bytes:
    row = setting.owner.execute("select file_id from file_version order by created_at desc limit 1").fetchone()
    assert row is not None
    return bytes(browser.get(f"/cases/{setting.room.case_id}/files/{row[0]}/versions/1").response.data)


def test_the_kept_file_comes_in_byte_for_byte_and_once(setting: Setting) -> None:
    content = PDF + bytes(range(256)) * 700
    browser, page = refused_page(setting, content=content)
    twice = [browser.submit(page, "compartment", note="Ny") for _ in range(2)]
    assert [one.status for one in twice] == [303, 303], "sending the same form twice does the thing once"
    assert bytes_of_newest(setting, browser) == content
    assert setting.owner.execute("select count(*) from file_version").fetchone() == (2,)
    other = browser.get(f"/cases/{setting.room.case_id}/files/new")
    fields = {**place_of_file(setting, other), "file-kept": handle_of(page)}
    assert browser.submit(other, "compartment", **fields).status == 422, "another form cannot have it too"
    assert setting.owner.execute("select count(*) from file_version").fetchone() == (2,)


def test_another_choice_takes_its_place_and_it_can_be_let_go(setting: Setting) -> None:
    browser, page = refused_page(setting)
    second = browser.submit(page, "compartment", note=LONG, file=("Den rigtige.pdf", PDF + b"2"))
    assert "Valgt: Den rigtige.pdf" in second.text
    assert "Blå bog" not in second.text
    assert saved(setting) == [(False,)]
    dropped = browser.submit(second, "compartment", note="Ny", **{"file-drop": "y"})
    assert dropped.status == 422
    assert "Vælg en fil" in dropped.text
    assert saved(setting) == []
    jobs = setting.owner.execute("select count(*) from procrastinate_jobs where task_name = 'forget_blob'").fetchone()
    assert jobs == (2,)


def test_a_file_that_was_refused_itself_is_not_kept(setting: Setting, runtime: Runtime) -> None:
    browser = Browser(setting.app, setting.story.token(setting.room.guide))
    page = browser.get(f"/cases/{setting.room.case_id}/files/new")
    before = set(runtime.store.keys())
    typed = {**place_of_file(setting, page), "note": "Skriv venligst"}
    refused = browser.submit(page, "compartment", **typed, file=("spil.exe", b"MZ"))
    assert refused.status == 422
    assert "Valgt:" not in refused.text
    assert held(refused.form("compartment"))["note"] == "Skriv venligst"
    assert saved(setting) == []
    assert set(runtime.store.keys()) == before


def test_nobody_else_and_no_other_form_gets_it(setting: Setting) -> None:
    mine, page = refused_page(setting)
    handle = handle_of(page)
    colleague = setting.story.staff("Kim Kollega")
    setting.story.add(setting.room, colleague, Level.WRITE)
    theirs = Browser(setting.app, setting.story.token(colleague))
    form = theirs.get(f"/cases/{setting.room.case_id}/files/new")
    answer = theirs.submit(form, "compartment", **place_of_file(setting, form), **{"file-kept": handle})
    assert answer.status == 422
    assert "Blå bog" not in answer.text
    version = mine.get(f"/cases/{setting.room.case_id}/files/{setting.file_id}")
    assert mine.submit(version, "/versions", **{"file-kept": handle}).status == 422
    for crooked in ("", "x", f"{handle[:-4]}AAAA", handle.split(".")[0], f"{UUID(int=0)}.{handle.split('.')[1]}"):
        form = mine.get(f"/cases/{setting.room.case_id}/files/new")
        answer = mine.submit(form, "compartment", **place_of_file(setting, form), **{"file-kept": crooked})
        assert answer.status == 422, crooked
    assert mine.submit(page, "compartment", note="Ny").status == 303, "and it is still there for its own"


def test_what_waits_tells_the_database_nothing(setting: Setting, postgres, runtime: Runtime) -> None:  # type: ignore[no-untyped-def]
    _browser, page = refused_page(setting, "Hemmeligtmærkeord.pdf", PDF + b"hemmeligtindhold")
    row = setting.owner.execute("select t::text, sealed from kept_file t").fetchone()
    assert row is not None
    assert "Hemmelig" not in row[0]
    assert b"Hemmelig" not in bytes(row[1])
    assert handle_of(page).split(".")[1] not in row[0]
    blob = setting.owner.execute("select blob from kept_file").fetchone()
    assert blob is not None
    with runtime.store.open(blob[0]) as reader:
        assert b"hemmeligtindhold" not in reader.read_at(0, reader.size)
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(setting.teacher.id)])
        assert connection.execute("select count(*) from kept_file").fetchone() == (0,)


def test_what_nobody_came_back_for_goes_after_a_day_and_what_was_used_stays(
    setting: Setting, runtime: Runtime, calendar
) -> None:  # type: ignore[no-untyped-def]
    browser, page = refused_page(setting)
    browser.submit(page, "compartment", note="Ny")
    _browser, left = refused_page(setting, "Glemt.pdf", browser=browser)
    left_blob = setting.owner.execute("select blob from kept_file where blob is not null").fetchone()
    assert left_blob is not None
    with runtime.unit_of_work() as session:
        assert held_uploads.sweep_held_uploads(session) == 0
    calendar.move(days=1, minutes=1)
    with runtime.unit_of_work() as session:
        assert held_uploads.sweep_held_uploads(session) == 1
    assert saved(setting) == []
    jobs = setting.owner.execute("select args ->> 'blob' from procrastinate_jobs where task_name = 'forget_blob'")
    assert jobs.fetchall() == [left_blob]
    guide = Browser(setting.app, setting.story.token(setting.room.guide))
    assert bytes_of_newest(setting, guide) == PDF
    form = guide.get(f"/cases/{setting.room.case_id}/files/new")
    late = guide.submit(form, "compartment", **place_of_file(setting, form), **{"file-kept": handle_of(left)})
    assert late.status == 422
    assert "Vælg en fil" in late.text


def test_one_person_cannot_fill_the_store_with_what_waits(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_uploads, "MOST", 3)
    browser = Browser(setting.app, setting.story.token(setting.room.guide))
    pages = [refused_page(setting, f"Nummer {n}.pdf", browser=browser)[1] for n in range(5)]
    assert len(saved(setting)) == 3
    assert [browser.submit(page, "compartment", note="Ny").status for page in pages] == [422, 422, 303, 303, 303]


def test_a_file_sent_when_the_proof_had_grown_old_is_there_again_after_it(setting: Setting) -> None:
    form = FORMS["office_import.check"]
    browser = browser_of(form, setting)
    page = browser.get(form.page(setting))
    setting.owner.execute("update login set fresh_at = fresh_at - interval '1 hour'")
    asked = browser.submit(page, "file", file=("liste.csv", ROWS.format("Jobcenter").encode()))
    assert asked.headers["Location"].endswith("/step-up")
    setting.owner.execute("update login set fresh_at = now()")
    back = browser.get(form.page(setting))
    assert "Valgt: liste.csv" in back.text
    assert "Bo Bæk" in browser.submit(back, "file").text
