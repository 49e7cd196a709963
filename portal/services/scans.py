"""Looking for viruses: every version waits until the scanner has spoken, and nobody else can fetch it before.

The scanner's work is done as the database role `portal_scanner`, which sees the versions that wait, the keys to open
them, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import structlog
from sqlalchemy import func, select, update

from portal import audit
from portal.audit import Event
from portal.db import PortalSession, scanner
from portal.errors import Damaged, NeighbourDown
from portal.models import CaseKey, FileVersion
from portal.services.downloads import open_sealed
from portal.settings import Settings
from portal.storage import BlobStore
from portal.storage.scanning import Clamd, ScanState, Verdict

log = structlog.get_logger("scanner")

UnitOfWork = Callable[[], AbstractContextManager[PortalSession]]


def scan_waiting(begin: UnitOfWork, store: BlobStore) -> int:
    """Scans whatever waits, oldest first; returns how many were settled. Stops quietly when scanner or store is away:
    what waits goes on waiting."""
    done = 0
    with begin() as session, scanner(session):
        oldest_first = select(FileVersion.id).where(FileVersion.scan == ScanState.WAITING)
        waiting = list(session.scalars(oldest_first.order_by(FileVersion.created_at)))
    for version_id in waiting:
        try:
            done += scan(begin, store, version_id)
        except NeighbourDown as problem:
            log.warning("neighbour down", neighbour=problem.neighbour, waiting=len(waiting) - done)
            return done
        except Damaged as problem:
            log.error("damaged", version=str(version_id), what=str(problem))  # noqa: TRY400  ids are enough
    return done


def scan(begin: UnitOfWork, store: BlobStore, version_id: UUID) -> bool:
    """Scans one version and writes down what was said; False when it waits no more. Between reading and writing no
    transaction is open, because a large file takes its time. Raises NeighbourDown, Damaged."""
    with begin() as session:
        settings: Settings = session.info["settings"]
        with scanner(session):
            row = session.execute(
                select(
                    FileVersion.case_id, FileVersion.blob, FileVersion.file_key, FileVersion.size,
                    CaseKey.master_id, CaseKey.wrapped,
                )
                .outerjoin(CaseKey, CaseKey.case_id == FileVersion.case_id)
                .where(FileVersion.id == version_id, FileVersion.scan == ScanState.WAITING)
            ).one_or_none()  # fmt: skip
        if row is None:
            return False
        if row.wrapped is None:
            raise Damaged(f"the key of case {row.case_id} is gone")
        keys = session.info["keyring"].open_case(row.case_id, row.master_id, row.wrapped)
    if not settings.clamd_url:
        # The scanner was taken away while this waited.
        return _settle(begin, version_id, Verdict(ScanState.NOT_SCANNED))
    file_key = keys.unwrap_file_key(row.file_key, row.blob)
    verdict = Clamd(settings.clamd_url).scan(open_sealed(store, row.blob, file_key, row.size))
    return _settle(begin, version_id, verdict)


def _settle(begin: UnitOfWork, version_id: UUID, verdict: Verdict) -> bool:
    with begin() as session:
        with scanner(session):
            row = session.execute(
                update(FileVersion)
                .where(FileVersion.id == version_id, FileVersion.scan == ScanState.WAITING)
                .values(scan=verdict.state, scanned_at=func.now())
                .returning(FileVersion.case_id, FileVersion.file_id, FileVersion.compartment_id, FileVersion.number)
            ).one_or_none()
        if row is None:
            return False
        audit.record(
            session,
            Event.VERSION_SCANNED,
            chain=row.case_id,
            compartment_id=row.compartment_id,
            item_id=row.file_id,
            version=str(version_id),
            number=row.number,
            state=verdict.state.value,
        )
    if verdict.state is not ScanState.CLEAN:
        log.warning("not clean", version=str(version_id), state=verdict.state.value, finding=verdict.finding)
    return True
