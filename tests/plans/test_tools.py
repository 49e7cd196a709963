"""All tools of the model: what each asks, who may answer, what they know of each other, and their words over time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.runtime import Runtime, open_runtime
from portal.services.cases import overview
from portal.services.plans import agreement, base_data, editing, plans, saving
from portal.services.plans.open_plan import open_plan
from portal.services.plans.versions import PlanState, VersionPage
from portal.settings import Settings
from portal.tools.definition import BaseField
from portal.tools.library import definition, definition_in, every_definition
from portal.tools.profile import profile
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story

TOOLS = [each.key for each in every_definition()]


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


def newest(story: Story, room: Room, who: Someone, tool: str) -> VersionPage:
    def read(ticket: CaseTicket) -> VersionPage:
        page = plans.show_plan(ticket, tool)
        assert page is not None
        return page.newest

    return story.play(room, who, read)


def begin(story: Story, room: Room, who: Someone, tool: str) -> None:
    story.play(room, who, lambda t: editing.begin_plan(t, uuid4(), tool))


def write(story: Story, room: Room, who: Someone, tool: str, **answers: str) -> None:
    given = {address.replace("__", "."): words for address, words in answers.items()}
    page = newest(story, room, who, tool)
    story.play(room, who, lambda t: saving.save(open_plan(t, tool), page.number, page.revision, given))


def add(story: Story, room: Room, by: Someone, tool: str, section: str, **given: str) -> str:
    page = newest(story, room, by, tool)
    return story.play(room, by, lambda t: editing.add_row(open_plan(t, tool), page.number, section, **given))


def agree(story: Story, room: Room, tool: str) -> PlanState:
    page = newest(story, room, room.guide, tool)
    story.play(room, room.guide, lambda t: agreement.propose_plan(t, uuid4(), tool, page.number, page.revision))
    state = PlanState.PROPOSED
    proposed = newest(story, room, room.guide, tool)
    for yes in proposed.asked:
        who = next(one for one in (room.guide, room.young) if room.member(one) == yes.member.id)

        def accept(ticket: CaseTicket) -> PlanState:
            assert proposed.proposal_id is not None
            return agreement.accept_proposal(ticket, uuid4(), tool, proposed.number, proposed.proposal_id)

        state = story.play(room, who, accept)
    return state


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_is_written_read_agreed_and_compared_by_the_same_pages(
    tool: str, app: Flask, story: Story, room: Room
) -> None:
    """A browser fills in every question of the tool, saves, proposes it, and reads what changed."""
    if tool == "network_overview":
        begin(story, room, room.young, "network_map")
        add(story, room, room.young, "network_map", "people", name="Moster Mia", relation="Min moster")
    browser = Browser(app, story.token(room.guide))
    start = f"/cases/{room.case_id}/plan/{tool}"
    page = browser.follow(browser.submit(browser.get(start), "begin"))
    for button in page.soup.find_all("button", attrs={"name": "add"}):
        page = browser.follow(browser.submit(page, "plan-form", add=str(button["value"])))
    form = page.form("plan-form")
    answers: dict[str, str | list[str]] = {}
    for field in form.find_all(["textarea", "input", "select"]):
        name, kind = str(field.get("name", "")), field.get("type")
        if "." not in name or kind == "hidden":
            continue
        if field.find_parent(class_="days"):
            answers[name] = ["date", "2", "3", "2026"]
        elif field.name == "select":
            answers[name] = str(field.find_all("option")[-1]["value"])
        elif kind in ("radio", "checkbox"):
            answers.setdefault(name, str(field["value"]))
        else:
            answers[name] = f"Skrevet i {name}"
    assert len(answers) >= 6
    page = browser.submit(page, "plan-form", **answers, done="yes")
    assert page.status == 303, page.text
    page = browser.follow(page)
    for name, words in answers.items():
        if str(words).startswith("Skrevet"):
            assert words in page.text, name
    assert ("2. marts 2026" in page.text) == (["date", "2", "3", "2026"] in answers.values())
    page = browser.follow(browser.submit(page, "/propose"))
    assert "Foreslået" in page.text
    changes = browser.get(f"{start}/versions/1/changes")
    for name, words in answers.items():
        if str(words).startswith("Skrevet"):
            # What is confided is read by two and compared by nobody.
            assert (words in changes.text) == (not name.endswith(".between_us")), name


def test_the_plan_page_lists_all_seven_tools_with_how_far_each_has_come(app: Flask, story: Story, room: Room) -> None:
    begin(story, room, room.young, "network_map")
    write(story, room, room.young, "network_map", about__notice="Der er flest venner")
    write_and_agree(story, room)
    story.consent(room, room.young)
    page = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/plan")
    panels = {str(p.h3.get_text()): " ".join(p.get_text(" ").split()) for p in page.soup.select(".people section")}
    assert len(panels) == 7
    assert "Version 1 · Kladde" in panels["Netværkskort"]
    assert "Version 1 · Aftalt" in panels["Grundkontrakt"]
    assert "Gælder nu" in panels["Samtykkeerklæring"]
    assert "Ikke begyndt" in panels["Indsatsoverblik"]
    lines = story.play(room, room.young, overview.tools)
    assert sum(line.form for line in lines) == 6


def write_and_agree(story: Story, room: Room) -> None:
    begin(story, room, room.guide, "basic_contract")
    write(story, room, room.guide, "basic_contract", purpose__purpose="Jeg vil have ro")
    assert agree(story, room, "basic_contract") is PlanState.AGREED


def test_several_choices_are_kept_in_the_order_of_the_form_and_none_can_be_chosen_again(
    app: Flask, story: Story, room: Room
) -> None:
    begin(story, room, room.guide, "basic_contract")
    browser = Browser(app, story.token(room.guide))
    page = browser.get(f"/cases/{room.case_id}/plan/basic_contract/write")
    browser.submit(page, "plan-form", **{"contact.ways": ["call", "portal"]})
    assert newest(story, room, room.guide, "basic_contract").answers["contact.ways"] == "portal call"
    page = browser.get(f"/cases/{room.case_id}/plan/basic_contract/write")
    browser.submit(page, "plan-form", **{"contact.ways": [""]})
    assert newest(story, room, room.guide, "basic_contract").answers["contact.ways"] == ""


@pytest.mark.parametrize(
    ("tool", "answers"),
    [
        ("basic_contract", {"contact.ways": "portal pigeon"}),
        ("meeting_checklist", {"meeting.attended": str(uuid4())}),
        ("meeting_checklist", {"meeting.type": "at_99"}),
    ],
    ids=["choices", "people", "a meeting of another profile"],
)
def test_what_is_not_on_offer_is_no_answer(tool: str, answers: dict[str, str], story: Story, room: Room) -> None:
    begin(story, room, room.guide, tool)
    with pytest.raises(InvalidInput, match="choice"):
        write(story, room, room.young, tool, **answers)


@pytest.mark.parametrize("answer", ["11", "declined now"])
def test_what_is_not_on_a_scale_is_no_answer(answer: str, story: Story, room: Room) -> None:
    tool = "goals_and_agreements"
    begin(story, room, room.guide, tool)
    row = add(story, room, room.guide, tool, "goals", words="Jeg vil i skole")
    with pytest.raises(InvalidInput, match="choice"):
        write(story, room, room.young, tool, **{f"goals.{row}.progress": answer})


def test_the_agenda_is_the_young_persons_or_marked_as_written_down_by_the_guide(
    app: Flask, story: Story, room: Room
) -> None:
    tool, colleague = "meeting_checklist", story.staff("Jo Job")
    story.add(room, colleague)
    begin(story, room, room.guide, tool)
    for who, address in (
        (room.guide, "before__agenda"),
        (colleague, "before__agenda"),
        (colleague, "before__agenda_told"),
        (room.young, "before__agenda_told"),
    ):
        with pytest.raises(InvalidInput, match="not_yours_to_fill"):
            write(story, room, who, tool, **{address: "Vi skal tale om fravær"})
    write(story, room, room.young, tool, before__agenda="Kan vi tale om min praktik?")
    write(story, room, room.guide, tool, before__agenda_told="Ulla vil også tale om sin bolig")
    page = Browser(app, story.token(colleague)).get(f"/cases/{room.case_id}/plan/{tool}")
    told = {dt.get_text(): dt.find_next("dd").get_text() for dt in page.soup.select(".answer dt")}
    assert told["Den unges dagsorden"] == "Kan vi tale om min praktik?"
    assert told["Den unges dagsorden, skrevet ned af guiden"] == "Ulla vil også tale om sin bolig"


def test_the_meetings_a_checklist_offers_are_those_of_the_programme_profile() -> None:
    def offered(profile: str) -> list[str]:
        known = definition_in(profile, "meeting_checklist")
        section = known.section_of("meeting") if known else None
        assert section is not None
        return [choice.title.da for choice in section.question[0].choice]

    assert offered("tre_moeder") == [
        "Første tværfaglige møde",
        "Andet tværfaglige møde",
        "Tredje tværfaglige møde",
        "Status",
        "Ekstra møde",
    ]
    model = [meeting.title.da for meeting in profile("samarbejdsmodellen_dk").meeting]
    assert offered("samarbejdsmodellen_dk") == [*model, "Status", "Ekstra møde"]


def test_what_the_team_promises_takes_a_yes_of_somebody_in_the_team(app: Flask, story: Story, room: Room) -> None:
    tool, colleague = "basic_contract", story.staff("Jo Job")
    story.add(room, colleague, Level.READ)
    begin(story, room, room.guide, tool)
    write(story, room, room.guide, tool, promises__team="Vi svarer inden tre dage")
    guide = Browser(app, story.token(room.guide))
    start = f"/cases/{room.case_id}/plan/{tool}"
    refused = guide.submit(guide.get(start), "/propose")
    assert refused.status == 422
    assert "Vælg, hvem fra teamet der siger ja til det her" in refused.text
    write(story, room, room.guide, tool, promises__team_by=str(room.member(colleague)))
    assert guide.submit(guide.get(start), "/propose").status == 303
    proposed = newest(story, room, room.guide, tool)
    assert [yes.member.display_name for yes in proposed.asked] == ["Grete Guide", "Ulla Ung", "Jo Job"]
    asked = Browser(app, story.token(colleague)).get(start).soup.find(id="yes").parent
    assert "Vi svarer inden tre dage" in asked.get_text()
    assert proposed.proposal_id
    for who in (room.guide, room.young):
        story.play(
            room,
            who,
            lambda t: agreement.accept_proposal(t, uuid4(), tool, proposed.number, proposed.proposal_id or uuid4()),
        )
    assert newest(story, room, room.guide, tool).state is PlanState.PROPOSED
    story.play(
        room, colleague, lambda t: agreement.accept_proposal(t, uuid4(), tool, 1, proposed.proposal_id or uuid4())
    )
    assert newest(story, room, room.guide, tool).state is PlanState.AGREED


def test_a_way_of_contact_says_who_it_is_that_uses_it() -> None:
    """The portal has no number of anybody and sends no text messages."""
    known = definition("basic_contract")
    section = known.section_of("contact") if known else None
    ways = section.question_of("ways") if section else None
    assert ways is not None
    titles = {choice.key: choice.title.da for choice in ways.choice}
    assert "min guide" in titles["sms"]
    assert "min guide" in titles["call"]
    assert "Portalen sender selv hverken sms" in (ways.help.da if ways.help else "")


def test_a_meeting_begins_with_empty_minutes_and_keeps_what_is_still_missing(story: Story, room: Room) -> None:
    tool = "meeting_checklist"
    begin(story, room, room.guide, tool)
    write(story, room, room.guide, tool, script__welcome="Vi sagde hej", eighteen__notes="NemKonto")
    assert agree(story, room, tool) is PlanState.AGREED, "the guide alone answers for the minutes"
    story.play(room, room.guide, lambda t: editing.renew(t, uuid4(), tool))
    page = newest(story, room, room.guide, tool)
    assert (page.number, page.answers.get("script.welcome"), page.answers["eighteen.notes"]) == (2, None, "NemKonto")


# The same people in two tools


def test_a_person_of_the_map_is_the_same_in_the_overview_and_is_written_once(story: Story, room: Room) -> None:
    begin(story, room, room.young, "network_map")
    begin(story, room, room.guide, "network_overview")
    mia = add(story, room, room.young, "network_map", "people", name="Moster Mia", relation="Min moster")
    page = newest(story, room, room.guide, "network_overview")
    assert page.rows("contacts") == [mia]
    assert page.answers[f"contacts.{mia}.name"] == "Moster Mia"
    write(story, room, room.guide, "network_overview", **{f"contacts.{mia}.phone": "12 34 56 78"})
    write(story, room, room.young, "network_map", **{f"people.{mia}.name": "Mia"})
    page = newest(story, room, room.guide, "network_overview")
    assert (page.answers[f"contacts.{mia}.name"], page.answers[f"contacts.{mia}.phone"]) == ("Mia", "12 34 56 78")

    def saved(ticket: CaseTicket) -> dict[str, str]:
        from portal.models import PlanVersion

        return plans.read_answers(ticket, ticket.load(PlanVersion, page.id))

    assert saved_addresses(story.play(room, room.guide, saved)) == {f"contacts.{mia}.phone"}
    with pytest.raises(NotFound):
        add(story, room, room.guide, "network_overview", "contacts")
    with pytest.raises(InvalidInput, match="not_yours_to_fill"):
        write(story, room, room.guide, "network_overview", **{f"contacts.{mia}.name": "En anden"})


def saved_addresses(answers: dict[str, str]) -> set[str]:
    return {address for address, words in answers.items() if words}


def test_agreed_contacts_stay_as_they_were_agreed(story: Story, room: Room) -> None:
    begin(story, room, room.young, "network_map")
    begin(story, room, room.guide, "network_overview")
    mia = add(story, room, room.young, "network_map", "people", name="Moster Mia")
    assert agree(story, room, "network_overview") is PlanState.AGREED
    write(story, room, room.young, "network_map", **{f"people.{mia}.name": "En anden"})
    page = newest(story, room, room.guide, "network_overview")
    assert page.answers[f"contacts.{mia}.name"] == "Moster Mia"
    story.play(room, room.guide, lambda t: editing.renew(t, uuid4(), "network_overview"))
    page = newest(story, room, room.guide, "network_overview")
    assert page.answers[f"contacts.{mia}.name"] == "En anden"


# Base data


def test_base_data_is_typed_once_and_stands_in_every_tool(app: Flask, story: Story, room: Room) -> None:
    story.add(room, story.staff("Jo Job", job="Jobkonsulent"))
    browser = Browser(app, story.token(room.guide))
    for tool in TOOLS:
        begin(story, room, room.guide, tool)
        page = browser.get(f"/cases/{room.case_id}/plan/{tool}")
        panel = page.soup.select_one(".base-data")
        assert panel is not None
        told = " ".join(panel.get_text(" ").split())
        assert "Ulla Ung" in told
        assert "Grete Guide" in told
        assert ("Jo Job, Jobkonsulent" in told) == (tool != "network_map")
        assert not any(newest(story, room, room.guide, tool).answers.values()), "nothing of it is kept with the answers"


def test_a_new_guide_stands_in_every_tool_at_once(story: Story, room: Room) -> None:
    def guide(ticket: CaseTicket) -> list[str]:
        from portal.tools.library import definition

        known = definition("basic_contract")
        assert known is not None
        (line,) = [each for each in base_data.base_lines(ticket, known) if each.what is BaseField.GUIDE]
        return [person.membership.display_name for person in line.people]

    assert story.play(room, room.young, guide) == ["Grete Guide"]


# Words over time

WORDS = """
version = "testby-1"
[words]
"purpose.purpose.label" = { da = "Det drømmer jeg om", en = "What I dream of" }
"""


@pytest.fixture
def own_words(portal_settings: Settings, tmp_path: Path) -> Iterator[Runtime]:
    (tmp_path / "basic_contract.toml").write_text(WORDS, "utf-8")
    runtime = open_runtime(portal_settings.model_copy(update={"wording_dir": tmp_path}))
    yield runtime
    runtime.close()


def test_answers_keep_the_words_they_were_written_to(story: Story, room: Room, own_words: Runtime) -> None:
    """A version begun in the shipped words is shown in them for ever; the next one asks in the municipality's own."""
    write_and_agree(story, room)
    elsewhere = Story(own_words)

    def label(page: VersionPage) -> str:
        return page.definition.section[0].question[0].label.da

    assert label(newest(elsewhere, room, room.guide, "basic_contract")) == "Det vil jeg gerne have ud af det"
    elsewhere.play(room, room.guide, lambda t: editing.renew(t, uuid4(), "basic_contract"))
    page = newest(elsewhere, room, room.guide, "basic_contract")
    assert (label(page), page.answers["purpose.purpose"]) == ("Det drømmer jeg om", "Jeg vil have ro")
    back_home = newest(story, room, room.guide, "basic_contract")
    assert label(back_home) == "Det drømmer jeg om", "also after the folder is gone"
