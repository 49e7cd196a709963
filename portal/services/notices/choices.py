"""How a person wants to be told: how often, when not, and of what not. Each sees and sets their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock, locks
from portal.access.actor import Actor
from portal.db import PortalSession
from portal.errors import InvalidInput
from portal.events import Event
from portal.locks import Lock
from portal.models import ContactPoint, NoticeChoice, NoticeDue, NoticeOff, Staff
from portal.outbox import later
from portal.services.notices.kinds import CHOSEN, Kind, NoticeRhythm
from portal.services.notices.timing import Timing
from portal.tools.profile import profile

if TYPE_CHECKING:
    from portal.settings import Settings


@dataclass(frozen=True)
class Chosen:
    """What counts for somebody, whether they chose it or the settings did."""

    rhythm: NoticeRhythm
    quiet_from: int
    quiet_until: int
    language: str | None
    """None for whoever never chose: they are told in both."""
    off_kinds: frozenset[Kind]
    off_cases: frozenset[UUID]


def chosen(session: PortalSession, person_id: UUID, is_staff: bool) -> Chosen:
    """The session speaks for that person. A professional has no quiet hours but what they choose: their digest comes
    at an hour of its own."""
    settings: Settings = session.info["settings"]
    row = session.get(NoticeChoice, person_id)
    off = session.execute(select(NoticeOff.kind, NoticeOff.case_id).where(NoticeOff.person_id == person_id)).all()
    usual = settings.notice_rhythm if is_staff else NoticeRhythm.AT_ONCE.value
    quiet = (0, 0) if is_staff else (settings.quiet_from, settings.quiet_until)
    if row is not None and row.quiet_from is not None and row.quiet_until is not None:
        quiet = (row.quiet_from, row.quiet_until)
    return Chosen(
        rhythm=NoticeRhythm((row.rhythm if row else None) or usual),
        quiet_from=quiet[0],
        quiet_until=quiet[1],
        language=row.language if row else None,
        off_kinds=frozenset(Kind(kind) for kind, _ in off if kind),
        off_cases=frozenset(case_id for _, case_id in off if case_id),
    )


def timing(session: PortalSession, how: Chosen) -> Timing:
    settings: Settings = session.info["settings"]
    return Timing(
        rhythm=how.rhythm,
        quiet_from=how.quiet_from,
        quiet_until=how.quiet_until,
        digest_hour=settings.digest_hour,
        digest_weekday=settings.digest_weekday,
        pause=timedelta(minutes=settings.notice_pause_minutes),
        zone=_zone(settings),
    )


def own(actor: Actor) -> Chosen:
    return chosen(actor.session, actor.person_id, actor.is_staff)


def choose(
    actor: Actor,
    rhythm: NoticeRhythm | None,
    quiet: tuple[int, int],
    kinds: Iterable[Kind],
    cases: Iterable[UUID],
    among: Iterable[UUID],
    language: str,
) -> None:
    """Sets it all, as the page shows it: `kinds` and `cases` (out of `among`) are what is told of. Raises InvalidInput
    for an hour that is none."""
    if not all(0 <= hour <= 23 for hour in quiet):
        raise InvalidInput("quiet_from", "hour_wrong")
    session, person_id = actor.session, actor.person_id
    locks.hold(session, Lock.ACCOUNT, person_id)
    row = _row(actor)
    row.rhythm = rhythm.value if rhythm else None
    row.quiet_from, row.quiet_until = quiet
    row.language, row.asked_at = language, clock.now()
    session.execute(delete(NoticeOff).where(NoticeOff.person_id == person_id))
    told_of, told_in = set(kinds), set(cases)
    off: list[dict[str, Any]] = [{"kind": kind.value, "case_id": None} for kind in CHOSEN if kind not in told_of]
    off += [{"kind": None, "case_id": case_id} for case_id in sorted(set(among) - told_in)]
    session.add_all(NoticeOff(id=uuid4(), person_id=person_id, made_at=clock.now(), **one) for one in off)
    audit.record(session, Event.NOTICES_CHOSEN, item_id=person_id)
    # What waits already is looked at anew: it may be told sooner by what was chosen now.
    if session.scalar(select(exists().where(NoticeDue.person_id == person_id, NoticeDue.kind == "news"))):
        later(session, "mail_news", person_id=str(person_id))


def not_now(actor: Actor) -> None:
    """They were asked how they want to be told, and will not say: they are not asked again."""
    _row(actor)
    audit.record(actor.session, Event.NOTICES_CHOSEN, item_id=actor.person_id)


def note_language(actor: Actor, language: str) -> None:
    """In which language they read what they are told: that of the page they last chose something on."""
    _row(actor).language = language


def may_be_asked(actor: Actor) -> bool:
    """Whether a citizen has neither been asked nor given an address."""
    if actor.is_staff:
        return False
    asked = exists().where(NoticeChoice.person_id == actor.person_id)
    given = exists().where(ContactPoint.person_id == actor.person_id)
    return not actor.session.scalar(select(asked | given))


def stop(session: PortalSession, person_id: UUID, kinds: Iterable[Kind]) -> None:
    """Switches kinds off, by the link of a mail. It can only stop. The session speaks for that person."""
    rows = [
        {"id": uuid4(), "person_id": person_id, "kind": kind.value, "case_id": None, "made_at": clock.now()}
        for kind in CHOSEN
        if kind in set(kinds)
    ]
    if rows:
        session.execute(insert(NoticeOff).values(rows).on_conflict_do_nothing())
        audit.record(session, Event.NOTICES_STOPPED, item_id=person_id)


def is_staff(session: PortalSession, person_id: UUID) -> bool:
    return bool(session.scalar(select(exists().where(Staff.person_id == person_id))))


def _row(actor: Actor) -> NoticeChoice:
    row = actor.session.get(NoticeChoice, actor.person_id)
    if row is None:
        row = NoticeChoice(person_id=actor.person_id, asked_at=clock.now())
        actor.session.add(row)
    return row


def _zone(settings: Settings) -> ZoneInfo:
    return profile(settings.profile).zone
