"""Factories that speak the domain and reach a state by playing the real story through the real verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from portal import clock
from portal.access.actor import Actor
from portal.access.policy.roles import Capacity, Level
from portal.access.signin import sessions
from portal.access.ticket import CaseTicket, enter_case
from portal.errors import NotFound
from portal.models import Organisation, Unit
from portal.runtime import Runtime
from portal.services.accounts import directory
from portal.services.accounts.directory import NewStaff
from portal.services.cases import register as case_register
from portal.services.cases.register import NewCase
from portal.services.consents import declare, requests
from portal.services.consents.declaration import Choices
from portal.services.consents.declare import Paper
from portal.services.files import files
from portal.services.files.arrivals import Upload
from portal.services.meetings import heard, schedule
from portal.services.members import team
from portal.services.members.citizens import NewCitizen
from portal.services.members.joining import Joining
from portal.services.messages import threads
from portal.services.plans import editing, saving
from portal.services.plans.open_plan import open_plan
from portal.storage.incoming import Incoming

R = TypeVar("R")
PROFILE = "samarbejdsmodellen_dk"
PDF = b"%PDF-1.4\n% made up for a test\n"


HERE = ZoneInfo("Europe/Copenhagen")
"""Whose days the portal counts in. Late in the evening they are ahead of UTC."""


def years_ago(years: int, days: int = 0) -> date:
    """The birth date of somebody who turned `years` that many days ago (who will turn it, for negative days)."""
    return clock.birthday(clock.today(HERE), -years) - timedelta(days=days)


@dataclass
class Someone:
    """A person of the story."""

    id: UUID
    name: str
    unit_id: UUID | None = None


@dataclass
class Room:
    """A case of the story and the people in it."""

    case_id: UUID
    guide: Someone
    young: Someone
    parents: list[Someone]
    members: dict[UUID, UUID] = field(default_factory=dict)
    """Person -> membership."""

    def member(self, someone: Someone) -> UUID:
        return self.members[someone.id]


class Story:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._organisation: UUID | None = None
        self._units: dict[str, UUID] = {}

    # People

    def unit(self, name: str) -> UUID:
        if name not in self._units:
            with self.runtime.unit_of_work() as session:
                if self._organisation is None:
                    self._organisation = uuid4()
                    place = Organisation(
                        id=self._organisation,
                        name=f"Testby {uuid4().hex[:6]}",
                        kind="municipality",
                        created_at=clock.now(),
                    )
                    session.add(place)
                    session.flush()
                unit = Unit(
                    id=uuid4(), organisation_id=self._organisation, name=name, kind="other", created_at=clock.now()
                )
                session.add(unit)
                self._units[name] = unit.id
                session.info["notes"] = []
                _excuse(session)
        return self._units[name]

    def staff(self, name: str, unit: str = "Familie og unge", **more: bool) -> Someone:
        """A professional with an account."""
        made = Someone(uuid4(), name, self.unit(unit))
        with self.runtime.unit_of_work() as session:
            email = f"{uuid4().hex[:12]}@testby.example"
            job = more.pop("job", None) or f"{unit}-medarbejder"
            directory.create_staff(session, made.id, NewStaff(self.unit(unit), name, email, str(job), **more))
        return made

    def guide(self, name: str = "Grete Guide", unit: str = "Familie og unge") -> Someone:
        return self.staff(name, unit, may_open_cases=True)

    def admin(self, name: str = "Aksel Admin") -> Someone:
        return self.staff(name, is_admin=True)

    # A case

    def case(
        self,
        guide: Someone | None = None,
        born: date | None = None,
        parents: int = 2,
        name: str = "Ulla Ung",
        young_level: Level = Level.WRITE,
        parent_level: Level = Level.READ,
        national_id: str = "",
    ) -> Room:
        """A case just opened: the guide, the young person of 17 and the custody holders are in it."""
        guide = guide or self.guide()
        names = ["Mona Mor", "Finn Far", "Vera Værge", "Palle Plejefar"][:parents]
        new = NewCase(
            young_person=NewCitizen(name, national_id),
            birth_date=born or years_ago(17, 100),
            custody_holders=tuple(NewCitizen(one) for one in names),
            young_person_level=young_level,
            custody_level=parent_level,
        )
        with self.acting(guide) as actor:
            case_id = case_register.open_case(actor, uuid4(), new, PROFILE)
        room = Room(case_id, guide, Someone(uuid4(), name), [])
        self.refresh(room)
        return room

    def refresh(self, room: Room) -> None:
        """Learns who is in the case by now."""
        with self.acting(room.guide) as actor:
            found = sorted(enter_case(actor, room.case_id).members.values(), key=lambda m: (m.added_at, m.display_name))
        room.members = {m.person_id: m.id for m in found}
        room.young = next(Someone(m.person_id, m.display_name) for m in found if m.capacity == Capacity.YOUNG_PERSON)
        room.parents = [Someone(m.person_id, m.display_name) for m in found if m.capacity == Capacity.PARENT]

    def add(self, room: Room, someone: Someone, level: Level = Level.WRITE, purpose: str = "For at hjælpe") -> UUID:
        made = self.play(room, room.guide, lambda t: team.add_professional(t, uuid4(), someone.id, level, purpose))
        self.refresh(room)
        return made

    def add_citizen(
        self, room: Room, name: str, capacity: Capacity, level: Level = Level.READ, custody: bool = False
    ) -> Someone:
        terms = Joining(capacity, level, custody=custody)
        made = self.play(room, room.guide, lambda t: team.add_citizen(t, uuid4(), NewCitizen(name), terms))
        self.refresh(room)
        return next(Someone(person, name) for person, member in room.members.items() if member == made)

    def set_level(self, room: Room, someone: Someone, level: Level) -> None:
        self.play(room, room.guide, lambda t: team.change_level(t, room.member(someone), level))

    # Consent

    def consent(
        self,
        room: Room,
        giver: Someone,
        yes: dict[str, tuple[str, ...]] | None = None,
        otherwise: tuple[str, ...] | None = None,
        until: date | None = None,
    ) -> UUID:
        """The giver's own answer: `yes` names units or people and the compartments of the yes to them; everybody else
        gets `otherwise`, everything if that is not told. It is a no to all the rest."""

        def give(ticket: CaseTicket) -> UUID:
            asked = requests.request(ticket, ticket.membership.id)
            return declare.give(ticket, uuid4(), _choices(asked, yes, otherwise), until or asked.until, "da")

        return self.play(room, giver, give)

    def paper_consent(
        self,
        room: Room,
        giver: Someone,
        otherwise: tuple[str, ...] | None = None,
        yes: dict[str, tuple[str, ...]] | None = None,
        signed: date | None = None,
        until: date | None = None,
    ) -> UUID:
        """What the giver signed on paper, today or on an earlier day, as the guide registers it."""

        def register(ticket: CaseTicket) -> UUID:
            asked = requests.request(ticket, room.member(giver))
            day = signed or clock.today(ticket.profile.zone)
            paper = Paper("paper", day, "", self.upload("samtykke.pdf", PDF), told=True)
            choices = _choices(asked, yes, otherwise)
            return declare.register(ticket, uuid4(), room.member(giver), choices, until, "da", paper)

        return self.play(room, room.guide, register)

    def everybody_agrees(self, room: Room, otherwise: tuple[str, ...] | None = None) -> None:
        for giver in (room.young, *room.parents):
            self.consent(room, giver, otherwise=otherwise)

    def withdraw(self, room: Room, giver: Someone, party: str = "all") -> None:
        def take_back(ticket: CaseTicket) -> None:
            asked = requests.request(ticket, ticket.membership.id)
            assert asked.current is not None
            key = party if party == "all" else next(p.key for p in asked.parties if _called(p) == party)
            declare.withdraw_consent(ticket, uuid4(), asked.current.id, key)

        self.play(room, giver, take_back)

    # Content

    def upload(self, name: str, content: bytes, note: str = "") -> Upload:
        incoming = Incoming(self.runtime.store)
        incoming.write(content)
        incoming.seek(0)
        return Upload(name, incoming, note)

    def file(
        self, room: Room, by: Someone, compartment: str = "shared", name: str = "plan.pdf", content: bytes = PDF
    ) -> UUID:
        upload = self.upload(name, content)
        return self.play(room, by, lambda t: files.add_file(t, uuid4(), compartment_id(t, compartment), upload))

    def version(self, room: Room, by: Someone, file_id: UUID, name: str = "plan.pdf", content: bytes = PDF) -> int:
        upload = self.upload(name, content)
        return self.play(room, by, lambda t: files.add_version(t, uuid4(), file_id, upload))

    def thread(
        self, room: Room, by: Someone, compartment: str = "shared", subject: str = "Hej", body: str = "Hej alle"
    ) -> UUID:
        return self.play(room, by, lambda t: threads.start(t, uuid4(), compartment_id(t, compartment), subject, body))

    def reply(self, room: Room, by: Someone, thread_id: UUID, body: str = "Tak") -> UUID:
        return self.play(room, by, lambda t: threads.reply(t, uuid4(), thread_id, body))

    def plan(self, room: Room, by: Someone, goal: str = "Jeg vil bo for mig selv") -> None:
        """The goal and agreement schema, begun and with one answer."""
        tool = "goals_and_agreements"
        self.play(room, by, lambda t: editing.begin_plan(t, uuid4(), tool))
        self.play(room, by, lambda t: saving.save(open_plan(t, tool), 1, 0, {"now.goal": goal}))

    def confide(self, room: Room, by: Someone, words: str) -> str:
        """Somebody on the network map, and what of them only the young person and the guide know; returns the row."""
        tool = "network_map"
        self.play(room, by, lambda t: editing.begin_plan(t, uuid4(), tool))
        row = self.play(room, by, lambda t: editing.add_row(open_plan(t, tool), 1, "people", name="Moster Mia"))
        told = {f"people.{row}.quality": "hard", f"people.{row}.between_us": words}
        self.play(room, by, lambda t: saving.save(open_plan(t, tool), 1, 0, told, dict.fromkeys(told, "")))
        return row

    def meeting(self, room: Room, by: Someone, place: str = "Skolen") -> UUID:
        """A meeting that goes on, with whoever begins it and the young person in the room."""

        def begin(ticket: CaseTicket) -> UUID:
            when = schedule.at(ticket, clock.today(ticket.profile.zone), "14.30", place)
            made = schedule.arrange(ticket, uuid4(), when, set())
            schedule.begin_meeting(ticket, made)
            schedule.who_is_here(ticket, made, {ticket.membership.id, room.member(room.young)}, False)
            return made

        return self.play(room, by, begin)

    def heard(self, room: Room, meeting_id: UUID, show: bool = False, **answers: str) -> None:
        """The young person says whether they were heard; `listened="1"` and so on."""
        given = {f"heard.{key}": value for key, value in (answers or {"listened": "1", "decided": "2"}).items()}
        self.play(
            room, room.young, lambda t: heard.answer_heard(t, uuid4(), heard.of_meeting(t, meeting_id), given, show)
        )

    # Acting

    @contextmanager
    def acting(self, someone: Someone) -> Iterator[Actor]:
        """The person signed in, in a unit of work of their own."""
        with self.runtime.unit_of_work() as session:
            token = sessions.start(session, someone.id, "test")
            resumed = sessions.resume(session, token, self.runtime.settings)
            assert resumed is not None
            yield resumed[0]

    def play(self, room: Room, someone: Someone, act: Callable[[CaseTicket], R]) -> R:
        """One verb of one person in one case, committed."""
        with self.acting(someone) as actor:
            return act(enter_case(actor, room.case_id))

    def token(self, someone: Someone) -> str:
        """A session's token for a browser."""
        with self.runtime.unit_of_work() as session:
            return sessions.start(session, someone.id, "test")


def compartments(story: Story, room: Room, who: Someone) -> set[str]:
    """The compartments that are open to somebody right now."""
    try:
        return story.play(room, who, lambda t: {compartment.key for compartment in t.compartments.values()})
    except NotFound:
        return set()


def compartment_id(ticket: CaseTicket, key: str) -> UUID:
    return next(compartment.id for compartment in ticket.compartments.values() if compartment.key == key)


def _excuse(session: object) -> None:
    """Organisations of the story are scenery: nobody did it, so there is nothing to note."""
    session.flush()  # type: ignore[attr-defined]
    session.info.pop("changed", None)  # type: ignore[attr-defined]


def _called(line: requests.PartyLine) -> str:
    return line.workplace.unit if line.workplace else line.members[0].display_name


def _choices(
    asked: requests.Request, yes: dict[str, tuple[str, ...]] | None, otherwise: tuple[str, ...] | None
) -> Choices:
    said = yes or {}

    def answer(line: requests.PartyLine, key: str) -> bool:
        wanted = said.get(_called(line), otherwise)
        return wanted is None or key in wanted

    return {line.key: {one.key: answer(line, one.key) for one in line.asked} for line in asked.parties}
