"""Every kind of person at every route, with real requests: what they get is what the matrix says, and no word of a
compartment that is shut to them is in any answer."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal.access.policy.actions import Action, OfficeAction
from portal.access.policy.roles import MATRIX, Level, Standing
from portal.runtime import Runtime
from tests.rules.leaks import browser_of, hidden_from, in_every_run, leaks
from tests.rules.routes import CASE_ROUTES, ROUTES, Route, Target, own
from tests.support.browser import Browser, Page
from tests.support.world import COMPARTMENTS, MEMBERS, NAME, STRANGERS, World

STANDINGS = {
    "guide": (Standing.OWNER, Level.WRITE),
    "colleague": (Standing.PROFESSIONAL, Level.READ),
    "psychiatrist": (Standing.PROFESSIONAL, Level.WRITE),
    "specialist": (Standing.PROFESSIONAL, Level.READ),
    "teacher": (Standing.PROFESSIONAL, Level.READ),
    "waiting": (Standing.PROFESSIONAL, Level.NONE),
    "closed": (Standing.PROFESSIONAL, Level.NONE),
    "young person": (Standing.YOUNG_PERSON, Level.WRITE),
    "custody holder": (Standing.CUSTODY_HOLDER, Level.READ),
    "custody holder shut out": (Standing.CUSTODY_HOLDER, Level.NONE),
    "other parent": (Standing.PARENT, Level.READ),
    "aunt": (Standing.NETWORK_PERSON, Level.READ),
    "neighbour without a yes": (Standing.NETWORK_PERSON, Level.NONE),
}
OFFICES = {
    "administrator": {OfficeAction.ACCOUNTS_MANAGE},
    "leader": {OfficeAction.FIGURES_VIEW},
    "auditor": {OfficeAction.TRACE_VIEW},
    "guide": {OfficeAction.CASE_OPEN},
    "stranger": {OfficeAction.CASE_OPEN},
}
KINDS = ["anonymous", *MEMBERS, *STRANGERS]


OF_A_THING = ("files.show", "files.download", "previews.preview_page", "messages.show", "case.audience_of")


def ask(browser: Browser, route: Route, target: Target, token: str) -> Page:
    path = route.path(target)
    if route.method == "GET":
        return browser.get(path)
    if route.method != "POST":
        return browser.send(route.method, path, headers={"X-CSRFToken": token})
    return browser.post(path, {"submission": str(uuid4())}, token)


def expected(kind: str, route: Route) -> set[int]:
    """The statuses that kind of person may meet at that route."""
    # 204: nothing to show. 404 and 410: the thing asked for is made up or has no scan, which only those who may come
    # this far are told. 412: so is, that an upload in pieces must speak its protocol.
    fine = {200, 204, 303, 422, 404, 410, 412}
    if route.access == "public":
        return fine
    if route.access == "link":
        # Nobody is anybody there but by a link; tests/webdav/test_word_processor_links.py comes by those of every kind.
        return {404}
    if route.access == "token":
        return {404}  # who may come is said by the token, and this one was made up
    if route.access == "page":
        return {404}  # what is sent says of no page whose it is
    if kind == "anonymous":
        return {303}
    if route.access in ("signed_in", "awaiting_second_factor"):
        return fine
    if isinstance(route.access, OfficeAction):
        return fine if route.access in OFFICES.get(kind, set()) else {403}
    if kind not in STANDINGS:
        return {404}
    standing, level = STANDINGS[kind]
    return fine if route.access in MATRIX[standing][level] else {403}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_person_gets_what_the_matrix_says_everywhere(
    kind: str, living_app: Flask, living: Runtime, world: World
) -> None:
    browser, token = browser_of(kind, living_app, living, world)
    hidden = hidden_from(kind, world)
    for route in sorted(ROUTES, key=lambda route: route.endpoint == "signin.out"):
        page = ask(browser, route, own(world), token)
        assert page.status in expected(kind, route), f"{kind} at {route}: {page.status} {page.text[:200]}"
        assert not [word for word in hidden if word in page.everything], f"{kind} at {route}"
        if page.status == 303 and kind == "anonymous" and route.access != "public":
            assert "/sign-in" in page.headers["Location"]


# In other ways, and of other things, than above. Others are asked behind each wall alone, in every run.
@pytest.mark.parametrize("kind", in_every_run("custody holder", at_night=KINDS))
def test_no_answer_holds_a_word_of_a_compartment_that_is_closed(
    kind: str, living_app: Flask, living: Runtime, world: World
) -> None:
    assert leaks(kind, living_app, living, world) == set()


@pytest.mark.parametrize("kind", ["teacher", "aunt", "custody holder", "young person"])
def test_things_in_a_closed_compartment_do_not_exist_for_whoever_sees_the_rest(
    kind: str, living_app: Flask, living: Runtime, world: World
) -> None:
    browser, token = browser_of(kind, living_app, living, world)
    missing = Target(**{**vars(own(world)), "file_id": uuid4(), "thread_id": uuid4(), "compartment_id": uuid4()})
    for compartment in set(COMPARTMENTS) - world.sees[kind]:
        for route in CASE_ROUTES:
            if route.endpoint not in OF_A_THING:
                continue
            hidden = browser.get(route.path(own(world, compartment)))
            nothing = browser.get(route.path(missing))
            assert (hidden.status, hidden.text) == (nothing.status, nothing.text) == (404, nothing.text), (kind, route)
    for compartment in set(COMPARTMENTS) - world.sees[kind]:
        found = browser.post(f"/cases/{world.room.case_id}/search", {"words": world.all_words(compartment)[0]}, token)
        nothing = browser.post(f"/cases/{world.room.case_id}/search", {"words": "findesikke"}, token)
        assert found.text.replace(world.all_words(compartment)[0], "X") == nothing.text.replace("findesikke", "X")


@pytest.mark.parametrize("kind", in_every_run("stranger", "administrator", at_night=[*STRANGERS, "anonymous"]))
def test_a_foreign_case_and_one_that_does_not_exist_answer_alike(
    kind: str, living_app: Flask, living: Runtime, world: World
) -> None:
    browser, token = browser_of(kind, living_app, living, world)
    nowhere = Target(**{**vars(own(world)), "case_id": uuid4()})
    for route in CASE_ROUTES:
        foreign, nothing = ask(browser, route, own(world), token), ask(browser, route, nowhere, token)
        assert foreign.status == nothing.status, (kind, route)
        assert _alike(foreign) == _alike(nothing), (kind, route)


def _alike(page: Page) -> tuple[str, str, object]:
    headers = {k: v for k, v in page.headers.items() if k not in ("X-Request-Id", "Set-Cookie", "Date")}
    return page.text, page.soup.title.get_text() if page.soup.title else "", sorted(headers.items())


def test_head_answers_like_get_without_a_body(living_app: Flask, living: Runtime, world: World) -> None:
    browser, _ = browser_of("teacher", living_app, living, world)
    for compartment in COMPARTMENTS:
        path = f"/cases/{world.room.case_id}/files/{world.files[compartment]}/versions/1"
        head, get = browser.client.head(path), browser.client.get(path)
        assert head.status_code == get.status_code
        assert head.data == b""


def test_the_matrix_covers_every_action_somebody_can_ask_for() -> None:
    granted = {action for levels in MATRIX.values() for actions in levels.values() for action in actions}
    assert granted == set(Action)
    assert {route.access for route in CASE_ROUTES} == set(Action)


def test_an_administrator_sees_no_case(living_app: Flask, living: Runtime, world: World) -> None:
    browser, _ = browser_of("administrator", living_app, living, world)
    for path in ("/office", "/cases", "/"):
        page = browser.follow(browser.get(path))
        assert NAME not in page.everything
        assert str(world.room.case_id) not in page.everything


def test_an_old_address_with_another_cases_things_leads_nowhere(
    living_app: Flask, living: Runtime, world: World
) -> None:
    """The stranger's own case id with this case's file, thread, member and consent ids: no way across."""
    browser, token = browser_of("stranger", living_app, living, world)
    assert world.other is not None
    mixed = Target(**{**vars(own(world)), "case_id": world.other.case_id})
    for route in CASE_ROUTES:
        if "{t." not in repr(route.path(own(world))) and route.path(mixed).count("/") < 4:
            continue
        page = ask(browser, route, mixed, token)
        for compartment in COMPARTMENTS:
            for secret in world.all_words(compartment):
                assert secret not in page.everything, route
        assert NAME not in page.everything, route
        if any(part in route.path(mixed) for part in map(str, _things(world))):
            assert page.status in (404, 403), f"{route}: {page.status}"


def _things(world: World) -> list[UUID]:
    room = world.room
    return [
        *world.files.values(),
        *world.threads.values(),
        *world.compartments.values(),
        *room.members.values(),
        world.consent_id,
    ]
