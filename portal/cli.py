"""The command line. Each command is one call; what it prints is for people."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from portal.errors import DependencyUnavailable, InvalidInput, NotFound, PortalError, UnsafeConfiguration
from portal.settings import Settings

if TYPE_CHECKING:
    from portal.db import PortalSession


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
    except DependencyUnavailable as problem:
        sys.exit(f"portal: the {problem.neighbour} does not answer")
    except InvalidInput as problem:
        sys.exit(f"portal: {problem}")
    except (UnsafeConfiguration, PortalError) as problem:
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
    """Brings the database to the newest schema (OWNER_DATABASE_URL; KEYS_FILE too where something sealed is moved)."""
    from portal.migrate import migrate as run
    from portal.migrate import newest
    from portal.storage.keys import read_keys

    keys = _settings().keys_file
    run(_owner_url(), keyring=read_keys(keys) if keys else None)
    click.echo(f"the database is at migration {newest()}")


@cli.command()
def worker() -> None:
    """Does the background and timed work until it is stopped (WORKER_DATABASE_URL, and
    DATABASE_URL for jobs in somebody's name)."""
    from portal import logs
    from portal.db import Role
    from portal.jobs.worker import work
    from portal.runtime import runtime_for

    logs.configure()
    with runtime_for(_settings()) as runtime, runtime_for(_settings(), Role.WORKER) as office:
        work(runtime, office)


@cli.command("make-keys")
@click.argument("path", type=click.Path(path_type=Path))
def make_keys(path: Path) -> None:
    """Writes a new key file. Keep it outside the database's backups, and keep a copy: without it nothing opens."""
    from portal.storage.keys import make_keys as make

    if path.exists():
        raise UnsafeConfiguration(f"{path} is there already; a key file is never replaced")
    make(path)
    click.echo(f"wrote {path}")


@cli.command("make-secrets")
@click.argument("folder", type=click.Path(path_type=Path))
def make_secrets(folder: Path) -> None:
    """Writes the secrets of a new installation, each into a file of its own (docker-compose.yml)."""
    from portal.installation_secrets import make_secrets as make

    make(folder)
    click.echo(f"wrote the secrets into {folder}; keep a copy of keys_file: without it nothing opens")


@cli.command("add-administrator")
@click.option("--organisation", required=True, help="Name of the first organisation.")
@click.option("--unit", required=True, help="Name of its first unit.")
@click.option("--name", required=True)
@click.option("--email", required=True)
def add_administrator(organisation: str, unit: str, name: str, email: str) -> None:
    """The first account of an empty portal; the invitation goes out by mail. As long as nobody has come in, the same
    command sends it again, also to another address; what became of a mail stands in the log of the worker."""
    from portal.runtime import runtime_for
    from portal.services.accounts import directory

    with runtime_for(_settings()) as runtime, runtime.unit_of_work() as session:
        again = directory.found(session, organisation, unit, name, email)
    click.echo(f"invited {email} again: links sent before no longer work" if again else f"invited {email}")


@cli.command("allow-passwords")
@click.option("--organisation", required=True, help="Name of the organisation whose staff cannot get in any more.")
def allow_passwords(organisation: str) -> None:
    """Lets the staff of an organisation use passwords again, for when its own sign-in is gone."""
    from portal.runtime import runtime_for
    from portal.services.accounts import sign_in_policy

    with runtime_for(_settings()) as runtime, runtime.unit_of_work() as session:
        try:
            sign_in_policy.allow_passwords(session, organisation)
        except NotFound as problem:
            raise UnsafeConfiguration(f"there is no organisation called {organisation!r}") from problem
    click.echo(f"passwords work for {organisation}")


@cli.group()
def eid() -> None:
    """The eIDs that sign in as people: those to ask about, and ending one."""


@eid.command("doubtful")
def doubtful_eids() -> None:
    """Prints the eIDs of people who have more than one, and such as came by a guide's code to somebody who is known by
    a number. Nobody is named: ask the guide of a case who they are."""
    from portal.access.signin import links
    from portal.runtime import runtime_for

    with runtime_for(_settings()) as runtime, runtime.unit_of_work() as session:
        found = links.doubtful(session)
    for link in found:
        used = f"{link.used_at:%Y-%m-%d %H:%M}" if link.used_at else "never"
        click.echo(
            f"{link.id}\tperson {link.person_id}\tby {link.came_by} {link.linked_at:%Y-%m-%d %H:%M}\t"
            f"last used {used}\t{link.issuer}"
        )
    if not found:
        click.echo("nothing to ask about")


@eid.command("end")
@click.argument("link", type=click.UUID)
def end_eid(link: UUID) -> None:
    """Ends an eID that should not sign in as somebody. Where it is signed in, it is signed out."""
    from portal.access.signin import links
    from portal.runtime import runtime_for

    with runtime_for(_settings()) as runtime, runtime.unit_of_work() as session:
        try:
            links.end_for_them(session, link)
        except NotFound:
            raise PortalError("there is no such eID, or it has ended already") from None
    click.echo("it no longer signs in as them")


@cli.command("verify-audit")
def verify_audit() -> None:
    """Reads every audit chain from its beginning. Exit status 1 when something was changed, cut or swapped."""
    from portal.audit import ONE_INSTANT, verify
    from portal.db import connect
    from portal.storage.keys import read_keys

    keyring = read_keys(_settings().keys_file)
    engine = connect(_owner_url(), pool_size=1)
    with engine.connect().execution_options(**ONE_INSTANT) as connection:
        faults = list(verify(connection, keyring))
    engine.dispose()
    for fault in faults:
        click.echo(f"chain {fault.chain} line {fault.seq}: {fault.what}")
    if faults:
        sys.exit(1)
    click.echo("every chain is whole")


@cli.command()
def figures() -> None:
    """Prints how many cases each unit has, as tab-separated lines (REPORTS_DATABASE_URL). A number under five is a
    dash: somebody could be recognised behind it."""
    from portal.db import Role
    from portal.runtime import runtime_for
    from portal.services.oversight import figures as oversight_figures

    with runtime_for(_settings(), Role.REPORTS) as runtime, runtime.unit_of_work() as session:
        for row in oversight_figures.unit_figures(session):
            click.echo("\t".join("-" if value is None else str(value) for value in row))


@cli.group()
def access() -> None:
    """Who sees what in a case, and why."""


@access.command("explain")
@click.argument("case", type=click.UUID)
@click.argument("person")
def explain(case: UUID, person: str) -> None:
    """Prints why PERSON (an id, or a professional's mail address) sees what of CASE, from when until when. The question
    is noted in the case's log."""
    from portal.runtime import runtime_for
    from portal.services.oversight import operators

    with runtime_for(_settings()) as runtime, runtime.unit_of_work() as session:
        try:
            explanation = operators.explain_access(session, case, person)
        except NotFound:
            raise PortalError("no such person in such a case") from None
        for line in operators.told(explanation):
            click.echo(line)


@access.command("check")
@click.option("--repair", is_flag=True, help="Write anew what differs: after a new version, or a change of a profile.")
def check_access(repair: bool) -> None:
    """Recomputes the windows of every case. Exit status 1 when any differs from what is stored."""
    from portal.runtime import runtime_for
    from portal.services.oversight import operators

    with runtime_for(_settings()) as runtime:
        if repair:
            with runtime.unit_of_work() as session:
                click.echo(f"wrote the windows of {operators.repair(session)} cases anew")
        with runtime.unit_of_work() as session:
            faults = list(operators.check_explanation(session))
    for case_id, line in faults:
        click.echo(f"case {case_id}: {line}")
    if faults:
        sys.exit(1)
    click.echo("every stored window is the one the facts give")


@access.command("matrix")
@click.option("--check", is_flag=True, help="Only say whether the file is up to date.")
def matrix(check: bool) -> None:
    """Writes docs/access-matrix.md: who may do what."""
    _write_documents(check, "docs/access-matrix.md")


@cli.group()
def keys() -> None:
    """The master keys that wrap the cases' keys and seal the secrets of code apps."""


@keys.command("rotate")
def rotate_keys() -> None:
    """Makes a new master key and seals with it whatever a master key seals: case keys and the secrets of code apps. No
    file and no text is rewritten; the portal runs on and uses the new key at once."""
    from portal.services.operations import maintenance
    from portal.storage.keys import add_master, read_keys

    path = _settings().keys_file
    if path is None:
        raise UnsafeConfiguration("KEYS_FILE is not set")
    made = add_master(path) if _everything_current() else read_keys(path).current
    with _upkeep() as session:
        done = maintenance.rewrap(session, read_keys(path))
    click.echo(
        f"{made} wraps every case key now; {done.cases} were wrapped anew, and {done.secrets} secrets of code apps"
    )
    click.echo(f"Copy {path} to where its copies are kept. The old keys stay in it until: portal keys retire")


@keys.command("retire")
def retire_keys() -> None:
    """Takes master keys out of use, and out of the key file, that nothing is sealed with any more. Backups made before
    the rotation need them: keep the old copy of the file for as long as those."""
    from portal.services.operations import maintenance
    from portal.storage.keys import read_keys, remove_masters

    path = _settings().keys_file
    if path is None:
        raise UnsafeConfiguration("KEYS_FILE is not set")
    with _upkeep() as session:
        gone = maintenance.retire(session, read_keys(path))
    # Only now that the database takes no row that names them, also from a process that has not looked since.
    remove_masters(path, gone)
    click.echo(f"took out {', '.join(gone)}" if gone else "every master key is in use")


@cli.group()
def storage() -> None:
    """The store that holds the files."""


@storage.command("make")
def make_storage() -> None:
    """Makes the bucket of S3_URL (or the folder) unless it is there, and looks whether it is private."""
    from portal.runtime import blob_store

    store = blob_store(_settings())
    store.make()
    store.check()
    click.echo("the store is ready")


@storage.command("check")
@click.option("--repair", is_flag=True, help="Remove what nobody names and what was broken off.")
@click.option("--grace", type=click.IntRange(min=0), default=24, help="Hours that something may be under way.")
def check_storage(repair: bool, grace: int) -> None:
    """Compares the files with the rows that name them. Exit status 1 when one is missing or has another size."""
    from portal.runtime import blob_store
    from portal.services.operations import maintenance

    store = blob_store(_settings())
    store.check()
    with _upkeep() as session:
        found = maintenance.inventory(session, store, repair, timedelta(hours=grace))
    for key in found.missing:
        click.echo(f"missing: {key}")
    for key in found.wrong_size:
        click.echo(f"has another size than noted: {key}")
    done = "removed" if found.repaired else "left (remove with --repair)"
    click.echo(f"{found.whole} whole, {len(found.missing)} missing, {len(found.wrong_size)} of a wrong size")
    click.echo(f"{len(found.orphans)} that nobody names, {len(found.unfinished)} broken off: {done}")
    if found.harmed:
        sys.exit(1)


@cli.command("write-docs")
@click.option("--check", is_flag=True, help="Only say whether the files are up to date.")
def write_docs(check: bool) -> None:
    """Writes the generated parts of docs/ from the code."""
    _write_documents(check)


def _write_documents(check: bool, only: str = "") -> None:
    from portal.generated_docs import stale

    found = stale(only, write=not check)
    for path in found:
        click.echo(f"{'stale' if check else 'wrote'}: {path}")
    if check and found:
        sys.exit(1)


def _settings() -> Settings:
    """From the environment; where that says nothing, from the demo of this clone."""
    if "DATABASE_URL" not in os.environ:
        from portal.demo.postgres import default_data_dir

        saved = default_data_dir() / "environment"
        if saved.exists():
            for line in saved.read_text("utf-8").splitlines():
                name, _, value = line.partition("=")
                os.environ.setdefault(name, value)
    return Settings()


@contextmanager
def _upkeep() -> Iterator[PortalSession]:
    """A session of the owner of the tables, committed at the end."""
    from portal.db import connect, session_factory
    from portal.storage.keys import read_keys

    engine = connect(_owner_url(), pool_size=1)
    try:
        with session_factory(engine)() as session:
            session.info.update(keyring=read_keys(_settings().keys_file), settings=_settings())
            yield session
            session.commit()
    finally:
        engine.dispose()


def _everything_current() -> bool:
    """False when a rotation was begun and not finished: then it is taken up, not begun anew."""
    from portal.services.operations import maintenance
    from portal.storage.keys import read_keys

    with _upkeep() as session:
        return set(maintenance.masters_in_use(session)) <= {read_keys(_settings().keys_file).current}


def _owner_url() -> str:
    url = _settings().owner_database_url
    if not url:
        raise UnsafeConfiguration("OWNER_DATABASE_URL is not set")
    return url
