"""The eighteenth birthday begins at midnight in Denmark: on the whole running portal, by its clock alone."""

from __future__ import annotations

import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from portal import clock
from portal.runtime import Runtime, runtime_for
from portal.settings import Settings
from portal.web.guard import cookie_name
from tests.journeys.conftest import Stage
from tests.support.story import Story

pytestmark = pytest.mark.xdist_group("journey")

DENMARK = ZoneInfo("Europe/Copenhagen")


class Hands:
    """The hands of the clock of every process of the running portal, its database's too, and of this test with them."""

    def __init__(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.file, self._monkeypatch = file, monkeypatch

    def set_to(self, instant: datetime) -> None:
        shift = timedelta(seconds=round((instant - datetime.now(UTC)).total_seconds()))
        beside = self.file.with_suffix(".new")
        beside.write_text(f"{int(shift.total_seconds()):+d}\n")
        beside.chmod(0o644)
        beside.replace(self.file)
        for saved in ("source", "of_this_machine"):
            self._monkeypatch.setattr(clock, saved, lambda: datetime.now(UTC) + shift)


def days_to_come() -> dict[str, tuple[date, date]]:
    """Birth date and eighteenth birthday: of somebody born on 29 February, and the days that begin at the end of the
    short and of the long Sunday of a year. In the order they come, all ahead of the real clock."""
    today = datetime.now(DENMARK).date()
    leap = next(year for year in range(today.year - 17, today.year) if year % 4 == 0)
    of_age = clock.birthday(date(leap, 2, 29), 18)
    assert (of_age.month, of_age.day) == (3, 1)
    found = {"born on 29 February": (date(leap, 2, 29), of_age)}
    for name, month in (("after the 23 hour day", 3), ("after the 25 hour day", 10)):
        year = today.year + 1
        sunday = max(date(year, month, day) for day in range(25, 32) if date(year, month, day).weekday() == 6)
        monday = sunday + timedelta(days=1)
        assert clock.start_of(monday, DENMARK) - clock.start_of(sunday, DENMARK) != timedelta(days=1)
        found[name] = (clock.birthday(monday, -18), monday)
    return dict(sorted(found.items(), key=lambda pair: pair[1][1]))


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hands]:
    folder = Path(tempfile.mkdtemp(prefix="folgeskab-midnight-"))
    folder.chmod(0o711)
    yield Hands(folder / "clock", monkeypatch)
    shutil.rmtree(folder, ignore_errors=True)


def test_a_parents_access_ends_and_the_young_adults_stays_at_the_first_second_of_the_day(hands: Hands) -> None:
    days = days_to_come()
    hands.set_to(clock.start_of(next(iter(days.values()))[1], DENMARK) - timedelta(minutes=20))
    stage = Stage(hands.file.parent / "data")
    stage.start(hands=hands.file)
    try:
        lines = (stage.data / "environment").read_text("utf-8").splitlines()
        settings = Settings.model_validate({n.lower(): v for n, _, v in (line.partition("=") for line in lines)})
        with runtime_for(settings) as runtime:
            for name, (born, day) in days.items():
                the_night_passes(runtime, stage, hands, name, born, clock.start_of(day, DENMARK))
    finally:
        stage.stop()


def the_night_passes(runtime: Runtime, stage: Stage, hands: Hands, name: str, born: date, midnight: datetime) -> None:
    hands.set_to(midnight - timedelta(minutes=8))
    story = Story(runtime)
    room = story.case(born=born)
    teacher = story.staff("Lars Lærer", f"Skole {name}")
    story.add(room, teacher)
    story.consent(room, room.young)
    people = {"mother": room.parents[0], "young": room.young, "teacher": teacher}
    tokens = {who: story.token(someone) for who, someone in people.items()}
    path = f"/cases/{room.case_id}"

    def answers() -> dict[str, int]:
        return {who: _status(stage.address + path, f"{cookie_name(runtime.settings)}={tokens[who]}") for who in people}

    hands.set_to(midnight - timedelta(seconds=60))
    before = answers()
    assert clock.now() < midnight, f"{name}: too slow to look before midnight"
    asked_still = "the evening before, custody holders are still asked about the teacher"
    assert before == {"mother": 200, "young": 200, "teacher": 403}, f"{name}: {asked_still}"
    hands.set_to(midnight + timedelta(seconds=1))
    after = {"mother": 403, "young": 200, "teacher": 200}
    assert answers() == after, f"{name}: the day has begun, and nobody did anything"


def _status(address: str, cookie: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers={"Cookie": cookie}), timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
