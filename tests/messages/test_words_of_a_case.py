"""Messages, what is unread of them, and the search, which finds words by a sealed index."""

from __future__ import annotations

import psycopg
import pytest

from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.services.cases import register, search
from portal.services.messages import threads
from tests.support.story import Room, Someone, Story


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def teacher(story: Story, room: Room) -> Someone:
    made = story.staff("Lars Lærer", "Skole")
    story.add(room, made, Level.READ)
    return made


def test_unread_is_what_came_after_one_last_looked(story: Story, room: Room) -> None:
    thread = story.thread(room, room.guide)
    assert story.play(room, room.young, threads.count_unread) == 1
    assert story.play(room, room.guide, threads.count_unread) == 0, "one's own is not unread"
    page = story.play(room, room.young, lambda t: threads.thread(t, thread))
    assert [m.is_new for m in page.messages] == [True]
    assert story.play(room, room.young, threads.count_unread) == 0
    story.reply(room, room.guide, thread)
    assert story.play(room, room.young, threads.count_unread) == 1
    with story.acting(room.young) as actor:
        assert register.my_cases(actor).open[0].unread == 1


@pytest.mark.parametrize("blind", ["12e4567890abcdef", "0000000000000001", "9e99999999999999", "abcdef0123456789"])
def test_a_word_is_found_whatever_its_hash_looks_like(
    blind: str, story: Story, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.storage.keys.CaseKeys.blind", lambda _keys, stem: blind)
    thread = story.thread(room, room.guide, "shared", "Praktikplads", "Hej")
    assert [hit.item_id for hit in story.play(room, room.young, lambda t: search.find_in_case(t, "praktikplads"))] == [
        thread
    ]


def test_words_are_found_by_their_danish_stems_and_only_where_one_may_look(story: Story, room: Room) -> None:
    thread = story.thread(room, room.guide, "shared", "Praktikpladser", "Vi taler om møderne på torsdag")
    found = story.play(room, room.young, lambda t: search.find_in_case(t, "mødet torsdage"))
    assert [hit.item_id for hit in found] == [thread]
    assert story.play(room, room.young, lambda t: search.find_in_case(t, "praktikplads")) != []
    assert story.play(room, room.young, lambda t: search.find_in_case(t, "fredag")) == []


def test_the_index_holds_no_word_anybody_could_read(story: Story, room: Room, owner: psycopg.Connection) -> None:
    story.thread(room, room.guide, "shared", "Hemmelighed", "Hemmelighed")
    rows = owner.execute("select words::text from search_entry").fetchall()
    assert rows
    assert all("emmelig" not in row[0] for row in rows)


def test_every_word_that_is_indexed_is_found_however_its_keyed_form_looks(story: Story) -> None:
    """One keyed word in sixteen looks like a number to the parser of text search."""
    room = story.case()
    words = [f"ord{number}x" for number in range(120)]
    story.thread(room, room.guide, body=" ".join(words))

    def lost(ticket: CaseTicket) -> list[str]:
        return [word for word in words if not search.find_in_case(ticket, word)]

    assert story.play(room, room.guide, lost) == []
