"""docker-compose.yml against the program it starts: settings that exist, secrets that are made, nothing by default."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from portal.cli import cli
from portal.identity_providers import read_eid_providers
from portal.settings import PROJECT, Settings

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build")}


def test_the_parts_are_all_there() -> None:
    assert set(SERVICES) == {"secrets", "postgres", "s3", "scanner", "migrate", "web", "worker"}
    assert set(OURS) == {"secrets", "migrate", "web", "worker"}


def test_every_variable_of_our_services_is_a_setting() -> None:
    fields = {name.upper() for name in Settings.model_fields}
    for name, service in OURS.items():
        assert set(service.get("environment", {})) <= fields, name
    for name in ("web", "worker", "migrate"):
        assert OURS[name]["environment"]["ENVIRONMENT"] == "production"


def test_every_secret_a_service_asks_for_is_defined_and_mounted_where_the_settings_look() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"]), name
        for value in service.get("environment", {}).values():
            if value.startswith("/run/secrets/"):
                assert value.removeprefix("/run/secrets/") in service["secrets"], (name, value)
    for name in ("web", "worker", "migrate"):
        assert "database_url" in OURS[name]["secrets"]
    assert "worker_database_url" in OURS["worker"]["secrets"], "the queue is the worker's own role's"
    assert "worker_database_url" not in OURS["web"]["secrets"]
    for name in ("web", "worker"):
        assert "owner_database_url" not in OURS[name]["secrets"], "only the migration owns the tables"


def test_the_command_makes_exactly_the_secrets_that_are_asked_for(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["make-secrets", str(tmp_path / "secrets")], catch_exceptions=False)
    assert done.exit_code == 0
    made = {path.name: path for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()} == set(COMPOSE["secrets"])
    assert all(path.stat().st_mode & 0o077 == 0 for path in made.values())
    values = {name: path.read_text() for name, path in made.items()}
    assert values["app_password"] in values["database_url"]
    assert values["worker_password"] in values["worker_database_url"]
    assert values["owner_password"] in values["owner_database_url"]
    (identity,) = json.loads(values["s3_config"])["identities"]
    assert identity["credentials"] == [{"accessKey": values["s3_access_key"], "secretKey": values["s3_secret_key"]}]
    again = CliRunner().invoke(cli, ["make-secrets", str(tmp_path / "secrets")])
    assert again.exit_code != 0
    assert {name: path.read_text() for name, path in made.items()} == values, "nothing is replaced"


def test_a_file_named_like_a_setting_is_that_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "database_url").write_text("postgresql://portal_app:x@postgres/portal")
    assert Settings(_secrets_dir=tmp_path).database_url == "postgresql://portal_app:x@postgres/portal"


def test_every_password_that_is_made_is_given_to_its_role() -> None:
    """A secret that the database is not told of lets nobody in."""
    script = (PROJECT / "deploy" / "first-start.sh").read_text("utf-8")
    for secret in SERVICES["postgres"]["secrets"]:
        if secret == "postgres_password":
            assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD_FILE"] == f"/run/secrets/{secret}"
            continue
        variable = secret.removesuffix("_password")
        assert f'-v {variable}="$(cat /run/secrets/{secret})"' in script, secret
        assert f"alter role portal_{variable} password :'{variable}';" in script, secret


def test_the_eid_file_is_mounted_where_the_settings_look() -> None:
    """In every part that reads it: a mount that lacks in one would stop that one."""
    for name in ("web", "worker", "migrate"):
        (mount,) = OURS[name]["volumes"]
        source, _, target = mount.rpartition("}:")
        assert source.startswith("${CONFIG_DIR:?"), "it has no default"
        folder, mode = target.split(":")
        assert mode == "ro"
        assert OURS[name]["environment"]["EID_FILE"].startswith(f"{folder}/")


def test_the_eid_file_that_is_shipped_can_be_read_and_its_example_is_a_provider(tmp_path: Path) -> None:
    shipped = PROJECT / "deploy" / "config" / "eid.toml"
    assert read_eid_providers(shipped) == ()
    example = "\n".join(
        line.removeprefix("# ")
        for line in shipped.read_text("utf-8").splitlines()
        if re.match(r"# (\[\[|\w+ = )", line)
    )
    (tmp_path / "eid.toml").write_text(example)
    (provider,) = read_eid_providers(tmp_path / "eid.toml")
    assert str(provider.client_secret_file).startswith("/config/"), "beside it, in the same mount"
    assert "CONFIG_DIR" in (PROJECT / "docker-compose.yml").read_text("utf-8").partition("name:")[0]
    assert "CONFIG_DIR" in (PROJECT / "docs" / "eid.md").read_text("utf-8")


def test_the_worker_has_the_converter_it_is_told_of() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text("utf-8")
    stages = dict(
        zip(
            re.findall(r"^FROM \S+ AS (\w+)$", dockerfile, re.M),
            re.split(r"^FROM .*$", dockerfile, flags=re.M)[1:],
            strict=True,
        )
    )
    for name, service in OURS.items():
        assert service["build"]["target"] in stages, name
    worker = stages[OURS["worker"]["build"]["target"]]
    assert OURS["worker"]["environment"]["CONVERTER"] == "/usr/bin/soffice"
    for part in ("writer", "calc", "impress"):
        assert f"libreoffice-{part}-nogui" in worker
    assert "soffice" not in stages["portal"]
    assert "libreoffice" not in stages["portal"], "the web has no use for it"
    assert worker.rstrip().splitlines()[-1] == "USER 10001", "and it is not root that runs it"
    assert OURS["worker"]["image"] != OURS["web"]["image"]
    assert "shm_size" in OURS["worker"]


def test_no_password_stands_in_the_file_or_has_a_default() -> None:
    text = (PROJECT / "docker-compose.yml").read_text("utf-8")
    assert not re.search(r"\$\{\w+:-", text), "a setting that matters has no default here"
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|SECRET|KEY", name) or value.startswith("/run/secrets/"), name


def test_only_the_web_is_reachable_and_only_from_this_machine() -> None:
    for name, service in SERVICES.items():
        ports = service.get("ports", [])
        assert all(port.startswith("127.0.0.1:") for port in ports), name
        assert bool(ports) == (name == "web"), name
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert "outside" not in SERVICES["postgres"]["networks"] + SERVICES["s3"]["networks"]


def test_every_command_of_ours_is_one_that_exists() -> None:
    for name, service in OURS.items():
        words = service["command"]
        if words[0] == "sh":
            words = words[2].split()
        if words[0] == "portal":
            assert words[1] in cli.commands, name
    assert SERVICES["migrate"]["command"][2] == "portal migrate && portal storage make && portal access check --repair"
    assert SERVICES["web"]["command"][-1] == "portal.wsgi:app"


def test_every_file_that_is_mounted_or_copied_is_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            if shown := re.match(r"\$\{\w+:\?[^}]*such as (\./[^}]+)\}:", volume):
                assert (PROJECT / shown[1]).is_dir(), "what is shown as an example is one"
                continue
            source = volume.partition(":")[0]
            if source.startswith("./") and source != "./secrets":
                assert (PROJECT / source).exists(), source
            elif not source.startswith("./"):
                assert source in COMPOSE["volumes"], source
    for line in (PROJECT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY"):
            assert all((PROJECT / source).exists() for source in line.split()[1:-1]), line
    script = PROJECT / "deploy" / "first-start.sh"
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
