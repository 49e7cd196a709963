"""What was put right about the people of a case. Followed by later rows, never changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Correction(Base):
    """One thing about one member that was put right: by the case's owner with a reason, or carried here from the
    member's account (then nobody of the case made it)."""

    __tablename__ = "correction"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["case_id", "made_by_id"], ["membership.case_id", "membership.id"]),
        CheckConstraint("field in ('name', 'birth_date', 'national_id', 'job_title', 'unit', 'address')", name="field"),
        CheckConstraint("(field = 'unit') = (before_unit_id is not null)", name="unit"),
        CheckConstraint("(made_by_id is null) = (reason_sealed is null)", name="reason"),
        CheckConstraint("field <> 'national_id' or (before_sealed is null and after_sealed is null)", name="number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    membership_id: Mapped[UUID]
    field: Mapped[str]
    before_sealed: Mapped[bytes | None]
    """What it was; never a number that may be somebody else's."""
    after_sealed: Mapped[bytes | None]
    reason_sealed: Mapped[bytes | None]
    before_unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    renews: Mapped[bool]
    """Whether declarations that named the member before say nothing about them any more."""
    shuts_out: Mapped[bool]
    """Whether the member is out until the owner says that they are still meant."""
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID | None]
