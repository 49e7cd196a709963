"""What whoever runs the portal does for it: new master keys, and a store in which every file is there and no other.

Nobody is signed in here. These verbs run from the command line as the owner of the tables, and see which objects rows
name and which master key seals what, never what is inside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from psycopg.errors import LockNotAvailable
from sqlalchemy import Column, Table, func, select, text
from sqlalchemy.exc import OperationalError

from portal import audit, clock, locks
from portal.db import Base, PortalSession
from portal.errors import CorruptData, PortalError, UnsafeConfiguration
from portal.events import Event
from portal.locks import Lock
from portal.models import CaseKey, ContactPoint, FileVersion, RetiredMaster, Totp
from portal.storage import BlobStore, UnfinishedObject
from portal.storage.keys import Keyring
from portal.storage.places import place_in
from portal.storage.sealing import sealed_size

_AT_ONCE = 500


@dataclass(frozen=True)
class Rewrapped:
    """How much was sealed anew."""

    cases: int
    secrets: int


@dataclass
class Inventory:
    """What the rows name against what the store holds. Blobs are named by their keys."""

    whole: int = 0
    missing: list[str] = field(default_factory=list)
    """Named by a row, not in the store: a file that cannot be read any more."""
    wrong_size: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    """In the store, named by no row, and older than an upload can take."""
    unfinished: list[UnfinishedObject] = field(default_factory=list)
    repaired: bool = False

    @property
    def harmed(self) -> bool:
        """Whether something is lost that cannot be brought back from here."""
        return bool(self.missing or self.wrong_size)


def inventory(session: PortalSession, store: BlobStore, repair: bool, grace: timedelta) -> Inventory:
    """Compares rows and store; with `repair`, removes orphans and broken-off uploads older than `grace`.

    Raises UnsafeConfiguration when there are rows that this session cannot see: their objects would look like orphans.
    """
    found = Inventory()
    before = clock.now() - grace
    # The store is listed first: an object that comes in meanwhile is in neither list and waits for the next time.
    stored = {object_.key: object_ for object_ in store.listing()}
    named = dict(_named(session))
    for key, size in named.items():
        if key not in stored:
            found.missing.append(key)
        elif size is not None and stored[key].size != sealed_size(size):
            found.wrong_size.append(key)
        else:
            found.whole += 1
    found.orphans = [key for key, one in stored.items() if key not in named and one.written_at < before]
    found.unfinished = [one for one in store.unfinished() if one.begun_at < before]
    # A row may be younger than the listing of the store; what seems missing is looked at once more.
    found.missing = [key for key in found.missing if not _is_there(store, key)]
    if repair:
        for key in found.orphans:
            store.delete(key)
        for one in found.unfinished:
            store.discard(one)
        found.repaired = True
        audit.record(session, Event.STORE_SWEPT, orphans=len(found.orphans), unfinished=len(found.unfinished))
    return found


def blob_columns() -> list[tuple[Table, Column[str]]]:
    """Every column that names an object, by its name: `blob` or `..._blob`."""
    tables = Base.metadata.sorted_tables
    return [(table, column) for table in tables for column in table.columns if column.name.endswith("blob")]


def _named(session: PortalSession) -> Iterator[tuple[str, int | None]]:
    """Every object a row names, with the length of its plaintext where that is known."""
    seen_whole = set(
        session.scalars(
            text(
                "select tablename from pg_policies where cmd in ('SELECT', 'ALL') and qual = 'true' "
                "and current_user = any (roles)"
            )
        )
    )
    for table, column in blob_columns():
        if table.name not in seen_whole:
            raise UnsafeConfiguration(f"the rows of {table.name} name blobs that {_who(session)} cannot see")
        size = FileVersion.size if table.name == FileVersion.__tablename__ else None
        columns = [column] if size is None else [column, size]
        rows = select(*columns).where(column.is_not(None)).execution_options(yield_per=10_000)
        for row in session.execute(rows):
            yield str(row[0]), row[1] if size is not None else None


def _who(session: PortalSession) -> str:
    return str(session.scalar(text("select current_user")))


def _is_there(store: BlobStore, key: str) -> bool:
    try:
        with store.open(key):
            return True
    except CorruptData:
        return False


def rewrap(session: PortalSession, keyring: Keyring) -> Rewrapped:
    """Seals with the current master key whatever an older one holds: case keys, the secrets of code apps and the
    addresses people are told at. Blobs and texts stay as they are: they are sealed with the case keys, which do not
    change. Raises CorruptData for a row whose own master key is not in the key file."""
    current = keyring.current
    cases = secrets = 0
    older = select(CaseKey).where(CaseKey.master_id != current).order_by(CaseKey.case_id).limit(_AT_ONCE)
    while keys := session.scalars(older.with_for_update()).all():
        for key in keys:
            key.master_id, key.wrapped = keyring.rewrap(key.case_id, key.master_id, key.wrapped)
        session.flush()
        cases += len(keys)
    apps = select(Totp).where(Totp.master_id != current).order_by(Totp.person_id).limit(_AT_ONCE)
    while found := session.scalars(apps.with_for_update()).all():
        for app in found:
            app.master_id, app.secret_sealed = keyring.reseal_secret(app.secret_sealed, place_in(app, "secret"))
        session.flush()
        secrets += len(found)
    points = select(ContactPoint).where(ContactPoint.master_id != current).order_by(ContactPoint.id).limit(_AT_ONCE)
    while addresses := session.scalars(points.with_for_update()).all():
        for row in addresses:
            row.master_id, row.address_sealed = keyring.reseal_secret(row.address_sealed, place_in(row, "address"))
        session.flush()
    audit.record(session, Event.KEYS_ROTATED, cases=cases, apps=secrets)
    return Rewrapped(cases, secrets)


def retire(session: PortalSession, keyring: Keyring) -> list[str]:
    """Takes out of use every master key that is not the current one and that nothing is sealed with; returns their ids,
    which then may be taken out of the key file once this is committed.

    A process that still knows such a key cannot lose anything by it: who adds a row that names a master key holds its
    lock until the row is there to be counted, and after this the database takes none. Raises PortalError when somebody
    who adds one does not come to an end.
    """
    session.execute(text("set local lock_timeout = '10s'"))
    try:
        locks.hold(session, Lock.MASTER_KEYS)
    except OperationalError as problem:
        if isinstance(problem.orig, LockNotAvailable):
            raise PortalError("something is being sealed just now; try again in a moment") from problem
        raise
    idle = sorted(keyring.masters.ids() - set(masters_in_use(session)) - {keyring.current})
    known = set(session.scalars(select(RetiredMaster.id).where(RetiredMaster.id.in_(idle))))
    if new := [master_id for master_id in idle if master_id not in known]:
        session.add_all(RetiredMaster(id=master_id, retired_at=clock.now()) for master_id in new)
        audit.record(session, Event.KEYS_RETIRED)
    return idle


def masters_in_use(session: PortalSession) -> dict[str, int]:
    """How many rows each master key seals, in every table that names one (`master_id`)."""
    found: Counter[str] = Counter()
    for table in Base.metadata.sorted_tables:
        if "master_id" in table.columns:
            named = table.columns["master_id"]
            found.update({row[0]: row[1] for row in session.execute(select(named, func.count()).group_by(named))})
    return dict(found)
