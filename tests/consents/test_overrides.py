"""Exceptions from consent: let in by law for everyone to see, shut out at once, gone by oneself."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.decide import Refusal
from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput, Refused
from portal.events import Event
from portal.runtime import Runtime
from portal.services.cases import overview
from portal.services.consents import overrides as consent_overrides
from portal.services.members import leaving
from portal.services.oversight import case_log
from portal.services.shared import audience
from tests.support.browser import Browser
from tests.support.story import HERE, Room, Someone, Story, compartments


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def teacher(story: Story, room: Room) -> Someone:
    made = story.staff("Lars Lærer", "Skole")
    story.add(room, made, Level.READ)
    return made


def today(ticket: CaseTicket, days: int = 0):  # type: ignore[no-untyped-def]
    return clock.today(ticket.profile.zone) + timedelta(days=days)


def by_law(
    story: Story, room: Room, who: Someone, *keys: str, days: int = 20, reason: str = "Skoleplan haster"
) -> UUID:
    return story.play(
        room,
        room.guide,
        lambda t: consent_overrides.override(
            t, uuid4(), room.member(who), keys or ("shared",), today(t, days), "Barnets lov § 32", reason
        ),
    )


def freeze(story: Story, room: Room, *whom: Someone, days: int = 7, reason: str = "Underretning") -> UUID:
    members = [room.member(one) for one in whom]
    story.play(room, room.guide, lambda t: consent_overrides.freeze(t, uuid4(), members, today(t, days), reason))
    return story.play(room, room.guide, lambda t: consent_overrides.freezes(t)[-1].id)


# By law


def test_the_guide_lets_somebody_in_by_law_and_it_ends_by_itself(
    story: Story, room: Room, teacher: Someone, calendar
) -> None:  # type: ignore[no-untyped-def]
    by_law(story, room, teacher, days=20)
    assert compartments(story, room, teacher) == {"shared"}
    calendar.move(days=22)
    assert compartments(story, room, teacher) == set()


def test_the_guide_ends_an_override_before_its_day(story: Story, room: Room, teacher: Someone) -> None:
    made = by_law(story, room, teacher)
    story.play(room, room.guide, lambda t: consent_overrides.end_override(t, uuid4(), made))
    assert compartments(story, room, teacher) == set()
    assert story.play(room, room.young, consent_overrides.overrides) == []


def test_everyone_in_the_case_reads_the_override_with_basis_and_reason(
    story: Story, room: Room, teacher: Someone, app: Flask
) -> None:
    story.consent(room, room.young, {"Skole": ()})
    by_law(story, room, teacher, reason="Skolen skal kende planen før mandag")
    for who in (room.young, room.guide, room.parents[0], teacher):
        page = Browser(app, story.token(who)).get(f"/cases/{room.case_id}/people")
        assert page.status == 200
        for told in ("Lars Lærer", "Barnets lov § 32", "Skolen skal kende planen før mandag"):
            assert told in page.text, who.name
        assert "Lars Lærer" in Browser(app, story.token(who)).get(f"/cases/{room.case_id}").text


def test_the_young_person_reads_in_the_log_that_it_was_done_by_law(
    story: Story, room: Room, teacher: Someone, app: Flask
) -> None:
    made = by_law(story, room, teacher)
    story.play(room, room.guide, lambda t: consent_overrides.end_override(t, uuid4(), made))
    text = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/log?only=changes").text
    # Whether citizens are told the names of professionals is a setting of the log.
    assert "gav Skole-medarbejder (Skole) adgang efter loven, uden samtykke" in text
    assert "stoppede den adgang, Skole-medarbejder (Skole) havde efter loven" in text


@pytest.mark.parametrize(
    ("field", "days", "basis", "reason", "keys"),
    [
        ("until", 93, "§ 1", "Fordi", ("shared",)),
        ("until", -1, "§ 1", "Fordi", ("shared",)),
        ("legal_basis", 5, " ", "Fordi", ("shared",)),
        ("reason", 5, "§ 1", "\n", ("shared",)),
        ("compartments", 5, "§ 1", "Fordi", ()),
        ("compartments", 5, "§ 1", "Fordi", ("shared", "made up")),
    ],
)
def test_an_override_takes_a_legal_basis_a_reason_and_an_end_within_three_months(
    story: Story, room: Room, teacher: Someone, field: str, days: int, basis: str, reason: str, keys: tuple[str, ...]
) -> None:
    member = room.member(teacher)
    with pytest.raises(InvalidInput) as refused:
        story.play(
            room,
            room.guide,
            lambda t: consent_overrides.override(t, uuid4(), member, keys, today(t, days), basis, reason),
        )
    assert refused.value.field == field
    assert compartments(story, room, teacher) == set()


def test_where_nothing_is_missing_or_the_guide_has_closed_there_is_nothing_to_open_by_law(
    story: Story, room: Room, teacher: Someone
) -> None:
    story.set_level(room, teacher, Level.NONE)
    for who in (teacher, room.young, room.guide):
        with pytest.raises(InvalidInput, match="override_needless"):
            by_law(story, room, who)


def test_only_the_guide_lets_in_by_law_or_shuts_out(story: Story, room: Room, teacher: Someone) -> None:
    story.everybody_agrees(room)
    for who in (room.young, room.parents[0], teacher):
        for act in (
            lambda t: consent_overrides.may_be_overridden(t, room.member(teacher)),
            lambda t: consent_overrides.freeze(t, uuid4(), [room.member(room.parents[1])], today(t), "Fordi"),
        ):
            with pytest.raises(Refused):
                story.play(room, who, act)


def test_the_screens_let_in_by_law_and_end_it_and_lose_nothing_that_was_typed(
    story: Story, room: Room, teacher: Someone, app: Flask
) -> None:
    guide = Browser(app, story.token(room.guide))
    page = guide.get(f"/cases/{room.case_id}/team/{room.member(teacher)}")
    page = guide.get(next(link for link in page.links() if "/safeguards/override/" in link))
    assert "Alle i sagen kan læse, hvem du giver adgang" in page.text
    wrong = guide.submit(
        page, "legal_basis", compartments="shared", legal_basis="§ 32", reason="Det haster", **_day(0, 0)
    )
    assert wrong.status == 422
    assert "Det haster" in str(wrong.soup)
    end = clock.today(HERE) + timedelta(days=10)
    done = guide.follow(guide.submit(wrong, "legal_basis", **_day(end.day, end.month, end.year)))
    assert "Det haster" in done.text
    assert compartments(story, room, teacher) == {"shared"}
    page = guide.get(next(link for link in done.links() if link.endswith("/end")))
    assert "kan ikke længere se" in page.text
    guide.follow(guide.submit(page, "submission"))
    assert compartments(story, room, teacher) == set()


def _day(day: int, month: int, year: int = 2020, name: str = "until") -> dict[str, str]:
    return {f"{name}-day": str(day), f"{name}-month": str(month), f"{name}-year": str(year)}


# At once


def test_a_freeze_shuts_out_at_the_next_request_and_tells_the_frozen_nothing(
    story: Story, room: Room, app: Flask
) -> None:
    """What is theirs all the same is in tests/rules/test_rights_that_stay.py."""
    story.consent(room, room.young)
    mother = room.parents[0]
    browser = Browser(app, story.token(mother))
    assert browser.get(f"/cases/{room.case_id}").status == 200
    freeze(story, room, mother, reason="Vold i hjemmet")
    for path in ("", "/people", "/files", "/messages", "/plan", "/audience", "/leave"):
        page = browser.get(f"/cases/{room.case_id}{path}")
        assert page.status == 403, path
        assert "Sagen er ikke åben for dig lige nu" in page.text
        for untold in ("Vold", "Ulla", "lukket", "beskytte", "frys", "frozen"):
            assert untold not in page.text, (path, untold)
    waiting = browser.get("/cases")
    assert "Sagen er ikke åben for dig lige nu." in waiting.text
    assert "Ulla" not in waiting.text


def test_nobody_among_the_family_reads_in_the_log_who_was_shut_out_but_the_young_person_does(
    story: Story, room: Room, app: Flask
) -> None:
    story.consent(room, room.young)
    freeze(story, room, room.parents[0])
    said = "lukkede med det samme Mona Mor ude"
    logs = {who.id: Browser(app, story.token(who)).get(f"/cases/{room.case_id}/log").text for who in
            (room.young, room.guide, room.parents[1])}  # fmt: skip
    assert said in logs[room.young.id]
    assert said in logs[room.guide.id]
    assert said not in logs[room.parents[1].id]


def test_the_reason_of_a_freeze_is_the_guides_alone(
    story: Story, room: Room, app: Flask, postgres: EmbeddedPostgres, runtime: Runtime
) -> None:
    freeze(story, room, room.parents[0], reason="Vold i hjemmet")
    assert "Vold i hjemmet" in Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/people").text
    young = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/people")
    assert "Mona Mor" in young.text
    assert "Vold i hjemmet" not in young.text
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(room.young.id)])
        assert connection.execute("select count(*) from access_freeze").fetchone() == (0,)
        connection.execute("select set_config('app.person_id', %s, true)", [str(room.guide.id)])
        assert connection.execute("select count(*) from access_freeze").fetchone() == (1,)


def test_a_freeze_does_not_end_at_its_review_day_but_asks_the_guide(story: Story, room: Room, calendar) -> None:  # type: ignore[no-untyped-def]
    story.consent(room, room.young)
    made = freeze(story, room, room.parents[0], days=7)
    assert story.play(room, room.guide, overview.overview).frozen == ()
    calendar.move(days=8)
    assert compartments(story, room, room.parents[0]) == set()
    assert [line.id for line in story.play(room, room.guide, overview.overview).frozen] == [made]


def test_a_freeze_is_looked_at_again_and_kept_without_a_gap_or_lifted(story: Story, room: Room) -> None:
    story.consent(room, room.young)
    mother = room.parents[0]
    made = freeze(story, room, mother)
    story.play(room, room.guide, lambda t: consent_overrides.keep_frozen(t, uuid4(), made, today(t, 14), "Stadig"))
    assert compartments(story, room, mother) == set()
    saved, again = story.play(room, room.guide, lambda t: (t.facts.freezes, consent_overrides.freezes(t)))
    assert saved[0].lifted_at == saved[1].frozen_at
    assert [line.reason for line in again] == ["Stadig"]
    story.play(room, room.guide, lambda t: consent_overrides.lift(t, uuid4(), again[0].id))
    assert compartments(story, room, mother) == {"shared", "health"}


@pytest.mark.parametrize(
    ("field", "days", "reason"), [("review_on", 29, "x"), ("review_on", -1, "x"), ("reason", 5, "")]
)
def test_a_freeze_takes_a_reason_and_a_review_within_four_weeks(
    story: Story, room: Room, field: str, days: int, reason: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        freeze(story, room, room.parents[0], days=days, reason=reason)
    assert refused.value.field == field


def test_professionals_are_not_frozen_they_are_closed(story: Story, room: Room, teacher: Someone) -> None:
    with pytest.raises(InvalidInput, match="people"):
        freeze(story, room, teacher)


def test_the_young_person_can_be_shut_out_where_somebody_else_uses_their_account(story: Story, room: Room) -> None:
    freeze(story, room, room.young)
    assert compartments(story, room, room.young) == set()
    for closed in (audience.audience_picture, overview.overview, overview.tools):
        with pytest.raises(Refused):
            story.play(room, room.young, closed)


def test_a_consent_given_before_a_freeze_still_counts_for_others(story: Story, room: Room, teacher: Someone) -> None:
    story.everybody_agrees(room)
    freeze(story, room, room.parents[0])
    assert "shared" in compartments(story, room, teacher)


def test_the_screens_freeze_two_and_lift_one(story: Story, room: Room, app: Flask) -> None:
    guide = Browser(app, story.token(room.guide))
    page = guide.get(f"/cases/{room.case_id}/safeguards/freeze")
    assert "De møder en side" in page.text
    wrong = guide.submit(page, "review_on", reason="Fordi", **_day(1, 1, 2020, "review_on"))
    assert wrong.status == 422
    assert "Fordi" in str(wrong.soup)
    token = guide.csrf()
    day = clock.today(HERE) + timedelta(days=3)
    whom = [str(room.member(parent)) for parent in room.parents]
    answers = {
        "people": whom,
        "reason": "Fordi",
        "submission": str(uuid4()),
        **_day(day.day, day.month, day.year, "review_on"),
    }
    done = guide.follow(guide.post(f"/cases/{room.case_id}/safeguards/freeze", answers, token))
    assert "Finn Far" in done.text
    page = guide.get(next(link for link in done.links() if "/freezes/" in link))
    assert guide.submit(page, "decision", decision="keep").status == 422
    assert guide.submit(page, "decision", decision="lift").status == 303
    frozen = story.play(room, room.guide, consent_overrides.freezes)
    assert len(frozen) == 1


# Leaving


def test_a_professional_leaves_and_only_the_guide_lets_them_back(story: Story, room: Room, teacher: Someone) -> None:
    story.everybody_agrees(room)
    story.play(room, teacher, lambda t: leaving.leave_case(t, uuid4(), "new_job"))
    assert compartments(story, room, teacher) == set()
    with pytest.raises(Refused) as refused:
        story.play(room, teacher, audience.audience_picture)
    assert refused.value.reason.code is Refusal.DENIED
    assert [note.obstacle for note in refused.value.reason.notes] == ["left"]
    assert [line.membership.display_name for line in story.play(room, room.guide, overview.overview).gone] == [
        "Lars Lærer"
    ]
    story.set_level(room, teacher, Level.READ)
    assert "shared" in compartments(story, room, teacher)


def test_somebody_with_a_conflict_of_interest_leaves_before_they_have_seen_anything(
    story: Story, room: Room, teacher: Someone, app: Flask
) -> None:
    browser = Browser(app, story.token(teacher))
    page = browser.get("/cases")
    page = browser.get(next(link for link in page.links() if link.endswith("/leave")))
    assert "Ulla" not in page.text
    assert browser.submit(page, "reason").status == 422
    left = browser.follow(browser.submit(page, "reason", reason="conflict_of_interest"))
    assert "Du har selv forladt sagen." in left.text
    log = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/log").text
    assert "forlod sagen (interessekonflikt)" in log


def test_a_parent_may_leave_and_the_guide_and_the_young_person_may_not(story: Story, room: Room) -> None:
    story.consent(room, room.young)
    story.play(room, room.parents[0], lambda t: leaving.leave_case(t, uuid4(), "other"))
    assert compartments(story, room, room.parents[0]) == set()
    for who in (room.guide, room.young):
        with pytest.raises(Refused):
            story.play(room, who, lambda t: leaving.leave_case(t, uuid4(), "other"))


def test_every_exception_leaves_its_line_and_no_word_of_it(
    story: Story, room: Room, teacher: Someone, owner: psycopg.Connection
) -> None:
    by_law(story, room, teacher, reason="mærkeord")
    made = freeze(story, room, room.parents[0], reason="mærkeord")
    story.play(room, room.guide, lambda t: consent_overrides.lift(t, uuid4(), made))
    lines = owner.execute("select event, item_id, fields::text from audit_event where chain_id = %s", [room.case_id])
    events = {(event, item) for event, item, fields in lines.fetchall() if "mærkeord" not in fields}
    assert {
        (Event.OVERRIDE_SET, room.member(teacher)),
        (Event.FREEZE_SET, room.member(room.parents[0])),
        (Event.FREEZE_LIFTED, room.member(room.parents[0])),
    } <= events
    assert case_log.GUARDED
