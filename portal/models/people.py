"""People and where they work. Nothing here tells of a case: citizens are a bare id, their names live in their cases."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, func, true
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


class Submission(Base):
    """A form that was sent: sending it again finds what it made instead of making it twice."""

    __tablename__ = "submission"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    made_id: Mapped[UUID]
    sent_at: Mapped[datetime] = mapped_column(index=True)
