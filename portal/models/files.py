"""Files of a case and what happens around them: their versions and names, who edits one, uploads under way, and what is
made of a version to look at it. Every row names its case and its compartment; what is said in words is sealed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.models.foreign_keys import by_member, in_compartment, same_compartment_as


class File(Base):
    __tablename__ = "file"
    __table_args__ = (
        in_compartment(),
        by_member("created_by_id"),
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
        by_member("created_by_id"),
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


class FileName(Base):
    """A file was given another name than its newest version came with, without its ending; the latest counts."""

    __tablename__ = "file_name"
    __table_args__ = (
        same_compartment_as("file"),
        by_member("created_by_id"),
        Index("ix_file_name_compartment_id", "compartment_id"),
        Index("ix_file_name_file_id_created_at", "file_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    file_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    name_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class FilePlace(Base):
    """A file was put into a folder, or out of it; the latest counts."""

    __tablename__ = "file_place"
    __table_args__ = (
        same_compartment_as("file"),
        by_member("created_by_id"),
        Index("ix_file_place_compartment_id", "compartment_id"),
        Index("ix_file_place_file_id_created_at", "file_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    file_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    folder_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class FileWithdrawal(Base):
    """A file was withdrawn: who, when, why. Its versions are kept, out of reach."""

    __tablename__ = "file_withdrawal"
    __table_args__ = (
        same_compartment_as("file"),
        by_member("created_by_id"),
        Index("ix_file_withdrawal_compartment_id", "compartment_id"),
    )

    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    reason_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class Checkout(Base):
    """Somebody says that they are editing a file, until an hour, or until they or the guide end it."""

    __tablename__ = "checkout"
    __table_args__ = (
        same_compartment_as("file"),
        by_member("created_by_id"),
        by_member("ended_by_id"),
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


class HeldUpload(Base):
    """Bytes that arrived over a newer version and wait, sealed, for their sender's choice. Nobody else sees them."""

    __tablename__ = "held_upload"
    __table_args__ = (
        same_compartment_as("file"),
        by_member("created_by_id"),
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
    link_id: Mapped[UUID | None]
    """The word processor's link it came by, which may be over by now; None from a page."""


class VersionTaken(Base):
    """Which version of a file somebody last took out or put in: for each of them once, and for each word processor's
    link once more. Seen by nobody else."""

    __tablename__ = "version_taken"
    __table_args__ = (
        same_compartment_as("file"),
        by_member("created_by_id"),
        Index("ix_version_taken_compartment_id", "compartment_id"),
    )

    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    created_by_id: Mapped[UUID] = mapped_column(primary_key=True)
    link_id: Mapped[UUID] = mapped_column(primary_key=True)
    """The word processor's link, which may be over by now; the zero id for whichever way."""
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    number: Mapped[int]
    taken_at: Mapped[datetime]


class Rendition(Base):
    """What was made of a version to look at it in the page. `kind` is pdf (of an office file), picture and small (of a
    picture), page (`number` of a PDF, from 0) or text. Without an object it could not be made, and `fault` says why."""

    __tablename__ = "rendition"
    __table_args__ = (
        ForeignKeyConstraint(["version_id", "file_id"], ["file_version.id", "file_version.file_id"]),
        same_compartment_as("file"),
        UniqueConstraint("blob"),
        CheckConstraint("kind in ('pdf', 'picture', 'small', 'page', 'text')", name="kind"),
        CheckConstraint("(blob is null) = (fault is not null) and fault in ('unreadable', 'too_large')", name="fault"),
        Index("ix_rendition_compartment_id", "compartment_id"),
    )

    version_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, default=0)
    file_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    blob: Mapped[str | None]
    file_key: Mapped[bytes | None]
    size: Mapped[int | None]
    pages: Mapped[int | None]
    """Of a page: how many pages the whole has."""
    fault: Mapped[str | None]
    made_at: Mapped[datetime]


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
