"""Links that open a file in a word processor, what it puts beside the file, and its locks. All of it goes with the
link."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class DavToken(Base):
    """One person may open one file from a word processor for some hours. The address holds the token, the database only
    its hash."""

    __tablename__ = "dav_token"
    __table_args__ = (
        ForeignKeyConstraint(
            ["file_id", "case_id", "compartment_id"],
            ["file.id", "file.case_id", "file.compartment_id"],
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(["case_id", "created_by_id"], ["membership.case_id", "membership.id"]),
        UniqueConstraint("token_sha256"),
        CheckConstraint("ends_at > created_at", name="ends_at"),
        Index("ix_dav_token_created_by_id", "created_by_id"),
        Index("ix_dav_token_ends_at", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    file_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    token_sha256: Mapped[bytes]
    name_sealed: Mapped[bytes]
    """What the file is saved as through this link, for as long as it lasts."""
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    login_id: Mapped[UUID] = mapped_column(ForeignKey("login.id"))
    """The session it was made in: signing out of that ends the link too."""
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class DavEntry(Base):
    """Something a word processor put beside the file (a folder, a file of its own), or notes it keeps about what is
    there. Only whoever holds the link ever sees it, and it never becomes a file of the case by itself."""

    __tablename__ = "dav_entry"
    __table_args__ = (
        UniqueConstraint("blob"),
        CheckConstraint("kind in ('folder', 'scratch', 'notes')", name="kind"),
        Index("ix_dav_entry_token_id", "token_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    token_id: Mapped[UUID] = mapped_column(ForeignKey("dav_token.id", ondelete="CASCADE"))
    kind: Mapped[str]
    path_sealed: Mapped[bytes]
    properties_sealed: Mapped[bytes | None]
    """What the word processor noted about it: names and values of its own."""
    blob: Mapped[str | None]
    file_key: Mapped[bytes | None]
    size: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class DavLock(Base):
    """A word processor's lock. One on the file itself is good for as long as the check-out it stands for."""

    __tablename__ = "dav_lock"
    __table_args__ = (
        UniqueConstraint("lock_token"),
        CheckConstraint("scope in ('exclusive', 'shared')", name="scope"),
        Index("ix_dav_lock_token_id", "token_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    token_id: Mapped[UUID] = mapped_column(ForeignKey("dav_token.id", ondelete="CASCADE"))
    checkout_id: Mapped[UUID | None] = mapped_column(ForeignKey("checkout.id"))
    lock_token: Mapped[str]
    path_sealed: Mapped[bytes]
    owner_sealed: Mapped[bytes]
    scope: Mapped[str]
    is_deep: Mapped[bool]
    ends_at: Mapped[datetime]
