"""Where people want to be told: their own mail address and number, given by themselves and confirmed by a code.

They are for this and nothing else: nobody signs in by them, nobody is found by them, nobody else sees them. A code is
made by the job that sends it; the database holds its keyed digest.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, exists, select, update

from portal import addresses, audit, clock, locks
from portal.access.actor import Actor
from portal.access.signin import throttle
from portal.db import PortalSession
from portal.errors import InvalidInput
from portal.events import Event
from portal.locks import Lock
from portal.models import ContactFailure, ContactPoint
from portal.outbox import later
from portal.services.notices import choices
from portal.services.notices.kinds import Channel
from portal.storage.keys import Keyring
from portal.storage.places import place_in

CODE_LASTS = timedelta(minutes=10)
TRIES = 5


@dataclass(frozen=True)
class OwnPoint:
    """One of one's own addresses, as its owner sees it."""

    channel: Channel
    address: str
    is_confirmed: bool
    failing_since: datetime | None = None


@dataclass(frozen=True)
class CodeToSend:
    channel: Channel
    address: str
    code: str
    number: str
    """Which of the codes to this address it is, without telling it."""


def own_points(actor: Actor) -> list[OwnPoint]:
    """What this person has given, confirmed or not, by channel."""
    rows = actor.session.scalars(
        select(ContactPoint)
        .where(ContactPoint.person_id == actor.person_id)
        .order_by(ContactPoint.channel, ContactPoint.made_at)
    ).all()
    mine = select(ContactFailure).where(ContactFailure.person_id == actor.person_id)
    failing = {row.channel: row.since for row in actor.session.scalars(mine)}
    return [
        OwnPoint(
            Channel(row.channel),
            opened(actor.keyring, row),
            row.confirmed_at is not None,
            failing.get(row.channel) if row.confirmed_at else None,
        )
        for row in rows
    ]


def offered(session: PortalSession) -> tuple[Channel, ...]:
    """How this installation can tell citizens: by SMS where it has a gateway."""
    return (Channel.MAIL, Channel.SMS) if session.info["settings"].sms_url else (Channel.MAIL,)


def checked(channel: Channel, typed: str) -> str:
    """An address or a number in its one form. Raises InvalidInput for what cannot be reached."""
    try:
        return addresses.checked(typed) if channel is Channel.MAIL else addresses.for_sms(typed)
    except addresses.NotMailable as problem:
        raise InvalidInput("address", problem.code) from problem


def count_code(actor: Actor, address: str) -> None:
    """Counts a code that is about to be sent, committed at once. Raises TooMany."""
    throttle.begin_contact(actor.session, actor.keyring, actor.person_id, address)


def give(actor: Actor, channel: Channel, address: str, language: str) -> UUID:
    """Notes where somebody wants to be told, in the language of their page, and queues a code to it. What was confirmed
    before stays in force until then. The address is `checked`, and the code counted before. Returns the row's id."""
    locks.hold(actor.session, Lock.ACCOUNT, actor.person_id)
    choices.note_language(actor, language)
    _forget(actor.session, actor.person_id, channel, confirmed=False)
    row = ContactPoint(id=uuid4(), person_id=actor.person_id, channel=channel.value, made_at=clock.now())
    row.master_id, row.address_sealed = actor.keyring.seal_secret(address.encode(), place_in(row, "address"))
    actor.session.add(row)
    audit.record(actor.session, Event.CONTACT_ADDED, item_id=actor.person_id, method=channel.value)
    later(actor.session, "send_code", person_id=str(actor.person_id), contact_id=str(row.id))
    return row.id


def write_code(session: PortalSession, contact_id: UUID) -> CodeToSend | None:
    """Makes the code that is about to be sent. None when the address was taken away again, or is confirmed. The session
    speaks for its person."""
    keyring: Keyring = session.info["keyring"]
    row = session.get(ContactPoint, contact_id)
    if row is None or row.confirmed_at is not None:
        return None
    code = f"{secrets.randbelow(1_000_000):06}"
    row.code_digest, row.tries_left = _digest(keyring, row.id, code), TRIES
    row.code_until = clock.now() + CODE_LASTS
    audit.record(session, Event.CONTACT_WRITTEN, item_id=row.person_id, method=row.channel)
    return CodeToSend(Channel(row.channel), opened(keyring, row), code, secrets.token_hex(4))


def count_try(actor: Actor, channel: Channel) -> UUID | None:
    """Counts a try to type the code, committed at once, so that a refused form does not give it back. Returns what is
    to be confirmed; None when nothing waits, the code is too old, or it was tried too often."""
    tried = (
        update(ContactPoint)
        .where(*_waiting(actor, channel), ContactPoint.tries_left > 0, ContactPoint.code_until > clock.now())
        .values(tries_left=ContactPoint.tries_left - 1)
        .returning(ContactPoint.id)
        .execution_options(synchronize_session=False)
    )
    audit.record(actor.session, Event.CONTACT_TRIED, item_id=actor.person_id, method=channel.value)
    contact_id = actor.session.execute(tried).scalar_one_or_none()
    actor.session.commit()
    return contact_id


def confirm(actor: Actor, channel: Channel, contact_id: UUID | None, typed: str) -> None:
    """Puts an address in force, in place of the one before. Count the try first. Raises InvalidInput for a code that is
    wrong, too old, or tried too often."""
    if contact_id is None:
        raise InvalidInput("code", "contact_code_over")
    locks.hold(actor.session, Lock.ACCOUNT, actor.person_id)
    found = select(ContactPoint).where(ContactPoint.id == contact_id, *_waiting(actor, channel))
    row = actor.session.scalars(found.execution_options(populate_existing=True)).one_or_none()
    code = "".join(character for character in typed if character.isdigit())
    if row is None or not hmac.compare_digest(row.code_digest or b"", _digest(actor.keyring, contact_id, code)):
        raise InvalidInput("code", "contact_code_wrong")
    _forget(actor.session, actor.person_id, channel, confirmed=True)
    row.confirmed_at, row.code_digest, row.code_until, row.tries_left = clock.now(), None, None, 0
    audit.record(actor.session, Event.CONTACT_CONFIRMED, item_id=actor.person_id, method=channel.value)


def _waiting(actor: Actor, channel: Channel) -> tuple[ColumnElement[bool], ...]:
    return (
        ContactPoint.person_id == actor.person_id,
        ContactPoint.channel == channel.value,
        ContactPoint.confirmed_at.is_(None),
    )


def remove(actor: Actor, channel: Channel) -> None:
    """Takes an address or number away, with what waits to be confirmed."""
    locks.hold(actor.session, Lock.ACCOUNT, actor.person_id)
    mine = (ContactPoint.person_id == actor.person_id, ContactPoint.channel == channel.value)
    if not actor.session.scalar(select(exists().where(*mine))):
        return
    for confirmed in (True, False):
        _forget(actor.session, actor.person_id, channel, confirmed)
    audit.record(actor.session, Event.CONTACT_REMOVED, item_id=actor.person_id, method=channel.value)


def confirmed(session: PortalSession, person_id: UUID) -> dict[Channel, str]:
    """Where somebody is told. The session speaks for that person."""
    keyring: Keyring = session.info["keyring"]
    found = select(ContactPoint).where(ContactPoint.person_id == person_id, ContactPoint.confirmed_at.is_not(None))
    return {Channel(row.channel): opened(keyring, row) for row in session.scalars(found)}


def opened(keyring: Keyring, row: ContactPoint) -> str:
    return keyring.unseal_secret(row.address_sealed, place_in(row, "address")).decode()


def _forget(session: PortalSession, person_id: UUID, channel: Channel, confirmed: bool) -> None:
    state = ContactPoint.confirmed_at.is_not(None) if confirmed else ContactPoint.confirmed_at.is_(None)
    mine = delete(ContactPoint).where(ContactPoint.person_id == person_id, ContactPoint.channel == channel.value, state)
    session.execute(mine)
    if confirmed:
        failed = delete(ContactFailure).where(
            ContactFailure.person_id == person_id, ContactFailure.channel == channel.value
        )
        session.execute(failed)


def _digest(keyring: Keyring, contact_id: UUID, code: str) -> bytes:
    return keyring.match_value("contact-code", f"{contact_id}:{code}")
