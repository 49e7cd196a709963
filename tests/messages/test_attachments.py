"""What is put beside a message stays in its place: who does not see it there is shown nothing of it."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.errors import InvalidInput
from portal.services.cases import move
from portal.services.files import folders
from portal.services.messages import attachments, take_back, threads
from portal.services.messages.attachments import ToEnclose
from portal.services.messages.threads import Besides
from portal.services.plans import editing, saving
from portal.services.plans.open_plan import open_plan
from tests.support.browser import Browser, held
from tests.support.story import PDF, Room, Someone, Story, compartment_id


def beside(story: Story, room: Room, who: Someone, thread: UUID) -> list[str]:
    page = story.play(room, who, lambda t: threads.thread(t, thread))
    return [thing.title for message in page.messages for thing in message.beside]


def send(story: Story, room: Room, by: Someone, thread: UUID, *keys: object, seen: str = "") -> UUID:
    choice = ToEnclose(frozenset(map(str, keys)), seen=seen)
    return story.play(room, by, lambda t: threads.reply(t, uuid4(), thread, "Se her", Besides(choice=choice)))


def warning(story: Story, room: Room, by: Someone, thread: UUID, *keys: object) -> tuple[list[str], str]:
    """Who is said not to see what, and the mark of it."""

    def look(ticket):  # type: ignore[no-untyped-def]
        place = threads.thread(ticket, thread).compartment_id
        things = attachments.chosen(ticket, ToEnclose(frozenset(map(str, keys))))
        found = attachments.out_of_sight(ticket, place, things)
        return [f"{m.display_name}: {one.thing.title}" for one in found for m in one.who], attachments.mark_of(found)

    return story.play(room, by, look)


def test_who_cannot_see_it_is_told_to_the_writer_first_and_sees_nothing_of_it(
    story: Story, room: Room, app: Flask
) -> None:
    thread = story.thread(room, room.guide)
    open_to_all, hidden = (
        story.file(room, room.guide, name="plan.pdf"),
        story.file(room, room.guide, "professionals", "Udtalelse.pdf"),
    )
    with pytest.raises(InvalidInput, match="some_cannot_see"):
        send(story, room, room.guide, thread, open_to_all, hidden)
    said, mark = warning(story, room, room.guide, thread, open_to_all, hidden)
    assert said == [f"{room.young.name}: Udtalelse.pdf"]
    send(story, room, room.guide, thread, open_to_all, hidden, seen=mark)
    assert sorted(beside(story, room, room.guide, thread)) == ["Udtalelse.pdf", "plan.pdf"]
    assert beside(story, room, room.young, thread) == ["plan.pdf"]
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/messages/{thread}")
    assert "Udtalelse" not in page.everything
    assert str(hidden) not in page.everything


def test_the_database_tells_who_cannot_see_a_thing_not_even_that_there_is_one(
    story: Story, room: Room, postgres, runtime
) -> None:  # type: ignore[no-untyped-def]
    thread = story.thread(room, room.guide)
    hidden = story.file(room, room.guide, "professionals", "Udtalelse.pdf")
    send(story, room, room.guide, thread, hidden, seen=warning(story, room, room.guide, thread, hidden)[1])
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        for who, rows in ((room.guide, 1), (room.young, 0)):
            connection.execute("select set_config('app.person_id', %s, true)", [str(who.id)])
            assert len(connection.execute("select 1 from message_attachment").fetchall()) == rows


def test_it_goes_with_its_file_and_with_its_message(story: Story, room: Room) -> None:
    thread = story.thread(room, room.guide)
    first, second = (story.file(room, room.guide, name=name) for name in ("en.pdf", "to.pdf"))
    said = send(story, room, room.guide, thread, first, second)
    place = story.play(room, room.guide, lambda t: compartment_id(t, "professionals"))
    story.play(room, room.guide, lambda t: move.move_file(t, first, place))
    assert beside(story, room, room.young, thread) == ["to.pdf"]
    story.play(room, room.guide, lambda t: folders.withdraw_file(t, second, "Forkert"))
    assert beside(story, room, room.young, thread) == []
    story.play(room, room.guide, lambda t: take_back.take_back(t, said))
    assert beside(story, room, room.guide, thread) == []


def test_what_one_does_not_see_cannot_be_put_beside(story: Story, room: Room) -> None:
    thread = story.thread(room, room.guide)
    for key in (story.file(room, room.guide, "professionals"), uuid4(), "goals.00000000", "x"):
        with pytest.raises(InvalidInput, match="enclosed"):
            send(story, room, room.young, thread, key)


def test_a_goal_of_the_plan_is_shown_in_the_words_it_has_today(story: Story, room: Room) -> None:
    thread, tool = story.thread(room, room.guide), "goals_and_agreements"
    story.play(room, room.young, lambda t: editing.begin_plan(t, uuid4(), tool))
    row = story.play(room, room.young, lambda t: editing.add_row(open_plan(t, tool), 1, "goals"))
    words = f"goals.{row}.words"
    story.play(room, room.young, lambda t: saving.save(open_plan(t, tool), 1, 0, {words: "Jeg vil bo selv"}))
    send(story, room, room.young, thread, f"goals.{row}")
    assert beside(story, room, room.guide, thread) == ["Jeg vil bo selv"]


def test_a_file_is_sent_along_and_one_from_the_case_is_chosen_without_a_script(
    story: Story, room: Room, app: Flask, owner: psycopg.Connection
) -> None:
    thread = story.thread(room, room.guide)
    hidden = story.file(room, room.guide, "professionals", "Udtalelse.pdf")
    browser = Browser(app, story.token(room.guide))
    page = f"/cases/{room.case_id}/messages/{thread}"
    shown = browser.submit(browser.get(page), "data-draft", body="Se her", file=("billede.pdf", PDF), choose="y")
    assert shown.status == 200
    assert "Valgt: billede.pdf" in shown.text
    warned = browser.submit(shown, "data-draft", body="Se her", enclosed=str(hidden))
    assert warned.status == 422
    assert f"{room.young.name} kan ikke se »Udtalelse.pdf«, fordi det ligger under" in warned.text
    assert browser.submit(warned, "data-draft", body="Se her").status == 303
    assert sorted(beside(story, room, room.guide, thread)) == ["Udtalelse.pdf", "billede.pdf"]
    assert beside(story, room, room.young, thread) == ["billede.pdf"]
    assert held(browser.get(page).form("data-draft"))["submission"]
    assert owner.execute("select count(*) from message where thread_id = %s", [thread]).fetchone() == (2,)
