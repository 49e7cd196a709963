"""Which programme profile a case follows: one that cases can be opened with here, chosen when it is opened, kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from portal.errors import UnsafeConfiguration
from portal.runtime import Runtime, open_runtime, runtime_for
from portal.services.cases import overview
from portal.settings import Settings
from portal.tools import profile as profiles
from portal.tools.profile import profile, read_profile
from tests.support.application import app_for
from tests.support.browser import Browser
from tests.support.story import Story, years_ago

TITLES = {"samarbejdsmodellen_dk": "Samarbejdsmodellen", "tre_moeder": "Tre tværfaglige møder",
          "samarbejdsmoeder": "Samarbejdsmøder"}  # fmt: skip


def born(years: int) -> dict[str, str]:
    day = years_ago(years, 100)
    return {"birth_date-day": str(day.day), "birth_date-month": str(day.month), "birth_date-year": str(day.year)}


@pytest.fixture
def several(portal_settings: Settings) -> Iterator[Runtime]:
    """An installation where cases can be opened with any of the shipped profiles."""
    settings = portal_settings.model_copy(update={"further_profiles": "tre_moeder, samarbejdsmoeder"})
    with runtime_for(settings) as runtime:
        yield runtime


@pytest.fixture
def guide(several: Runtime) -> Iterator[Browser]:
    story = Story(several)
    with app_for(several) as app:
        yield Browser(app, story.token(story.guide()))


@pytest.mark.parametrize("key", TITLES)
def test_a_case_follows_the_model_it_was_opened_with(key: str, guide: Browser, owner: psycopg.Connection) -> None:
    page = guide.get("/cases/new")
    for title in TITLES.values():
        assert title in page.text
    opened_case = guide.submit(page, "birth_date", name="Ulla Ung", model=key, **born(17))
    assert opened_case.status == 303
    assert owner.execute("select profile from cases").fetchall() == [(key,)]
    assert guide.follow(opened_case).status == 200


@pytest.mark.parametrize(
    ("key", "youngest", "oldest"),
    [("samarbejdsmodellen_dk", 13, 25), ("tre_moeder", 15, 23), ("samarbejdsmoeder", 14, 29)],
)
def test_each_model_has_its_own_ages(
    key: str, youngest: int, oldest: int, guide: Browser, owner: psycopg.Connection
) -> None:
    for years, fits in ((youngest - 1, False), (youngest, True), (oldest, True), (oldest + 1, False)):
        name = f"Ulla {'abcdefghijklmnopqrstuvwxyzabcde'[years]}ng"
        page = guide.get("/cases/new")
        told = guide.submit(page, "birth_date", name=name, model=key, another="y", **born(years))
        assert (told.status == 303) == fits, (years, told.text[:300])
        if not fits:
            assert f"unge mellem {youngest} og {oldest} år" in told.text
    assert owner.execute("select count(*) from cases").fetchone() == (2,)


@pytest.mark.parametrize("key", ["", "made_up", "../settings"])
def test_a_model_that_is_not_offered_opens_nothing(key: str, guide: Browser, owner: psycopg.Connection) -> None:
    page = guide.get("/cases/new")
    told = guide.submit(page, "birth_date", name="Ulla Ung", model=key, **born(17))
    assert told.status == 422
    assert "Ulla Ung" in told.everything
    assert owner.execute("select count(*) from cases").fetchone() == (0,)


def test_where_one_model_is_used_nobody_is_asked(app, story: Story, owner: psycopg.Connection) -> None:  # type: ignore[no-untyped-def]
    browser = Browser(app, story.token(story.guide()))
    page = browser.get("/cases/new")
    assert "Hvilken model" not in page.text
    assert browser.submit(page, "birth_date", name="Ulla Ung", **born(17)).status == 303
    assert (
        browser.post("/cases/new", {"name": "Unni Ung", "model": "tre_moeder", **born(17)}, browser.csrf()).status
        == 303
    )
    assert owner.execute("select distinct profile from cases").fetchall() == [("samarbejdsmodellen_dk",)]


def test_a_model_that_is_not_there_stops_the_start(portal_settings: Settings) -> None:
    with pytest.raises(UnsafeConfiguration, match="made_up"):
        open_runtime(portal_settings.model_copy(update={"further_profiles": "tre_moeder,made_up"}))


def test_meetings_may_come_again_and_again_until_18(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (profiles.PROFILES / "samarbejdsmoeder.toml").read_text("utf-8")
    rhythm = '[rhythm]\ntitle = { da = "Halvårsmøde", en = "Half-yearly meeting" }\nevery_months = 6\n\n[emergency]'
    path = tmp_path / "samarbejdsmoeder.toml"
    path.write_text(text.replace("[emergency]", rhythm), "utf-8")
    found = read_profile(path)
    assert found.rhythm is not None
    begun, grown_up = date(2026, 8, 31), date(2028, 3, 1)
    assert list(found.rhythm.days(begun, grown_up, begun)) == [
        date(2027, 2, 28), date(2027, 8, 31), date(2028, 2, 29)
    ]  # fmt: skip
    assert list(found.rhythm.days(begun, grown_up, date(2027, 9, 1))) == [date(2028, 2, 29)]
    room = story.case(name="Ulla Ung")
    monkeypatch.setattr(profiles, "profile", lambda key: found)
    told = story.play(room, room.guide, lambda t: (setattr(t, "profile", found), overview.model_meetings(t))[1])
    assert told
    assert {one.title.da for one, _day in told} == {"Halvårsmøde"}
    assert len(told) <= 4


def test_where_one_meets_as_needed_no_meeting_is_foretold(guide: Browser) -> None:
    page = guide.get("/cases/new")
    case = guide.follow(guide.submit(page, "birth_date", name="Ulla Ung", model="samarbejdsmoeder", **born(17))).path
    assert profile("samarbejdsmoeder").meeting == ()
    plan = guide.get(case.removesuffix("/people") + "/plan")
    assert plan.status == 200
    assert "Møder undervejs" not in plan.text
