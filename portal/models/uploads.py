"""Uploads that come in pieces. What has arrived lies sealed, part by part, until the whole is there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class BegunUpload(Base):
    """Somebody began to send a file: a new one, or the next version of `file_id`. Only they ever see it."""

    __tablename__ = "begun_upload"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "compartment_id"], ["compartment.case_id", "compartment.id"]),
        ForeignKeyConstraint(
            ["file_id", "case_id", "compartment_id"],
            ["file.id", "file.case_id", "file.compartment_id"],
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(["case_id", "created_by_id"], ["membership.case_id", "membership.id"]),
        CheckConstraint("size >= 1", name="size"),
        CheckConstraint("ends_at > created_at", name="ends_at"),
        Index("ix_begun_upload_created_by_id", "created_by_id"),
        Index("ix_begun_upload_ends_at", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    file_id: Mapped[UUID | None]
    name_sealed: Mapped[bytes]
    size: Mapped[int]
    """Bytes that are to arrive in all."""
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class UploadPart(Base):
    """The bytes from `starts_at` that arrived in one request, an object of their own. Two requests that bring the same
    bytes cannot both be kept."""

    __tablename__ = "upload_part"
    __table_args__ = (
        UniqueConstraint("blob"),
        CheckConstraint("starts_at >= 0", name="starts_at"),
        CheckConstraint("size >= 1", name="size"),
    )

    upload_id: Mapped[UUID] = mapped_column(ForeignKey("begun_upload.id", ondelete="CASCADE"), primary_key=True)
    starts_at: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]
    digest_sealed: Mapped[bytes]
    blob: Mapped[str]
    file_key: Mapped[bytes]
