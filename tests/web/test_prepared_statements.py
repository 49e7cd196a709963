"""Statements that are put together once and asked through the driver."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Text, bindparam, cast, func, literal, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from portal import clock
from portal.audit import savepoint
from portal.db import PortalSession, Prepared
from portal.models import Submission
from portal.runtime import Runtime
from tests.support.statements import noted
from tests.support.story import Story


class Share(NamedTuple):
    whole: int
    part: int


SHARE = Prepared(select(literal(12).label("whole"), (literal(12) / bindparam("by")).label("part")), Share)


def test_each_row_has_its_names_and_the_values_of_the_statement_itself(runtime: Runtime) -> None:
    with runtime.new_session() as session, noted() as asked:
        assert SHARE.ask(session, by=4, other="passed over") == [Share(whole=12, part=3)]
    assert len(asked) == 1


def test_a_fault_is_told_like_that_of_every_other_statement(runtime: Runtime) -> None:
    with runtime.new_session() as session, pytest.raises(DBAPIError) as told:
        SHARE.ask(session, by=0)
    assert not told.value.connection_invalidated
    with runtime.new_session() as session:
        assert SHARE.ask(session, by=3), "the connection is good for the next one"


def test_a_connection_that_ends_is_told_and_thrown_away(runtime: Runtime) -> None:
    class Ended(NamedTuple):
        ended: bool

    end = Prepared(select(func.pg_terminate_backend(func.pg_backend_pid()).label("ended")), Ended)
    with runtime.new_session() as session, pytest.raises(OperationalError) as told:
        end.ask(session)
    assert told.value.connection_invalidated
    with runtime.new_session() as session:
        assert session.execute(text("select 1")).scalar_one() == 1


def test_a_row_that_is_not_the_statements_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="Share"):
        Prepared(select(literal(1).label("part"), literal(2).label("whole")), Share)


class Speaker(NamedTuple):
    person: str | None
    said: str


SPEAKER = Prepared(
    select(func.current_setting("app.person_id", True).label("person"), cast(bindparam("said"), Text).label("said")),
    Speaker,
)


def _speaker(session: PortalSession) -> str:
    (found,) = SPEAKER.ask(session, said="")
    return found.person or ""


def _speak_as_and_fail(session: PortalSession, other: UUID) -> None:
    with savepoint(session):
        session.act_for(other)
        assert _speaker(session) == str(other)
        raise ZeroDivisionError


def test_it_speaks_for_the_person_of_the_session_in_every_transaction_and_for_nobody_after_them(
    runtime: Runtime,
) -> None:
    """The first statement of a transaction may be one that goes past SQLAlchemy."""
    one, other = uuid4(), uuid4()
    with runtime.new_session() as session:
        session.act_for(one)
        assert _speaker(session) == str(one)
        session.rollback()
        assert _speaker(session) == str(one), "after a rollback"
        session.commit()
        assert _speaker(session) == str(one), "after a commit"
        with pytest.raises(ZeroDivisionError):
            _speak_as_and_fail(session, other)
        session.act_for(one)
        assert _speaker(session) == str(one), "after a savepoint that was undone"
        with pytest.raises(DBAPIError), savepoint(session):
            SHARE.ask(session, by=0)
        assert _speaker(session) == str(one), "after a savepoint in which it failed"
    for _ in range(runtime.engine.pool.size() + 1):  # type: ignore[attr-defined]
        with runtime.new_session() as session:
            assert _speaker(session) == "", "a connection that was used before"


def test_a_value_is_never_a_part_of_the_statement(runtime: Runtime) -> None:
    hostile = "'); select set_config('app.person_id', 'x', true); -- $1 %s %(said)s :said \\"
    with runtime.new_session() as session:
        assert SPEAKER.ask(session, said=hostile)[0].said == hostile
        assert _speaker(session) == ""


def test_it_sees_what_the_session_has_still_to_write(runtime: Runtime, story: Story) -> None:
    class Made(NamedTuple):
        id: UUID

    made, person = uuid4(), story.staff("Gitte Guide", "Ungeenheden").id
    mine = Prepared(select(Submission.id).where(Submission.person_id == bindparam("person")), Made)
    with runtime.new_session() as session:
        session.act_for(person)
        session.add(Submission(id=made, person_id=person, made_id=uuid4(), sent_at=clock.now()))
        assert mine.ask(session, person=person) == [Made(made)]
