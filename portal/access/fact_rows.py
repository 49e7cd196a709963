"""The facts of a case, read out of its rows. Only the keeper of facts reads them all (window_store)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import cast, func, literal, null, select, union_all
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from portal.access import declarations
from portal.access.policy import facts as known
from portal.access.policy.facts import Facts, Member
from portal.access.policy.roles import Capacity, Level
from portal.models import (
    Case,
    Compartment,
    ConfidenceAnswer,
    Correction,
    Departure,
    Freeze,
    FreezeEnd,
    HandOver,
    HandOverAnswer,
    LegalOverride,
    LegalOverrideEnd,
    Membership,
    TeamLevel,
)
from portal.tools.profile import profile


def facts_of(session: Session, case_id: UUID) -> Facts:
    """Every fact of the case. The session speaks as the keeper of facts (`fact_keeper`)."""
    # One row for each time the case was handed over, at least one.
    rows = session.execute(
        select(Case.profile, Case.birth_date, Case.owner_unit_id, Case.opened_at)
        .add_columns(HandOver.from_id, HandOver.from_unit_id, HandOver.to_id, HandOver.to_unit_id)
        .add_columns(HandOverAnswer.answered_at)
        .add_columns(COMPARTMENT_KEYS.label("compartments"))
        .outerjoin(HandOverAnswer, (HandOverAnswer.case_id == Case.id) & (HandOverAnswer.answer == "accepted"))
        .outerjoin(HandOver, HandOver.id == HandOverAnswer.hand_over_id)
        .where(Case.id == case_id)
        .order_by(HandOverAnswer.answered_at)
    ).all()
    case = rows[0]
    owners = [known.Ownership(row.answered_at, row.to_id, row.to_unit_id) for row in rows if row.to_id]
    if owners:
        owners.insert(0, known.Ownership(case.opened_at, case.from_id, case.from_unit_id))
    exceptions = _exceptions(session, case_id)
    return Facts(
        rules=profile(case.profile).of_case(case.compartments or ()).rules().confided_to(exceptions.confidants),
        birth_date=case.birth_date,
        owner_unit_id=case.owner_unit_id,
        members=_members(session, case_id, exceptions),
        consents=declarations.consents(session, case_id),
        overrides=tuple(exceptions.overrides),
        freezes=tuple(exceptions.freezes),
        ownerships=tuple(owners),
        openings=tuple(exceptions.openings),
        withdrawals=declarations.withdrawals(session, case_id),
    )


COMPARTMENT_KEYS = (
    select(func.array_agg(Compartment.key)).where(Compartment.case_id == Case.id).correlate(Case).scalar_subquery()
)
"""Keys of the compartments a case has."""


@dataclass
class _Exceptions:
    overrides: list[known.OverrideFact] = field(default_factory=list)
    freezes: list[known.FreezeFact] = field(default_factory=list)
    left: dict[UUID, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    openings: list[known.Opening] = field(default_factory=list)
    confidants: dict[str, UUID] = field(default_factory=dict)
    """Key of a compartment of the young person and one guide -> that guide's membership."""
    turned: dict[UUID, list[tuple[datetime, dict[str, Any]]]] = field(default_factory=lambda: defaultdict(list))


def _exceptions(session: Session, case_id: UUID) -> _Exceptions:
    """What happened beside levels and consents. One question for all kinds: most cases have few of them."""
    nothing = cast(null(), LegalOverride.valid_until.type)
    by_law = (
        select(
            LegalOverride.id,
            LegalOverride.membership_id,
            LegalOverride.valid_from.label("since"),
            LegalOverride.valid_until.label("until"),
            LegalOverrideEnd.ended_at,
            LegalOverride.compartments,
            nothing.label("hidden"),
            literal("override").label("kind"),
        )
        .outerjoin(LegalOverrideEnd, LegalOverrideEnd.override_id == LegalOverride.id)
        .where(LegalOverride.case_id == case_id)
    )
    frozen = (
        select(
            Freeze.id,
            Freeze.membership_id,
            Freeze.frozen_at,
            Freeze.review_at,
            FreezeEnd.lifted_at,
            cast(null(), JSONB),
            Freeze.log_hidden_from,
            literal("freeze"),
        )
        .outerjoin(FreezeEnd, FreezeEnd.freeze_id == Freeze.id)
        .where(Freeze.case_id == case_id)
    )
    no_keys = cast(null(), JSONB)
    gone = select(
        Departure.id, Departure.membership_id, Departure.left_at, nothing, nothing, no_keys, nothing, literal("left")
    ).where(Departure.case_id == case_id)
    opened = (
        select(
            ConfidenceAnswer.id,
            ConfidenceAnswer.to_id,
            ConfidenceAnswer.answered_at,
            nothing,
            nothing,
            func.jsonb_build_array(Compartment.key),
            nothing,
            literal("opened:") + ConfidenceAnswer.answer,
        )
        .join(Compartment, Compartment.id == ConfidenceAnswer.compartment_id)
        .where(ConfidenceAnswer.case_id == case_id)
    )
    confided = select(
        Compartment.id,
        Compartment.confidant_id,
        nothing,
        nothing,
        nothing,
        func.jsonb_build_array(Compartment.key),
        nothing,
        literal("confided"),
    ).where(Compartment.case_id == case_id, Compartment.confidant_id.is_not(None))
    turn = func.jsonb_build_object(
        "unit",
        Correction.before_unit_id,
        "renews",
        Correction.renews,
        "shuts_out",
        Correction.shuts_out,
        "carried",
        Correction.made_by_id.is_(None),
    )
    turned = select(
        Correction.id,
        Correction.membership_id,
        Correction.made_at,
        nothing,
        nothing,
        turn,
        nothing,
        literal("turned"),
    ).where(Correction.case_id == case_id)
    found = _Exceptions()
    for id_, member_id, since, until, ended, keys, hidden, kind in session.execute(
        union_all(by_law, frozen, gone, opened, confided, turned).order_by("since")
    ):
        if kind == "override":
            found.overrides.append(known.OverrideFact(id_, member_id, frozenset(keys), since, until, ended))
        elif kind == "freeze":
            found.freezes.append(known.FreezeFact(id_, member_id, since, until, ended, hidden))
        elif kind == "left":
            found.left[member_id].append(since)
        elif kind == "turned":
            found.turned[member_id].append((since, keys))
        elif kind == "confided":
            found.confidants[keys[0]] = member_id
        else:
            found.openings.append(known.Opening(keys[0], member_id, since, kind == "opened:yes"))
    return found


def _members(session: Session, case_id: UUID, exceptions: _Exceptions) -> tuple[Member, ...]:
    levels: dict[UUID, list[tuple[datetime, Level]]] = defaultdict(list)
    set_levels = select(TeamLevel.membership_id, TeamLevel.valid_from, TeamLevel.level)
    for row in session.execute(set_levels.where(TeamLevel.case_id == case_id).order_by(TeamLevel.valid_from)):
        levels[row.membership_id].append((row.valid_from, Level(row.level)))
    columns = select(
        Membership.id,
        Membership.person_id,
        Membership.capacity,
        Membership.unit_id,
        Membership.custody_from,
        Membership.custody_until,
    )
    found = session.execute(columns.where(Membership.case_id == case_id).order_by(Membership.added_at, Membership.id))
    return tuple(
        Member(
            id=row.id,
            person_id=row.person_id,
            capacity=Capacity(row.capacity),
            unit_id=row.unit_id,
            levels=tuple(levels[row.id]),
            custody_from=row.custody_from,
            custody_until=row.custody_until,
            left=tuple(exceptions.left.get(row.id, ())),
            **_turns(exceptions.turned.get(row.id, ())),
        )
        for row in found
    )


def _turns(turned: Iterable[tuple[datetime, dict[str, Any]]]) -> dict[str, Any]:
    """What corrections mean for a member, oldest first."""
    rows = list(turned)
    return {
        "units_before": tuple((at, UUID(turn["unit"])) for at, turn in rows if turn["unit"]),
        "unconfirmed": tuple(at for at, turn in rows if turn["shuts_out"]),
        "renewed": tuple(at for at, turn in rows if turn["renews"]),
        "corrected": tuple(at for at, turn in rows if not turn["carried"]),
    }
