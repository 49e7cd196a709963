"""*Sådan får du besked* in a real browser: a number is given and confirmed on a phone, and the page is clean for those
who do not see it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from portal.runtime import Runtime
from tests.support.live import cookie, served
from tests.support.mails import every_sms, run_jobs
from tests.support.story import Room, Story


def test_a_number_is_given_and_confirmed_on_a_phone_by_whoever_hears_the_page(
    app: Flask, story: Story, room: Room, runtime: Runtime, chromium: Chromium
) -> None:
    with served(app) as address:
        context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="da-DK")
        context.add_cookies([cookie(app, story.token(room.young))])
        page = context.new_page()
        page.goto(f"{address}/me/notices")
        page.get_by_label("Dit mobilnummer").fill("20 00 00 17")
        page.get_by_role("region", name="På SMS").get_by_role("button", name="Send mig en kode").press("Enter")
        expect(page.get_by_label("Koden på 6 tal")).to_be_visible()
        with ThreadPoolExecutor(1) as apart:  # this thread's event loop is the browser's
            apart.submit(run_jobs, runtime).result()
        code = re.search(r"\d{6}", every_sms(runtime)[-1]["text"])
        assert code is not None
        assert Axe().run(page).response["violations"] == []
        page.get_by_label("Koden på 6 tal").fill(code.group())
        page.get_by_role("button", name="Den er min").press("Enter")
        expect(page.get_by_text("Du får besked på +4520000017")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert Axe().run(page).response["violations"] == []
