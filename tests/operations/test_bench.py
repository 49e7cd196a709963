"""The measurements run, at a size that measures nothing, so that they still work on the day somebody needs them."""

from __future__ import annotations

import pytest

from bench import case_page, scale, ten_writers
from bench.__main__ import BENCHES
from bench.__main__ import main as bench
from tests.rules.leaks import NIGHT

at_night = pytest.mark.skipif(
    not NIGHT, reason="starts the portal as in production, which takes 10 to 40 s: only `make test-long` has that time"
)


@pytest.mark.parametrize("name", BENCHES)
def test_every_measurement_is_started_by_its_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench([name, "--help"])
    assert ended.value.code == 0
    assert "usage: " in capsys.readouterr().out
    assert bench(["no-such-name"]) == 2
    assert name in capsys.readouterr().err


ROW = '<div class="what"><a href="/cases/1/messages/2">{}</a></div>'


@at_night
def test_the_case_page_is_measured_against_a_bare_page_that_lists_the_same() -> None:
    result = case_page.run(messages=4, files=2, rounds=1, seconds=0.2, connections=1, people=1)
    assert result.ratio > 0
    assert result.portal_bytes > 8000


@pytest.mark.parametrize("theirs", [ROW.format("Et andet emne"), "", ROW.format("Emne") + " " * 500])
def test_a_page_that_lists_something_else_or_less_is_not_compared_with(theirs: str) -> None:
    assert case_page._compare(ROW.format("Emne"), ROW.format("Emne"))
    with pytest.raises(SystemExit):
        case_page._compare(ROW.format("Emne"), theirs)


def test_the_country_is_filled_and_every_step_of_every_query_is_looked_at() -> None:
    result = scale.run(cases=3, messages=6)
    assert (result.cases, result.messages) == (4, 12)
    assert result.small == result.large
    assert min(result.large.values()) > 4
    assert {"access_window", "message", "thread", "membership", "audit_event"} <= {step.table for step in result.steps}


@pytest.mark.parametrize(
    ("node", "rows", "own", "fault"),
    [("Index Scan", 9, 9, False), ("Index Scan", 10, 9, True), ("Seq Scan", 1, 9, True), ("Seq Scan", 99, None, False)],
)
def test_reading_beyond_ones_own_cases_is_a_fault(node: str, rows: int, own: int | None, fault: bool) -> None:
    assert scale.Step("a case", node, "message", rows, own).is_fault is fault


def test_what_explain_rounds_up_is_not_held_against_a_step_but_no_more_than_that() -> None:
    assert not scale.Step("a case", "Index Scan", "file_version", 65, 62, unsure=31).is_fault
    assert scale.Step("a case", "Index Scan", "file_version", 94, 62, unsure=31).is_fault


@at_night
def test_people_write_in_one_plan_and_every_saving_is_looked_for_in_the_history() -> None:
    result = ten_writers.run(people=3, savings=4, pause=0)
    assert (result.taken, result.lost) == (12, 0)
    assert len(result.saving_ms) == len(result.looking_ms) == 12
