"""On the way to a file somebody is asked to sign in, or to show who they are: the file comes, and the page in front of
them is the portal's, not the one they came from."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from portal.access.signin.oidc import OidcClient
from portal.runtime import Runtime
from portal.settings import Settings
from portal.web.guard import declared
from tests.exports.test_exports import packed
from tests.rules.leaks import browser_of
from tests.rules.routes import CASE_ROUTES, own
from tests.support.browser import Browser
from tests.support.eid_server import serve
from tests.support.eid_visitors import ALMA, BORN, EVERYBODY
from tests.support.live import cookie, served
from tests.support.story import PDF, Room, Story
from tests.support.world import World


@pytest.fixture
def room(story: Story) -> Room:
    """A case about Alma, whose CPR number the guide has typed."""
    return story.case(born=BORN, parents=0, name=ALMA.name, national_id=ALMA.national_id)


def test_a_copy_of_the_case_comes_after_a_fresh_proof_at_the_eid(
    app: Flask, story: Story, room: Room, chromium: Chromium, portal_settings: Settings, tmp_path: Path,
    owner: psycopg.Connection,
) -> None:  # fmt: skip
    story.file(room, room.guide, content=PDF)
    made = packed(story, room, room.young, owner)
    token = story.token(room.young)
    owner.execute("update login set fresh_at = fresh_at - interval '11 minutes'")
    with served(app) as at:
        here = portal_settings.model_copy(update={"base_url": type(portal_settings.base_url)(at)})
        with serve(tmp_path / "eid", EVERYBODY, here) as eid:
            app.extensions["eid_clients"] = {"demo": OidcClient(eid.provider, f"{at}/eid/demo/callback")}
            owner.execute(
                "insert into eid_link (id, issuer, subject, person_id, linked_at, came_by) "
                "values (gen_random_uuid(), %s, %s, %s, now(), 'number')", [eid.issuer, ALMA.subject, room.young.id],
            )  # fmt: skip
            context = chromium.new_context(locale="da-DK", viewport={"width": 390, "height": 844})
            context.add_cookies([cookie(app, token)])  # type: ignore[list-item]
            page = context.new_page()
            page.goto(f"{at}/cases/{room.case_id}/copies")
            page.locator(f"a[href$='/copies/case/{made}']").click()
            page.get_by_role("button", name="Bekræft med Prøve-eID").click()
            with page.expect_download() as taken:
                page.get_by_role("button", name="Vær Alma").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Din fil er på vej")
            expect(page, "not the eID's page").to_have_url(f"{at}/fetch")
            assert Path(taken.value.path()).read_bytes().startswith(b"PK")
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 900})
                assert not [one["id"] for one in Axe().run(page).response["violations"]]
            with page.expect_download() as again:
                page.get_by_role("link", name="Kommer den ikke? Hent den her").click()
            assert again.value
        context.close()


def test_a_file_comes_after_signing_in_too(
    app: Flask, story: Story, room: Room, browser: Browser, owner: psycopg.Connection
) -> None:
    """Whoever followed a link to a file with no session, by whatever door they then come in."""
    file_id = story.file(room, room.guide)
    path = f"/cases/{room.case_id}/files/{file_id}/versions/1"
    assert browser.get(path).headers["Location"].startswith("/sign-in")
    with browser.client.session_transaction() as held:
        assert held["to"] == path
    somebody = Browser(app, story.token(room.young))
    owner.execute("update login set fresh_at = fresh_at - interval '11 minutes'")
    made = packed(story, room, room.young, owner)
    copy = f"/cases/{room.case_id}/copies/case/{made}"
    assert somebody.get(copy).headers["Location"] == "/step-up"
    assert somebody.get("/fetch").headers["Location"] == "/", "nothing waits before who they are is shown"


def test_the_page_to_fetch_from_leads_to_files_of_the_portal_alone(app: Flask, story: Story, room: Room) -> None:
    somebody = Browser(app, story.token(room.young))
    for path in ("https://evil.example/x", "//evil.example", f"/cases/{room.case_id}", "/nowhere", "", 'x"><script>'):
        with somebody.client.session_transaction() as held:
            held["fetch"] = path
        assert somebody.get("/fetch").headers["Location"] == "/", path


def test_every_address_that_answers_with_a_file_says_so(living_app: Flask, living: Runtime, world: World) -> None:
    """Found out by asking: an answer that is to be saved never replaces a page."""
    browser, _ = browser_of("guide", living_app, living, world)
    files = set()
    for route in CASE_ROUTES:
        if route.method == "GET":
            page = browser.get(route.path(own(world)))
            if page.headers.get("Content-Disposition", "").startswith("attachment"):
                files.add(route.endpoint)
    assert {"files.download", "plan_papers.version", "plan.blank", "consent_papers.receipt"} <= files
    says = {name for name in living_app.view_functions if (d := declared(living_app, name)) and d.gives_file}
    assert files <= says
