"""The command line. Each command is one call; what it prints is for people."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from portal.errors import InvalidInput, NeighbourDown, PortalError, Unsafe
from portal.settings import Settings


@click.group()
def cli() -> None:
    """Følgeskab: a shared space around a young person's case."""


def main() -> None:
    """Runs a command; what goes wrong is said in one line."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except click.Abort:
        sys.exit(130)
    except NeighbourDown as problem:
        sys.exit(f"portal: the {problem.neighbour} does not answer")
    except InvalidInput as problem:
        sys.exit(f"portal: {problem}")
    except (Unsafe, PortalError) as problem:
        sys.exit(f"portal: {str(problem) or type(problem).__name__}")


@cli.command()
@click.option("--port", type=int, default=None, help="The port to serve on; the next free one from 8000 if not given.")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="The folder to keep everything in.")
@click.option("--empty", is_flag=True, help="Begin with an administrator's account and nothing else.")
def demo(port: int | None, data: Path | None, empty: bool) -> None:
    """Serves the demo: needs nothing but this command."""
    from portal.demo.postgres import default_data_dir
    from portal.demo.supervisor import Demo

    folder = (data or default_data_dir()).absolute()
    sys.exit(Demo(folder, port, empty).run())


@cli.command()
def migrate() -> None:
    """Brings the database to the newest schema (OWNER_DATABASE_URL)."""
    from portal.migrate import migrate as run
    from portal.migrate import newest

    run(_owner_url())
    click.echo(f"the database is at migration {newest()}")


@cli.command()
def worker() -> None:
    """Does the background and timed work until it is stopped."""
    from portal import logs
    from portal.house import opened
    from portal.jobs import work

    logs.configure()
    with opened(_settings()) as house:
        work(house)


@cli.command("make-keys")
@click.argument("path", type=click.Path(path_type=Path))
def make_keys(path: Path) -> None:
    """Writes a new key file. Keep it outside the database's backups, and keep a copy: without it nothing opens."""
    from portal.storage.keys import make_keys as make

    if path.exists():
        raise Unsafe(f"{path} is there already; a key file is never replaced")
    make(path)
    click.echo(f"wrote {path}")


@cli.command("add-administrator")
@click.option("--organisation", required=True, help="Name of the first organisation.")
@click.option("--unit", required=True, help="Name of its first unit.")
@click.option("--name", required=True)
@click.option("--email", required=True)
def add_administrator(organisation: str, unit: str, name: str, email: str) -> None:
    """The first account of an empty portal; the invitation goes out by mail."""
    from portal.house import opened
    from portal.services import accounts

    with opened(_settings()) as house, house.unit_of_work() as session:
        accounts.found(session, organisation, unit, name, email)
    click.echo(f"invited {email}")


@cli.command("allow-passwords")
@click.option("--organisation", required=True, help="Name of the organisation whose staff cannot get in any more.")
def allow_passwords(organisation: str) -> None:
    """Lets the staff of an organisation use passwords again, for when its own sign-in is gone."""
    from portal.errors import NotFound
    from portal.house import opened
    from portal.services import organisations

    with opened(_settings()) as house, house.unit_of_work() as session:
        try:
            organisations.allow_passwords(session, organisation)
        except NotFound as problem:
            raise Unsafe(f"there is no organisation called {organisation!r}") from problem
    click.echo(f"passwords work for {organisation}")


@cli.command("verify-audit")
def verify_audit() -> None:
    """Reads every audit chain from its beginning. Exit status 1 when something was changed, cut or swapped."""
    from portal.audit import verify
    from portal.db import connect
    from portal.storage.keys import read_keys

    keyring = read_keys(_settings().keys_file)
    engine = connect(_owner_url(), pool_size=1)
    with engine.connect() as connection:
        faults = list(verify(connection, keyring))
    engine.dispose()
    for fault in faults:
        click.echo(f"chain {fault.chain} line {fault.seq}: {fault.what}")
    if faults:
        sys.exit(1)
    click.echo("every chain is whole")


@cli.command("write-docs")
@click.option("--check", is_flag=True, help="Only say whether the files are up to date.")
def write_docs(check: bool) -> None:
    """Writes the generated parts of docs/ from the code."""
    from portal.drawing import documents
    from portal.settings import PROJECT

    stale = [
        path
        for path, text in documents().items()
        if not (PROJECT / path).exists() or (PROJECT / path).read_text("utf-8") != text
    ]
    for path in stale:
        if not check:
            (PROJECT / path).write_text(documents()[path], "utf-8")
        click.echo(f"{'stale' if check else 'wrote'}: {path}")
    if check and stale:
        sys.exit(1)


def _settings() -> Settings:
    """From the environment; where that says nothing, from the demo of this clone."""
    if "DATABASE_URL" not in os.environ:
        from portal.demo.postgres import default_data_dir

        kept = default_data_dir() / "environment"
        if kept.exists():
            for line in kept.read_text("utf-8").splitlines():
                name, _, value = line.partition("=")
                os.environ.setdefault(name, value)
    return Settings()


def _owner_url() -> str:
    url = _settings().owner_database_url
    if not url:
        raise Unsafe("OWNER_DATABASE_URL is not set")
    return url
