"""On a phone a page is what it says: the frame around it is low, what has the focus is not hidden, nothing is cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from portal.runtime import Runtime
from tests.rules.leaks import in_every_run
from tests.rules.routes import CASE_ROUTES, own
from tests.support.live import cookie, served
from tests.support.story import Story
from tests.support.world import World

PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 640}
MOST = 0.20
"""Of a phone's height, for the head of a case and the bar with its doors."""

BOTH = ("young person", "guide")
PLACES = ("", "/plan", "/plan/goals_and_agreements/write", "/files", "/messages", "/people", "/log", "/messages/new")
FOCUSED = [
    *(f"young person {rest}" for rest in ("", "/plan/goals_and_agreements/write", "/people", "/messages/new")),
    *(f"guide {rest}" for rest in ("/plan", "/plan/goals_and_agreements/write", "/files", "/messages", "/log")),
]
"""Where the two of them have pages that differ most, in every run; everywhere at night."""

HEAD = """() => {
    const doors = document.querySelector('.doors');
    if (!doors || !document.querySelector('.case')) return null;
    const head = document.querySelector('.case').getBoundingClientRect().bottom + window.scrollY;
    return (head + (getComputedStyle(doors).position === 'fixed' ? doors.offsetHeight : 0)) / window.innerHeight;
}"""
COVERED = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return 'end';
    const box = one.getBoundingClientRect();
    const over = [...document.querySelectorAll('.doors, .plan-save')].filter(bar => !bar.contains(one)
        && ['fixed', 'sticky'].includes(getComputedStyle(bar).position)).map(bar => bar.getBoundingClientRect());
    const met = over.filter(bar => bar.top < box.bottom && bar.bottom > box.top);
    const low = Math.min(innerHeight, ...met.map(bar => bar.top));
    const what = `${one.tagName} ${one.id || one.name || one.textContent.trim().slice(0, 40)}`;
    // What is taller than the room there is shows at least where it begins; a long field where one writes.
    const long = box.height > low || one.tagName === 'TEXTAREA';
    const hidden = box.top < -1 || (long ? box.top > low - 30 : box.bottom > low + 1);
    return hidden ? `${what} lies at ${Math.round(box.top)} to ${Math.round(box.bottom)} of ${Math.round(low)}` : '';
}"""

LOOK = """(one, marks) => {
    one.parentElement.classList.add(...marks);
    return [getComputedStyle(one).backgroundImage, getComputedStyle(one).appearance];
}"""


@pytest.fixture
def address(living_app: Flask) -> Iterator[str]:
    with served(living_app) as at:
        yield at


def held_by(kind: str, chromium: Chromium, app: Flask, living: Runtime, world: World, size: dict[str, int]) -> Page:
    context = chromium.new_context(locale="da-DK", viewport=size)  # type: ignore[arg-type]
    context.add_cookies([cookie(app, Story(living).token(world.people[kind]))])  # type: ignore[list-item]
    return context.new_page()


@pytest.mark.parametrize(
    "kind",
    in_every_run("young person", at_night=["young person", "guide", "custody holder", "teacher"]),
)
def test_the_head_and_the_bar_of_every_page_of_a_case_take_a_fifth_of_a_phone_at_most(
    kind: str, chromium: Chromium, address: str, living_app: Flask, living: Runtime, world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Also where the line above says that this is a demo."""
    monkeypatch.setitem(living_app.jinja_env.globals, "is_demo", True)
    page = held_by(kind, chromium, living_app, living, world, PHONE)
    measured: dict[str, float] = {}
    for route in CASE_ROUTES:
        if route.method != "GET":
            continue
        path = route.path(own(world))
        answer = page.request.get(f"{address}{path}", max_redirects=0)
        if answer.status != 200 or "text/html" not in answer.headers["content-type"]:
            continue
        page.goto(f"{address}{path}")
        share = page.evaluate(HEAD)
        if share is not None:
            measured[path.replace(str(world.room.case_id), "*")] = share
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px wider than the screen"
    page.context.close()
    assert len(measured) > (40 if kind == "guide" else 10), measured
    high = {path: round(share, 3) for path, share in measured.items() if share > MOST}
    assert not high


def test_a_long_name_keeps_the_head_low(chromium: Chromium, app: Flask, story: Story) -> None:
    room = story.case(name="Alexandrine-Margrethe Ketelsen Hovmand-Thorvaldsen", parents=1)
    with served(app) as at:
        for who in (room.guide, room.young):
            context = chromium.new_context(locale="da-DK", viewport=PHONE)  # type: ignore[arg-type]
            context.add_cookies([cookie(app, story.token(who))])  # type: ignore[list-item]
            page = context.new_page()
            page.goto(f"{at}/cases/{room.case_id}")
            assert page.evaluate(HEAD) <= MOST
            context.close()


@pytest.mark.parametrize("at", in_every_run(*FOCUSED, at_night=[f"{k} {r}" for k in BOTH for r in PLACES]))
def test_what_has_the_focus_is_never_under_the_bar(
    at: str, chromium: Chromium, address: str, living_app: Flask, living: Runtime, world: World
) -> None:
    """WCAG 2.2, 2.4.11, and more than it asks: whole, not only in part. By keyboard, forwards and back."""
    kind, rest = at.rsplit(" ", 1)
    page = held_by(kind, chromium, living_app, living, world, SMALL)
    page.goto(f"{address}/cases/{world.room.case_id}{rest}")
    hidden, stops = [], 0
    for key in ("Tab", "Shift+Tab"):
        for _ in range(150):
            page.keyboard.press(key)
            found = page.evaluate(COVERED)
            if found == "end":
                break
            stops += 1
            if found:
                page.wait_for_timeout(500)  # what scrolls there may be on its way
                if found := page.evaluate(COVERED):
                    hidden.append(f"{key}: {found}")
    page.context.close()
    assert stops > 20
    assert not hidden


def test_what_one_chooses_from_has_its_arrow_and_a_day_its_calendar(
    chromium: Chromium, address: str, living_app: Flask, living: Runtime, world: World
) -> None:
    """A shorthand for a background would wipe out the arrow, as it once did; also where somebody else is writing."""
    page = held_by("guide", chromium, living_app, living, world, PHONE)
    met = 0
    for rest in (
        "/plan/goals_and_agreements/write",
        "/plan/network_map/write",
        "/files",
        "/files/new",
        "/messages/new",
    ):
        page.goto(f"{address}/cases/{world.room.case_id}{rest}")
        for one in page.locator("select").all():
            met += 1
            for marks in ((), ("is-here", "just-came")):
                look = one.evaluate(LOOK, marks)
                assert look[1] != "none" or "url(" in look[0], f"{rest}: {one.get_attribute('name')} {marks} {look}"
    assert met > 5
    page.context.close()
    context = chromium.new_context(locale="da-DK", viewport=PHONE)  # type: ignore[arg-type]
    context.add_cookies([cookie(living_app, Story(living).token(world.people["auditor"]))])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(f"{address}/trace")
    look = page.locator("input[type=date]").first.evaluate("e => getComputedStyle(e).appearance")
    context.close()
    assert look != "none"
