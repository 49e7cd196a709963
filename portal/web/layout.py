"""What frames every page: the name, who is signed in, and in a case the same head with its five doors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID, uuid4

from flask import Flask, g, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from portal import clock, text
from portal.access.policy.actions import Action, OfficeAction
from portal.access.policy.decide import BlockerNote
from portal.access.policy.roles import Capacity, Level
from portal.access.policy.windows import Blocker, Obstacle
from portal.access.ticket import CaseTicket, Hatch
from portal.runtime import House
from portal.services.consents import overrides as consent_overrides
from portal.services.consents.overrides import OverrideLine
from portal.services.consents.requests import PartyLine
from portal.services.messages import threads
from portal.services.oversight import case_log
from portal.services.shared import audience as shared_audience
from portal.text import with_numbers
from portal.tools.profile import Compartment, Meeting, Profile, Rhythm, profile
from portal.views.information import pages
from portal.web import guard, labels, static_files
from portal.web.guard import FILE_AGAIN
from portal.web.i18n import day as on_day
from portal.web.i18n import language, last_day, said


@dataclass(frozen=True)
class Door:
    name: str
    href: str
    icon: str
    current: bool
    news: int = 0


@dataclass(frozen=True)
class Right:
    """What somebody may do in a case that is shut to them, and where."""

    name: str
    href: str
    icon: str


def rights(case_id: UUID, allows: Callable[[Action], bool], asked_about_guide: bool = False) -> list[Right]:
    """The doors that stay open when the case is shut: a right does not end with access."""
    found = []
    if asked_about_guide and allows(Action.HAND_OVER_SAY):
        found.append(Right(_("Another guide: your answer"), url_for("hand_over.say", case_id=case_id), "how-to-reg"))
    if allows(Action.CONSENT_VIEW):
        found.append(Right(_("Your consents"), url_for("consents.mine", case_id=case_id), "how-to-reg"))
    if allows(Action.LOG_VIEW):
        name = _("Who has seen my case") if allows(Action.CONSENT_GIVE) else _("Who has seen something about me")
        found.append(Right(name, url_for("log.index", case_id=case_id), "list-check"))
    return found


class CaseHead:
    """The head of every page of a case. Computed when the template asks."""

    def __init__(self, ticket: CaseTicket) -> None:
        self.ticket = ticket

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
        case_id = self.ticket.case_id
        unread = threads.count_unread(self.ticket)
        rows = [
            (_("Overview"), "case.overview", "home", 0),
            (_("Plan"), "plan.index", "flag", 0),
            (_("Files"), "files.index", "folder", 0),
            (_("Messages"), "messages.index", "chat", unread),
            (_("People"), "people.index", "groups", 0),
        ]
        here = (request.endpoint or "").split(".")[0]
        part_of_people = (
            "team",
            "corrections",
            "consents",
            "consent_papers",
            "safeguards",
            "leaving",
            "choosing",
            "coming_of_age",
            "hand_over",
            "confidences",
        )
        homes = {**dict.fromkeys(part_of_people, "people"), "log": "", "exports": "files"}
        here = homes.get(here, here)
        return [
            Door(
                name,
                address(endpoint, case_id=case_id),
                icon,
                endpoint.split(".")[0] in (here, _FAMILY.get(here)),
                news,
            )
            for name, endpoint, icon, news in rows
        ]

    @cached_property
    def overrides(self) -> list[OverrideLine]:
        """Who is let in by law just now: for everyone in the case to see."""
        return consent_overrides.overrides(self.ticket)

    def compartment(self, key: str) -> Compartment:
        return self.ticket.profile.compartment_of(key)


def install(app: Flask) -> None:
    @app.context_processor
    def _context() -> dict[str, Any]:
        ticket = g.get("ticket")
        return {
            "actor": g.get("actor"),
            "limits": g.get("limits"),
            "csrf_token": _form_token,
            "has_saved_form": g.get("kept") is not None,
            "files_again": g.kept.getlist(FILE_AGAIN) if g.get("kept") is not None else [],
            "ticket": ticket,
            "head": CaseHead(ticket) if ticket is not None and ticket.hatches else None,
        }

    house: House = app.extensions["house"]
    static_files.install(app)
    # The same on every page, so that a macro knows it without being told the page's own things.
    app.jinja_env.globals.update(
        product=house.settings.product_name,
        settings=house.settings,
        is_demo=house.settings.environment == "demo",
        may=may,
        words=labels,
        Action=Action,
        Capacity=Capacity,
        Level=Level,
        OfficeAction=OfficeAction,
        title_of=title_of,
        role_word=role,
        capacity_word=capacity_word,
        party_title=party_title,
        compartment_icon=compartment_icon,
        compartment_of=compartment_of,
        category_titles=category_titles,
        compartment_by_id=compartment_by_id,
        first_name=first_name,
        is_told_before=is_told_before,
        names_who_see=names_who_see,
        compartments_in_order=compartments_in_order,
        tool_title=tool_title,
        file_icon=file_icon,
        age=age,
        years=years,
        obstacle_for_me=obstacle_for_me,
        in_the_way=in_the_way,
        rights=rights,
        foot_pages=pages.links,
        looks=case_log.LOOKS,
        new_number=lambda: str(uuid4()),
        csrf_token=_form_token,
        page_token=guard.page_token,
        right_now=lambda: clock.now().isoformat(),
        icon=_icons(app),
        url_for=address,
    )
    app.jinja_env.filters.update(dialled=text.dialled)
    app.jinja_env.filters.update(role=role, together=together, initials=initials, iso_day=iso_day)
    app.jinja_env.filters["with_numbers"] = with_numbers
    app.jinja_env.globals["compartment_badge"] = _badges(app)  # last: its template knows what stands above


def _icons(app: Flask) -> Callable[[str, str], Markup]:
    """A page shows some sixty icons of a few kinds: each kind is put together once."""
    picture = app.jinja_env.from_string(
        """<svg class="icon{{ ' ' ~ css if css }}" aria-hidden="true" focusable="false">"""
        """<use href="{{ asset('img/icons.svg') }}#{{ name }}"></use></svg>"""
    )

    @lru_cache(1000)
    def icon(name: str, css: str = "") -> Markup:
        return Markup(picture.render(name=name, css=css))  # noqa: S704  what a template made

    return icon


def _badges(app: Flask) -> Callable[..., Markup]:
    """A list names a compartment in each of its rows: it is put together once for its profile and its language."""
    macros: Any = app.jinja_env.get_template("macros/compartment.html").module

    def drawn(key: str, count: int | None = None, href: str | None = None) -> Markup:
        found: Markup = macros.drawn(_rules().compartment_of(key), title_of(key), count, href)
        return found

    @lru_cache(1000)
    def plain(_profile: str, _language: str, key: str) -> Markup:
        return drawn(key)

    def badge(key: str, count: int | None = None, href: str | None = None) -> Markup:
        if count is None and href is None and _rules().compartment_of(key).categories:
            return plain(_rules().key, language(), key)
        return drawn(key, count, href)

    return badge


def address(endpoint: str, **values: Any) -> str:
    """`url_for`. A page names some thirty addresses, most of them on every page of the case: each is put together
    once."""
    for name, value in values.items():
        if name[0] == "_" or type(value) not in _PLAIN:
            return url_for(endpoint, **values)
    return url_for(endpoint, **values) if endpoint[0] == "." else _put_together(request.root_path, endpoint, **values)


@lru_cache(10_000, typed=True)
def _put_together(_root: str, endpoint: str, **values: Any) -> str:
    return url_for(endpoint, **values)


_PLAIN = {str, int, UUID}


def _form_token() -> str:
    """The token of the forms of this page, made once for all of them."""
    if "form_token" not in g:
        g.form_token = generate_csrf()
    return str(g.form_token)


def iso_day(value: str) -> str:
    """An answer that is a date, as it stands in a form."""
    return on_day(date.fromisoformat(value))


def initials(name: str) -> str:
    """The first letters of the first and the last word of a name."""
    first, *others = name.split() or [""]
    return "".join(part[:1].upper() for part in (first, *others[-1:]))


def together(things: Iterable[Any], attribute: str) -> list[tuple[Any, list[Any]]]:
    """Things with the same value of an attribute, in the order they first come; unlike `groupby`, nothing is sorted."""
    groups: dict[Any, list[Any]] = {}
    for thing in things:
        groups.setdefault(getattr(thing, attribute), []).append(thing)
    return list(groups.items())


def may(action: Action | OfficeAction) -> bool:
    """Whether the person may do this: the same rule decides about the button and about the route."""
    if isinstance(action, OfficeAction):
        return g.get("actor") is not None and action in g.actor.office
    return g.get("ticket") is not None and g.ticket.allows(action)


def role(membership: Any) -> str:
    """What somebody is in the case: their job title, or the word of the programme profile."""
    if membership.job_title:
        return str(membership.job_title)
    return said(_rules().words[Capacity(membership.capacity)].title)


def capacity_word(capacity: Capacity, profile_key: str = "") -> str:
    """What somebody of a capacity is called here, or in the cases of another profile."""
    rules = profile(profile_key) if profile_key else _rules()
    return said(rules.words[capacity].title)


def title_of(key: str) -> str:
    """What a compartment is called; of one between two, by the names of the two."""
    hatch = next((h for h in g.ticket.hatches.values() if h.key == key), None)
    if hatch is not None and hatch.confidant_id is not None:
        return _title_between_two(g.ticket, hatch)
    return said(_rules().compartment_of(key).title)


def _title_between_two(ticket: CaseTicket, hatch: Hatch) -> str:
    """As the young person or the guide who reads it calls it."""
    guide, confidant = ticket.owner, ticket.members[hatch.confidant_id or ticket.owner.id]
    young, called = first_name(ticket.young_person), {"guide": first_name(guide), "before": first_name(confidant)}
    is_young = ticket.membership.id == ticket.young_person.id
    shared = any(w.key == hatch.key and w.membership_id == guide.id for w in ticket.open_windows)
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
    hatch = g.ticket.hatches.get(compartment_id)
    return hatch is not None and hatch.confidant_id not in (None, g.ticket.owner.id)


def compartment_icon(key: str) -> str:
    return _rules().compartment_of(key).icon


def compartment_of(key: str) -> Compartment:
    return _rules().compartment_of(key)


def category_titles(keys: Iterable[str]) -> str:
    """What lies in a compartment, in one line."""
    titles = {category.key: said(category.title) for category in _rules().category}
    return ", ".join(titles[key] for key in keys)


def compartment_by_id(compartment_id: str) -> Hatch:
    hatch: Hatch = g.ticket.hatches[UUID(compartment_id)]
    return hatch


def compartments_in_order() -> list[Hatch]:
    """The compartments open to this person, in the order of the programme profile."""
    return in_order(g.ticket)


def in_order(ticket: CaseTicket) -> list[Hatch]:
    return sorted(ticket.hatches.values(), key=lambda hatch: ticket.profile.rank(hatch.key))


def names_who_see(key: str) -> str:
    """Names and roles of everyone who can see a compartment, in one line; the reader first."""
    if "audience" not in g:
        g.audience = shared_audience.audience(g.ticket)
    names = [
        _("you")
        if line.membership.id == g.ticket.membership.id
        else f"{line.membership.display_name} ({role(line.membership)})"
        for line in g.audience
        if any(shelf.key == key for shelf in line.open)
    ]
    return ", ".join(sorted(names, key=lambda name: name != _("you")))


def party_title(line: PartyLine) -> str:
    """Whom a consent is about: a unit and its organisation, or a person."""
    if line.workplace:
        return f"{line.workplace.unit}, {line.workplace.organisation}"
    return line.members[0].display_name


def tool_title(key: str) -> str:
    tool = _rules().tool_of(key)
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


def age(meeting: Meeting | Rhythm) -> str:
    """At what age a meeting lies, or how often it comes."""
    if isinstance(meeting, Rhythm):
        return str(ngettext("every month", "every %(num)s months", meeting.every_months))
    if not meeting.months:
        return str(_("at %(years)s years", years=meeting.years))
    return str(_("at %(years)s years and %(months)s months", years=meeting.years, months=meeting.months))


def years(age: int) -> str:
    """How old somebody is."""
    return str(ngettext("%(num)s year old", "%(num)s years old", age))


def file_icon(media_type: str) -> str:
    """The icon of a kind of file."""
    if media_type == "application/pdf":
        return "file-pdf"
    if "spreadsheet" in media_type or "excel" in media_type or media_type == "text/csv":
        return "file-excel"
    if "word" in media_type or "opendocument.text" in media_type:
        return "file-word"
    kind = media_type.split("/")[0]
    return {"image": "file-image", "video": "videocam"}.get(kind, "file")


_FAMILY = {
    **dict.fromkeys(
        ("schema", "plan_papers", "promises", "together", "meetings", "heard", "word", "old_forms"), "plan"
    ),
    **dict.fromkeys(("versions", "previews", "ordering", "dav"), "files"),
}
"""Families of screens behind another one's door."""


def _rules() -> Profile:
    rules: Profile = g.ticket.profile
    return rules
