"""What the young person and one guide share alone, and who of the next guides may read it: the young person says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, literal, select, union_all

from portal import clock
from portal.access.policy.actions import Action
from portal.access.policy.facts import base_key, confidence_key
from portal.access.ticket import CaseTicket
from portal.access.window_store import rewrite_windows
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import Compartment, ConfidenceAnswer, File, Membership, PlanConfided, Thread
from portal.services.shared import idempotency


@dataclass(frozen=True)
class ConfidenceQuestion:
    """Whether the guide of today may read what was confided to one before."""

    compartment_id: UUID
    compartment: str
    confidant: Membership
    guide: Membership
    threads: int
    files: int
    answers: int
    """What was confided in the plan's tools."""
    said: str
    """'yes', 'no', or '' while there is no answer."""
    said_at: datetime | None


def begin_confidence(ticket: CaseTicket) -> None:
    """The compartment of the young person and the guide who has just taken the case over; one who was the guide before
    has theirs still. Call in the transaction that carries the case over."""
    rules = [rule for rule in ticket.facts.rules.compartments if rule.confidant_id is not None]
    if any(rule.confidant_id == ticket.membership.id for rule in rules):
        return
    key = confidence_key(ticket.profile.confidence, len(rules) + 1)
    ticket.session.add(
        Compartment(id=uuid4(), case_id=ticket.case_id, key=key, confidant_id=ticket.membership.id),
    )
    ticket.session.flush()


def questions(ticket: CaseTicket) -> list[ConfidenceQuestion]:
    """What the young person may open to the guide of today, or shut again: whatever was confided to a guide before and
    holds something. Empty for everybody else."""
    if not ticket.allows(Action.CONFIDENCE_OPEN):
        return []
    before = [h for h in ticket.compartments.values() if h.confidant_id not in (None, ticket.owner.id)]
    if not before:
        return []
    held, now = _held(ticket, [compartment.id for compartment in before]), clock.now()
    found = []
    for compartment in sorted(before, key=lambda compartment: ticket.profile.rank(compartment.key)):
        threads, files, answers = (held.get((compartment.id, kind), 0) for kind in ("thread", "file", "answer"))
        if threads or files or answers:
            last = [
                opening
                for opening in ticket.facts.openings
                if (opening.compartment, opening.member_id) == (compartment.key, ticket.owner.id) and opening.at <= now
            ]
            said = ("yes" if last[-1].opened else "no") if last else ""
            confidant = ticket.members[compartment.confidant_id] if compartment.confidant_id else ticket.owner
            at = last[-1].at if last else None
            found.append(
                ConfidenceQuestion(
                    compartment.id, compartment.key, confidant, ticket.owner, threads, files, answers, said, at
                ),
            )
    return found


def question(ticket: CaseTicket, compartment_id: UUID) -> ConfidenceQuestion:
    """One of them, as a page of its own. Raises NotFound."""
    ticket.require(Action.CONFIDENCE_OPEN)
    found = next((one for one in questions(ticket) if one.compartment_id == compartment_id), None)
    if found is None:
        raise NotFound
    ticket.record(Event.AUDIENCE_VIEWED, compartment_id)
    return found


def answer_confidence(ticket: CaseTicket, submission: UUID, compartment_id: UUID, guide_id: UUID, said: str) -> None:
    """Opens what was confided to a guide before to the one of today, or keeps it shut, from the next request on.

    Raises InvalidInput for no answer, and when another guide has come meanwhile than the one that was asked about
    (`guide_id`); NotFound for what is not theirs to open. Saying again what was said last changes nothing.
    """
    ticket.lock_case()
    ticket.require(Action.CONFIDENCE_OPEN)
    if said not in ("yes", "no"):
        raise InvalidInput("answer", "choice")
    made = uuid4()
    if idempotency.claim(ticket.session, submission, made):
        return
    asked = question(ticket, compartment_id)
    if asked.guide.id != guide_id:
        raise InvalidInput("", "form_stale")
    if asked.said == said:
        return
    ticket.session.add(
        ConfidenceAnswer(
            id=made,
            case_id=ticket.case_id,
            compartment_id=compartment_id,
            to_id=asked.guide.id,
            answer=said,
            answered_at=clock.now(),
            answered_by_id=ticket.membership.id,
        )
    )
    ticket.record(Event.CONFIDENCE_ANSWERED, compartment_id, asked.guide.id, allowed=said == "yes")
    rewrite_windows(ticket.session, ticket.case_id)


def is_confidence(ticket: CaseTicket, key: str) -> bool:
    """Whether the compartment is what the young person and a guide share alone."""
    return base_key(key) == ticket.profile.confidence


def _held(ticket: CaseTicket, compartment_ids: Iterable[UUID]) -> dict[tuple[UUID, str], int]:
    """How much lies in each of the compartments, by kind."""
    wanted = list(compartment_ids)
    confided = PlanConfided.confided_compartment_id
    counts = union_all(
        select(File.compartment_id.label("id"), literal("file").label("kind")).where(File.compartment_id.in_(wanted)),
        select(Thread.compartment_id, literal("thread")).where(Thread.compartment_id.in_(wanted)),
        select(confided, literal("answer")).where(confided.in_(wanted), PlanConfided.kind == "made"),
    ).subquery()
    rows = ticket.session.execute(select(counts.c.id, counts.c.kind, func.count()).group_by(counts.c.id, counts.c.kind))
    return {(id_, kind): many for id_, kind, many in rows}
