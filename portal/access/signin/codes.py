"""A guide's code: what it lets in, and whom.

A code proves that whoever holds it was asked into one case by its guide. It proves nothing about who they are: that is
for their eID alone. So a code moves one membership to the person that the eID stands for, a new one where nobody here
is known by it, and never makes an eID into somebody who is here already. What that person has elsewhere, and what the
membership's person before had elsewhere, stays apart.
"""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import delete, func, select

from portal import audit, clock
from portal.access import code_store
from portal.access.code_store import CodeFact
from portal.access.policy.roles import Capacity
from portal.access.signin import links
from portal.access.signin.eid import Recognised, Stranger, by_number, is_closed
from portal.access.signin.tokens import token_digest
from portal.access.window_store import load_key_row
from portal.db import PortalSession
from portal.errors import InvalidInput
from portal.events import Event
from portal.models import EidLink, EidStranger, NationalId, Person
from portal.models.accounts import PersonKind
from portal.storage.keys import Keyring
from portal.storage.places import place

SCHEME = "invitation-code"


class CodeRefused(InvalidInput):
    """A good code in the wrong hands. The case is told why, whoever holds it no more than they need."""

    def __init__(self, case_id: UUID, membership_id: UUID, why: str) -> None:
        super().__init__("code", f"code_{why}")
        self.case_id, self.membership_id, self.why = case_id, membership_id, why


def normal(code: str) -> str:
    """A code as it is compared: people type it from paper, with spaces, hyphens and small letters."""
    return "".join(character for character in code.upper() if character.isalnum())[:40]


def redeem(session: PortalSession, keyring: Keyring, who: Stranger, code: str) -> Recognised:
    """Lets somebody into the one membership that the code stands for; the code is used up.

    Raises InvalidInput('unknown') for a code that opens nothing, CodeRefused for one that is not theirs to use: whose
    membership belongs to somebody known by a number or an eID that is not this one, whose young person was born on
    another day, or in whose case they are already.
    """
    value = keyring.match_value(SCHEME, normal(code))
    case_id = session.scalars(select(func.case_of_code(value))).one()
    fact = code_store.load_code(session, case_id, value, clock.now()) if case_id else None
    if fact is None:
        raise InvalidInput("code", "unknown")
    link = links.find_link(session, who.identity.issuer, who.identity.subject)
    person_id = link.person_id if link else by_number(session, who.told.number)
    _refuse_wrong_hands(session, fact, who, person_id)
    if link is None:
        link = _let_in(session, who, person_id)
    session.act_for(link.person_id)
    _hand_over(session, keyring, fact, who, link)
    session.execute(delete(EidStranger).where(EidStranger.token_sha256 == token_digest(who.token)))
    return Recognised(link.person_id, link.id)


def note_refusal(session: PortalSession, refused: CodeRefused) -> None:
    """A line in the case's log, for its guide to see that somebody else tried."""
    audit.record(session, Event.CODE_REFUSED, chain=refused.case_id, item_id=refused.membership_id, reason=refused.why)


def _refuse_wrong_hands(session: PortalSession, fact: CodeFact, who: Stranger, person_id: UUID | None) -> None:
    def refused(why: str) -> CodeRefused:
        return CodeRefused(fact.case_id, fact.membership_id, why)

    if person_id is not None and is_closed(session, person_id):
        raise InvalidInput("code", "unknown")
    if person_id != fact.person_id:
        if session.get(NationalId, fact.person_id) is not None or links.any_of(session, fact.person_id):
            raise refused("known")
        if person_id in fact.people:
            raise refused("already_member")
    if fact.capacity is Capacity.YOUNG_PERSON and who.told.born != fact.birth_date:
        raise refused("birth_date")


def _let_in(session: PortalSession, who: Stranger, person_id: UUID | None) -> EidLink:
    """The link of an eID that had none: to the person of its number, or to somebody new."""
    identity = who.identity
    if person_id is not None:
        return links.make_link(session, identity.issuer, identity.subject, person_id, links.NUMBER)
    made = uuid4()
    session.add(Person(id=made, kind=PersonKind.CITIZEN.value, created_at=clock.now()))
    session.flush()
    if who.told.number is not None:
        # Another guide who knows this number finds them by it, and not somebody made a second time.
        session.add(NationalId(person_id=made, match_value=who.told.number))
        session.flush()
    link = links.make_link(session, identity.issuer, identity.subject, made, links.CODE)
    if link.person_id != made:
        raise InvalidInput("code", "code_again")
    return link


def _hand_over(session: PortalSession, keyring: Keyring, fact: CodeFact, who: Stranger, link: EidLink) -> None:
    keys = keyring.open_case(fact.case_id, *load_key_row(session, fact.case_id))
    name = keys.seal_text(who.told.name, place("invitation_code", "used_name", fact.id)) if who.told.name else None
    code_store.use_code(session, fact, link.person_id, name, clock.now())
    audit.record(
        session, Event.CODE_USED, chain=fact.case_id, membership_id=fact.membership_id, item_id=fact.membership_id
    )
