"""The program refuses to start unsafe, and says why in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from portal import audit
from portal.cli import cli
from portal.demo import eid
from portal.demo.supervisor import Demo
from portal.errors import UnsafeConfiguration
from portal.events import Event
from portal.identity_providers import read_eid_providers
from portal.models import Invitation, Staff
from portal.runtime import Runtime, open_runtime, refuse_unsafe
from portal.settings import Environment, Settings

GOOD = {
    "environment": "production",
    "base_url": "https://portal.example",
    "database_url": "postgresql://portal_app@db/portal",
    "mail_url": "smtps://mail.example",
}
PROVIDER = """
[[provider]]
key = "mitid"
label = "MitID"
issuer = "https://broker.example"
client_id = "portal"
client_secret_file = "/run/secrets/eid"
national_id_claim = "dk.cpr"
birth_date_claim = "mitid.date_of_birth"
name_claim = "mitid.identity_name"
level_claim = "loa"
levels_accepted = ["https://data.gov.dk/concept/core/nsis/Substantial"]
"""


def test_forgetting_to_say_where_one_is_means_production() -> None:
    assert Settings().environment is Environment.PRODUCTION


def test_a_sound_production_is_let_through(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the portal alone")
    (tmp_path / "eid.toml").write_text(PROVIDER.replace("/run/secrets/eid", str(tmp_path / "secret")))
    refuse_unsafe(Settings(**GOOD, eid_file=tmp_path / "eid.toml"))


def test_eids_that_cannot_show_that_somebody_identified_themselves_just_now_are_not_enough(tmp_path: Path) -> None:
    """One of them may do without, where another one can confirm what matters."""
    (tmp_path / "secret").write_text("of the portal alone")
    one = PROVIDER.replace("/run/secrets/eid", str(tmp_path / "secret"))
    silent = f'{one}auth_time_claim = ""\n'
    (tmp_path / "eid.toml").write_text(silent)
    with pytest.raises(UnsafeConfiguration, match="auth_time_claim"):
        refuse_unsafe(Settings(**GOOD, eid_file=tmp_path / "eid.toml"))
    (tmp_path / "both.toml").write_text(silent + one.replace('key = "mitid"', 'key = "other"'))
    refuse_unsafe(Settings(**GOOD, eid_file=tmp_path / "both.toml"))


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"base_url": "http://portal.example"}, "https"),
        ({"database_url": ""}, "DATABASE_URL"),
        ({"mail_url": ""}, "MAIL_URL"),
        ({"mail_url": "folder:///tmp/mail"}, "MAIL_URL"),
    ],
)
def test_an_unsafe_setting_stops_production(fault: dict[str, str], says: str) -> None:
    with pytest.raises(UnsafeConfiguration, match=says):
        refuse_unsafe(Settings(**{**GOOD, **fault}))


@pytest.mark.parametrize(
    ("access", "secret", "says"),
    [
        (None, "a secret of some length", "S3_ACCESS_KEY_FILE is not set"),
        ("portal-of-ours", None, "S3_SECRET_KEY_FILE is not set"),
        ("", "a secret of some length", "access is empty"),
        ("portal-of-ours", "", "secret is empty"),
        ("minioadmin", "a secret of some length", "access holds a key that everybody knows"),
        ("portal-of-ours", "changeme", "secret holds a key that everybody knows"),
        ("portal-of-ours", "fifteen letters", "shorter than 16"),
    ],
)
def test_a_store_without_keys_of_its_own_stops_production(
    access: str | None, secret: str | None, says: str, tmp_path: Path
) -> None:
    keys = {}
    for name, key in {"access": access, "secret": secret}.items():
        if key is not None:
            (tmp_path / name).write_text(key)
            keys[f"s3_{name}_key_file"] = tmp_path / name
    settings = Settings(**GOOD, s3_url="https://s3.example/portal", **keys)
    with pytest.raises(UnsafeConfiguration, match=says):
        refuse_unsafe(settings)


def test_a_store_with_keys_of_its_own_is_let_through(tmp_path: Path) -> None:
    (tmp_path / "access").write_text("portal-of-ours")
    (tmp_path / "secret").write_text("a secret of some length")
    keys = {f"s3_{name}_key_file": tmp_path / name for name in ("access", "secret")}
    refuse_unsafe(Settings(**GOOD, s3_url="https://s3.example/portal", **keys))


@pytest.mark.parametrize(("change", "says"), [("demo = true\n", "pretended"), ("http://", "https")])
def test_a_pretended_or_unprotected_eid_stops_production(change: str, says: str, tmp_path: Path) -> None:
    text = PROVIDER + change if "demo" in change else PROVIDER.replace("https://broker", "http://broker")
    (tmp_path / "eid.toml").write_text(text)
    with pytest.raises(UnsafeConfiguration, match=says):
        refuse_unsafe(Settings(**GOOD, eid_file=tmp_path / "eid.toml"))


def test_without_keys_nothing_starts(portal_settings: Settings) -> None:
    with pytest.raises(UnsafeConfiguration, match="KEYS_FILE"):
        open_runtime(portal_settings.model_copy(update={"keys_file": None}))


def test_the_pretended_eid_refuses_to_run_in_production(tmp_path: Path) -> None:
    eid.prepare(tmp_path, [])
    with pytest.raises(UnsafeConfiguration, match="must not run in production"):
        eid.create_eid(Settings(**GOOD), tmp_path, "https://eid.example")
    assert eid.create_eid(Settings(environment="demo"), tmp_path, "http://localhost:1")


@pytest.mark.parametrize("path", ["/mail", "/phone", "/jwks", "/health", "/authorize", "/static/css/demo-eid.css"])
def test_the_pretended_eid_answers_to_its_own_name_and_no_other(path: str, tmp_path: Path) -> None:
    """Another site's page that has its name lead to this machine must not read the mails and codes of the demo."""
    eid.prepare(tmp_path, [])
    client = eid.create_eid(Settings(environment="demo"), tmp_path, "http://localhost:8001").test_client()
    for host in ("evil.example", "evil.example:8001", "localhost.evil.example", "127.0.0.1:8001", "", "localhost@evil"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400, host
        assert b"<main" not in answer.data
    with client.get(path, headers={"Host": "localhost:8001"}) as answer:
        assert answer.status_code == (400 if path == "/authorize" else 200), "where it lacks a question"
    assert client.post("/phone", data={"key": "A"}, headers={"Host": "evil.example"}).status_code == 400


def test_each_part_of_the_demo_is_told_what_it_needs_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where whoever starts it has a demo's whole environment in their shell, as the README has them do."""
    demo = Demo(tmp_path, None)
    try:
        monkeypatch.setattr(demo.postgres, "url", lambda role, *_more: f"postgresql://{role}:secret@/portal")
        for name, value in demo._environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("UPLOAD_LIMIT", "1234567")
        secrets = {"DATABASE_URL", "WORKER_DATABASE_URL", "REPORTS_DATABASE_URL", "OWNER_DATABASE_URL", "KEYS_FILE"}
        told = {part: demo._environment_of(part) for part in demo._commands()}
    finally:
        demo.door.close()
        demo.eid_door.close()
    assert {part: set(environment) & secrets for part, environment in told.items()} == {
        "eid": set(),
        "worker": {"DATABASE_URL", "WORKER_DATABASE_URL", "KEYS_FILE"},
        "web": {"DATABASE_URL", "KEYS_FILE"},
    }
    assert all(environment["UPLOAD_LIMIT"] == "1234567" for environment in told.values()), (
        "what was asked for goes on to all"
    )
    assert not [part for part, environment in told.items() if "portal_owner" in str(environment)]


@pytest.mark.parametrize(
    "broken",
    [
        "[[provider]",
        PROVIDER.replace('key = "mitid"', 'key = "Mit ID"'),
        PROVIDER.replace("levels_accepted", "levels"),
        PROVIDER.replace('["https://data.gov.dk/concept/core/nsis/Substantial"]', "[]"),
        PROVIDER + 'algorithms = ["none"]\n',
        PROVIDER + 'algorithms = ["HS256"]\n',
    ],
)
def test_an_eid_file_that_is_not_right_is_refused_with_the_reason(broken: str, tmp_path: Path) -> None:
    (tmp_path / "eid.toml").write_text(broken)
    with pytest.raises(UnsafeConfiguration, match=r"eid\.toml"):
        read_eid_providers(tmp_path / "eid.toml")


def test_commands_say_what_is_wrong_without_a_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.cli import main

    path = tmp_path / "keys.json"
    assert CliRunner().invoke(cli, ["make-keys", str(path)]).output == f"wrote {path}\n"
    monkeypatch.setattr("sys.argv", ["portal", "make-keys", str(path)])
    with pytest.raises(SystemExit, match="there already"):
        main()
    monkeypatch.setenv("DATABASE_URL", "postgresql://portal_app@127.0.0.1:1/portal")
    monkeypatch.setenv("KEYS_FILE", str(path))
    monkeypatch.setenv("OWNER_DATABASE_URL", "")
    monkeypatch.setattr("sys.argv", ["portal", "migrate"])
    with pytest.raises(SystemExit, match="OWNER_DATABASE_URL is not set"):
        main()


def test_the_first_administrator_is_invited_from_the_command_line_until_they_have_come_in(
    runtime: Runtime, portal_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in portal_settings.model_dump(exclude_defaults=True).items():
        monkeypatch.setenv(name.upper(), str(value))
    words = [
        "add-administrator",
        "--organisation",
        "Testby",
        "--unit",
        "It",
        "--name",
        "Ida",
        "--email",
        "ida@testby.example",
    ]
    assert CliRunner().invoke(cli, words).output == "invited ida@testby.example\n"
    again = CliRunner().invoke(cli, words)
    assert again.output == "invited ida@testby.example again: links sent before no longer work\n"
    with runtime.unit_of_work() as session:
        ida = session.scalars(select(Staff)).one()
        assert session.scalars(select(Invitation.person_id).distinct()).all() == [ida.person_id]
        ida.password_hash = "of somebody who came in"
        audit.record(session, Event.PASSWORD_CHOSEN, item_id=ida.person_id)
    refused = CliRunner().invoke(cli, words)
    assert refused.exit_code != 0
