"""A guide types somebody's CPR number into a case of their own: what the guide learns and gets by it, and what becomes
of whose number it is."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from flask import Flask

from portal.access.policy.roles import Capacity, Level
from portal.errors import InvalidInput
from portal.services.cases import register
from portal.services.members import team
from portal.services.members.citizens import NewCitizen
from portal.services.members.joining import Joining
from tests.support.browser import Browser
from tests.support.eid_visitors import ALMA, BORN, NOBODY, sign_in
from tests.support.story import Room, Someone, Story, years_ago

pytestmark = pytest.mark.usefixtures("eid")


@pytest.fixture
def room(story: Story) -> Room:
    """A case about Alma, whose CPR number the guide has typed."""
    return story.case(born=BORN, parents=1, name=ALMA.name, national_id=ALMA.national_id)


@pytest.fixture
def colleague(story: Story) -> Someone:
    """A guide of another unit, who has no part in it."""
    return story.guide("Kaj Kollega", "En anden enhed")


def test_a_case_opened_with_somebodys_number_tells_its_guide_nothing_of_them(
    app: Flask, story: Story, room: Room, colleague: Someone
) -> None:
    """Whether the number is known, used, or nobody's: the pages are the same but for what was typed."""
    browser = Browser(app)
    browser.follow(sign_in(browser, ALMA))
    fresh = years_ago(17, 60)
    known = story.case(colleague, born=BORN, parents=0, name="Den Ene", national_id=ALMA.national_id)
    unknown = story.case(colleague, born=fresh, parents=0, name="Den Ene", national_id=f"{fresh:%d%m%y}4001")
    spy = Browser(app, story.token(colleague))
    told = []
    for one in (known, unknown):
        for page in (
            "",
            "/people",
            "/log",
            f"/team/{one.member(one.young)}",
            "/consents/register/" + str(one.member(one.young)),
        ):
            text = spy.get(f"/cases/{one.case_id}{page}").text
            told.append((page.split("/")[1] if page else "", text))
    half = len(told) // 2
    for (page, first), (_page, second) in zip(told[:half], told[half:], strict=True):
        assert _without_days(first) == _without_days(second), page
    assert room.guide.name not in str(told)


def _without_days(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def test_whose_number_was_typed_keeps_their_name_and_sees_who_opened_the_case(
    app: Flask, story: Story, room: Room, colleague: Someone
) -> None:
    trap = story.case(colleague, born=BORN, parents=0, name="Grim Falsk", national_id=ALMA.national_id)
    browser = Browser(app)
    page = browser.follow(sign_in(browser, ALMA))
    assert page.path == "/cases"
    bar = page.soup.find("a", class_="who")
    assert bar is not None
    assert ALMA.name in bar.get_text(), "what she was called first"
    assert "Kaj Kollega" in page.text
    own = browser.get(f"/cases/{room.case_id}")
    assert "Grim" not in own.everything
    spy = Browser(app, story.token(colleague))
    assert spy.get(f"/cases/{room.case_id}").status == 404
    assert ALMA.name not in spy.get(f"/cases/{trap.case_id}/people").text


def test_adding_somebody_by_their_number_gives_the_guide_nothing_but_their_own_case(
    app: Flask, story: Story, room: Room, colleague: Someone
) -> None:
    """As custody holder or network person, in the guide's own case."""
    own = story.case(colleague, born=years_ago(16), parents=0, name="Egen Ung")
    for capacity in (Capacity.PARENT, Capacity.NETWORK_PERSON):
        another = story.case(colleague, born=years_ago(16), parents=0, name="Egen Ung")
        terms = Joining(capacity, Level.WRITE, custody=capacity is Capacity.PARENT)
        story.play(
            another,
            colleague,
            lambda t, terms=terms: team.add_citizen(t, uuid4(), NewCitizen("Hvem Er Det", ALMA.national_id), terms),
        )
    with story.acting(colleague) as actor:
        mine = {line.case_id for line in register.my_cases(actor).open}
    assert room.case_id not in mine
    assert own.case_id in mine


def test_a_number_of_another_birth_date_is_refused_for_the_young_person(story: Story) -> None:
    with pytest.raises(InvalidInput, match="cpr_other_birth_date"):
        story.case(born=years_ago(17, 1), parents=0, national_id=NOBODY.national_id)
