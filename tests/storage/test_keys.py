"""Keys: each opens its own place and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from portal.errors import CorruptData, UnsafeConfiguration
from portal.storage.keys import Keyring, make_keys, read_keys


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    make_keys(tmp_path / "keys.json")
    return read_keys(tmp_path / "keys.json")


def test_a_case_key_opens_what_it_sealed(keyring: Keyring) -> None:
    case = uuid4()
    keys = keyring.open_case(case, *keyring.new_case_key(case))
    sealed = keys.seal_text("Blåbærgrød 🫐", "message.body 1")
    assert b"Bl" not in sealed
    assert keys.unseal_text(sealed, "message.body 1") == "Blåbærgrød 🫐"


def test_a_value_moved_to_another_row_or_column_does_not_open(keyring: Keyring) -> None:
    case = uuid4()
    keys = keyring.open_case(case, *keyring.new_case_key(case))
    sealed = keys.seal_text("words", "message.body 1")
    for place in ("message.body 2", "thread.subject 1"):
        with pytest.raises(CorruptData):
            keys.unseal_text(sealed, place)


def test_one_cases_key_does_not_open_anothers(keyring: Keyring) -> None:
    one, other = uuid4(), uuid4()
    master_id, wrapped = keyring.new_case_key(one)
    with pytest.raises(CorruptData):
        keyring.open_case(other, master_id, wrapped)
    mine = keyring.open_case(one, master_id, wrapped)
    theirs = keyring.open_case(other, *keyring.new_case_key(other))
    with pytest.raises(CorruptData):
        theirs.unseal_text(mine.seal_text("words", "x"), "x")


def test_without_the_wrapped_key_nothing_is_left_to_open_with(keyring: Keyring) -> None:
    with pytest.raises(CorruptData):
        keyring.open_case(uuid4(), "m1", b"")
    with pytest.raises(CorruptData):
        keyring.open_case(uuid4(), "m9", b"x" * 60)


def test_the_blind_index_of_one_case_says_nothing_about_another(keyring: Keyring) -> None:
    one, other = uuid4(), uuid4()
    mine = keyring.open_case(one, *keyring.new_case_key(one))
    theirs = keyring.open_case(other, *keyring.new_case_key(other))
    assert mine.blind("praktik") == mine.blind("praktik")
    assert mine.blind("praktik") != theirs.blind("praktik")
    assert "praktik" not in mine.blind("praktik")


def test_a_key_file_is_never_replaced_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    make_keys(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        make_keys(path)


@pytest.mark.parametrize("harm", ["missing", "open to others", "not json", "short key", "same key twice", "no current"])
def test_a_key_file_that_is_not_right_stops_the_program(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "keys.json"
    make_keys(path)
    content = json.loads(path.read_text())
    match harm:
        case "missing":
            path.unlink()
        case "open to others":
            path.chmod(0o644)
        case "not json":
            path.write_text("{")
        case "short key":
            path.write_text(json.dumps(content | {"audit": "AAAA"}))
        case "same key twice":
            path.write_text(json.dumps(content | {"audit": content["match"]}))
        case "no current":
            path.write_text(json.dumps(content | {"current": "m2"}))
    with pytest.raises(UnsafeConfiguration):
        read_keys(path)


def test_keys_do_not_show_when_printed(keyring: Keyring) -> None:
    case = uuid4()
    keys = keyring.open_case(case, *keyring.new_case_key(case))
    for shown in (repr(keyring), repr(keys)):
        assert "b'" not in shown
        assert "\\x" not in shown
