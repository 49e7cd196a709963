"""What is wrong between parts of a tool's definition that are each right: each fault with its place and the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from portal.access.policy.roles import Capacity
from portal.tools.definition import WRITTEN, AnswerKind, Definition, OfMeeting, Question, Section
from portal.tools.lines import Place
from portal.tools.profile import every_profile

Fault = tuple[Place, str]


def contradictions(found: Definition, name: str) -> Iterator[Fault]:
    """What is wrong in one definition, in the file of that name."""
    if found.key != name:
        yield ("key",), f"the file is called {name}"
    yield from _twice([section.key for section in found.section], ("section",))
    for number, section in enumerate(found.section):
        place: Place = ("section", number)
        yield from _rows_amiss(section, place)
        if section.drawn and not _can_be_drawn(section):
            yield (*place, "drawn"), _NEEDED[section.drawn][1]
        yield from _twice([question.key for question in section.question], (*place, "question"))
        yield from _alone_amiss(section, place)
        if not section.question and (section.row or not section.own):
            yield (*place, "question"), "a section asks something"
        if unknown := [key for key in section.first if section.question_of(key) is None]:
            yield (*place, "first"), f"no such question: {', '.join(unknown)}"
        asked = (("question", section.question), ("confided", section.confided), ("own", section.own))
        for name, questions in asked:
            for inner, question in enumerate(questions):
                for needed, holds, reason in _rules(found, section, question):
                    if not holds():
                        yield (*place, name, inner, needed), reason


def _rows_amiss(section: Section, place: Place) -> Iterator[Fault]:
    if (section.row is None) != (section.add is None) and not section.rows_of:
        yield place, "`row` and `add` belong together"
    if section.rows_of and section.row is None:
        yield (*place, "rows_of"), "say in `row` what one of them is called"
    if section.joins and section.row is None:
        yield (*place, "joins"), "only rows can be people"


def _alone_amiss(section: Section, place: Place) -> Iterator[Fault]:
    """What is confided, and what is the young person's own, has one audience and stands alone: nothing is carried,
    taken on or filled in by others."""
    for name, questions in (("confided", section.confided), ("own", section.own)):
        yield from _twice([question.key for question in questions], (*place, name))
        for inner, question in enumerate(questions):
            here = (*place, name, inner)
            if section.question_of(question.key):
                yield (*here, "key"), f"{question.key} is there already"
            if question.kind in _OF_OTHERS or question.fill or question.carried or question.fresh:
                yield (
                    here,
                    f"what is {name} is words, a date, a choice or a scale, with no `fill`, `carried` or `fresh`",
                )
    if section.own and section.row:
        yield (*place, "own"), "not in a section of rows"


_OF_OTHERS = (AnswerKind.PERSON, AnswerKind.PEOPLE, AnswerKind.ROW)


_NEEDED: dict[str, tuple[dict[str, AnswerKind], str]] = {
    "timeline": (
        {"from": AnswerKind.DATE, "until": AnswerKind.DATE, "area": AnswerKind.CHOICE},
        "a timeline takes rows with the dates `from` and `until` and the choice `area`",
    ),
    "rings": (
        {"sector": AnswerKind.CHOICE, "ring": AnswerKind.CHOICE},
        "rings take rows with the choices `sector` and `ring`",
    ),
}
"""What a drawing needs to be asked, and how that is said."""


def _can_be_drawn(section: Section) -> bool:
    kinds = {question.key: question.kind for question in section.question}
    wanted = _NEEDED[section.drawn][0]
    return section.row is not None and all(kinds.get(key) is kind for key, kind in wanted.items())


def _twice(keys: list[str], place: Place) -> Iterator[Fault]:
    for number, key in enumerate(keys):
        if key in keys[:number]:
            yield (*place, number, "key"), f"{key} is there already"


def _rules(found: Definition, section: Section, asked: Question) -> Iterator[tuple[str, Callable[[], bool], str]]:
    """What must hold of a question: the part of it that is named when it does not, the check, and the reason."""
    chosen, scale = asked.kind in (AnswerKind.CHOICE, AnswerKind.CHOICES), asked.kind is AnswerKind.SCALE
    other = section.question_of(asked.not_before)
    points = asked.highest - asked.lowest + 1
    yield "choice", lambda: bool(asked.choice) or not chosen, "this kind needs choices (`choice` or `choice_of`)"
    yield "choice", lambda: not asked.choice or chosen or scale, "only `choice`, `choices` and `scale` have choices"
    yield "choice", lambda: not (scale and asked.choice) or len(asked.choice) == points, "one name for each point"
    yield "choice", lambda: len({c.key for c in asked.choice}) == len(asked.choice), "two choices have the same key"
    yield "highest", lambda: not scale or asked.lowest < asked.highest, "must be more than `lowest`"
    rows_there = [each.key for each in found.section if each.row]
    yield "of", lambda: asked.kind is not AnswerKind.ROW or asked.of in rows_there, "must name a section with rows"
    yield (
        "not_before",
        lambda: not asked.not_before or (other is not None and other.kind is asked.kind is AnswerKind.DATE),
        "must name a date of the same section",
    )
    yield "takes_on", lambda: not asked.takes_on or asked.kind is AnswerKind.PERSON, "only a person takes something on"
    stood_for = section.question_of(asked.vouches_for)
    yield (
        "vouches_for",
        lambda: not asked.vouches_for or (asked.takes_on and stood_for is not None and stood_for.kind in WRITTEN),
        "must name words of the same section, for a person who takes them on",
    )
    yield (
        "of_meeting",
        lambda: asked.of_meeting is None or (section.row is None and asked.kind is _OF_MEETING[asked.of_meeting]),
        "only where there are no rows, and of the kind that the meeting knows it by",
    )
    yield (
        "meeting_types",
        lambda: not asked.meeting_types or asked.kind is AnswerKind.CHOICE,
        "only for the kind `choice`",
    )
    yield "carried", lambda: not asked.carried or bool(section.rows_of), "only in a section with `rows_of`"
    yield "first_person", lambda: not asked.first_person or asked.kind is AnswerKind.LONG, "only for the kind `long`"


_OF_MEETING = {
    OfMeeting.DAY: AnswerKind.DATE,
    OfMeeting.PLACE: AnswerKind.TEXT,
    OfMeeting.CHAIR: AnswerKind.PERSON,
    OfMeeting.PRESENT: AnswerKind.PEOPLE,
    OfMeeting.NEXT_DAY: AnswerKind.DATE,
    OfMeeting.NEXT_PLACE: AnswerKind.TEXT,
}


def strange_neighbours(found: Definition, every: dict[str, Definition]) -> Iterator[Fault]:
    """Rows carried from a tool, section or question that is not there; a compartment that no profile has."""
    compartments = {compartment.key for profile in every_profile() for compartment in profile.compartment}
    if found.compartment not in compartments:
        yield ("compartment",), f"no programme profile has it; there are {', '.join(sorted(compartments))}"
    if found.agreed_by - {Capacity.YOUNG_PERSON, Capacity.OWNER}:
        yield ("agreed_by",), "every case has one `young_person` and one `owner`; others cannot be asked for"
    for number, section in enumerate(found.section):
        if not section.rows_of:
            continue
        tool, _dot, key = section.rows_of.partition(".")
        source = every[tool].section_of(key) if tool in every and tool != found.key else None
        if source is None or source.row is None or source.rows_of:
            yield ("section", number, "rows_of"), "must be `tool.section` of another tool's own rows"
            continue
        for inner, question in enumerate(section.question):
            carried = source.question_of(question.carried) if question.carried else question
            if carried is None or (question.carried and carried.kind is not question.kind):
                yield ("section", number, "question", inner, "carried"), f"no such question in {section.rows_of}"
