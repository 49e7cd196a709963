"""Copies that people take away."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Export(Base):
    """A package that somebody asked for: being made, ready, or failed. It is theirs alone, and goes when its time is
    over."""

    __tablename__ = "export"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "asked_by_id"], ["membership.case_id", "membership.id"]),
        UniqueConstraint("blob"),
        CheckConstraint("kind in ('folder', 'case')", name="kind"),
        CheckConstraint("ends_at > created_at", name="ends_at"),
        CheckConstraint("(ready_at is null) = (blob is null)", name="ready_at"),
        Index("ix_export_asked_by_id", "asked_by_id"),
        Index("ix_export_ends_at", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    asked_by_id: Mapped[UUID]
    kind: Mapped[str]
    folder_sealed: Mapped[bytes | None]
    language: Mapped[str]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    failed: Mapped[bool] = mapped_column(default=False)
    ready_at: Mapped[datetime | None]
    compartments: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list)
    """Where what is in it came from."""
    contents: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    """Everything in it, by kind and id; versions of files by the file and their number."""
    blob: Mapped[str | None]
    file_key: Mapped[bytes | None]
    size: Mapped[int | None]
