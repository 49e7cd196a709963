"""Writing in a tool at the same time, in real browsers: saved by itself, seen by the others, nobody's words lost."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page as ChromiumPage
from playwright.sync_api import expect

from portal import clock
from portal.access.ticket import CaseTicket
from portal.services.plans import history as plans_history
from portal.services.plans import plans, saving
from portal.services.plans.open_plan import open_plan
from tests.plans.test_tools import add, begin, newest, write
from tests.support.browser import Browser, Page, cookie_of
from tests.support.chromium import until
from tests.support.live import cookie, served
from tests.support.screen_fixtures import EMAIL, PASSWORD
from tests.support.story import Room, Someone, Story

TOOL = "goals_and_agreements"
JSON = {"Accept": "application/json"}


@pytest.fixture
def room(story: Story) -> Room:
    room = story.case(parents=1)
    begin(story, room, room.guide, TOOL)
    return room


def path_of(room: Room) -> str:
    return f"/cases/{room.case_id}/plan/{TOOL}"


def opened(chromium: Chromium, app: Flask, story: Story, room: Room, who: Someone, at: str) -> ChromiumPage:
    context = chromium.new_context(locale="da-DK")
    context.add_cookies([cookie(app, story.token(who))])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(f"{at}{path_of(room)}/write")
    return page


def answer(story: Story, room: Room, address: str) -> str:
    return newest(story, room, room.guide, TOOL).answers.get(address, "")


def test_two_people_write_together_each_in_their_own_browser(
    app: Flask, story: Story, room: Room, chromium: Chromium, owner: psycopg.Connection
) -> None:
    with served(app) as at:
        guide = opened(chromium, app, story, room, room.guide, at)
        young = opened(chromium, app, story, room, room.young, at)
        saved = guide.locator(".saved")

        # Saved by itself, seen by the other, with the name at the answer somebody is in.
        guide.locator("[name='now.situation']").fill("Hun bor hos sin mor")
        expect(saved).to_have_text("Alt er gemt.")
        expect(young.locator("[name='now.situation']")).to_have_value("Hun bor hos sin mor")
        expect(young.locator(".form-group:has([name='now.situation']) .here")).to_contain_text("Grete Guide")
        guide.locator("[name='now.strengths']").focus()
        expect(young.locator(".form-group:has([name='now.strengths']) .here")).to_contain_text("Grete Guide")

        # Both in the same answer: both texts stand side by side, and one of the two is chosen.
        young.context.set_offline(True)
        guide.locator("[name='now.goal']").fill("Guidens ord")
        expect(saved).to_have_text("Alt er gemt.")
        young.locator("[name='now.goal']").fill("Mine egne ord")
        expect(young.locator(".saved")).to_contain_text("Ikke gemt endnu")

        # What was written while the network was away stays in the page, and nowhere else in the browser.
        stored = young.evaluate(
            "async () => [localStorage.length, sessionStorage.length,"
            " (await indexedDB.databases()).length, document.cookie.includes('ord')]"
        )
        assert stored == [0, 0, 0, False]
        young.context.set_offline(False)
        clash = young.locator(".form-group:has([name='now.goal']) .clash")
        expect(clash).to_contain_text("Guidens ord")
        expect(young.locator("[name='now.goal']")).to_have_value("Mine egne ord")
        assert answer(story, room, "now.goal") == "Guidens ord"
        clash.get_by_role("button", name="Behold mine").click()
        expect(guide.locator("[name='now.goal']")).to_have_value("Mine egne ord")
        assert answer(story, room, "now.goal") == "Mine egne ord"

        # Typing on after saving is no quarrel with oneself, and "den unge skal" is gently offered as "jeg skal".
        young.locator("[name='now.goal']").fill("Den unge skal i skole")
        young.get_by_role("button", name="“Jeg skal”").click()
        expect(young.locator("[name='now.goal']")).to_have_value("Jeg skal i skole")
        expect(young.locator(".saved")).to_have_text("Alt er gemt.")
        until(young, lambda: answer(story, room, "now.goal") == "Jeg skal i skole")
        expect(young.locator(".clash")).to_have_count(0)

        # A row that somebody else adds is told, not thrown in between.
        add(story, room, room.guide, TOOL, "goals")
        expect(young.locator(".rows-changed")).to_be_visible(timeout=8000)
        young.close()
        guide.close()
    looks = owner.execute(
        "select count(*) from audit_event where event = 'schema.viewed' and actor_id = %s", [room.young.id]
    ).fetchone()
    assert looks == (1,), "following along is one look, not one every three seconds"


def fill_date(page: ChromiumPage, address: str, day: str, month: str) -> None:
    for box, typed in (("day", day), ("month", month), ("year", "2026")):
        page.locator(f"[id='{address}-{box}']").fill(typed)


def test_an_answer_that_cannot_be_saved_keeps_none_of_the_others_back(
    app: Flask, story: Story, room: Room, chromium: Chromium
) -> None:
    with served(app) as at:
        page = opened(chromium, app, story, room, room.guide, at)
        fill_date(page, "now.from", "1", "5")
        fill_date(page, "now.until", "1", "4")
        page.locator("[name='now.goal']").fill("x" * 100_001)
        page.locator("[name='now.strengths']").fill("Heste")
        expect(page.locator(".saved")).to_contain_text("kan ikke gemmes endnu")
        expect(page.locator(".live-fault")).to_have_count(2)
        # The rest goes in a request of its own, after the faults are shown.
        until(page, lambda: answer(story, room, "now.strengths") == "Heste")
        assert answer(story, room, "now.from") == "2026-05-01"
        assert len(page.locator("[name='now.goal']").input_value()) == 100_001, "nothing typed is lost"
        page.locator("[name='now.goal']").fill("Kort")
        fill_date(page, "now.until", "1", "6")
        expect(page.locator(".saved")).to_have_text("Alt er gemt.")
        assert answer(story, room, "now.until") == "2026-06-01"
        page.close()


# Over HTTP


def save(browser: Browser, room: Room, token: str, **given: str) -> Page:
    fields = {"number": "1", "revision": "0", **{name.replace("__", "."): words for name, words in given.items()}}
    return browser.post(f"{path_of(room)}/write", fields, token, headers=JSON)


def test_ten_people_write_for_an_hour_and_every_saving_that_was_taken_is_in_the_history(
    app: Flask, story: Story, room: Room
) -> None:
    """An hour without its pauses: ten people, each saving a growing answer of their own and, between, the same one."""
    people = [room.guide, room.young] + [story.staff(f"Fagperson {number}") for number in range(8)]
    for someone in people[2:]:
        story.add(room, someone)
    rows = [add(story, room, room.guide, TOOL, "goals") for _ in people]
    start = threading.Barrier(len(people))
    batches = 8

    def person(number: int) -> list[tuple[str, str]]:
        browser = Browser(app, story.token(people[number]), thorough=False)
        token = browser.csrf()
        mine, shared, taken = "", "", []
        start.wait()
        for batch in range(batches):
            words = f"{mine} ord-{number}-{batch}".strip()
            at = f"goals.{rows[number]}.words"
            told = save(browser, room, token, **{at: words, f"was.{at}": mine})
            assert told.status == 200, told.everything
            assert json.loads(told.response.data)["clashes"] == []
            mine = words
            taken.append((at, words))
            ours = f"fælles-{number}-{batch}"
            told = save(browser, room, token, now__situation=ours, **{"was.now.situation": shared})
            clashes = json.loads(told.response.data)["clashes"]
            shared = clashes[0]["theirs"] if clashes else ours
            taken.append(("now.situation", ours))
        return taken

    with ThreadPoolExecutor(len(people)) as pool:
        taken = [each for done in pool.map(person, range(len(people))) for each in done]
    page = newest(story, room, room.guide, TOOL)
    lines = story.play(room, room.guide, lambda t: plans_history.history(t, page))
    saved = {(address, after) for line in lines for address, (_before, after) in line.words.items()}
    assert len(taken) == len(people) * batches * 2
    assert set(taken) <= saved
    for number, row in enumerate(rows):
        assert page.answers[f"goals.{row}.words"].split() == [f"ord-{number}-{batch}" for batch in range(batches)]


def test_two_tabs_of_one_person_keep_both_texts(app: Flask, story: Story, room: Room) -> None:
    browser = Browser(app, story.token(room.young))
    first, second = browser.get(f"{path_of(room)}/write"), browser.get(f"{path_of(room)}/write")
    browser.submit(first, "plan-form", **{"now.goal": "I den ene fane"})
    again = browser.submit(second, "plan-form", **{"now.goal": "I den anden fane"})
    assert again.status == 422
    assert "I den ene fane" in again.text
    assert "I den anden fane" in again.text
    done = browser.submit(again, "plan-form", **{"now.goal": "I den anden fane"})
    assert done.status == 303
    assert answer(story, room, "now.goal") == "I den anden fane"


def test_what_was_typed_when_the_session_ended_is_there_again(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"{path_of(room)}/write")
    owner.execute(
        "update login set seen_at = seen_at - interval '2 hours', started_at = started_at - interval '2 hours'"
    )
    sent = browser.submit(page, "plan-form", **{"now.goal": "Skrevet lige før tiden gik"})
    assert sent.status == 303
    assert "/sign-in" in sent.headers["Location"]
    assert answer(story, room, "now.goal") == ""
    browser.client.set_cookie(cookie_of(app), story.token(room.young), domain="localhost")
    again = browser.get(f"{path_of(room)}/write")
    assert "Skrevet lige før tiden gik" in again.text
    browser.submit(again, "plan-form", done="yes")
    assert answer(story, room, "now.goal") == "Skrevet lige før tiden gik"


def test_looking_whether_there_is_news_keeps_nobody_signed_in(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    browser = Browser(app, story.token(room.young))
    token = browser.csrf()
    long_ago = (
        "update login set seen_at = seen_at - interval '5 minutes', started_at = started_at - interval '5 minutes'"
    )
    owner.execute(long_ago)
    seen = owner.execute("select seen_at from login where person_id = %s", [room.young.id]).fetchone()
    live = browser.get(f"{path_of(room)}/live?number=1")
    assert live.status == 200
    browser.post(f"{path_of(room)}/here", {"number": "1", "address": "now.goal"}, token)
    assert owner.execute("select seen_at from login where person_id = %s", [room.young.id]).fetchone() == seen
    assert save(browser, room, token, now__goal="Hej").status == 200
    assert owner.execute("select seen_at from login where person_id = %s", [room.young.id]).fetchone() != seen


def test_a_look_that_finds_nothing_new_sends_nothing(app: Flask, story: Story, room: Room) -> None:
    browser = Browser(app, story.token(room.young))
    first = browser.get(f"{path_of(room)}/live?number=1")
    again = browser.get(f"{path_of(room)}/live?number=1", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.response.data) == (304, b"")
    write(story, room, room.guide, TOOL, now__goal="Nyt")
    news = browser.get(f"{path_of(room)}/live?number=1", headers={"If-None-Match": first.headers["ETag"]})
    assert json.loads(news.response.data)["answers"]["now.goal"] == "Nyt"


def test_whoever_closed_their_page_is_soon_no_longer_said_to_be_there(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    guide, young = Browser(app, story.token(room.guide)), Browser(app, story.token(room.young))
    guide.post(f"{path_of(room)}/here", {"number": "1", "address": "now.goal"}, guide.csrf())
    told = json.loads(young.get(f"{path_of(room)}/live?number=1").response.data)
    assert told["here"] == {"now.goal": "Grete Guide skriver her"}
    owner.execute("update plan_presence set seen_at = %s", [clock.now() - timedelta(seconds=13)])
    assert json.loads(young.get(f"{path_of(room)}/live?number=1").response.data)["here"] == {}
    assert json.loads(guide.get(f"{path_of(room)}/live?number=1").response.data)["here"] == {}, "not one's own"
    rows = owner.execute("select count(*) from audit_event where actor_id = %s and event = 'schema.changed'",
                         [room.guide.id]).fetchone()  # fmt: skip
    assert rows == (0,), "being somewhere changes nothing and leaves no trace"


def test_two_hundred_rows_are_shown_and_the_next_one_is_refused_at_the_form(
    app: Flask, story: Story, room: Room
) -> None:
    def fill(ticket: CaseTicket) -> None:
        from portal.models import PlanVersion

        page = plans.load(ticket, TOOL, next(iter(h for h in ticket.compartments.values() if h.key == "shared")))
        assert page is not None
        ids = " ".join(f"{number:08x}" for number in range(200))
        row = ticket.load(PlanVersion, page.newest.id)
        ticket.seal(row, "answers", json.dumps({"goals": ids}))
        saving.save(open_plan(ticket, TOOL), 1, 0, {"goals.00000001.words": "Et mål"})

    story.play(room, room.guide, fill)
    browser = Browser(app, story.token(room.guide))
    page = browser.get(f"{path_of(room)}/write")
    assert len(page.soup.select("details.plan-row")) == 200
    refused = browser.submit(page, "plan-form", add="goals", **{"goals.000000c7.words": "Det sidste"})
    assert refused.status == 422
    assert "200" in refused.soup.find(id="faults").get_text()
    assert "Det sidste" in refused.text
    assert browser.get(path_of(room)).text.count("Mål ") >= 200


def test_a_responsible_who_left_is_still_named_and_cannot_be_asked(app: Flask, story: Story, room: Room) -> None:
    from portal.access.policy.roles import Level

    left = story.staff("Vera Væk")
    story.add(room, left)
    row = add(story, room, room.guide, TOOL, "agreements", what="Finder en bolig", who=str(room.member(left)))
    story.set_level(room, left, Level.NONE)
    browser = Browser(app, story.token(room.guide))
    page = browser.get(f"{path_of(room)}/write")
    chosen = page.soup.find(id=f"agreements.{row}.who").find("option", selected=True)
    assert chosen.get_text() == "Vera Væk (ikke længere med i sagen)"
    read = browser.follow(browser.submit(page, "plan-form", done="yes"))
    assert "Vera Væk" in read.text, "saving the page does not take the name out"
    refused = browser.submit(read, "/propose")
    assert refused.status == 422
    assert "Vera Væk" in refused.soup.find(id="faults").get_text()


def test_a_session_that_ends_while_somebody_types_loses_nothing(
    app: Flask, story: Story, person: Someone, chromium: Chromium, owner: psycopg.Connection
) -> None:
    """Signed out in the middle of a sentence: it stays in the page, and is sent once its writer has signed in again in
    another tab. Somebody else who signs in there sends nothing of it."""
    room = story.case(person, parents=1)
    begin(story, room, person, TOOL)
    with served(app) as at:
        page = opened(chromium, app, story, room, person, at)
        goal, says = page.locator("[name='now.goal']"), page.locator(".saved")
        goal.fill("Jeg vil")
        expect(says).to_have_text("Alt er gemt.")
        owner.execute(
            "update login set seen_at = seen_at - interval '2 hours', started_at = started_at - interval '2 hours'"
            " where person_id = %s",
            [person.id],
        )
        goal.press_sequentially(" have min egen nøgle")
        expect(says).to_contain_text("Du er logget ud")
        expect(goal).to_have_value("Jeg vil have min egen nøgle")

        # Somebody else uses the same browser meanwhile.
        mine = page.context.cookies()
        page.context.add_cookies([{**cookie(app, story.token(room.young))}])  # type: ignore[list-item]
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(says).to_contain_text("En anden er logget ind")
        assert answer(story, room, "now.goal") == "Jeg vil"
        page.context.clear_cookies()
        page.context.add_cookies(mine)  # type: ignore[arg-type]

        tab = page.context.new_page()
        tab.goto(f"{at}/sign-in")
        tab.locator("input[name=email]").fill(EMAIL)
        tab.locator("input[name=password]").fill(PASSWORD)
        tab.locator("input[name=password]").press("Enter")
        tab.wait_for_url("**/cases/**")
        # The tab in which they signed in has the words too, as not saved yet.
        expect(tab.locator("[name='now.goal']")).to_have_value("Jeg vil have min egen nøgle")
        page.bring_to_front()
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(says).to_have_text("Alt er gemt.")
        assert answer(story, room, "now.goal") == "Jeg vil have min egen nøgle"
        tab.close()
        page.close()


def test_an_answer_that_is_refused_takes_nobody_elses_words_back(app: Flask, story: Story, room: Room) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"{path_of(room)}/write")
    write(story, room, room.guide, TOOL, now__situation="Skrevet imens")
    refused = browser.submit(page, "plan-form", **{"now.goal": "x" * 100_001})
    assert refused.status == 422
    done = browser.submit(refused, "plan-form", **{"now.goal": "Kort"})
    assert done.status == 303
    assert answer(story, room, "now.situation") == "Skrevet imens"
    assert answer(story, room, "now.goal") == "Kort"
