"""What can go wrong, in words of the domain. The web edge turns these into pages, the command line into lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portal.access.policy.decide import Reason


class PortalError(Exception):
    """Something the person at the screen should be told about, plainly."""


class NotFound(PortalError):
    """There is no such thing, or none that this person may know of: the two are never told apart."""


class Refused(PortalError):
    """This person is known here, but may not do this. Carries the reason that the page shows."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class EidNeeded(PortalError):
    """Whoever came by their own phone shows their eID first: what they ask for is open to them, but not in this
    session."""


class InvalidInput(PortalError):
    """An answer that cannot be used.

    `field` is the name of the form field it belongs to ('' for the whole form); `code` names the sentence shown there
    (portal/web/labels.py), `values` fill its gaps.
    """

    def __init__(self, field: str, code: str, **values: object) -> None:
        super().__init__(f"{field}: {code}" if field else code)
        self.field = field
        self.code = code
        self.values = values


class Overtaken(PortalError):
    """Somebody else decided the same thing a moment before, so there is nothing left of it to decide. Nothing was
    changed by whoever is told this."""


class UnsafeConfiguration(PortalError):
    """The program was asked to start in a way that would endanger the people in it."""


class DependencyUnavailable(PortalError):
    """Something beside us (database, blob store, eID, mail) does not answer; trying again later may help.

    `neighbour` is one of 'database', 'storage', 'scanner', 'eid', 'mail', 'sms', 'post'. `why` is the kind of fault,
    for the log: the name of an exception or a number, never what the neighbour said.
    """

    def __init__(self, neighbour: str, why: str = "") -> None:
        super().__init__(neighbour)
        self.neighbour = neighbour
        self.why = why


class Undeliverable(PortalError):
    """Something that no trying again will bring to its address or number. `why` is what the neighbour answered with, or
    what is wrong with the address; never the address itself."""

    def __init__(self, why: str) -> None:
        super().__init__(f"refused: {why}")
        self.why = why


class MailRefused(Undeliverable):
    """The same of a mail."""


class Busy(PortalError):
    """So much is being looked into just now that this has to wait; trying again in a moment helps."""


class CorruptData(PortalError):
    """Sealed content that does not open: changed, cut, swapped, or sealed with another key."""
