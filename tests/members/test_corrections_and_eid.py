"""Somebody has come in with their eID: their place in the case is theirs, whatever the guide writes."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask

from portal.errors import InvalidInput
from portal.services.members import team
from portal.services.members.corrections import WantedCorrection
from tests.members.test_corrections import WHY, propose
from tests.members.test_corrections_of_numbers import person_of
from tests.support.browser import Browser
from tests.support.eid_server import EidServer
from tests.support.eid_visitors import ALMA, BORN, sign_in
from tests.support.story import Story


def test_the_place_of_somebody_who_has_come_in_is_given_to_nobody(
    app: Flask, story: Story, eid: EidServer, owner: psycopg.Connection
) -> None:
    """Alma has signed in. Her guide writes a friend's number at her place: the friend would be Alma."""
    room = story.case(born=BORN, parents=0, name=ALMA.name, national_id=ALMA.national_id)
    browser = Browser(app)
    assert browser.follow(sign_in(browser, ALMA)).path == f"/cases/{room.case_id}"
    alma = person_of(owner, room.member(room.young))
    friend = f"{BORN:%d%m%y}-4999"
    for wanted in (WantedCorrection(ALMA.name, BORN, friend), WantedCorrection(ALMA.name, BORN, forget_number=True),
                   WantedCorrection("En Anden", BORN, friend)):  # fmt: skip
        with pytest.raises(InvalidInput, match="national_id: number_in_use"):
            propose(story, room, room.young, wanted)
    guide = Browser(app, story.token(room.guide))
    where = f"/cases/{room.case_id}/team/{room.member(room.young)}/correct"
    page = guide.get(where)
    assert "har været inde i sagen med eID" in page.text
    assert page.soup.find("input", id="national_id") is None
    forced = guide.submit(page, "reason", reason=WHY, national_id=friend, mark="0" * 32)
    assert forced.status == 422
    assert person_of(owner, room.member(room.young)) == alma
    assert browser.get(f"/cases/{room.case_id}").status == 200


def test_the_place_of_somebody_who_has_used_a_code_is_given_to_nobody_either(
    app: Flask, story: Story, eid: EidServer, owner: psycopg.Connection
) -> None:
    """They came in by the code alone and have looked at nothing yet; then the guide notes a friend's number."""
    room = story.case(born=BORN, parents=0, name=ALMA.name)
    code = story.play(room, room.guide, lambda t: team.make_code(t, room.member(room.young)))
    browser = Browser(app)
    page = browser.follow(sign_in(browser, ALMA))
    assert browser.submit(page, "code", code=code).status == 303
    alma = person_of(owner, room.member(room.young))
    with pytest.raises(InvalidInput, match="national_id: number_in_use"):
        propose(story, room, room.young, WantedCorrection(ALMA.name, BORN, f"{BORN:%d%m%y}-4999"))
    assert person_of(owner, room.member(room.young)) == alma
