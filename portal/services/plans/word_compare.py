"""What a Word file that came back would change, line by line: as it was taken out, as it stands in the file, and as it
stands in the plan now. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from portal.documents.word_form import WordForm
from portal.models import Membership
from portal.services.plans import word_parse
from portal.services.plans.word_parse import NewRow, Written
from portal.tools.answer_format import AnswerFormatter, row_title
from portal.tools.answer_parse import LANGUAGES, Called, ParseError, called, parse_answer
from portal.tools.definition import AnswerKind, Definition, Place, Question, Section, rows
from portal.tools.vocabulary import sayer

Answers = Mapping[str, str]
_PEOPLE = (AnswerKind.PERSON, AnswerKind.PEOPLE)


@dataclass(frozen=True)
class Stands:
    """The plan as the file was made of it, and as it is now."""

    then: Definition
    base: Answers
    definition: Definition
    """What is asked now."""
    now: Answers
    names: Mapping[str, str]
    """Membership id -> name, of everybody who was ever in the case."""
    present: frozenset[str]
    """Ids of those who can be named now."""
    authors: Mapping[str, Membership]
    """Address -> who changed it since."""
    is_carried: Callable[[Question], bool]
    """Whether it is answered elsewhere."""
    may_fill: Callable[[Question], bool]


@dataclass(frozen=True)
class AnswerLine:
    """An answer that reads otherwise in the file than when it was taken out."""

    place: Place
    words: str
    """As it stands in the file."""
    value: str = ""
    """The same as it would be kept; '' besides where there is a fault."""
    met: bool = False
    """Whether somebody changed it in the plan meanwhile."""
    by: Membership | None = None
    fault: str = ""
    """Why it cannot be put in (a key of words.WORD_FAULT); it is shown all the same."""

    @property
    def key(self) -> str:
        return self.place.address

    @property
    def choices(self) -> tuple[str, ...]:
        both = self.met and self.place.question.kind is AnswerKind.LONG and self.value
        return ("mine", "now", "both") if both else ("mine", "now")

    @property
    def default(self) -> str:
        """'' where there is no telling: two people wrote, so one of them has to choose."""
        return "" if self.met else "mine"


@dataclass(frozen=True)
class RowLine:
    """A row that the file has and the plan has not, or the other way round. `kind` is 'new', 'back' (taken out of the
    plan meanwhile, and changed in the file) or 'gone' (no longer in the file)."""

    key: str
    kind: str
    section: Section
    row: str
    cells: tuple[AnswerLine, ...]
    by: Membership | None = None

    choices = ("yes", "no")

    @property
    def default(self) -> str:
        return {"new": "yes", "gone": "no"}.get(self.kind, "")


@dataclass(frozen=True)
class OrderLine:
    """The rows of a section stand in another order in the file."""

    section: Section
    mine: tuple[str, ...]
    met: bool

    choices = ("mine", "now")

    @property
    def key(self) -> str:
        return self.section.key

    @property
    def default(self) -> str:
        return "" if self.met else "mine"


@dataclass
class Comparison:
    answers: list[AnswerLine] = field(default_factory=list)
    rows: list[RowLine] = field(default_factory=list)
    orders: list[OrderLine] = field(default_factory=list)
    faults: list[AnswerLine] = field(default_factory=list)
    missing: list[Place] = field(default_factory=list)
    """Answers that stand in the plan and whose place is gone from the file. They stay as they are."""
    same: int = 0
    """Answers that read in the plan by now as they do in the file."""
    outside: list[str] = field(default_factory=list)
    form: WordForm | None = None
    """The file: what of it was left out, or stands as a mark."""

    @property
    def lines(self) -> list[AnswerLine | RowLine | OrderLine]:
        """What there is to choose about."""
        return [*self.answers, *self.rows, *self.orders]


def compare(form: WordForm, stands: Stands) -> Comparison:
    written = word_parse.read_word_form(form, stands.then, stands.base)
    return _Comparing(stands, written).made(form)


class _Comparing:
    def __init__(self, stands: Stands, written: Written) -> None:
        self._stands, self._written = stands, written
        self._formatters = [
            AnswerFormatter(stands.then, stands.names, language, sayer(language))  # the file may be in either language
            for language in LANGUAGES
        ]
        self._rows_now = {section.key: set(rows(stands.now, section.key)) for section in stands.then.section}
        self._called: dict[tuple[str, ...], Called] = {}
        self._made = Comparison(outside=[words for words in written.outside if words.strip()])

    def made(self, form: WordForm) -> Comparison:
        made, base, now = self._made, self._stands.base, self._stands.now
        asked = {place.address: place for place in self._stands.definition.places(now)}
        for place in self._stands.then.places(base):
            address, section = place.address, place.section
            there = section.row is None or place.row in self._rows_now[section.key]
            if address not in self._written.answers:
                if there and now.get(address) and not self._is_gone(place):
                    made.missing.append(place)
            elif there and not self._unchanged(place):
                self._sort(self._line(asked.get(address), place))
        for section in self._stands.then.section:
            if section.row and not section.rows_of:
                made.rows += self._rows(section)
                made.orders += self._order(section)
        for row in self._written.new_rows:
            self._new(row)
        made.form = form
        return made

    def _sort(self, line: AnswerLine) -> None:
        if line.fault:
            self._made.faults.append(line)
        elif line.value == self._stands.now.get(line.key, ""):
            self._made.same += 1
        else:
            self._made.answers.append(line)

    def _line(self, asked: Place | None, then: Place) -> AnswerLine:
        words, address = self._written.answers[then.address], then.address
        line = AnswerLine(asked or then, words, by=self._stands.authors.get(address))
        if asked is None:
            return replace(line, fault="not_asked")
        met = self._stands.now.get(address, "") != self._stands.base.get(address, "")
        return replace(self._parsed_answer(asked, words), met=met, by=line.by if met else None)

    def _parsed_answer(self, place: Place, words: str) -> AnswerLine:
        if self._stands.is_carried(place.question):
            return AnswerLine(place, words, fault="elsewhere")
        if not self._stands.may_fill(place.question):
            return AnswerLine(place, words, fault="not_yours")
        try:
            return AnswerLine(place, words, parse_answer(place.question, words, self._offered(place)))
        except ParseError:
            return AnswerLine(place, words, fault="not_understood")

    def _offered(self, place: Place) -> Called:
        """Whom or what an answer may name, each by all it is called: put together once, however many answers there
        are."""
        question, named = place.question, tuple(self._stands.base.get(place.address, "").split())
        of = (question.of,) if question.kind is AnswerKind.ROW else ("", *named) if question.kind in _PEOPLE else ()
        if of not in self._called:
            self._called[of] = called(
                self._rows_of(question.of) if question.kind is AnswerKind.ROW else self._people(named)
            )
        return self._called[of]

    def _people(self, named: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        known = self._stands.present | set(named)
        yield from ((key, name) for key, name in self._stands.names.items() if key in known)

    def _rows_of(self, key: str) -> Iterator[tuple[str, str]]:
        stands, section = self._stands, self._stands.definition.section_of(key)
        if section is None:
            return
        for row in rows(stands.now, key):
            for answers in (stands.base, stands.now, self._written.answers):
                yield row, row_title(section, row, answers)
        for new in self._written.new_rows:
            if new.section.key == key:
                yield new.key.rpartition(".")[2], new.words.get(section.headline.key, "")

    def _unchanged(self, place: Place) -> bool:
        told = {_tidy(formatter.format(place, self._stands.base)) for formatter in self._formatters}
        words = _tidy(self._written.answers[place.address])
        return words in told or (place.question.kind is AnswerKind.DATE and self._is_that_day(place, words))

    def _is_that_day(self, place: Place, words: str) -> bool:
        """Whether a day is the one that was taken out, however it is written: an older file may say it otherwise."""
        try:
            return parse_answer(place.question, words) == self._stands.base.get(place.address, "")
        except ParseError:
            return False

    def _is_gone(self, place: Place) -> bool:
        """Whether all of its row is gone from the file: that is told once, for the row."""
        return bool(place.row) and place.row not in self._written.order.get(place.section.key, ())

    def _rows(self, section: Section) -> Iterator[RowLine]:
        base, now = rows(self._stands.base, section.key), rows(self._stands.now, section.key)
        here = self._written.order.get(section.key, [])
        for row in base:
            places = [Place(section, row, question) for question in section.question]
            if row in now and row not in here:
                yield RowLine(f"{section.key}.{row}", "gone", section, row, ())
            elif row in here and row not in now:
                read = [place for place in places if place.address in self._written.answers]
                if any(not self._unchanged(place) for place in read):
                    cells = tuple(self._parsed_answer(place, self._written.answers[place.address]) for place in read)
                    by = self._stands.authors.get(section.key)
                    yield RowLine(f"{section.key}.{row}", "back", section, row, _filled(cells), by)

    def _new(self, row: NewRow) -> None:
        section = self._stands.definition.section_of(row.section.key)
        cells = []
        for key, words in row.words.items():
            question = section.question_of(key) if section else None
            then = row.section.question_of(key)
            if section is not None and question is not None:
                cells.append(self._parsed_answer(Place(section, row.key.rpartition(".")[2], question), words))
            elif then is not None:
                cells.append(AnswerLine(Place(row.section, "", then), words, fault="not_asked"))
        if section is None or section.rows_of:
            self._made.faults += [replace(cell, fault="elsewhere") for cell in _filled(cells)]
        else:
            self._made.rows.append(RowLine(row.key, "new", section, row.key.rpartition(".")[2], _filled(cells)))

    def _order(self, section: Section) -> Iterator[OrderLine]:
        base, now = rows(self._stands.base, section.key), rows(self._stands.now, section.key)
        mine = [row for row in self._written.order.get(section.key, []) if row in now]
        before, current = ([row for row in each if row in mine] for each in (base, now))
        if mine not in (before, current):
            yield OrderLine(section, tuple(mine), before != current)


def stamp(line: AnswerLine | RowLine | OrderLine, now: Answers) -> str:
    """Names what stands in the plan where a line would change it: the same for the same words, never for others."""
    if isinstance(line, AnswerLine | OrderLine):
        there = [now.get(line.key, "")]
    else:
        dot = f"{line.section.key}.{line.row}."
        there = [f"{address}={words}" for address, words in sorted(now.items()) if address.startswith(dot)]
    return hashlib.sha256(repr(there).encode()).hexdigest()[:24]


def _filled(cells: tuple[AnswerLine, ...] | list[AnswerLine]) -> tuple[AnswerLine, ...]:
    return tuple(cell for cell in cells if cell.words.strip())


def _tidy(words: str) -> str:
    """Without what an editor adds or drops by itself."""
    return "\n".join(" ".join(line.split()) for line in words.split("\n")).strip()


def both(now: str, mine: str) -> str:
    """The two texts, one after the other."""
    return f"{now}\n\n{mine}"
