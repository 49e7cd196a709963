"""What is under way about accounts: a new address, a colleague somebody misses. Nothing here tells of a case."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class EmailChange(Base):
    """A new address for a professional's account, until its owner has proven that both are theirs."""

    __tablename__ = "email_change"
    __table_args__ = (UniqueConstraint("token_sha256"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("staff.person_id"), index=True)
    before: Mapped[str]
    address: Mapped[str]
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    token_sha256: Mapped[bytes | None]
    """Of the token in the mail, which exists nowhere else."""
    done_at: Mapped[datetime | None]


class AccountRequest(Base):
    """A colleague whom somebody misses in the directory, for an administrator to invite."""

    __tablename__ = "account_request"
    __table_args__ = (Index("ix_account_request_open", "asked_at", postgresql_where=text("answered_at is null")),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff.person_id"))
    name: Mapped[str]
    email: Mapped[str]
    job_title: Mapped[str]
    workplace: Mapped[str]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.person_id"))
    made_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.person_id"))
    """The account that was made for it; none where it was answered otherwise."""
