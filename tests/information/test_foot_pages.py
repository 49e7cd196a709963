"""Help, privacy, accessibility: open to everybody, from every page, in two languages, in a municipality's own words."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from portal.errors import UnsafeConfiguration
from portal.runtime import Runtime, open_runtime
from portal.settings import Settings
from portal.tools import pages
from portal.tools.profile import profile
from tests.rules.test_languages import _lix
from tests.support.browser import Browser, Page
from tests.support.statements import noted
from tests.support.story import Story

PATHS = {"/help": "help", "/privacy": "privacy", "/accessibility": "accessibility"}
TITLES = {
    "/help": ("Sådan virker det", "How it works"),
    "/privacy": ("Privatliv og dine rettigheder", "Privacy and your rights"),
    "/accessibility": ("Tilgængelighedserklæring", "Accessibility statement"),
}
OWN = "# Hjælp i {Authority}\n\nRing til os på 12 34 56 78\n\n## Hvor\n\n- Torvet 1\n- www.testby.example\n"
CONTACT = "Testby Kommune\nTorvet 1\ndpo@testby.example\n"


def in_english(browser: Browser) -> Browser:
    browser.client.set_cookie("language", "en", domain="localhost")
    return browser


def moved_into(app: Flask, monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """The same portal with other settings."""
    runtime: Runtime = app.extensions["runtime"]
    changed = replace(runtime, settings=runtime.settings.model_copy(update=changes))
    monkeypatch.setitem(app.extensions, "runtime", changed)


def foot_of(page: Page) -> list[str]:
    foot = page.soup.find("footer")
    assert foot is not None, page.path
    return [str(link["href"]) for link in foot.find_all("a", href=True)]


def test_the_foot_of_every_page_leads_to_them(app: Flask, story: Story) -> None:
    room = story.case(parents=0)
    stranger, young, guide = Browser(app), Browser(app, story.token(room.young)), Browser(app, story.token(room.guide))
    met = [stranger.get("/sign-in"), stranger.get("/forgotten"), stranger.get("/nowhere"), stranger.get("/help")]
    met += [who.follow(who.get(path)) for who in (young, guide) for path in ("/cases", f"/cases/{room.case_id}", "/me")]
    met += [young.get("/accounts"), guide.get(f"/cases/{room.case_id}/plan")]
    for page in met:
        assert foot_of(page) == list(PATHS), page.path


@pytest.mark.parametrize("path", list(PATHS))
def test_they_are_open_to_everybody_in_both_languages(path: str, app: Flask, story: Story) -> None:
    room = story.case(parents=0)
    for browser in (Browser(app), Browser(app, story.token(room.young))):
        for page, title in zip((browser.get(path), in_english(browser).get(path)), TITLES[path], strict=True):
            assert page.status == 200
            assert page.soup.h1 is not None
            assert page.soup.h1.get_text() == title
            assert "{" not in page.text
            here = page.soup.find("footer").find("a", attrs={"aria-current": "page"})  # type: ignore[union-attr]
            assert here is not None
            assert here["href"] == path


def test_the_address_that_the_authority_asks_for_leads_to_the_statement(app: Flask) -> None:
    browser = Browser(app)
    assert browser.follow(browser.get("/was")).path == "/accessibility"


def test_they_ask_the_database_nothing_of_a_stranger(app: Flask, runtime: Runtime) -> None:
    """So they are there when it is not."""
    for path in PATHS:
        with noted() as asked:
            assert Browser(app).get(path).status == 200
        assert asked == []


def test_what_ships_says_what_this_installation_does(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    moved_into(app, monkeypatch, product_name="Vejen Frem", minimum_age=16, idle_citizen_minutes=17)
    told = Browser(app).get("/help").text
    assert "Vejen Frem er ét sted" in told
    assert "fyldt 16 år" in told
    assert "17 minutter" in told
    months = profile(app.extensions["runtime"].settings.profile).consent_months
    assert f"højst {months} måneder" in told
    assert f"højst {months} måneder" in Browser(app).get("/privacy").text


def test_what_ships_speaks_the_words_of_the_programme(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    moved_into(app, monkeypatch, profile="tre_moeder")
    told = Browser(app).get("/help").text
    assert "Koordinatoren passer på sagen" in told
    assert not re.search(r"\bguiden?\b", told, re.IGNORECASE)


def test_what_only_the_municipality_knows_is_a_visible_gap_until_it_says_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in PATHS:
        page = Browser(app).get(path)
        gaps = [str(note.get_text()) for note in page.soup.select("main .note.warn")]
        assert any("Din kommune skal skrive" in gap for gap in gaps), path
    moved_into(app, monkeypatch, pages_dir=own_folder(tmp_path, {"contact": CONTACT}))
    for path in PATHS:
        page = Browser(app).get(path)
        assert "Her mangler der noget" not in page.text
        assert "Torvet 1" in page.text
        assert "mailto:dpo@testby.example" in page.links()


def test_the_name_on_the_letterhead_is_the_municipality_that_is_responsible(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "letterhead.toml").write_text('name = "Testby Kommune"\n', "utf-8")
    moved_into(app, monkeypatch, letterhead_dir=tmp_path)
    told = Browser(app).get("/privacy").text
    assert "Testby Kommune er dataansvarlig" in told
    assert "din kommune" not in told.lower()


def own_folder(inside: Path, texts: dict[str, str]) -> Path:
    """A folder with each of the texts, the same in both languages."""
    (folder := inside / "pages").mkdir()
    for name, text in texts.items():
        for language in ("da", "en"):
            (folder / f"{name}.{language}.md").write_text(text, "utf-8")
    return folder


def test_a_municipalitys_own_page_stands_in_place_of_the_shipped_one(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shipped = Browser(app).get("/privacy").text
    moved_into(app, monkeypatch, pages_dir=own_folder(tmp_path, {"help": OWN}), profile="tre_moeder")
    page = Browser(app).get("/help")
    assert page.text == "Hjælp i Din kommune Ring til os på 12 34 56 78 Hvor Torvet 1 www.testby.example"
    assert {"tel:12345678", "https://www.testby.example"} <= set(page.links())
    assert [str(tag.get_text()) for tag in page.soup.select("article h2")] == ["Hvor"]
    moved_into(app, monkeypatch, profile="samarbejdsmodellen_dk")
    assert Browser(app).get("/privacy").text == shipped, "only what is theirs is another"


@pytest.mark.parametrize(
    "bad",
    ["<script>alert(1)</script>", "<b onclick=x>Hej</b>", "[her](javascript:alert(1))", "javascript:alert(1)",
     "http://a@b.example", "&lt;b&gt; & <"],
)  # fmt: skip
@pytest.mark.parametrize("shape", ["{}", "- {}", "> {}", "## {}"])
def test_whatever_such_a_text_holds_is_shown_as_it_was_typed(
    bad: str, shape: str, app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = f"# Titel {bad}\n\n{shape.format(bad)}\n"
    moved_into(app, monkeypatch, pages_dir=own_folder(tmp_path, {"privacy": text}))
    page = Browser(app).get("/privacy")
    main = page.soup.main
    assert main is not None
    assert " ".join(main.get_text(" ", strip=True).split()) == f"Titel {bad} {bad}"
    assert not main.find_all(["script", "b"])
    assert not [a for a in main.find_all("a") if not str(a["href"]).startswith(("https:", "http:"))]
    assert "http://a@b.example" not in page.links()


MISTAKES: dict[str, tuple[dict[str, bytes], str]] = {
    "for no page": ({"hjaelp.da.md": b"# Hej\n\nHej\n"}, r"hjaelp\.da\.md is for no page; there are help\.da\.md"),
    "another ending": ({"help.da.txt": b"# Hej\n\nHej\n"}, r"help\.da\.txt is for no page"),
    "one language": ({"help.da.md": b"# Hej\n\nHej\n"}, r"help\.en\.md is missing"),
    "not UTF-8": ({"help.da.md": b"# H\xe6\n\nHej\n", "help.en.md": b"# Hi\n\nHi\n"}, r"help\.da\.md cannot be read"),
    "no title": ({"help.da.md": b"Hej\n", "help.en.md": b"# Hi\n\nHi\n"}, r"help\.da\.md.*\n  line 1: .*its title"),
    "an empty title": ({"help.da.md": b"# \n\nHej\n", "help.en.md": b"# Hi\n\nHi\n"}, r"line 1: .*its title"),
    "empty": ({"help.da.md": b"", "help.en.md": b"# Hi\n\nHi\n"}, r"help\.da\.md.*\n  line 1: "),
    "only a title": ({"help.da.md": b"# Hej\n\n \n", "help.en.md": b"# Hi\n\nHi\n"}, "it says nothing"),
    "a smaller heading": (
        {"help.da.md": b"# Hej\n\nHej\n\n### Lille\n", "help.en.md": b"# Hi\n\nHi\n"}, "line 5: a heading is ##",
    ),
    "a second title": ({"help.da.md": b"# Hej\n\n# Hej\n", "help.en.md": b"# Hi\n\nHi\n"}, "line 3: a heading is ##"),
    "words right below a heading": (
        {"help.da.md": b"# Hej\n\n## Hvor\nHer\n", "help.en.md": b"# Hi\n\nHi\n"}, "line 3: an empty line",
    ),
    "a gap that is none": (
        {"help.da.md": b"# Hej\n\nI {byen}\n", "help.en.md": b"# Hi\n\nHi\n"}, r"line 3: \{byen\} is nothing",
    ),
    "the contact in a sentence": (
        {"help.da.md": b"# Hej\n\nRing {contact}\n", "help.en.md": b"# Hi\n\nHi\n"}, "line 3: .* stands alone",
    ),
    "the contact in the contact": (
        {"contact.da.md": b"{contact}\n", "contact.en.md": b"Hi\n"}, r"line 1: \{contact\} is nothing",
    ),
    "too long": ({"help.da.md": b"# Hej\n\n" + b"Hej " * 30_000, "help.en.md": b"# Hi\n\nHi\n"}, "at most 100000"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_a_text_that_cannot_be_used_stops_the_portal_at_its_start_with_place_and_reason(
    mistake: str, portal_settings: Settings, tmp_path: Path
) -> None:
    files, told = MISTAKES[mistake]
    (folder := tmp_path / "pages").mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with pytest.raises(UnsafeConfiguration, match=told):
        open_runtime(portal_settings.model_copy(update={"pages_dir": folder}))


def test_a_folder_that_is_not_there_stops_the_portal(portal_settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UnsafeConfiguration, match=r"PAGES_DIR names, .*nowhere, is not there"):
        open_runtime(portal_settings.model_copy(update={"pages_dir": tmp_path / "nowhere"}))


@pytest.mark.parametrize("name", [*PATHS.values()])
def test_what_ships_is_easy_to_read_and_the_same_in_both_languages(name: str) -> None:
    danish, english = (pages.page(name, language) for language in ("da", "en"))
    shape = [[(block.kind, len(block.lines)) for block in page.blocks] for page in (danish, english)]
    assert shape[0] == shape[1]
    for one, other in zip(danish.blocks, english.blocks, strict=True):
        for line, same in zip(one.lines, other.lines, strict=True):
            assert set(re.findall(r"\{\w+\}", line.lower())) == set(re.findall(r"\{\w+\}", same.lower())), line
    told = "\n".join(line + "." * (not line.endswith((".", "?"))) for block in danish.blocks for line in block.lines)
    assert _lix(told) <= 30, f"LIX {_lix(told):.1f}"


@pytest.mark.parametrize("language", ["da", "en"])
def test_privacy_says_what_the_regulation_asks_for(language: str) -> None:
    """GDPR articles 13 and 14: who, what, from where, why and by which law, for whom, how long, rights, complaint."""
    told = "\n".join(line for block in pages.page("privacy", language).blocks for line in block.lines).lower()
    wanted = {
        "da": "dataansvarlig databeskyttelsesrådgiver cpr log helbred artikel ja eu slettet rettet klage datatilsynet",
        "en": "controller protection cpr looked health article yes eu deleted right complain datatilsynet",
    }
    missing = [word for word in wanted[language].split() if word not in told]
    assert not missing
