"""A capability has one name on every floor, so that a stranger finds anything by its name; and the root of portal/
holds only what no package could."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import get_type_hints

import pytest

from portal.services import registry
from portal.services.cases.overview import Overview
from portal.settings import PROJECT

SERVICES = PROJECT / "portal" / "services"

CAPABILITIES = {
    "accounts",
    "cases",
    "consents",
    "exports",
    "files",
    "meetings",
    "members",
    "messages",
    "notices",
    "operations",
    "oversight",
    "plans",
    "signin",
    "webdav",
}


def _names(folder: str) -> set[str]:
    """The packages and modules of a folder, or the folders of templates."""
    found = {path for path in (PROJECT / folder).iterdir() if not path.name.startswith(("_", "."))}
    return {path.stem for path in found if path.is_dir() or path.suffix == ".py"}


FLOORS: dict[str, dict[str, str]] = {
    "portal/services": {
        "shared": "what several capabilities stand on",
        "registry": "what each offers to the work that goes over all of them",
    },
    "portal/views": {"information": "pages about the portal itself: help, privacy, accessibility"},
    "portal/models": {
        "audit": "the chains that portal/audit.py writes",
        "foreign_keys": "the keys that many tables have",
        "shared": "the tables of services/shared",
    },
    "portal/jobs": {
        "mail_texts": "what templates/mail/ is filled with",
        "mails": "sending one of them",
        "retries": "when a job is tried again",
        "task": "what a task is",
        "worker": "the queue itself",
    },
}
"""Folder -> what is there beside the capabilities, with the reason. A capability that has nothing on a floor is not
there; signing in has its services in portal/access/signin/."""

ROOT = {
    "__init__.py": "create_app",
    "__main__.py": "python -m portal",
    "addresses.py": "e-mail addresses in one form",
    "audit.py": "the audit chains",
    "characters.py": "characters by what they do to a text",
    "cli.py": "the command line",
    "clock.py": "the calendar",
    "cpr.py": "CPR numbers",
    "db.py": "engine, roles, session",
    "eid_presets.toml": "what is known of national eIDs",
    "errors.py": "what can go wrong",
    "events.py": "what leaves a line in the audit chains",
    "generated_docs.py": "the pages of docs/ that are made from the code",
    "identity_providers.py": "where people sign in from outside, as settings name them",
    "installation_secrets.py": "the secrets of a new installation",
    "locks.py": "advisory locks of the database",
    "logs.py": "log lines",
    "migrate.py": "brings a database to the newest schema",
    "names.py": "names of people, compared and in Danish order",
    "outbox.py": "work for later, queued by a transaction",
    "runtime.py": "settings, database, keys and blob store put together",
    "settings.py": "the settings",
    "text.py": "text as it may come in and go out",
    "wsgi.py": "what the web server starts",
}
"""A module in the root knows no capability. What belongs to one goes to it."""
PACKAGES = {
    "access",
    "demo",
    "documents",
    "jobs",
    "models",
    "neighbours",
    "services",
    "storage",
    "tools",
    "translations",
    "views",
    "web",
}


@pytest.mark.parametrize("floor", sorted(FLOORS))
def test_what_lies_on_a_floor_has_the_name_of_a_capability(floor: str) -> None:
    there = _names(floor)
    assert there - set(FLOORS[floor]) <= CAPABILITIES, "a new capability is a new name on every floor"
    assert set(FLOORS[floor]) <= there, "a reason for something that is not there"


def test_every_capability_has_its_services() -> None:
    assert _names("portal/services") >= CAPABILITIES - {"signin"}
    assert (PROJECT / "portal" / "access" / "signin").is_dir()


def test_the_root_holds_only_what_is_listed_here() -> None:
    there = {path for path in (PROJECT / "portal").iterdir() if path.name != "__pycache__"}
    assert {path.name for path in there if path.is_dir()} == PACKAGES
    assert {path.name for path in there if path.is_file()} == set(ROOT)


def test_what_a_capability_offers_is_listed_in_the_registry() -> None:
    """And nothing else is: the overview and the timed work name no capability."""
    listed = {registry.NEWS: "news", registry.SWEEPS: "sweep", registry.REMINDERS: "send_reminders"}
    offering = {f"portal.services.{path.parent.name}.capability" for path in SERVICES.glob("*/capability.py")}
    offering |= {"portal.access.signin.capability", "portal.services.shared.idempotency"}
    for functions, name in listed.items():
        offered = {module for module in offering if hasattr(importlib.import_module(module), name)}
        assert {function.__module__ for function in functions} == offered
        assert {function.__name__ for function in functions} == {name}


def test_no_two_capabilities_tell_the_front_of_a_case_something_by_one_name() -> None:
    told = [field for news in registry.NEWS for field in get_type_hints(get_type_hints(news)["return"])]
    told += get_type_hints(Overview)
    assert len(told) == len(set(told))
    assert len(told) > len(registry.NEWS)


@pytest.mark.parametrize(
    ("floor", "added", "looks"),
    [
        ("portal/models", "portal/models/misc.py", test_what_lies_on_a_floor_has_the_name_of_a_capability),
        ("portal/services", "portal/services/consent", test_what_lies_on_a_floor_has_the_name_of_a_capability),
    ],
)
def test_a_name_of_its_own_is_found(
    floor: str, added: str, looks: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*FLOORS[floor], "cases"):
        (tmp_path / floor / name).mkdir(parents=True)
    monkeypatch.setattr(f"{__name__}.PROJECT", tmp_path)
    looks(floor)
    (tmp_path / added).mkdir()
    with pytest.raises(AssertionError, match="a new capability"):
        looks(floor)
