"""The guide's other cases of a working day, in every stage: so that a list of cases is one as people have it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from portal.access.policy.roles import Capacity, Level
from portal.access.ticket import CaseTicket
from portal.demo import plan
from portal.demo.earlier import days_ago
from portal.demo.eid import Pretended
from portal.services.members import handover, team_wishes
from portal.services.messages import threads

if TYPE_CHECKING:
    from portal.demo.people import Play


class Stage(StrEnum):
    NEW = "opened today, nobody added yet"
    WAITING = "waits for the consents"
    GOING = "a colleague has written"
    MEETING = "meets this week"
    DUE = "a promise of the guide's is due"
    ENDING = "the consents end soon"
    ASKED = "a colleague has proposed a plan that waits for the guide's yes"
    WISH = "the young person has a wish"
    OFFERED = "another guide asks whether the guide takes it over"


@dataclass(frozen=True)
class Other:
    name: str
    years: int
    days: int
    parent: str
    stage: Stage
    colleague: str = "kui"
    days_until: int = 0
    """Until the meeting or the promise."""
    asks: tuple[str, str] = ("", "")
    """Subject and text of what the colleague wrote."""


_ABSENCE = ("Fravær", "Hej Mette. Der har været en del fravær i denne uge. Skal vi tale om, hvad der vil hjælpe?")
_COURSE = ("Forløb på produktionsskolen", "Der er en ledig plads fra den første. Hvad siger du til et besøg?")
_WORK = ("Fritidsjob", "Jeg har fundet en butik, som gerne vil tage imod til en samtale.")
_OTHERS = (
    Other("Emma Krogh", 15, 40, "Tina Krogh", Stage.NEW),
    Other("Oliver Skytte", 16, 300, "Jan Skytte", Stage.NEW),
    Other("Sara Bjerg", 15, 200, "Hanne Bjerg", Stage.WAITING, "laerer"),
    Other("Malthe Ravn", 16, 20, "Kirsten Ravn", Stage.WAITING),
    Other("Ida Toft", 17, 80, "Lars Toft", Stage.WAITING, "job"),
    Other("Yusuf Aydin", 17, 10, "Elif Aydin", Stage.GOING, "laerer", asks=_ABSENCE),
    Other("Laura Munk", 17, 333, "Pia Munk", Stage.GOING, "kui", asks=_COURSE),
    Other("Mikkel Holst", 16, 150, "Dorte Holst", Stage.GOING, "laerer", asks=_ABSENCE),
    Other("Amina Warsame", 19, 60, "", Stage.GOING, "job", asks=_WORK),
    Other("Villads Kær", 18, 120, "", Stage.GOING, "kui", asks=_COURSE),
    Other("Clara Winther", 17, 250, "Jesper Winther", Stage.MEETING, "kui", 2),
    Other("Jonathan Bech", 16, 5, "Anja Bech", Stage.MEETING, "laerer", 4),
    Other("Liv Østergård", 18, 30, "", Stage.MEETING, "job", 5),
    Other("Sofus Dam", 17, 170, "Rikke Dam", Stage.DUE, "kui", 0),
    Other("Zara Malik", 20, 15, "", Stage.DUE, "job", 1),
    Other("Tobias Gade", 16, 220, "Mona Gade", Stage.DUE, "laerer", 3),
    Other("Asta Lykke", 17, 120, "Bente Lykke", Stage.ENDING, "kui"),
    Other("Elias Rask", 18, 40, "", Stage.ASKED, "job"),
    Other("Nora Friis", 16, 90, "Heidi Friis", Stage.WISH, "laerer"),
    Other("Bertram Hald", 18, 200, "", Stage.OFFERED, "kui"),
)


_BEGUN = {Stage.NEW: 0, Stage.ENDING: 352}
"""How many days ago a case of that stage was opened, where it matters."""


def play(story: Play, today: date) -> None:
    for number, other in enumerate(_OTHERS):
        _case(story, other, today, number)


def _case(story: Play, other: Other, today: date, number: int) -> None:
    young = Pretended.aged(other.name, "", today, other.years, other.days, f"{4100 + number}")
    parent = Pretended.aged(other.parent, "", today, 44, number, f"01{10 + number}")
    with days_ago(_BEGUN.get(other.stage, 30 - number)):
        guide = "kollega" if other.stage is Stage.OFFERED else "guide"
        case_id = story.open(guide, young, (parent,) if other.parent else ())
        if other.stage is Stage.NEW:
            return
        story.add(case_id, other.colleague, Level.WRITE, "Så vi kan lægge en plan sammen.")
        if other.stage is Stage.WAITING:
            return
        story.consent(case_id, story.person(case_id, Capacity.YOUNG_PERSON))
        if other.parent:
            story.consent(case_id, story.person(case_id, Capacity.PARENT))
    with days_ago(1):
        _lately(story, other, case_id)


def _lately(story: Play, other: Other, case_id: UUID) -> None:
    guide, colleague = story.staff["guide"], story.staff[other.colleague]
    young = story.person(case_id, Capacity.YOUNG_PERSON)
    what = "Ringer til uddannelsesvejlederen og melder tilbage."
    match other.stage:
        case Stage.GOING:
            story.in_case(case_id, colleague, partial(_asked, *other.asks))
        case Stage.MEETING:
            story.in_case(case_id, guide, partial(plan.meet, days=other.days_until + 1))
        case Stage.DUE:
            story.in_case(case_id, guide, partial(plan.promise, what, other.days_until + 1))
            story.in_case(case_id, guide, plan.accept)
            story.in_case(case_id, young, plan.accept)
        case Stage.ASKED:
            story.in_case(case_id, colleague, partial(plan.promise, what, 12))
        case Stage.WISH:
            story.in_case(case_id, young, _wished)
        case Stage.OFFERED:
            story.in_case(case_id, story.staff["kollega"], lambda ticket: handover.offer(ticket, uuid4(), guide))


def _asked(subject: str, text: str, ticket: CaseTicket) -> None:
    shared: UUID = next(compartment.id for compartment in ticket.compartments.values() if compartment.key == "shared")
    threads.start(ticket, uuid4(), shared, subject, text)


_WHY_KIM = "Han kender mig godt og kan følge mig til møder."


def _wished(ticket: CaseTicket) -> None:
    team_wishes.propose_wishes(
        ticket, uuid4(), "Min fodboldtræner Kim", "Han kender mig godt og kan følge mig til møder."
    )
