"""Looking for viruses: every version of a file and every scan of a consent on paper waits until the scanner has spoken,
and nobody else can fetch it before.

The scanner's work is done as the database role `portal_scanner`, which sees what waits, the keys to open it, and
nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from portal import audit
from portal.db import PortalSession, scanner
from portal.errors import CorruptData, DependencyUnavailable
from portal.events import Event
from portal.models import CaseKey, Consent, FileVersion
from portal.services.files.downloads import open_sealed
from portal.settings import Settings
from portal.storage import BlobStore
from portal.storage.scanning import Clamd, ScanState, ScanVerdict

log = structlog.get_logger("scanner")

UnitOfWork = Callable[[], AbstractContextManager[PortalSession]]


@dataclass(frozen=True)
class WaitingScan:
    """Something that waits for the scanner: where it says so, where its bytes lie, and who is told what came out."""

    model: type[FileVersion] | type[Consent]
    blob: InstrumentedAttribute[Any]
    file_key: InstrumentedAttribute[Any]
    size: InstrumentedAttribute[Any]
    state: InstrumentedAttribute[Any]
    settled_at: InstrumentedAttribute[Any]
    since: InstrumentedAttribute[Any]
    tell: Callable[[PortalSession, UUID, Any, ScanVerdict], None]


def _tell_version(session: PortalSession, version_id: UUID, row: Any, verdict: ScanVerdict) -> None:
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


def _tell_paper(session: PortalSession, consent_id: UUID, row: Any, verdict: ScanVerdict) -> None:
    audit.record(session, Event.CONSENT_SCANNED, chain=row.case_id, item_id=consent_id, state=verdict.state.value)


VERSION = WaitingScan(
    FileVersion,
    FileVersion.blob,
    FileVersion.file_key,
    FileVersion.size,
    FileVersion.scan,
    FileVersion.scanned_at,
    FileVersion.created_at,
    _tell_version,
)
PAPER = WaitingScan(
    Consent,
    Consent.scan_blob,
    Consent.scan_key,
    Consent.scan_size,
    Consent.scan_state,
    Consent.scan_checked_at,
    Consent.given_at,
    _tell_paper,
)
_TOLD: dict[type, tuple[Any, ...]] = {
    FileVersion: (FileVersion.case_id, FileVersion.file_id, FileVersion.compartment_id, FileVersion.number),
    Consent: (Consent.case_id,),
}
"""What the trace needs to know of each."""


def scan_waiting(begin: UnitOfWork, store: BlobStore) -> int:
    """Scans whatever waits, oldest first; returns how many were settled. Stops quietly when scanner or store is away:
    what waits goes on waiting."""
    done = 0
    with begin() as session, scanner(session):
        waiting = [
            (kind, one)
            for kind in (VERSION, PAPER)
            for one in session.scalars(
                select(kind.model.id).where(kind.state == ScanState.WAITING).order_by(kind.since)
            )
        ]
    for kind, item_id in waiting:
        try:
            done += scan(begin, store, item_id, kind)
        except DependencyUnavailable as problem:
            log.warning("neighbour down", neighbour=problem.neighbour, waiting=len(waiting) - done)
            return done
        except CorruptData as problem:
            log.error("damaged", item=str(item_id), what=str(problem))  # noqa: TRY400  ids are enough
    return done


def scan(begin: UnitOfWork, store: BlobStore, item_id: UUID, kind: WaitingScan = VERSION) -> bool:
    """Scans one thing and writes down what was said; False when it waits no more. Between reading and writing no
    transaction is open, because a large file takes its time. Raises DependencyUnavailable, CorruptData."""
    with begin() as session:
        settings: Settings = session.info["settings"]
        case_id = kind.model.case_id
        with scanner(session):
            row = session.execute(
                select(
                    case_id.label("case_id"), kind.blob.label("blob"), kind.file_key.label("file_key"),
                    kind.size.label("size"), CaseKey.master_id, CaseKey.wrapped,
                )
                .outerjoin(CaseKey, CaseKey.case_id == case_id)
                .where(kind.model.id == item_id, kind.state == ScanState.WAITING)
            ).one_or_none()  # fmt: skip
        if row is None:
            return False
        if row.wrapped is None:
            raise CorruptData(f"the key of case {row.case_id} is gone")
        keys = session.info["keyring"].open_case(row.case_id, row.master_id, row.wrapped)
    if not settings.clamd_url:
        # The scanner was taken away while this waited.
        return _settle(begin, kind, item_id, ScanVerdict(ScanState.NOT_SCANNED))
    file_key = keys.unwrap_file_key(row.file_key, row.blob)
    verdict = Clamd(settings.clamd_url).scan(open_sealed(store, row.blob, file_key, row.size))
    return _settle(begin, kind, item_id, verdict)


def _settle(begin: UnitOfWork, kind: WaitingScan, item_id: UUID, verdict: ScanVerdict) -> bool:
    with begin() as session:
        with scanner(session):
            row = session.execute(
                update(kind.model)
                .where(kind.model.id == item_id, kind.state == ScanState.WAITING)
                .values({kind.state: verdict.state, kind.settled_at: func.now()})
                .returning(*_TOLD[kind.model])
            ).one_or_none()
        if row is None:
            return False
        kind.tell(session, item_id, row, verdict)
    if verdict.state is not ScanState.CLEAN:
        log.warning("not clean", item=str(item_id), state=verdict.state.value, finding=verdict.finding)
    return True
