"""Facts that a process has read before: read from its cache while they are still the facts, and no moment longer."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.access import facts_cache
from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.access.window_store import load_facts
from portal.runtime import Runtime
from portal.services.members import team
from tests.support.browser import Browser
from tests.support.statements import noted
from tests.support.story import Story

pytestmark = pytest.mark.recalls


class Undone(Exception):
    """Somebody changed something, and then it failed."""


def test_a_page_that_was_read_before_asks_for_no_facts_again(app: Flask, runtime: Runtime, story: Story) -> None:
    room = story.case()
    young = Browser(app, story.token(room.young))

    def asked() -> list[str]:
        with noted() as questions:
            young.get(f"/cases/{room.case_id}")
        statements = [statement for statement, _values in questions]
        of_facts = [question for question in statements if "consent_withdrawal" in question or "team_level" in question]
        return [question for question in of_facts if "spoken_for" not in question]  # the front asks of one's own

    assert asked()
    assert asked() == []
    story.set_level(room, room.parents[0], Level.NONE)
    assert asked(), "another fact, another stamp"


def test_somebody_elses_change_is_known_at_the_next_request(story: Story) -> None:
    room = story.case()
    before = story.play(room, room.young, lambda t: t.facts)
    assert story.play(room, room.guide, lambda t: t.facts) is before
    story.set_level(room, room.parents[0], Level.NONE)
    after = story.play(room, room.guide, lambda t: t.facts)
    assert after != before
    assert after == story.play(room, room.guide, lambda t: load_facts(t.session, t.case_id))


def test_what_was_undone_is_never_read_from_the_cache(story: Story) -> None:
    """A transaction that has written reads for itself, and keeps nothing of it for others."""
    room = story.case()
    before = story.play(room, room.guide, lambda t: t.facts)

    def change_and_fail(ticket: CaseTicket) -> None:
        team.change_level(ticket, room.member(room.parents[0]), Level.NONE)
        assert facts_cache.facts(ticket.session, ticket.case_id, ticket._facts_stamp) != before, (
            "it sees its own change"
        )
        raise Undone

    with pytest.raises(Undone):
        story.play(room, room.guide, change_and_fail)
    assert story.play(room, room.guide, lambda t: t.facts) == before


def test_a_process_remembers_a_bounded_number_of_cases(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_cache, "_AT_MOST", 2)
    monkeypatch.setattr(facts_cache, "_cache", facts_cache.FactsCache())
    rooms = [story.case() for _ in range(3)]
    first, second, third = (story.play(room, room.guide, lambda t: t.facts) for room in rooms)
    assert story.play(rooms[2], rooms[2].guide, lambda t: t.facts) is third
    assert story.play(rooms[1], rooms[1].guide, lambda t: t.facts) is second
    again = story.play(rooms[0], rooms[0].guide, lambda t: t.facts)
    assert again is not first
    assert again == first
