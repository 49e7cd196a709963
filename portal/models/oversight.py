"""What the nightly check of the audit chains found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class AuditCheck(Base):
    """What one reading of the whole trace found: numbers and places, never content."""

    __tablename__ = "audit_check"
    __table_args__ = (Index("ix_audit_check_ended_at", "ended_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    lines: Mapped[int]
    chains: Mapped[int]
    faults: Mapped[int]
    places: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Where the first faults are: `chain`, `line`, and `what` the check says of it."""
