"""How people prove who they are: sessions, links to national eIDs, second factors, the steps of a sign-in under way,
and what limits guessing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


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
    eid_link_id: Mapped[UUID | None] = mapped_column(ForeignKey("eid_link.id"), index=True)
    """By which of their eIDs a citizen came; ending that link ends the session."""


class NationalId(Base):
    """What a citizen's national id is recognised by: a keyed hash, never the number."""

    __tablename__ = "national_id"
    __table_args__ = (UniqueConstraint("match_value"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    match_value: Mapped[bytes]


class InvitationCode(Base):
    """For a citizen without a known national id: a code the guide hands over, good once. It stands for one membership
    of one case, and for nothing else its person may be in."""

    __tablename__ = "invitation_code"
    __table_args__ = (
        UniqueConstraint("match_value"),
        ForeignKeyConstraint(["case_id", "membership_id"], ["membership.case_id", "membership.id"]),
        ForeignKeyConstraint(["case_id", "created_by_id"], ["membership.case_id", "membership.id"]),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID]
    membership_id: Mapped[UUID] = mapped_column(index=True)
    match_value: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_name_sealed: Mapped[bytes | None]
    """The name that the eID told of whoever used it, for the guide who handed it over."""


class EidLink(Base):
    """Who an eID's subject is here, once they have been recognised. Kept after it has ended."""

    __tablename__ = "eid_link"
    __table_args__ = (
        CheckConstraint("came_by in ('number', 'code', 'unknown')", name="came_by"),
        Index(
            "uq_eid_link_issuer_subject", "issuer", "subject", unique=True, postgresql_where=text("ended_at is null")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    issuer: Mapped[str]
    subject: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    linked_at: Mapped[datetime]
    came_by: Mapped[str]
    """`number`: the eID told the national id the person is known by. `code`: a guide's code, which made a new person.
    `unknown`: linked before this was written down."""
    others_seen_at: Mapped[datetime | None]
    """When whoever comes by this link last said that they have seen which others there are."""
    ended_at: Mapped[datetime | None]


class EidAttempt(Base):
    """A way out to a provider and back, bound to one browser. Used once, dead after ten minutes."""

    __tablename__ = "eid_attempt"
    __table_args__ = (
        CheckConstraint("purpose in ('sign_in', 'step_up', 'code')", name="purpose"),
        CheckConstraint(
            "purpose <> 'step_up' or (login_id is not null and anew_since is not null)",
            name="step_up",
        ),
    )

    state_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    browser_sha256: Mapped[bytes]
    provider: Mapped[str]
    nonce: Mapped[str]
    code_verifier: Mapped[str]
    asks_national_id: Mapped[bool]
    started_at: Mapped[datetime] = mapped_column(index=True)
    purpose: Mapped[str] = mapped_column(default="sign_in")
    """`sign_in`, `step_up` (a fresh proof for the session of `login_id`) or `code` (somebody with a guide's code)."""
    login_id: Mapped[UUID | None] = mapped_column(ForeignKey("login.id"))
    anew_since: Mapped[datetime | None]
    """Since when the person must have identified themselves at the provider for the answer to count; None where that
    was not asked."""


class SavedForm(Base):
    """What somebody was sending when their session had ended, sealed with a key that only their browser holds."""

    __tablename__ = "kept_form"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    sealed: Mapped[bytes]
    kept_at: Mapped[datetime] = mapped_column(index=True)


class HeldFile(Base):
    """A file that came with a form which was refused. What it is called and the key to it are sealed with a key that
    only its sender's page holds."""

    __tablename__ = "kept_file"
    __table_args__ = (UniqueConstraint("blob"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    blob: Mapped[str | None]
    """None once the form was taken: then the object is named by what was made of it, and by that alone."""
    sealed: Mapped[bytes]
    kept_at: Mapped[datetime] = mapped_column(index=True)


class EidStranger(Base):
    """Somebody their eID vouches for and nobody here knows yet, while they type the code from their guide."""

    __tablename__ = "eid_stranger"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    provider: Mapped[str]
    id_token_sealed: Mapped[bytes]
    told_sealed: Mapped[bytes]
    """What the eID told that the code is held against: birth date, keyed hash of the national id, name."""
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
    """The public half of a passkey (WebAuthn), and how often it has signed by its own count. A professional's stands
    for a second factor; a citizen's is bound to one browser and to the eID that vouches for it (own_phone)."""

    __tablename__ = "passkey"
    __table_args__ = (
        UniqueConstraint("credential_id"),
        CheckConstraint("num_nulls(eid_link_id, browser_sha256, proven_at) in (0, 3)", name="own_phone"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    credential_id: Mapped[bytes]
    public_key: Mapped[bytes]
    sign_count: Mapped[int]
    name: Mapped[str]
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    eid_link_id: Mapped[UUID | None] = mapped_column(ForeignKey("eid_link.id"), index=True)
    browser_sha256: Mapped[bytes | None] = mapped_column(index=True)
    proven_at: Mapped[datetime | None]
    """When the eID was last shown on that browser."""


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
