"""Templates, scripts and styles: found by the name of their capability, and short enough to be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from portal.settings import PROJECT
from portal.tools.definition import AnswerKind

TEMPLATES = PROJECT / "templates"
STATIC = PROJECT / "static"
LONGEST_LINE = 160
NOT_OF_A_CAPABILITY = {"layout", "macros", "mail", "demo"}
NOT_OUR_WORDS = re.compile(
    r"\b(hatch(es)?|shel(f|ves)|house|schema|nouns|recall|shut|ledger|deeds|telling|understanding|framed?|asking|kept"
    r"|halfway)\b"
)
NAMED = re.compile(r"""["']([a-z_]+/(?:[a-z_]+/)?[a-z_]+\.html)["']""")


def _own(*endings: str) -> Iterator[Path]:
    for folder in (TEMPLATES, STATIC):
        for path in sorted(folder.rglob("*")):
            if path.suffix in endings and "vendor" not in path.parts:
                yield path


def test_no_line_is_too_long_to_be_read() -> None:
    seen = {ending: list(_own(ending)) for ending in (".html", ".js", ".css")}
    assert len(seen[".html"]) > 150
    assert len(seen[".js"]) >= 6
    assert len(seen[".css"]) >= 3
    long = [
        f"{path.relative_to(PROJECT)}:{number}"
        for paths in seen.values()
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > LONGEST_LINE
    ]
    assert not long, "\n".join(long)


def test_the_templates_of_a_capability_lie_in_a_folder_of_its_name() -> None:
    folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir()}
    views = {path.name for path in (PROJECT / "portal" / "views").iterdir() if (path / "__init__.py").exists()}
    assert len(folders) > 12
    assert not folders - views - NOT_OF_A_CAPABILITY
    assert not [path.name for path in TEMPLATES.iterdir() if path.is_file()]


def test_every_kind_of_answer_has_a_template_to_be_written_in() -> None:
    """All that a new kind needs of the pages: a file with its name."""
    kinds = {kind.value for kind in AnswerKind}
    assert len(kinds) > 8
    assert {path.stem for path in (TEMPLATES / "plans" / "answers").glob("*.html")} == kinds


def test_the_layout_knows_no_capability() -> None:
    """What a capability shows on every page it offers itself (portal/web/navigation.py)."""
    layouts = sorted((TEMPLATES / "layout").glob("*.html"))
    assert len(layouts) >= 3
    for path in layouts:
        source = path.read_text("utf-8")
        known = re.findall(r"""url_for\(["']|request\.blueprint|request\.endpoint [!=]= ["']|Action\.[A-Z]""", source)
        known += [name for name in NAMED.findall(source) if name.split("/")[0] not in NOT_OF_A_CAPABILITY]
        assert not known, f"{path.name}: {known}"


def test_every_template_that_is_named_is_there_and_every_other_is_gone() -> None:
    named = set()
    sources = [*TEMPLATES.rglob("*.html"), *(PROJECT / "portal").rglob("*.py")]
    for path in sources:
        named |= set(NAMED.findall(path.read_text("utf-8")))
    there = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")}
    assert len(named) > 150
    put_together = {name for name in there if name.startswith("plans/answers/")} | {
        "meetings/mine_live.html",
        "meetings/screen_live.html",
    }
    assert there - named - put_together == set(), "nobody shows these"
    assert named - there == set(), "these are not there"


def test_names_of_templates_blocks_and_classes_are_words_of_the_project() -> None:
    """Names only: what people read may well say that something is kept."""
    names: list[tuple[str, str]] = []
    for path in _own(".html", ".js", ".css"):
        where, source = str(path.relative_to(PROJECT)), path.read_text("utf-8")
        names.append((where, where.replace("/", " ").replace("_", " ").replace(".", " ")))
        if path.suffix == ".html":
            found = re.findall(r"{%-? (?:block|macro|set) (\w+)", source)
            found += [name for classes in re.findall(r'class="([^"{]*)', source) for name in classes.split()]
        elif path.suffix == ".css":
            found = re.findall(r"\.([a-z][\w-]*)(?=[^{}]*\{)", source)
        else:
            found = re.findall(r"\b(?:const|let|function|class) (\w+)", source)
        names += [(where, re.sub(r"[_-]", " ", name)) for name in found]
    assert len(names) > 1000
    amiss = [f"{where}: {name}" for where, name in names if NOT_OUR_WORDS.search(name)]
    assert not amiss, "\n".join(amiss)
