"""What is to be told outside the portal, how each person wants to be told, and what did not arrive."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class NoticeDue(Base):
    """That there is something to tell somebody: once, however often it happens until the mail goes out."""

    __tablename__ = "notice_due"
    __table_args__ = (
        CheckConstraint(
            "kind in ('news', 'sign_in', 'account', 'invited', 'linked', 'closed', 'reopened')", name="kind"
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    sending_at: Mapped[datetime | None]
    """Set while the mail is on its way; what happens after that is told by one more."""


class UndeliveredMail(Base):
    """A mail that did not reach its professional, and will not be tried again."""

    __tablename__ = "undelivered_mail"
    __table_args__ = (CheckConstraint("reason in ('refused', 'gave_up')", name="reason"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("staff.person_id"), index=True)
    task: Mapped[str]
    reason: Mapped[str]
    failed_at: Mapped[datetime]


_CHANNEL = "channel in ('mail', 'sms')"


class ContactPoint(Base):
    """Where a person wants to be told. It counts once a code that was sent there has been typed in; until then the one
    before stays in force."""

    __tablename__ = "contact_point"
    __table_args__ = (
        CheckConstraint(_CHANNEL, name="channel"),
        CheckConstraint("split_part(encode(address_sealed, 'escape'), ':', 1) = master_id", name="master_id"),
        Index(
            "uq_contact_point_confirmed",
            "person_id",
            "channel",
            unique=True,
            postgresql_where=text("confirmed_at is not null"),
        ),
        Index(
            "uq_contact_point_waiting",
            "person_id",
            "channel",
            unique=True,
            postgresql_where=text("confirmed_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[str]
    address_sealed: Mapped[bytes]
    master_id: Mapped[str]
    made_at: Mapped[datetime]
    code_digest: Mapped[bytes | None]
    """Of the code that was sent there last; made by the job that sends it, so that no queue ever holds a code."""
    code_until: Mapped[datetime | None]
    tries_left: Mapped[int] = mapped_column(default=0, server_default="0")
    confirmed_at: Mapped[datetime | None]


class NoticeChoice(Base):
    """How often somebody wants to be told, and when not; what is None follows the settings."""

    __tablename__ = "notice_choice"
    __table_args__ = (
        CheckConstraint("rhythm in ('at_once', 'daily', 'weekly')", name="rhythm"),
        CheckConstraint("quiet_from between 0 and 23", name="quiet_from"),
        CheckConstraint("quiet_until between 0 and 23", name="quiet_until"),
        CheckConstraint("language in ('da', 'en')", name="language"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    rhythm: Mapped[str | None]
    quiet_from: Mapped[int | None]
    quiet_until: Mapped[int | None]
    """Full hours on the wall; the same hour twice is no quiet time at all."""
    language: Mapped[str | None]
    asked_at: Mapped[datetime]
    """When they last chose, or said that they will not choose now: nobody is asked twice."""


class NoticeOff(Base):
    """A kind of news, or a case, that somebody does not want to be told of."""

    __tablename__ = "notice_off"
    __table_args__ = (
        CheckConstraint("num_nonnulls(kind, case_id) = 1", name="one"),
        UniqueConstraint("person_id", "kind", "case_id", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str | None]
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    made_at: Mapped[datetime]


class NoticeItem(Base):
    """One kind of news for one person in one compartment of a case. Kept until it was told: what its person may see is
    asked at the last moment."""

    __tablename__ = "notice_item"
    __table_args__ = (
        Index(
            "uq_notice_item_waiting",
            "person_id",
            "kind",
            "case_id",
            "compartment_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("round_id is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    compartment_id: Mapped[UUID | None] = mapped_column(ForeignKey("compartment.id"), index=True)
    since: Mapped[datetime]
    round_id: Mapped[UUID | None] = mapped_column(index=True)


class NoticeDelivery(Base):
    """A notice on its way by one channel: the outbox. At most one is open for a person and channel, so that a gateway
    that was away for a day is sent one and not ten. Its id is what a neighbour knows it again by."""

    __tablename__ = "notice_delivery"
    __table_args__ = (
        CheckConstraint(_CHANNEL, name="channel"),
        CheckConstraint("state in ('waiting', 'sending', 'sent', 'failed', 'dropped')", name="state"),
        Index(
            "uq_notice_delivery_open",
            "person_id",
            "channel",
            unique=True,
            postgresql_where=text("state in ('waiting', 'sending')"),
        ),
        Index("ix_notice_delivery_next_at", "next_at", postgresql_where=text("state in ('waiting', 'sending')")),
        Index("ix_notice_delivery_person_id", "person_id", "made_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[str]
    round_id: Mapped[UUID]
    state: Mapped[str]
    made_at: Mapped[datetime]
    next_at: Mapped[datetime]
    """When it is tried next; while it is being sent, when whoever sends it counts as dead."""
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    ended_at: Mapped[datetime | None] = mapped_column(index=True)


class ContactFailure(Base):
    """Since when somebody cannot be reached by a channel; gone with the next notice that arrives."""

    __tablename__ = "contact_failure"
    __table_args__ = (
        CheckConstraint(_CHANNEL, name="channel"),
        CheckConstraint("reason in ('refused', 'gave_up')", name="reason"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    since: Mapped[datetime]


class NeighbourState(Base):
    """The breaker of a neighbour: after some failures in a row nothing is sent there until `open_until`."""

    __tablename__ = "neighbour_state"

    name: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime]
    open_until: Mapped[datetime]
