"""What several capabilities stand on: forms that were sent once, and the index for the search."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.models.foreign_keys import in_compartment


class Submission(Base):
    """A form that was sent: sending it again finds what it made instead of making it twice."""

    __tablename__ = "submission"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    made_id: Mapped[UUID]
    sent_at: Mapped[datetime] = mapped_column(index=True)


class SearchEntry(Base):
    """The blind index: keyed hashes of word stems. `item_id` is a file version or a message; what is inside a file has
    an entry of its own, of kind 'content', which also says whether the file could be read. A name that a file was given
    has one of kind 'name', whose item is the row that gives it."""

    __tablename__ = "search_entry"
    __table_args__ = (
        in_compartment(),
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
