"""People, where they work, and what is under way about their accounts. Nothing here tells of a case: citizens are a
bare id, their names live in their cases."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, func, text, true
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class PersonKind(StrEnum):
    STAFF = "staff"
    CITIZEN = "citizen"


class Organisation(Base):
    __tablename__ = "organisation"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]
    kind: Mapped[str]
    created_at: Mapped[datetime]
    password_sign_in: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether its staff may sign in with a password here; else only through their own organisation."""


class Unit(Base):
    __tablename__ = "unit"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str]
    kind: Mapped[str]
    created_at: Mapped[datetime]


class Person(Base):
    __tablename__ = "person"
    __table_args__ = (CheckConstraint("kind in ('staff', 'citizen')", name="kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[str]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Staff(Base):
    """The professional side of a person: name, place of work, and what the office lets them do. Never a way into a
    case."""

    __tablename__ = "staff"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    name: Mapped[str]
    email: Mapped[str]
    job_title: Mapped[str]
    phone: Mapped[str] = mapped_column(default="", server_default="")
    """As they wrote it, to be shown and called; '' for none."""
    is_admin: Mapped[bool]
    may_open_cases: Mapped[bool]
    is_leader: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_auditor: Mapped[bool] = mapped_column(default=False, server_default=false())
    password_hash: Mapped[str | None]
    first_signed_in_at: Mapped[datetime | None]
    """When they first signed in here; from the second time on, a second factor is asked for."""


Index("uq_staff_email", func.lower(Staff.email), unique=True)


class Invitation(Base):
    """A professional's invitation to choose a password. The token itself exists only in the mail."""

    __tablename__ = "invitation"
    __table_args__ = (UniqueConstraint("token_sha256"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    token_sha256: Mapped[bytes | None]
    used_at: Mapped[datetime | None]
    renews_factors: Mapped[bool] = mapped_column(default=False)
    """For somebody who has lost their second factor: using it removes what they had."""
    resets: Mapped[bool] = mapped_column(default=False, server_default=false())
    """For somebody who has forgotten their password, asked for by themselves: their second factor stays."""
    mailed_at: Mapped[datetime | None]
    """When it was handed to the mail server."""


class EmailChange(Base):
    """A new address for a professional's account, until its owner has proven that both are theirs."""

    __tablename__ = "email_change"
    __table_args__ = (UniqueConstraint("token_sha256"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("staff.person_id"), index=True)
    before: Mapped[str]
    address: Mapped[str]
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    token_sha256: Mapped[bytes | None]
    """Of the token in the mail, which exists nowhere else."""
    done_at: Mapped[datetime | None]


class AccountRequest(Base):
    """A colleague whom somebody misses in the directory, for an administrator to invite."""

    __tablename__ = "account_request"
    __table_args__ = (Index("ix_account_request_open", "asked_at", postgresql_where=text("answered_at is null")),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff.person_id"))
    name: Mapped[str]
    email: Mapped[str]
    job_title: Mapped[str]
    workplace: Mapped[str]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.person_id"))
    made_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.person_id"))
    """The account that was made for it; none where it was answered otherwise."""
