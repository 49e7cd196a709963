"""Meetings of a case: each lies in the compartment of the plan it is about, and is seen by whoever sees that. What the
young person says of one is for themselves alone unless they let the guide in."""

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


class Heard(Base):
    """The young person's answers about one meeting, or about one version of the checklist where there was no meeting
    here. `shown_to_id` is the guide they are shown to: while somebody else is the guide, they are shown to nobody. They
    are hers to change, so an earlier answer is not kept."""

    __tablename__ = "heard"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "created_by_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["case_id", "shown_to_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(
            ["meeting_id", "case_id", "compartment_id"],
            ["meeting.id", "meeting.case_id", "meeting.compartment_id"],
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(
            ["plan_version_id", "case_id", "compartment_id"],
            ["plan_version.id", "plan_version.case_id", "plan_version.compartment_id"],
            onupdate="CASCADE",
        ),
        UniqueConstraint("meeting_id"),
        UniqueConstraint("plan_version_id"),
        CheckConstraint("(meeting_id is null) <> (plan_version_id is null)", name="about"),
        Index("ix_heard_case_id", "case_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    meeting_id: Mapped[UUID | None]
    plan_version_id: Mapped[UUID | None]
    definition: Mapped[str]
    """The questions and words that are answered."""
    answers_sealed: Mapped[bytes]
    shown_to_id: Mapped[UUID | None]
    answered_at: Mapped[datetime]
    created_by_id: Mapped[UUID]
