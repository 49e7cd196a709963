"""Consent declarations: what was said yes to, by whom, in which words, and what was taken back. And the exceptions from
consent: let in by law, shut out at once. Followed by later rows, never changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Consent(Base):
    """One declaration by one giver. Immutable; a later one by the same giver takes its place."""

    __tablename__ = "consent"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "giver_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["case_id", "registered_by_id"], ["membership.case_id", "membership.id"]),
        UniqueConstraint("case_id", "id"),
        UniqueConstraint("id", "giver_id"),
        CheckConstraint("method in ('eid', 'paper', 'oral')", name="method"),
        CheckConstraint("valid_from < valid_until", name="period"),
        CheckConstraint("(scan_blob is null) = (scan_key is null)", name="scan"),
        CheckConstraint("scan_state in ('waiting', 'clean', 'refused', 'not_scanned')", name="scan_state"),
        Index("ix_consent_waiting", "case_id", postgresql_where=text("scan_state = 'waiting'")),
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
    scan_state: Mapped[str] = mapped_column(default="not_scanned")
    """What the virus scanner says of the scan; `not_scanned` also where there is none."""
    scan_checked_at: Mapped[datetime | None]
    made_in: Mapped[int] = mapped_column(server_default=text("(pg_current_xact_id()::text::bigint)"))
    """The database transaction it was made in: no later one can add to what it says yes to."""


class ConsentGrant(Base):
    """A part of a yes: this party may see this compartment, in which information of this category lies."""

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
    compartment: Mapped[str | None]
    """Its key. None in a declaration of before, where the words named categories and no compartment took them all:
    such a row opens nothing."""
    category: Mapped[str]


class ConsentRefusal(Base):
    """A no of a declaration: this party may not see this compartment."""

    __tablename__ = "consent_refusal"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "consent_id"], ["consent.case_id", "consent.id"]),
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        CheckConstraint("(unit_id is null) <> (membership_id is null)", name="party"),
        Index("ix_consent_refusal_case_id", "case_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    consent_id: Mapped[UUID]
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    membership_id: Mapped[UUID | None]
    compartment: Mapped[str]


class ConsentException(Base):
    """One thing that a declaration of before kept back from a party. Nothing is kept back any more: whoever wants finer
    consent gets finer compartments. The rows stay, because the words of those declarations do."""

    __tablename__ = "consent_exception"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "consent_id"], ["consent.case_id", "consent.id"]),
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        CheckConstraint("(unit_id is null) <> (membership_id is null)", name="party"),
        Index("ix_consent_exception_consent_id", "consent_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    consent_id: Mapped[UUID]
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    membership_id: Mapped[UUID | None]
    category: Mapped[str]


class ConsentDraft(Base):
    """What somebody has answered and not yet given: kept, sealed, while they prove once more who they are."""

    __tablename__ = "consent_draft"
    __table_args__ = (ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),)

    membership_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    answers_sealed: Mapped[bytes]
    written_at: Mapped[datetime]


class ConsentReminder(Base):
    """That a declaration will end in so many days, to be told once."""

    __tablename__ = "consent_reminder"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "consent_id"], ["consent.case_id", "consent.id"]),
        UniqueConstraint("consent_id", "days_before"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    consent_id: Mapped[UUID]
    days_before: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]


class ConsentWithdrawal(Base):
    """A giver's no outside a declaration, from an instant on: to one party, or to everybody (none is named). It stands
    against all that the giver declared before it."""

    __tablename__ = "consent_withdrawal"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "giver_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["consent_id", "giver_id"], ["consent.id", "consent.giver_id"]),
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["case_id", "registered_by_id"], ["membership.case_id", "membership.id"]),
        CheckConstraint("unit_id is null or membership_id is null", name="party"),
        CheckConstraint("consent_id is not null or unit_id is not null or membership_id is not null", name="about"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    giver_id: Mapped[UUID]
    consent_id: Mapped[UUID | None]
    """The declaration it takes back, where there was one that said yes."""
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    membership_id: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime]
    registered_by_id: Mapped[UUID]


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
