"""Whether the young person was heard is theirs to know: on no page or paper of anybody else, in no copy, in no answer
to a page's script, and for no question to the database. The guide reads it while the young person lets them."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Capacity, Level
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput, Refused
from portal.events import Event
from portal.runtime import Runtime
from portal.services.meetings import heard, schedule
from portal.services.members import handover
from portal.services.oversight import case_log
from tests.exports.test_exports import opened, packed
from tests.plans.test_tools import begin, newest, write
from tests.rules.test_leak_channels import _opened
from tests.support.browser import Browser, Page
from tests.support.meeting import ended
from tests.support.story import Room, Someone, Story
from tests.support.world import MEMBERS, STRANGERS, World

TOOL = "meeting_checklist"
ANSWERS = {"listened": "1", "mattered": "2", "decided": "declined"}
TOLD = ("1 Slet ikke", "2 Lidt", "Det vil jeg ikke svare på")


@pytest.fixture
def room(story: Story) -> Room:
    return story.case(parents=1, parent_level=Level.WRITE)


@pytest.fixture
def colleague(story: Story, room: Room) -> Someone:
    made = story.staff("Kim Kollega")
    story.add(room, made)
    return made


@pytest.fixture
def meeting(story: Story, room: Room, colleague: Someone) -> UUID:
    """One that is over, about which a checklist was written."""
    assert colleague
    story.consent(room, room.young)
    made = story.meeting(room, room.guide)
    ended(story, room, made, following=False)
    begin(story, room, room.guide, TOOL)
    write(story, room, room.guide, TOOL, script__goals="Vi talte om skolen")
    return made


def case(room: Room) -> str:
    return f"/cases/{room.case_id}"


def everywhere(browser: Browser, room: Room, meeting: UUID) -> dict[str, Page]:
    """The meeting and its checklist, asked for in every way there is."""
    start = f"{case(room)}/plan/{TOOL}"
    places = ("", "/write", "/versions/1", "/versions/1/changes", "/live?number=1", "/versions/1/heard")
    pages = {place: browser.get(f"{start}{place}") for place in places}
    pages |= {kind: browser.get(f"{start}/versions/1/paper/{kind}") for kind in ("pdf", "docx")}
    of_meeting = f"{case(room)}/meetings/{meeting}"
    pages |= {f"meeting{rest}": browser.get(of_meeting + rest) for rest in ("", "/screen", "/live", "/heard")}
    for law in ("youth_effort", "paragraph_109"):
        pages[law] = browser.get(f"{case(room)}/plan/laws/{law}/docx")
    pages["log"] = browser.get(f"{case(room)}/log")
    pages["front"] = browser.get(case(room))
    pages["plan"] = browser.get(f"{case(room)}/plan")
    pages["messages"] = browser.get(f"{case(room)}/messages")
    return pages


def test_nobody_else_reads_it_anywhere(
    app: Flask, story: Story, room: Room, meeting: UUID, colleague: Someone, owner: psycopg.Connection
) -> None:
    story.heard(room, meeting, **ANSWERS)
    hers = Browser(app, story.token(room.young)).get(f"{case(room)}/meetings/{meeting}/heard")
    assert [label.get_text(strip=True) for label in hers.soup.select(".scale label:has(input[checked])")] == list(TOLD)
    for who in (room.guide, colleague, room.parents[0]):
        found = everywhere(Browser(app, story.token(who)), room, meeting)
        for place, page in found.items():
            assert not [told for told in TOLD if told in _opened(page)], (who.name, place)
            assert "Det har jeg svaret før" not in page.text
        assert found["/versions/1"].status == found["log"].status == 200
        assert found["meeting/heard"].status == found["/versions/1/heard"].status == 403
        copy = opened(story, room, who, packed(story, room, who, owner))
        everything = b"".join(copy.read(name) for name in copy.namelist()).decode("utf-8", "replace")
        assert "Vi talte om skolen" in everything
        assert not [told for told in TOLD if told in everything]


def test_it_is_on_no_paper_and_in_no_copy_for_her_either(
    app: Flask, story: Story, room: Room, meeting: UUID, owner: psycopg.Connection
) -> None:
    """What is printed or taken away is handed round."""
    story.heard(room, meeting, **ANSWERS)
    browser = Browser(app, story.token(room.young))
    for kind in ("pdf", "docx"):
        told = _opened(browser.get(f"{case(room)}/plan/{TOOL}/versions/1/paper/{kind}"))
        assert not [words for words in (*TOLD, "Blev jeg hørt") if words in told]
    copy = opened(story, room, room.young, packed(story, room, room.young, owner))
    everything = b"".join(copy.read(name) for name in copy.namelist()).decode("utf-8", "replace")
    assert not [words for words in TOLD if words in everything]


def test_the_page_says_who_reads_it_before_she_answers_and_nothing_is_shown_unless_she_says_so(
    app: Flask, story: Story, room: Room, meeting: UUID
) -> None:
    young, guide = (Browser(app, story.token(who)) for who in (room.young, room.guide))
    where = f"{case(room)}/meetings/{meeting}"
    page = young.get(f"{where}/heard")
    before_the_form = page.text[: page.text.index("Lyttede de andre")]
    assert "Kun du ser dine svar. Ikke din guide, ikke dine forældre, og ingen andre." in before_the_form
    assert "Du kan lade Grete Guide se dem" in before_the_form
    assert not page.soup.find("input", attrs={"name": "show"}).has_attr("checked"), "nothing is ticked beforehand"
    nothing = young.submit(page, "heard.listened")
    assert nothing.status == 422
    done = young.follow(young.submit(nothing, "heard.listened", **{"heard.listened": "1"}))
    assert "Ingen andre end du kan se det" in done.text
    assert "Slet ikke" not in guide.get(where).text
    shown = young.follow(young.submit(done, "heard.listened", show="y"))
    assert "Grete Guide kan se dine svar" in shown.text
    assert shown.soup.find("input", attrs={"name": "show"}).has_attr("checked")
    seen = guide.get(where)
    assert "1 Slet ikke" in seen.text
    assert "Ulla Ung lader dig se det her, og ingen andre" in seen.text
    young.submit(shown, "heard.listened", show=None)
    assert "Slet ikke" not in guide.get(where).text, "it can be taken back"


def test_she_is_led_to_it_after_the_meeting_until_she_has_answered(
    app: Flask, story: Story, room: Room, colleague: Someone
) -> None:
    running = story.meeting(room, room.guide)
    young, guide = (Browser(app, story.token(who)) for who in (room.young, room.guide))
    assert f"/meetings/{running}/heard" not in str(young.get(case(room)).soup), "while it goes on nobody is asked"
    ended(story, room, running, following=False)
    link = f"{case(room)}/meetings/{running}/heard"
    assert link in young.get(case(room)).links()
    assert link in young.get(f"{case(room)}/meetings/{running}").links()
    for who in (guide, Browser(app, story.token(colleague))):
        assert link not in who.get(case(room)).links()
    story.heard(room, running)
    assert link not in young.get(case(room)).links()


def test_a_young_person_who_may_only_read_says_it_too(story: Story) -> None:
    room = story.case(parents=0, young_level=Level.READ)
    made = story.meeting(room, room.guide)
    story.heard(room, made, listened="5")
    assert story.play(room, room.young, lambda t: heard.my_answers(t, heard.of_meeting(t, made))).answers == {
        "heard.listened": "5"
    }


def test_nobody_answers_for_her(story: Story, room: Room, meeting: UUID, colleague: Someone) -> None:
    for who in (room.guide, colleague, room.parents[0]):
        with pytest.raises(Refused):
            story.play(
                room,
                who,
                lambda t: heard.answer_heard(t, uuid4(), heard.of_meeting(t, meeting), {"heard.listened": "5"}, True),
            )


@pytest.mark.parametrize("given", [{}, {"heard.listened": "6"}, {"heard.listened": "lidt"}, {"script.goals": "Nej"}])
def test_what_is_no_answer_is_refused(given: dict[str, str], story: Story, room: Room, meeting: UUID) -> None:
    with pytest.raises(InvalidInput):
        story.play(
            room, room.young, lambda t: heard.answer_heard(t, uuid4(), heard.of_meeting(t, meeting), given, show=False)
        )


def test_what_was_shown_to_one_guide_stays_closed_to_the_next(story: Story, room: Room, meeting: UUID) -> None:
    story.heard(room, meeting, show=True, **ANSWERS)
    assert story.play(room, room.guide, lambda t: heard.shown(t, meeting_id=meeting)) is not None
    taker = story.guide("Nikolaj Ny")
    story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
    for who in (taker, room.guide):
        assert story.play(room, who, lambda t: heard.shown(t, meeting_id=meeting)) is None
    hers = story.play(room, room.young, lambda t: heard.my_answers(t, heard.of_meeting(t, meeting)))
    assert hers.shown_to is None, "her page does not say that anybody sees it"
    story.heard(room, meeting, show=True, **ANSWERS)
    assert story.play(room, taker, lambda t: heard.shown(t, meeting_id=meeting)) is not None


def test_that_she_answered_stands_in_the_log_for_her_alone_and_that_the_guide_looked_for_both(
    story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    story.heard(room, meeting, show=True, **ANSWERS)
    story.play(room, room.guide, lambda t: heard.shown(t, meeting_id=meeting))
    told = {
        who.name: {
            line.event
            for visit in story.play(room, who, lambda t: case_log.log(t, None, "")).visits
            for line in visit.lines
            if line.event.startswith("heard.")
        }
        for who in (room.young, room.guide, colleague, room.parents[0])
    }
    both = {Event.HEARD_SHOWN, Event.HEARD_VIEWED}
    assert told == {
        "Ulla Ung": {Event.HEARD_ANSWERED, *both},
        "Grete Guide": both,
        "Kim Kollega": set(),
        "Mona Mor": set(),
    }


# The second wall


@pytest.mark.parametrize("show", [False, True])
def test_the_database_shows_it_to_her_and_to_the_guide_she_lets_in(
    show: bool, living: Runtime, world: World, postgres: EmbeddedPostgres
) -> None:
    Story(living).heard(world.room, world.meeting_id, show)
    url = postgres.url("portal_app", str(living.engine.url.database))
    allowed = {"young person"} | ({"guide"} if show else set())
    for kind in (*MEMBERS, *STRANGERS):
        with psycopg.connect(url) as connection:
            connection.execute("select set_config('app.person_id', %s, true)", [str(world.people[kind].id)])
            assert bool(connection.execute("select 1 from heard").fetchall()) == (kind in allowed), kind
            told = "select distinct event from audit_event where chain_id = %s and event like 'heard.%%'"
            events = {row[0] for row in connection.execute(told, [world.room.case_id])}
            assert ("heard.answered" in events) == (kind == "young person"), kind
            assert ("heard.shown" in events) == (show and kind in allowed), kind
            changed = connection.execute("update heard set shown_to_id = created_by_id")
            assert changed.rowcount == (1 if kind == "young person" else 0), kind


def test_the_database_lets_nobody_answer_in_her_place(
    living: Runtime, world: World, postgres: EmbeddedPostgres
) -> None:
    url = postgres.url("portal_app", str(living.engine.url.database))
    plant = """insert into heard (id, case_id, compartment_id, plan_version_id, definition, answers_sealed, answered_at,
               created_by_id) values (%s, %s, %s, %s, 'x', 'x', now(), %s)"""
    with psycopg.connect(postgres.url("postgres", str(living.engine.url.database))) as everything:
        version = everything.execute("select id from plan_version limit 1").fetchone()
    assert version is not None
    for kind in MEMBERS:
        for by in {kind, "young person"}:
            row = [
                uuid4(),
                world.room.case_id,
                world.compartments["shared"],
                version[0],
                world.room.member(world.people[by]),
            ]
            with psycopg.connect(url) as connection:
                connection.execute("select set_config('app.person_id', %s, true)", [str(world.people[kind].id)])
                if kind == "young person":
                    connection.execute(plant, row)
                    connection.rollback()
                else:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(plant, row)


def test_without_the_second_wall_the_first_holds(living: Runtime, world: World, blind: Runtime) -> None:
    """The same question on a database role that row-level security does not hold."""
    story = Story(blind)
    for kind in ("guide", "colleague", "custody holder"):
        found = story.play(world.room, world.people[kind], lambda t: heard.shown(t, meeting_id=world.meeting_id))
        assert found is None, kind
        assert story.play(world.room, world.people[kind], heard.unanswered) is None
        assert story.play(world.room, world.people[kind], lambda t: newest_log(t)) == set()
    hers = story.play(world.room, world.room.young, lambda t: newest_log(t))
    assert hers == {"heard.answered"}


def newest_log(ticket) -> set[str]:  # type: ignore[no-untyped-def]
    lines = (line for visit in case_log.log(ticket, None, "").visits for line in visit.lines)
    return {line.event.value for line in lines if line.event.value.startswith("heard.")}


def test_the_meeting_must_be_one_she_knows_of(story: Story, room: Room) -> None:
    aunt = story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)
    ahead = story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), tomorrow(t), set()))
    from portal.errors import NotFound

    with pytest.raises(NotFound):
        story.play(room, room.young, lambda t: heard.of_meeting(t, ahead))
    with pytest.raises(NotFound):
        story.play(room, aunt, lambda t: heard.of_meeting(t, ahead))
    assert newest  # what the other tests read the checklist with


def tomorrow(ticket):  # type: ignore[no-untyped-def]
    from tests.support.meeting import ahead

    return ahead(ticket, days=1)
