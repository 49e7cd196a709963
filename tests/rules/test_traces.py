"""Nothing without a trace: every change and every look is in the chain, and looking changes nothing else."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from sqlalchemy import insert

from portal import audit, clock
from portal.access.policy.roles import Level
from portal.events import ALLOWED_FIELDS, Event
from portal.models import EidAttempt, Organisation, Person
from portal.runtime import Runtime
from portal.views.oversight import event_labels
from tests.rules.leaks import browser_of
from tests.rules.routes import CASE_ROUTES, ROUTES, own
from tests.support.browser import Browser
from tests.support.story import Story
from tests.support.world import World

MACHINERY = {
    "login",
    "kept_form",
    "kept_file",
    "sign_in_try",
    "audit_event",
    "audit_head",
    "test_clock",
    "alembic_version",
    "thread_look",  # how far one has read, which only reading changes
    "version_taken",  # which version one has, which only taking it changes
}


def test_a_change_that_leaves_no_trace_cannot_be_committed(runtime: Runtime) -> None:
    for write in (
        lambda s: s.add(Person(id=uuid4(), kind="citizen", created_at=clock.now())),
        lambda s: s.execute(insert(Person).values(id=uuid4(), kind="citizen", created_at=clock.now())),
    ):
        with runtime.new_session() as session:
            write(session)
            with pytest.raises(RuntimeError, match="without a trace"):
                session.commit()


def test_the_machinery_may_write_its_own_rows(runtime: Runtime) -> None:
    attempt = EidAttempt(
        state_sha256=b"s", browser_sha256=b"b", provider="x", nonce="n", code_verifier="v", asks_national_id=False,
        started_at=clock.now(),
    )  # fmt: skip
    with runtime.unit_of_work() as session:
        session.add(attempt)


def test_what_was_noted_in_a_transaction_that_fails_is_not_in_the_chain(
    runtime: Runtime, owner: psycopg.Connection
) -> None:
    before = owner.execute("select count(*) from audit_event").fetchone()
    with runtime.new_session() as session:
        audit.record(session, Event.ORGANISATION_ADDED, item_id=uuid4())
        session.rollback()
        session.commit()
    assert owner.execute("select count(*) from audit_event").fetchone() == before
    with runtime.unit_of_work() as session:
        session.add(Organisation(id=uuid4(), name="Ny", kind="school", created_at=clock.now()))
        audit.record(session, Event.ORGANISATION_ADDED)


def test_an_event_carries_the_fields_it_is_allowed_and_no_other(runtime: Runtime) -> None:
    with runtime.new_session() as session, pytest.raises(ValueError, match="body"):
        audit.record(session, Event.MESSAGE_SENT, body="Hej")


def test_no_event_may_carry_anything_said_in_words() -> None:
    ids_and_states = {
        "capacity", "holds", "level", "method", "whole", "version", "number", "tool", "hits", "action", "reason",
        "allowed", "roles", "cases", "state", "unfinished", "orphans", "format", "link", "what", "correction", "lines",
        "faults", "apps",
    }  # fmt: skip
    assert {field for fields in ALLOWED_FIELDS.values() for field in fields} <= ids_and_states


def test_every_look_at_a_case_is_in_its_chain_before_the_answer(
    living_app: Flask, living: Runtime, world: World, postgres, request
) -> None:  # type: ignore[no-untyped-def]
    with psycopg.connect(postgres.url("postgres", str(living.engine.url.database)), autocommit=True) as owner:
        for kind in ("guide", "young person", "teacher", "custody holder"):
            browser, _ = browser_of(kind, living_app, living, world)
            for route in CASE_ROUTES:
                if route.method != "GET":
                    continue
                before = _lines(owner, world)
                page = browser.get(route.path(own(world)))
                told_nothing = route.endpoint in FORMS or page.status in (404, 303)
                if route.endpoint in ("together.live", "meetings.live") and page.status == 200:
                    # Following a plan along is one look each ten minutes.
                    assert _looks_at_plan(owner, world, kind), f"{kind} follows a plan without a line"
                    continue
                assert _lines(owner, world) > before or told_nothing, f"{kind} at {route}"


FORMS = {"case.find", "files.add", "old_forms.add", "messages.start", "team.find", "team.add", "team.add_citizen",
         "safeguards.freeze", "leaving.leave", "choosing.propose", "choosing.pause", "hand_over.find",
         "exports.case", "meetings.arrange", "absence.tell"}  # fmt: skip
"""Empty forms: they show nothing of what is in the case but who would see what is put in."""


def _looks_at_plan(owner: psycopg.Connection, world: World, kind: str) -> int:
    row = owner.execute(
        """select count(*) from audit_event where chain_id = %s and actor_id = %s and event = 'schema.viewed'
           and at > now() - interval '10 minutes'""",
        [world.room.case_id, world.people[kind].id],
    ).fetchone()
    assert row is not None
    return int(row[0])


def _lines(owner: psycopg.Connection, world: World) -> int:
    row = owner.execute("select count(*) from audit_event where chain_id = %s", [world.room.case_id]).fetchone()
    assert row is not None
    return int(row[0])


def test_every_refusal_is_in_the_chain_of_the_case(living_app: Flask, living: Runtime, world: World, postgres) -> None:  # type: ignore[no-untyped-def]
    with psycopg.connect(postgres.url("postgres", str(living.engine.url.database)), autocommit=True) as owner:
        for kind in ("waiting", "closed", "stranger"):
            browser, _ = browser_of(kind, living_app, living, world)
            before = _lines(owner, world)
            browser.get(f"/cases/{world.room.case_id}/files")
            assert _lines(owner, world) == before + 1
            last = owner.execute(
                "select event, actor_id, fields from audit_event where chain_id = %s order by seq desc limit 1",
                [world.room.case_id],
            ).fetchone()
            assert last is not None
            assert last[:2] == ("access.refused", world.people[kind].id)


@pytest.mark.parametrize("kind", ["guide", "young person", "custody holder", "teacher", "waiting", "administrator"])
def test_a_get_changes_nothing_but_the_trace(
    kind: str, living_app: Flask, living: Runtime, world: World, postgres
) -> None:  # type: ignore[no-untyped-def]
    """And what was made of a file to look at it, which is kept for the next one: only added, and only of what this
    person may see."""
    browser, _ = browser_of(kind, living_app, living, world)
    with psycopg.connect(postgres.url("postgres", str(living.engine.url.database)), autocommit=True) as owner:
        before, made = _fingerprint(owner), _made_to_look_at(owner)
        blobs = set(living.store.keys())
        for route in ROUTES:
            if route.method == "GET":
                browser.get(route.path(own(world)))
        after, new = _fingerprint(owner), _made_to_look_at(owner) - made
        assert made <= _made_to_look_at(owner)
        assert {name: rows for name, rows in after.items() if name != "rendition"} == {
            name: rows for name, rows in before.items() if name != "rendition"
        }
        places = {world.compartments[key] for key in world.sees[kind]} if kind in world.sees else set()
        assert {place for _blob, place in new} <= places
        assert set(living.store.keys()) == blobs | {blob for blob, _place in new if blob}


def _made_to_look_at(owner: psycopg.Connection) -> set[tuple[str | None, UUID]]:
    return {(row[0], row[1]) for row in owner.execute("select blob, compartment_id from rendition")}


def _fingerprint(owner: psycopg.Connection) -> dict[str, object]:
    tables = [
        row[0]
        for row in owner.execute(
            "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
    ]
    return {
        table: owner.execute(
            f"select count(*), md5(coalesce(string_agg(t::text, '' order by t::text), '')) from {table} t"  # type: ignore[arg-type]
        ).fetchone()
        for table in tables
        if table not in MACHINERY
    }


def test_the_log_page_has_words_for_everything_that_can_be_in_a_case() -> None:
    of_the_office = {
        event
        for event in Event
        if event.value.split(".")[0]
        in {"chain", "stranger", "organisation", "unit", "staff", "invitation", "password", "account", "signed"}
        | {"sign_in", "eid", "stepped", "windows", "roles", "sign_ins", "passwords", "figures", "trace"}
        | {"factor", "recovery_codes", "recovery_code", "renewal", "notice", "store", "keys", "email", "mail", "reset"}
        | {"phone", "contact", "notices"}
    }
    assert set(event_labels.EVENT_LABELS) == set(Event) - of_the_office


def test_a_download_is_in_the_log_before_its_first_byte(
    story: Story, browser: Browser, owner: psycopg.Connection
) -> None:
    room = story.case()
    file_id = story.file(room, room.guide)
    young = Browser(browser.app, story.token(room.young))
    response = young.client.get(f"/cases/{room.case_id}/files/{file_id}/versions/1", buffered=False)
    lines = owner.execute(
        "select event from audit_event where chain_id = %s and actor_id = %s", [room.case_id, room.young.id]
    )
    assert ("version.downloaded",) in lines.fetchall()
    response.close()


def test_sending_a_form_twice_does_the_thing_once(story: Story, owner: psycopg.Connection) -> None:
    room = story.case()
    form = uuid4()
    from portal.services.messages import threads
    from tests.support.story import compartment_id

    made = {
        story.play(room, room.guide, lambda t: threads.start(t, form, compartment_id(t, "shared"), "Hej", "Hej alle"))
        for _ in range(3)
    }
    assert len(made) == 1
    assert owner.execute("select count(*) from message").fetchone() == (1,)
    assert Level.WRITE  # the story's default level
