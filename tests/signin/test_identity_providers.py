"""A provider is one entry of settings; what cannot be right is refused at start."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from portal.access.signin import national_ids
from portal.errors import UnsafeConfiguration
from portal.identity_providers import NationalIdKind, presets, read_eid_providers
from portal.runtime import refuse_unsafe
from portal.settings import Settings

ENTRY = """
[[provider]]
key = "one"
label = "MitID"
issuer = "https://broker.example/op/"
client_id = "portal"
client_secret_file = "/nowhere/secret"
"""
TODAY = date(2026, 1, 1)


def read(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]
    (tmp_path / "eid.toml").write_text(text, "utf-8")
    return read_eid_providers(tmp_path / "eid.toml")


@pytest.mark.parametrize("preset", [name for name in presets() if name != "generic"])
def test_a_preset_and_six_lines_are_a_provider(preset: str, tmp_path: Path) -> None:
    (made,) = read(tmp_path, f'{ENTRY}preset = "{preset}"\n')
    assert made.issuer_url == "https://broker.example/op"
    assert made.parameters["prompt"] == "login"
    assert made.levels_accepted
    assert made.birth_date_claim or made.national_id_claim, "an age can always be known"


def test_the_generic_preset_asks_for_the_level_and_has_no_national_id(tmp_path: Path) -> None:
    with pytest.raises(UnsafeConfiguration, match="levels_accepted"):
        read(tmp_path, f'{ENTRY}preset = "generic"\n')
    (made,) = read(tmp_path, f'{ENTRY}preset = "generic"\nlevels_accepted = ["substantial"]\n')
    assert made.national_id_kind is NationalIdKind.NONE


def test_an_entry_replaces_a_line_of_its_preset(tmp_path: Path) -> None:
    (made,) = read(tmp_path, f'{ENTRY}preset = "neb"\nlevels_accepted = ["only this"]\n')
    assert made.levels_accepted == ("only this",)
    assert made.national_id_claim == "dk.cpr"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('preset = "nonesuch"', "neb"),
        ('preset = "neb"\nsurprise = 1', "surprise"),
        ('preset = "neb"\nscopes = ["mitid"]', "openid"),
        ('preset = "neb"\nalgorithms = ["HS256"]', "algorithms"),
        ('preset = "neb"\nalgorithms = []', "algorithms"),
        ('preset = "neb"\nlevels_accepted = []', "levels_accepted"),
        ('preset = "neb"\nparameters = { state = "mine" }', "state"),
        ('preset = "neb"\nnational_id_kind = "none"', "national_id"),
        ("not toml", "eid.toml"),
    ],
)
def test_an_entry_that_cannot_be_right_stops_the_program_and_says_why(wrong: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UnsafeConfiguration, match=said):
        read(tmp_path, f"{ENTRY}{wrong}\n")


def test_two_entries_of_one_key_stop_the_program(tmp_path: Path) -> None:
    with pytest.raises(UnsafeConfiguration, match="more than one"):
        read(tmp_path, f'{ENTRY}preset = "neb"\n{ENTRY}preset = "idura"\n')


def test_a_secret_that_cannot_be_read_stops_the_program(portal_settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "eid.toml").write_text(f'{ENTRY}preset = "neb"\n', "utf-8")
    with pytest.raises(UnsafeConfiguration, match="/nowhere/secret"):
        refuse_unsafe(portal_settings.model_copy(update={"eid_file": tmp_path / "eid.toml"}))


@pytest.mark.parametrize(
    ("kind", "text", "value", "born"),
    [
        ("dk-cpr", "030109-4005", "0301094005", date(2009, 1, 3)),
        ("se-personnummer", "19900217-1234", "199002171234", date(1990, 2, 17)),
        ("se-personnummer", "199002771234", "199002771234", date(1990, 2, 17)),
        ("no-fodselsnummer", "170290 12345", "17029012345", date(1990, 2, 17)),
        ("no-fodselsnummer", "57020950099", "57020950099", date(2009, 2, 17)),
        ("no-fodselsnummer", "17029095012", "17029095012", date(1990, 2, 17)),
    ],
)
def test_a_national_id_is_read_into_one_form(kind: str, text: str, value: str, born: date) -> None:
    found = national_ids.read(NationalIdKind(kind), text, TODAY)
    assert (found.value, found.birth_date) == (value, born)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("dk-cpr", "199002171234"),
        ("se-personnummer", "9002171234"),
        ("se-personnummer", "199013011234"),
        ("se-personnummer", "202702171234"),
        ("no-fodselsnummer", "1702901234"),
        ("no-fodselsnummer", "32029012345"),
        ("no-fodselsnummer", "17024580012"),
        ("no-fodselsnummer", "١٧٠٢٩٠١٢٣٤٥"),
        ("none", "123"),
    ],
)
def test_what_cannot_be_a_national_id_is_refused(kind: str, text: str) -> None:
    with pytest.raises(ValueError):
        national_ids.read(NationalIdKind(kind), text, TODAY)
