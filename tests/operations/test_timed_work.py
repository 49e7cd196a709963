"""What the worker does of itself, run as the worker runs it: every capability's part of it, one after the other."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from portal import clock
from portal.db import Base
from portal.jobs.task import Worker
from portal.jobs.worker import TASKS
from portal.models import (
    EidAttempt,
    EidStranger,
    HalfLogin,
    PasskeyChallenge,
    SavedForm,
    SignInTry,
    Submission,
)
from portal.runtime import Runtime
from portal.services.operations import periodic
from tests.support.story import Room

UNFINISHED = (SavedForm, HalfLogin, PasskeyChallenge, SignInTry, EidAttempt, EidStranger, Submission)


def _begun(person_id: UUID, at: datetime) -> list[Base]:
    """One row of each kind that somebody may leave unfinished."""
    token, word = uuid4().bytes * 2, uuid4().hex
    return [
        SavedForm(person_id=person_id, sealed=token, kept_at=at),
        HalfLogin(token_sha256=token, person_id=person_id, started_at=at),
        PasskeyChallenge(token_sha256=token, person_id=person_id, challenge=token, started_at=at),
        SignInTry(bucket=token, at=at),
        EidAttempt(
            state_sha256=token,
            browser_sha256=token,
            provider="mitid",
            nonce=word,
            code_verifier=word,
            asks_national_id=False,
            started_at=at,
        ),
        EidStranger(
            token_sha256=token,
            issuer=word,
            subject=word,
            provider="mitid",
            id_token_sealed=token,
            told_sealed=token,
            arrived_at=at,
        ),
        Submission(id=uuid4(), person_id=person_id, made_id=uuid4(), sent_at=at),
    ]


def _there(runtime: Runtime, person_id: UUID) -> dict[str, int]:
    with runtime.new_session(person_id) as session:
        return {model.__tablename__: len(session.execute(select(model)).all()) for model in UNFINISHED}


def _run(runtime: Runtime, name: str) -> None:
    (task,) = (task for task in TASKS if task.name == name)
    task.run(Worker(runtime, runtime))


def test_the_sweep_takes_what_was_left_unfinished_and_leaves_what_is_under_way(runtime: Runtime, room: Room) -> None:
    me, now = room.guide.id, clock.now()
    before = _there(runtime, me)
    with runtime.unit_of_work(me) as session:
        session.add_all(_begun(me, now) + _begun(me, now - timedelta(days=4)))
    assert _there(runtime, me) == {table: count + 2 for table, count in before.items()}
    _run(runtime, "sweep")
    assert _there(runtime, me) == {table: count + 1 for table, count in before.items()}


def test_reminding_goes_through_every_capability_that_reminds(
    runtime: Runtime, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = periodic.registry.REMINDERS
    noting = tuple(lambda session, send=send: asked.append(send.__module__) or send(session) for send in real)
    monkeypatch.setattr(periodic.registry, "REMINDERS", noting)
    _run(runtime, "remind")
    assert asked == [send.__module__ for send in real]
    assert len(asked) > 1
