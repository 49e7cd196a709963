"""Two brokers of MitID, played by a certified provider that nobody here wrote (npm oidc-provider)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from portal.settings import Settings
from tests.support.browser import Browser, Page
from tests.support.providers import SECRET, Visitor, free_port, node, signing_key
from tests.support.story import Room, Story, years_ago

BORN = years_ago(17, 50)


CPR = f"{BORN:%d%m%y}4005"


NSIS = "https://data.gov.dk/concept/core/nsis"


@dataclass
class Broker:
    """A provider that can be stopped and started again, with other keys."""

    key: str
    claims: dict[str, list[str]]
    accounts: dict[str, dict[str, Any]]
    port: int = field(default_factory=free_port)
    visitor: Visitor = field(default_factory=Visitor)
    keys: dict[str, dict[str, str]] = field(default_factory=dict)
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, key: str = "first") -> None:
        client = {
            "id": "urn:my:portal",
            "secret": SECRET,
            "redirects": [f"http://localhost/eid/{self.key}/callback"],
            "goodbye": ["http://localhost/sign-in"],
        }
        self._running.enter_context(
            node(
                "mitid.mjs",
                {
                    "port": self.port,
                    "client": client,
                    "jwks": {"keys": [self.keys.setdefault(key, signing_key(key))]},
                    "claims": self.claims,
                    "accounts": self.accounts,
                },
            )
        )

    def stop(self) -> None:
        self._running.close()


def neb() -> Broker:
    def person(born: str, cpr: str, level: str) -> dict[str, Any]:
        return {
            "mitid.date_of_birth": born,
            "mitid.identity_name": "Alma Prøve",
            "loa": f"{NSIS}/{level}",
            "dk.cpr": cpr,
            # What somebody would find who took the dots for a way inwards.
            "dk": {"cpr": "0101011234"},
            "mitid": {"date_of_birth": "2024-01-01"},
        }

    return Broker(
        "neb",
        {"mitid": ["mitid.date_of_birth", "mitid.identity_name", "loa", "dk", "mitid"], "ssn": ["dk.cpr"]},
        {
            "alma": person(BORN.isoformat(), CPR, "Substantial"),
            "alma-low": person(BORN.isoformat(), CPR, "Low"),
            "sami": person(BORN.isoformat(), f"{BORN:%d%m%y}4007", "Substantial"),
            "child": person(years_ago(12).isoformat(), f"{years_ago(12):%d%m%y}4006", "High"),
            "nobody": person("1980-01-02", "0201800003", "High"),
        },
    )


def idura() -> Broker:
    person = {
        "birthdate": BORN.isoformat(),
        "name": "Alma Prøve",
        "authenticationtype": "urn:grn:authn:dk:mitid:substantial",
        "cprNumberIdentifier": CPR,
    }
    low = {**person, "authenticationtype": "urn:grn:authn:dk:mitid:low"}
    return Broker(
        "idura",
        {"openid": ["sub", "birthdate", "name", "authenticationtype"], "ssn": ["cprNumberIdentifier"]},
        {"{alma}": person, "{alma-low}": low},
    )


@pytest.fixture
def brokers() -> Iterator[dict[str, Broker]]:
    made = {broker.key: broker for broker in (neb(), idura())}
    yield made
    for broker in made.values():
        broker.stop()


@pytest.fixture
def portal_settings(portal_settings: Settings, brokers: dict[str, Broker], tmp_path: Path) -> Settings:
    """Two brokers at once, each with one entry of settings."""
    (tmp_path / "secret").write_text(SECRET)
    entries = [
        f"""
        [[provider]]
        preset = "{broker.key}"
        key = "{broker.key}"
        label = "MitID ({broker.key})"
        issuer = "{broker.issuer}"
        client_id = "urn:my:portal"
        client_secret_file = "{tmp_path / "secret"}"
        """
        for broker in brokers.values()
    ]
    (tmp_path / "eid.toml").write_text("\n".join(entries), "utf-8")
    return portal_settings.model_copy(update={"eid_file": tmp_path / "eid.toml"})


@pytest.fixture
def room(story: Story) -> Room:
    """A case about Alma, whose CPR number the guide has typed."""
    return story.case(born=BORN, parents=0, name="Alma Prøve", national_id=CPR)


def begin(browser: Browser, broker: Broker) -> Page:
    page = browser.get("/sign-in")
    return browser.submit(page, f"/eid/{broker.key}")


def sign_in(browser: Browser, broker: Broker, account: str) -> Page:
    """From the front door, through the provider's own pages; the national id is asked for where it is needed."""
    back = broker.visitor.sign_in(begin(browser, broker).headers["Location"], account)
    page = browser.get(back)
    if page.status == 200 and "Første gang" in page.text:
        again = browser.submit(page, "national_id")
        page = browser.get(broker.visitor.sign_in(again.headers["Location"], account))
    return page


def refusals(owner: psycopg.Connection) -> list[tuple[str, str]]:
    rows = owner.execute("select fields from audit_event where event = 'sign_in.refused' order by seq")
    return [(row[0]["method"], row[0]["reason"]) for row in rows]


def has_no_session(browser: Browser) -> bool:
    return browser.get("/cases").status == 303
