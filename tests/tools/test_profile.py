"""The programme profile: rules as data, and every mistake in the file told with its line before anything starts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from portal.errors import UnsafeConfiguration
from portal.runtime import open_runtime
from portal.settings import PROJECT, Settings
from portal.tools import profile as profiles
from portal.tools.profile import PROFILES, every_profile, profile, read_profile

SHIPPED = (PROFILES / "samarbejdsmodellen_dk.toml").read_text("utf-8")


MISTAKES = {
    "a quote is missing": ('key = "samarbejdsmodellen_dk"', 'key = "samarbejdsmodellen_dk', "line {}", ""),
    "a key twice": ("youngest_age = 13", "youngest_age = 13\nyoungest_age = 14", "line {}", "overwrite"),
    "an unknown key": ("majority_age = 18", "majority_age = 18\nmajorityage = 18", "line {}: majorityage", "Extra"),
    "a key that is missing": ("majority_age = 18\n", "", "line 1: majority_age", "Field required"),
    "a number as text": ("consent_months = 12", 'consent_months = "12"', "line {}: consent_months", "integer"),
    "a switch as a number": (
        "own_unit_needs_consent = false", "own_unit_needs_consent = 0", "line {}: own_unit_needs_consent", "boolean",
    ),
    "an impossible age": ("majority_age = 18", "majority_age = 180", "line {}: majority_age", "less than or equal"),
    "an age below none": ("youngest_age = 13", "youngest_age = -1", "line {}: youngest_age", "greater than or equal"),
    "ages that cross": ("oldest_age = 25", "oldest_age = 17", "line {}: majority_age", "between"),
    "an age of consent above majority": (
        "[consent_age]", "[consent_age]\nsubstances = 19", "line {}: consent_age substances", "from 10 to 18",
    ),
    "an age of consent for nothing": (
        "[consent_age]", "[consent_age]\nsubstance = 15", "line {}: consent_age substance", "no such category",
    ),
    "a period of no time": ("consent_months = 12", "consent_months = 0", "line {}: consent_months", "greater than"),
    "a place without such a time": (
        "Europe/Copenhagen", "Europe/Kopenhagen", "line {}: time_zone", "no such time zone",
    ),
    "a category that no compartment uses": (
        '[[category]]\nkey = "education"',
        '[[category]]\nkey = "pets"\ntitle = { da = "Dyr", en = "Pets" }\n[[category]]\nkey = "education"',
        "line {}: category 2", "no compartment uses pets",
    ),
    "a compartment that takes an unknown category": (
        'categories = ["physical_health", "mental_health", "substances"]',
        'categories = ["physical_health", "mind", "substances"]', "line {}: compartment 2 categories",
        "no such category: mind",
    ),
    "a compartment for nobody": (
        'audience = ["owner", "professional"]', "audience = []", "line {}: compartment 5 audience", "at least 1",
    ),
    "a compartment the owner does not see": (
        'audience = ["owner", "professional"]', 'audience = ["professional"]', "line {}: compartment 5 audience",
        "owner",
    ),
    "an audience of strangers": (
        'audience = ["owner", "professional"]', 'audience = ["owner", "press"]', "line {}: compartment 5 audience",
        "Input should be",
    ),
    "a compartment that is for others and names nothing": (
        'categories = ["finances"]', "categories = []", "line {}: compartment 3 categories",
        "only what the young person and the owner share takes none",
    ),
    "something taken out of nowhere": (
        'out_of = ["shared"]', 'out_of = ["shred"]', "line {}: compartment 3 out_of",
        "no such other compartment: shred",
    ),
    "something taken out of what does not hold it": (
        'out_of = ["shared"]', 'out_of = ["health"]', "line {}: compartment 3 out_of", "must hold them",
    ),
    "something taken out of where others see it": (
        'audience = ["owner", "professional", "young_person", "parent", "network_person"]\ncategories = ["finances"]',
        'audience = ["owner", "young_person"]\ncategories = ["finances"]', "line {}: compartment 3 out_of",
        "would see them no more",
    ),
    "a compartment twice": ('key = "professionals"', 'key = "shared"', "line {}: compartment 5 key", "there already"),
    "a language that is missing": (
        'title = { da = "Penge", en = "Money" }', 'title = { da = "Penge" }', "line {}: category 5 title en",
        "required",
    ),
    "an empty text": (
        'title = { da = "Penge", en = "Money" }', 'title = { da = "", en = "Money" }', "line {}: category 5 title da",
        "at least 1",
    ),
    "a language nobody speaks here": (
        'title = { da = "Penge", en = "Money" }', 'title = { da = "Penge", en = "Money", no = "Penger" }',
        "line {}: category 5 title no", "Extra",
    ),
    "a role without a word": (
        '[words.parent]\ntitle = { da = "Forælder", en = "Parent" }\n', "", "words", "no word for parent",
    ),
    "a word for no role": ("[words.parent]", "[words.uncle]", "line {}: words uncle", "Input should be"),
    "a list with a gap": (
        '    { da = "Det er frivilligt. Du må sige nej til en, til flere eller til alle.", en',
        '    { da = "Det er frivilligt. Du må sige nej til en, til flere eller til alle.", eng',
        "line {}: consent informed 2 en", "required",
    ),
    "nothing to be told": ('version = "2026-3"', "", "consent version", "required"),
    "meetings out of order": (
        'title = { da = "Et år før", en = "A year before" }\nyears = 17',
        'title = { da = "Et år før", en = "A year before" }\nyears = 15', "meeting 2", "order of age",
    ),
    "a month too many": ("months = 11", "months = 12", "line {}: meeting 4 months", "less than"),
    "another name than the file": (
        'key = "samarbejdsmodellen_dk"', 'key = "other"', "line {}: key", "the file is called samarbejdsmodellen_dk",
    ),
}  # fmt: skip
SHIFT = {
    "ages that cross": -2, "a category that no compartment uses": -1, "something taken out of where others see it": 3,
}  # fmt: skip
"""Lines between the first one that was changed and the one that is named."""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_file_is_told_with_its_line_and_the_reason(mistake: str, tmp_path: Path) -> None:
    right, wrong, where, why = MISTAKES[mistake]
    assert SHIPPED.count(right) >= 1, "the shipped file has changed; change the mistake too"
    path = tmp_path / "samarbejdsmodellen_dk.toml"
    broken = SHIPPED.replace(right, wrong, 1)
    path.write_text(broken, "utf-8")
    with pytest.raises(UnsafeConfiguration) as refused:
        read_profile(path)
    told = str(refused.value)
    pairs = zip(broken.splitlines(), SHIPPED.splitlines(), strict=False)
    changed = next(number for number, (now, before) in enumerate(pairs, start=1) if now != before)
    assert "samarbejdsmodellen_dk.toml cannot be" in told
    assert where.format(changed + SHIFT.get(mistake, 0)) in told, told
    assert why in told


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "samarbejdsmodellen_dk.toml"
    path.write_text(SHIPPED.replace("oldest_age = 25", "oldest_age = 50").replace("months = 11", "months = 12"))
    with pytest.raises(UnsafeConfiguration) as refused:
        read_profile(path)
    assert len(str(refused.value).splitlines()) == 3


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsafeConfiguration, match=r"none\.toml"):
        read_profile(tmp_path / "none.toml")
    (tmp_path / "odd.toml").write_bytes(b"key = \xff")
    with pytest.raises(UnsafeConfiguration, match=r"odd\.toml"):
        read_profile(tmp_path / "odd.toml")


def test_the_program_does_not_start_over_a_profile_with_a_mistake(
    portal_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that is not chosen: cases opened with it are still there."""
    folder = tmp_path / "profiles"
    folder.mkdir()
    for path in PROFILES.glob("*.toml"):
        (folder / path.name).write_text(path.read_text("utf-8"), "utf-8")
    other = folder / "tre_moeder.toml"
    other.write_text(other.read_text("utf-8").replace("consent_months = 6", "consent_months = 600"))
    monkeypatch.setattr(profiles, "PROFILES", folder)
    profile.cache_clear()
    try:
        with pytest.raises(UnsafeConfiguration, match=r"tre_moeder\.toml cannot be used:\n  line \d+: consent_months"):
            open_runtime(portal_settings)
    finally:
        profile.cache_clear()


def test_a_profile_nobody_wrote_cannot_be_chosen(portal_settings: Settings) -> None:
    with pytest.raises(UnsafeConfiguration, match=r"nobodys\.toml"):
        open_runtime(portal_settings.model_copy(update={"profile": "nobodys"}))


def test_the_shipped_profiles_are_sound_and_differ_in_words_ages_and_meetings() -> None:
    first, as_needed, second = every_profile()
    assert (len(first.meeting), len(as_needed.meeting), len(second.meeting)) == (5, 0, 3)
    assert [(one.youngest_age, one.oldest_age) for one in every_profile()] == [(13, 25), (14, 29), (15, 23)]
    assert len({str(one.words) for one in every_profile()}) == 3
    assert first.rules() != second.rules()
    icons = (PROJECT / "static/img/icons.svg").read_text("utf-8")
    for compartment in (*first.compartment, *as_needed.compartment, *second.compartment):
        assert f'id="{compartment.icon}"' in icons


@pytest.mark.parametrize(("key", "whole"), [("samarbejdsmodellen_dk", "shared"), ("tre_moeder", "home")])
def test_money_is_off_as_shipped_and_lies_in_one_place_only_where_it_is_on(key: str, whole: str) -> None:
    shipped = profile(key)
    assert "money" not in shipped.offered
    off = {rule.key: rule.categories for rule in shipped.rules().compartments}
    assert "money" not in off
    assert "finances" in off[whole]
    everything = shipped.of_case({one.key for one in shipped.compartment})
    on = {rule.key: rule.categories for rule in everything.rules().compartments}
    assert on["money"] == {"finances"}
    assert on[whole] == off[whole] - {"finances"}
    assert {k: v for k, v in on.items() if k not in (whole, "money")} == {k: v for k, v in off.items() if k != whole}
    assert shipped.of_case(shipped.offered) is shipped.of_case(sorted(shipped.offered)), "it is put together once"


def test_a_meeting_lies_on_the_day_the_age_is_reached() -> None:
    at = {(m.years, m.months): m for m in profile("samarbejdsmodellen_dk").meeting}
    assert at[17, 6].day(date(2009, 8, 31)) == date(2027, 2, 28)
    assert at[18, 6].day(date(2009, 3, 15)) == date(2027, 9, 15)
    assert at[16, 0].day(date(2008, 2, 29)) == date(2024, 2, 29)
    assert at[17, 11].day(date(2009, 12, 31)) == date(2027, 11, 30)
