"""One case with everything in it and every kind of person around it, for the rules that must hold for all of them.

Every compartment holds a file, a thread with a message and a note, each with a word of its own that occurs nowhere
else: where that word shows up, that compartment was seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from portal.access.policy.roles import Capacity, Level
from portal.runtime import Runtime
from portal.services.consents import requests
from portal.services.plans import editing
from tests.support.story import PDF, Room, Someone, Story, compartment_id

COMPARTMENTS = ("shared", "health", "without_parents", "professionals", "guide_only")
NAME = "Yrsa Navnemærke"
"""The young person's name: where it shows up, the case was seen."""
CONFIDED = "fortroligtmærkeord"
"""What the young person told the guide alone, on the network map that everybody in the case sees."""
BETWEEN_TWO = {"guide", "young person"}


def word(compartment: str, where: str) -> str:
    """The word that lies in one place of one compartment and nowhere else."""
    return f"{compartment.replace('_', '')}{where}mærkeord"


@dataclass
class World:
    room: Room
    people: dict[str, Someone]
    sees: dict[str, set[str]]
    """Kind of person -> the compartments that are open to them."""
    files: dict[str, UUID] = field(default_factory=dict)
    threads: dict[str, UUID] = field(default_factory=dict)
    compartments: dict[str, UUID] = field(default_factory=dict)
    consent_id: UUID = field(default_factory=uuid4)
    party: str = "all"
    row: str = ""
    """Somebody on the network map."""
    other: Room | None = None
    meeting_id: UUID = field(default_factory=uuid4)

    @property
    def kinds(self) -> list[str]:
        return list(self.people)

    def all_words(self, compartment: str) -> list[str]:
        places = ["file", "note", "subject", "message"] + (["plan", "place"] if compartment == "shared" else [])
        return [word(compartment, where) for where in places]


EVERYTHING = set(COMPARTMENTS)
FOR_STAFF = EVERYTHING - {"guide_only"}
MEMBERS = {
    "guide": EVERYTHING,
    "colleague": FOR_STAFF,
    "psychiatrist": FOR_STAFF,
    "specialist": {"health"},
    "teacher": {"shared", "without_parents", "professionals"},
    "waiting": set(),
    "closed": set(),
    "young person": {"shared", "health", "without_parents", "guide_only"},
    "custody holder": {"shared", "health"},
    "custody holder shut out": set(),
    "other parent": {"shared", "health"},
    "aunt": {"shared"},
    "neighbour without a yes": set(),
}
STRANGERS = {
    "administrator": set(),
    "leader": set(),
    "auditor": set(),
    "stranger": set(),
    "stranger's young person": set(),
}


def build(runtime: Runtime) -> World:
    story = Story(runtime)
    guide = story.guide("Grete Guide")
    room = story.case(guide, name=NAME)
    people = {"guide": guide, "young person": room.young}
    people["custody holder"], people["custody holder shut out"] = room.parents
    people["colleague"] = story.staff("Kim Kollega")
    people["teacher"] = story.staff("Lars Lærer", "Skolen")
    people["psychiatrist"] = story.staff("Petra Psykiater", "Psykiatrien")
    people["specialist"] = story.staff("Sonja Særlig", "Klinikken")
    people["waiting"] = story.staff("Vibe Venter", "Jobcenter")
    people["closed"] = story.staff("Lukas Lukket", "Bosted")
    story.add(room, people["colleague"], Level.READ)
    story.add(room, people["teacher"], Level.READ)
    story.add(room, people["psychiatrist"], Level.WRITE)
    story.add(room, people["specialist"], Level.READ)
    story.add(room, people["closed"], Level.WRITE)
    people["other parent"] = story.add_citizen(room, "Bo Bonusfar", Capacity.PARENT)
    people["aunt"] = story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)
    without_health = {
        "Skolen": ("shared", "without_parents", "professionals"),
        "Tove Tante": ("shared",),
        "Klinikken": ("health",),
    }
    consent = story.consent(room, room.young, without_health)
    for parent in (people["custody holder"], people["custody holder shut out"]):
        story.consent(room, parent, without_health)
    people["neighbour without a yes"] = story.add_citizen(room, "Nora Nabo", Capacity.NETWORK_PERSON)
    story.add(room, people["waiting"], Level.WRITE)
    story.set_level(room, people["custody holder shut out"], Level.NONE)
    story.set_level(room, people["closed"], Level.NONE)
    people["administrator"] = story.admin()
    people["leader"] = story.staff("Lis Leder", is_leader=True)
    people["auditor"] = story.staff("Rie Revisor", is_auditor=True)
    other = story.case(story.guide("Else Ekstern", "En anden enhed"), name="Unni Uvedkommende")
    people["stranger"], people["stranger's young person"] = other.guide, other.young
    world = World(room, people, {**MEMBERS, **STRANGERS}, other=other, consent_id=consent)
    _fill(story, world)
    return world


def _fill(story: Story, world: World) -> None:
    room, guide = world.room, world.people["guide"]
    for compartment in COMPARTMENTS:
        upload = story.upload(f"{word(compartment, 'file')}.pdf", PDF, word(compartment, "note"))
        world.files[compartment] = story.play(room, guide, lambda t, u=upload, s=compartment: _add(t, u, s))
        world.threads[compartment] = story.thread(
            room, guide, compartment, word(compartment, "subject"), word(compartment, "message")
        )
    story.plan(room, guide, word("shared", "plan"))
    world.row = story.confide(room, room.young, CONFIDED)
    story.play(room, guide, lambda t: editing.begin_plan(t, uuid4(), "network_overview"))
    world.meeting_id = story.meeting(room, guide, word("shared", "place"))
    story.heard(room, world.meeting_id)
    with story.acting(guide) as actor:
        from portal.access.ticket import enter_case

        ticket = enter_case(actor, room.case_id)
        world.compartments = {compartment: compartment_id(ticket, compartment) for compartment in COMPARTMENTS}
        asked = requests.request(ticket, room.member(room.young))
        world.party = next(line.key for line in asked.parties if line.granted)


def _add(ticket, upload, compartment):  # type: ignore[no-untyped-def]
    from portal.services.files import files

    return files.add_file(ticket, uuid4(), compartment_id(ticket, compartment), upload)
