"""Statements that are put together once and asked through the driver."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from sqlalchemy import bindparam, func, literal, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from portal.db import Prepared
from portal.runtime import Runtime
from tests.support.statements import noted


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
