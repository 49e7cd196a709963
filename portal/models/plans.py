"""Tools written together: a plan per tool, its numbered versions, and every change with its author.

Nothing here says that a version is proposed, agreed or replaced: that follows from the proposals and from who has
accepted them (services/plans/versions.py), so that a state can never contradict the answers people gave.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.models.foreign_keys import by_member, same_compartment_as


class ToolDefinition(Base):
    """The questions and words of a tool as they were when somebody began to answer them. Belongs to no case."""

    __tablename__ = "tool_definition"

    identity: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[str]
    kept_at: Mapped[datetime]


class Plan(Base):
    __tablename__ = "plan"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "compartment_id"], ["compartment.case_id", "compartment.id"]),
        by_member("created_by_id"),
        UniqueConstraint("id", "case_id", "compartment_id"),
        UniqueConstraint("compartment_id", "tool"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    tool: Mapped[str]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class PlanVersion(Base):
    """The answers as they stand. `revision` counts the changes; `definition` is the wording they answer; `meeting_id`
    is the meeting it is written about, where there is one."""

    __tablename__ = "plan_version"
    __table_args__ = (
        same_compartment_as("plan"),
        by_member("created_by_id"),
        UniqueConstraint("id", "case_id", "compartment_id"),
        UniqueConstraint("plan_id", "number"),
        UniqueConstraint("meeting_id"),
        CheckConstraint("number >= 1", name="number"),
        Index("ix_plan_version_compartment_id", "compartment_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plan_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    number: Mapped[int]
    meeting_id: Mapped[UUID | None] = mapped_column(ForeignKey("meeting.id"))
    definition: Mapped[str]
    revision: Mapped[int]
    answers_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class PlanChange(Base):
    """What one person changed at once: for each address the words before and after. Words that met somebody else's
    change are kept aside here too, so that nobody's vanish."""

    __tablename__ = "plan_change"
    __table_args__ = (
        same_compartment_as("plan_version"),
        by_member("created_by_id"),
        CheckConstraint("kind in ('made', 'aside')", name="kind"),
        CheckConstraint("source in ('page', 'word')", name="source"),
        UniqueConstraint("plan_version_id", "revision", "kind"),
        Index("ix_plan_change_plan_version_id_created_by_id", "plan_version_id", "created_by_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plan_version_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    revision: Mapped[int]
    kind: Mapped[str]
    source: Mapped[str] = mapped_column(default="page")
    """Where it was written: on the page, or in a Word file that was put in."""
    change_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class PlanConfided(Base):
    """One answer as it was left at one time, between the young person and the guide alone: the newest of an address
    counts, none is wiped out. It belongs to the plan and to no version, for nobody else says yes to it."""

    __tablename__ = "plan_confided"
    __table_args__ = (
        same_compartment_as("plan"),
        by_member("created_by_id"),
        ForeignKeyConstraint(["case_id", "confided_compartment_id"], ["compartment.case_id", "compartment.id"]),
        CheckConstraint("kind in ('made', 'aside')", name="kind"),
        UniqueConstraint("plan_id", "confided_compartment_id", "address", "number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plan_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    confided_compartment_id: Mapped[UUID]
    """The compartment of the young person and the guide it was confided to: who sees that one sees this."""
    address: Mapped[str]
    number: Mapped[int]
    kind: Mapped[str]
    words_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class PlanPerson(Base):
    """Who of the case somebody in a tool's rows is, from then on; the newest of a row counts. None: nobody, after all.
    It belongs to the plan and to no version: being in the case is no answer that anybody agrees on."""

    __tablename__ = "plan_person"
    __table_args__ = (
        same_compartment_as("plan"),
        by_member("membership_id"),
        by_member("created_by_id"),
        UniqueConstraint("plan_id", "row_key", "number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plan_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    row_key: Mapped[str]
    number: Mapped[int]
    membership_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class PlanProposal(Base):
    """A version as it stood at one revision, put before everybody who must accept it."""

    __tablename__ = "plan_proposal"
    __table_args__ = (
        same_compartment_as("plan_version"),
        by_member("created_by_id"),
        UniqueConstraint("id", "case_id", "compartment_id"),
        Index("ix_plan_proposal_plan_version_id", "plan_version_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plan_version_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    revision: Mapped[int]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class PlanAsked(Base):
    """Somebody whose yes a proposal needs. They may have given it already to exactly these words: in a meeting
    (`said_id`), or to an earlier proposal (`again_of`). The database holds that it is theirs."""

    __tablename__ = "plan_asked"
    __table_args__ = (
        same_compartment_as("plan_proposal"),
        by_member("membership_id"),
        ForeignKeyConstraint(["said_id", "membership_id"], ["plan_taking.id", "plan_taking.created_by_id"]),
        ForeignKeyConstraint(
            ["again_of", "membership_id"],
            ["plan_acceptance.plan_proposal_id", "plan_acceptance.membership_id"],
            name="fk_plan_asked_again_of_membership_id",
            use_alter=True,  # the two tables name each other
        ),
    )

    plan_proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    said_id: Mapped[UUID | None]
    again_of: Mapped[UUID | None]


class PlanObjection(Base):
    """What somebody who is asked for a yes wants changed first: for the guide, and for nobody else."""

    __tablename__ = "plan_objection"
    __table_args__ = (
        ForeignKeyConstraint(
            ["plan_proposal_id", "created_by_id"], ["plan_asked.plan_proposal_id", "plan_asked.membership_id"]
        ),
        same_compartment_as("plan_proposal"),
        by_member("created_by_id"),
        Index("ix_plan_objection_case_id", "case_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plan_proposal_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    words_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class PlanAcceptance(Base):
    """A yes to a proposal: given by the person, or noted by the guide for a citizen who gave it on paper or aloud."""

    __tablename__ = "plan_acceptance"
    __table_args__ = (
        ForeignKeyConstraint(
            ["plan_proposal_id", "membership_id"], ["plan_asked.plan_proposal_id", "plan_asked.membership_id"]
        ),
        same_compartment_as("plan_proposal"),
        by_member("created_by_id"),
    )

    plan_proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    how_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class PlanOutcome(Base):
    """How something that was taken on went, as somebody noted it. The newest counts; none is wiped out."""

    __tablename__ = "plan_outcome"
    __table_args__ = (
        same_compartment_as("plan_version"),
        by_member("created_by_id"),
        CheckConstraint("outcome in ('yes', 'partly', 'no')", name="outcome"),
        Index("ix_plan_outcome_plan_version_id", "plan_version_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plan_version_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    row_key: Mapped[str]
    outcome: Mapped[str]
    word_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class PlanTaking(Base):
    """That somebody takes on what a row names them for, in exactly these words, or (`taken` false) no longer does; or
    that they say yes to the whole version, under a key that is no row's. The newest of a person and a key counts, while
    the words are the same."""

    __tablename__ = "plan_taking"
    __table_args__ = (
        same_compartment_as("plan_version"),
        by_member("created_by_id"),
        UniqueConstraint("id", "created_by_id"),
        Index("ix_plan_taking_plan_version_id", "plan_version_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plan_version_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    row_key: Mapped[str]
    taken: Mapped[bool]
    words_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]


class PlanReminder(Base):
    """That something taken on is due soon, to be told once; settled when it is done or no longer counts."""

    __tablename__ = "plan_reminder"
    __table_args__ = (
        same_compartment_as("plan_version"),
        by_member("membership_id"),
        UniqueConstraint("plan_version_id", "row_key"),
        Index("ix_plan_reminder_due_at", "due_at"),
        Index("ix_plan_reminder_open", "membership_id", postgresql_where=text("settled_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plan_version_id: Mapped[UUID]
    plan_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    row_key: Mapped[str]
    membership_id: Mapped[UUID]
    due_at: Mapped[datetime]
    """When to remind; the day it is due comes `DAYS_BEFORE` later."""
    settled_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]


class PlanPresence(Base):
    """In which answer somebody is just now, as their page said last. Leaves no trace, for it is no look at anything."""

    __tablename__ = "plan_presence"
    __table_args__ = (same_compartment_as("plan_version"), by_member("membership_id"))

    plan_version_id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    address: Mapped[str]
    seen_at: Mapped[datetime]


class ExternalForm(Base):
    """What is said of a file that is a form made elsewhere: its day, and sealed between whom. The latest counts."""

    __tablename__ = "old_form"
    __table_args__ = (
        same_compartment_as("file"),
        by_member("created_by_id"),
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


class PlanWordFile(Base):
    """A Word file that somebody put in for a plan, until they have decided what of it is put into the plan."""

    __tablename__ = "plan_word_file"
    __table_args__ = (
        same_compartment_as("plan"),
        by_member("created_by_id"),
        Index("ix_plan_word_file_plan_id_created_by_id", "plan_id", "created_by_id"),
    )

    version_id: Mapped[UUID] = mapped_column(ForeignKey("file_version.id"), primary_key=True)
    plan_id: Mapped[UUID]
    case_id: Mapped[UUID]
    compartment_id: Mapped[UUID]
    brought_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    created_by_id: Mapped[UUID]
