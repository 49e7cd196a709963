"""The story of a case through its verbs: what opens, what shuts, what stays."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from portal import clock
from portal.access.policy.decide import Refusal
from portal.access.policy.roles import Capacity, Level
from portal.access.ticket import CaseTicket, enter_case
from portal.access.window_store import differences
from portal.errors import NotFound, Refused
from portal.runtime import Runtime
from portal.services.cases import register
from portal.services.consents import requests
from portal.services.files import files
from portal.services.members import team
from portal.services.messages import threads as message_threads
from portal.services.shared import audience
from tests.support.story import HERE, Room, Someone, Story, compartments, years_ago


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def teacher(story: Story, room: Room) -> Someone:
    made = story.staff("Lars Lærer", "Skole")
    story.add(room, made, Level.READ)
    return made


# Opening


def test_a_new_case_has_its_key_its_compartments_and_its_first_members(story: Story, room: Room) -> None:
    assert compartments(story, room, room.guide) == {
        "shared",
        "health",
        "without_parents",
        "professionals",
        "guide_only",
    }
    assert compartments(story, room, room.young) == {"shared", "health", "without_parents", "guide_only"}
    assert [compartments(story, room, parent) for parent in room.parents] == [set(), set()]


def test_only_somebody_whose_office_allows_it_opens_cases(story: Story) -> None:
    with pytest.raises(Refused) as refused:
        story.case(story.staff("Lars Lærer", "Skole"))
    assert refused.value.reason.code is Refusal.OFFICE


def test_the_same_parent_in_two_cases_is_one_person_with_a_name_in_each(story: Story) -> None:
    from portal.services.members.citizens import NewCitizen
    from tests.support.story import PROFILE

    guide, born = story.guide(), years_ago(17, 30)
    made = []
    for name in ("Mor Ét", "Mor To"):
        new = register.NewCase(NewCitizen("Barn"), born, (NewCitizen(name, "0101700002"),))
        with story.acting(guide) as actor:
            made.append(Room(register.open_case(actor, uuid4(), new, PROFILE), guide, Someone(uuid4(), ""), []))
    for room in made:
        story.refresh(room)
    assert made[0].parents[0].id == made[1].parents[0].id
    assert [room.parents[0].name for room in made] == ["Mor Ét", "Mor To"]


# Consent


def test_nobody_from_outside_sees_anything_until_the_last_consent_is_in(
    story: Story, room: Room, teacher: Someone
) -> None:
    assert compartments(story, room, teacher) == set()
    story.consent(room, room.young)
    story.consent(room, room.parents[0])
    assert compartments(story, room, teacher) == set()
    line = next(
        m for m in story.play(room, room.guide, audience.audience_picture) if m.membership.person_id == teacher.id
    )
    missing = {b.giver_id for prospect in line.lacking for b in prospect.blockers}
    assert missing == {room.member(room.parents[1])}, "the page says exactly whose"
    story.paper_consent(room, room.parents[1])
    assert compartments(story, room, teacher) == {"shared", "health", "without_parents", "professionals"}


def test_a_withdrawal_closes_at_once_and_what_was_written_stays(story: Story, room: Room) -> None:
    job = story.staff("Jonas Job", "Jobcenter")
    story.add(room, job, Level.WRITE)
    story.everybody_agrees(room)
    thread = story.thread(room, job, "shared", "Praktik", "Jeg ringer i morgen")
    story.withdraw(room, room.young, "Jobcenter")
    assert compartments(story, room, job) == set()
    with pytest.raises(Refused) as refused:
        story.play(room, job, lambda t: message_threads.thread(t, thread))
    reason = refused.value.reason
    assert [(n.obstacle, n.giver) for n in reason.notes] == [("consent_withdrawn", "young_person")]
    assert reason.guide.name == "Grete Guide"
    page = story.play(room, room.young, lambda t: message_threads.thread(t, thread))
    assert (page.messages[0].author.display_name, page.messages[0].body) == ("Jonas Job", "Jeg ringer i morgen")


def test_the_guide_shuts_somebody_out_and_lets_them_in_again(story: Story, room: Room) -> None:
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague, Level.READ)
    assert compartments(story, room, colleague)
    story.set_level(room, colleague, Level.NONE)
    assert compartments(story, room, colleague) == set()
    story.set_level(room, colleague, Level.WRITE)
    assert compartments(story, room, colleague)


def test_a_consent_runs_out_by_itself(story: Story, room: Room, teacher: Someone, calendar) -> None:  # type: ignore[no-untyped-def]
    until = clock.today(HERE) + timedelta(days=5)
    for giver in (room.young, *room.parents):
        story.consent(room, giver, until=until)
    assert compartments(story, room, teacher)
    calendar.move(days=7)
    assert compartments(story, room, teacher) == set()


def test_the_eighteenth_birthday_passes_and_the_parents_access_has_ended_by_itself(story: Story, calendar) -> None:  # type: ignore[no-untyped-def]
    room = story.case(born=years_ago(18, -3))
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    story.everybody_agrees(room)
    mother = room.parents[0]
    assert compartments(story, room, mother) == {"shared", "health"}
    calendar.move(days=4)
    assert compartments(story, room, mother) == set()
    with pytest.raises(Refused) as refused:
        story.play(room, mother, lambda t: t.require(files.Action.FILE_VIEW))
    assert [n.obstacle for n in refused.value.reason.notes] == ["grown_up"]
    assert compartments(story, room, teacher), "the grown-up's own consent to professionals goes on"
    with pytest.raises((NotFound, Refused)):
        story.consent(room, mother)
    story.consent(room, room.young)
    assert compartments(story, room, mother) == {"shared", "health"}, "let in again by the adult"


def test_a_custody_holder_without_access_still_decides_about_consent(story: Story, teacher: Someone) -> None:
    room = story.case(parent_level=Level.NONE)
    other = story.staff("Lene Lærer", "Anden skole")
    story.add(room, other, Level.READ)
    story.consent(room, room.young)
    for parent in room.parents:
        assert compartments(story, room, parent) == set()
        story.consent(room, parent)
    assert compartments(story, room, other)
    assert teacher


def test_a_case_whose_citizens_never_sign_in_works_on_paper(story: Story) -> None:
    room = story.case(young_level=Level.NONE, parent_level=Level.NONE)
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    for giver in (room.young, *room.parents):
        story.paper_consent(room, giver)
    assert compartments(story, room, teacher)
    assert compartments(story, room, room.young) == set()


def test_the_consent_is_kept_word_for_word_with_its_hash(story: Story, room: Room, teacher: Someone) -> None:
    import hashlib

    from portal.models import Consent

    consent_id = story.consent(room, room.young, {"Skole": ("shared",)})

    def read(ticket: CaseTicket) -> tuple[str, str]:
        row = ticket.session.get_one(Consent, consent_id)
        return (
            ticket.keys.unseal_text(row.text_sealed, f"consent.text {consent_id}"),
            ticket.keys.unseal_text(row.text_sha256_sealed, f"consent.sha256 {consent_id}"),
        )

    words, digest = story.play(room, room.young, read)
    assert "Jeg, Ulla Ung, svarer her på" in words
    assert "må se:\n- Fælles (kontaktoplysninger, skole og uddannelse," in words
    assert "Skole, Testby" in words
    assert "skole og uddannelse" in words
    assert "må ikke se:\n- Helbred (" in words
    assert hashlib.sha256(words.encode()).hexdigest() == digest


def test_asking_tells_how_many_wait_for_an_answer(story: Story, room: Room) -> None:
    assert story.play(room, room.young, requests.asks_me) == 2, "the two parents"
    story.add(room, story.staff("Lars Lærer", "Skole"), Level.READ)
    assert story.play(room, room.young, requests.asks_me) == 3
    story.consent(room, room.young, {"Skole": ()})
    assert story.play(room, room.young, requests.asks_me) == 0, "a no is an answer"
    story.add(room, story.staff("Jonas Job", "Jobcenter"), Level.READ)
    assert story.play(room, room.young, requests.asks_me) == 1, "only the new one is asked about"


def test_two_changes_at_once_leave_the_windows_both_would_make(story: Story, room: Room, runtime: Runtime) -> None:
    """Two givers answer in the same moment; whoever commits last must not forget the other."""
    teachers = [story.staff(f"Lærer {n}", f"Skole {n}") for n in range(4)]
    for one in teachers:
        story.add(room, one, Level.READ)
    givers = [room.young, *room.parents]
    threads = [threading.Thread(target=story.consent, args=(room, giver)) for giver in givers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(compartments(story, room, one) for one in teachers)
    with runtime.unit_of_work(room.guide.id) as session:
        assert differences(session, room.case_id) == []


# The team


def test_adding_somebody_previews_what_they_will_see_and_what_is_missing(story: Story, room: Room) -> None:
    unit = story.unit("Skole")
    outside = story.play(room, room.guide, lambda t: team.preview(t, Capacity.PROFESSIONAL, unit, Level.READ))
    assert {p.compartment: (p.level, len(p.blockers)) for p in outside} == dict.fromkeys(
        ("shared", "health", "without_parents", "professionals"), (Level.NONE, 3)
    )
    inside = story.play(
        room, room.guide, lambda t: team.preview(t, Capacity.PROFESSIONAL, room.guide.unit_id, Level.READ)
    )
    assert {p.level for p in inside} == {Level.READ}


def test_a_withdrawal_previews_who_loses_what(story: Story, room: Room, teacher: Someone) -> None:
    from portal.services.consents import declare

    story.everybody_agrees(room)
    consent = story.consent(room, room.young)
    found = story.play(room, room.young, lambda t: declare.preview_withdrawal(t, consent, f"unit-{teacher.unit_id}"))
    (one,) = found.people
    assert one.membership.id == room.member(teacher)
    changes = one.closes
    assert {c.compartment for c in changes} == {"shared", "health", "without_parents", "professionals"}
    assert {(c.was, c.becomes) for c in changes} == {(Level.READ, Level.NONE)}


def test_only_the_young_person_and_the_guide_see_who_is_kept_out_and_why(
    story: Story, room: Room, teacher: Someone
) -> None:
    story.consent(room, room.young, {"Skole": ()}, ("shared",))
    for who, sees_waiting in ((room.guide, True), (room.young, True), (room.parents[0], False)):
        lines = story.play(room, who, audience.audience_picture)
        assert (teacher.id in {line.membership.person_id for line in lines}) is sees_waiting


def test_the_purpose_is_read_by_the_asked_and_is_sealed(story: Story, room: Room, owner: psycopg.Connection) -> None:
    story.add(room, story.staff("Lars Lærer", "Skole"), Level.READ, "Så vi kan planlægge din skoledag")
    asked = story.play(room, room.young, lambda t: requests.request(t, t.membership.id))
    assert ("Så vi kan planlægge din skoledag",) in {line.purposes for line in asked.parties}
    rows = owner.execute("select purpose_sealed from membership where purpose_sealed is not null").fetchall()
    assert rows
    assert all(b"skoledag" not in row[0] for row in rows)


def test_a_national_id_is_sealed_recognised_and_shown_only_as_an_act_of_its_own(
    story: Story, owner: psycopg.Connection
) -> None:
    from portal.services.members.citizens import NewCitizen
    from tests.support.story import PROFILE

    born = years_ago(17, 30)
    number = f"{born:%d%m%y}4001"
    guide = story.guide()
    with story.acting(guide) as actor:
        case_id = register.open_case(actor, uuid4(), register.NewCase(NewCitizen("Barn", number), born), PROFILE)
    room = Room(case_id, guide, Someone(uuid4(), ""), [])
    story.refresh(room)
    for table in ("membership", "national_id", "person", "audit_event"):
        assert owner.execute(f"select count(*) from {table} t where t::text like %s", [f"%{number}%"]).fetchone() == (
            0,
        )  # type: ignore[arg-type]
    shown = story.play(room, guide, lambda t: team.show_national_id(t, room.member(room.young)))
    assert shown == number
    assert owner.execute("select count(*) from audit_event where event = 'national_id.shown'").fetchone() == (1,)
    with pytest.raises(Refused):
        story.play(room, room.young, lambda t: team.show_national_id(t, room.member(room.young)))


def test_stored_windows_are_what_the_facts_give(story: Story, room: Room, teacher: Someone, runtime: Runtime) -> None:
    story.everybody_agrees(room)
    story.withdraw(room, room.parents[0])
    story.set_level(room, teacher, Level.WRITE)
    with runtime.unit_of_work(room.guide.id) as session:
        assert differences(session, room.case_id) == []


def test_a_stored_window_that_does_not_follow_from_the_facts_is_found(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    owner.execute("update access_window set can_write = not can_write where case_id = %s", [room.case_id])
    with runtime.unit_of_work(room.guide.id) as session:
        assert differences(session, room.case_id)
        assert enter_case
