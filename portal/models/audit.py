"""The audit events, and the head of each of their chains."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class AuditEvent(Base):
    """One line of a chain. `chain_id` is the case, or the zero id for what belongs to no case."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_reading", "chain_id", "actor_id", "event", "item_id", "at"),
        Index("ix_audit_event_at", "at"),
        Index("ix_audit_event_visits", "chain_id", "actor_id", "at"),
    )

    chain_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    event: Mapped[str]
    actor_id: Mapped[UUID | None]
    membership_id: Mapped[UUID | None]
    compartment_id: Mapped[UUID | None]
    item_id: Mapped[UUID | None]
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    mac: Mapped[bytes]


class AuditHead(Base):
    """Where a chain ends. `seal` authenticates the end itself, so that cutting the newest lines is found."""

    __tablename__ = "audit_head"

    chain_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int]
    mac: Mapped[bytes]
    seal: Mapped[bytes]
