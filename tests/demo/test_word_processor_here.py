"""The demo shows Word files where LibreOffice is there and can be held; else one sentence says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from portal.demo import supervisor
from portal.documents import confine, converting


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_text("{}")
    path.chmod(0o600)
    return path


def test_where_it_is_there_it_is_used_and_nothing_is_said(keys: Path) -> None:
    assert supervisor.word_processor_here(keys) == (shutil.which("soffice"), "")


def test_where_it_is_not_there_one_sentence_says_so(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor.shutil, "which", lambda _name: None)
    program, says = supervisor.word_processor_here(keys)
    assert program == ""
    assert "apt install libreoffice-writer" in says


def test_where_it_cannot_be_held_it_is_not_used(keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = Path(confine.__file__).read_text("utf-8")
    (tmp_path / "confine.py").write_text(said.replace("def main()", "def hold(*_):\n    return None\n\n\ndef main()"))
    monkeypatch.setattr(converting, "_LAUNCHER", tmp_path / "confine.py")
    program, says = supervisor.word_processor_here(keys)
    assert program == ""
    assert "LibreOffice kan ikke bruges på denne maskine" in says
