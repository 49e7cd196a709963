"""What happens around a file: who edits it, what waits for a choice, and what is made of it to look at."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


def _of_file() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["file_id", "case_id", "compartment_id"],
        ["file.id", "file.case_id", "file.compartment_id"],
        onupdate="CASCADE",
    )


def _by(column: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["case_id", column], ["membership.case_id", "membership.id"])


class Rendition(Base):
    """What was made of a version to look at it in the page. `kind` is pdf (of an office file), picture and small (of a
    picture), page (`number` of a PDF, from 0) or text. Without an object it could not be made, and `fault` says why."""

    __tablename__ = "rendition"
    __table_args__ = (
        ForeignKeyConstraint(["version_id", "file_id"], ["file_version.id", "file_version.file_id"]),
        _of_file(),
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


class HeldUpload(Base):
    """Bytes that arrived over a newer version and wait, sealed, for their sender's choice. Nobody else sees them."""

    __tablename__ = "held_upload"
    __table_args__ = (
        _of_file(),
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
    link_id: Mapped[UUID | None]
    """The word processor's link it came by, which may be over by now; None from a page."""


class VersionTaken(Base):
    """Which version of a file somebody last took out or put in: for each of them once, and for each word processor's
    link once more. Seen by nobody else."""

    __tablename__ = "version_taken"
    __table_args__ = (
        _of_file(),
        _by("created_by_id"),
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


class Checkout(Base):
    """Somebody says that they are editing a file, until an hour, or until they or the guide end it."""

    __tablename__ = "checkout"
    __table_args__ = (
        _of_file(),
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


class FilePlace(Base):
    """A file was put into a folder, or out of it; the latest counts."""

    __tablename__ = "file_place"
    __table_args__ = (
        _of_file(),
        _by("created_by_id"),
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


class FileName(Base):
    """A file was given another name than its newest version came with, without its ending; the latest counts."""

    __tablename__ = "file_name"
    __table_args__ = (
        _of_file(),
        _by("created_by_id"),
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


class OldForm(Base):
    """What is said of a file that is a form made elsewhere: its day, and sealed between whom. The latest counts."""

    __tablename__ = "old_form"
    __table_args__ = (
        _of_file(),
        _by("created_by_id"),
        Index("ix_old_form_compartment_id", "compartment_id"),
        Index("ix_old_form_file_id_created_at", "file_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    file_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    made_on: Mapped[date]
    parties_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class FileWithdrawal(Base):
    """A file was withdrawn: who, when, why. Its versions are kept, out of reach."""

    __tablename__ = "file_withdrawal"
    __table_args__ = (
        _of_file(),
        _by("created_by_id"),
        Index("ix_file_withdrawal_compartment_id", "compartment_id"),
    )

    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    reason_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]
