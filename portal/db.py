"""The database: engine, base class, sessions that say who they act for, and the one commit point's tools.

Row-level security reads `app.person_id`, which is set for the transaction and no longer, so that a pooled connection
never carries one person into the next one's request.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from psycopg import Error as DriverError
from psycopg import RawCursor
from psycopg.errors import (
    DeadlockDetected,
    ExclusionViolation,
    ForeignKeyViolation,
    SerializationFailure,
    UniqueViolation,
)
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    Select,
    TextualSelect,
    Uuid,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from portal import clock
from portal.errors import DependencyUnavailable, UnsafeConfiguration


class Base(DeclarativeBase):
    """All tables. Names of constraints are fixed, because a violated one becomes a sentence at a form field."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map: ClassVar = {UUID: Uuid(), datetime: DateTime(timezone=True), int: BigInteger()}


def connect(url: str, pool_size: int = 8) -> Engine:
    """An engine for `url`, a libpq URL such as postgresql://portal_app@host/portal."""
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=pool_size,
        max_overflow=4,
        pool_timeout=5,
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC -c statement_timeout=30000", **_VANISHED},
    )
    _replace_lost_ones(engine)
    return engine


_STILL_THERE = 30
"""Seconds for which a connection that was just used counts as there, unless the other side has hung up."""


def _replace_lost_ones(engine: Engine) -> None:
    """A pooled connection whose server has gone away is replaced before anybody uses it.

    The pool's own `pre_ping` asks the server at every request. A server that ended has hung up, which the socket tells
    for nothing; it is asked where the socket has something to say, or after a silence in which a line can be lost.
    """

    @event.listens_for(engine, "checkin")
    def _put_back(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _take_out(connection: Any, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        used = record.info.get("used")
        if used is None or (time.monotonic() - used < _STILL_THERE and not _says_something(connection)):
            return
        try:
            engine.dialect.do_ping(connection)
        except DriverError as problem:
            raise DisconnectionError from problem


def _says_something(connection: Any) -> bool:
    """Whether something waits to be read on a connection that nobody has asked anything: most often its end."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


_VANISHED = {"tcp_user_timeout": 10_000, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""A server whose machine or line is gone says nothing, and the system would wait a quarter of an hour for it: it is
given up after 10 s (ms), or, where an answer is awaited, after 25 (s). libpq passes over these at a socket of the
machine itself."""


class PortalSession(Session):
    """A unit of work for one person. `for_person` decides what row-level security lets through."""

    @property
    def person_id(self) -> UUID | None:
        return self.info.get("person_id")

    @property
    def has_written(self) -> bool:
        """Whether this transaction has changed something, or is about to."""
        return bool(self.info.get("changed") or self.new or self.dirty or self.deleted)

    def act_for(self, person_id: UUID | None) -> None:
        """From now on this session speaks for `person_id`; takes effect in the running transaction too."""
        self.info["person_id"] = person_id
        if self.in_transaction():
            _say_who(self.connection(), person_id)

    def has_said(self, person_id: UUID) -> None:
        """Like `act_for`, after a statement of the running transaction has told the database already."""
        self.info["person_id"] = person_id


R = TypeVar("R", bound=tuple[Any, ...])


class Prepared(Generic[R]):
    """A statement that every page asks. It is put together once and asked through the driver, in the transaction of the
    session; its rows are `row`s: a NamedTuple whose fields are the statement's columns.

    Without it a tenth of the case page is what SQLAlchemy and the driver do around each statement (bench/README.md). It
    is for reading: what is written through it is no change in the eyes of the trace.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]] | TextualSelect, row: type[R]) -> None:
        compiled = statement.compile(dialect=_NUMBERED)
        self.statement = str(compiled)
        self._make: Callable[[Sequence[Any]], R] = row._make  # type: ignore[attr-defined]
        self._names = compiled.positiontup or []
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        """Values that stand in the statement itself."""
        columns, fields = tuple(statement.selected_columns.keys()), row._fields  # type: ignore[attr-defined]
        if columns != fields:
            raise ValueError(f"{row.__name__} has the fields {fields}, the statement the columns {columns}")

    def ask(self, session: PortalSession, **values: Any) -> list[R]:
        """The rows. `values` are those of the statement's gaps; others are passed over."""
        session.flush()
        return self.ask_on(session.connection(), **values)

    def ask_on(self, connection: Connection, **values: Any) -> list[R]:
        driver: Any = connection.connection.driver_connection
        known = self._fixed | values
        try:
            cursor = RawCursor(driver, row_factory=lambda _cursor: self._make)
            return cursor.execute(self.statement, [known[name] for name in self._names]).fetchall()
        except DriverError as problem:
            raise _as_sqlalchemy_says(connection, problem) from problem


_NUMBERED: Dialect = psycopg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
"""Gaps are `$1`, `$2`, as the database has them, so that the driver has nothing to translate."""


def _as_sqlalchemy_says(connection: Connection, problem: DriverError) -> BaseException:
    """The same fault as of every other statement; a connection that is gone is thrown away like there."""
    driver: Any = connection.connection.dbapi_connection
    is_lost = connection.dialect.is_disconnect(problem, driver, None)  # type: ignore[arg-type]
    if is_lost:
        connection.invalidate(problem)
    said = {"hide_parameters": True, "connection_invalidated": is_lost, "dialect": connection.dialect}
    return DBAPIError.instance(None, None, problem, DriverError, **said)  # type: ignore[call-overload,no-any-return]


def was_overtaken(problem: BaseException) -> bool:
    """Whether the database refused something because somebody else had just done what shuts it out: the same row is
    there, the row it belongs to is gone, or two waited for each other."""
    return isinstance(problem, DBAPIError) and isinstance(problem.orig, _OVERTAKEN)


_OVERTAKEN = (UniqueViolation, ExclusionViolation, ForeignKeyViolation, DeadlockDetected, SerializationFailure)


def _say_who(connection: Connection, person_id: UUID | None) -> None:
    connection.execute(_SPEAK_FOR, {"value": "" if person_id is None else str(person_id)})


_SPEAK_FOR = text("select set_config('app.person_id', :value, true)")


@event.listens_for(PortalSession, "after_begin")
def _after_begin(session: PortalSession, _transaction: object, connection: Connection) -> None:
    # What an earlier transaction said ended with it: one that speaks for nobody need not say so.
    if session.person_id is not None:
        _say_who(connection, session.person_id)


def session_factory(engine: Engine) -> sessionmaker[PortalSession]:
    """Sessions that keep loaded values after the commit, because a response may still be streaming them."""
    return sessionmaker(engine, class_=PortalSession, expire_on_commit=False)


@contextmanager
def fact_keeper(session: Session, case_id: UUID) -> Iterator[None]:
    """Inside the block the transaction speaks as `portal_facts`, for this one case.

    That role alone may read all facts of a case regardless of who is asking and may write access windows; it cannot
    read content. Only access/window_store.py enters it.
    """
    session.flush()
    session.execute(_STEP, {"case": str(case_id), "role": "portal_facts"})
    try:
        yield
        session.flush()
    except BaseException:
        # Whoever catches this must not go on in a transaction that still speaks as the keeper.
        session.rollback()
        raise
    session.execute(_STEP, {"case": "", "role": "none"})


_STEP = text("select set_config('app.facts_case_id', :case, true), set_config('role', :role, true)")
"""Names the case, then steps into the role or, with `none`, back out of it (SET ROLE as a function)."""


@contextmanager
def scanner(session: Session) -> Iterator[None]:
    """Inside the block the transaction speaks as `portal_scanner`: that role sees the file versions that wait for the
    virus scanner and the keys to open them, and nothing else. Only services/files/virus_scans.py enters it."""
    session.flush()
    session.execute(_STEP, {"case": "", "role": "portal_scanner"})
    try:
        yield
    except BaseException:
        session.rollback()
        raise
    session.execute(_STEP, {"case": "", "role": "none"})


@contextmanager
def checker(session: Session) -> Iterator[None]:
    """Inside the block the worker's transaction speaks as `portal_checker`: that role reads the trace and what its
    checks found, whole, and can write nothing. Only services/oversight/audit_checks.py enters it."""
    session.flush()
    session.execute(_STEP, {"case": "", "role": "portal_checker"})
    try:
        yield
    except BaseException:
        session.rollback()
        raise
    session.execute(_STEP, {"case": "", "role": "none"})


class Role(StrEnum):
    """As what a part of the portal connects to the database; each sees what its work takes (migrations/roles.sql)."""

    APP = "portal_app"
    WORKER = "portal_worker"
    REPORTS = "portal_reports"


def refuse_wrong_role(engine: Engine, wanted: Role) -> None:
    """Raises UnsafeConfiguration unless this connection is a `wanted` and none of the others, and could not step over
    row-level security. Raises DependencyUnavailable when the database does not answer."""
    refuse_powerful_role(engine, wanted)
    question = text(
        """select pg_has_role(current_user, :wanted, 'USAGE'),
                  exists (select from unnest(cast(:others as text[])) other
                          where pg_has_role(current_user, other, 'MEMBER'))"""
    )
    others = [role.value for role in Role if role is not wanted]
    with engine.connect() as connection:
        is_one, is_more = connection.execute(question, {"wanted": wanted.value, "others": others}).one()
    if not is_one or is_more:
        what = "is another part's too" if is_one else "is not the one this part works as"
        raise UnsafeConfiguration(f"the database role {what}; use {wanted}")


APART = timedelta(seconds=10)
"""How far the clocks of a process and of the database may be from each other."""


def refuse_other_time(engine: Engine) -> None:
    """Raises UnsafeConfiguration when the database keeps another time than this process. Raises DependencyUnavailable
    when it does not answer.

    The walls go by the database's clock, the ticket by that of its process, and only what both let through is seen: two
    clocks that disagree open nothing, but they shut people out of what was just opened to them.
    """
    before = clock.of_this_machine()
    try:
        with engine.connect() as connection:
            there: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
    except DBAPIError as problem:
        raise DependencyUnavailable("database") from problem
    if not before - APART <= there <= clock.of_this_machine() + APART:
        apart = abs(round((there - before).total_seconds()))
        raise UnsafeConfiguration(
            f"the clocks of this machine and of the database are {apart} seconds apart; set them by NTP"
        )


def refuse_powerful_role(engine: Engine, wanted: Role = Role.APP) -> None:
    """Raises UnsafeConfiguration when this connection could step over row-level security: superuser, owner, member of
    the owner or BYPASSRLS. Raises DependencyUnavailable when the database does not answer."""
    question: Any = text(
        """select rolsuper, rolbypassrls,
                  exists (select 1 from pg_class c where c.relkind in ('r', 'p')
                          and c.relnamespace = 'public'::regnamespace and pg_has_role(c.relowner, 'MEMBER'))
           from pg_roles where rolname = current_user"""
    )
    try:
        with engine.connect() as connection:
            superuser, bypasses, owns = connection.execute(question).one()
    except DBAPIError as problem:
        raise DependencyUnavailable("database") from problem
    if superuser or bypasses or owns:
        what = "is a superuser" if superuser else "bypasses row-level security" if bypasses else "owns the tables"
        raise UnsafeConfiguration(f"the database role {what}; use {wanted}")
