"""What people, compartments and tools of a case are called on its pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from flask import g
from flask_babel import gettext as _

from portal.access.compartments import OpenCompartment
from portal.access.policy.decide import BlockerNote
from portal.access.policy.roles import Capacity
from portal.access.policy.windows import Blocker, Obstacle
from portal.access.ticket import CaseTicket
from portal.services.shared import audience as shared_audience
from portal.tools.profile import Profile, ProfileCompartment, profile
from portal.web import labels
from portal.web.i18n import day as on_day
from portal.web.i18n import last_day, said


def role(membership: Any) -> str:
    """What somebody is in the case: their job title, or the word of the programme profile."""
    if membership.job_title:
        return str(membership.job_title)
    return said(rules_of_case().words[Capacity(membership.capacity)].title)


def capacity_word(capacity: Capacity, profile_key: str = "") -> str:
    """What somebody of a capacity is called here, or in the cases of another profile."""
    rules = profile(profile_key) if profile_key else rules_of_case()
    return said(rules.words[capacity].title)


def title_of(key: str) -> str:
    """What a compartment is called; of one between two, by the names of the two."""
    compartment = next((h for h in g.ticket.compartments.values() if h.key == key), None)
    if compartment is not None and compartment.confidant_id is not None:
        return _title_between_two(g.ticket, compartment)
    return said(rules_of_case().compartment_of(key).title)


def _title_between_two(ticket: CaseTicket, compartment: OpenCompartment) -> str:
    """As the young person or the guide who reads it calls it."""
    guide, confidant = ticket.owner, ticket.members[compartment.confidant_id or ticket.owner.id]
    young, called = first_name(ticket.young_person), {"guide": first_name(guide), "before": first_name(confidant)}
    is_young = ticket.membership.id == ticket.young_person.id
    shared = any(w.key == compartment.key and w.membership_id == guide.id for w in ticket.open_windows)
    if confidant.id == guide.id:
        title = _("Only you and %(guide)s", **called) if is_young else _("Only %(young)s and you", young=young)
    elif not is_young:
        title = _("Only %(young)s and you, told to %(before)s", young=young, **called)
    elif shared:
        title = _("Only you and %(guide)s, told to %(before)s", **called)
    else:
        title = _("Only you, told to %(before)s", **called)
    return str(title)


def first_name(member: Any) -> str:
    return str(member.display_name).split()[0]


def is_told_before(compartment_id: UUID) -> bool:
    """Whether it was confided to a guide who is not the guide of today."""
    compartment = g.ticket.compartments.get(compartment_id)
    return compartment is not None and compartment.confidant_id not in (None, g.ticket.owner.id)


def compartment_icon(key: str) -> str:
    return rules_of_case().compartment_of(key).icon


def compartment_of(key: str) -> ProfileCompartment:
    return rules_of_case().compartment_of(key)


def category_titles(keys: Iterable[str]) -> str:
    """What lies in a compartment, in one line."""
    titles = {category.key: said(category.title) for category in rules_of_case().category}
    return ", ".join(titles[key] for key in keys)


def compartment_by_id(compartment_id: str) -> OpenCompartment:
    compartment: OpenCompartment = g.ticket.compartments[UUID(compartment_id)]
    return compartment


def compartments_in_order() -> list[OpenCompartment]:
    """The compartments open to this person, in the order of the programme profile."""
    return in_order(g.ticket)


def in_order(ticket: CaseTicket) -> list[OpenCompartment]:
    return sorted(ticket.compartments.values(), key=lambda compartment: ticket.profile.rank(compartment.key))


def names_who_see(key: str) -> str:
    """Names and roles of everyone who can see a compartment, in one line; the reader first."""
    if "audience" not in g:
        g.audience = shared_audience.audience(g.ticket)
    names = [
        _("you")
        if line.membership.id == g.ticket.membership.id
        else f"{line.membership.display_name} ({role(line.membership)})"
        for line in g.audience
        if any(compartment.key == key for compartment in line.open)
    ]
    return ", ".join(sorted(names, key=lambda name: name != _("you")))


def tool_title(key: str) -> str:
    tool = rules_of_case().tool_of(key)
    return said(tool.title) if tool else key


def obstacle_for_me(note: BlockerNote) -> str:
    """What keeps the reader out, as a sentence."""
    obstacle = Obstacle(note.obstacle)
    sentence = labels.OBSTACLE_FOR_ME.get(obstacle) or labels.OBSTACLE_FOR_ME[obstacle, note.giver]  # type: ignore[index]
    return str(sentence)


def in_the_way(blocker: Blocker, members: Mapping[UUID, Any]) -> str:
    """What keeps somebody out, as the end of a sentence; the reader's own answer is said to them."""
    told = {"giver": members[blocker.giver_id].display_name if blocker.giver_id else "", "day": ""}
    if blocker.at is not None:
        told["day"] = last_day(blocker.at) if blocker.obstacle is Obstacle.CONSENT_EXPIRED else on_day(blocker.at)
    mine = g.ticket is not None and blocker.giver_id == g.ticket.membership.id
    sentence = labels.OBSTACLE_OF_MINE.get(blocker.obstacle) if mine else None
    return str(sentence or labels.OBSTACLE_OF[blocker.obstacle]) % told


def rules_of_case() -> Profile:
    """The programme profile of the case of this request."""
    rules: Profile = g.ticket.profile
    return rules
