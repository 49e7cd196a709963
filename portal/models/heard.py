"""Was I heard? What the young person says of a meeting, for themselves alone unless they let the guide in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


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
