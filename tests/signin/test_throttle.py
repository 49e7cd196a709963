"""Guessing is slow for whoever guesses, and shuts nobody out for good."""

from __future__ import annotations

import socket
import threading

import psycopg
import pytest
from flask import Flask

from portal.access.signin import passwords, throttle
from portal.access.signin.throttle import TooMany
from portal.errors import InvalidInput
from portal.runtime import Runtime
from portal.services.accounts import invitations
from tests.signin.test_professionals_sign_in import invited_token, sign_in
from tests.support.browser import Browser
from tests.support.screen_fixtures import EMAIL, PASSWORD
from tests.support.story import Someone, Story


def tries(runtime: Runtime, email: str, count: int, address: str = "192.0.2.1", device: str = "") -> list[float]:
    """What that many tries in a row meet: 0 for looked at, else the seconds to wait."""
    met = []
    for _ in range(count):
        with runtime.new_session() as session:
            try:
                throttle.begin_try(session, runtime.keyring, email, address, device)
                met.append(0)
            except TooMany as problem:
                met.append(problem.wait)
    return met


def test_an_account_is_tried_five_times_a_minute_known_or_not(browser: Browser, person: Someone) -> None:
    for email in (EMAIL, "ingen@testby.example"):
        pages = [sign_in(browser, email, "helt forkert kode") for _ in range(6)]
        assert [page.status for page in pages] == [422] * 5 + [429]
        assert "Vent" in pages[-1].text
        assert 1 <= int(pages[-1].headers["Retry-After"]) <= 60
    assert sign_in(browser, EMAIL, PASSWORD).status == 429, "the right password is not looked at either"


def test_a_network_fails_twenty_times_a_minute(runtime: Runtime) -> None:
    met = [tries(runtime, f"a{n}@testby.example", 1, address=f"192.0.2.{n}")[0] for n in range(22)]
    assert met[:20] == [0] * 20
    assert all(met[20:])
    assert tries(runtime, "b@testby.example", 1, address="198.51.100.7") == [0]
    assert tries(runtime, "c@testby.example", 1, address="2001:db8::1") == [0]


@pytest.mark.parametrize(
    "written", ["::ffff:{}", "::FFFF:{}", "::ffff:{hex}", "64:ff9b::{}", "2002:{hex}::1"],
    ids=["mapped", "mapped, in capitals", "mapped, in hexadecimal", "translated", "6to4"],
)  # fmt: skip
def test_an_ipv4_address_is_one_network_however_it_is_written(written: str, runtime: Runtime) -> None:
    """A socket bound to [::] writes every IPv4 address as one of IPv6; one noisy network must not stop the others."""

    def address(v4: str) -> str:
        parts = [int(part) for part in v4.split(".")]
        return written.format(v4, hex=f"{parts[0] * 256 + parts[1]:x}:{parts[2] * 256 + parts[3]:x}")

    met = [tries(runtime, f"a{n}@testby.example", 1, address=address(f"192.0.2.{n}"))[0] for n in range(22)]
    assert met[:20] == [0] * 20
    assert all(met[20:])
    assert tries(runtime, "b@testby.example", 1, address=address("198.51.100.7")) == [0]
    assert tries(runtime, "c@testby.example", 1, address="192.0.2.77") != [0], (
        "and the same one written plainly is it too"
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("::1", "127.0.0.1", False),
        ("::ffff:10.0.0.1", "10.0.0.200", True),
        ("", "not an address", True),
        ("192.0.2.1:50123", "192.0.2.9", True),
        ("[2001:db8:1:2::1]:50123", "2001:db8:1:2::9", True),
        ("198.51.100.1:443", "192.0.2.1:443", False),
    ],
)
def test_which_addresses_are_one_network(one: str, other: str, same: bool) -> None:
    assert (throttle.network(one) == throttle.network(other)) is same


def test_a_portal_that_listens_on_both_counts_networks_and_not_all_of_ipv4_as_one(runtime: Runtime) -> None:
    """What a real socket on [::] says of a visitor over IPv4."""
    with (
        socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as door,
        socket.create_connection(("127.0.0.1", door.getsockname()[1])),
        door.accept()[0] as visitor,
    ):
        address = visitor.getpeername()[0]
    assert address == "::ffff:127.0.0.1"
    assert throttle.network(address) == "127.0.0.0/24"


def test_many_at_once_get_no_more_than_one_after_the_other(runtime: Runtime) -> None:
    met: list[float] = []
    gate = threading.Barrier(20)

    def one() -> None:
        gate.wait()
        met.extend(tries(runtime, EMAIL, 1))

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(wait == 0 for wait in met) == 5


def test_waits_grow_to_thirty_seconds() -> None:
    assert [throttle.wait_after(failures) for failures in range(12)] == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30]


def test_after_a_hundred_failures_within_a_day_no_more_are_looked_at(runtime: Runtime, calendar) -> None:  # type: ignore[no-untyped-def]
    looked_at = 0
    for _ in range(130):
        calendar.move(seconds=31)
        looked_at += tries(runtime, EMAIL, 1) == [0]
    assert looked_at == 100
    calendar.move(hours=23, minutes=30)
    assert tries(runtime, EMAIL, 1) == [0], "and nobody is locked out for good"


def test_signing_in_takes_the_failures_back(browser: Browser, person: Someone, owner: psycopg.Connection) -> None:
    for _ in range(4):
        sign_in(browser, EMAIL, "helt forkert kode")
    assert sign_in(browser, EMAIL, PASSWORD).status == 303
    left = owner.execute("select count(*) from sign_in_try").fetchone()
    assert left == (4,), "of the network alone"


def test_a_browser_its_owner_has_used_is_not_slowed_down_by_strangers(
    app: Flask,
    browser: Browser,
    person: Someone,
    runtime: Runtime,
) -> None:
    assert sign_in(browser, EMAIL, PASSWORD).status == 303
    browser.post("/sign-out")
    stranger = Browser(app)
    for _ in range(6):
        last = sign_in(stranger, EMAIL, "helt forkert kode").status
    assert last == 429
    assert sign_in(browser, EMAIL, PASSWORD).status == 303
    assert sign_in(stranger, EMAIL, PASSWORD).status == 429
    other = [sign_in(browser, "ingen@testby.example", "x").status for _ in range(6)]
    assert other[-1] == 429, "a known browser is known for its owner alone"


def test_a_new_invitation_begins_anew(
    app: Flask,
    person: Someone,
    runtime: Runtime,
    story: Story,
) -> None:
    stranger = Browser(app)
    for _ in range(6):
        sign_in(stranger, EMAIL, "helt forkert kode")
    with story.acting(story.admin()) as actor:
        invitations.invite_again(actor, person.id)
    token = invited_token(runtime, person)
    new = Browser(app)
    fresh = "en ny lang sætning"
    page = new.submit(new.get(f"/invitation/{token}"), "password", password=fresh, again=fresh)
    assert page.status == 303
    assert sign_in(new, EMAIL, fresh).status == 303


def test_what_is_counted_names_nobody(runtime: Runtime, owner: psycopg.Connection) -> None:
    tries(runtime, "Pia@testby.example", 1)
    row = owner.execute("select string_agg(t::text, ' ') from sign_in_try t").fetchone()
    assert row is not None
    for told in ("pia", b"pia@testby.example".hex(), "192.0.2"):
        assert told not in row[0].lower()


# Passwords


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Sommer2026!!!",
        "123456789012",
        "qwertyuiop12",
        "P@ssw0rd!P@ssw0rd!",
        "Pia Prøve 2026",
        "pia@testby.example",
    ],
)
def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput, match="password_common"):
        passwords.refuse_weak(password, ("Pia Prøve", EMAIL))


@pytest.mark.parametrize(
    "password", ["tre blå elefanter", "k9$Xq2#vLp8z", "482913765209", "🐘🦒🦓🐆🐊🦏🐪🦘🦥🦦🦨🦡", "ordene uden tal"]
)
def test_any_other_password_of_twelve_characters_will_do(password: str) -> None:
    passwords.refuse_weak(password, ("Pia Prøve", EMAIL))


def test_the_same_letters_typed_on_another_keyboard_are_the_same_password() -> None:
    stored = passwords.hash_password("blåbærgrød på tur".replace("å", "a\u030a"))
    assert passwords.same(stored, "blåbærgrød på tur")
