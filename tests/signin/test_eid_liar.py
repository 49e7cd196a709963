"""A provider that lies (npm oauth2-mock-server): each lie is a plain page, no session, a line in the trace, and never a
fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
import pytest
import urllib3
from flask import Flask

from portal import clock
from portal.runtime import Runtime
from portal.settings import Settings
from tests.support.application import app_for
from tests.support.browser import Browser, Page
from tests.support.providers import SECRET, Liar, free_port, node
from tests.support.story import Room, Story, years_ago

BORN = years_ago(17, 50)
CPR = f"{BORN:%d%m%y}4005"
HONEST = {
    "loa": "https://data.gov.dk/concept/core/nsis/Substantial",
    "mitid.date_of_birth": BORN.isoformat(),
    "dk.cpr": CPR,
}


@pytest.fixture(scope="module")
def liars() -> Iterator[list[Liar]]:
    """Two of them, for what one could pass off as the other's."""
    first, second = Liar(free_port()), Liar(free_port())
    plays = [{"port": one.port, "claims": HONEST} for one in (first, second)]
    with node("liar.mjs", plays[0]), node("liar.mjs", plays[1]):
        yield [first, second]


@pytest.fixture
def liar(liars: list[Liar]) -> Liar:
    for one in liars:
        one.bend()
    return liars[0]


@pytest.fixture
def portal_settings(portal_settings: Settings, liars: list[Liar], tmp_path: Path) -> Settings:
    (tmp_path / "secret").write_text(SECRET)
    entries = [
        f"""
        [[provider]]
        preset = "neb"
        key = "{key}"
        label = "MitID {key}"
        issuer = "{one.issuer}"
        client_id = "portal"
        client_secret_file = "{tmp_path / "secret"}"
        national_id_scopes = []
        """
        for key, one in zip(("one", "two"), liars, strict=True)
    ]
    (tmp_path / "eid.toml").write_text("\n".join(entries), "utf-8")
    return portal_settings.model_copy(update={"eid_file": tmp_path / "eid.toml"})


@pytest.fixture
def app(runtime: Runtime, liar: Liar, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    monkeypatch.setattr("portal.web.error_pages.fault", lambda: pytest.fail("a fault of ours"))
    monkeypatch.setattr("portal.access.signin.oidc._PATIENCE", 1)
    with app_for(runtime) as made:
        yield made


@pytest.fixture
def room(story: Story) -> Room:
    return story.case(born=BORN, parents=0, name="Alma Prøve", national_id=CPR)


def begin(browser: Browser, key: str = "one") -> Page:
    return browser.submit(browser.get("/sign-in"), f"/eid/{key}")


def there_and_back(page: Page) -> str:
    """The provider answers at once: the address of the callback."""
    answer = urllib3.request("GET", page.headers["Location"], redirect=False)
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def assert_refused(browser: Browser, page: Page, owner: psycopg.Connection, reason: str, key: str = "one") -> None:
    assert page.status == 403
    assert "logget på" in page.text
    for inner in ("Traceback", "jose", "JWT", "token"):
        assert inner not in page.text
    assert browser.get("/cases").status == 303, "no session"
    assert owner.execute("select count(*) from login where method like 'eid:%%'").fetchone() == (0,)
    assert owner.execute("select count(*) from eid_link").fetchone() == (0,)
    rows = owner.execute("select fields from audit_event where event = 'sign_in.refused'").fetchall()
    assert rows == [({"method": f"eid:{key}", "reason": reason},)]


def test_the_lies_below_fail_for_their_own_sake(browser: Browser, room: Room) -> None:
    """The same road with the same provider, while it tells the truth, opens a session."""
    assert browser.get(there_and_back(begin(browser))).status == 303
    assert browser.get(f"/cases/{room.case_id}").status == 200


NOW = int(clock.now().timestamp())
LIES: dict[str, tuple[str, dict[str, Any]]] = {
    "state of somebody else": ("state", {"redirect": {"state": "another"}}),
    "no state": ("state", {"redirect": {"state": None}}),
    "no code": ("answer", {"redirect": {"code": None}}),
    "names another issuer": ("issuer", {"redirect": {"iss": "https://evil.example"}}),
    "nonce of another sign-in": ("nonce", {"claims": {"nonce": "another"}}),
    "no nonce": ("nonce", {"claims": {"nonce": None}}),
    "nonce a number": ("nonce", {"claims": {"nonce": 7}}),
    "audience somebody else": ("token", {"claims": {"aud": "another-portal"}}),
    "no audience": ("token", {"claims": {"aud": None}}),
    "audience two, without azp": ("azp", {"claims": {"aud": ["portal", "another"]}}),
    "azp somebody else": ("azp", {"claims": {"azp": "another"}}),
    "issuer somebody else": ("token", {"claims": {"iss": "https://evil.example"}}),
    "no issuer": ("token", {"claims": {"iss": None}}),
    "no subject": ("token", {"claims": {"sub": None}}),
    "algorithm none": ("algorithm", {"header": {"alg": "none"}, "sign": "none"}),
    "algorithm none in capitals": ("algorithm", {"header": {"alg": "NONE"}, "sign": "none"}),
    "HS256 with the public key as PEM": ("algorithm", {"header": {"alg": "HS256"}, "sign": "hs-pem"}),
    "HS256 with the public key as DER": ("algorithm", {"header": {"alg": "HS256"}, "sign": "hs-der"}),
    "HS256 with the public key as JWK": ("algorithm", {"header": {"alg": "HS256"}, "sign": "hs-jwk"}),
    "signed by another": ("token", {"sign": "another"}),
    "unknown kid": ("key", {"header": {"kid": "unknown"}}),
    "expired": ("token", {"claims": {"exp": NOW - 3600}}),
    "issued in the future": ("times", {"claims": {"iat": NOW + 3600}}),
    "issued long ago": ("times", {"claims": {"iat": NOW - 3600}}),
    "not valid before tomorrow": ("token", {"claims": {"nbf": NOW + 86400}}),
    "no expiry": ("token", {"claims": {"exp": None}}),
    "expiry infinite": ("token", {"claims": {"exp": "@"}, "raw": [['"@"', "Infinity"]]}),
    "expiry beyond all numbers": ("token", {"claims": {"exp": "@"}, "raw": [['"@"', "1e999"]]}),
    "expiry words": ("token", {"claims": {"exp": "never"}}),
    "expiry a number as words": ("times", {"claims": {"exp": str(NOW + 86_400)}}),
    "identified two days ago": ("not_anew", {"claims": {"auth_time": NOW - 172_800}}),
    "does not say when": ("not_anew", {"claims": {"auth_time": None}}),
    "says when in UserInfo alone": ("not_anew", {"claims": {"auth_time": None}, "userinfo": {"auth_time": NOW + 5}}),
    "identified tomorrow": ("times", {"claims": {"auth_time": NOW + 86_400}}),
    "identified before time began": ("not_anew", {"claims": {"auth_time": -5}}),
    "identified beyond all numbers": ("times", {"claims": {"auth_time": "@"}, "raw": [['"@"', "1e999"]]}),
    "identified in words": ("times", {"claims": {"auth_time": "just now"}}),
    "identified without an offset": ("times", {"claims": {"auth_time": "2026-01-01T10:00:00"}}),
    "identified true": ("times", {"claims": {"auth_time": True}}),
    "identified in a list": ("times", {"claims": {"auth_time": [NOW]}}),
    "critical": ("header", {"header": {"crit": ["exp"]}}),
    "a logout token": ("header", {"header": {"typ": "logout+jwt"}}),
    "brings its own key": ("header", {"sign": "embedded"}),
    "points to a key": ("header", {"header": {"jku": "https://evil.example/keys"}}),
    "wrong hash of the access token": ("token", {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}}),
    "a megabyte of token": ("answer", {"claims": {"padding": "x" * 1_000_000}}),
    "a token just too large": ("token_size", {"claims": {"padding": "x" * 20_000}}),
    "userinfo about somebody else": ("userinfo_sub", {"userinfo": {"sub": "somebody-else"}}),
    "userinfo about nobody": ("userinfo_sub", {"userinfo": {"sub": None}}),
    "userinfo in words": ("answer", {"paths": {"/userinfo": "words"}}),
    "no level": ("level", {"claims": {"loa": None}, "userinfo": {"loa": None}}),
    "a level in a list": ("level", {"claims": {"loa": [HONEST["loa"]]}}),
    "no birth date": (
        "age_unknown",
        {"claims": {"mitid.date_of_birth": None}, "userinfo": {"mitid.date_of_birth": None}},
    ),
    "a birth date inside another claim": (
        "age_unknown",
        {
            "claims": {"mitid.date_of_birth": None, "mitid": {"date_of_birth": "1990-01-01"}},
            "userinfo": {"mitid.date_of_birth": None},
        },
    ),
    "token endpoint in pieces": ("away", {"paths": {"/token": "error"}}),
    "token endpoint leads elsewhere": ("answer", {"paths": {"/token": "redirect"}}),
    "token endpoint huge": ("answer", {"paths": {"/token": "huge"}}),
    "keys in pieces": ("away", {"paths": {"/jwks": "error"}}),
    "keys without end": ("away", {"paths": {"/jwks": "drip"}}),
    "keys huge": ("answer", {"paths": {"/jwks": "huge"}}),
    "keys lead elsewhere": ("answer", {"paths": {"/jwks": "redirect"}}),
    "keys in words": ("answer", {"paths": {"/jwks": "words"}}),
}


@pytest.mark.parametrize("lie", LIES)
def test_no_lie_opens_a_session(lie: str, browser: Browser, liar: Liar, room: Room, owner: psycopg.Connection) -> None:
    reason, bend = LIES[lie]
    page = begin(browser)
    liar.bend(**bend)
    if any(path == "/jwks" for path in bend.get("paths", {})):
        browser.app.extensions["eid_clients"]["one"]._fetched = -1e9  # half an hour later
    assert_refused(browser, browser.get(there_and_back(page)), owner, reason)


def test_keys_that_never_come_are_not_waited_for_for_long(
    browser: Browser, liar: Liar, room: Room, owner: psycopg.Connection
) -> None:
    page = begin(browser)
    liar.bend(paths={"/jwks": "slow"})
    client = browser.app.extensions["eid_clients"]["one"]
    client._http.connection_pool_kw["timeout"] = urllib3.Timeout(connect=1, read=1)
    client._http.clear()
    client._fetched = -1e9
    assert_refused(browser, browser.get(there_and_back(page)), owner, "away")


def test_the_answer_of_one_provider_is_not_taken_for_the_others(
    browser: Browser, liars: list[Liar], room: Room, owner: psycopg.Connection
) -> None:
    """Mix-up: sent to one, brought back to the callback of the other, with the state that was given out."""
    callback = there_and_back(begin(browser, "one"))
    page = browser.get(callback.replace("/eid/one/", "/eid/two/"))
    assert_refused(browser, page, owner, "state", "two")


def test_a_token_of_one_provider_is_worth_nothing_from_the_other(
    browser: Browser, liars: list[Liar], room: Room, owner: psycopg.Connection
) -> None:
    page = begin(browser, "two")
    liars[1].bend(claims={"iss": liars[0].issuer})
    assert_refused(browser, browser.get(there_and_back(page)), owner, "token", "two")


def test_a_callback_of_another_browser_opens_nothing_here_and_nothing_there(
    browser: Browser, liar: Liar, room: Room, app: Flask, owner: psycopg.Connection
) -> None:
    callback = there_and_back(begin(browser))
    other = Browser(app)
    other.get("/sign-in")
    assert_refused(other, other.get(callback), owner, "state")
    assert browser.get(callback).status == 403, "and it is used up"


def test_whoever_confirms_with_a_strangers_eid_does_not_take_the_stranger_in(
    app: Flask, story: Story, room: Room, liar: Liar, owner: psycopg.Connection
) -> None:
    """The eID answers for Alma, who was invited by her number and has never been here: she must come in herself."""
    somebody = Browser(app, story.token(story.case(name="Bo Anden").young))
    page = somebody.get(there_and_back(somebody.submit(somebody.get("/step-up"), "/step-up/eid/one")))
    assert page.status == 403
    assert owner.execute("select count(*) from eid_link").fetchone() == (0,)
    rows = owner.execute("select fields from audit_event where event = 'sign_in.refused'").fetchall()
    assert rows == [({"method": "eid:one", "reason": "other_person"},)]
    assert somebody.get(f"/cases/{room.case_id}").status == 404


def test_a_callback_counts_once(browser: Browser, liar: Liar, room: Room, owner: psycopg.Connection) -> None:
    callback = there_and_back(begin(browser))
    assert browser.get(callback).status == 303
    browser.post("/sign-out")
    assert browser.get(callback).status == 403
    second = urlsplit(there_and_back(begin(browser)))
    old = parse_qs(urlsplit(callback).query)["code"][0]
    mixed = {**{k: v[0] for k, v in parse_qs(second.query).items()}, "code": old}
    assert browser.get(f"{second.path}?{urlencode(mixed)}").status == 403, "an old code with a new state"
    assert browser.get("/cases").status == 303
