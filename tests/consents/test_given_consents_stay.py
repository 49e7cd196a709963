"""A declaration that was given is never changed, by the database either, and nobody gives for another."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import CorruptData
from portal.runtime import Runtime
from portal.services.consents import drafts, requests
from portal.services.consents import receipts as consent_receipts
from portal.services.consents.declaration import Answers
from tests.consents.test_giving_consent import chosen
from tests.support.browser import Browser
from tests.support.story import PDF, Room, Someone, Story, compartments
from tests.web.test_bad_input import TODAY


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def school(story: Story, room: Room) -> Someone:
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ, "Så skolen kender planen")
    return teacher


# Immutable


def test_the_applications_own_role_can_neither_change_nor_widen_what_was_given(
    story: Story, room: Room, school: Someone, runtime: Runtime, postgres: EmbeddedPostgres
) -> None:
    consent_id = story.consent(room, room.young, {"Skole": ("shared",)})
    url = postgres.url("portal_app", str(runtime.engine.url.database))
    attempts = [
        ("update consent set valid_until = now() + interval '9 years' where id = %s", [consent_id]),
        ("update consent set text_sealed = 'x' where id = %s", [consent_id]),
        ("delete from consent where id = %s", [consent_id]),
        ("delete from consent_grant where consent_id = %s", [consent_id]),
        ("delete from consent_exception where consent_id = %s", [consent_id]),
        *(
            (
                f"insert into {table} (id, case_id, consent_id, unit_id, {', '.join(more)}) "
                f"values (%s, %s, %s, %s, {', '.join(['%s'] * len(more))})",
                [uuid4(), room.case_id, consent_id, school.unit_id, *more.values()],
            )
            for table, more in (
                ("consent_grant", {"compartment": "health", "category": "mental_health"}),
                ("consent_grant", {"category": "mental_health"}),
                ("consent_refusal", {"compartment": "health"}),
                ("consent_exception", {"category": "mental_health"}),
            )
        ),
    ]
    for statement, values in attempts:
        with psycopg.connect(url) as connection:
            connection.execute("select set_config('app.person_id', %s, true)", [str(room.young.id)])
            assert connection.execute("select count(*) from consent").fetchone() == (1,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement, values)  # type: ignore[arg-type]


def test_the_database_takes_a_withdrawal_only_from_the_giver_or_the_owner(
    story: Story, room: Room, school: Someone, runtime: Runtime, postgres: EmbeddedPostgres
) -> None:
    """Below every verb, as the application's own role: what a mother gave, the young person cannot take back."""
    consent_id = story.consent(room, room.parents[0], {"Skole": ("shared",)})
    giver = room.member(room.parents[0])
    insert = """insert into consent_withdrawal
                (id, case_id, consent_id, giver_id, unit_id, withdrawn_at, registered_by_id)
                select gen_random_uuid(), m.case_id, %s, %s, %s, now(), m.id from membership m
                where m.person_id = %s and m.case_id = %s"""
    url = postgres.url("portal_app", str(runtime.engine.url.database))
    for someone, may in [(room.young, False), (room.parents[1], False), (room.parents[0], True), (room.guide, True)]:
        with psycopg.connect(url) as connection:
            connection.execute("select set_config('app.person_id', %s, true)", [str(someone.id)])
            for about in (consent_id, None):  # with and without a declaration to take back
                values = [about, giver, school.unit_id, someone.id, room.case_id]
                if may:
                    assert connection.execute(insert, values).rowcount == 1, someone.name
                else:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(insert, values)
                connection.rollback()
                connection.execute("select set_config('app.person_id', %s, true)", [str(someone.id)])
            if someone is room.young:
                # Somebody's own no cannot be hung on what another gave.
                with pytest.raises(psycopg.errors.ForeignKeyViolation):
                    connection.execute(insert, [consent_id, room.member(someone), None, someone.id, room.case_id])
            connection.rollback()


def test_a_declaration_cannot_pretend_to_be_of_a_later_transaction(
    story: Story, room: Room, school: Someone, runtime: Runtime, postgres: EmbeddedPostgres
) -> None:
    """Or it could be widened then."""
    consent_id = story.consent(room, room.young, {"Skole": ("shared",)})
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(room.young.id)])
        copy = """insert into consent (id, case_id, giver_id, registered_by_id, method, given_at, valid_from,
                  valid_until, wording_version, text_sealed, text_sha256_sealed, made_in)
                  select gen_random_uuid(), case_id, giver_id, registered_by_id, method, given_at, valid_from,
                  valid_until, wording_version, text_sealed, text_sha256_sealed, made_in + 100 from consent
                  where id = %s"""
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(copy, [consent_id])


def test_words_that_no_longer_fit_their_hash_are_not_shown(
    story: Story, room: Room, school: Someone, owner: psycopg.Connection
) -> None:
    first = story.consent(room, room.young, {"Skole": ("shared",)})

    def forge(ticket) -> bytes:  # type: ignore[no-untyped-def]
        return ticket.keys.seal_text("Jeg siger ja til det hele", f"consent.text {first}")

    owner.execute("update consent set text_sealed = %s where id = %s", [story.play(room, room.guide, forge), first])
    with pytest.raises(CorruptData):
        story.play(room, room.young, lambda t: consent_receipts.stored_declaration(t, first))


def test_a_case_whose_citizens_never_sign_in_runs_on_paper_and_words(app: Flask, story: Story) -> None:
    """No eID is set up at all; the guide alone uses the portal, and the giver still gets a receipt."""
    room = story.case(young_level=Level.NONE, parent_level=Level.NONE, parents=1)
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    guide = Browser(app, story.token(room.guide))
    for giver, how in ((room.young, "oral"), (room.parents[0], "paper")):
        page = guide.get(f"/cases/{room.case_id}/consents/register/{room.member(giver)}")
        typed = {f"given_on-{part}": str(getattr(TODAY, part)) for part in ("day", "month", "year")}
        typed |= chosen(page, "Skole")
        more = {"scan": ("s.pdf", PDF)} if how == "paper" else {"note": "Sagt på mødet den 3."}
        read = guide.submit(page, "given_on", **typed, **more, method=how, told="y")
        done = guide.follow(guide.submit(read, "read"))
        assert "Svaret er noteret" in done.text
    assert compartments(story, room, teacher) == {"shared", "health", "without_parents", "professionals"}
    people = guide.get(f"/cases/{room.case_id}/people")
    receipts = [link for link in people.links() if link.endswith("/receipt")]
    assert len(receipts) == 2
    assert guide.get(receipts[0]).response.mimetype == "application/pdf"
    back = guide.get(next(link for link in people.links() if "/withdraw/unit-" in link))
    assert "Du gør det, fordi" in back.text
    assert "Lars Lærer" in guide.follow(guide.submit(back, "submission")).text
    assert compartments(story, room, teacher) == set()


def test_nobody_gives_for_another_and_the_draft_is_ones_own(
    story: Story, room: Room, school: Someone, runtime: Runtime, postgres: EmbeddedPostgres
) -> None:
    def keep(ticket) -> None:  # type: ignore[no-untyped-def]
        asked = requests.request(ticket, ticket.membership.id)
        choices = {line.key: {one.key: one.key == "shared" for one in line.asked} for line in asked.parties}
        drafts.save_answers(ticket, asked, Answers(choices, asked.until), "da")

    story.play(room, room.young, keep)
    assert story.play(room, room.parents[0], drafts.saved_answers) is None
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(room.guide.id)])
        assert connection.execute("select count(*) from consent_draft").fetchone() == (0,)
