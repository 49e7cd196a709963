"""How people prove who they are: invitations, sessions, and links to national eIDs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Invitation(Base):
    """A professional's invitation to choose a password. The token itself exists only in the mail."""

    __tablename__ = "invitation"
    __table_args__ = (UniqueConstraint("token_sha256"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    token_sha256: Mapped[bytes | None]
    used_at: Mapped[datetime | None]
    renews_factors: Mapped[bool] = mapped_column(default=False)
    """For somebody who has lost their second factor: using it removes what they had."""


class Login(Base):
    """A session of one person on one device. The cookie holds the token, the database only its hash."""

    __tablename__ = "login"
    __table_args__ = (UniqueConstraint("token_sha256"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    token_sha256: Mapped[bytes]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    method: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    fresh_at: Mapped[datetime | None]
    """When the person last proved who they are with an eID, a passkey or a second factor; a password is not enough."""
    device: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]


class NationalId(Base):
    """What a citizen's national id is recognised by: a keyed hash, never the number."""

    __tablename__ = "national_id"
    __table_args__ = (UniqueConstraint("match_value"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    match_value: Mapped[bytes]


class InvitationCode(Base):
    """For a citizen without a known national id: a code the guide hands over, good once."""

    __tablename__ = "invitation_code"
    __table_args__ = (UniqueConstraint("match_value"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    match_value: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class EidLink(Base):
    """Who an eID's subject is here, once they have been recognised."""

    __tablename__ = "eid_link"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    linked_at: Mapped[datetime]


class EidAttempt(Base):
    """A sign-in on its way through an eID, bound to one browser. Used once, dead after ten minutes."""

    __tablename__ = "eid_attempt"

    state_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    browser_sha256: Mapped[bytes]
    provider: Mapped[str]
    nonce: Mapped[str]
    code_verifier: Mapped[str]
    asks_national_id: Mapped[bool]
    started_at: Mapped[datetime] = mapped_column(index=True)


class KeptForm(Base):
    """What somebody was sending when their session had ended, sealed with a key that only their browser holds."""

    __tablename__ = "kept_form"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    sealed: Mapped[bytes]
    kept_at: Mapped[datetime] = mapped_column(index=True)


class KeptFile(Base):
    """A file that came with a form which was refused. What it is called and the key to it are sealed with a key that
    only its sender's page holds."""

    __tablename__ = "kept_file"
    __table_args__ = (UniqueConstraint("blob"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    blob: Mapped[str]
    sealed: Mapped[bytes]
    used: Mapped[bool] = mapped_column(default=False)
    """Whether the form was taken in the end: then the object is named by what was made of it."""
    kept_at: Mapped[datetime] = mapped_column(index=True)


class EidStranger(Base):
    """Somebody their eID vouches for and nobody here knows yet, while they type the code from their guide."""

    __tablename__ = "eid_stranger"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    provider: Mapped[str]
    id_token_sealed: Mapped[bytes]
    arrived_at: Mapped[datetime] = mapped_column(index=True)


class ProviderSession(Base):
    """What signing out at the provider asks for, kept sealed while the session lasts. `provider` is realm and key."""

    __tablename__ = "provider_session"

    login_id: Mapped[UUID] = mapped_column(ForeignKey("login.id"), primary_key=True)
    provider: Mapped[str]
    id_token_sealed: Mapped[bytes]


class StaffLink(Base):
    """Who a subject of an organisation's own sign-in is here. Apart from EidLink: one never opens the other's door."""

    __tablename__ = "staff_link"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("staff.person_id"), index=True)
    linked_at: Mapped[datetime]
