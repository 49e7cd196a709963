"""*Nyt siden sidst* names what others changed since somebody was there, as far as they may see it, and nothing else."""

from __future__ import annotations

from functools import partial
from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal.access.policy.roles import Capacity, Level
from portal.demo import plan
from portal.services.cases import overview
from portal.services.cases.changes import Changes, What
from portal.services.files import folders
from portal.services.meetings import schedule
from portal.services.members import team_wishes
from tests.support.browser import Browser
from tests.support.statements import noted
from tests.support.story import Room, Someone, Story


@pytest.fixture
def teacher(story: Story) -> Someone:
    return story.staff("Lars Lærer", "Skolen")


@pytest.fixture
def room(story: Story, teacher: Someone) -> Room:
    room = story.case(parents=1)
    story.add(room, teacher, Level.WRITE)
    story.everybody_agrees(room)
    story.file(room, room.guide, name="gammel.pdf")
    for who in (room.guide, room.young, room.parents[0], teacher):
        seen(story, room, who)
    return room


def seen(story: Story, room: Room, who: Someone) -> Changes:
    return story.play(room, who, overview.overview).changes


def kinds(story: Story, room: Room, who: Someone) -> list[What]:
    return sorted(change.what for change in seen(story, room, who).lines)


def test_everything_somebody_else_did_is_named_once_and_nothing_of_ones_own(
    app: Flask, story: Story, room: Room, teacher: Someone
) -> None:
    story.file(room, room.guide, name="ny.pdf")
    story.play(room, room.guide, partial(plan.promise, "Ringer til skolen", 3))
    story.play(room, room.guide, plan.meet)
    for who in (room.guide, room.young):
        story.play(room, who, plan.accept)
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague, Level.READ)
    page = Browser(app, story.token(teacher)).get(f"/cases/{room.case_id}")
    told = " ".join(page.soup.find(id="new").parent.get_text(" ").split())  # type: ignore[union-attr]
    for words in ("ny.pdf", "Der er skrevet nyt i", "er foreslået", "Et møde er planlagt", "Kim Kollega"):
        assert words in told, words
    assert "gammel.pdf" not in told
    for link in page.soup.select("section[aria-labelledby=new] li a"):
        assert Browser(app, story.token(teacher)).get(str(link["href"])).status == 200, link
    wanted = [What.ACCEPTED, What.ACCEPTED, What.CAME, What.FILE, What.MEETING, What.PLAN, What.PROPOSED]
    assert kinds(story, room, room.parents[0]) == wanted
    assert kinds(story, room, room.young) == [What.CAME], "of what came before their own yes they have been told"
    assert kinds(story, room, teacher) == [], "they have seen it now"


def test_counts_are_exact_after_a_file_is_withdrawn_a_meeting_called_off_and_a_compartment_closed(
    story: Story, room: Room, teacher: Someone
) -> None:
    staying = story.file(room, room.guide, name="bliver.pdf")
    gone = story.file(room, room.guide, name="trækkes.pdf")
    closed = story.file(room, room.guide, "professionals", name="lukket.pdf")
    meeting: UUID = story.play(room, room.guide, lambda t: (plan.meet(t), schedule.list_meetings(t)[0].id)[1])
    story.play(room, room.guide, lambda t: folders.withdraw_file(t, gone, "Forkert fil"))
    story.play(room, room.guide, lambda t: schedule.call_off(t, meeting))
    story.consent(room, room.young, otherwise=("shared",))
    found = seen(story, room, teacher)
    assert {change.item for change in found.lines if change.what is What.FILE} == {str(staying)}
    assert closed
    assert [change.what for change in found.lines if change.item == str(meeting)] == [What.CALLED_OFF]
    assert found.more == 0


def test_who_is_shut_out_is_told_to_professionals_and_not_among_family(
    story: Story, room: Room, teacher: Someone
) -> None:
    colleague = story.staff("Kim Kollega")
    aunt = story.add_citizen(room, "Tove Tante", Capacity.PARENT)
    story.add(room, colleague, Level.READ)
    story.consent(room, room.young)
    for who in (room.young, room.parents[0], teacher):
        assert What.GONE not in kinds(story, room, who)
    story.set_level(room, aunt, Level.NONE)
    assert What.GONE in kinds(story, room, room.young)
    assert What.GONE in kinds(story, room, teacher)
    assert What.GONE not in kinds(story, room, room.parents[0])


def test_answers_between_guide_and_young_person_are_told_to_nobody_else(
    story: Story, room: Room, teacher: Someone
) -> None:
    story.play(room, room.young, lambda t: team_wishes.propose_wishes(t, uuid4(), "Kim", ""))
    wish = story.play(room, room.guide, lambda t: team_wishes.wishes(t)[0].id)
    story.play(room, room.guide, lambda t: team_wishes.answer_wish(t, uuid4(), wish, "yes", ""))
    story.consent(room, room.parents[0])
    assert {What.WISH, What.CONSENT} <= set(kinds(story, room, room.young))
    assert {What.WISH, What.CONSENT}.isdisjoint(kinds(story, room, teacher))


def test_past_ten_it_folds_and_costs_one_statement(app: Flask, story: Story, room: Room, teacher: Someone) -> None:
    def asked() -> int:
        browser = Browser(app, story.token(teacher))
        with noted() as statements:
            browser.get(f"/cases/{room.case_id}")
        return len(statements)

    few = asked()
    for number in range(14):
        story.file(room, room.guide, name=f"fil {number}.pdf")
    assert asked() == few
    for number in range(12):
        story.file(room, room.guide, name=f"ny {number}.pdf")
    page = Browser(app, story.token(teacher)).get(f"/cases/{room.case_id}").soup
    panel = page.select_one("section[aria-labelledby=new]")
    assert panel is not None
    assert len(panel.select("ul.rows > li")) == 12
    assert len(panel.select("details ul.rows > li")) == 2
    assert "2 mere" in panel.select_one("summary").get_text()  # type: ignore[union-attr]
