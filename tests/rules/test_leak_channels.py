"""Ways in which something could be told without being shown: the manner of asking, errors, counts, titles, redirects,
mail, and how long an answer takes."""

from __future__ import annotations

import random
import re
import time
from email import policy
from email.parser import BytesParser
from io import BytesIO
from uuid import uuid4
from zipfile import ZipFile, is_zipfile

import psycopg
import pytest
from flask import Flask

from portal.demo.postgres import EmbeddedPostgres
from portal.documents import reading
from portal.runtime import Runtime
from tests.rules.leaks import browser_of, hidden_from, in_every_run
from tests.rules.routes import CASE_ROUTES, ROUTES, Target, own
from tests.signin.test_professionals_sign_in import run_jobs
from tests.support.browser import Browser, Page
from tests.support.statements import noted
from tests.support.story import PDF, Story
from tests.support.world import COMPARTMENTS, NAME, World, word

MANNERS = {
    "HEAD": ("HEAD", {}),
    "a range": ("GET", {"Range": "bytes=0-50"}),
    "the end of a range": ("GET", {"Range": "bytes=-10"}),
    "a range that cannot be": ("GET", {"Range": "bytes=900000000-"}),
    "if the range is unchanged": ("GET", {"Range": "bytes=0-1", "If-Range": '"x"'}),
    "if none matches": ("GET", {"If-None-Match": "*"}),
    "if it matches": ("GET", {"If-Match": '"x"'}),
    "if modified": ("GET", {"If-Modified-Since": "Thu, 01 Jan 2037 00:00:00 GMT"}),
    "if unmodified": ("GET", {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:01 GMT"}),
    "as data": ("GET", {"Accept": "application/json", "X-Requested-With": "XMLHttpRequest"}),
    "as a part": ("GET", {"HX-Request": "true"}),
    "from elsewhere": ("GET", {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}),
    "its options": ("OPTIONS", {}),
    "a deletion": ("DELETE", {}),
    "a replacement": ("PUT", {}),
    "a method nobody knows": ("BREW", {}),
}
OUTSIDE = ["teacher", "waiting", "stranger"]


def some_manners(number: int) -> list[str]:
    """Four of the manners, others for each address in turn: all together every one of them many times."""
    return [*MANNERS, *MANNERS][number * 4 % len(MANNERS) :][:4]


def ask(browser: Browser, manner: str, path: str) -> Page:
    method, headers = MANNERS[manner]
    response = browser.client.open(path, method=method, headers=headers)
    response.get_data()
    response.close()
    return Page(response, path)


def told(page: Page, *own_words: str) -> tuple[object, ...]:
    """All that an answer tells, but for what differs from one request to the next and what the asker said."""
    headers = {k: v for k, v in page.headers.items() if k not in ("X-Request-Id", "Set-Cookie", "Date")}
    body = page.everything if not page.is_html else page.soup.get_text(" ")
    for known in (*own_words, str(page.headers.get("X-Request-Id"))):
        body = body.replace(known, "")
    title = page.soup.title.get_text() if page.soup.title else ""
    return (
        page.status,
        title,
        headers if page.is_html else sorted(headers),
        len(page.response.data) if page.status == 404 else 0,
        body,
    )


@pytest.mark.parametrize("kind", in_every_run("stranger", at_night=["stranger", "anonymous"]))
def test_however_it_is_asked_a_foreign_case_answers_like_one_that_does_not_exist(
    kind: str, living_app: Flask, living: Runtime, world: World
) -> None:
    browser, _ = browser_of(kind, living_app, living, world)
    nowhere = Target(**{**vars(own(world)), "case_id": uuid4()})
    paths = dict.fromkeys((route.path(own(world)), route.path(nowhere)) for route in CASE_ROUTES)
    for number, (foreign, missing) in enumerate(paths):
        for manner in some_manners(number):
            ids = (str(world.room.case_id), str(nowhere.case_id))
            assert told(ask(browser, manner, foreign), *ids) == told(ask(browser, manner, missing), *ids), (
                manner,
                foreign,
            )


@pytest.mark.parametrize(
    "kind", in_every_run("teacher", "custody holder", at_night=["teacher", "aunt", "custody holder", "young person"])
)
def test_however_it_is_asked_a_thing_in_a_closed_compartment_answers_like_one_that_does_not_exist(
    kind: str, living_app: Flask, living: Runtime, world: World
) -> None:
    browser, _ = browser_of(kind, living_app, living, world)
    missing = Target(**{**vars(own(world)), "file_id": uuid4(), "thread_id": uuid4(), "compartment_id": uuid4()})
    compartment = sorted(set(COMPARTMENTS) - world.sees[kind])[0]
    hidden = own(world, compartment)
    ids = [str(value) for target in (hidden, missing) for value in vars(target).values()]
    for route in CASE_ROUTES:
        if route.endpoint in ("files.show", "files.download", "messages.show", "case.audience_of"):
            for manner in MANNERS:
                there, not_there = (told(ask(browser, manner, route.path(t)), *ids) for t in (hidden, missing))
                assert there == not_there, (manner, route)


@pytest.mark.parametrize("kind", in_every_run("teacher", at_night=OUTSIDE))
def test_no_manner_of_asking_and_no_error_holds_a_hidden_word(
    kind: str, living_app: Flask, living: Runtime, world: World
) -> None:
    browser, token = browser_of(kind, living_app, living, world)
    hidden = hidden_from(kind, world)
    compartment = sorted(set(COMPARTMENTS) - world.sees[kind])[0]
    asked: set[str] = set()
    for route in CASE_ROUTES:
        path = route.path(own(world, compartment))
        pages = [ask(browser, manner, path) for manner in some_manners(len(asked)) if path not in asked]
        asked.add(path)
        if route.method == "POST" and route.endpoint not in ("team.close", "consents.withdraw"):
            # Without a token, with one and nothing else, and far too large.
            pages += [
                _post(browser, path, {}),
                _post(browser, path, {"csrf_token": token}),
                _post(browser, path, {"csrf_token": token, "words": "x" * 2_000_000}),
            ]
        for page in pages:
            assert page.status < 500, (route, page.status)
            for secret in hidden:
                assert secret not in _opened(page), (route, page.status)


@pytest.mark.parametrize("kind", ["custody holder", "young person"])
def test_a_document_made_here_holds_what_is_its_readers_and_no_hidden_word(
    kind: str, living_app: Flask, living: Runtime, world: World
) -> None:
    browser, _ = browser_of(kind, living_app, living, world)
    giver, given = world.people[kind], world.consent_id
    if kind != "young person":
        given = Story(living).consent(world.room, giver)
    receipt = browser.get(f"/cases/{world.room.case_id}/consents/{given}/receipt")
    words = _opened(receipt)
    assert "%PDF" in words
    assert giver.name in words, "or a hidden word would not be found in it either"
    assert not any(secret in words for secret in hidden_from(kind, world))


def _post(browser: Browser, path: str, fields: dict[str, str]) -> Page:
    response = browser.client.post(path, data=fields)
    response.get_data()
    response.close()
    return Page(response, path)


def _opened(page: Page) -> str:
    """Everything in an answer: the address of a redirect, and what is packed inside a document."""
    content = BytesIO(page.response.data)
    packed = ""
    if page.response.data.startswith(b"%PDF") and page.response.data != PDF:
        packed = reading.words("application/pdf", page.response.data)
    if is_zipfile(content):
        with ZipFile(content) as archive:
            packed = " ".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
    return page.everything + packed + page.headers.get("Location", "")


@pytest.mark.parametrize("kind", in_every_run("teacher", at_night=["teacher", "custody holder", "waiting"]))
def test_what_happens_in_a_closed_compartment_changes_nothing_that_can_be_seen(
    kind: str, living_app: Flask, living: Runtime, world: World
) -> None:
    """Lists, counts, badges, search, titles: every page is the same before and after."""
    browser, token = browser_of(kind, living_app, living, world)
    _everything(browser, token, world)  # what is unread is read
    before = _everything(browser, token, world)
    story, room, guide = Story(living), world.room, world.people["guide"]
    for compartment in set(COMPARTMENTS) - world.sees[kind]:
        thread = story.thread(room, guide, compartment, "Nyt hemmeligt emne", "Et nyt hemmeligt ord")
        story.reply(room, guide, thread, "Og et hemmeligt til")
        file_id = story.file(room, guide, compartment, "hemmelig.pdf", PDF)
        story.version(room, guide, file_id, "hemmelig2.pdf", PDF + b"2")
        story.reply(room, guide, world.threads[compartment], "Hemmeligt svar")
    after = _everything(browser, token, world)
    assert before.keys() == after.keys()
    for path in before:
        assert before[path] == after[path], path


def _everything(browser: Browser, token: str, world: World) -> dict[str, object]:
    pages = {}
    for route in ROUTES:
        path = route.path(own(world))
        # The log holds one's own looks; a new code app has a new secret each time.
        if route.method == "GET" and route.endpoint not in ("log.index", "static", "factors.totp"):
            pages[path] = _still(browser.get(path))
    for words in ("hemmeligt", "nyt", "mærkeord"):
        pages[f"search {words}"] = _still(browser.post(f"/cases/{world.room.case_id}/search", {"words": words}, token))
    return pages


def _still(page: Page) -> object:
    """A page without the minute it was written and the time left of the session."""
    for field in page.soup.find_all("input", type="hidden"):
        field.decompose()
    words = re.sub(
        r"\b\d{1,2}\.\d{2}\b", "", str(page.soup) if page.is_html else page.headers.get("Content-Length", "")
    )
    words = re.sub(r'(nonce|data-[a-z-]+|content)="[^"]*"', "", words)
    return page.status, page.headers.get("Location"), words


@pytest.mark.parametrize("kind", in_every_run("teacher", at_night=["anonymous", *OUTSIDE]))
def test_no_title_and_no_redirect_names_what_it_is_about(
    kind: str, living_app: Flask, living: Runtime, world: World
) -> None:
    """Titles lie in the history of a shared device, addresses in every log on the way."""
    browser, token = browser_of(kind, living_app, living, world)
    secrets = {
        *hidden_from(kind, world),
        *(secret for compartment in COMPARTMENTS for secret in world.all_words(compartment)),
        NAME,
    }
    for route in ROUTES:
        path = route.path(own(world))
        if route.endpoint == "signin.out":
            continue
        page = browser.get(path) if route.method == "GET" else browser.post(path, {"submission": str(uuid4())}, token)
        assert not any(secret in page.headers.get("Location", "") for secret in secrets), route
        title = page.soup.title.get_text() if page.soup.title else ""
        for secret in hidden_from(kind, world):
            assert secret not in title, (route, title)


def test_mail_and_the_queue_hold_no_name_no_title_and_no_word(
    living: Runtime, world: World, postgres: EmbeddedPostgres
) -> None:
    story, room = Story(living), world.room
    newcomer = story.staff("Nanna Ny", "Jobcenter")
    story.add(room, newcomer)
    story.thread(room, room.young, "shared", word("shared", "subject"), word("shared", "message"))
    story.file(room, room.guide, "health", f"{word('health', 'file')}.pdf")
    story.consent(room, room.young)
    with psycopg.connect(postgres.url("postgres", str(living.engine.url.database))) as owner:
        queued = " ".join(str(row) for row in owner.execute("select args::text, task_name from procrastinate_jobs"))
    run_jobs(living)
    folder = living.settings.data_dir / "mail"
    mails = [BytesParser(policy=policy.default).parsebytes(path.read_bytes()) for path in folder.glob("*.eml")]
    sent = " ".join(f"{mail['Subject']} {mail['From']} {mail.get_content()}" for mail in mails)
    people = {someone.name for someone in world.people.values()} | {newcomer.name}
    things = {secret for compartment in COMPARTMENTS for secret in world.all_words(compartment)}
    for secret in {NAME, NAME.split()[0], "Jobcenter", "Skolen", *people, *things, str(room.case_id)}:
        assert secret not in sent
        assert secret not in queued or secret == str(room.case_id)


# Time

TRIES = 200


@pytest.mark.parametrize(
    ("kind", "about"), [("stranger", "case"), ("administrator", "case"), ("waiting", "file"), ("aunt", "file")]
)
def test_what_is_foreign_takes_the_same_work_as_what_does_not_exist(
    kind: str, about: str, living_app: Flask, living: Runtime, world: World
) -> None:
    """The same statements in the same order, so that no clock anywhere can tell them apart."""
    browser, _ = browser_of(kind, living_app, living, world)
    there, nowhere = _pair(about, world)
    for path in (there, nowhere):
        browser.get(path)
    with noted() as for_there:
        first = browser.get(there)
    with noted() as for_nowhere:
        second = browser.get(nowhere)
    assert first.status == second.status
    assert [statement for statement, _values in for_there] == [statement for statement, _values in for_nowhere]


@pytest.mark.parametrize(("kind", "about"), [("stranger", "case")])
def test_what_is_foreign_takes_as_long_as_what_does_not_exist(
    kind: str, about: str, living_app: Flask, living: Runtime, world: World
) -> None:
    """A rank test over 200 tries of each, in random order. The chance that a foreign one takes longer is one half when
    nothing can be told; with 200 tries it strays by more than 0.15 once in some million runs."""
    browser, _ = browser_of(kind, living_app, living, world)
    paths = dict(zip(("there", "nowhere"), _pair(about, world), strict=True))
    order = ["there", "nowhere"] * TRIES
    random.shuffle(order)
    took: dict[str, list[float]] = {"there": [], "nowhere": []}
    for path in paths.values():
        browser.client.get(path)
    for which in order:
        begun = time.perf_counter()
        browser.client.get(paths[which])
        took[which].append(time.perf_counter() - begun)
    assert abs(_chance_of_longer(took["there"], took["nowhere"]) - 0.5) < 0.15


def test_the_rank_test_would_find_a_difference() -> None:
    noise = random.Random(7)
    quick = [noise.lognormvariate(0, 0.3) for _ in range(TRIES)]
    slow = [noise.lognormvariate(0.2, 0.3) for _ in range(TRIES)]
    alike = [noise.lognormvariate(0, 0.3) for _ in range(TRIES)]
    assert abs(_chance_of_longer(slow, quick) - 0.5) > 0.15
    assert abs(_chance_of_longer(alike, quick) - 0.5) < 0.15


def _pair(about: str, world: World) -> tuple[str, str]:
    if about == "case":
        return f"/cases/{world.room.case_id}", f"/cases/{uuid4()}"
    case = f"/cases/{world.room.case_id}"
    return f"{case}/files/{world.files['professionals']}", f"{case}/files/{uuid4()}"


def _chance_of_longer(ones: list[float], others: list[float]) -> float:
    """How often one of the first takes longer than one of the second (Mann and Whitney's U, as a share)."""
    return sum((a > b) + (a == b) / 2 for a in ones for b in others) / (len(ones) * len(others))
