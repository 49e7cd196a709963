"""Answers that are asked for by a day, taking back, quotes, and who has read."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.compartments import open_compartments
from portal.access.policy.roles import Level
from portal.errors import InvalidInput, NotFound, Refused
from portal.services.cases import search
from portal.services.messages import absence, answers, take_back, threads
from portal.services.messages.answers import AskedAnswer
from portal.services.messages.threads import Besides, MessageLine, ThreadPage
from tests.conftest import Calendar
from tests.support.browser import Browser
from tests.support.story import HERE, Room, Someone, Story

SOON = timedelta(days=3)


def day(ahead: timedelta = SOON) -> date:
    return clock.today(HERE) + ahead


def ask(story: Story, room: Room, by: Someone, thread: UUID, *whom: Someone, due: date | None = None) -> UUID:
    besides = Besides(asked=frozenset(room.member(one) for one in whom), due=due or day())
    return story.play(room, by, lambda t: threads.reply(t, uuid4(), thread, "Hvad siger du?", besides))


def of_me(story: Story, room: Room, who: Someone) -> list[AskedAnswer]:
    return story.play(room, who, answers.asked_of_me)


def page(story: Story, room: Room, who: Someone, thread: UUID) -> ThreadPage:
    return story.play(room, who, lambda t: threads.thread(t, thread, 1))


def last(story: Story, room: Room, who: Someone, thread: UUID) -> MessageLine:
    return page(story, room, who, thread).messages[-1]


@pytest.fixture
def teacher(story: Story, room: Room) -> Someone:
    made = story.staff("Lars Lærer", "Skolen")
    story.add(room, made, Level.WRITE)
    story.everybody_agrees(room)
    return made


def test_who_is_asked_is_told_first_until_they_write(story: Story, room: Room, teacher: Someone) -> None:
    thread = story.thread(room, room.guide, subject="Spørgsmål")
    ask(story, room, room.guide, thread, teacher)
    story.thread(room, room.young, subject="Nyere")
    assert of_me(story, room, room.young) == [], "nobody is asked by themselves"
    [asked] = of_me(story, room, teacher)
    assert (asked.by.display_name, asked.due, asked.is_late) == (room.guide.name, day(), False)
    assert [line.subject for line in story.play(room, teacher, threads.list_threads)] == ["Spørgsmål", "Nyere"]
    with story.acting(teacher) as actor:
        [waiting] = answers.waiting_for_me(actor, open_compartments(actor))
        assert (waiting.thread_id, waiting.by, waiting.is_late) == (thread, room.guide.name, False)
    story.reply(room, teacher, thread)
    assert of_me(story, room, teacher) == []
    [told] = page(story, room, room.guide, thread).asked
    assert told.answered_at is not None
    with story.acting(teacher) as actor:
        assert answers.waiting_for_me(actor, open_compartments(actor)) == []


def test_an_answer_that_is_taken_back_is_none(story: Story, room: Room, teacher: Someone) -> None:
    thread = story.thread(room, room.guide)
    ask(story, room, room.guide, thread, teacher)
    given = story.reply(room, teacher, thread)
    assert of_me(story, room, teacher) == []
    story.play(room, teacher, lambda t: take_back.take_back(t, given))
    assert len(of_me(story, room, teacher)) == 1


def test_a_request_ends_when_it_or_its_message_is_taken_back(story: Story, room: Room, teacher: Someone) -> None:
    thread = story.thread(room, room.guide)
    first = ask(story, room, room.guide, thread, teacher)
    ask(story, room, room.guide, thread, teacher)
    one, other = of_me(story, room, teacher)
    with pytest.raises(NotFound):
        story.play(room, teacher, lambda t: answers.withdraw_request(t, one.id))
    story.play(room, room.guide, lambda t: take_back.take_back(t, first))
    [left] = of_me(story, room, teacher)
    story.play(room, room.guide, lambda t: answers.withdraw_request(t, left.id))
    assert left.id in {one.id, other.id}
    assert of_me(story, room, teacher) == []


def test_nobody_waits_for_somebody_who_can_write_there_no_more(story: Story, room: Room, teacher: Someone) -> None:
    thread = story.thread(room, room.guide)
    ask(story, room, room.guide, thread, teacher)
    story.set_level(room, teacher, Level.NONE)
    assert story.play(room, room.guide, lambda t: answers.open_answers(t, None)) == []
    with story.acting(teacher) as actor:
        assert answers.waiting_for_me(actor, open_compartments(actor)) == []


def test_who_cannot_answer_and_a_day_that_cannot_be_are_refused(story: Story, room: Room, teacher: Someone) -> None:
    thread = story.thread(room, room.guide, "professionals")
    for whom, due, field in (
        (room.young, day(), "asked"),
        (teacher, day(timedelta(days=-1)), "due"),
        (teacher, day(timedelta(days=400)), "due"),
    ):
        with pytest.raises(InvalidInput) as refused:
            ask(story, room, room.guide, thread, whom, due=due)
        assert refused.value.field == field
    alone = Besides(due=day())
    with pytest.raises(InvalidInput, match="nobody_asked"):
        story.play(room, room.guide, lambda t: threads.reply(t, uuid4(), thread, "Hej", alone))


def test_what_is_late_says_so(story: Story, room: Room, teacher: Someone, calendar: Calendar, app: Flask) -> None:
    thread = story.thread(room, room.guide)
    ask(story, room, room.guide, thread, teacher)
    calendar.move(days=5)
    assert of_me(story, room, teacher)[0].is_late
    shown = Browser(app, story.token(teacher)).get(f"/cases/{room.case_id}/messages/{thread}").text
    assert f"{room.guide.name} beder dig svare senest" in shown
    assert "Forsinket" in shown


# Taking back


def test_what_is_taken_back_is_gone_for_everybody_and_leaves_a_mark(
    story: Story, room: Room, app: Flask, owner: psycopg.Connection
) -> None:
    thread = story.thread(room, room.guide, subject="Emnet", body="Forbandelse")
    said = story.reply(room, room.guide, thread, "Hemmeligheden")
    assert story.play(room, room.young, threads.count_unread) == 2
    story.play(room, room.guide, lambda t: take_back.take_back(t, said))
    assert story.play(room, room.young, threads.count_unread) == 1, "what is gone is not unread"
    assert story.play(room, room.young, lambda t: search.find_in_case(t, "hemmeligheden")) == []
    text = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/messages/{thread}").text
    assert "Hemmeligheden" not in text
    assert f"{room.guide.name} har taget en besked tilbage" in text
    [row] = owner.execute("select body_sealed from message where id = %s", [said]).fetchall()
    assert row == (None,), "the words are deleted, not hidden"
    first = page(story, room, room.guide, thread).messages[0]
    story.play(room, room.guide, lambda t: take_back.take_back(t, first.id))
    assert story.play(room, room.young, lambda t: search.find_in_case(t, "forbandelse")) == []
    assert len(story.play(room, room.young, lambda t: search.find_in_case(t, "emnet"))) == 1, "its subject stays"


def test_a_message_is_taken_back_by_its_author_alone_and_within_seven_days(
    story: Story, room: Room, calendar: Calendar, owner: psycopg.Connection
) -> None:
    thread = story.thread(room, room.guide)
    said = last(story, room, room.guide, thread).id
    with pytest.raises(NotFound):
        story.play(room, room.young, lambda t: take_back.take_back(t, said))
    calendar.move(days=7, minutes=1)
    assert not last(story, room, room.guide, thread).can_take_back
    with pytest.raises(InvalidInput, match="too_late"):
        story.play(room, room.guide, lambda t: take_back.take_back(t, said))


# Quotes


def test_an_answer_shows_the_beginning_of_what_it_answers(story: Story, room: Room, app: Flask) -> None:
    thread, other = story.thread(room, room.guide, body="Skal vi mødes?"), story.thread(room, room.guide)
    asked, elsewhere = last(story, room, room.guide, thread), last(story, room, room.guide, other)
    story.play(room, room.young, lambda t: threads.reply(t, uuid4(), thread, "Ja", Besides(quotes=asked.id)))
    quote = last(story, room, room.young, thread).quote
    assert quote is not None
    assert (quote.words, quote.author.display_name) == ("Skal vi mødes?", room.guide.name)
    with pytest.raises(InvalidInput, match="quote_gone"):
        story.play(room, room.young, lambda t: threads.reply(t, uuid4(), thread, "Ja", Besides(quotes=elsewhere.id)))
    browser = Browser(app, story.token(room.young))
    shown = browser.get(f"/cases/{room.case_id}/messages/{thread}?quote={asked.id}")
    assert str(asked.id) in str(shown.form('name="quotes"'))
    story.play(room, room.guide, lambda t: take_back.take_back(t, asked.id))
    quote = last(story, room, room.young, thread).quote
    assert quote is not None
    assert quote.words == ""
    assert "Skal vi mødes?" not in browser.get(f"/cases/{room.case_id}/messages/{thread}").text


# Who has read


def test_professionals_are_told_as_readers_and_citizens_are_not(
    story: Story, room: Room, teacher: Someone, app: Flask
) -> None:
    thread = story.thread(room, room.guide)
    told = last(story, room, room.guide, thread).read_by
    assert told is not None
    assert [m.display_name for m in told.not_yet] == [teacher.name], "nobody knows how far a citizen has read"
    page(story, room, teacher, thread)
    page(story, room, room.young, thread)
    told = last(story, room, room.guide, thread).read_by
    assert told is not None
    assert ([m.display_name for m in told.read], told.names_shown) == ([teacher.name], True)
    by_young = last(story, room, room.young, thread).read_by
    assert by_young is not None
    assert not by_young.names_shown, "to citizens professionals are told by what they are, as in the log"


def test_the_database_tells_nobody_how_far_a_citizen_has_read(
    story: Story, room: Room, teacher: Someone, postgres, runtime
) -> None:  # type: ignore[no-untyped-def]
    thread = story.thread(room, room.guide)
    for who in (room.guide, teacher, room.young):
        page(story, room, who, thread)
    hidden = story.thread(room, room.guide, "professionals")
    page(story, room, teacher, hidden)
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        seen = {}
        for who in (room.guide, teacher, room.young, room.parents[0]):
            connection.execute("select set_config('app.person_id', %s, true)", [str(who.id)])
            rows = connection.execute("select thread_id, membership_id from thread_look").fetchall()
            seen[who.id] = {(t, m) for t, m in rows}
    staff = {(thread, room.member(room.guide)), (thread, room.member(teacher))}
    own = (hidden, room.member(room.guide))
    assert seen[room.guide.id] - {own} == staff | {(hidden, room.member(teacher))}
    assert seen[teacher.id] >= staff
    assert seen[room.young.id] == staff | {(thread, room.member(room.young))}


# While the guide is away


def test_whoever_writes_is_told_that_the_guide_is_away_and_the_stand_in_is_asked_too(
    story: Story, room: Room, teacher: Someone, calendar: Calendar, app: Flask
) -> None:
    thread, alone = story.thread(room, room.guide), story.thread(room, room.guide, "guide_only")
    first, end = day(timedelta(days=1)), day(timedelta(days=4))
    story.play(room, room.guide, lambda t: absence.tell(t, uuid4(), first, end, room.member(teacher)))
    ask(story, room, room.young, thread, room.guide, due=end)
    assert of_me(story, room, teacher) == [], "not yet"
    calendar.move(days=2)
    young = Browser(app, story.token(room.young))
    for page_ in ("", "/new", f"/{thread}"):
        shown = young.get(f"/cases/{room.case_id}/messages{page_}").text
        assert f"{room.guide.name} er væk til og med" in shown
        assert f"Skriv til {teacher.name}" in shown
        assert "kan ikke læse det her" not in shown
    assert f"{teacher.name} kan ikke læse det her" in young.get(f"/cases/{room.case_id}/messages/{alone}").text
    [asked] = of_me(story, room, teacher)
    assert asked.in_stead
    with story.acting(teacher) as actor:
        assert [one.thread_id for one in answers.waiting_for_me(actor, open_compartments(actor))] == [thread]
    with pytest.raises(NotFound):
        page(story, room, teacher, alone)
    story.reply(room, teacher, thread)
    assert of_me(story, room, room.guide) == [], "the stand-in has answered"
    story.play(room, room.guide, absence.end_absence)
    assert "er væk" not in young.get(f"/cases/{room.case_id}/messages").text


def test_only_a_professional_of_the_case_stands_in_and_only_the_guide_says_so(
    story: Story, room: Room, teacher: Someone
) -> None:
    for who in (room.young, room.guide):
        with pytest.raises(InvalidInput, match="stand_in"):
            story.play(room, room.guide, lambda t, w=who: absence.tell(t, uuid4(), day(), day(), room.member(w)))
    with pytest.raises(Refused):
        story.play(room, teacher, lambda t: absence.tell(t, uuid4(), day(), day(), room.member(teacher)))
