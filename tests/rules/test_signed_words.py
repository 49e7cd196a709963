"""What somebody signs is what opens: the form, the words, the page to sign, the receipt, the preview and the page "what
if I say no" name the same compartments, and the windows are those that follow from the signed words alone.

The words are read as a stranger would read them. Who must say yes to what is worked out here from the file of the
profile, for every kind of person, for several profiles and ages; nothing is asked of the code but its pages.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.access.policy.roles import Capacity, Level
from portal.runtime import Runtime, runtime_for
from portal.services.consents import receipts
from portal.settings import Settings
from portal.tools import profile as profiles
from portal.tools.profile import PROFILES, profile
from tests.rules.leaks import in_every_run
from tests.support import story as stories
from tests.support.application import app_for
from tests.support.browser import Browser, Page
from tests.support.story import Room, Someone, Story, compartments, years_ago

Words = dict[str, dict[str, tuple[bool, frozenset[str]]]]
"""Party -> title of a compartment -> yes or no, and what lies in it."""

DK, TRE = "samarbejdsmodellen_dk", "tre_moeder"
VARIANTS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "dk": (DK, []),
    "dk_money": (DK, [("offered = false", "offered = true")]),
    "dk_ages": (DK, [("[consent_age]", "[consent_age]\nmental_health = 15\neducation = 17\nwork = 17")]),
    "dk_strict": (DK, [("own_unit_needs_consent = false", "own_unit_needs_consent = true")]),
    "dk_lenient": (DK, [("custody_holders_are_asked = true", "custody_holders_are_asked = false")]),
    "tre": (TRE, []),
    "tre_money": (TRE, [("offered = false", "offered = true"), ("oldest_age = 23", "oldest_age = 23")]),
}
"""A shipped profile, and what a municipality changed in it."""
EVERY = [f"{variant} at {age}" for variant in VARIANTS for age in (15, 16, 17, 18)]
ASKED = in_every_run(
    "dk at 16", "dk at 18", "dk_money at 17", "dk_ages at 15", "dk_ages at 16", "dk_ages at 17", "dk_strict at 17",
    "dk_lenient at 17", "tre at 16", "tre at 18", "tre_money at 17", at_night=EVERY,
)  # fmt: skip
"""The profiles and ages at which most differs; all of them at night."""


@dataclass(frozen=True)
class Rules:
    """The file of a profile, read once more and by itself."""

    titles: dict[str, str]
    audience: dict[str, set[str]]
    categories: dict[str, frozenset[str]]
    """Compartment -> what the words call the things that lie in it."""
    ages: dict[str, int]
    """The same words -> from when the young person decides alone."""
    raw: dict[str, Any]

    @classmethod
    def read(cls, text: str) -> Rules:
        raw = tomllib.loads(text)
        called = {one["key"]: one["title"]["da"].lower() for one in raw["category"]}
        there = [one for one in raw["compartment"] if one.get("offered", True)]
        apart = {key: set(one["categories"]) for one in there for key in one.get("out_of", ())}
        return cls(
            titles={one["key"]: one["title"]["da"] for one in there},
            audience={one["key"]: set(one["audience"]) for one in there},
            categories={
                one["key"]: frozenset(
                    called[c] for c in one.get("categories", ()) if c not in apart.get(one["key"], set())
                )
                for one in there
            },
            ages={called[key]: raw["consent_age"].get(key, 18) for key in called},
            raw=raw,
        )


@dataclass
class Cast:
    """Everybody of a case, by kind, and what the words call their party."""

    story: Story
    room: Room
    rules: Rules
    age: int
    kinds: dict[str, tuple[Someone, str, str]]
    """Kind -> who, their capacity, and how the words begin to name their party."""

    def givers(self) -> list[Someone]:
        asked = self.age < 18 and self.rules.raw["custody_holders_are_asked"]
        return [self.room.young, *(self.room.parents if asked else [])]

    def asks_for(self, giver: Someone, kind: str) -> dict[str, frozenset[str]]:
        """Title of each compartment this giver decides about for somebody of that kind -> what lies in it."""
        _who, capacity, _party = self.kinds[kind]
        if capacity in ("owner", "young_person"):
            return {}
        if kind == "colleague" and not self.rules.raw["own_unit_needs_consent"]:
            return {}
        if capacity == "parent":
            decides = self.age >= 18 or self.rules.raw["parent_needs_young_persons_yes"]
            if giver is not self.room.young or not decides:
                return {}
        found = {}
        for key, title in self.rules.titles.items():
            inside = self.rules.categories[key]
            if giver is not self.room.young:
                inside = frozenset(one for one in inside if self.age < self.rules.ages[one])
            if capacity in self.rules.audience[key] and inside:
                found[title] = inside
        return found

    def follows(self, kind: str, words: dict[str, Words]) -> set[str]:
        """What the signed words open to somebody of that kind, and nothing else."""
        _who, capacity, party = self.kinds[kind]
        opens = set()
        for key, title in self.rules.titles.items():
            if capacity not in self.rules.audience[key]:
                continue
            asked = [giver for giver in self.givers() if title in self.asks_for(giver, kind)]
            said = [_said(words.get(giver.name, {}), party).get(title, (False, frozenset()))[0] for giver in asked]
            if all(said) and (asked or self.asks_nobody(kind)):
                opens.add(key)
        return opens

    def asks_nobody(self, kind: str) -> bool:
        return not any(self.asks_for(giver, kind) for giver in self.givers())


def _said(words: Words, party: str) -> dict[str, tuple[bool, frozenset[str]]]:
    found = [said for name, said in words.items() if name.startswith(party)]
    assert len(found) < 2
    return found[0] if found else {}


def spoken(words: str) -> Words:
    """Reads a declaration."""
    found: Words = {}
    party, yes = None, False
    for line in words.split("\n"):
        if begun := re.fullmatch(r"(.+) må (ikke )?se:", line):
            party, yes = begun[1], begun[2] is None
        elif party and (place := re.fullmatch(r"- (.+?) \((.+)\)", line)):
            assert place[1] not in found.setdefault(party, {}), "one answer to one question"
            found[party][place[1]] = (yes, frozenset(place[2].split(", ")))
        else:
            party = None
    return found


def cards(page: Page) -> dict[str, dict[str, tuple[str, frozenset[str]]]]:
    """Party -> compartment -> the name of its buttons, and what lies in it, as the form says."""
    found: dict[str, dict[str, tuple[str, frozenset[str]]]] = {}
    for card in page.soup.select("fieldset.panel"):
        title = " ".join(card.h2.get_text().split()) if card.h2 else ""
        for one in card.select("fieldset.asked"):
            assert one.legend is not None
            inside = re.search(r"Her ligger: (.+?)\.", " ".join(one.get_text(" ").split()))
            assert inside is not None
            assert one.find("input", checked=True) is None or page.status == 422, "nothing is chosen beforehand"
            name = str(one.find("input")["name"])  # type: ignore[index]
            found.setdefault(title, {})[" ".join(one.legend.get_text().split())] = (
                name,
                frozenset(inside[1].lower().split(", ")),
            )
    return found


def told(page: Page, label: str, sentence: str) -> dict[str, set[str]]:
    """Somebody's name -> the compartments that a part of the page says they can (no longer) see."""
    part = page.soup.find("section", attrs={"aria-labelledby": label})
    found: dict[str, set[str]] = {}
    for said in part.find_all("p", class_="closer") if part else []:
        if sentence in said.get_text():
            listed = said.find_next_sibling("ul")
            found.setdefault(said.strong.get_text(), set()).update(
                s.get_text().strip() for s in listed.select(".compartment")
            )
    return found


def words_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


@pytest.fixture
def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Every variant as a profile of its own, in a folder beside the shipped ones; yields their texts."""
    folder, texts = tmp_path / "profiles", {}
    folder.mkdir()
    for name, (shipped, edits) in VARIANTS.items():
        text = (PROFILES / f"{shipped}.toml").read_text("utf-8").replace(f'key = "{shipped}"', f'key = "{name}"')
        for right, other in edits:
            assert right in text
            text = text.replace(right, other)
        (folder / f"{name}.toml").write_text(text, "utf-8")
        texts[name] = text
    monkeypatch.setattr(profiles, "PROFILES", folder)
    profile.cache_clear()
    yield texts
    profile.cache_clear()


@pytest.fixture
def installed(changed: dict[str, str], portal_settings: Settings) -> Iterator[tuple[Runtime, Flask, dict[str, str]]]:
    with runtime_for(portal_settings.model_copy(update={"profile": "dk"})) as runtime, app_for(runtime) as app:
        yield runtime, app, changed


def a_cast(runtime: Runtime, text: str, age: int) -> Cast:
    story = Story(runtime)
    room = story.case(born=years_ago(age, 40))
    teacher = story.staff("Lars Lærer", "Skolen")
    nurse = story.staff("Petra Psykiater", "Psykiatrien")
    colleague = story.staff("Kim Kollega")
    for someone in (teacher, nurse, colleague):
        story.add(room, someone, Level.READ)
    friend = story.add_citizen(room, "Bo Bonusfar", Capacity.PARENT)
    aunt = story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)
    mother, father = room.parents[:2]
    kinds = {
        "guide": (room.guide, "owner", "-"),
        "young person": (room.young, "young_person", "-"),
        "teacher": (teacher, "professional", "Skolen, "),
        "psychiatrist": (nurse, "professional", "Psykiatrien, "),
        "colleague": (colleague, "professional", "Familie og unge, "),
        "mother": (mother, "parent", "Mona Mor ("),
        "father": (father, "parent", "Finn Far ("),
        "friend": (friend, "parent", "Bo Bonusfar ("),
        "aunt": (aunt, "network_person", "Tove Tante ("),
    }
    room.parents = [mother, father]
    return Cast(story, room, Rules.read(text), age, kinds)


def names_of(cast: Cast, kind: str) -> tuple[str, str]:
    """What the form calls a party, and the person."""
    who, _capacity, party = cast.kinds[kind]
    return party.split(" (")[0].removesuffix(", "), who.name


@pytest.mark.parametrize("asked", ASKED)
def test_what_is_signed_is_what_opens(
    asked: str, installed: tuple[Runtime, Flask, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, app, texts = installed
    variant, age = asked.split(" at ")[0], int(asked.split(" at ")[1])
    monkeypatch.setattr(stories, "PROFILE", variant)
    cast = a_cast(runtime, texts[variant], age)
    story, room, chance = cast.story, cast.room, random.Random(f"{variant} {age}")
    signed: dict[str, Words] = {}
    for turn in range(2):
        for giver in cast.givers():
            before = signed.get(giver.name, {})
            signed[giver.name] = answered(app, cast, giver, before, chance, whole=turn == 0)
            for kind, (who, _capacity, _party) in cast.kinds.items():
                assert compartments(story, room, who) == cast.follows(kind, signed), (kind, turn, giver.name)
    what_a_no_would_shut(app, cast)


def answered(app: Flask, cast: Cast, giver: Someone, before: Words, chance: random.Random, whole: bool) -> Words:
    """The giver answers what the form asks, all of it or some, reads it through and gives it; returns the words."""
    story, room = cast.story, cast.room
    browser, case = Browser(app, story.token(giver)), f"/cases/{room.case_id}"
    page = browser.get(f"{case}/consents/give")
    form = cards(page)
    wanted: dict[str, dict[str, frozenset[str]]] = {}
    for kind in cast.kinds:
        if asks := cast.asks_for(giver, kind):
            wanted[names_of(cast, kind)[0]] = asks
    shown = {
        party: {title: inside for title, (_name, inside) in places.items()}
        for title_of_party, places in form.items()
        for party in [next(name for name in wanted if title_of_party.startswith(name))]
    }
    assert shown == wanted, "the form asks about what decides, all of it and nothing else"
    chosen = {
        (party, title): chance.random() < 0.7
        for party, places in form.items()
        for title in places
        if whole or chance.random() < 0.4
    } or {(party, title): True for party, places in form.items() for title in places}
    typed = {form[party][title][0]: "yes" if yes else "no" for (party, title), yes in chosen.items()}
    on_paper(app, cast, giver, typed) if whole else None
    sees = {who.name: compartments(story, room, who) for who, _, _ in cast.kinds.values()}
    sign = browser.follow(browser.submit(page, "valid_until", **typed))
    said = [told(sign, "happens", sentence) for sentence in ("kan fra nu af se:", "kan ikke længere se:")]
    browser.submit(sign, "read")
    titles = cast.rules.titles
    for who, _capacity, _party in cast.kinds.values():
        now = compartments(story, room, who)
        opened_now, closed_now = now - sees[who.name], sees[who.name] - now
        assert said[0].get(who.name, set()) == {titles[key] for key in opened_now}, "the preview says what opens"
        assert said[1].get(who.name, set()) == {titles[key] for key in closed_now}, "and what shuts"
    saved = story.play(room, giver, lambda t: receipts.history(t, t.membership.id))[0]
    words = spoken(saved.words)
    for line in filter(None, saved.words.split("\n")):
        assert line in sign.text, "what was read is what is kept"
    expected: Words = {}
    for party, places in form.items():
        name = next(one for one in (*words, *before) if one.startswith(party))
        stood = before.get(name, {})
        answers = {
            title: (chosen.get((party, title), stood.get(title, (None, None))[0]), inside)
            for title, (_name, inside) in places.items()
        }
        if saved_answers := {title: one for title, one in answers.items() if one[0] is not None}:
            expected[name] = saved_answers  # type: ignore[assignment]
    assert words == expected, "the words say what was answered, and what stands"
    receipt = words_of(browser.get(f"{case}/consents/{saved.id}/receipt").response.data)
    for line in filter(None, saved.words.split("\n")):
        assert " ".join(line.removeprefix("- ").split()) in receipt
    return words


def on_paper(app: Flask, cast: Cast, giver: Someone, typed: dict[str, str]) -> None:
    """The page that the guide makes to be signed asks and says the same."""
    guide, case = Browser(app, cast.story.token(cast.room.guide)), f"/cases/{cast.room.case_id}"
    path = f"{case}/consents/register/{cast.room.member(giver)}"
    page = guide.get(path)
    for places in cards(page).values():
        for name, _inside in places.values():
            assert f'name="{name}"' in page.response.text
    made = guide.post(f"{path}/page", {**typed, "submission": "0" * 8 + "-0000-4000-8000-" + "0" * 12})
    assert made.response.mimetype == "application/pdf", made.text
    said = words_of(made.response.data)
    for name, yes in typed.items():
        title = cast.rules.titles[name.rsplit("-", 1)[1]]
        assert title in said, (name, yes)


def what_a_no_would_shut(app: Flask, cast: Cast) -> None:
    """The page that tells it names exactly what that person sees because of the young person's yes."""
    story, room = cast.story, cast.room
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"/cases/{room.case_id}/consents/give")
    for link in [link for link in page.links() if "/if-no/" in link]:
        shown = browser.get(link)
        party = shown.soup.h1.get_text() if shown.soup.h1 else ""
        closes = told(shown, "no", "kan ikke længere se:")
        for kind, (who, _capacity, _party) in cast.kinds.items():
            name, _person = names_of(cast, kind)
            there = name in party and bool(cast.asks_for(room.young, kind))
            seen = {cast.rules.titles[key] for key in compartments(story, room, who)} if there else set()
            assert closes.get(who.name, set()) == seen, (link, kind)


@pytest.mark.parametrize("shipped", [DK, TRE])
def test_what_two_people_share_alone_is_asked_about_by_nobody_and_opened_by_no_words(
    shipped: str, portal_settings: Settings
) -> None:
    """Every profile has such a compartment, for the young person and the guide: no form knows of it."""
    text = (PROFILES / f"{shipped}.toml").read_text("utf-8")
    alone = [one for one in tomllib.loads(text)["compartment"] if not one.get("categories")]
    assert [one["audience"] for one in alone] == [["owner", "young_person"]]
    key, title = alone[0]["key"], alone[0]["title"]["da"]
    with runtime_for(portal_settings.model_copy(update={"profile": shipped})) as runtime, app_for(runtime) as app:
        cast = a_cast(runtime, text, 17)
        cast.story.everybody_agrees(cast.room)
        for kind, (who, _capacity, _party) in cast.kinds.items():
            seen = key in compartments(cast.story, cast.room, who)
            assert seen == (kind in ("guide", "young person")), kind
        browser = Browser(app, cast.story.token(cast.room.young))
        for path in ("give", "mine"):
            assert title not in browser.get(f"/cases/{cast.room.case_id}/consents/{path}").text
