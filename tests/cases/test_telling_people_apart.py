"""Professionals never mix two people up: full name and age where they meet a young person, and a warning at the same
name. The family sees first names, as they speak."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from flask import Flask

from portal.access.policy.roles import Capacity, Level
from portal.services.cases import finding
from portal.services.cases.finding import PAGE, CaseOrder
from portal.services.cases.register import CaseLine
from portal.services.plans import editing
from portal.services.plans.open_plan import open_plan
from tests.support.browser import Browser, Page
from tests.support.story import Room, Someone, Story, years_ago


@pytest.fixture
def room(story: Story) -> Room:
    return story.case(name="Aksel Juul Rasmussen", born=years_ago(17, 100))


@pytest.fixture
def guide(app: Flask, story: Story, room: Room) -> Browser:
    return Browser(app, story.token(room.guide))


def head_of(page: Page) -> str:
    found = page.soup.select_one(".case-name")
    assert found is not None
    return " ".join(found.get_text(" ").split())


PAGES = ("", "/plan", "/files", "/messages", "/people", "/log", "/audience", "/search", "/files/new")


def test_a_professional_reads_full_name_and_age_on_every_page_of_a_case_and_in_its_title(
    app: Flask, story: Story, room: Room, guide: Browser
) -> None:
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher, Level.WRITE)
    story.everybody_agrees(room)
    for browser in (guide, Browser(app, story.token(teacher))):
        for part in PAGES:
            page = browser.get(f"/cases/{room.case_id}{part}")
            assert "Aksel Juul Rasmussen" in head_of(page), part
            assert "17 år" in head_of(page), part
            assert str(years_ago(17, 100).year) in head_of(page), part
            assert page.soup.title is not None
            assert "Aksel Juul Rasmussen" in page.soup.title.get_text(), part


@pytest.mark.parametrize("who", ["young", "parent"])
def test_the_family_reads_the_first_name_and_no_age(who: str, app: Flask, story: Story, room: Room) -> None:
    story.consent(room, room.young)
    browser = Browser(app, story.token(room.young if who == "young" else room.parents[0]))
    for part in ("", "/plan", "/files", "/people"):
        page = browser.get(f"/cases/{room.case_id}{part}")
        assert head_of(page) == "A Aksel", part
        assert page.soup.title is not None
        assert "Rasmussen" not in page.soup.title.get_text()


def test_my_cases_tell_age_and_birth_date_and_warn_at_nearly_the_same_name(
    story: Story, room: Room, guide: Browser
) -> None:
    story.case(room.guide, name="Åse Ærlig", born=years_ago(16, 10))
    assert "næsten samme navn" not in guide.get("/cases").text
    story.case(room.guide, name="Axel Rasmussen", born=years_ago(15, 10))
    rows = {row.a.get_text(): row.get_text(" ") for row in guide.get("/cases").soup.select("main ul.rows > li")}
    assert list(rows) == ["Aksel Juul Rasmussen", "Axel Rasmussen", "Åse Ærlig"], "in Danish order"
    assert "17 år" in rows["Aksel Juul Rasmussen"]
    assert str(years_ago(15, 10).year) in rows["Axel Rasmussen"]
    assert [name for name, row in rows.items() if "næsten samme navn" in row] == list(rows)[:2]


def test_other_peoples_cases_warn_nobody(app: Flask, story: Story, room: Room, guide: Browser) -> None:
    other = story.case(story.guide("Else Ekstern"), name="Aksel Juul Rasmussen")
    assert "næsten samme navn" not in guide.get("/cases").text
    mine = Browser(app, story.token(other.guide))
    page = mine.submit(mine.get("/cases/new"), "birth_date", **answers("Malik Christensen"))
    assert page.status == 303, "whether somebody else has a case of that name is nobody's business"


def answers(name: str) -> dict[str, str]:
    born = years_ago(16, 30)
    return {
        "name": name, "birth_date-day": str(born.day), "birth_date-month": str(born.month),
        "birth_date-year": str(born.year),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["Aksel Juul Rasmussen", "aksel rasmussen", "Axel Juul Rasmusen"])
def test_opening_a_case_of_nearly_the_same_name_asks_first_and_loses_nothing(
    name: str, story: Story, room: Room, guide: Browser, owner
) -> None:  # type: ignore[no-untyped-def]
    page = guide.submit(guide.get("/cases/new"), "birth_date", **answers(name))
    assert page.status == 422
    assert "Du har allerede en sag" in page.text
    assert "Aksel Juul Rasmussen, 17 år" in page.text
    assert owner.execute("select count(*) from cases").fetchone() == (1,)
    held = page.soup.find("input", id="name")
    assert held is not None
    assert held["value"] == name
    opened = guide.submit(page, "birth_date", another="y")
    assert opened.status == 303
    assert owner.execute("select count(*) from cases").fetchone() == (2,)


def test_a_case_of_another_name_opens_at_once_and_once(guide: Browser, owner) -> None:  # type: ignore[no-untyped-def]
    page = guide.get("/cases/new")
    sent = [guide.submit(page, "birth_date", **answers("Malik Christensen")) for _ in range(2)]
    assert [answer.status for answer in sent] == [303, 303]
    assert owner.execute("select count(*) from cases").fetchone() == (2,)


def test_adding_family_of_a_members_name_asks_first(story: Story, room: Room, guide: Browser, owner) -> None:  # type: ignore[no-untyped-def]
    where = f"/cases/{room.case_id}/team/citizen"
    page = guide.submit(guide.get(where), "national_id", name="Mona Mohr")
    assert page.status == 422
    assert "Mona Mor" in page.text
    added = "select count(*) from membership where case_id = %s"
    before = owner.execute(added, [room.case_id]).fetchone()
    again = guide.submit(page, "national_id", another="y")
    assert again.status == 303
    assert owner.execute(added, [room.case_id]).fetchone() == (before[0] + 1,)


def test_inviting_somebody_of_the_network_asks_too(story: Story, room: Room, guide: Browser) -> None:
    story.play(room, room.young, lambda t: editing.begin_plan(t, UUID(int=4), "network_map"))
    row = story.play(
        room, room.young, lambda t: editing.add_row(open_plan(t, "network_map"), 1, "people", name="Finn Far")
    )
    story.play(room, room.guide, lambda t: editing.begin_plan(t, UUID(int=5), "network_overview"))
    where = f"/cases/{room.case_id}/plan/network_overview/people/{row}/invite"
    page = guide.submit(guide.get(where), "national_id")
    assert page.status == 422
    assert "næsten hedder det samme" in page.text
    assert guide.submit(page, "national_id", another="y").status == 303


def test_adding_a_professional_of_a_members_name_says_so(story: Story, room: Room, guide: Browser) -> None:
    first, second = (story.staff("Mette Holm", unit) for unit in ("Skolen", "Jobcenter"))
    story.add(room, first)
    page = guide.get(f"/cases/{room.case_id}/team/add/{second.id}")
    assert "næsten hedder det samme" in page.text
    assert "Skolen-medarbejder, Skolen" in page.text
    other = story.staff("Bo Ravn", "Jobcenter")
    assert "næsten hedder det samme" not in guide.get(f"/cases/{room.case_id}/team/add/{other.id}").text


# Many cases


def line(number: int, name: str, unread: int = 0, born: date = date(2009, 5, 1)) -> CaseLine:
    return CaseLine(UUID(int=number), name, born, 17, "Grete Guide", unread, True, False)


def test_cases_are_found_by_the_beginning_of_a_word_an_accent_or_a_birth_date_and_shown_sixty_at_a_time() -> None:
    every = tuple(line(number, f"Ung {number:03d}", unread=number % 3) for number in range(120))
    every += (line(200, "Zoë Åby", born=date(2010, 2, 3)),)
    first = finding.found_page(every, "", CaseOrder.NAME, 1)
    assert (len(first.lines), first.found, first.pages) == (PAGE, 121, 3)
    assert len(finding.found_page(every, "", CaseOrder.NAME, 3).lines) == 1
    for wanted in ("zoe", "aaby", "ÅBY zoë", "3.2.2010", "030210"):
        assert [one.young_person for one in finding.found_page(every, wanted, CaseOrder.NAME, 9).lines] == ["Zoë Åby"]
    assert finding.found_page(every, "findes ikke", CaseOrder.NAME, 1).lines == ()
    assert finding.found_page(every, "", CaseOrder.UNREAD, 1).lines[0].unread == 2
    assert finding.found_page(every, "", CaseOrder.AGE, 1).lines[0].young_person == "Zoë Åby"


@pytest.mark.parametrize("asked", ["0", "-7", "99999999999999999999", "²", "x", "2"])
def test_a_page_that_is_not_there_is_one_that_is(asked: str, guide: Browser) -> None:
    page = guide.get(f"/cases?page={asked}&order=unread")
    assert page.status == 200
    assert "Aksel Juul Rasmussen" in page.text


def test_finding_a_case_needs_no_script_and_leaves_the_name_in_no_address(
    story: Story, room: Room, guide: Browser
) -> None:
    story.case(room.guide, name="Malik Christensen")
    page = guide.submit(guide.get("/cases"), "find", words="christen")
    assert page.status == 200
    assert [row.a.get_text() for row in page.soup.select("main ul.rows > li")] == ["Malik Christensen"]
    assert "1 sag passer" in page.text
    assert page.path == "/cases/find"
    assert "Ingen af dine sager passer" in guide.submit(guide.get("/cases"), "find", words="ukendt").text


def test_a_parent_with_two_cases_sees_names_alone(app: Flask, story: Story, owner) -> None:  # type: ignore[no-untyped-def]
    rooms = [story.case(story.guide(), name=name, parents=0) for name in ("Aksel Dahl", "Axel Dahl")]
    mother = story.add_citizen(rooms[0], "Mona Mor", Capacity.PARENT, custody=True)
    made = story.add_citizen(rooms[1], "Mona Mor", Capacity.PARENT, custody=True)
    owner.execute("update membership set person_id = %s where person_id = %s", [mother.id, made.id])
    owner.execute("update access_window set person_id = %s where person_id = %s", [mother.id, made.id])
    for room in rooms:
        story.consent(room, room.young)
    owner.execute("update access_window set person_id = %s where person_id = %s", [mother.id, made.id])
    page = Browser(app, story.token(Someone(mother.id, "Mona Mor"))).get("/cases")
    assert "Aksel Dahl" in page.text
    assert "år" not in page.text.split("Aksel Dahl")[1]
    assert "næsten samme navn" not in page.text
