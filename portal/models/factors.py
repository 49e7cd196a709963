"""Second factors of professionals, the steps of a sign-in under way, and what limits guessing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Totp(Base):
    """The shared secret of somebody's code app (RFC 6238), sealed, and the last time step a code was taken for."""

    __tablename__ = "totp"
    __table_args__ = (
        CheckConstraint("split_part(encode(secret_sealed, 'escape'), ':', 1) = master_id", name="master_id"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    master_id: Mapped[str]
    secret_sealed: Mapped[bytes]
    last_step: Mapped[int]
    made_at: Mapped[datetime]


class Passkey(Base):
    """The public half of a passkey (WebAuthn), and how often it has signed by its own count."""

    __tablename__ = "passkey"
    __table_args__ = (UniqueConstraint("credential_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    credential_id: Mapped[bytes]
    public_key: Mapped[bytes]
    sign_count: Mapped[int]
    name: Mapped[str]
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code on paper for when the phone is gone: a keyed hash, good once."""

    __tablename__ = "recovery_code"

    match_value: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class HalfLogin(Base):
    """Somebody has given the right password and not yet the second factor. Opens nothing but that step."""

    __tablename__ = "half_login"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(index=True)


class PasskeyChallenge(Base):
    """What a passkey is asked to sign, once, by one browser. `person_id` is whose passkey is being added, if one is."""

    __tablename__ = "passkey_challenge"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    challenge: Mapped[bytes]
    started_at: Mapped[datetime] = mapped_column(index=True)


class KnownDevice(Base):
    """A browser somebody has signed in from: strangers' guessing elsewhere does not slow it down."""

    __tablename__ = "known_device"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    made_at: Mapped[datetime]


class SignInTry(Base):
    """A try to sign in that has not succeeded. `bucket` is a keyed hash of what is being counted."""

    __tablename__ = "sign_in_try"
    __table_args__ = (Index("ix_sign_in_try_bucket", "bucket", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    bucket: Mapped[bytes]
    at: Mapped[datetime]
