"""Who can be asked to a meeting, and who can be there. The young person decides whom they want: nobody is asked unless
somebody chooses them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from portal.access.policy.roles import Capacity
from portal.access.policy.windows import Basis
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.models import Membership
from portal.services.members import team_wishes
from portal.services.members.team_wishes import WishKind
from portal.services.plans import definitions
from portal.services.plans.commitments import TOOL
from portal.services.shared import audience
from portal.text import in_order


def can_come(ticket: CaseTicket, also: Iterable[Membership] = ()) -> list[Membership]:
    """Who can be there: for those who answer for the case everybody ever added to it, also whoever sees nothing yet;
    for others those they share something with. The young person first."""
    if audience.leads(ticket):
        found = set(ticket.members)
    else:
        found = {window.membership_id for window in ticket.open_windows if window.compartment_id in ticket.compartments}
    return _in_order(ticket, found | {member.id for member in also})


def can_be_asked(ticket: CaseTicket, also: Iterable[Membership] = ()) -> list[Membership]:
    """Who can be asked to come: those to whom the plan is open now, and `also`. Whoever the young person has said no to
    is among them, last; nobody is asked unless somebody chooses them."""
    found = _in_order(ticket, _readers(ticket) | {member.id for member in also})
    unwanted = not_wanted(ticket)
    return [m for m in found if m.id not in unwanted] + [m for m in found if m.id in unwanted]


def asked_again(ticket: CaseTicket, before: Iterable[Membership]) -> list[Membership]:
    """Of those who were asked or there before, whom a form may offer ticked: not whoever has no access any more, nor
    whoever the young person has said no to."""
    still = _readers(ticket) - not_wanted(ticket)
    return [member for member in dict.fromkeys(before) if member.id in still]


def not_wanted(ticket: CaseTicket) -> set[UUID]:
    """Whom the young person has said no to, for those who may know. A yes given since is a yes: then their access rests
    on it."""
    if not audience.leads(ticket):
        return set()
    told_no = {w.about.id for w in team_wishes.wishes(ticket) if w.kind is WishKind.NO and w.about is not None}
    said_yes = {window.membership_id for window in ticket.open_windows if Basis(window.basis) in _BY_CONSENT}
    return told_no - said_yes


_BY_CONSENT = (Basis.CONSENT, Basis.PARENT_OF_MINOR, Basis.ADULT_CONSENT)


def _readers(ticket: CaseTicket) -> set[UUID]:
    """To whom the plan is open now."""
    compartment = definitions.compartment_key_of(ticket, TOOL)
    return {window.membership_id for window in ticket.open_windows if window.key == compartment}


def _in_order(ticket: CaseTicket, found: Iterable[UUID]) -> list[Membership]:
    first = (Capacity.YOUNG_PERSON, Capacity.OWNER)
    return sorted(
        (ticket.members[each] for each in found),
        key=lambda m: (first.index(Capacity(m.capacity)) if m.capacity in first else 2, in_order(m.display_name)),
    )


def people_asked(ticket: CaseTicket, members: Collection[UUID], also: Iterable[Membership] = ()) -> set[UUID]:
    """Who is asked to come. Raises InvalidInput for somebody who cannot be."""
    if set(members) - {member.id for member in can_be_asked(ticket, also)}:
        raise InvalidInput("people", "choice")
    return set(members)


def there(ticket: CaseTicket, members: Collection[UUID], also: Iterable[Membership] = ()) -> set[UUID]:
    """Who is in the room. Raises InvalidInput for somebody who cannot be."""
    if set(members) - {member.id for member in can_come(ticket, also)}:
        raise InvalidInput("people", "choice")
    return set(members)
