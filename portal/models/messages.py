"""Messages, in threads. Every row names its case and its compartment, and everything said in words is sealed."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.models.foreign_keys import by_member, in_compartment


class Thread(Base):
    __tablename__ = "thread"
    __table_args__ = (
        in_compartment(),
        by_member("created_by_id"),
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
    """Its words are never changed. Its author may take them back within seven days: they are gone then, and the row
    stays. Numbers run without gaps from 1 in each thread, in the order in which the messages became visible."""

    __tablename__ = "message"
    __table_args__ = (
        ForeignKeyConstraint(
            ["thread_id", "case_id", "compartment_id"],
            ["thread.id", "thread.case_id", "thread.compartment_id"],
            onupdate="CASCADE",
        ),
        by_member("created_by_id"),
        ForeignKeyConstraint(["quotes_id", "thread_id"], ["message.id", "message.thread_id"]),
        UniqueConstraint("thread_id", "number"),
        UniqueConstraint("id", "thread_id"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("(taken_back_at is null) = (body_sealed is not null)", name="taken_back"),
        Index("ix_message_compartment_id_created_at", "compartment_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    thread_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    number: Mapped[int]
    body_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]
    quotes_id: Mapped[UUID | None]
    """The message of the same thread that this one answers."""
    taken_back_at: Mapped[datetime | None]


class AnswerRequest(Base):
    """With a message its author asks somebody for an answer by a day. Answered is what they write in the thread after
    it, so no row says that it was."""

    __tablename__ = "answer_request"
    __table_args__ = (
        ForeignKeyConstraint(["message_id", "thread_id"], ["message.id", "message.thread_id"]),
        ForeignKeyConstraint(
            ["thread_id", "case_id", "compartment_id"],
            ["thread.id", "thread.case_id", "thread.compartment_id"],
            onupdate="CASCADE",
        ),
        by_member("membership_id"),
        by_member("created_by_id"),
        UniqueConstraint("message_id", "membership_id"),
        Index("ix_answer_request_thread_id", "thread_id"),
        Index("ix_answer_request_membership_id", "membership_id"),
        Index("ix_answer_request_compartment_id", "compartment_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    message_id: Mapped[UUID]
    thread_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    membership_id: Mapped[UUID]
    due_on: Mapped[date]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]
    withdrawn_at: Mapped[datetime | None]


class GuideAbsence(Base):
    """That the guide is away, and who is written to meanwhile. Ending it early moves its end."""

    __tablename__ = "guide_absence"
    __table_args__ = (
        by_member("stand_in_id"),
        by_member("created_by_id"),
        CheckConstraint("stand_in_id <> created_by_id", name="somebody_else"),
        Index("ix_guide_absence_case_id", "case_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    stand_in_id: Mapped[UUID]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class MessageAttachment(Base):
    """A file of the case, or a row of a plan, put beside a message. It stays in its own compartment."""

    __tablename__ = "message_attachment"
    __table_args__ = (
        ForeignKeyConstraint(["message_id", "thread_id"], ["message.id", "message.thread_id"]),
        ForeignKeyConstraint(
            ["thread_id", "case_id", "compartment_id"],
            ["thread.id", "thread.case_id", "thread.compartment_id"],
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(
            ["file_id", "case_id", "item_compartment_id"],
            ["file.id", "file.case_id", "file.compartment_id"],
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(
            ["plan_id", "case_id", "item_compartment_id"],
            ["plan.id", "plan.case_id", "plan.compartment_id"],
            onupdate="CASCADE",
        ),
        by_member("created_by_id"),
        UniqueConstraint("message_id", "file_id", "plan_id", "row_address", postgresql_nulls_not_distinct=True),
        CheckConstraint("num_nonnulls(file_id, plan_id) = 1", name="one_thing"),
        CheckConstraint("(plan_id is null) = (row_address = '')", name="row_address"),
        Index("ix_message_attachment_thread_id", "thread_id"),
        Index("ix_message_attachment_file_id", "file_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    message_id: Mapped[UUID]
    thread_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    item_compartment_id: Mapped[UUID]
    file_id: Mapped[UUID | None]
    plan_id: Mapped[UUID | None]
    row_address: Mapped[str]
    """Section and row of a plan, such as `goals.1a2b3c4d`; '' for a file."""
    created_by_id: Mapped[UUID]


class MessageDraft(Base):
    """What somebody has begun to write, in a thread or to begin one. Nobody else can read it: it leaves no trace."""

    __tablename__ = "message_draft"
    __table_args__ = (
        ForeignKeyConstraint(
            ["thread_id", "case_id", "compartment_id"],
            ["thread.id", "thread.case_id", "thread.compartment_id"],
            onupdate="CASCADE",
        ),
        in_compartment(),
        by_member("created_by_id"),
        UniqueConstraint("created_by_id", "thread_id", postgresql_nulls_not_distinct=True),
        Index("ix_message_draft_case_id", "case_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    thread_id: Mapped[UUID | None]
    words_sealed: Mapped[bytes]
    written_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class ThreadLook(Base):
    """How far one member has read a thread: the number of the newest message that was on a page they opened."""

    __tablename__ = "thread_look"
    __table_args__ = (
        by_member("membership_id"),
        ForeignKeyConstraint(["thread_id", "case_id"], ["thread.id", "thread.case_id"]),
    )

    thread_id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    seen: Mapped[int]
