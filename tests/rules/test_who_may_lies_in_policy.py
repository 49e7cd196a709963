"""Who may do what is decided in portal/access/policy/ and nowhere else, and policy/ knows nothing but the calendar.

Found by reading the code: a comparison with a member of Capacity, Standing or SystemRole, with somebody's `.capacity`
or `.standing`, with the guide or the young person of a case, or of a place of work with none. What only chooses words,
an order or rows to show is named below with its reason.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.settings import PROJECT

KINDS = {"Capacity", "Standing", "SystemRole"}
SOMEBODY = {"owner", "young_person"}

WORDS = "chooses words"
ORDER = "decides who is named first"
WHOSE = "finds the compartment by whose it is; the window decides who reads it"
GROUPS = "puts people under the heading they stand under"
ROWS = "joins the guide and the young person to the rows of a list"
EXCEPTIONS = {
    ("services/accounts/bulk_import.py", "invite_all"): "turns the roles of a row into columns",
    ("services/accounts/listing.py", "_fits"): "filters a list by what was asked for",
    ("services/cases/queries.py", ""): ROWS,
    ("services/cases/register.py", "_waiting_lines"): ROWS,
    ("services/cases/welcome.py", "_is_family"): "counts whom the guide has added so far",
    ("services/cases/welcome.py", "steps"): "looks at what is done already of the first steps",
    ("services/meetings/attendees.py", "_in_order"): ORDER,
    ("services/meetings/heard.py", "_answered"): "whether what was shown was shown to the guide of today",
    ("services/meetings/heard.py", "answer_heard"): "whether what was shown was shown to the guide of today",
    ("services/shared/audience.py", "confidence_of_today"): WHOSE,
    ("services/members/confidences.py", "questions"): WHOSE,
    (
        "services/members/handover_answers.py",
        "cases_with_questions",
    ): "a statement over all of somebody's cases; each asks the rule",
    ("services/messages/absence.py", "told"): "what the guide of today has said, and no guide before",
    ("services/members/network_people.py", "invitation"): "the young person is nobody of their own network",
    ("services/members/network_people.py", "recognise_person"): "the young person is nobody of their own network",
    ("services/oversight/questions.py", "question_compartment"): WHOSE,
    ("services/plans/base_data.py", "_leads"): GROUPS,
    ("services/plans/base_data.py", "base_lines"): GROUPS,
    ("services/plans/confidential.py", "told_before"): WHOSE,
    ("services/plans/news.py", "of_version"): "tells what the young person wrote, and them that it is theirs",
    ("services/plans/plans.py", "yeses_in_order"): ORDER,
    ("views/meetings/meetings.py", "_hints"): WORDS,
    ("views/messages/messages.py", "_is_young"): WORDS,
    ("views/plans/answers.py", "_person"): WORDS,
    ("views/plans/answers.py", "people"): ORDER,
}


class Finding:
    def __init__(self, file: str, function: str, line: int, text: str) -> None:
        self.file, self.function, self.line, self.text = file, function, line, text

    @property
    def place(self) -> tuple[str, str]:
        return self.file, self.function

    def __repr__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}: {self.text}"


def decides(node: ast.AST) -> bool:
    """Whether an operand is about as what somebody is in a case or at work."""
    for part in ast.walk(node):
        if not isinstance(part, ast.Attribute):
            continue
        if part.attr in ("capacity", "standing", "is_owner", "owner_id"):
            return True
        whose = part.value
        if isinstance(whose, ast.Name) and whose.id in KINDS:
            return True
        if part.attr == "id" and isinstance(whose, ast.Attribute) and whose.attr in SOMEBODY:
            return True
    return False


def asks_for_workplace(node: ast.Compare) -> bool:
    """`member.unit_id is None`: whether somebody is a citizen."""
    sides = [node.left, *node.comparators]
    has_none = any(isinstance(side, ast.Constant) and side.value is None for side in sides)
    return has_none and any(isinstance(side, ast.Attribute) and side.attr == "unit_id" for side in sides)


class Reader(ast.NodeVisitor):
    def __init__(self, file: str) -> None:
        self.file, self.within, self.seen = file, [""], 0
        self.found: list[Finding] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.within.append(node.name)
        self.generic_visit(node)
        self.within.pop()

    def visit_Compare(self, node: ast.Compare) -> None:
        self.seen += 1
        sides = (node.left, *node.comparators)
        if any(decides(side) for side in sides) or asks_for_workplace(node):
            self._note(node)
        self.generic_visit(node)

    def visit_Match(self, node: ast.Match) -> None:
        self.seen += 1
        if decides(node.subject) or any(decides(case.pattern) for case in node.cases):
            self._note(node)
        self.generic_visit(node)

    def _note(self, node: ast.expr | ast.stmt) -> None:
        text = ast.unparse(node).splitlines()[0]
        self.found.append(Finding(self.file, self.within[-1], node.lineno, text))


def read(source: str, file: str = "made_up.py") -> Reader:
    reader = Reader(file)
    reader.visit(ast.parse(source))
    return reader


@pytest.fixture(scope="module")
def readers() -> list[Reader]:
    portal = PROJECT / "portal"
    files = sorted(path for floor in ("services", "views") for path in (portal / floor).rglob("*.py"))
    return [read(path.read_text("utf-8"), str(path.relative_to(portal))) for path in files]


def test_no_service_and_no_view_decides_by_itself_who_may(readers: list[Reader]) -> None:
    assert len(readers) > 150, "the services and views lie elsewhere"
    assert sum(reader.seen for reader in readers) > 500, "comparisons are not found any more"
    found = [finding for reader in readers for finding in reader.found]
    outside = [finding for finding in found if finding.place not in EXCEPTIONS]
    assert outside == [], "a rule belongs into portal/access/policy/who_may.py, with its source and a test"


def test_every_exception_is_still_one(readers: list[Reader]) -> None:
    assert set(EXCEPTIONS) == {finding.place for reader in readers for finding in reader.found} & set(EXCEPTIONS)


@pytest.mark.parametrize(
    "put_back",
    [
        "ticket.membership.capacity in (Capacity.OWNER, Capacity.YOUNG_PERSON)",
        "ticket.standing is not Standing.OWNER",
        "ticket.capacity == 'owner'",
        "SystemRole.ADMINISTRATOR not in roles",
        "Capacity(member.capacity) in question.fill",
        "ticket.membership.id == ticket.owner.id",
        "ticket.young_person.id != member.id",
        "member.unit_id is None",
    ],
)
def test_a_rule_that_is_put_back_is_found(put_back: str) -> None:
    found = read(f"def may(ticket):\n    return {put_back}\n").found
    assert [finding.function for finding in found] == ["may"]


def test_a_rule_by_match_is_found_and_what_decides_nothing_is_not() -> None:
    by_match = "def may(member):\n    match member.role:\n        case Capacity.PARENT:\n            return True\n"
    assert [finding.function for finding in read(by_match).found] == ["may"]
    harmless = "def show(row, unit):\n    return row.state is State.OPEN and row.unit_id == unit and row.number > 3\n"
    assert read(harmless).seen == 3
    assert read(harmless).found == []


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield from ([f"portal.{name.name}" for name in node.names] if module == "portal" else [module])


def test_the_policy_imports_the_calendar_and_nothing_else_of_the_portal_or_from_outside() -> None:
    files = sorted((PROJECT / "portal/access/policy").glob("*.py"))
    names = [(path.name, name) for path in files for name in imported(path)]
    assert len(files) > 10
    assert len(names) > 40
    strange = [
        (file, name)
        for file, name in names
        if name != "portal.clock"
        and not name.startswith("portal.access.policy")
        and name.split(".")[0] not in sys.stdlib_module_names
    ]
    assert strange == []
