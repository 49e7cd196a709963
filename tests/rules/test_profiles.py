"""Nothing of one profile is written into the code: the whole case room is walked under the other shipped profile, with
other words, ages, compartments and meetings; and a case keeps the profile it was opened with."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.access.policy.facts import Facts
from portal.access.policy.roles import Capacity, Level
from portal.access.policy.windows import compute
from portal.runtime import Runtime, open_runtime, runtime_for
from portal.settings import Settings
from portal.tools.profile import every_profile, profile
from portal.tools.vocabulary import reworded
from tests.access import naive
from tests.access.made_up import INSTANTS, made_up_facts
from tests.support import story as stories
from tests.support.application import app_for
from tests.support.browser import Browser
from tests.support.story import Room, Story, years_ago

OTHER = "tre_moeder"
SAID = {
    "da": ("Koordinator", "Den unges voksne", "Krop og sind", "Hjemme", "koordinatoren"),
    "en": ("Coordinator", "The young person’s adult", "Body and mind", "At home", "the coordinator"),
}
FOREIGN_WORDS = re.compile(r"\bguid(e|en|ens|er|erne|es)\b", re.IGNORECASE)
PAGES = ("", "/plan", "/files", "/files/new", "/messages", "/messages/new", "/people", "/audience", "/log", "/search",
         "/team/find?q=a", "/team/citizen", "/consents/give", "/consents/mine")  # fmt: skip


@given(
    facts=st.one_of([made_up_facts(one.rules()) for one in every_profile()]), instants=st.lists(INSTANTS, max_size=3)
)
def test_every_shipped_profile_opens_what_the_naive_judge_opens(facts: Facts, instants: list) -> None:  # type: ignore[type-arg]
    windows = compute(facts).windows
    borders = [w.valid_from for w in windows] + [w.valid_until for w in windows if w.valid_until]
    for at in [*instants, *borders[:20]]:
        for member in facts.members:
            for rule in facts.rules.compartments:
                open_now = [
                    w.can_write
                    for w in windows
                    if (w.member_id, w.compartment) == (member.id, rule.key)
                    and w.valid_from <= at
                    and (w.valid_until is None or at < w.valid_until)
                ]
                assert (bool(open_now), any(open_now)) == naive.may(facts, member, rule, at)


@pytest.fixture
def elsewhere(portal_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """An installation that has chosen the other profile."""
    monkeypatch.setattr(stories, "PROFILE", OTHER)
    runtime = open_runtime(portal_settings.model_copy(update={"profile": OTHER}))
    yield runtime
    runtime.close()


@pytest.fixture
def elsewhere_app(elsewhere: Runtime) -> Iterator[Flask]:
    with app_for(elsewhere) as app:
        yield app


@pytest.fixture
def room(elsewhere: Runtime) -> Room:
    story = Story(elsewhere)
    room = story.case(guide=story.staff("Karla Koordinator", "Unge", may_open_cases=True, job="Koordinator"))
    story.add(room, story.staff("Lars Lærer", "Skolen"), Level.WRITE)
    story.add(room, story.staff("Vibe Venter", "Jobcenter"), Level.READ)
    story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)
    for giver in (room.young, *room.parents):
        story.consent(room, giver, {"Skolen": ("team", "body_and_mind"), "Tove Tante": ("team",)}, otherwise=())
    story.file(room, room.guide, "team")
    story.thread(room, room.young, "home")
    return room


@pytest.mark.parametrize("language", ["da", "en"])
def test_every_page_speaks_the_words_of_its_profile(
    language: str, elsewhere: Runtime, elsewhere_app: Flask, room: Room
) -> None:
    told, story = "", Story(elsewhere)
    for someone in (room.guide, room.young, room.parents[0]):
        browser = Browser(elsewhere_app, story.token(someone))
        browser.client.set_cookie("language", language, domain="localhost")
        for path in ["/cases", "/sign-in", "/eid/code", *(f"/cases/{room.case_id}{page}" for page in PAGES)]:
            page = browser.get(path)
            assert page.status in (200, 303, 403, 404), (path, page.status)
            words = page.soup.get_text(" ")
            assert not FOREIGN_WORDS.search(words), (path, FOREIGN_WORDS.findall(words))
            told += words
        if someone is room.young:
            plan = browser.get(f"/cases/{room.case_id}/plan").text
            titles = [meeting.title.in_language(language) for meeting in profile(OTHER).meeting]
            assert all(title in plan for title in titles)
            assert plan.count("17") >= 1
    for word in SAID[language]:
        assert word in told, word


def test_the_other_profile_opens_what_its_own_rules_open(elsewhere: Runtime, room: Room) -> None:
    story = Story(elsewhere)
    sees = {}
    for name, someone in (("young", room.young), ("mother", room.parents[0])):
        with story.acting(someone) as actor:
            sees[name] = {
                compartment.key for compartment in stories.enter_case(actor, room.case_id).compartments.values()
            }
    assert sees == {"young": {"team", "body_and_mind", "home", "guide_only"}, "mother": {"team", "home"}}, (
        "a parent needs no yes here, and does not see health"
    )


def test_health_opens_from_fifteen_by_the_young_persons_own_yes(elsewhere: Runtime) -> None:
    story = Story(elsewhere)
    room = story.case()
    nurse = story.staff("Signe Sygeplejerske", "Sundhed")
    story.add(room, nurse)
    story.consent(room, room.young, otherwise=("team", "body_and_mind", "home"))
    with story.acting(nurse) as actor:
        assert {h.key for h in stories.enter_case(actor, room.case_id).compartments.values()} == {"body_and_mind"}


def test_the_other_profile_asks_for_its_own_ages(elsewhere: Runtime, elsewhere_app: Flask) -> None:
    story, guide = Story(elsewhere), Story(elsewhere).guide()
    browser = Browser(elsewhere_app, story.token(guide))
    born = years_ago(14)
    parts = {"birth_date-day": born.day, "birth_date-month": born.month, "birth_date-year": born.year}
    page = browser.submit(browser.get("/cases/new"), "name", name="Ung", **parts)
    assert page.status == 422
    assert "15" in page.text
    assert "20" in page.text


def test_a_case_keeps_the_profile_it_was_opened_with(elsewhere: Runtime, room: Room, portal_settings: Settings) -> None:
    """The installation changes its profile; the case keeps its compartments, words and rules, for everybody."""
    with runtime_for(portal_settings) as runtime, app_for(runtime) as app:
        story = Story(runtime)
        browser = Browser(app, story.token(room.young))
        page = browser.get(f"/cases/{room.case_id}/files")
        assert "Teamet" in page.text
        assert "Koordinator" in page.soup.get_text(" ")
        story.set_level(room, room.parents[0], Level.NONE)
        mother = Browser(app, story.token(room.parents[0]))
        asked = mother.get(f"/cases/{room.case_id}/consents/give")
        assert asked.status == 200
        assert "Hjemme" in asked.text or "Bolig" in asked.text
        assert not FOREIGN_WORDS.search(asked.text)


def test_what_people_wrote_is_never_reworded() -> None:
    assert reworded("Guiden har lukket for %(guide)s.", OTHER, "da") == "Koordinatoren har lukket for %(guide)s."
    assert reworded("guidens guider og guidebogen", OTHER, "da") == "koordinatorens koordinatorer og guidebogen"
    assert reworded("Ask the guide's colleague", OTHER, "en") == "Ask the coordinator's colleague"
