"""What people put into a case. Every row names its case and its compartment, and everything said in words is sealed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
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
    """An uploaded version. Never changed, never thinned; numbers run without gaps from 1. Only what the virus scanner
    says of it is added later."""

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
        CheckConstraint("scan in ('waiting', 'clean', 'refused', 'not_scanned')", name="scan"),
        Index("ix_file_version_compartment_id", "compartment_id"),
        Index("ix_file_version_waiting", "case_id", postgresql_where=text("scan = 'waiting'")),
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
    scan: Mapped[str] = mapped_column(default="waiting")
    scanned_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class Thread(Base):
    __tablename__ = "thread"
    __table_args__ = (
        _in_compartment(),
        _by("created_by_id"),
        UniqueConstraint("id", "case_id", "compartment_id"),
        UniqueConstraint("id", "case_id"),
        Index("ix_thread_compartment_id", "compartment_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    subject_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class Message(Base):
    """Never changed, never taken away; numbers run without gaps from 1 in each thread, in the order in which the
    messages became visible."""

    __tablename__ = "message"
    __table_args__ = (
        ForeignKeyConstraint(
            ["thread_id", "case_id", "compartment_id"],
            ["thread.id", "thread.case_id", "thread.compartment_id"],
            onupdate="CASCADE",
        ),
        _by("created_by_id"),
        UniqueConstraint("thread_id", "number"),
        CheckConstraint("number >= 1", name="number"),
        Index("ix_message_compartment_id_created_at", "compartment_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    thread_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    number: Mapped[int]
    body_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class ThreadLook(Base):
    """How far one member has read a thread: the number of the newest message that was on a page they opened."""

    __tablename__ = "thread_look"
    __table_args__ = (
        _by("membership_id"),
        ForeignKeyConstraint(["thread_id", "case_id"], ["thread.id", "thread.case_id"]),
    )

    thread_id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    seen: Mapped[int]


class SearchEntry(Base):
    """The blind index: keyed hashes of word stems. `item_id` is a file version or a message; what is inside a file has
    an entry of its own, of kind 'content', which also says whether the file could be read. A name that a file was given
    has one of kind 'name', whose item is the row that gives it."""

    __tablename__ = "search_entry"
    __table_args__ = (
        _in_compartment(),
        CheckConstraint("kind in ('file', 'message', 'content', 'name')", name="kind"),
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
