"""What one has begun to write is there again, for its author and for nobody else."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
from flask import Flask

from portal.access.policy.roles import Level
from portal.runtime import Runtime
from portal.services.messages import capability, drafts
from portal.services.messages.drafts import DraftWords
from tests.conftest import Calendar
from tests.support.browser import Browser, held
from tests.support.story import Room, Someone, Story, compartment_id

WORDS = "Jeg ved ikke, hvordan jeg skal sige det"


def save(story: Story, room: Room, who: Someone, thread: UUID | None, body: str = WORDS, subject: str = "") -> bool:
    def keep(ticket):  # type: ignore[no-untyped-def]
        return drafts.save_draft(ticket, uuid4(), thread, compartment_id(ticket, "shared"), subject, body)

    return story.play(room, who, keep)


def draft(story: Story, room: Room, who: Someone, thread: UUID | None) -> DraftWords | None:
    return story.play(room, who, lambda t: drafts.my_draft(t, thread))


def test_a_draft_is_there_again_until_it_is_sent_or_thrown_away(app: Flask, story: Story, room: Room) -> None:
    thread = story.thread(room, room.guide)
    browser = Browser(app, story.token(room.young))
    page = f"/cases/{room.case_id}/messages/{thread}"
    fields = held(browser.get(page).form("data-draft"))
    saved = browser.post(f"/cases/{room.case_id}/messages/draft", {**fields, "body": WORDS})
    assert saved.status == 303
    assert "Kladde" in browser.get(f"/cases/{room.case_id}/messages").text
    again = browser.get(page)
    assert "Din kladde fra i dag" in again.text
    fields = {**held(again.form("data-draft")), "body": WORDS}
    assert again.soup.find("textarea").get_text().strip() == WORDS
    assert draft(story, room, room.guide, thread) is None
    assert browser.post(page, fields).status == 303
    assert draft(story, room, room.young, thread) is None
    late = {**fields, "body": "mere"}
    browser.post(f"/cases/{room.case_id}/messages/draft", late)
    assert draft(story, room, room.young, thread) is None, "a form that was sent keeps nothing"
    new = held(browser.get(f"/cases/{room.case_id}/messages/new").form('name="subject"'))
    browser.post(f"/cases/{room.case_id}/messages/draft", {**new, "subject": "Emne"})
    assert held(browser.get(f"/cases/{room.case_id}/messages/new").form('name="subject"'))["subject"] == "Emne"
    browser.post(f"/cases/{room.case_id}/messages/draft/drop", {"thread": ""})
    assert draft(story, room, room.young, None) is None


def test_a_draft_is_sealed_and_no_line_of_the_log_tells_of_it(
    story: Story, room: Room, owner: psycopg.Connection
) -> None:
    lines = "select count(*) from audit_event where chain_id = %s"
    before = owner.execute(lines, [room.case_id]).fetchone()
    save(story, room, room.young, None, subject="Hemmeligt")
    assert owner.execute(lines, [room.case_id]).fetchone() == before
    [(words,)] = owner.execute("select words_sealed from message_draft").fetchall()
    assert WORDS.encode() not in words
    assert not save(story, room, room.young, None, "", "")
    assert owner.execute("select 1 from message_draft").fetchall() == [], "nothing is kept of nothing"


def test_a_draft_goes_with_the_right_to_write_and_with_time(
    story: Story, room: Room, runtime: Runtime, calendar: Calendar, owner: psycopg.Connection
) -> None:
    teacher = story.staff("Lars Lærer")
    story.add(room, teacher, Level.WRITE)
    for who in (teacher, room.young):
        save(story, room, who, None)
    story.set_level(room, teacher, Level.READ)
    left = owner.execute("select created_by_id from message_draft").fetchall()
    assert left == [(room.member(room.young),)]
    for days, rows in ((29, 1), (2, 0)):
        calendar.move(days=days)
        with runtime.unit_of_work() as session:
            capability.sweep(session)
        assert len(owner.execute("select 1 from message_draft").fetchall()) == rows
