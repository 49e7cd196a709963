"""Putting many answers, rows and an order into a tool at once, as one line of its history: what was chosen of a Word
file. The same rules as for typing hold."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.errors import InvalidInput
from portal.services.plans import editing, plans
from portal.services.plans.open_plan import OpenPlan
from portal.tools.definition import MOST_ROWS, AnswerKind, Definition, clean_answer, rows


@dataclass(frozen=True)
class MergedAnswers:
    answers: Mapping[str, str]
    """Address -> the answer as it is to be kept. In a new row the address has the row's name below."""
    new_rows: Sequence[tuple[str, str]]
    """Section and a name for the row while it has no id; an answer that is a row may use it too."""
    gone_rows: Sequence[tuple[str, str]]
    """Section and row."""
    order: Mapping[str, Sequence[str]]
    """Section -> some of its rows, in the order they are to stand in."""


def merge(plan: OpenPlan, number: int, chosen: MergedAnswers) -> int:
    """Returns how many answers and rows were changed. Raises InvalidInput at the address of an answer that cannot be
    one, or with 'plan_frozen', 'rows_full'; then nothing is saved."""
    page = plan.version(number)
    before = page.answers
    answers = dict(before)
    names = _add_rows(page.definition, answers, chosen.new_rows)
    for section, row in chosen.gone_rows:
        _take_out(page.definition, answers, section, row)
    for section, wanted in chosen.order.items():
        answers[section] = " ".join(_ordered(rows(answers, section), wanted))
    people = [str(member_id) for member_id in plan.ticket.members]
    for address, words in chosen.answers.items():
        place = page.definition.place_at(_renamed(address, names), answers)
        if place is None:
            continue  # its row was not chosen
        if not plans.may_fill(plan.ticket, page, place.question):
            raise InvalidInput(address, "not_yours_to_fill")
        saved = (
            " ".join(names.get(each, each) for each in words.split())
            if place.question.kind is AnswerKind.ROW
            else words
        )
        try:
            answers[place.address] = clean_answer(place, saved, people, answers)
        except InvalidInput as problem:
            raise InvalidInput(address, problem.code, **problem.values) from problem
    made = {
        address: (before.get(address, ""), answers.get(address, ""))
        for address in {**before, **answers}
        if before.get(address, "") != answers.get(address, "")
    }
    editing.in_order(page.definition, answers, made)
    editing.write_down(plan, page, answers, made, source="word")
    return len(made)


def _add_rows(definition: Definition, answers: dict[str, str], new: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The id that each new row was given."""
    names: dict[str, str] = {}
    for key, name in new:
        section = definition.section_of(key)
        if section is None or section.row is None or section.rows_of:
            continue
        there = rows(answers, key)
        if len(there) >= MOST_ROWS:
            raise InvalidInput(f"{key}.{name}", "rows_full", most=MOST_ROWS)
        names[name] = secrets.token_hex(4)
        answers[key] = " ".join([*there, names[name]])
    return names


def _take_out(definition: Definition, answers: dict[str, str], section: str, row: str) -> None:
    """With what stands in it, and what says that it belongs to it."""
    answers[section] = " ".join(other for other in rows(answers, section) if other != row)
    for address in [address for address in answers if address.startswith(f"{section}.{row}.")]:
        del answers[address]
    for place in definition.places(answers):
        if place.question.kind is AnswerKind.ROW and answers.get(place.address) == row:
            del answers[place.address]


def _ordered(there: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The rows that are wanted in an order take each other's places; the others stay where they are."""
    turn = iter([row for row in wanted if row in there])
    moved = {row for row in wanted if row in there}
    return [next(turn) if row in moved else row for row in there]


def _renamed(address: str, names: Mapping[str, str]) -> str:
    section, _dot, rest = address.partition(".")
    row, dot, question = rest.rpartition(".")
    return f"{section}.{names.get(row, row)}.{question}" if dot else address
