"""A case, who belongs to it, and the windows through which they may look.

Facts are never overwritten, only followed by later ones; windows and notices are computed from them.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Case(Base):
    __tablename__ = "cases"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    profile: Mapped[str]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    owner_unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"))
    birth_date: Mapped[date]
    opened_at: Mapped[datetime]
    facts_stamp: Mapped[UUID] = mapped_column(default=uuid4)
    """Another one after every change of a fact: consent, custody, a level, an owner."""


class CaseKey(Base):
    """The case's own key, wrapped by a master key. Deleting the row makes the case's content unreadable for good."""

    __tablename__ = "case_key"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    master_id: Mapped[str]
    wrapped: Mapped[bytes]


class RetiredMaster(Base):
    """A master key that was taken out of use. The database takes no row that names it."""

    __tablename__ = "retired_master"

    id: Mapped[str] = mapped_column(primary_key=True)
    retired_at: Mapped[datetime]


class Compartment(Base):
    __tablename__ = "compartment"
    __table_args__ = (
        UniqueConstraint("case_id", "key"),
        UniqueConstraint("case_id", "id"),
        ForeignKeyConstraint(["case_id", "confidant_id"], ["membership.case_id", "membership.id"]),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    key: Mapped[str]
    confidant_id: Mapped[UUID | None]
    """Of what the young person and one guide share alone: that guide. A case has one for each guide it has had."""


class AccessWindow(Base):
    """From when until when one person may read or write one compartment, and on what basis. Computed, never typed."""

    __tablename__ = "access_window"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "compartment_id"], ["compartment.case_id", "compartment.id"]),
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        CheckConstraint("valid_until is null or valid_from < valid_until", name="not_empty"),
        Index("ix_access_window_person_id_valid_until", "person_id", "valid_until"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    compartment_id: Mapped[UUID]
    membership_id: Mapped[UUID]
    person_id: Mapped[UUID]
    can_write: Mapped[bool]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    basis: Mapped[str]
    consents: Mapped[list[str]] = mapped_column(JSONB)


class AccessNotice(Base):
    """Why a member sees nothing for a while: shown to that member alone, without names or content."""

    __tablename__ = "access_notice"
    __table_args__ = (ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    membership_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(index=True)
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    blockers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    owner_id: Mapped[UUID]
    """The case owner's person id: whom to ask."""
    profile: Mapped[str]
    """The case's, so that its words are used for somebody who sees nothing of it."""
    consent_asked_until: Mapped[datetime | None]
    """For a custody holder: when their consent stops being asked for."""
