"""Whoever has signed in: the person, their office, and the session that speaks for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select

from portal.access.policy.actions import OfficeAction
from portal.access.policy.decide import Reason, Refusal
from portal.db import PortalSession
from portal.errors import Refused
from portal.models import Membership
from portal.storage.keys import Keyring


@dataclass
class Actor:
    """Somebody who has signed in, and the session that speaks for them."""

    session: PortalSession
    person_id: UUID
    is_staff: bool
    office: frozenset[OfficeAction]
    known_as: str | None
    """Their name where it is known already. A citizen's lies in their cases and is looked up when it is asked for."""
    unit_id: UUID | None = None
    login_id: UUID | None = None
    signed_in_at: datetime | None = None
    eid_link_id: UUID | None = None
    """By which of their eIDs a citizen came."""
    has_news_of_eids: bool = False
    """Whether there is another eID that signs in as them, which they have not said they have seen."""
    has_shown_eid: bool = True
    """False for a citizen who came by their own phone and has not shown their eID since: compartments of which the
    profile says so stay closed."""

    is_authenticated = True
    """What Flask-Login asks of a user: this one always has signed in."""

    def get_id(self) -> str:
        return str(self.person_id)

    @property
    def name(self) -> str:
        if self.known_as is None:
            self.known_as = self.session.scalars(_OWN_NAME, {"person": self.person_id}).first() or ""
        return self.known_as

    @property
    def keyring(self) -> Keyring:
        keyring: Keyring = self.session.info["keyring"]
        return keyring

    def require(self, action: OfficeAction) -> None:
        """Raises Refused unless this person's office allows it."""
        if action not in self.office:
            raise Refused(Reason(Refusal.OFFICE))


_OWN_NAME = (
    select(Membership.display_name)
    .where(Membership.person_id == bindparam("person"))
    .order_by(Membership.added_at, Membership.id)
    .limit(1)
)
"""What somebody was called first: a case that is opened about them later, by whoever, does not rename them."""
