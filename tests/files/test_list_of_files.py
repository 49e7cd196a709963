"""The list of files: found by name without a word in an address, fifty at a time, with small pictures; and names."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, expect
from werkzeug.datastructures import MultiDict

from portal.access.policy.roles import Level
from portal.errors import InvalidInput, NotFound, Refused
from portal.runtime import House
from portal.services.cases import move, search
from portal.services.files import files, folders, renaming
from tests.exports.test_exports import opened, packed
from tests.signin.test_professionals_sign_in import run_jobs
from tests.support.browser import Browser, Page
from tests.support.live import cookie, served
from tests.support.pictures import made
from tests.support.story import PDF, Room, Someone, Story, shelf_id

PHOTO = made("JPEG", Image.new("RGB", (400, 300), "teal"))


@pytest.fixture
def guide(app: Flask, story: Story, room: Room) -> Browser:
    return Browser(app, story.token(room.guide))


def listed(page: Page) -> list[str]:
    return [str(row["data-name"]) for row in page.soup.select("#files > li")]


def at(room: Room, rest: str = "") -> str:
    return f"/cases/{room.case_id}/files{rest}"


# Finding


@pytest.fixture
def many(story: Story, room: Room) -> list[str]:
    """120 files, the newest first."""
    names = [f"Referat {number:03d}.pdf" for number in range(119)] + ["Uddannelsesplan æøå.pdf"]
    for number, name in enumerate(names):
        story.file(room, room.guide, "health" if number < 60 else "shared", name)
    return names[::-1]


def test_a_long_list_is_shown_fifty_at_a_time(guide: Browser, room: Room, many: list[str]) -> None:
    found: list[str] = []
    page = guide.get(at(room))
    while True:
        found += listed(page)
        assert len(listed(page)) <= 50
        on = [link for link in page.soup.select("nav.pages a") if "Flere filer" in link.get_text()]
        if not on:
            break
        page = guide.get(str(on[0]["href"]))
    assert found == many
    assert "101 til 120 af 120 filer" in page.text
    for odd, there in {"0": 50, "-1": 50, "abc": 50, "999": 20, "²": 50, "9" * 40: 50}.items():
        assert len(listed(guide.get(at(room, f"?page={odd}")))) == there, odd


def test_a_file_is_found_by_its_name_and_the_words_stand_in_no_address(
    guide: Browser, room: Room, many: list[str]
) -> None:
    page = guide.submit(guide.get(at(room)), "En del af navnet", name="PLAN æø")
    assert page.status == 200
    assert listed(page) == ["Uddannelsesplan æøå.pdf"]
    assert not [link for link in page.links() if "plan" in link.lower() and "/plan" not in link]
    page = guide.submit(guide.get(at(room)), "En del af navnet", name="referat 0")
    assert len(listed(page)) == 50, "in all pages, not in this one only"
    assert re.search(r"1 til 50 af 1\d\d filer", page.text)
    more = guide.submit(page, "Flere filer")
    assert listed(more)
    assert set(listed(more)) & set(listed(page)) == set()
    nothing = guide.submit(guide.get(at(room)), "En del af navnet", name="findes ikke")
    assert "Ingen filer af den slags" in nothing.text or "Vis alle filer" in nothing.text
    assert listed(guide.get(at(room, "?name=plan")))[0] == many[0], "an address is not asked for a name"


def test_the_list_is_narrowed_by_who_can_see_it_and_both_at_once(
    guide: Browser, story: Story, room: Room, many: list[str]
) -> None:
    page = guide.get(at(room))
    places = {o.get_text(): str(o["value"]) for o in page.soup.select("#place option")}
    assert set(places) == {"Alle", "Fælles", "Helbred"}
    assert UUID(places["Helbred"]), "an id, not a word"
    narrowed = guide.get(at(room, f"?place={places['Helbred']}&sort=oldest"))
    assert listed(narrowed)[0] == "Referat 000.pdf"
    assert "af 60 filer" in narrowed.text
    both = guide.submit(narrowed, "En del af navnet", name="059")
    assert listed(both) == ["Referat 059.pdf"]
    assert listed(guide.submit(narrowed, "En del af navnet", name="060")) == []
    assert listed(guide.get(at(room, f"?place={uuid4()}"))) == []


# Small pictures


def small(browser: Browser, room: Room, *file_ids: UUID) -> dict[str, bytes]:
    token = browser.get(at(room)).soup.select_one("#files")["data-token"]  # type: ignore[index]
    asked = MultiDict([("csrf_token", token), *(("file", str(file_id)) for file_id in file_ids)])
    answer = browser.client.post(at(room, "/small"), data=asked)
    assert answer.status_code == 200
    return {key: b64decode(value) for key, value in answer.get_json().items()}


def test_small_pictures_come_in_one_answer_that_leaves_one_line(
    app: Flask, story: Story, room: Room, house: House, owner: psycopg.Connection
) -> None:
    photos = [story.file(room, room.guide, name=f"{n}.jpg", content=PHOTO) for n in range(3)]
    paper = story.file(room, room.guide)
    run_jobs(house)
    found = small(Browser(app, story.token(room.young)), room, *photos, paper, uuid4())
    assert set(found) == {str(photo) for photo in photos}
    for picture in found.values():
        shown = Image.open(io.BytesIO(picture))
        assert shown.format == "JPEG"
        assert max(shown.size) == 240
    lines = owner.execute(
        "select fields->>'number' from audit_event where event = 'pictures.listed' and actor_id = %s", [room.young.id]
    )
    assert lines.fetchall() == [("3",)]


def test_no_small_picture_of_what_may_not_be_seen(
    app: Flask, story: Story, room: Room, house: House, owner: psycopg.Connection
) -> None:
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher, Level.READ)
    for giver in (room.young, *room.parents):
        story.consent(room, giver, otherwise=("shared",))
    shared, health, gone, shut, waiting = (
        story.file(room, room.guide, shelf, f"{number}.jpg", PHOTO)
        for number, shelf in enumerate(("shared", "health", "shared", "shared", "shared"))
    )
    run_jobs(house)
    story.play(room, room.guide, lambda t: folders.withdraw(t, gone, "Forkert"))
    owner.execute("update file_version set scan = 'refused' where file_id = %s", [shut])
    owner.execute("update file_version set scan = 'waiting' where file_id = %s", [waiting])
    everything = (shared, health, gone, shut, waiting)
    assert set(small(Browser(app, story.token(teacher)), room, *everything)) == {str(shared)}
    assert set(small(Browser(app, story.token(room.guide)), room, *everything)) == {
        str(shared), str(health), str(waiting),
    }, "whoever put it in may see it before the scanner has spoken"  # fmt: skip
    elsewhere = story.case(room.guide, name="En Anden")
    story.file(elsewhere, room.guide)
    assert small(Browser(app, story.token(room.guide)), elsewhere, *everything) == {}, "not by way of another case"


def test_nothing_shown_leaves_no_line_and_nonsense_is_passed_over(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    story.file(room, room.guide)
    browser = Browser(app, story.token(room.guide))
    token = browser.get(at(room)).soup.select_one("#files")["data-token"]  # type: ignore[index]
    asked = MultiDict([("csrf_token", token), ("file", "x"), ("file", "\x00"), *[("file", str(uuid4()))] * 5000])
    answer = browser.client.post(at(room, "/small"), data=asked)
    assert answer.get_json() == {}
    assert browser.client.post(at(room, "/small"), data={}).status_code == 400, "a form's token is asked for"
    told = owner.execute("select count(*) from audit_event where event = 'pictures.listed'")
    assert told.fetchone() == (0,)


# Names


def rename(story: Story, room: Room, who: Someone, file_id: UUID, name: str) -> None:
    story.play(room, who, lambda t: renaming.rename(t, file_id, name))


def title(story: Story, room: Room, file_id: UUID) -> str:
    return story.play(room, room.young, lambda t: files.page(t, file_id)).title


@pytest.mark.parametrize(
    ("typed", "called"),
    [
        ("Mit værelse", "Mit værelse.jpg"),
        ("Mit værelse.JPG", "Mit værelse.jpg"),
        ("  to   ord ", "to ord.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("plan\u202egpj.exe", "plangpj.exe.jpg"),
        ("a" * 300, "a" * 196 + ".jpg"),
        ("3.5 timer", "3.5 timer.jpg"),
        ("a\u030aben", "åben.jpg"),
    ],
)
def test_a_file_is_given_another_name_and_keeps_its_ending(typed: str, called: str, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    rename(story, room, room.young, file_id, typed)
    assert title(story, room, file_id) == called
    page = story.play(room, room.young, lambda t: files.page(t, file_id))
    assert page.newest.name == "IMG_2041.jpg", "its versions keep theirs"
    assert story.play(room, room.young, files.listing)[0].title == called


@pytest.mark.parametrize("typed", ["", "   ", ".jpg", "...", "\u200b", "\u202e"])
def test_no_name_at_all_is_refused(typed: str, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    with pytest.raises(InvalidInput):
        rename(story, room, room.guide, file_id, typed)
    assert title(story, room, file_id) == "IMG_2041.jpg"


def test_a_given_name_stays_with_new_versions_and_takes_their_ending(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    rename(story, room, room.guide, file_id, "Kontrakt")
    story.version(room, room.guide, file_id, "scan (3).pdf", PDF)
    assert title(story, room, file_id) == "Kontrakt.pdf"
    browser = Browser(app, story.token(room.young))
    newest = browser.get(at(room, f"/{file_id}/versions/2")).headers["Content-Disposition"]
    first = browser.get(at(room, f"/{file_id}/versions/1")).headers["Content-Disposition"]
    assert "Kontrakt.pdf" in newest
    assert "IMG_2041.jpg" in first
    package = opened(story, room, room.guide, packed(story, room, room.guide, owner))
    assert "Filer/Kontrakt.pdf" in package.namelist()
    assert "Tidligere versioner/IMG_2041.jpg" in package.namelist()


def test_a_file_is_found_by_the_name_it_was_given_and_by_those_it_came_with(story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    rename(story, room, room.guide, file_id, "Lejekontrakten")
    for words in ("lejekontrakt", "IMG_2041"):
        (hit,) = story.play(room, room.young, lambda t, words=words: search.find(t, words))
        assert (hit.item_id, hit.title) == (file_id, "Lejekontrakten.jpg")


def test_a_name_goes_with_its_file_to_another_compartment_and_is_hidden_there(
    story: Story, room: Room, owner: psycopg.Connection
) -> None:
    mother = room.parents[0]
    story.consent(room, room.young)
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    rename(story, room, room.guide, file_id, "Hemmeligtord")
    assert len(story.play(room, mother, lambda t: search.find(t, "hemmeligtord"))) == 1
    story.play(room, room.guide, lambda t: move.move_file(t, file_id, shelf_id(t, "professionals")))
    assert story.play(room, mother, lambda t: search.find(t, "hemmeligtord")) == []
    assert len(story.play(room, room.guide, lambda t: search.find(t, "hemmeligtord"))) == 1
    assert title_for(story, room, room.guide, file_id) == "Hemmeligtord.jpg"
    owner.execute("set role portal_app")
    try:
        for who, sees in ((mother, 0), (room.guide, 1)):
            owner.execute("select set_config('app.person_id', %s, false)", [str(who.id)])
            assert owner.execute("select count(*) from file_name").fetchone() == (sees,)
    finally:
        owner.execute("reset role")
    for (table,) in owner.execute("select tablename from pg_tables where schemaname = 'public'").fetchall():
        clear = owner.execute(f"select count(*) from {table} t where t::text ilike '%hemmeligtord%'")  # type: ignore[arg-type]
        assert clear.fetchone() == (0,), table


def title_for(story: Story, room: Room, who: Someone, file_id: UUID) -> str:
    return story.play(room, who, lambda t: files.page(t, file_id)).title


def test_whoever_may_put_a_version_in_may_rename_and_nobody_else(story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    hidden = story.file(room, room.guide, "professionals", "fagligt.pdf")
    reader = room.parents[0]
    with pytest.raises(Refused):
        rename(story, room, reader, file_id, "Andet")
    with pytest.raises(NotFound):
        rename(story, room, room.young, hidden, "Andet")
    story.play(room, room.guide, lambda t: folders.withdraw(t, file_id, "Forkert"))
    with pytest.raises(NotFound):
        rename(story, room, room.guide, file_id, "Andet")


def test_a_file_is_renamed_on_its_page_and_the_log_says_so(
    app: Flask, guide: Browser, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    page = guide.get(at(room, f"/{file_id}"))
    field = page.soup.find("input", id="called")
    assert field["value"] == "IMG_2041", "the ending is not to be typed"  # type: ignore[index]
    done = guide.follow(guide.submit(page, "Gem navnet", name="Mit værelse"))
    assert done.soup.find("h1").get_text() == "Mit værelse.jpg"  # type: ignore[union-attr]
    assert "IMG_2041.jpg" in done.text
    refused = guide.follow(guide.submit(done, "Gem navnet", name=" "))
    assert "blev ikke ændret" in refused.text
    assert refused.soup.find("h1").get_text() == "Mit værelse.jpg"  # type: ignore[union-attr]
    assert owner.execute("select count(*) from audit_event where event = 'file.renamed'").fetchone() == (1,)
    assert "sit navn" in Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/log").text


# What is said


def test_that_there_is_no_scanner_is_said_once_and_not_at_each_file(guide: Browser, story: Story, room: Room) -> None:
    for number in range(3):
        story.file(room, room.guide, name=f"{number}.pdf")
    page = guide.get(at(room))
    assert page.text.count("virus") == 1
    assert "Filer bliver ikke tjekket for virus her" in page.text
    (file_id, *_) = [str(row.select_one(".what a")["href"]) for row in page.soup.select("#files > li")]  # type: ignore[index]
    assert "virus" not in guide.get(file_id).text


def test_a_picture_is_shown_on_its_own_page(guide: Browser, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="foto.jpg", content=PHOTO)
    page = guide.get(at(room, f"/{file_id}"))
    shown = page.soup.select_one("figure.photo img")
    assert shown is not None
    assert "foto.jpg" in shown["alt"]
    assert guide.get(str(shown["src"])).headers["Content-Type"] == "image/jpeg"
    paper = story.file(room, room.guide)
    assert guide.get(at(room, f"/{paper}")).soup.select_one("figure.photo") is None


# In a browser


@pytest.fixture
def phone(app: Flask, story: Story, room: Room, chromium: Chromium) -> Iterator[BrowserContext]:
    with served(app) as address:
        context = chromium.new_context(
            base_url=address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
        )
        context.add_cookies([cookie(app, story.token(room.young))])  # type: ignore[list-item]
        yield context


@pytest.fixture
def desk(app: Flask, story: Story, room: Room, chromium: Chromium) -> Iterator[BrowserContext]:
    with served(app) as address:
        context = chromium.new_context(base_url=address, viewport={"width": 1280, "height": 900})
        context.add_cookies([cookie(app, story.token(room.young))])  # type: ignore[list-item]
        yield context


def test_a_phone_offers_its_camera_for_pictures_and_speaks_of_no_mouse(phone: BrowserContext, room: Room) -> None:
    page = phone.new_page()
    page.goto(at(room, "/new"))
    taking = page.get_by_role("button", name="Tag et billede")
    expect(taking).to_be_visible()
    assert taking.locator("use").get_attribute("href").endswith("#camera")  # type: ignore[union-attr]
    expect(page.get_by_text("trække dem herhen")).to_be_hidden()
    camera = page.locator("input[capture]")
    assert camera.get_attribute("accept") == "image/*"
    assert page.locator("input[name=file]").get_attribute("capture") is None, "other files can be chosen"
    camera.set_input_files({"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": PHOTO})
    page.get_by_role("button", name="Tilføj", exact=True).click()
    picture = page.locator("figure.photo img")
    expect(picture).to_be_visible()
    expect(page.get_by_text("Filen er tilføjet")).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 400)


def test_a_desk_offers_no_camera(desk: BrowserContext, room: Room) -> None:
    page = desk.new_page()
    page.goto(at(room, "/new"))
    expect(page.get_by_text("trække dem herhen")).to_be_visible()
    expect(page.get_by_role("button", name="Tag et billede")).to_be_hidden()


def test_files_are_dropped_on_the_list_and_counted(
    desk: BrowserContext, story: Story, room: Room, house: House
) -> None:
    story.file(room, room.guide)
    page = desk.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda problem: said.append(str(problem)))
    page.goto(at(room))
    expect(page.locator("[data-drop]")).to_be_hidden()
    dropped = page.evaluate_handle(
        """() => { const held = new DataTransfer();
                   for (const name of ["et.txt", "to.txt", "tre.txt"]) held.items.add(new File([name], name));
                   return held; }"""
    )
    for event in ("dragover", "drop"):
        page.dispatch_event("#main", event, {"dataTransfer": dropped})
    expect(page.locator("[data-drop]")).to_be_visible()
    page.get_by_label(re.compile("Helbred")).check()
    page.locator("[data-drop]").get_by_role("button", name="Tilføj", exact=True).click()
    expect(page.get_by_text("3 filer er tilføjet")).to_be_visible(timeout=30_000)
    expect(page, "what was said once is not said again").to_have_url(re.compile("/files$"))
    page.reload()
    expect(page.get_by_text("3 filer er tilføjet")).to_have_count(0)
    lines = story.play(room, room.young, files.listing)
    assert {line.name: line.compartment for line in lines if line.name.endswith(".txt")} == {
        "et.txt": "health", "to.txt": "health", "tre.txt": "health",
    }  # fmt: skip
    assert not said, said


def test_the_list_narrows_while_somebody_types_and_sends_nothing(
    desk: BrowserContext, story: Story, room: Room
) -> None:
    for name in ("Uddannelsesplan.pdf", "Cykel.jpg", "Ærlig snak.pdf"):
        story.file(room, room.guide, name=name, content=PHOTO if name.endswith("jpg") else PDF)
    page = desk.new_page()
    page.goto(at(room))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    field = page.get_by_label("En del af navnet")
    field.press_sequentially("æRL")
    expect(page.get_by_role("link", name="Ærlig snak.pdf", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Cykel.jpg", exact=True)).to_be_hidden()
    field.fill("findes ikke")
    expect(page.get_by_text("Ingen filer")).to_be_visible()
    field.press("Enter")
    field.fill("")
    expect(page.locator("#files > li:visible")).to_have_count(3)
    assert not [address for address in asked if "/cases/" in address], asked


def test_small_pictures_are_drawn_in_the_list(
    desk: BrowserContext, app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    guide = Browser(app, story.token(room.guide))
    for number in range(2):
        file_id = story.file(room, room.guide, name=f"{number}.jpg", content=PHOTO)
        guide.get(at(room, f"/{file_id}/versions/1/picture"))
    story.file(room, room.guide)
    page = desk.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(at(room))
    expect(page.locator("#files canvas")).to_have_count(2)
    colour = page.evaluate(
        "() => [...document.querySelector('#files canvas').getContext('2d').getImageData(48, 48, 1, 1).data]"
    )
    assert colour[:3] == pytest.approx([0, 128, 128], abs=6)
    assert not said, said
    told = owner.execute("select count(*) from audit_event where event = 'pictures.listed'")
    assert told.fetchone() == (1,)
