"""Every target of the Makefile runs where nothing else was made before: what it starts is what it installs."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.metadata import entry_points, packages_distributions
from pathlib import Path

import pytest
import yaml

from portal.settings import PROJECT
from tests.rules.leaks import NIGHT

OURS = {"portal", "bench", "tests"}
OF_DEBIAN = {"type_in_writer.py"}
"""Run by Debian's own Python, inside LibreOffice."""
RULE = re.compile(r"^(?P<targets>[^\s#:=][^:=]*):(?!=)(?P<needs>[^\n#=]*)$")


@cache
def rules() -> dict[str, tuple[list[str], str]]:
    """Target -> what it needs, and its recipe in one string."""
    found: dict[str, tuple[list[str], str]] = {}
    recipe: list[str] = []
    for line in (PROJECT / "Makefile").read_text("utf-8").splitlines():
        if line.startswith("\t"):
            recipe.append(line)
        elif match := RULE.match(line):
            recipe = []
            for target in match["targets"].split():
                found[target] = (match["needs"].split(), "")
            names = match["targets"].split()
        if line.startswith("\t"):
            for target in names:
                found[target] = (found[target][0], "\n".join(recipe))
    return found


TARGETS = [name for name in rules()[".PHONY"][0] if name != "clean"]


def installed(target: str) -> set[str]:
    """The distributions that a target's prerequisites install, by normal name."""
    files: set[str] = set()
    waiting, seen = [target], set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        needs, recipe = rules().get(name, ([], ""))
        files |= set(re.findall(r"-r (requirements/\S+)", recipe))
        waiting += [need for need in needs if need not in seen]
    pins = "\n".join((PROJECT / file).read_text("utf-8") for file in files)
    return {normal(name) for name in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", pins, re.MULTILINE)}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def started(target: str) -> tuple[set[str], set[str]]:
    """What its recipe starts: programs of the environment, and modules by `python -m`. Targets it makes count too."""
    recipe = rules()[target][1]
    programs = set(re.findall(r"\$\(BIN\)/([a-z-]+)", recipe)) - {"python"}
    modules = set(re.findall(r"\$\(BIN\)/python -m ([a-z_.]+)", recipe)) - {"pip", "venv"}
    for other in re.findall(r"\$\(MAKE\) [^\n]*?(\b[a-z-]+)$", recipe, re.MULTILINE):
        more = started(other)
        programs, modules = programs | more[0], modules | more[1]
    return programs, modules


def files_of(module: str) -> list[Path]:
    """The files of a module of ours; a package with all that lies in it."""
    path = PROJECT / module.replace(".", "/")
    if path.is_dir():
        return sorted(path.rglob("*.py"))
    return [path.with_suffix(".py")] if path.with_suffix(".py").exists() else []


@cache
def imports(file: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


whose_packages = cache(packages_distributions)


@cache
def foreign(module: str) -> set[str]:
    """What of other people's packages a module of ours needs, with all of ours that it needs."""
    waiting, seen, found = files_of("tests" if module == "pytest" else module), set(), set()
    while waiting:
        file = waiting.pop()
        if file in seen or file.name in OF_DEBIAN:
            continue
        seen.add(file)
        for name in imports(file):
            top = name.partition(".")[0]
            if top not in OURS:
                found.add(top)
            elif (path := PROJECT / name.replace(".", "/")).with_suffix(".py").exists():
                waiting.append(path.with_suffix(".py"))
            elif (path / "__init__.py").exists():
                waiting.append(path / "__init__.py")
    return found - set(sys.stdlib_module_names)


def lacking(target: str) -> set[str]:
    """What a target starts or imports and does not install."""
    there, whose = installed(target), whose_packages()
    programs, modules = started(target)
    scripts = {point.name: normal(point.dist.name) for point in entry_points(group="console_scripts") if point.dist}
    missing = {name for name in programs if scripts.get(name, name) not in there}
    for module in modules:
        if module.partition(".")[0] not in OURS and normal(module) not in there:
            missing.add(module)
        for top in foreign(module):
            if not {normal(name) for name in whose.get(top, [top])} & there:
                missing.add(top)
    return missing


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_installs_what_it_starts(target: str) -> None:
    assert rules()[target][1], f"{target} does nothing"
    assert lacking(target) == set()


@pytest.mark.parametrize("target", [name for name in TARGETS if "pytest" in started(name)[1]])
def test_a_target_that_runs_tests_sees_to_the_programs_they_are_played_with(target: str) -> None:
    recipe = rules()[target][1]
    assert 0 <= recipe.find(".ci/debian-packages") < recipe.find("pytest")


def test_a_target_that_installs_too_little_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    needs, recipe = rules()["bench"]
    monkeypatch.setitem(rules(), "bench", ([need.replace(".test", ".run") for need in needs], recipe))
    assert "bs4" in lacking("bench")
    monkeypatch.setitem(rules(), "lock", (["$(VENV)/.made"], rules()["lock"][1]))
    assert lacking("lock") == {"uv"}


@pytest.mark.skipif(not NIGHT, reason="installs everything anew, which takes a minute: only `make test-long` has it")
def test_the_measurements_start_in_a_copy_where_nothing_was_made(tmp_path: Path) -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, tmp_path / name)
    done = subprocess.run(
        ["make", "bench", "ARGS=case_page --help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def make(*arguments: str) -> str:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    return subprocess.run(
        ["make", *arguments], cwd=PROJECT, env=plain, capture_output=True, text=True, check=True
    ).stdout


def test_a_bare_make_lists_every_target_with_one_line() -> None:
    lines = make("help").splitlines()
    assert make().splitlines() == lines
    told = [re.fullmatch(r"make (\S+) +(\S.{10,})", line) for line in lines]
    assert [match and match[1] for match in told] == rules()[".PHONY"][0]


def subject_is_refused(message: str, folder: Path) -> bool:
    (folder / "message").write_text(message, "utf-8")
    done = subprocess.run([sys.executable, PROJECT / ".ci/commit-subject", folder / "message"], capture_output=True)
    assert bool(done.returncode) == bool(done.stderr), "who is refused is told why"
    return bool(done.returncode)


def test_a_subject_is_short_and_parted_from_the_body(tmp_path: Path) -> None:
    long = "Keep every field of a refused form".ljust(72, "x")
    assert not subject_is_refused(f"{long}\n\nBecause it was lost.\n# a comment\n", tmp_path)
    assert subject_is_refused(f"{long}x\n\nBecause it was lost.\n", tmp_path)
    assert subject_is_refused("Keep every field\nof a refused form\n", tmp_path)
    assert subject_is_refused("# only a comment\n", tmp_path)


def test_the_hooks_of_a_commit_need_no_network() -> None:
    config = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [source["repo"] for source in config["repos"]] == ["local"]
    hooks = {hook["id"]: hook for source in config["repos"] for hook in source["hooks"]}
    assert set(hooks) == {"ruff-check", "ruff-format", "mypy", "subject-length"}
    assert {hook["language"] for hook in hooks.values()} == {"system"}
    assert hooks["subject-length"]["stages"] == ["commit-msg"]
