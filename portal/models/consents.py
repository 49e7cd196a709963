"""Consent declarations: what was said yes to, by whom, in which words, and what was taken back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Consent(Base):
    """One declaration by one giver. Immutable; a later one by the same giver takes its place."""

    __tablename__ = "consent"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "giver_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["case_id", "registered_by_id"], ["membership.case_id", "membership.id"]),
        UniqueConstraint("case_id", "id"),
        CheckConstraint("method in ('eid', 'paper', 'oral')", name="method"),
        CheckConstraint("valid_from < valid_until", name="period"),
        CheckConstraint("(scan_blob is null) = (scan_key is null)", name="scan"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    giver_id: Mapped[UUID]
    registered_by_id: Mapped[UUID]
    method: Mapped[str]
    given_at: Mapped[datetime]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    wording_version: Mapped[str]
    text_sealed: Mapped[bytes]
    text_sha256_sealed: Mapped[bytes]
    note_sealed: Mapped[bytes | None]
    scan_blob: Mapped[str | None]
    scan_key: Mapped[bytes | None]
    scan_media_type: Mapped[str | None]
    scan_size: Mapped[int | None]


class ConsentGrant(Base):
    """One cell of a declaration: this party may see information of this category."""

    __tablename__ = "consent_grant"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "consent_id"], ["consent.case_id", "consent.id"]),
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        CheckConstraint("(unit_id is null) <> (membership_id is null)", name="party"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    consent_id: Mapped[UUID]
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    membership_id: Mapped[UUID | None]
    category: Mapped[str]


class ConsentWithdrawal(Base):
    """A consent, or its part about one party, taken back from an instant on. No party named means all of it."""

    __tablename__ = "consent_withdrawal"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "consent_id"], ["consent.case_id", "consent.id"]),
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["case_id", "registered_by_id"], ["membership.case_id", "membership.id"]),
        CheckConstraint("unit_id is null or membership_id is null", name="party"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    consent_id: Mapped[UUID]
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    membership_id: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime]
    registered_by_id: Mapped[UUID]
