"""What people put into a case. Every row names its case and its compartment, and everything said in words is sealed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


def _in_compartment() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["case_id", "compartment_id"], ["compartment.case_id", "compartment.id"])


def _by(column: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["case_id", column], ["membership.case_id", "membership.id"])


class File(Base):
    __tablename__ = "file"
    __table_args__ = (
        _in_compartment(),
        _by("created_by_id"),
        UniqueConstraint("id", "case_id", "compartment_id"),
        Index("ix_file_compartment_id", "compartment_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    tool: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class FileVersion(Base):
    """An uploaded version. Never changed, never thinned; numbers run without gaps from 1."""

    __tablename__ = "file_version"
    __table_args__ = (
        ForeignKeyConstraint(
            ["file_id", "case_id", "compartment_id"],
            ["file.id", "file.case_id", "file.compartment_id"],
            onupdate="CASCADE",
        ),
        _by("created_by_id"),
        UniqueConstraint("file_id", "number"),
        UniqueConstraint("id", "file_id"),
        UniqueConstraint("blob"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("size >= 1", name="size"),
        Index("ix_file_version_compartment_id", "compartment_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    file_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    number: Mapped[int]
    name_sealed: Mapped[bytes]
    note_sealed: Mapped[bytes | None]
    digest_sealed: Mapped[bytes]
    media_type: Mapped[str]
    size: Mapped[int]
    blob: Mapped[str]
    file_key: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class Rendition(Base):
    """A PDF made of an office file, for looking at it in the page. Without an object: it could not be made."""

    __tablename__ = "rendition"
    __table_args__ = (
        ForeignKeyConstraint(["version_id", "file_id"], ["file_version.id", "file_version.file_id"]),
        ForeignKeyConstraint(
            ["file_id", "case_id", "compartment_id"],
            ["file.id", "file.case_id", "file.compartment_id"],
            onupdate="CASCADE",
        ),
        UniqueConstraint("blob"),
        Index("ix_rendition_compartment_id", "compartment_id"),
    )

    version_id: Mapped[UUID] = mapped_column(primary_key=True)
    file_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    blob: Mapped[str | None]
    file_key: Mapped[bytes | None]
    size: Mapped[int | None]
    made_at: Mapped[datetime]


class HeldUpload(Base):
    """Bytes that arrived over a newer version and wait, sealed, for their sender's choice. Nobody else sees them."""

    __tablename__ = "held_upload"
    __table_args__ = (
        ForeignKeyConstraint(
            ["file_id", "case_id", "compartment_id"],
            ["file.id", "file.case_id", "file.compartment_id"],
            onupdate="CASCADE",
        ),
        _by("created_by_id"),
        UniqueConstraint("blob"),
        Index("ix_held_upload_created_by_id", "created_by_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    file_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    taken: Mapped[int | None]
    """Number of the version the sender had; None if they never took one."""
    name_sealed: Mapped[bytes]
    note_sealed: Mapped[bytes | None]
    digest_sealed: Mapped[bytes]
    media_type: Mapped[str]
    size: Mapped[int]
    blob: Mapped[str]
    file_key: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class Checkout(Base):
    """Somebody says that they are editing a file, until an hour, or until they or the guide end it."""

    __tablename__ = "checkout"
    __table_args__ = (
        ForeignKeyConstraint(
            ["file_id", "case_id", "compartment_id"],
            ["file.id", "file.case_id", "file.compartment_id"],
            onupdate="CASCADE",
        ),
        _by("created_by_id"),
        _by("ended_by_id"),
        CheckConstraint("ends_at > started_at", name="ends_at"),
        Index("ix_checkout_file_id_started_at", "file_id", "started_at"),
        Index("ix_checkout_compartment_id", "compartment_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    file_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    started_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_by_id: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[UUID | None]
    note_sealed: Mapped[bytes | None]


class Thread(Base):
    __tablename__ = "thread"
    __table_args__ = (
        _in_compartment(),
        _by("created_by_id"),
        UniqueConstraint("id", "case_id", "compartment_id"),
        Index("ix_thread_compartment_id", "compartment_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    subject_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class Message(Base):
    __tablename__ = "message"
    __table_args__ = (
        ForeignKeyConstraint(
            ["thread_id", "case_id", "compartment_id"],
            ["thread.id", "thread.case_id", "thread.compartment_id"],
            onupdate="CASCADE",
        ),
        _by("created_by_id"),
        Index("ix_message_compartment_id_created_at", "compartment_id", "created_at"),
        Index("ix_message_thread_id_created_at", "thread_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    thread_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    body_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class SearchEntry(Base):
    """The blind index: keyed hashes of word stems. `item_id` is a file version or a message; what is inside a file has
    an entry of its own, of kind 'content', which also says whether the file could be read."""

    __tablename__ = "search_entry"
    __table_args__ = (
        _in_compartment(),
        CheckConstraint("kind in ('file', 'message', 'content')", name="kind"),
        CheckConstraint("(kind = 'content') = (readable is not null)", name="readable"),
        Index("ix_search_entry_words", "words", postgresql_using="gin"),
        Index("ix_search_entry_compartment_id", "compartment_id"),
    )

    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(TSVECTOR)
    readable: Mapped[bool | None]
