"""Every eID that signs in as somebody is told to them, shown with when and how it came, and can be ended."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask

from portal.cli import cli
from portal.demo.eid import Pretended
from portal.demo.postgres import EmbeddedPostgres
from portal.runtime import Runtime
from tests.support.browser import Browser, Page
from tests.support.eid_server import EidServer
from tests.support.eid_visitors import ALMA, BORN, RASK, SAMI, lines, sign_in
from tests.support.story import Room, Story

pytestmark = pytest.mark.usefixtures("eid")

NEWS = "Der er et andet eID, der logger på som dig"


@pytest.fixture
def room(story: Story) -> Room:
    """A case about Alma, whose CPR number the guide has typed."""
    return story.case(born=BORN, parents=0, name=ALMA.name, national_id=ALMA.national_id)


def linked(
    owner: psycopg.Connection, eid: EidServer, who: Pretended, person: UUID, came_by: str, days: int = 0
) -> UUID:
    """That eID signs in as that person since that many days, however it came: as databases from before have it."""
    made = owner.execute(
        "insert into eid_link (id, issuer, subject, person_id, linked_at, came_by) "
        "values (gen_random_uuid(), %s, %s, %s, now() - %s, 'number') returning id",
        [eid.issuer, who.subject, person, timedelta(days=days)],
    ).fetchone()
    assert made is not None
    owner.execute("update eid_link set came_by = %s where id = %s", [came_by, made[0]])
    return UUID(str(made[0]))


def inside(app: Flask, who: Pretended) -> Browser:
    browser = Browser(app)
    browser.follow(sign_in(browser, who))
    return browser


def own_rows(page: Page) -> list[str]:
    section = page.soup.find("section", {"aria-labelledby": "eids"})
    assert section is not None
    return [" ".join(row.get_text(" ").split()) for row in section.find_all("li")]


def test_a_second_eid_is_told_on_every_page_until_the_first_has_seen_it(
    app: Flask, runtime: Runtime, room: Room, eid: EidServer, owner: psycopg.Connection
) -> None:
    """As a database from before has it: somebody else's eID came to be Alma's by a code."""
    alma = inside(app, ALMA)
    here = f"/cases/{room.case_id}"
    assert NEWS not in alma.get(here).text
    linked(owner, eid, RASK, room.young.id, "code")
    for page in (here, f"{here}/plan", f"{here}/consents/mine", "/me/eids/code"):
        assert NEWS in alma.get(page).text, page
    intruder = inside(app, RASK)
    shown = intruder.get("/me")
    assert intruder.submit(shown, "/me/eids/seen").status == 303
    assert NEWS not in intruder.get(here).text
    assert NEWS in alma.get(here).text, "whoever came by the new one cannot look it away"
    alma.post("/sign-out")
    alma = inside(app, ALMA)
    assert NEWS in alma.get(here).text, "and it is there at the next sign-in"
    mine = alma.get("/me")
    rows = own_rows(mine)
    assert "Prøve-eID" in rows[0]
    assert "Fundet på dit CPR-nummer" in rows[0]
    assert "du er kommet med det her" in rows[0]
    assert "Kom med en kode fra en guide" in rows[1]
    assert "Sidst logget på" in rows[1]
    assert alma.submit(mine, "/me/eids/seen").status == 303
    assert NEWS not in alma.get(here).text
    assert lines(owner, "eid.linked")[0] == {"method": "number"}


def test_ending_an_eid_ends_its_sessions_and_lets_it_in_no_more(
    app: Flask, runtime: Runtime, room: Room, eid: EidServer, owner: psycopg.Connection
) -> None:
    linked(owner, eid, RASK, room.young.id, "code")
    intruder, alma = inside(app, RASK), inside(app, ALMA)
    here = f"/cases/{room.case_id}"
    assert intruder.get(here).status == 200
    mine = alma.get("/me")
    (way,) = [link for link in mine.links() if link.endswith("/end")]
    page = alma.get(way)
    assert "logget af med det samme" in page.text
    assert alma.submit(page, "submission").status == 303
    assert intruder.get(here).status == 303, "signed out at once"
    again = Browser(app)
    assert again.follow(sign_in(again, RASK)).path == "/eid/code", "nobody knows that eID any more"
    assert alma.get(here).status == 200
    alma.post("/sign-out")
    assert alma.follow(sign_in(alma, ALMA)).path == here
    saved = owner.execute("select came_by from eid_link where ended_at is not null").fetchall()
    assert saved == [("code",)], "what it was stays, to be looked into"
    assert lines(owner, "eid.unlinked") == [{"method": "code"}]


def test_ending_asks_for_a_fresh_proof(
    app: Flask, runtime: Runtime, room: Room, eid: EidServer, owner: psycopg.Connection
) -> None:
    intruding = linked(owner, eid, RASK, room.young.id, "code")
    alma = inside(app, ALMA)
    page = alma.get(f"/me/eids/{intruding}/end")
    owner.execute("update login set fresh_at = fresh_at - interval '11 minutes'")
    assert alma.submit(page, "submission").headers["Location"] == "/step-up"
    assert owner.execute("select count(*) from eid_link where ended_at is not null").fetchone() == (0,)


@pytest.mark.parametrize(
    ("mine", "mine_days", "other", "other_days", "may"),
    [
        ("number", 1, "code", 9, True),
        ("number", 9, "code", 1, True),
        ("code", 9, "number", 1, False),
        ("unknown", 9, "number", 1, False),
        ("number", 1, "number", 9, True),
        ("code", 9, "code", 1, True),
        ("code", 1, "code", 9, False),
        ("unknown", 9, "code", 1, True),
        ("code", 1, "unknown", 9, False),
    ],
)
def test_nobody_shuts_out_whose_link_is_worth_more(
    mine: str, mine_days: int, other: str, other_days: int, may: bool, app: Flask, runtime: Runtime, story: Story,
    eid: EidServer, owner: psycopg.Connection,
) -> None:  # fmt: skip
    person = story.case(born=BORN, parents=0, name="Sami Ny").young.id
    linked(owner, eid, SAMI, person, mine, mine_days)
    target = linked(owner, eid, RASK, person, other, other_days)
    browser, theirs = inside(app, SAMI), inside(app, RASK)
    page = browser.get(f"/me/eids/{target}/end")
    if may:
        assert browser.submit(page, "submission").status == 303
        assert theirs.get("/me").status == 303
        return
    assert "kun afsluttes af den" in page.text
    assert browser.post(f"/me/eids/{target}/end").status == 422
    assert theirs.get("/me").status == 200
    assert not [link for link in browser.get("/me").links() if link.endswith(f"{target}/end")]


def test_nobody_ends_the_eid_they_came_by_nor_their_last_one_nor_anybody_elses(
    app: Flask, runtime: Runtime, room: Room, story: Story, eid: EidServer, owner: psycopg.Connection
) -> None:
    alma = inside(app, ALMA)
    own = owner.execute("select id from eid_link").fetchone()
    assert own is not None
    page = alma.post(f"/me/eids/{own[0]}/end")
    assert page.status == 422
    assert "Du er kommet med det her eID" in page.text
    stranger = story.case(born=BORN, parents=0, name="Sami Ny").young.id
    foreign = linked(owner, eid, SAMI, stranger, "number")
    assert alma.get(f"/me/eids/{foreign}/end").status == 404
    assert alma.post(f"/me/eids/{foreign}/end").status == 404
    guide = Browser(app, story.token(room.guide))
    for path in (f"/me/eids/{own[0]}/end", f"/me/eids/{foreign}/end"):
        assert guide.get(path).status == guide.post(path).status == 404
    assert guide.post("/me/eids/seen").status == 404
    assert owner.execute("select count(*) from eid_link where ended_at is not null").fetchone() == (0,)


def test_the_database_lets_nobody_end_or_see_through_anothers_link(
    app: Flask, room: Room, story: Story, postgres: EmbeddedPostgres, database: str
) -> None:
    """The second wall, as the application's own role."""
    inside(app, ALMA)
    with psycopg.connect(postgres.url("portal_app", database), autocommit=True) as connection:
        connection.execute("select set_config('app.person_id', %s, false)", [str(room.guide.id)])
        for change in ("ended_at = now()", "others_seen_at = now()"):
            assert connection.execute(f"update eid_link set {change}").rowcount == 0  # type: ignore[arg-type]
        for change in ("person_id = gen_random_uuid()", "came_by = 'number'", "subject = 'x'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"update eid_link set {change}")  # type: ignore[arg-type]
        connection.execute("select set_config('app.person_id', %s, false)", [str(room.young.id)])
        assert connection.execute("update eid_link set others_seen_at = now()").rowcount == 1


def test_whoever_is_known_by_their_number_is_never_locked_out(
    app: Flask, runtime: Runtime, room: Room, eid: EidServer, owner: psycopg.Connection
) -> None:
    """Even a link that was ended by mistake comes back by the number, as a new one."""
    inside(app, ALMA)
    owner.execute("update eid_link set ended_at = now()")
    alma = Browser(app)
    assert alma.follow(sign_in(alma, ALMA)).path == f"/cases/{room.case_id}"
    assert owner.execute("select count(*) from eid_link where ended_at is null").fetchone() == (1,)


def test_whoever_runs_the_portal_finds_links_to_ask_about_and_ends_them(
    app: Flask, runtime: Runtime, room: Room, eid: EidServer, owner: psycopg.Connection,
    story: Story, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Somebody who has only ever signed in by a wrong link has nobody to end it for them in the portal."""
    monkeypatch.setattr("portal.cli._settings", lambda: runtime.settings)
    monkeypatch.setattr("portal.runtime.runtime_for", _this(runtime))
    single = story.case(born=BORN, parents=0, name="Sami Ny").young.id
    linked(owner, eid, SAMI, single, "code")
    intruding = linked(owner, eid, RASK, room.young.id, "code", 3)
    told = CliRunner().invoke(cli, ["eid", "doubtful"])
    assert told.exit_code == 0, told.output
    assert str(intruding) in told.output
    assert "code" in told.output
    assert str(single) not in told.output, "a code for somebody whose number nobody knows is as it should be"
    assert "Alma" not in told.output
    intruder = inside(app, RASK)
    assert CliRunner().invoke(cli, ["eid", "end", str(intruding)]).exit_code == 0
    assert intruder.get("/me").status == 303
    assert CliRunner().invoke(cli, ["eid", "end", str(intruding)]).exit_code == 1
    assert "nothing" in CliRunner().invoke(cli, ["eid", "doubtful"]).output


def _this(runtime: Runtime):  # type: ignore[no-untyped-def]
    from contextlib import contextmanager

    @contextmanager
    def opened(_settings: object):  # type: ignore[no-untyped-def]
        yield runtime

    return opened
