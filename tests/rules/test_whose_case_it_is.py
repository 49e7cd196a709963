"""Whose case it is: another organisation takes it over with the yes of those it is about, or on a legal basis that
everyone reads; within the organisation the young person is told and heard. Only somebody who may own cases takes it,
when it is offered to them and nobody's yes is waited for. Both walls hold it."""

from __future__ import annotations

from functools import partial
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Capacity, Level
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput, NotFound, Overtaken, Refused
from portal.runtime import Runtime
from portal.services.consents import overrides
from portal.services.members import handover, team
from portal.services.members import handover_answers as says
from portal.services.members.handover import Law
from tests.rules.walls import second_wall_down
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story, compartments, years_ago

LAW = Law("Barnets lov § 154", "Familien er flyttet, og den nye kommune skal hjælpe nu")


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def outside(runtime: Runtime) -> Someone:
    """A guide of another organisation."""
    return Story(runtime).guide("Rikke Region", "Børne- og ungdomspsykiatrien")


def offered(story: Story, room: Room, taker: Someone, law: Law | None = None) -> UUID:
    made = story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id, law))
    story.refresh(room)
    return made


def says_yes(story: Story, room: Room, who: Someone, said: str = "yes", words: str = "") -> None:
    def act(ticket):  # type: ignore[no-untyped-def]
        asked = says.asked_of_me(ticket)
        assert asked is not None
        says.say(ticket, uuid4(), asked.id, said, words)

    story.play(room, who, act)


def takes(story: Story, room: Room, taker: Someone) -> bool:
    """Whether they get it; a refusal leaves everything as it was."""
    try:
        story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
    except (InvalidInput, Refused, NotFound, Overtaken):
        return False
    room.guide = taker
    return True


def takes_in_sql(runtime: Runtime, postgres: EmbeddedPostgres, room: Room, taker: Someone, offer_id: UUID) -> bool:
    """Whether the application's role could note the acceptance in their name, without the application."""
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(taker.id)])
        try:
            connection.execute(
                "insert into hand_over_answer values (%s, %s, %s, 'accepted', now(), %s)",
                [uuid4(), room.case_id, offer_id, room.member(taker)],
            )
        except psycopg.errors.InsufficientPrivilege:
            return False
        finally:
            connection.rollback()
        return True


# To another organisation


@pytest.mark.parametrize("last", ["young", "mother", "father"])
def test_it_waits_for_everybody_who_is_asked(
    story: Story, room: Room, outside: Someone, runtime: Runtime, postgres: EmbeddedPostgres, last: str
) -> None:
    offer_id = offered(story, room, outside)
    people = {"young": room.young, "mother": room.parents[0], "father": room.parents[1]}
    order = [*(who for name, who in people.items() if name != last), people[last]]
    for who in order:
        assert not takes(story, room, outside)
        assert not takes_in_sql(runtime, postgres, room, outside, offer_id)
        assert compartments(story, room, outside) == set()
        says_yes(story, room, who)
    assert takes_in_sql(runtime, postgres, room, outside, offer_id)
    assert takes(story, room, outside)
    assert "shared" in compartments(story, room, outside)


def test_the_ticket_waits_alone_too(
    story: Story, room: Room, outside: Someone, runtime: Runtime, postgres: EmbeddedPostgres
) -> None:
    offered(story, room, outside)
    says_yes(story, room, room.young)
    with second_wall_down(runtime, postgres) as blind:
        assert not takes(Story(blind), room, outside)
    says_yes(story, room, room.parents[0])
    says_yes(story, room, room.parents[1])
    with second_wall_down(runtime, postgres) as blind:
        assert takes(Story(blind), room, outside)


def test_a_no_is_a_no_until_it_is_changed(
    story: Story, room: Room, outside: Someone, runtime: Runtime, postgres: EmbeddedPostgres
) -> None:
    offer_id = offered(story, room, outside)
    for who in (room.young, *room.parents):
        says_yes(story, room, who)
    says_yes(story, room, room.young, "no", "Jeg kender hende ikke")
    assert not takes(story, room, outside)
    assert not takes_in_sql(runtime, postgres, room, outside, offer_id)
    says_yes(story, room, room.young)
    assert takes(story, room, outside)


def test_an_adult_decides_alone_and_custody_noted_meanwhile_is_asked_too(
    story: Story, outside: Someone, runtime: Runtime, postgres: EmbeddedPostgres
) -> None:
    adult = story.case(born=years_ago(18, 30))
    offered(story, adult, outside)
    says_yes(story, adult, adult.young)
    assert takes(story, adult, outside)
    room = story.case(parents=1)
    offer_id = offered(story, room, outside)
    says_yes(story, room, room.young)
    says_yes(story, room, room.parents[0])
    late = story.add_citizen(room, "Vera Værge", Capacity.PARENT, custody=True)
    assert not takes(story, room, outside)
    assert not takes_in_sql(runtime, postgres, room, outside, offer_id)
    story.play(room, room.guide, lambda t: team.set_custody(t, room.member(late), False))
    assert takes_in_sql(runtime, postgres, room, outside, offer_id)
    assert takes(story, room, outside)


def test_from_the_eighteenth_birthday_custody_holders_are_waited_for_no_more(
    story: Story, outside: Someone, runtime: Runtime, postgres: EmbeddedPostgres, calendar
) -> None:  # type: ignore[no-untyped-def]
    room = story.case(born=years_ago(18, -5))
    offer_id = offered(story, room, outside)
    says_yes(story, room, room.young)
    assert not takes_in_sql(runtime, postgres, room, outside, offer_id)
    calendar.move(days=10)
    assert takes_in_sql(runtime, postgres, room, outside, offer_id)
    assert takes(story, room, outside)


def test_on_a_legal_basis_it_goes_at_once_and_everyone_in_the_case_reads_it(
    story: Story, room: Room, outside: Someone, app: Flask
) -> None:
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher, Level.READ)
    story.everybody_agrees(room)
    everybody = (room.guide, room.young, room.parents[0], teacher)
    offered(story, room, outside, LAW)
    assert takes(story, room, outside)
    for who in (*everybody[1:], outside):
        page = Browser(app, story.token(who)).get(f"/cases/{room.case_id}/people")
        assert page.status == 200, who.name
        for told in (LAW.legal_basis, LAW.reason, "Rikke Region"):
            assert told in page.text, who.name


@pytest.mark.parametrize(("basis", "reason", "field"), [("", "Fordi", "legal_basis"), ("§ 1", " \n", "reason")])
def test_a_legal_basis_takes_a_basis_and_a_reason(
    story: Story, room: Room, outside: Someone, basis: str, reason: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        offered(story, room, outside, Law(basis, reason))
    assert refused.value.field == field
    assert story.play(room, room.guide, handover.pending) is None


def test_whoever_is_frozen_is_not_told_where_the_case_goes(
    story: Story, room: Room, outside: Someone, app: Flask, runtime: Runtime, postgres: EmbeddedPostgres
) -> None:
    her = room.parents[0]

    def freeze(ticket):  # type: ignore[no-untyped-def]
        day = overrides.latest_review(ticket)
        overrides.freeze(ticket, uuid4(), [room.member(her)], day, "Vold i hjemmet")

    story.play(room, room.guide, freeze)
    with pytest.raises(InvalidInput, match="hand_over_frozen"):
        offered(story, room, outside)
    offered(story, room, outside, LAW)
    browser = Browser(app, story.token(her))
    assert browser.get(f"/cases/{room.case_id}/hand-over/say").status == 404
    for path in ("/cases", f"/cases/{room.case_id}", f"/cases/{room.case_id}/log"):
        assert "Rikke" not in browser.get(path).text
        assert "En anden guide" not in browser.get(path).text
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(her.id)])
        assert connection.execute("select 1 from hand_over").fetchall() == []


@pytest.mark.parametrize("who", ["young person", "custody holder"])
def test_whoever_is_shut_out_is_asked_all_the_same(
    story: Story, room: Room, outside: Someone, app: Flask, who: str
) -> None:
    someone = room.young if who == "young person" else room.parents[0]
    story.set_level(room, someone, Level.NONE)
    offered(story, room, outside)
    browser = Browser(app, story.token(someone))
    case = f"/cases/{room.case_id}"
    for page in (browser.get("/cases"), browser.get(case)):
        assert f"{case}/hand-over/say" in page.links()
    page = browser.get(f"{case}/hand-over/say")
    assert "Må Rikke Region være guide?" in page.text
    assert browser.submit(page, "answer", answer="no", words="Nej tak").status == 303
    told = story.play(room, room.guide, says.current)
    assert [one.words for one in told.said if one.giver.person_id == someone.id] == ["Nej tak"]


def test_whoever_is_shut_out_is_asked_nothing_that_is_not_theirs(story: Story, room: Room, app: Flask) -> None:
    her = room.parents[0]
    story.set_level(room, her, Level.NONE)
    story.set_level(room, room.young, Level.NONE)
    offered(story, room, story.guide("Rasmus Vang", "Voksenenheden"))
    say = f"/cases/{room.case_id}/hand-over/say"
    for path in ("/cases", f"/cases/{room.case_id}"):
        assert say not in Browser(app, story.token(her)).get(path).links(), path
        assert say in Browser(app, story.token(room.young)).get(path).links(), path
    assert Browser(app, story.token(her)).get(say).status == 404


def test_what_was_noted_in_somebodys_name_is_shown_to_them_also_when_the_case_has_gone(
    story: Story, room: Room, outside: Someone, app: Flask
) -> None:
    """So that a yes that was never given comes to light."""
    her = room.parents[0]
    offered(story, room, outside)
    for who in (room.young, *room.parents):
        note = partial(says.register, giver_id=room.member(who), said="yes", method="oral", words="Sagt på mødet")
        story.play(room, room.guide, lambda t, note=note: note(t, uuid4()))  # type: ignore[misc]
    story.consent(room, room.young)
    browser, case = Browser(app, story.token(her)), f"/cases/{room.case_id}"
    for gone in (False, True):
        page = browser.get(f"{case}/people")
        assert "Grete Guide har noteret et ja fra dig" in page.text
        assert "mundtligt" in page.text
        assert (f"{case}/hand-over/say" in page.links()) is not gone
        assert browser.get(f"{case}/hand-over/say").status == (404 if gone else 200)
        if not gone:
            assert takes(story, room, outside)


def test_an_answer_on_paper_or_aloud_is_noted_with_the_guides_name(
    story: Story, room: Room, outside: Someone, app: Flask
) -> None:
    offered(story, room, outside)
    guide = Browser(app, story.token(room.guide))
    for who in (room.young, *room.parents):
        people = guide.get(f"/cases/{room.case_id}/people")
        link = f"/cases/{room.case_id}/hand-over/register/{room.member(who)}"
        assert link in people.links()
        page = guide.get(link)
        wrong = guide.submit(page, "method", answer="yes", words="")
        assert wrong.status == 422
        noted = guide.follow(guide.submit(page, "method", answer="yes", method="oral", words="Sagt på mødet"))
        assert "noteret af Grete Guide" in noted.text
    assert takes(story, room, outside)


@pytest.mark.parametrize("whose", ["the young person's", "a custody holder's"])
def test_a_no_of_ones_own_is_changed_by_nobody_else(
    whose: str, story: Story, room: Room, outside: Someone, runtime: Runtime, postgres: EmbeddedPostgres,
    owner: psycopg.Connection, app: Flask,
) -> None:  # fmt: skip
    """Not by a guide who notes that it was said aloud otherwise; by themselves it is."""
    her = room.young if whose == "the young person's" else room.parents[0]
    offer_id = offered(story, room, outside)
    for who in (room.young, *room.parents):
        says_yes(story, room, who)
    says_yes(story, room, her, "no", "Jeg vil ikke skifte")
    member = room.member(her)
    with pytest.raises(InvalidInput, match="own_no"):
        story.play(room, room.guide, lambda t: says.register(t, uuid4(), member, "yes", "oral", "Sagt i telefonen"))
    guide = Browser(app, story.token(room.guide))
    page = guide.get(f"/cases/{room.case_id}/hand-over/register/{member}")
    told = guide.submit(page, "method", answer="yes", method="oral", words="Sagt i telefonen")
    assert told.status == 422
    assert "Kun de selv kan ændre det" in told.text
    story.play(room, room.guide, lambda t: says.register(t, uuid4(), member, "no", "oral", "Sagde det igen"))
    # Also where such a row got there some other way.
    owner.execute(
        "insert into hand_over_say select gen_random_uuid(), case_id, hand_over_id, membership_id, 'yes', 'oral', "
        "null, now() + interval '1 minute', from_id from (select s.*, h.from_id from hand_over_say s join hand_over h "
        "on h.id = s.hand_over_id where s.membership_id = %s limit 1) forged",
        [member],
    )
    assert not takes(story, room, outside)
    assert not takes_in_sql(runtime, postgres, room, outside, offer_id)
    owner.execute("delete from hand_over_say where said_at > now()")
    says_yes(story, room, her)
    assert takes(story, room, outside)


# Within the organisation


def test_within_the_organisation_the_young_person_is_told_and_heard_and_it_stops_nothing(
    story: Story, room: Room, app: Flask, owner: psycopg.Connection
) -> None:
    taker = story.guide("Rasmus Vang", "Voksenenheden")
    offered(story, room, taker)
    case = f"/cases/{room.case_id}"
    young, guide, other = (Browser(app, story.token(who)) for who in (room.young, room.guide, taker))
    front = young.get(case)
    assert "Rasmus Vang bliver måske guide" in front.text
    page = young.get(f"{case}/hand-over/say")
    assert young.submit(page, "answer").status == 422
    assert young.submit(page, "answer", answer="no", words="Jeg vil hellere have Grete").status == 303
    assert "Du sagde nej" in young.get(case).text
    assert "Jeg vil hellere have Grete" in guide.get(case).text
    shown = other.get(f"{case}/hand-over/answer").text
    assert "Jeg vil hellere have Grete" in shown
    assert "Ulla" not in shown
    mails = owner.execute("select args->>'person_id' from procrastinate_jobs where task_name = 'mail_news'").fetchall()
    assert {str(taker.id), str(room.guide.id)} <= {row[0] for row in mails}
    before = room.guide
    assert takes(story, room, taker), "it is heard, and stops nothing"
    said = story.play(room, taker, says.current).said[0]
    page = other.get(f"{case}/hand-over/reply/{said.id}")
    assert other.submit(page, "words", words=" ").status == 422
    assert other.submit(page, "words", words="Jeg forstår dig. Skal vi mødes?").status == 303
    assert "Jeg forstår dig. Skal vi mødes?" in young.get(case).text
    assert other.get(f"{case}/hand-over/reply/{said.id}").status == 404, "answered once"
    story.consent(room, room.young)
    for parent in room.parents:
        story.consent(room, parent)
    assert "Jeg vil hellere have Grete" not in Browser(app, story.token(room.parents[0])).get(f"{case}/people").text
    assert compartments(story, room, before)


def test_the_young_person_is_still_heard_for_a_while_after_it_happened(story: Story, room: Room, calendar) -> None:  # type: ignore[no-untyped-def]
    taker = story.guide("Rasmus Vang", "Voksenenheden")
    offered(story, room, taker)
    assert takes(story, room, taker)
    calendar.move(days=10)
    says_yes(story, room, room.young, "no", "For sent?")
    assert story.play(room, taker, says.current).said[0].words == "For sent?"
    calendar.move(days=30)
    assert story.play(room, room.young, says.asked_of_me) is None


def test_parents_are_not_asked_within_the_organisation(story: Story, room: Room) -> None:
    offered(story, room, story.guide("Rasmus Vang", "Voksenenheden"))
    story.consent(room, room.young)
    for parent in room.parents:
        assert story.play(room, parent, says.asked_of_me) is None
        with pytest.raises(NotFound):
            story.play(room, parent, lambda t: says.say(t, uuid4(), uuid4(), "yes", ""))
