"""README and docs: what they promise to list is listed. That their links lead somewhere is in rules/test_papers.py."""

from __future__ import annotations

import re
import tomllib

from portal.demo import people
from portal.settings import PROJECT


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    told = (PROJECT / "docs" / "dependencies.md").read_text("utf-8")
    names = [re.split(r"[\[><=]", each)[0] for each in wanted]
    missing = [name for name in names if f"**{name}**" not in told]
    assert not missing, f"docs/dependencies.md has no line for {missing}"


def test_the_two_commands_come_first() -> None:
    readme = (PROJECT / "README.md").read_text("utf-8")
    heads = re.findall(r"^## (.+)$", readme, re.MULTILINE)
    assert heads[0] == "Two commands"
    assert "make run" in readme.split("## ")[1]
    assert "make test" in readme.split("## ")[1]


def test_the_accounts_of_the_readme_are_those_of_the_demo() -> None:
    readme = (PROJECT / "README.md").read_text("utf-8")
    for one in people.staff(empty=False):
        assert f"{one.email.split('@')[0]}@" in readme, one.email
    assert people.PASSWORD in readme
