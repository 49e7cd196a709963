"""Read is what was on a page somebody opened: no more where people write at the same moment, no less where much is."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

import pytest

from portal.access.policy.roles import Level
from portal.access.ticket import enter_case
from portal.services.cases import register
from portal.services.messages import threads as message_threads
from portal.services.messages.threads import MOST, OLDER, ThreadPage
from tests.support.story import Room, Someone, Story


def opened(story: Story, room: Room, who: Someone, thread: UUID, begin: int | None = None) -> ThreadPage:
    return story.play(room, who, lambda t: message_threads.thread(t, thread, begin))


def unread(story: Story, room: Room, who: Someone) -> int:
    """What the door to the messages says; the list of all cases and the list of threads must say the same."""
    found = story.play(room, who, message_threads.count_unread)
    with story.acting(who) as actor:
        assert next(line for line in register.my_cases(actor).open if line.case_id == room.case_id).unread == found
    assert sum(line.unread for line in story.play(room, who, message_threads.list_threads)) == found
    return found


def test_what_was_sent_while_a_page_was_made_is_not_read(story: Story, room: Room) -> None:
    thread = story.thread(room, room.guide)
    with story.acting(room.guide) as writer:
        message_threads.reply(enter_case(writer, room.case_id), uuid4(), thread, "Endnu en ting")
        assert len(opened(story, room, room.young, thread).messages) == 1
    assert unread(story, room, room.young) == 1
    assert [message.is_new for message in opened(story, room, room.young, thread).messages] == [False, True]
    assert unread(story, room, room.young) == 0


def test_of_many_who_write_at_once_every_message_is_either_shown_or_unread(story: Story, room: Room) -> None:
    thread = story.thread(room, room.guide, body="nul")
    writers = [room.guide, *(story.staff(f"Fagperson {n}") for n in range(3))]
    for writer in writers[1:]:
        story.add(room, writer, Level.WRITE)
    shown: set[UUID] = set()
    at_once = threading.Barrier(len(writers) + 1)
    faults: list[BaseException] = []

    def write(who: Someone) -> None:
        at_once.wait()
        try:
            for number in range(5):
                story.reply(room, who, thread, f"{who.name} {number}")
        except BaseException as problem:  # noqa: BLE001  a fault in a thread must not be lost
            faults.append(problem)

    threads = [threading.Thread(target=write, args=(who,)) for who in writers]
    for one in threads:
        one.start()
    at_once.wait()
    while any(one.is_alive() for one in threads):
        shown |= {message.id for message in opened(story, room, room.young, thread).messages}
    assert not faults
    every = {
        message.id for message in story.play(room, room.guide, lambda t: message_threads.thread(t, thread, 1).messages)
    }
    assert len(every) == 1 + 5 * len(writers)
    assert unread(story, room, room.young) == len(every - shown)


def test_a_long_thread_opens_at_its_end_and_leads_back_to_its_beginning(story: Story, room: Room) -> None:
    thread = story.thread(room, room.young, body="1")
    for number in range(2, 2 * OLDER + 6):
        story.reply(room, room.young, thread, str(number))
    page = opened(story, room, room.young, thread)
    seen = [int(message.body) for message in page.messages]
    assert seen == list(range(OLDER + 6, 2 * OLDER + 6))
    assert page.newer == 0
    turned = 0
    while page.older:
        page, turned = opened(story, room, room.young, thread, page.older), turned + 1
    assert turned == 2
    assert [int(message.body) for message in page.messages] == list(range(1, 2 * OLDER + 6))


def test_every_unread_message_is_on_the_page_however_many(story: Story, room: Room) -> None:
    thread = story.thread(room, room.guide, body="1")
    opened(story, room, room.young, thread)
    for number in range(2, OLDER + 12):
        story.reply(room, room.guide, thread, str(number))
    page = opened(story, room, room.young, thread)
    assert [int(m.body) for m in page.messages if m.is_new] == list(range(2, OLDER + 12))
    assert page.first_new == page.messages[0].id
    assert unread(story, room, room.young) == 0


def test_more_than_a_page_holds_stays_unread_until_it_was_on_one(
    story: Story, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_threads, "MOST", 5)
    thread = story.thread(room, room.guide, body="1")
    for number in range(2, 13):
        story.reply(room, room.guide, thread, str(number))
    page = opened(story, room, room.young, thread)
    assert [int(message.body) for message in page.messages] == [1, 2, 3, 4, 5]
    assert unread(story, room, room.young) == 7
    last = opened(story, room, room.young, thread, 11)
    assert [int(message.body) for message in last.messages] == [11, 12]
    assert unread(story, room, room.young) == 7, "what lies between was on no page yet"
    page = opened(story, room, room.young, thread, page.newer)
    assert [int(message.body) for message in page.messages] == [6, 7, 8, 9, 10]
    assert unread(story, room, room.young) == 2
    opened(story, room, room.young, thread, page.newer)
    assert unread(story, room, room.young) == 0


@pytest.mark.parametrize("begin", [0, -(10**30), 10**30, 2])
def test_a_place_that_is_none_is_the_nearest_that_is(begin: int, story: Story, room: Room) -> None:
    thread = story.thread(room, room.guide, body="1")
    story.reply(room, room.guide, thread, "2")
    page = opened(story, room, room.young, thread, begin)
    assert page.messages[-1].body == "2"


def test_one_persons_mark_is_nobody_elses(story: Story, room: Room) -> None:
    thread = story.thread(room, room.guide)
    colleague = story.staff("Kaj Kollega")
    story.add(room, colleague, Level.READ)
    opened(story, room, colleague, thread)
    assert unread(story, room, room.young) == 1
    assert unread(story, room, colleague) == 0
    assert MOST > OLDER
