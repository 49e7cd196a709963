"""What a draft shows that is answered elsewhere: in another tool, or by the meeting it is about. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from portal.services.plans.meeting_facts import Told
from portal.tools.definition import Definition, OfMeeting, rows


def of_tools(definition: Definition, others: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What a draft shows of other tools' rows: theirs as they stand now, never a copy of its own."""
    found: dict[str, str] = {}
    for section in definition.section if definition.sources else ():
        if not section.rows_of:
            continue
        tool, _dot, key = section.rows_of.partition(".")
        answers = others.get(tool, {})
        found[section.key] = answers.get(key, "")
        for row in rows(answers, key):
            for question in section.question:
                if question.carried:
                    words = answers.get(f"{key}.{row}.{question.carried}", "")
                    found[f"{section.key}.{row}.{question.key}"] = words
    return found


def of_meeting(definition: Definition, told: Told) -> dict[str, str]:
    """What a draft shows of the meeting it is about."""
    return {address: told[what] for address, what in definition.of_meeting.items() if what in told} if told else {}


def own_answers(definition: Definition, answers: Mapping[str, str], told: Collection[OfMeeting] = ()) -> dict[str, str]:
    """The answers that are this tool's own: a draft keeps nothing of what it carries from another one, nor of what its
    meeting tells."""
    if not definition.sources and not told:
        return dict(answers)
    elsewhere = {address for address, what in definition.of_meeting.items() if what in told}
    for section in definition.section:
        if section.rows_of:
            carried = [question.key for question in section.question if question.carried]
            elsewhere |= {f"{section.key}.{row}.{key}" for row in rows(answers, section.key) for key in carried}
            elsewhere.add(section.key)
    return {address: words for address, words in answers.items() if address not in elsewhere}
