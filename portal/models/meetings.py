"""Meetings of a case: each lies in the compartment of the plan it is about, and is seen by whoever sees that."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Meeting(Base):
    """Planned, begun, ended or called off, as its times say. `others_present` is true while somebody is in the room
    who is not in the case; `thread_id` is the thread that its summary was sent in."""

    __tablename__ = "meeting"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "compartment_id"], ["compartment.case_id", "compartment.id"]),
        ForeignKeyConstraint(["case_id", "created_by_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["case_id", "begun_by_id"], ["membership.case_id", "membership.id"]),
        UniqueConstraint("id", "case_id", "compartment_id"),
        CheckConstraint(
            "(ended_at is null or begun_at is not null) and (begun_at is null or called_off_at is null)", name="order"
        ),
        Index(
            "uq_meeting_running",
            "compartment_id",
            unique=True,
            postgresql_where=text("begun_at is not null and ended_at is null"),
        ),
        Index("ix_meeting_compartment_id_starts_at", "compartment_id", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    place_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]
    begun_at: Mapped[datetime | None]
    begun_by_id: Mapped[UUID | None]
    """Who began it; None for one that began before this was noted."""
    ended_at: Mapped[datetime | None]
    called_off_at: Mapped[datetime | None]
    others_present: Mapped[bool] = mapped_column(server_default=text("false"))
    thread_id: Mapped[UUID | None] = mapped_column(ForeignKey("thread.id"))


class MeetingSeat(Base):
    """Somebody of the case who was asked to come, or who is there."""

    __tablename__ = "meeting_seat"
    __table_args__ = (
        ForeignKeyConstraint(
            ["meeting_id", "case_id", "compartment_id"],
            ["meeting.id", "meeting.case_id", "meeting.compartment_id"],
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
    )

    meeting_id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    invited: Mapped[bool]
    present: Mapped[bool]
