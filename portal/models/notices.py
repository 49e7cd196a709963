"""What is to be told by mail, and what did not arrive. Nothing here tells of a case."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey
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
