"""What is written about the project holds together: its links, its index, its decisions, the names it gives."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import yaml

from portal.settings import PROJECT
from tests.conftest import LONG

KINDS = ["Tutorials", "How-to", "Reference", "Explanation"]
ADR = PROJECT / "docs/adr"
STATUS = re.compile(r"accepted|superseded by \d{4}")
LINK = re.compile(r"\]\(([^)\s]+)\)|\b(?:src|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@cache
def papers() -> list[Path]:
    """Every page that people read about the project, and none that the portal shows or that others wrote."""
    own = [*PROJECT.glob("*.md"), PROJECT / "bench/README.md", PROJECT / "static/vendor/VENDOR.md"]
    return sorted([*own, *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "tests").glob("*.md")])


def links(page: Path) -> list[str]:
    return [first or second for first, second in LINK.findall(page.read_text("utf-8"))]


def anchor(heading: str) -> str:
    """What a heading is called in an address, as the usual hosts make it."""
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)|[`*_]", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")


def broken(page: Path) -> list[str]:
    """The relative links of a page that lead nowhere."""
    found = []
    for link in links(page):
        path, _, part = link.partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        goal = (page.parent / path).resolve() if path else page
        if not goal.exists() or (part and part not in map(anchor, HEADING.findall(goal.read_text("utf-8")))):
            found.append(link)
    return found


@pytest.mark.parametrize("page", papers(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_relative_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One\n\n[a](gone.md), [b](page.md#two), [c](#one), [d](https://example.org/)\n")
    assert broken(page) == ["gone.md", "page.md#two"]


def kinds(index: str) -> dict[str, set[str]]:
    """Kind of page -> the pages that the index lists under it."""
    parts = re.split(r"^## (.+)$", index, flags=re.MULTILINE)[1:]
    return {
        title: set(re.findall(r"^- \[[^]]+\]\(([^)]+)\)", body, re.MULTILINE))
        for title, body in zip(parts[::2], parts[1::2], strict=True)
    }


def test_every_page_of_docs_is_in_the_index_under_one_kind() -> None:
    found = kinds((PROJECT / "docs/README.md").read_text("utf-8"))
    assert list(found) == KINDS
    listed = [page for pages in found.values() for page in pages]
    assert len(listed) == len(set(listed)), "a page is of one kind"
    there = {page.name for page in (PROJECT / "docs").glob("*.md")} - {"README.md"}
    assert there | {"adr/README.md"} <= set(listed)


def decisions() -> list[Path]:
    return sorted(page for page in ADR.glob("*.md") if page.name != "README.md")


def test_decisions_are_numbered_without_a_gap_and_each_is_in_the_index_once() -> None:
    assert [page.name[:4] for page in decisions()] == [f"{n:04}" for n in range(1, len(decisions()) + 1)]
    listed = re.findall(r"^- \[(\d+)\. ([^]]+)\]\(([^)]+)\)$", (ADR / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(name for _, _, name in listed) == [page.name for page in decisions()]
    for number, title, name in listed:
        assert (ADR / name).read_text("utf-8").startswith(f"# {number}. {title}\n")
        assert int(name[:4]) == int(number)


@pytest.mark.parametrize("page", decisions(), ids=lambda page: page.name)
def test_a_decision_has_a_day_a_status_and_its_three_parts(page: Path) -> None:
    title, day, status, *rest = [block.strip() for block in page.read_text("utf-8").split("\n\n")]
    assert title.startswith("# ")
    assert date.fromisoformat(day.removeprefix("Date: ")) >= date(2026, 11, 21)
    assert STATUS.fullmatch(status.removeprefix("Status: ")), status
    assert [part.removeprefix("## ") for part in rest if part.startswith("## ")] == [
        "Context",
        "Decision",
        "Consequences",
    ]
    assert all(not part.startswith("## ") for part in rest[1::2]), "a part is empty"


CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text("utf-8")
PATHLIKE = re.compile(r"`((?:portal|templates|tests|migrations|docs|static|bench)/[^`<*]*?)`")
IN_PORTAL = re.compile(r"`((?:access|documents|jobs|models|services|storage|tools|views|web)/[a-z_/]+(?:\.py)?)`")
TEST = re.compile(r"`(test_[a-z_0-9]+(?:\.py)?)(?:\.\.\.)?`")
"""A test by its name alone, or by how its name begins."""
MODULE = re.compile(r"`(portal(?:\.[a-z_]+)+)(?:\.[A-Z]\w*)?`")


def examples() -> list[list[str]]:
    """The five "where is ..." of CONTRIBUTING: what each answer names, in its order."""
    table = CONTRIBUTING.split("\nFive examples", 1)[1].split("\n## ", 1)[0]
    return [re.findall(r"`([^`]+)`", line) for line in table.splitlines() if line.startswith("| ") and "`" in line]


def defines(file: Path, name: str) -> bool:
    """Whether a file makes something of that name: a function, a class, a setting, a constant."""
    return bool(
        re.search(rf"^\s*(?:(?:async )?def|class) {name}\b|^\s*{name}\s*[:=]", file.read_text("utf-8"), re.MULTILINE)
    )


def test_the_five_examples_of_finding_something_lead_to_files_and_functions_that_are_there() -> None:
    assert len(examples()) == 5
    for answer in examples():
        assert "/" in answer[0]
        file = PROJECT
        for name in answer:
            if "/" in name:
                file = PROJECT / name
                assert file.is_file(), name
            else:
                assert defines(file, name), f"{name} is not in {file}"


def test_a_function_that_went_away_is_missed() -> None:
    assert defines(Path(__file__), "defines")
    assert defines(Path(__file__), "CONTRIBUTING")
    assert not defines(Path(__file__), "defin")


POINTING = [
    *PROJECT.glob("*.md"),
    *(PROJECT / "docs").glob("*.md"),
    PROJECT / "tests/README.md",
    PROJECT / "bench/README.md",
]


def missing(text: str) -> list[str]:
    """The files, folders and tests a page names that are not there. Decisions are as old as their day."""
    named = [path for path in PATHLIKE.findall(text) if "NNN" not in path]
    named += [f"portal/{path}" for path in IN_PORTAL.findall(text)]
    named += [path.replace(".", "/") for path in MODULE.findall(text)]
    tests = " ".join(names_of_tests())
    gone = [path for path in named if not is_there(path)]
    return gone + [name for name in TEST.findall(text) if f" {name}" not in tests]


@cache
def names_of_tests() -> list[str]:
    """The names of all modules of tests, and of all tests."""
    files = sorted((PROJECT / "tests").rglob("test_*.py"))
    found = [name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)]
    return ["", *(f"{file.name} " for file in files), *found]


def is_there(path: str) -> bool:
    path, _, test = path.partition("::")
    file = PROJECT / path if (PROJECT / path).exists() else PROJECT / f"{path}.py"
    return file.exists() and (not test or defines(file, test))


@pytest.mark.parametrize("page", POINTING, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_file_that_a_page_points_at_is_there(page: Path) -> None:
    assert missing(page.read_text("utf-8")) == []


def test_a_page_that_points_at_nothing_is_found() -> None:
    assert len(PATHLIKE.findall(CONTRIBUTING)) > 30
    there = [
        "portal/views/",
        "views/files/",
        "portal.db.Prepared",
        "tests/rules/test_papers.py::missing",
        "test_papers.py",
        "test_each_recipe_...",
    ]
    gone = [
        "portal/gone.py",
        "tests/rules/test_papers.py::nowhere",
        "views/gone/",
        "portal.gone.gone.Gone",
        "test_gone.py",
        "test_it_has_gone_...",
    ]
    assert missing(" ".join(f"`{path}`" for path in there)) == []
    assert len(missing(" ".join(f"`{path}`" for path in gone))) == len(gone)


def test_each_recipe_names_tests() -> None:
    recipes = re.split(r"^### ", CONTRIBUTING, flags=re.MULTILINE)[1:]
    assert [recipe.splitlines()[0].split()[-1] for recipe in recipes] == ["form", "page", "event", "tool", "migration"]
    assert all("tests/" in recipe for recipe in recipes)


def test_what_makes_a_check_quick_is_set_by_what_a_test_asks_for(request: pytest.FixtureRequest) -> None:
    files = list((PROJECT / "tests").rglob("test_*.py"))
    named = {file.stem for file in files}
    named |= {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)}
    assert named >= LONG, "a long module or test is called otherwise by now"
    assert "quick" in request.keywords


def test_publiccode_says_only_what_is_so() -> None:
    said = yaml.safe_load((PROJECT / "publiccode.yml").read_text("utf-8"))
    assert said["publiccodeYmlVersion"] == "0.7"
    assert set(said["localisation"]["availableLanguages"]) == set(said["description"]) == {"da", "en"}
    for text in said["description"].values():
        assert len(text["shortDescription"]) <= 150
        assert 150 <= len(text["longDescription"]) <= 10_000
    # Nobody has decided these; a licence also changes the README.
    assert not {"url", "legal", "maintenance"} & set(said)
    assert "No licence is given yet" in (PROJECT / "README.md").read_text("utf-8")
    assert not [*PROJECT.glob("LICEN?E*")]
