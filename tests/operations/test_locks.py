"""Two versions of the portal run side by side while one replaces the other: a lock is the same number in both."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

import portal
from portal import locks
from portal.locks import Lock
from portal.runtime import Runtime

ABOUT = UUID(int=1)

NUMBERS = {
    Lock.MASTER_KEYS: 1_321_917_994_415_639_372,
    Lock.ACCOUNT: -4_620_527_897_935_715_958,
    Lock.CASE: 4_026_105_847_779_044_864,
    Lock.PLAN: 5_378_539_338_231_370_707,
    Lock.THREAD: -1_409_538_341_399_297_997,
    Lock.UPLOAD: 7_594_074_360_689_704_915,
    Lock.SCRATCH_FOLDER: -4_417_432_683_959_725_610,
    Lock.FILE_VERSIONS: -526_303_992_347_691_173,
    Lock.CHECKOUT: 2_845_959_703_737_080_542,
}
"""What each lock is to the database when it is about ABOUT. A line may be added and none changed."""

HELD = text("""
select (classid::bigint << 32) | objid::bigint from pg_locks
where locktype = 'advisory' and pid = pg_backend_pid()
""")


def number_of(session: Session, lock: Lock, *about: object) -> int:
    locks.hold(session, lock, *about)
    (number,) = session.scalars(HELD).all()
    session.rollback()
    return number


def test_a_lock_is_the_number_it_always_was(runtime: Runtime) -> None:
    with Session(runtime.engine) as session:
        assert {lock: number_of(session, lock, ABOUT) for lock in Lock} == NUMBERS


def test_no_two_locks_are_one(runtime: Runtime) -> None:
    assert len(set(NUMBERS.values())) == len(NUMBERS) == len(Lock)
    with Session(runtime.engine) as session:
        assert number_of(session, Lock.CASE, ABOUT) != number_of(session, Lock.CASE, UUID(int=2))
        assert number_of(session, Lock.PLAN, ABOUT, "a") != number_of(session, Lock.PLAN, ABOUT, "b")


def test_the_migrations_hold_the_case_and_the_master_keys_by_the_same_number(runtime: Runtime) -> None:
    """Triggers take them too (migrations 057 and 058), by names that are written out there."""
    with Session(runtime.engine) as session:
        assert number_of(session, Lock.CASE, ABOUT) == session.scalar(
            text(f"select hashtextextended('case:{ABOUT}', 0)")
        )
        assert number_of(session, Lock.MASTER_KEYS) == session.scalar(text("select hashtextextended('master_keys', 0)"))


def test_bringing_the_database_to_another_schema_is_the_number_it_always_was(runtime: Runtime) -> None:
    assert locks.MIGRATION == 7_205_759_403_792_793
    with Session(runtime.engine) as session:
        locks.hold_number(session, locks.MIGRATION)
        assert session.scalars(HELD).all() == [locks.MIGRATION]


def test_locks_are_asked_for_in_one_module() -> None:
    waiting = {path.name for path in Path(portal.__path__[0]).rglob("*.py") if "pg_advisory" in path.read_text()}
    assert waiting == {"locks.py"}
