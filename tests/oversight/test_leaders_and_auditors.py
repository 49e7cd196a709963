"""Leaders see figures, auditors see when who did what: never a case, a small number, or what something was about."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from portal import clock
from portal.events import Event
from portal.runtime import Runtime
from portal.services.cases import overview
from portal.services.oversight import supervision
from portal.views.oversight import audit_labels
from portal.web.i18n import in_language
from tests.conftest import Calendar
from tests.rules.leaks import browser_of
from tests.support.browser import Browser, Page
from tests.support.story import HERE, Someone, Story
from tests.support.world import COMPARTMENTS, NAME, World


def test_figures_are_counted_by_unit_and_small_ones_are_not_told_apart(
    story: Story, browser: Browser, owner: psycopg.Connection
) -> None:
    leader = story.staff("Lis Leder", is_leader=True)
    guide, lone = story.guide(), story.guide("Ene Guide", "Jobcenter")
    for number in range(6):
        story.case(guide, name=f"Ung {number}", parents=0)
    story.case(lone, name="Eneste Ung", parents=0)
    page = Browser(browser.app, story.token(leader)).get("/figures")
    rows = {row.find("strong").get_text(): row.get_text(" ") for row in page.soup.select("tbody tr")}
    assert " 6 " in rows["Familie og unge"]
    assert "færre end 5" in rows["Jobcenter"]
    assert "Ung" not in page.text.replace("Familie og unge", "")
    with story.acting(leader) as actor:
        lines = {line.unit: line for line in supervision.figures(actor)}
    assert lines["Jobcenter"].cases is None
    assert lines["Jobcenter"].opened_lately is None
    assert lines["Familie og unge"].opened_lately == 6
    one = "select id from cases where owner_id = %s limit 1"
    owner.execute(f"update cases set opened_at = now() - interval '2 years' where id = ({one})", [guide.id])
    with story.acting(leader) as actor:
        lines = {line.unit: line for line in supervision.figures(actor)}
    assert lines["Familie og unge"].opened_lately is None, "six less five would be one"
    assert owner.execute("select count(*) from audit_event where event = 'figures.viewed'").fetchone() == (3,)


def test_an_auditor_sees_when_and_who_and_not_what_it_was_about(
    living_app: Flask, living: Runtime, world: World
) -> None:
    browser, _ = browser_of("auditor", living_app, living, world)
    page = browser.get("/trace")
    assert page.status == 200
    assert "Grete Guide" in page.text
    assert "En borger" in page.text
    assert "Gav eller registrerede et samtykke" in page.text
    assert str(world.room.case_id)[:8] in page.text
    assert str(world.room.case_id) not in page.everything
    for secret in (
        NAME,
        NAME.split()[0],
        *(word for compartment in COMPARTMENTS for word in world.all_words(compartment)),
    ):
        assert secret not in page.everything
    for thing in (*world.files.values(), *world.threads.values(), world.consent_id):
        assert str(thing) not in page.everything
    assert "Så på sporet" in acts(browser.get("/trace")), "that somebody looks is written down too"
    codes = {event.value for event in Event}
    assert not codes & {cell.get_text(strip=True) for cell in page.soup.select("tbody td")}, "words, no codes"


NONSENSE = [
    "since=nonsense", "since=0000-00-00", "since=2199-12-31", "since=180", "until=9999-12-31", "from=nonsense",
    "from=0001-01-01T00:00:00%2B23:59", "from=9999-12-31T23:59:59-23:59", "page=%C2%B2", "page=-1",
    "page=" + "9" * 5000, "who=%00", "who=%ED%A0%80", "who=%25", "case=%00", "case=_", "case=" + "x" * 9000,
    "kind=%00", "kind=nonsense",
]  # fmt: skip


@pytest.mark.parametrize("path", ["/trace", "/trace/list.csv"])
@pytest.mark.parametrize("query", NONSENSE, ids=range(len(NONSENSE)))
def test_what_is_no_question_gets_an_answer(
    query: str, path: str, living_app: Flask, living: Runtime, world: World
) -> None:
    browser, _ = browser_of("auditor", living_app, living, world)
    assert browser.get(f"{path}?{query}").status == 200


def acts(page: Page) -> set[str]:
    """What kinds of act the page tells of."""
    return {row.select("td")[2].get_text(strip=True) for row in page.soup.select("tbody tr")}


def test_every_event_has_its_words_and_one_kind(app: Flask) -> None:
    told = [event for events in audit_labels.EVENTS.values() for event in events]
    assert sorted(told) == sorted(Event)
    assert set(audit_labels.KINDS) == set(audit_labels.EVENTS)
    with app.test_request_context(), in_language("en"):
        said = [str(words) for words in audit_labels.DID.values()]
    assert len(said) == len(set(said)), "two kinds of act that read the same cannot be told apart"
    assert not [words for words in said if "%(" in words]


@pytest.fixture
def auditor(story: Story) -> Someone:
    return story.staff("Rie Revisor", is_auditor=True)


def test_an_auditor_asks_for_a_person_a_case_a_day_and_a_kind(
    story: Story, browser: Browser, auditor: Someone, calendar: Calendar
) -> None:
    first = story.case(story.guide("Grete Guide"), name="Ulla Ung")
    calendar.move(days=1)
    second = story.case(story.guide("Gunnar Gæst"), name="Ole Ung")
    story.play(second, second.young, overview.overview)
    both = f"since={clock.today(HERE) - timedelta(days=2)}&until={clock.today(HERE) + timedelta(days=1)}"
    eyes = Browser(browser.app, story.token(auditor))

    def rows(question: str) -> list[list[str]]:
        page = eyes.get(f"/trace?{question}")
        return [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in page.soup.select("tbody tr")]

    refs = {str(room.case_id)[:8] for room in (first, second)}
    assert refs <= {row[3] for row in rows(both)}
    today = {row[3] for row in rows("")}
    assert str(second.case_id)[:8] in today
    assert str(first.case_id)[:8] not in today, "a day says nothing of another one"
    of_grete = rows(f"{both}&who=GRETE")
    assert of_grete
    assert all("Grete Guide" in row[1] for row in of_grete)
    of_second = rows(f"{both}&case={str(second.case_id)[:8].upper()}")
    assert {row[3] for row in of_second} == {str(second.case_id)[:8]}
    assert {"En borger"} <= {row[1] for row in of_second}
    assert {row[2] for row in rows(f"{both}&kind=case.opened")} == {"Oprettede en ny sag"}
    looks = {row[2] for row in rows(f"{both}&kind=looks")}
    assert looks
    with browser.app.test_request_context(), in_language("da"):
        assert looks <= {str(said) for said in audit_labels.EVENTS["looks"].values()}
    narrow = rows(f"{both}&who=gunnar&case={str(second.case_id)[:8]}&kind=content")
    assert {(row[1].split(" Familie")[0], row[3]) for row in narrow} == {("Gunnar Gæst", str(second.case_id)[:8])}
    assert rows(f"{both}&case={str(UUID(int=0))[:8]}") == [], "what belongs to no case is no case"
    assert rows(f"{both}&who=%25") == [], "a name is looked for as it is typed"
    assert rows(f"{both}&who=Ulla") == [], "citizens cannot be asked for by their name"


def test_no_question_reaches_another_organisation(
    story: Story, browser: Browser, runtime: Runtime, auditor: Someone
) -> None:
    elsewhere = Story(runtime)
    room = elsewhere.case(elsewhere.guide("Fremmed Guide", "Et andet sted"))
    eyes = Browser(browser.app, story.token(auditor))
    for question in ("who=Fremmed", f"case={str(room.case_id)[:8]}", "kind=case.opened", "since=2001-01-01"):
        for path in ("/trace", "/trace/list.csv"):
            got = eyes.get(f"{path}?{question}")
            told = str(got.soup.tbody) if got.is_html else got.everything
            assert "Fremmed Guide" not in told, question
            assert str(room.case_id)[:8] not in told, question
    with runtime.unit_of_work(auditor.id) as session:
        asked = "select * from my_trace('2000-01-01', '2100-01-01', 1000, 0, '', :case)"
        assert session.execute(text(asked), {"case": str(room.case_id)[:8]}).all() == []


def test_the_pages_of_a_day_lose_no_line_and_tell_none_twice(
    story: Story, browser: Browser, auditor: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look at the trace is a line itself; and lines of one unit of work may bear the same instant."""
    monkeypatch.setattr(supervision, "PAGE", 7)
    story.case()
    eyes = Browser(browser.app, story.token(auditor))
    whole = eyes.get("/trace/list.csv").response.data.decode("utf-8-sig").splitlines()[1:]
    page, seen = eyes.get("/trace"), 0
    while True:
        seen += len(page.soup.select("tbody tr"))
        older = next((link for link in page.soup.select("nav.actions a") if "ældre" in link.get_text()), None)
        if older is None:
            break
        page = eyes.get(str(older["href"]))
    assert seen == len(whole) + 1, "and that the list was taken away"


def test_what_is_seen_is_taken_away_as_a_list_and_that_is_a_line_too(
    story: Story, browser: Browser, auditor: Someone, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = story.case(story.guide("=HYPERLINK(1)"))
    eyes = Browser(browser.app, story.token(auditor))
    page = eyes.get("/trace?kind=case.opened")
    got = eyes.get(next(link for link in page.links() if "list.csv" in link))
    assert got.response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in got.response.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(got.response.data.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["Hvornår", "Hvem", "Enhed", "Organisation", "Hvad slags handling", "Sag"]
    assert [row[1:2] + row[4:] for row in rows[1:]] == [
        ["'=HYPERLINK(1)", "Oprettede en ny sag", str(room.case_id)[:8]]
    ]
    assert datetime.fromisoformat(rows[1][0])
    left = "select actor_id, fields from audit_event where event = 'trace.exported'"
    assert owner.execute(left).fetchall() == [(auditor.id, {"lines": 1})]
    monkeypatch.setattr(supervision, "MOST", 3)
    refused = eyes.get("/trace/list.csv")
    assert refused.status == 303
    assert "Det er mere end 3 linjer" in eyes.follow(refused).text
    assert len(owner.execute(left).fetchall()) == 1, "nothing was given out"


def test_taking_lines_away_asks_for_a_fresh_proof(
    story: Story, browser: Browser, auditor: Someone, calendar: Calendar
) -> None:
    eyes = Browser(browser.app, story.token(auditor))
    assert eyes.get("/trace/list.csv").status == 200
    calendar.move(minutes=11)
    assert eyes.get("/trace").status == 200
    later = eyes.get("/trace/list.csv")
    assert later.status == 303
    assert "step-up" in later.response.headers["Location"]


def test_more_days_than_a_year_are_said_to_be_cut(browser: Browser, story: Story, auditor: Someone) -> None:
    page = Browser(browser.app, story.token(auditor)).get("/trace?since=2001-01-01")
    assert page.soup.select_one("#since")["value"] == "2001-01-01"
    page = Browser(browser.app, story.token(auditor)).get("/trace?since=2001-01-01&until=2026-01-01")
    assert "højst 366 dage" in page.text
    assert page.soup.select_one("#until")["value"] == "2026-01-01"


def test_an_auditor_sees_nothing_of_another_organisation(story: Story, browser: Browser, runtime: Runtime) -> None:
    auditor = story.staff("Rie Revisor", is_auditor=True)
    elsewhere = Story(runtime)
    room = elsewhere.case(elsewhere.guide("Fremmed Guide", "Et andet sted"))
    page = Browser(browser.app, story.token(auditor)).get("/trace")
    assert "Fremmed Guide" not in page.text
    assert str(room.case_id)[:8] not in page.text


@pytest.mark.parametrize("kind", ["guide", "leader", "administrator", "stranger", "young person", "anonymous"])
def test_the_database_tells_nobody_else(kind: str, living: Runtime, world: World) -> None:
    """Wall two alone: the functions answer only whose office it is, whatever the application asks."""
    person = None if kind == "anonymous" else world.people[kind].id
    with living.unit_of_work(person) as session:
        trace = session.execute(text("select * from my_trace('2000-01-01', '2100-01-01', 1000)")).all()
        assert trace == []
        figures = session.execute(text("select * from my_figures()")).all()
        assert bool(figures) == (kind == "leader")
        led = session.execute(text("select * from cases_led_by(:guide)"), {"guide": world.people["guide"].id}).all()
        assert bool(led) == (kind == "administrator")
        session.rollback()
