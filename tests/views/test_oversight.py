"""Leaders see figures, auditors see when who did what: never a case, a small number, or what something was about."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask

from portal.house import House
from portal.services import figures_and_trace
from tests.browser import Browser
from tests.rules.leaks import browser_of
from tests.story import Story
from tests.world import NAME, SHELVES, World


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
        lines = {line.unit: line for line in figures_and_trace.figures(actor)}
    assert lines["Jobcenter"].cases is None
    assert lines["Jobcenter"].opened_lately is None
    assert lines["Familie og unge"].opened_lately == 6
    one = "select id from cases where owner_id = %s limit 1"
    owner.execute(f"update cases set opened_at = now() - interval '2 years' where id = ({one})", [guide.id])
    with story.acting(leader) as actor:
        lines = {line.unit: line for line in figures_and_trace.figures(actor)}
    assert lines["Familie og unge"].opened_lately is None, "six less five would be one"
    assert owner.execute("select count(*) from audit_event where event = 'figures.viewed'").fetchone() == (3,)


def test_an_auditor_sees_when_and_who_and_not_what_it_was_about(living_app: Flask, living: House, world: World) -> None:
    browser, _ = browser_of("auditor", living_app, living, world)
    page = browser.get("/trace")
    assert page.status == 200
    assert "Grete Guide" in page.text
    assert "En borger" in page.text
    assert "consent.given" in page.text
    assert str(world.room.case_id)[:8] in page.text
    assert str(world.room.case_id) not in page.everything
    for secret in (NAME, NAME.split()[0], *(word for shelf in SHELVES for word in world.all_words(shelf))):
        assert secret not in page.everything
    for thing in (*world.files.values(), *world.threads.values(), world.consent_id):
        assert str(thing) not in page.everything
    assert "trace.viewed" in browser.get("/trace").text, "that somebody looks is written down too"


@pytest.mark.parametrize("query", ["day=nonsense", "day=0000-00-00", "before=nonsense", "day=2199-12-31", "day=180"])
def test_a_day_that_is_none_is_today(query: str, living_app: Flask, living: House, world: World) -> None:
    browser, _ = browser_of("auditor", living_app, living, world)
    assert browser.get(f"/trace?{query}").status == 200


def test_an_auditor_sees_nothing_of_another_organisation(story: Story, browser: Browser, house: House) -> None:
    auditor = story.staff("Rie Revisor", is_auditor=True)
    elsewhere = Story(house)
    room = elsewhere.case(elsewhere.guide("Fremmed Guide", "Et andet sted"))
    page = Browser(browser.app, story.token(auditor)).get("/trace")
    assert "Fremmed Guide" not in page.text
    assert str(room.case_id)[:8] not in page.text


@pytest.mark.parametrize("kind", ["guide", "leader", "administrator", "stranger", "young person", "anonymous"])
def test_the_database_tells_nobody_else(kind: str, living: House, world: World) -> None:
    """Wall two alone: the functions answer only whose office it is, whatever the application asks."""
    from sqlalchemy import text

    person = None if kind == "anonymous" else world.people[kind].id
    with living.unit_of_work(person) as session:
        trace = session.execute(text("select * from my_trace('2000-01-01', '2100-01-01', 1000)")).all()
        assert trace == []
        figures = session.execute(text("select * from my_figures()")).all()
        assert bool(figures) == (kind == "leader")
        led = session.execute(text("select * from cases_led_by(:guide)"), {"guide": world.people["guide"].id}).all()
        assert bool(led) == (kind == "administrator")
        session.rollback()
