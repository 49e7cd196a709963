"""Citizens sign in with a national eID: a real provider on a real port, honest first, then as crooked as can be."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import psycopg
import pytest
import urllib3
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from flask import Flask, Response

from portal import clock
from portal.access.roles import Level
from portal.access.signin.oidc import OidcClient
from portal.demo.eid import Pretended
from portal.house import House
from portal.services import cases, team
from portal.services.cases import NewCase
from portal.services.citizens import NewCitizen
from tests.application import lived_in
from tests.browser import Browser, Page, held
from tests.eid_server import EidServer, b64, es256, provider_of, serve
from tests.story import PROFILE, Room, Someone, Story, years_ago

BORN = years_ago(17, 50)
ALMA = Pretended("Alma Prøve", BORN.isoformat(), f"{BORN:%d%m%y}4005")
NOBODY = Pretended("Niels Ukendt", "1980-01-02", "0201800003")
CHILD = Pretended("Barn Prøve", years_ago(12).isoformat(), f"{years_ago(12):%d%m%y}4006")


@pytest.fixture
def eid(portal_settings, tmp_path: Path) -> Iterator[EidServer]:  # type: ignore[no-untyped-def]
    folder = tmp_path / "eid"
    with serve(folder, [ALMA, NOBODY, CHILD], portal_settings) as server:
        yield server


@pytest.fixture
def app(house: House, eid: EidServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    monkeypatch.setattr("portal.views.errors.fault", lambda: pytest.fail("a fault of ours"))
    with lived_in(house) as made:
        client = OidcClient(eid.provider, f"{house.settings.origin}/eid/demo/callback")
        made.extensions["eid_clients"] = {"demo": client}
        yield made


@pytest.fixture
def room(story: Story) -> Room:
    """A case about Alma, whose CPR number the guide has typed."""
    guide = story.guide()
    new = NewCase(NewCitizen(ALMA.name, ALMA.national_id), BORN)
    with story.acting(guide) as actor:
        case_id = cases.open_case(actor, uuid4(), new, PROFILE)
    made = Room(case_id, guide, Someone(uuid4(), ""), [])
    story.refresh(made)
    return made


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


# Honest


def test_the_first_time_the_national_id_is_asked_for_once_and_then_never_again(
    browser: Browser, room: Room, eid: EidServer, owner: psycopg.Connection
) -> None:
    page = sign_in(browser, ALMA, national_id=False)
    assert page.status == 200
    assert "Første gang" in page.text
    again = browser.submit(page, "national_id")
    landed = browser.follow(browser.get(at_the_eid(browser, again, ALMA)))
    assert landed.path == f"/cases/{room.case_id}"
    assert "Alma" in landed.soup.get_text()
    browser.post("/sign-out")
    home = browser.follow(sign_in(browser, ALMA, national_id=False))
    assert home.path == f"/cases/{room.case_id}"
    assert owner.execute("select count(*) from eid_link").fetchone() == (1,)
    assert lines(owner, "signed.in") == [{"method": "eid:demo"}] * 2 or len(lines(owner, "signed.in")) >= 2


def test_the_request_to_the_eid_carries_pkce_state_nonce_and_asks_for_no_more_than_needed(browser: Browser) -> None:
    first = begin(browser)
    asked = parse_qs(urlsplit(first.headers["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert len(asked["state"][0]) >= 32
    assert len(asked["nonce"][0]) >= 32
    assert "ssn" not in asked["scope"][0]
    assert "ssn" in parse_qs(urlsplit(begin(browser, national_id=True).headers["Location"]).query)["scope"][0]


def test_stopping_at_the_eid_is_friendly_and_changes_nothing(browser: Browser, eid: EidServer) -> None:
    page = browser.get(at_the_eid(browser, begin(browser), ALMA, act="stop"))
    assert page.status == 403
    assert "Du kan prøve igen, når du vil" in page.text


def test_somebody_nobody_invited_gets_a_neutral_page(browser: Browser, room: Room) -> None:
    page = browser.follow(sign_in(browser, NOBODY))
    assert page.path == "/eid/code"
    assert "Vi kender dig ikke" in page.text
    assert browser.get("/cases").status == 303


def test_a_code_from_the_guide_lets_somebody_without_a_known_number_in_once(
    browser: Browser, story: Story, app: Flask
) -> None:
    room = story.case()
    code = story.play(room, room.guide, lambda t: team.make_code(t, room.member(room.young)))
    page = browser.follow(sign_in(browser, NOBODY))
    wrong = browser.submit(page, "code", code="AAAA-AAAA-AAAA-AAAA")
    assert wrong.status == 422
    assert "Koden passer ikke" in wrong.text
    typed = f" {code.lower().replace('-', ' ')} "
    landed = browser.follow(browser.submit(wrong, "code", code=typed))
    assert landed.path == f"/cases/{room.case_id}"
    other = Browser(app)
    again = other.submit(other.follow(sign_in(other, CHILD_GROWN)), "code", code=code)
    assert again.status == 422


CHILD_GROWN = replace(NOBODY, name="En anden")


def test_a_code_is_good_for_thirty_days_and_a_new_one_ends_the_old(
    browser: Browser, story: Story, owner: psycopg.Connection
) -> None:
    room = story.case()
    first = story.play(room, room.guide, lambda t: team.make_code(t, room.member(room.young)))
    second = story.play(room, room.guide, lambda t: team.make_code(t, room.member(room.young)))
    page = browser.follow(sign_in(browser, NOBODY))
    assert browser.submit(page, "code", code=first).status == 422
    longest = "select max(expires_at - created_at), max(expires_at) > now() from invitation_code"
    assert owner.execute(longest).fetchone() == (timedelta(days=30), True)
    owner.execute("update invitation_code set expires_at = now()")
    assert browser.submit(page, "code", code=second).status == 422


def test_a_level_that_is_too_low_is_refused_in_plain_words(browser: Browser, room: Room) -> None:
    page = browser.get(at_the_eid(browser, begin(browser, True), ALMA, low="y"))
    assert page.status == 403
    assert "niveau" in page.text
    assert browser.get("/cases").status == 303


def test_somebody_too_young_is_refused_in_plain_words(browser: Browser) -> None:
    page = sign_in(browser, CHILD)
    assert page.status == 403
    assert "for ung" in page.text


def test_a_closed_person_cannot_come_back_in(browser: Browser, room: Room, owner: psycopg.Connection) -> None:
    browser.follow(sign_in(browser, ALMA))
    owner.execute("update person set closed_at = now() where kind = 'citizen'")
    assert browser.get(f"/cases/{room.case_id}").status == 303, "the open session ends at once"
    assert sign_in(browser, ALMA).status == 404


def test_a_session_gets_a_new_token_at_sign_in_and_what_the_browser_held_is_dropped(
    browser: Browser, room: Room, app: Flask
) -> None:
    browser.client.set_cookie("login-80", "planted", domain="localhost")
    before = {c.value for c in browser.client._cookies.values()}  # type: ignore[union-attr]
    browser.follow(sign_in(browser, ALMA))
    held_now = browser.client.get_cookie("login-80", domain="localhost")
    assert held_now is not None
    assert held_now.value not in before
    assert held_now.http_only
    assert held_now.same_site == "Lax"


# The way there and back


def test_an_answer_without_the_browsers_own_state_is_refused(browser: Browser, app: Flask, room: Room) -> None:
    callback = at_the_eid(browser, begin(browser, True), ALMA)
    other = Browser(app)
    other.get("/sign-in")
    assert other.get(callback).status == 403, "begun in another browser"
    assert browser.get(callback).status == 403, "and used up by the attempt"
    assert browser.get("/eid/demo/callback").status == 403
    assert browser.get("/eid/demo/callback?state=x&code=y").status == 403


def test_an_answer_counts_once_and_not_after_ten_minutes(browser: Browser, room: Room, calendar) -> None:  # type: ignore[no-untyped-def]
    callback = at_the_eid(browser, begin(browser, True), ALMA)
    assert browser.get(callback).status == 303
    assert browser.get(callback).status == 403
    browser.post("/sign-out")
    late = at_the_eid(browser, begin(browser, True), ALMA)
    calendar.move(minutes=11)
    assert browser.get(late).status == 403


def test_the_answer_of_one_provider_is_not_taken_for_anothers(browser: Browser, app: Flask, eid: EidServer) -> None:
    other = OidcClient(provider_of(eid.folder, eid.issuer, "other"), "http://localhost/eid/other/callback")
    app.extensions["eid_clients"]["other"] = other
    callback = at_the_eid(browser, begin(browser, True), ALMA)
    assert browser.get(callback.replace("/eid/demo/", "/eid/other/")).status == 403
    callback = at_the_eid(browser, begin(browser, True), ALMA)
    assert browser.get(callback.replace("iss=", "iss=https%3A%2F%2Fevil.example%2F&old=")).status == 403


# Crooked


def bent(**claims: Any) -> Callable[[EidServer], None]:
    def bend(server: EidServer) -> None:
        server.bend_claims = lambda real: {k: v for k, v in {**real, **claims}.items() if v is not ...}

    return bend


def header(**fields: Any) -> Callable[[EidServer], None]:
    def bend(server: EidServer) -> None:
        server.bend_header = lambda real: {k: v for k, v in {**real, **fields}.items() if v is not ...}

    return bend


def unsigned(server: EidServer) -> None:
    header(alg="none")(server)
    server.sign = lambda _data: b""


def signed_with_the_public_key(shape: str) -> Callable[[EidServer], None]:
    def bend(server: EidServer) -> None:
        key = load_pem_private_key((server.folder / "eid-key.pem").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        public = key.public_key()
        secret = {
            "pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "der": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "jwk": json.dumps({"kty": "EC"}).encode(),
        }[shape]
        header(alg="HS256")(server)
        server.sign = lambda data: hmac.digest(secret, data, hashlib.sha256)

    return bend


def signed_by_somebody_else(server: EidServer) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    server.sign = lambda data: es256(key, data)


def key_in_the_token(server: EidServer) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": b64(numbers.x.to_bytes(32, "big")),
        "y": b64(numbers.y.to_bytes(32, "big")),
    }
    header(jwk=jwk, kid=...)(server)
    server.sign = lambda data: es256(key, data)


def another_person_in_userinfo(server: EidServer) -> None:
    server.bend_userinfo = lambda claims: {**claims, "sub": "somebody-else"}


def huge_token(server: EidServer) -> None:
    bent(padding="x" * 1_000_000)(server)


def soon() -> int:
    return int(clock.now().timestamp())


CROOKED: dict[str, Callable[[EidServer], None]] = {
    "nonce of another sign-in": bent(nonce="another"),
    "nonce missing": bent(nonce=...),
    "audience somebody else": bent(aud="another-portal"),
    "audience missing": bent(aud=...),
    "audience a list without azp": bent(aud=["portal-demo", "another"]),
    "azp somebody else": bent(azp="another-portal"),
    "issuer somebody else": bent(iss="https://evil.example"),
    "issuer missing": bent(iss=...),
    "subject missing": bent(sub=...),
    "subject empty": bent(sub=""),
    "subject a number": bent(sub=7),
    "subject enormous": bent(sub="x" * 300),
    "expired": bent(exp=1_600_000_000),
    "expiry missing": bent(exp=...),
    "expiry infinite": bent(exp=float("inf")),
    "expiry words": bent(exp="never"),
    "expiry true": bent(exp=True),
    "issued in the future": bent(iat=4_000_000_000),
    "issued long ago": bent(iat=1_600_000_000),
    "issued missing": bent(iat=...),
    "not valid yet": bent(nbf=4_000_000_000),
    "wrong hash of the access token": bent(at_hash=b64(b"0" * 16)),
    "level missing": bent(loa=...),
    "level not a string": bent(loa=["https://data.gov.dk/concept/core/nsis/Substantial"]),
    "algorithm none": unsigned,
    "symmetric algorithm with the public key as PEM": signed_with_the_public_key("pem"),
    "symmetric algorithm with the public key as DER": signed_with_the_public_key("der"),
    "symmetric algorithm with the public key as JWK": signed_with_the_public_key("jwk"),
    "signed by somebody else": signed_by_somebody_else,
    "brings its own key": key_in_the_token,
    "points to a key": header(jku="https://evil.example/jwks"),
    "unknown key id": header(kid="unknown"),
    "claims to be critical": header(crit=["exp"]),
    "a logout token": header(typ="logout+jwt"),
    "another algorithm": header(alg="PS256"),
    "userinfo about somebody else": another_person_in_userinfo,
    "a megabyte of token": huge_token,
}


@pytest.mark.parametrize("trick", CROOKED)
def test_no_trick_with_the_token_opens_a_session(
    trick: str, browser: Browser, eid: EidServer, room: Room, owner: psycopg.Connection
) -> None:
    CROOKED[trick](eid)
    page = sign_in(browser, ALMA)
    assert page.status == 403, trick
    assert "logget på" in page.text
    assert browser.get("/cases").status == 303, "no session"
    assert owner.execute("select count(*) from eid_link").fetchone() == (0,)
    refused = lines(owner, "sign_in.refused")
    assert len(refused) == 1
    assert refused[0]["method"] == "eid:demo"


def test_the_tricks_above_fail_for_their_own_sake(browser: Browser, eid: EidServer, room: Room) -> None:
    """The same road with an honest provider opens a session."""
    assert sign_in(browser, ALMA).status == 303


def test_a_renewed_key_is_found_without_waiting(browser: Browser, app: Flask, eid: EidServer, room: Room) -> None:
    client = app.extensions["eid_clients"]["demo"]
    assert sign_in(browser, ALMA).status == 303
    browser.post("/sign-out")
    client._keys = [{**key, "kid": "old"} for key in client._keys]
    client._fetched -= 60
    assert sign_in(browser, ALMA).status == 303


# Away


def _slow() -> Response:
    return Response("", 500)


@pytest.mark.parametrize("where", ["/token", "/userinfo", "/jwks"])
def test_an_eid_that_fails_half_way_is_a_clear_page_and_no_session(
    where: str, browser: Browser, eid: EidServer, room: Room
) -> None:
    started = begin(browser, True)
    callback = at_the_eid(browser, started, ALMA)
    eid.answer_instead[where] = _slow
    browser.app.extensions["eid_clients"]["demo"]._fetched = -1e9
    page = browser.get(callback)
    assert page.status == 403
    assert "eID svarer ikke" in page.text
    assert browser.get("/cases").status == 303


def test_an_eid_that_is_away_keeps_professionals_working(app: Flask, browser: Browser, story: Story) -> None:
    provider = provider_of(Path("/nowhere"), "http://127.0.0.1:9")
    app.extensions["eid_clients"] = {"demo": OidcClient(provider, "http://localhost/eid/demo/callback")}
    page = begin(browser)
    assert page.status == 403
    assert "eID svarer ikke" in page.text
    guide = Browser(app, story.token(story.guide()))
    assert guide.get("/cases").status == 200


@pytest.mark.parametrize(
    "answer",
    [
        lambda: Response("not json", 200),
        lambda: Response("[1]", 200),
        lambda: Response("x" * 300_000, 200),
        lambda: Response("", 302, {"Location": "http://127.0.0.1:9/"}),
        lambda: Response('{"issuer": "https://evil.example"}', 200),
    ],
)
def test_metadata_that_cannot_be_trusted_is_a_refusal_page(
    answer: Callable[[], Response], browser: Browser, eid: EidServer
) -> None:
    eid.answer_instead["/.well-known/openid-configuration"] = answer
    assert begin(browser).status == 403


def test_a_plain_http_endpoint_outside_this_machine_is_not_used(browser: Browser, eid: EidServer) -> None:
    eid.bend_metadata = lambda m: {**m, "authorization_endpoint": "http://evil.example/authorize"}
    assert begin(browser).status == 403


def test_story_dates_are_sane() -> None:
    assert date.fromisoformat(ALMA.birth_date) < clock.now().date() - timedelta(days=365 * 16)
    assert Level.READ
