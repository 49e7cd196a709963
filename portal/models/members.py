"""Who is in a case, what the young person asks of their team, and the hand-over of a case. Followed by later rows,
never changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Membership(Base):
    """One person in one case: in what capacity, under what name and role. Kept for as long as the case, because what
    they wrote stays with it."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("case_id", "id"),
        UniqueConstraint("case_id", "person_id"),
        CheckConstraint("(capacity in ('owner', 'professional')) = (unit_id is not null)", name="unit"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    capacity: Mapped[str]
    display_name: Mapped[str]
    job_title: Mapped[str]
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    custody_from: Mapped[datetime | None]
    custody_until: Mapped[datetime | None]
    purpose_sealed: Mapped[bytes | None]
    national_id_sealed: Mapped[bytes | None]
    added_at: Mapped[datetime]
    added_by_id: Mapped[UUID | None]


class TeamLevel(Base):
    """What the case owner lets a member do, from an instant until the next such row."""

    __tablename__ = "team_level"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        CheckConstraint("level in ('none', 'read', 'write')", name="level"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    membership_id: Mapped[UUID]
    level: Mapped[str]
    valid_from: Mapped[datetime]
    set_by_id: Mapped[UUID]


class Departure(Base):
    """A member left the case of their own accord."""

    __tablename__ = "departure"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        CheckConstraint("reason in ('conflict_of_interest', 'new_job', 'other')", name="reason"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    membership_id: Mapped[UUID]
    left_at: Mapped[datetime]
    reason: Mapped[str]


class Correction(Base):
    """One thing about one member that was put right: by the case's owner with a reason, or carried here from the
    member's account (then nobody of the case made it)."""

    __tablename__ = "correction"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["case_id", "made_by_id"], ["membership.case_id", "membership.id"]),
        CheckConstraint("field in ('name', 'birth_date', 'national_id', 'job_title', 'unit', 'address')", name="field"),
        CheckConstraint("(field = 'unit') = (before_unit_id is not null)", name="unit"),
        CheckConstraint("(made_by_id is null) = (reason_sealed is null)", name="reason"),
        CheckConstraint("field <> 'national_id' or (before_sealed is null and after_sealed is null)", name="number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    membership_id: Mapped[UUID]
    field: Mapped[str]
    before_sealed: Mapped[bytes | None]
    """What it was; never a number that may be somebody else's."""
    after_sealed: Mapped[bytes | None]
    reason_sealed: Mapped[bytes | None]
    before_unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    renews: Mapped[bool]
    """Whether declarations that named the member before say nothing about them any more."""
    shuts_out: Mapped[bool]
    """Whether the member is out until the owner says that they are still meant."""
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID | None]


class TeamWish(Base):
    """The young person proposes somebody, says no to somebody, or asks for a pause."""

    __tablename__ = "team_wish"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["case_id", "made_by_id"], ["membership.case_id", "membership.id"]),
        UniqueConstraint("case_id", "id"),
        CheckConstraint("kind in ('propose', 'no', 'pause')", name="kind"),
        CheckConstraint("(kind = 'no') = (membership_id is not null)", name="about"),
        CheckConstraint("(kind = 'pause') = (pause_until is not null)", name="pause"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str]
    membership_id: Mapped[UUID | None]
    name_sealed: Mapped[bytes | None]
    words_sealed: Mapped[bytes | None]
    pause_until: Mapped[datetime | None]
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID]


class TeamWishAnswer(Base):
    """What the guide answered."""

    __tablename__ = "team_wish_answer"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "wish_id"], ["team_wish.case_id", "team_wish.id"]),
        UniqueConstraint("wish_id"),
        CheckConstraint("answer in ('yes', 'talk', 'no', 'seen')", name="answer"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    wish_id: Mapped[UUID]
    answer: Mapped[str]
    words_sealed: Mapped[bytes | None]
    answered_at: Mapped[datetime]
    answered_by_id: Mapped[UUID]


class ConfidenceAnswer(Base):
    """The young person says whether another guide may read what was confided to one before. The latest one counts."""

    __tablename__ = "confidence_answer"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "compartment_id"], ["compartment.case_id", "compartment.id"]),
        ForeignKeyConstraint(["case_id", "to_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["case_id", "answered_by_id"], ["membership.case_id", "membership.id"]),
        CheckConstraint("answer in ('yes', 'no')", name="answer"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    compartment_id: Mapped[UUID]
    to_id: Mapped[UUID]
    answer: Mapped[str]
    answered_at: Mapped[datetime]
    answered_by_id: Mapped[UUID]


class HandOver(Base):
    """The owner offered the case to another guide."""

    __tablename__ = "hand_over"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "from_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["case_id", "to_id"], ["membership.case_id", "membership.id"]),
        UniqueConstraint("case_id", "id"),
        CheckConstraint("(legal_basis_sealed is null) = (reason_sealed is null)", name="by_law"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    from_id: Mapped[UUID]
    from_person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    """Who offers it: read by the other guide, who sees no member of the case yet."""
    from_unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"))
    to_id: Mapped[UUID]
    to_person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    to_unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"))
    offered_at: Mapped[datetime]
    custody_asked_until: Mapped[datetime | None]
    """Until when custody holders are asked too: the young person's majority; None where the profile asks none."""
    legal_basis_sealed: Mapped[bytes | None]
    """On what it goes to another organisation without consent; everyone in the case reads it."""
    reason_sealed: Mapped[bytes | None]


class HandOverSay(Base):
    """What somebody who is asked says to another guide. The latest one of each counts."""

    __tablename__ = "hand_over_say"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "hand_over_id"], ["hand_over.case_id", "hand_over.id"]),
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["case_id", "said_by_id"], ["membership.case_id", "membership.id"]),
        UniqueConstraint("case_id", "id"),
        CheckConstraint("answer in ('yes', 'no')", name="answer"),
        CheckConstraint("method in ('eid', 'paper', 'oral')", name="method"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    hand_over_id: Mapped[UUID] = mapped_column(index=True)
    membership_id: Mapped[UUID]
    answer: Mapped[str]
    method: Mapped[str]
    words_sealed: Mapped[bytes | None]
    said_at: Mapped[datetime]
    said_by_id: Mapped[UUID]


class HandOverReply(Base):
    """What the guide answers to it."""

    __tablename__ = "hand_over_reply"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "say_id"], ["hand_over_say.case_id", "hand_over_say.id"]),
        ForeignKeyConstraint(["case_id", "replied_by_id"], ["membership.case_id", "membership.id"]),
        UniqueConstraint("say_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    say_id: Mapped[UUID]
    words_sealed: Mapped[bytes]
    replied_at: Mapped[datetime]
    replied_by_id: Mapped[UUID]


class HandOverAnswer(Base):
    """What became of the offer. From `answered_at` on of an accepted one, the other guide owns the case."""

    __tablename__ = "hand_over_answer"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "hand_over_id"], ["hand_over.case_id", "hand_over.id"]),
        UniqueConstraint("hand_over_id"),
        CheckConstraint("answer in ('accepted', 'declined', 'withdrawn')", name="answer"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(index=True)
    hand_over_id: Mapped[UUID]
    answer: Mapped[str]
    answered_at: Mapped[datetime]
    answered_by_id: Mapped[UUID]
