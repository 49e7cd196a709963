"""A plan's way to Word and back in a real browser: taken out, written in, compared line by line, put in as chosen."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from tests.plans.test_tools import add, begin, newest, write
from tests.support.live import cookie, served
from tests.support.story import Story
from tests.support.word_trip import both, changed, table_of, typed

TOOL = "goals_and_agreements"


def test_a_plan_goes_to_word_and_back_and_its_sender_chooses_line_by_line(
    app: Flask, story: Story, chromium: Chromium, tmp_path: Path
) -> None:
    room = story.case()
    begin(story, room, room.guide, TOOL)
    write(story, room, room.guide, TOOL, now__goal="Jeg vil bo selv", now__situation="Det går op og ned")
    school = add(story, room, room.guide, TOOL, "goals", words="Jeg skal i skole 2 dage", status="under_way")
    money = add(story, room, room.guide, TOOL, "goals", words="Jeg skal spare op")
    file = tmp_path / "Mål- og aftaleskema.docx"
    edit = both(
        typed("now.goal", "Jeg vil bo for mig selv"),
        typed("now.situation", "Det går bedre"),
        typed("now.from", "engang til sommer"),
        typed(f"goals.{school}.words", "Jeg skal i skole 4 dage"),
        typed("goals.new.words", "Jeg skal have et job"),
        lambda document: document.element.body.remove(table_of(document, f"goals.{money}.words")),
    )
    with served(app) as at:
        context = chromium.new_context(locale="da-DK", viewport={"width": 1280, "height": 900})
        context.add_cookies([cookie(app, story.token(room.young))])  # type: ignore[list-item]
        page = context.new_page()

        # Out, by the ways the plan offers.
        page.goto(f"{at}/cases/{room.case_id}/plan/{TOOL}")
        page.get_by_role("link", name="Læg det ind, du har skrevet i Word").press("Enter")
        with page.expect_download() as taken:
            page.get_by_role("link", name="Hent den nu").press("Enter")
        file.write_bytes(changed(Path(taken.value.path()).read_bytes(), edit))
        write(story, room, room.guide, TOOL, now__situation="Det er svært lige nu")

        # And in again.
        page.get_by_label("Din Word-fil").set_input_files(file)
        page.get_by_role("button", name="Vis mig, hvad der er ændret").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Det har du ændret i Word")
        lines = page.locator("fieldset.word-line")
        expect(lines).to_have_count(5)
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(page).response["violations"]
            assert not [each["id"] for each in found], found
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        both_wrote = lines.filter(has_text="Sådan er det nu")
        expect(both_wrote.locator(".clash")).to_contain_text("Grete Guide har skrevet noget andet her imens")
        expect(both_wrote.get_by_role("radio", checked=True)).to_have_count(0)
        expect(page.get_by_role("region", name="Det, der ikke kunne lægges ind")).to_contain_text("engang til sommer")

        # What both wrote has to be chosen about: the line says so, and the page goes to it.
        put_in = page.get_by_role("button", name="Læg det ind i planen")
        put_in.press("Enter")
        expect(page.locator("#faults")).to_be_focused()
        page.locator("#faults a").press("Enter")
        expect(both_wrote).to_be_in_viewport()
        both_wrote.get_by_label("Behold begge").check()
        lines.filter(has_text="Jeg skal spare op").get_by_label("Tag det ud af planen").check()
        put_in.press("Enter")
        expect(page.get_by_text("5 ting fra din Word-fil står nu i planen")).to_be_visible()
        for words in ("Jeg vil bo for mig selv", "Det er svært lige nu", "Det går bedre", "Jeg skal i skole 4 dage"):
            expect(page.locator("main")).to_contain_text(words)
        page.close()
    answers = newest(story, room, room.guide, TOOL).answers
    goals = [answers[f"goals.{row}.words"] for row in answers["goals"].split()]
    assert goals == ["Jeg skal i skole 4 dage", "Jeg skal have et job"]
