"""Somebody with LibreOffice: the real one, without a screen."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

_SCRIPT = Path(__file__).with_name("type_in_writer.py")


def edit_in_libreoffice(document: Path, add: str = "", beside: Sequence[tuple[str, str, str]] = ()) -> None:
    """Opens the document, types a paragraph at its end as a person would, or words beside questions, and saves it as it
    was. `beside` holds a question, what stands there, and what is to."""
    said = [add, json.dumps(beside)] if beside else [add]
    command = ["/usr/bin/python3", str(_SCRIPT), str(document), *said]
    subprocess.run(command, check=True, timeout=300, env={**os.environ, "LC_ALL": "C.UTF-8"})
