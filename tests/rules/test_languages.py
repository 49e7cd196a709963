"""Danish and English, both complete, both in the catalogues and nowhere else; easy Danish where citizens read."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup
from flask import Flask

from portal.access.policy.decide import Refusal
from portal.access.policy.roles import Level
from portal.access.policy.windows import Basis, Obstacle
from portal.runtime import Runtime
from portal.services.accounts.directory import OrganisationKind, UnitKind
from portal.settings import PROJECT
from portal.tools.profile import PROFILES, Words, read_profile
from portal.translations.__main__ import extract as extract_all
from portal.web import labels
from portal.web.input_errors import INPUT_ERRORS
from tests.rules.leaks import NIGHT, browser_of
from tests.rules.routes import ROUTES, own
from tests.support.browser import Browser
from tests.support.world import World

CATALOGUE = PROJECT / "portal" / "translations" / "da" / "LC_MESSAGES" / "messages.po"
_GAPS = re.compile(r"%\((\w+)\)s")
_CITIZENS_READ = (
    "signin/", "consents/", "messages/", "files/", "webdav/", "cases/", "oversight/case_log", "layout/error",
    "members/wish", "members/team_wishes", "members/coming_of_age",
)  # fmt: skip


def _catalogue() -> dict[object, Message]:
    with CATALOGUE.open("rb") as file:
        return {(m.context, _key(m)): m for m in read_po(file, locale="da") if m.id}


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> dict[object, Message]:
    """Every text of code and templates as they are now."""
    with extract_all(tmp_path_factory.mktemp("texts") / "messages.pot").open("rb") as file:
        return {(m.context, _key(m)): m for m in read_po(file) if m.id}


def test_every_text_has_its_danish_and_no_danish_is_left_over(source: dict[object, Message]) -> None:
    danish = _catalogue()
    assert set(danish) == set(source), "run: make translations"
    for key, message in danish.items():
        said = message.string if isinstance(message.string, tuple | list) else [message.string]
        assert all(said), f"not translated: {key}"
        assert not message.fuzzy, key


def test_the_danish_has_the_same_gaps_as_the_english() -> None:
    for key, message in _catalogue().items():
        ids = [message.id] if isinstance(message.id, str) else message.id
        said = [message.string] if isinstance(message.string, str) else message.string
        for english, danish in zip(ids, said, strict=True):
            assert set(_GAPS.findall(danish)) == set(_GAPS.findall(english)), key


def test_no_template_says_anything_outside_the_catalogues() -> None:
    """What is left of a template without its expressions and tags is punctuation."""
    for path in sorted((PROJECT / "templates").rglob("*.html")):
        text = re.sub(r"\{% block width %\}\s?\w+\{% endblock %\}", "", path.read_text("utf-8"))
        bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
        soup = BeautifulSoup(bare, "html.parser")
        said = re.sub(r'[\w-]+="[^"]*"', "", " ".join(soup.get_text(" ").split()))
        assert not re.search(r"[A-Za-zÆØÅæøå]{2,}", said.replace("doctype html", "")), f"{path.name}: {said[:80]}"
        for tag in soup.find_all(True):
            for name in ("title", "alt", "aria-label", "placeholder"):
                value = str(tag.get(name, ""))
                assert not re.search(r"[A-Za-zÆØÅæøå]{2,}", value), f"{path.name}: {name}={value!r}"


def test_no_service_keeps_danish_of_its_own() -> None:
    """What a worker says without a page comes out of the catalogue too (portal/tools/vocabulary.py)."""
    services = sorted((PROJECT / "portal" / "services").rglob("*.py"))
    assert len(services) > 100
    for path in services:
        every = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        comments = {id(one.value) for one in every if isinstance(one, ast.Expr)}
        texts = (one.value for one in every if isinstance(one, ast.Constant) and id(one) not in comments)
        assert not [text for text in texts if isinstance(text, str) and re.search("[æøåÆØÅ]", text)], path.name


def test_every_code_has_its_words() -> None:
    assert set(labels.REFUSAL) == set(Refusal)
    assert set(labels.BASIS) == set(Basis)
    assert set(labels.OBSTACLE_OF) == set(Obstacle)
    assert set(labels.LEVEL) == set(Level)
    assert set(labels.UNIT_KIND) == set(UnitKind)
    assert set(labels.ORGANISATION_KIND) == set(OrganisationKind)
    about_me = {key[0] if isinstance(key, tuple) else key for key in labels.OBSTACLE_FOR_ME}
    assert about_me == set(Obstacle)


def test_every_reason_a_service_gives_for_refusing_an_answer_has_its_sentence() -> None:
    given = set()
    for path in (PROJECT / "portal").rglob("*.py"):
        given |= set(re.findall(r'InvalidInput\(\s*[^,()]*(?:\([^)]*\))?[^,]*,\s*"(\w+)"', path.read_text("utf-8")))
    assert given - set(INPUT_ERRORS) == set()
    assert len(given) > 20


@pytest.mark.parametrize("language", ["da", "en"])
def test_every_page_is_clean_in_both_languages(language: str, living_app: Flask, living: Runtime, world: World) -> None:
    """One in Danish, the next in English, each for half of the people; at night each in both, for all of them."""
    turn = int(language == "en")
    routes = ROUTES if NIGHT else ROUTES[turn::2]
    kinds = ("guide", "custody holder", "anonymous", "young person", "administrator", "waiting")
    for kind in kinds if NIGHT else kinds[turn::2]:
        browser, _ = browser_of(kind, living_app, living, world)
        thorough = Browser(living_app)
        thorough.client = browser.client
        thorough.client.set_cookie("language", language, domain="localhost")
        for route in routes:
            if route.method == "GET":
                page = thorough.get(route.path(own(world)))
                if page.is_html and page.status != 303:
                    assert page.soup.html is not None
                    assert page.soup.html["lang"] == language, route


def test_the_language_of_a_page_is_the_chosen_one_and_danish_at_first(browser: Browser) -> None:
    page = browser.get("/sign-in")
    assert "Log på" in page.text
    answer = browser.submit(page, "password")
    assert "Log på" in answer.text
    browser.post("/language/en", {"back": "/sign-in"})
    assert "Sign in with password" in browser.get("/sign-in").text


@pytest.mark.parametrize("back", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "/\nx"])
def test_choosing_a_language_leads_to_no_other_site(browser: Browser, back: str) -> None:
    page = browser.post("/language/en", {"back": back})
    assert page.headers["Location"] == "/"


def test_sentences_for_citizens_are_easy_to_read(source: dict[object, Message]) -> None:
    """LIX at most 30 over all Danish texts of the templates and profile that citizens meet."""
    shown = {
        text
        for path in (PROJECT / "templates").rglob("*.html")
        if str(path.relative_to(PROJECT / "templates")).startswith(_CITIZENS_READ)
        for text in _texts(path)
    }
    met = [
        message.string if isinstance(message.string, str) else message.string[1]
        for message in _catalogue().values()
        if _key(message) in shown and str(_key(message)).endswith((".", "?"))
    ]
    assert len(met) > 40
    for path in PROFILES.glob("*.toml"):
        profile = read_profile(path)
        told: list[Words] = [profile.consent.purpose, *profile.consent.informed, profile.emergency.text]
        met += [one.da for one in told] + [c.about.da for c in profile.compartment]
    assert _lix(" ".join(met)) <= 30, f"LIX {_lix(' '.join(met)):.1f}"


def _texts(path: Path) -> set[str]:
    """The English texts of a template, also those that stand on several lines."""
    with path.open("rb") as file:
        found = list(extract("jinja2", file, options={"silent": "false", "trimmed": "false"}))
    return {one if isinstance(one, str) else one[0] for _line, one, _comments, _context in found}


def _lix(text: str) -> float:
    """Björnsson's readability index: words per sentence plus the percentage of words longer than six letters."""
    found = re.findall(r"[A-Za-zÆØÅæøåé]+", _GAPS.sub("Alma", text))
    sentences = max(1, len(re.findall(r"[.!?:](?:\s|$)", text)))
    return len(found) / sentences + 100 * sum(len(word) > 6 for word in found) / len(found)


def test_dates_and_sizes_are_said_as_people_say_them(living_app: Flask, living: Runtime, world: World) -> None:
    browser, _ = browser_of("guide", living_app, living, world)
    text = browser.get(f"/cases/{world.room.case_id}/files").text
    assert re.search(r"i dag kl\. \d{1,2}\.\d{2}", text)
    assert re.search(r"\d+ bytes", text)
    assert Path(CATALOGUE).exists()


def test_the_word_of_the_makers_for_a_place_is_on_no_page() -> None:
    """People call it a place; "hylde" is only what the code once called it."""
    files = [*PROFILES.glob("*.toml"), *(PROJECT / "portal" / "tools").rglob("*.da.md")]
    said = [re.sub(r"(?m)^#.*$", "", path.read_text("utf-8")) for path in files]
    said += [str(message.string) for message in _catalogue().values()]
    assert not [text for text in said if re.search(r"\bhylde", text, re.IGNORECASE)]
