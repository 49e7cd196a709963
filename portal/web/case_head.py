"""The head of every page of a case: whose it is, and its doors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from flask_babel import gettext as _

from portal import clock
from portal.access.ticket import CaseTicket
from portal.services.consents import overrides as consent_overrides
from portal.services.consents.overrides import OverrideLine
from portal.services.shared import audience as shared_audience
from portal.tools.profile import ProfileCompartment
from portal.web.addresses import address
from portal.web.navigation import Navigation


@dataclass(frozen=True)
class Door:
    """A door of the case, as it stands on this page."""

    name: str
    href: str
    icon: str
    current: bool
    news: int = 0


class CaseHead:
    """The head of every page of a case. Computed when the template asks."""

    def __init__(self, ticket: CaseTicket, navigation: Navigation) -> None:
        self.ticket = ticket
        self.navigation = navigation

    @cached_property
    def first_name(self) -> str:
        return self.ticket.young_person.display_name.split()[0]

    @property
    def name(self) -> str:
        """Whose case it is, as this reader must know it: professionals have many, and never mix two people up."""
        return self.ticket.young_person.display_name if self.ticket.actor.is_staff else self.first_name

    @property
    def birth_date(self) -> date:
        return self.ticket.case.birth_date

    @property
    def age(self) -> int:
        """Whole years, today."""
        return clock.age_on(self.birth_date, clock.today(self.ticket.profile.zone))

    @property
    def guide(self) -> str:
        return self.ticket.owner.display_name

    @cached_property
    def sizes(self) -> dict[str, int]:
        return shared_audience.audience_sizes(self.ticket)

    @cached_property
    def doors(self) -> list[Door]:
        case_id, here = self.ticket.case_id, self.navigation.current_door()
        return [
            Door(
                _(door.name),
                address(door.endpoint, case_id=case_id),
                door.icon,
                door.key == here,
                door.count(self.ticket) if door.count else 0,
            )
            for door in self.navigation.doors
        ]

    @cached_property
    def overrides(self) -> list[OverrideLine]:
        """Who is let in by law just now: for everyone in the case to see."""
        return consent_overrides.overrides(self.ticket)

    def compartment(self, key: str) -> ProfileCompartment:
        return self.ticket.profile.compartment_of(key)
