"""Exceptions from consent: let in by law, shut out at once, gone by oneself. Followed by later rows, never changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class LegalOverride(Base):
    """The owner let one member into some compartments without consent. Everyone in the case reads on what basis."""

    __tablename__ = "legal_override"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        UniqueConstraint("case_id", "id"),
        CheckConstraint("valid_from < valid_until", name="period"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    membership_id: Mapped[UUID]
    compartments: Mapped[list[str]] = mapped_column(JSONB)
    """Keys of compartments."""
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    legal_basis_sealed: Mapped[bytes]
    reason_sealed: Mapped[bytes]
    set_by_id: Mapped[UUID]


class LegalOverrideEnd(Base):
    """An override ended before its end date."""

    __tablename__ = "legal_override_end"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "override_id"], ["legal_override.case_id", "legal_override.id"]),
        UniqueConstraint("override_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    override_id: Mapped[UUID]
    ended_at: Mapped[datetime]
    ended_by_id: Mapped[UUID]


class Freeze(Base):
    """A citizen shut out at once to protect somebody. The owner alone reads why."""

    __tablename__ = "access_freeze"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        UniqueConstraint("case_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    membership_id: Mapped[UUID]
    frozen_at: Mapped[datetime]
    review_at: Mapped[datetime]
    log_hidden_from: Mapped[datetime | None]
    """From when on the case log is not shown to them while this lasts; None: nothing of it is hidden."""
    reason_sealed: Mapped[bytes]
    set_by_id: Mapped[UUID]


class FreezeEnd(Base):
    """A freeze lifted, or followed by a new one with another review date."""

    __tablename__ = "access_freeze_end"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "freeze_id"], ["access_freeze.case_id", "access_freeze.id"]),
        UniqueConstraint("freeze_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    freeze_id: Mapped[UUID]
    lifted_at: Mapped[datetime]
    lifted_by_id: Mapped[UUID]


class Departure(Base):
    """A member left the case of their own accord."""

    __tablename__ = "departure"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        CheckConstraint("reason in ('conflict_of_interest', 'new_job', 'other')", name="reason"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    membership_id: Mapped[UUID]
    left_at: Mapped[datetime]
    reason: Mapped[str]
