"""Who comes to the pretended eID, and what they do there."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
import urllib3

from portal.demo.eid import Pretended
from tests.support.browser import Browser, Page, held
from tests.support.story import years_ago

BORN = years_ago(17, 50)


ALMA = Pretended("Alma Prøve", BORN.isoformat(), f"{BORN:%d%m%y}4005")


NOBODY = Pretended("Niels Ukendt", "1980-01-02", "0201800003")


CHILD = Pretended("Barn Prøve", years_ago(12).isoformat(), f"{years_ago(12):%d%m%y}4006")
ULLA = Pretended("Ulla Ung", "2008-01-02", "0201084001")
SAMI = Pretended("Sami Ny", BORN.isoformat(), f"{BORN:%d%m%y}4007")
"""Born on the day that Alma was, and nobody has typed his number."""
RASK = Pretended("Ravn Rask", "1983-05-06", "0605830001")
EVERYBODY = [ALMA, NOBODY, CHILD, ULLA, SAMI, RASK]


def at_the_eid(browser: Browser, page: Page, who: Pretended, **bend: str) -> str:
    """What a person does at the provider; returns the path of the callback they come back to."""
    asked = {k: v[0] for k, v in parse_qs(urlsplit(page.headers["Location"]).query).items()}
    answer = urllib3.request(
        "POST",
        page.headers["Location"].split("?")[0],
        body=urlencode({**asked, "who": who.subject, **bend}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        redirect=False,
    )
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def begin(browser: Browser, national_id: bool = False) -> Page:
    page = browser.get("/sign-in")
    fields = {"csrf_token": held(page.form("/eid/demo"))["csrf_token"]}
    return browser.post("/eid/demo", {"national_id": "1"} if national_id else {}, fields["csrf_token"])


def sign_in(browser: Browser, who: Pretended, national_id: bool = True) -> Page:
    """From the front door to whatever comes of it."""
    return browser.get(at_the_eid(browser, begin(browser, national_id), who))


def lines(owner: psycopg.Connection, event: str) -> list[dict[str, Any]]:
    return [row[0] for row in owner.execute("select fields from audit_event where event = %s", [event])]
