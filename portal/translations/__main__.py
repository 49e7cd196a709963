"""Takes the texts out of code and templates and brings the catalogues up to date (make translations)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATE = PROJECT / ".build" / "messages.pot"


def extract(target: Path = TEMPLATE) -> Path:
    """Writes every text of the source to `target`."""
    target.parent.mkdir(exist_ok=True)
    keywords = ["-k", "_l", "-k", "_lp:1c,2"]
    where = [
        "-F",
        "babel.cfg",
        "-o",
        str(target),
        "--no-location",
        "--sort-output",
        "--omit-header",
        "portal",
        "templates",
    ]
    subprocess.run(
        [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", *keywords, *where], cwd=PROJECT, check=True
    )
    return target


def update(catalogue: Path, template: Path) -> None:
    """Adds new texts to a catalogue and drops those no longer used; keeps its head and the rest as they are."""
    head = catalogue.read_text("utf-8").split("\n\n", 1)[0]
    options = ["--no-fuzzy-matching", "--ignore-obsolete", "--omit-header", "--width", "120"]
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "update", *options]
    language = catalogue.parents[1].name
    subprocess.run([*command, "-i", str(template), "-o", str(catalogue), "-l", language], cwd=PROJECT, check=True)
    catalogue.write_text(f"{head}\n\n{catalogue.read_text('utf-8').lstrip()}", "utf-8")


if __name__ == "__main__":
    made = extract()
    for found in sorted((PROJECT / "portal" / "translations").glob("*/LC_MESSAGES/messages.po")):
        update(found, made)
