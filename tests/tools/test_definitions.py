"""The tools as data: what is wrong in a file is told with its place before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.errors import UnsafeConfiguration
from portal.runtime import open_runtime
from portal.settings import Settings
from portal.tools import library
from portal.tools.definition import AnswerKind
from portal.tools.library import DEFINITIONS, definition, every_definition, read_definition, read_wording
from portal.tools.profile import every_profile

SHIPPED = (DEFINITIONS / "goals_and_agreements.toml").read_text("utf-8")

MISTAKES = {
    "no version": ('version = "2026-5"\n', "", "version: Field required"),
    "a kind that is not": ('kind = "scale"', 'kind = "stars"', "line {}: section 2 question 9 kind: Input should be"),
    "a word twice": ('key = "goals"', 'key = "now"', "line {}: section 2 key: now is there already"),
    "only one language": (
        'label = { da = "Sådan er det nu", en = "How it is now" }', 'label = { da = "Sådan er det nu" }',
        "line {}: section 1 question 2 label en: Field required",
    ),
    "a list that is not": ('choice_of = "life_areas"', 'choice_of = "areas"', "question 5 choice_of: no such list"),
    "choices where none belong": (
        'key = "follow_up"\nkind = "text"', 'key = "follow_up"\nkind = "choices"',
        "section 3 question 7: choice: this kind needs choices",
    ),
    "a row of nowhere": ('of = "goals"', 'of = "dreams"', "line {}: section 2 question 3 of: must name a section"),
    "a date before nothing": ('not_before = "from"', 'not_before = "goal"', "line {}: section 1 question 5 not_before"),
    "a scale upside down": ("lowest = 0", "lowest = 10", "question 9 highest: must be more than"),
    "an unknown part": ("takes_on = true", "takes_over = true", "takes_over: Extra inputs are not permitted"),
    "rows without a button": ('add = { da = "Tilføj en aftale", en = "Add an agreement" }\n', "", "belong together"),
    "another name than the file": ('key = "goals_and_agreements"', 'key = "plans"', "line {}: key: the file is called"),
    "no TOML at all": ('key = "goals_and_agreements"', "key = ", "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_definition_is_told_with_its_line_and_the_reason(mistake: str, tmp_path: Path) -> None:
    right, wrong, told = MISTAKES[mistake]
    assert right in SHIPPED, "the shipped file has changed; change the mistake too"
    broken = SHIPPED.replace(right, wrong, 1)
    path = tmp_path / "goals_and_agreements.toml"
    path.write_text(broken, "utf-8")
    with pytest.raises(UnsafeConfiguration) as refused:
        read_definition(path)
    pairs = zip(broken.splitlines(), SHIPPED.splitlines(), strict=False)
    changed = next(number for number, (now, before) in enumerate(pairs, start=1) if now != before)
    said = " ".join(str(refused.value).split())
    for part in told.format(changed).split(": "):
        assert part in said, said
    assert str(path) in said


def test_the_portal_does_not_start_with_a_faulty_definition(
    portal_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in DEFINITIONS.glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8").replace("network_map.people", "network_map.pets"))
    monkeypatch.setattr(library, "DEFINITIONS", tmp_path)
    library.definition.cache_clear()
    try:
        with pytest.raises(UnsafeConfiguration, match=r"network_overview\.toml.*\n.*rows_of: must be `tool\.section`"):
            open_runtime(portal_settings)
    finally:
        library.definition.cache_clear()


ON_THE_MAP = {
    "a ring that is not asked for": (
        'key = "ring"', 'key = "distance"', "section 1 drawn: rings take rows with the choices `sector` and `ring`",
    ),
    "confided and open": ('key = "quality"', 'key = "helps"', "section 1 confided 1 key: helps is there already"),
    "confided by others": (
        'key = "between_us"\nkind = "long"', 'key = "between_us"\nkind = "long"\nfill = ["parent"]',
        "section 1 confided 2: what is confided is words",
    ),
    "a confided choice of nothing": (
        'key = "between_us"\nkind = "long"', 'key = "between_us"\nkind = "choice"',
        "section 1 confided 2 choice: this kind needs choices",
    ),
    "people who are no rows": (
        '[[section]]\nkey = "about"', '[[section]]\njoins = true\nkey = "about"',
        "section 2 joins: only rows can be people",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", list(ON_THE_MAP))
def test_a_mistake_in_what_is_drawn_confided_or_joined_is_told_too(mistake: str, tmp_path: Path) -> None:
    right, wrong, told = ON_THE_MAP[mistake]
    shipped = (DEFINITIONS / "network_map.toml").read_text("utf-8")
    assert right in shipped
    path = tmp_path / "network_map.toml"
    path.write_text(shipped.replace(right, wrong, 1), "utf-8")
    with pytest.raises(UnsafeConfiguration) as refused:
        read_definition(path)
    assert told in str(refused.value)


ON_THE_CHECKLIST = {
    "hers and everybody's": (
        'key = "listened"\nkind = "scale"', 'key = "listened"\nkind = "scale"\nfill = ["owner"]',
        "section 7 own 1: what is own is words",
    ),
    "hers twice": ('key = "mattered"', 'key = "listened"', "section 7 own 2 key: listened is there already"),
    "hers in rows": (
        'key = "heard"\n',
        'key = "heard"\nrow = { da = "Svar", en = "Answer" }\nadd = { da = "Tilføj", en = "Add" }\n',
        "section 7 own: not in a section of rows",
    ),
    "a day that is a place": (
        'of_meeting = "day"', 'of_meeting = "place"', "section 1 question 2 of_meeting: only where there are no rows",
    ),
    "meetings in words": (
        'of_meeting = "place"', "meeting_types = true", "question 3 meeting_types: only for the kind `choice`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", list(ON_THE_CHECKLIST))
def test_a_mistake_in_what_is_hers_alone_or_the_meetings_is_told_too(mistake: str, tmp_path: Path) -> None:
    right, wrong, told = ON_THE_CHECKLIST[mistake]
    shipped = (DEFINITIONS / "meeting_checklist.toml").read_text("utf-8")
    assert right in shipped
    path = tmp_path / "meeting_checklist.toml"
    path.write_text(shipped.replace(right, wrong, 1), "utf-8")
    with pytest.raises(UnsafeConfiguration) as refused:
        read_definition(path)
    assert told in str(refused.value)


def test_every_tool_of_every_profile_is_a_form_or_is_the_consent() -> None:
    forms = {each.key for each in every_definition()}
    assert len(forms) == 6
    for profile in every_profile():
        assert {tool.key for tool in profile.tool} == forms | {"consent_declaration"}


def test_the_shipped_tools_ask_in_every_kind_there_is() -> None:
    kinds = {question.kind for each in every_definition() for section in each.section for question in section.question}
    assert kinds == set(AnswerKind)


def test_no_tool_asks_for_what_the_case_knows() -> None:
    """Names and birth dates are typed once: a question for a person of the case chooses, it does not ask to type."""
    for each in every_definition():
        for section in each.section:
            for question in section.question:
                for known in ("Fødselsdato", "Den unges navn", "CPR"):
                    assert known not in question.label.da, (each.key, question.key)


OWN = """
version = "testby-1"

[words]
"now.goal.label" = { da = "Det drømmer jeg om", en = "What I dream of" }
"goals.status.reached.title" = { da = "Klaret", en = "Done" }
"""


def test_a_municipality_says_it_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "goals_and_agreements.toml").write_text(OWN, "utf-8")
    shipped = definition("goals_and_agreements")
    own = definition("goals_and_agreements", tmp_path)
    assert shipped is not None
    assert own is not None
    assert own.version == f"{shipped.version}+testby-1"
    assert own.identity != shipped.identity
    assert own.section[0].question[0].label.da == "Det drømmer jeg om"
    status = own.section[1].question_of("status")
    assert status is not None
    assert "Klaret" in {choice.title.da for choice in status.choice}
    assert definition("basic_contract", tmp_path) == definition("basic_contract")


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("now.goal.label", "now.dream.label", "line 5: words now.dream.label: nothing is said there"),
        ("now.goal.label", "now.goal.kind", "line 5: words now.goal.kind: nothing is said there"),
        ('en = "What I dream of"', 'en = ""', "line 5: words now.goal.label en: String should have at least"),
        ('version = "testby-1"', "", "version: Field required"),
    ],
    ids=["unknown place", "not a text", "empty", "no version"],
)
def test_a_mistake_in_the_own_words_is_told_with_its_line_and_the_reason(
    right: str, wrong: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "goals_and_agreements.toml"
    path.write_text(OWN.replace(right, wrong), "utf-8")
    shipped = definition("goals_and_agreements")
    assert shipped is not None
    with pytest.raises(UnsafeConfiguration) as refused:
        read_wording(path, shipped)
    assert told in str(refused.value)


def test_a_folder_of_words_that_is_not_there_or_is_for_no_tool_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsafeConfiguration, match="is not there"):
        every_definition(tmp_path / "nowhere")
    (tmp_path / "plans.toml").write_text(OWN, "utf-8")
    with pytest.raises(UnsafeConfiguration, match=r"plans\.toml is for no tool"):
        every_definition(tmp_path)


@pytest.mark.parametrize("tool", sorted(path.stem for path in DEFINITIONS.glob("*.toml")))
def test_a_place_is_found_at_its_address_as_among_all_places(tool: str) -> None:
    known = definition(tool)
    assert known is not None
    answers = {section.key: "aa bb" for section in known.section if section.row}
    for every, found_at in (
        (known.places(answers), known.place_at),
        (known.confided_places(answers), known.confided_place_at),
    ):
        places = {place.address: place for place in every}
        assert {address: found_at(address, answers) for address in places} == places
        strange = {"", ".", *answers}
        for address in places:
            strange |= {f"{address}.x", address.replace("aa", "cc"), address.replace(".aa.", "."), f".{address}"}
            strange.add(address.replace(".", ".."))
        assert {found_at(address, answers) for address in strange - set(places)} == {None}
