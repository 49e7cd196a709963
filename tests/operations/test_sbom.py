"""`make sbom`: the bill of materials says what the pins say, in the form that the standard asks for."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from portal.settings import PROJECT
from tests.operations.test_makefile import normal, rules

pytestmark = pytest.mark.xdist_group("sbom")  # one process makes the bill that the three look at: 5 s each time

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def pins() -> dict[str, tuple[str, set[str]]]:
    """Package -> its version and hashes, as requirements/run.txt pins them."""
    text = (PROJECT / "requirements/run.txt").read_text("utf-8")
    return {
        normal(name): (version, set(re.findall(r"--hash=sha256:([0-9a-f]{64})", rest)))
        for name, version, rest in PIN.findall(text)
    }


def listed(bill: dict[str, Any]) -> dict[str, tuple[str, set[str]]]:
    return {
        normal(component["name"]): (
            component["version"],
            {
                made["content"]
                for reference in component["externalReferences"]
                for made in reference["hashes"]
                if made["alg"] == "SHA-256"
            },
        )
        for component in bill["components"]
    }


def written(folder: Path) -> str:
    """What the target's own command writes."""
    recipe = rules()["sbom"][1].replace("\\\n", " ")
    command = re.search(r"\$\(BIN\)/cyclonedx-py (.+)$", recipe, re.MULTILINE)
    assert command
    file = folder / "sbom.json"
    arguments = [str(file) if part == ".build/sbom.json" else part for part in shlex.split(command[1])]
    subprocess.run([sys.executable, "-m", "cyclonedx_py", *arguments], cwd=PROJECT, check=True, capture_output=True)
    return file.read_text("utf-8")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("sbom"))


def test_the_bill_of_materials_is_what_the_standard_asks_for(text: str) -> None:
    judge = JsonStrictValidator(SchemaVersion.V1_6)
    assert judge.validate_str(text) is None
    assert judge.validate_str(text.replace('"components"', '"ingredients"')) is not None


def test_every_pin_is_in_the_bill_of_materials_with_its_version_and_hashes(text: str) -> None:
    bill = json.loads(text)
    assert len(pins()) > 60
    assert listed(bill) == pins()
    about = bill["metadata"]["component"]
    assert (about["name"], about["type"]) == ("portal", "application")


def test_the_bill_of_materials_is_the_same_each_time_it_is_made(text: str, tmp_path: Path) -> None:
    assert written(tmp_path) == text
