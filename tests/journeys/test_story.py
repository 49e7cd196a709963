"""The story of the case room, from an empty portal to the eighteenth birthday, in a real browser on the real thing."""

from __future__ import annotations

import re
from datetime import timedelta

import docx
import pytest
from playwright.sync_api import expect

from portal.demo import papers
from tests.journeys.conftest import Cast, Person, Stage
from tests.journeys.people import ALMA, BORN, LONE, PASSWORD, PETER, PLACES, STAFF, TODAY
from tests.support.libreoffice import edit_in_libreoffice

pytestmark = pytest.mark.xdist_group("journey")


def test_the_story(stage: Stage, cast: Cast) -> None:
    admin = cast.professional("admin@eksempelby.example")
    an_administrator_sets_up_the_organisation(admin)
    for name, email, *_ in STAFF:
        somebody_accepts_the_invitation(cast.person(), stage, name, email)

    mette = cast.professional("mette@eksempelby.example", PASSWORD)
    case = a_guide_opens_the_case(mette)
    jonas = cast.professional("jonas@eksempelby.example", PASSWORD)
    lene = cast.professional("lene@eksempelby.example", PASSWORD)
    amir = cast.professional("amir@eksempelby.example", PASSWORD)
    for waiting in (jonas, lene, amir):
        nothing_is_seen_yet(waiting, case)

    alma = cast.citizen(*ALMA)
    the_young_person_says_yes(alma, case)
    nothing_is_seen_yet(lene, case)
    lone = cast.citizen(*LONE)
    a_custody_holder_says_yes(lone)
    nothing_is_seen_yet(lene, case)
    the_guide_registers_the_other_on_paper(mette, stage)
    the_windows_open_per_compartment(jonas, lene, amir, case)

    the_plan_goes_round(mette, alma, lone, stage, case)
    a_secret_is_kept_in_health(amir, lene, case)
    they_write_to_each_other(mette, alma, lene, jonas, case)
    open_tab = lene.context.new_page()
    open_tab.goto(f"{stage.address}{case}/files")
    consent_is_taken_back(alma, lene, case, open_tab)
    the_guide_shuts_a_parent_out(mette, lone, case)
    the_young_person_reads_who_has_seen_it(alma, case)
    cast.leave()

    the_birthday_passes(stage, cast)


def an_administrator_sets_up_the_organisation(admin: Person) -> None:
    admin.reads("Mine sager")
    admin.click("Konti")
    admin.click("Tilføj en organisation")
    admin.reads("Du har ikke noget ekstra trin endnu")
    admin.click("Vælg et ekstra trin")
    admin.sets_up_a_code_app()
    admin.reads("Tilføj en organisation")
    admin.click("Konti")
    for name, (kind, units) in PLACES.items():
        if kind:
            admin.click("Tilføj en organisation")
            admin.page.get_by_label("Navn").fill(name)
            admin.page.get_by_label("Slags").select_option(kind)
            admin.press("Tilføj organisationen")
        for unit, field_of_work in units:
            admin.page.get_by_role("region", name=name).get_by_role("link", name="Tilføj en enhed").click()
            admin.arrived()
            admin.page.get_by_label("Navn").fill(unit)
            admin.page.get_by_label("Område").select_option(field_of_work)
            admin.press("Tilføj enheden")
    for name, email, job, unit, opens in STAFF:
        admin.click(f"Inviter en til {unit}")
        admin.page.get_by_label("Navn").fill(name)
        admin.page.get_by_label("E-mail").fill(email)
        admin.page.get_by_label("Stilling").fill(job)
        if opens:
            admin.page.get_by_label("Må åbne sager og være guide").check()
        admin.press("Send invitationen")
    admin.reads("Jonas Friis")
    admin.picture("accounts")


def somebody_accepts_the_invitation(person: Person, stage: Stage, name: str, email: str) -> None:
    for _ in range(300):
        person.page.goto(f"{stage.eid}/mail")
        mail = person.page.locator("section", has_text=email)
        if mail.count():
            break
        person.page.wait_for_timeout(100)
    mail.get_by_role("link").first.click()
    person.arrived()
    person.reads(f"Velkommen, {name}")
    person.page.get_by_label("Ny adgangskode").fill(PASSWORD)
    person.page.get_by_label("Den samme adgangskode igen").fill(PASSWORD)
    person.press("Gem adgangskoden")
    person.reads("Din adgangskode er gemt")
    person.context.close()


def a_guide_opens_the_case(mette: Person) -> str:
    mette.click("Åbn en sag")
    page = mette.page
    page.get_by_label("Den unges navn").fill(ALMA[0])
    for label, value in (("Dag", BORN.day), ("Måned", BORN.month), ("År", BORN.year)):
        page.get_by_label(label, exact=True).fill(str(value))
    numbers = page.get_by_label("CPR-nummer")
    numbers.nth(0).fill(ALMA[2])
    names = page.get_by_label("Navn", exact=True)
    names.nth(0).fill(LONE[0])
    numbers.nth(1).fill(LONE[2])
    names.nth(1).fill(PETER[0])
    mette.picture("open-a-case")
    mette.press("Åbn sagen")
    mette.reads("Sagen er åben")
    case = page.url.removeprefix(mette.stage.address).removesuffix("/people")
    team = (
        ("Jonas", "Må læse og skrive", "Så vi sammen kan finde en praktikplads."),
        ("Lene", "Må læse", "Så skolen kender planen."),
        ("Amir", "Må læse og skrive", "Så behandling og plan hænger sammen."),
    )
    for first_name, level, why in team:
        mette.click("Tilføj en fagperson")
        page.get_by_label("Navn, stilling eller arbejdssted").fill(first_name)
        mette.press("Søg")
        mette.click(first_name)
        mette.reads("Ikke endnu")
        for missing in (ALMA[0], LONE[0], PETER[0]):
            mette.reads(f"{missing} har ikke svaret endnu")
        page.get_by_label("Hvorfor skal personen være med i sagen?").fill(why)
        page.get_by_label(level, exact=True).check()
        mette.press("Tilføj ")
    mette.picture("people-waiting")
    mette.unfolds("Hvad de ser, og hvorfor")
    for missing in (ALMA[0], LONE[0], PETER[0]):
        mette.reads(f"{missing} har ikke svaret endnu")
    return case


def nothing_is_seen_yet(person: Person, case: str) -> None:
    person.goto("/cases")
    person.reads("Guide: Mette Holm, Børn og Unge")
    person.reads("Der mangler samtykke fra")
    for path in ("", "/files", "/people", "/log"):
        person.goto(f"{case}{path}")
        person.reads("Du har ikke adgang til det her lige nu")
        person.reads("Mette Holm")
        person.reads_not("Alma")


def the_young_person_says_yes(alma: Person, case: str) -> None:
    alma.reads("beder om at se din sag")
    alma.click("Se og svar")
    alma.reads("Så vi sammen kan finde en praktikplads.")
    alma.reads("Lene Bach, Lærer")
    alma.picture("consent")
    all_but_health_for_the_school(alma)
    alma.press("Se mit svar igennem")
    alma.reads("10. klasse, Eksempelby Skole må ikke se: - Helbred (")
    alma.picture("consent-signed")
    alma.press("Giv mit svar")
    alma.reads("Dit svar er gemt")
    alma.reads("Jobcenter, Eksempelby Kommune Ja Fælles, Helbred, Uden forældre, Kun fagpersoner")
    alma.reads("10. klasse, Eksempelby Skole Ja Fælles, Uden forældre, Kun fagpersoner Nej Helbred Træk")
    alma.goto(case)
    alma.reads_not("beder om at se din sag")


def all_but_health_for_the_school(person: Person) -> None:
    """Nothing is chosen beforehand: each thing is said yes or no to."""
    radios = person.page.get_by_role("radio")
    expect(radios.first).to_be_visible()
    assert not any(radio.is_checked() for radio in radios.all() if "answer-" in (radio.get_attribute("name") or ""))
    for radio in person.page.get_by_role("radio", name=re.compile(r"^Ja\b")).all():
        radio.check()
    person.page.get_by_role("radio", name=re.compile(r"^Nej\s*: Helbred, 10\. klasse, Eksempelby Skole")).check()


def a_custody_holder_says_yes(lone: Person) -> None:
    lone.goto("/cases")
    lone.click("Alma Sol Dahl") if lone.page.get_by_role("link", name="Alma Sol Dahl").count() else None
    lone.reads("Vi beder om dit samtykke")
    lone.click("Se og svar")
    lone.reads("Hvem må se sagen om Alma Sol Dahl?")
    all_but_health_for_the_school(lone)
    lone.press("Se mit svar igennem")
    lone.press("Giv mit svar")
    lone.reads("Dit svar er gemt")


def the_guide_registers_the_other_on_paper(mette: Person, stage: Stage) -> None:
    mette.click("Mennesker")
    mette.unfolds("Hvad de ser, og hvorfor")
    mette.reads(f"{PETER[0]} har ikke svaret endnu")
    mette.click("Peter Dahl", nth=-1)
    mette.reads("Du har ikke noget ekstra trin endnu")
    mette.click("Vælg et ekstra trin")
    mette.sets_up_a_code_app()
    page = mette.page
    all_but_health_for_the_school(mette)
    page.get_by_label("De har fået alt dette at vide").check()
    given = page.get_by_role("group", name="Hvornår blev det givet?")
    for label, value in (("Dag", TODAY.day), ("Måned", TODAY.month), ("År", TODAY.year)):
        given.get_by_label(label, exact=True).fill(str(value))
    scan = stage.data.parent / "underskrevet samtykke.pdf"
    scan.write_bytes(papers.signed_page(PETER[0]))
    page.get_by_label("Billede eller scanning").set_input_files(scan)
    mette.press("Se svaret igennem")
    mette.reads("Valgt: underskrevet samtykke.pdf")
    mette.press("Notér svaret")
    mette.reads("Svaret er noteret")
    mette.reads("på papir")
    mette.reads_not("Ser ingenting")
    mette.picture("people")


def the_windows_open_per_compartment(jonas: Person, lene: Person, amir: Person, case: str) -> None:
    for person in (jonas, amir):
        person.goto(case)
        person.reads("Alma")
        person.reads("Helbred")
    lene.goto("/cases")
    lene.click("Alma Sol Dahl")
    lene.reads("Fælles")
    lene.reads_not("Helbred")
    lene.goto(f"{case}/files")
    lene.reads_not("Tilføj filer")


def the_plan_goes_round(mette: Person, alma: Person, lone: Person, stage: Stage, case: str) -> None:
    mette.goto(f"{case}/plan")
    empty = mette.download("Tomt skema til Word")
    assert empty.name == "Mål- og aftaleskema.docx"
    said = "\n".join(cell.text for t in docx.Document(str(empty)).tables for row in t.rows for cell in row.cells)
    assert ALMA[0] in said, "base data is typed once"
    mine = empty.with_name("Mål- og aftaleskema Alma æøå.docx")
    empty.rename(mine)
    mette.click("Tilføj en fil: Mål- og aftaleskema")
    mette.page.get_by_label("Fil", exact=True).set_input_files(mine)
    mette.page.get_by_label("Hvad er det?").fill("Vores første udkast")
    mette.picture("put-in-a-file")
    mette.press("Tilføj")
    mette.reads("Filen er tilføjet")

    alma.goto(f"{case}/files")
    alma.click("Mål- og aftaleskema Alma æøå.docx")
    got = alma.download("Hent den nyeste (version 1)")
    assert got.name == "Mål- og aftaleskema Alma æøå.docx"
    edit_in_libreoffice(got, "Jeg skal møde op i skole 3 dage om ugen.")
    alma.page.get_by_label("Filen, som den er nu").set_input_files(got)
    alma.page.get_by_label("Hvad har du ændret?").fill("Mit eget mål")
    alma.reads("Kan ses af: dig")
    alma.press("Tilføj version 2")
    alma.reads("Version 2 er tilføjet")
    alma.picture("file")

    lone.goto(f"{case}/files")
    lone.click("Mål- og aftaleskema Alma æøå.docx")
    lone.reads("2 versioner")
    lone.reads("Alma Sol Dahl (Den unge) i dag kl.")
    lone.reads("Mette Holm (Sagsbehandler) i dag kl.")
    newest = lone.download("Hent version 2")
    assert "Jeg skal møde op i skole 3 dage om ugen." in [p.text for p in docx.Document(str(newest)).paragraphs]


def a_secret_is_kept_in_health(amir: Person, lene: Person, case: str) -> None:
    report = amir.stage.data.parent / "Behandlingsplan.pdf"
    report.write_bytes(papers.treatment())
    lene.goto(f"{case}/log")
    amir.goto(f"{case}/files/new")
    amir.page.get_by_label("Fil", exact=True).set_input_files(report)
    amir.page.get_by_label("Helbred").check()
    amir.press("Tilføj")
    amir.reads("Filen er tilføjet")
    amir.reads("Behandlingsplan.pdf")
    address = amir.page.url.removeprefix(amir.stage.address)
    for path in ("", "/files", "/plan", "/log", "/messages", "/people", "/audience"):
        lene.goto(f"{case}{path}")
        lene.reads_not("Behandlingsplan")
        lene.reads_not("Helbred")
    for path in (address, f"{address}/versions/1"):
        lene.goto(path)
        lene.reads("Her er ikke noget")
    lene.goto(case)
    lene.page.get_by_label("Søg i filer og beskeder").fill("behandlingsplan")
    lene.press("Søg")
    lene.reads("0 ting fundet")
    amir.goto(case)
    amir.page.get_by_label("Søg i filer og beskeder").fill("behandlingsplanen")
    amir.press("Søg")
    amir.reads("1 ting fundet")


def they_write_to_each_other(mette: Person, alma: Person, lene: Person, jonas: Person, case: str) -> None:
    mette.goto(f"{case}/messages")
    mette.click("Skriv en besked")
    mette.reads("Fælles · 7 personer kan se det")
    mette.reads("Lene Bach (Lærer)")
    mette.page.get_by_label("Hvad handler det om?").fill("Velkommen")
    mette.page.get_by_label("Din besked").fill("Kære Alma\n\nHer samler vi det, der handler om din vej.")
    mette.picture("write-a-message")
    mette.press("Send beskeden")
    alma.goto(case)
    alma.reads("1 ulæst")
    alma.picture("overview")
    alma.click("Velkommen")
    alma.reads("Her samler vi det, der handler om din vej.")
    alma.reads("7 personer kan læse det: dig")
    alma.reads("ring 112")
    alma.page.get_by_label("Din besked").fill("Tak. Jeg glæder mig til at prøve et værksted.")
    alma.press("Send svaret")
    alma.reads("Tak. Jeg glæder mig til at prøve et værksted.")
    alma.picture("messages")
    alma.goto(case)
    alma.reads_not("ulæst")
    mette.goto("/cases")
    mette.reads("1 ulæst")
    lene.goto(f"{case}/messages")
    lene.reads("2 ulæste")
    jonas.goto(f"{case}/messages")
    jonas.click("Velkommen")
    jonas.reads("Tak. Jeg glæder mig")


def consent_is_taken_back(alma: Person, lene: Person, case: str, open_tab) -> None:  # type: ignore[no-untyped-def]
    alma.goto(f"{case}/consents/mine")
    alma.click("Træk tilbage: 10. klasse, Eksempelby Skole")
    alma.reads("Lene Bach (Lærer) kan ikke længere se:")
    alma.picture("withdraw")
    alma.press("Træk mit ja til 10. klasse, Eksempelby Skole tilbage")
    alma.reads("Samtykket er trukket tilbage")
    open_tab.get_by_role("link", name="Mål- og aftaleskema").first.click()
    main = open_tab.locator("main")
    expect(main).to_contain_text("Den unge har trukket samtykket tilbage.")
    expect(main).to_contain_text("Du kan spørge guiden: Mette Holm, Børn og Unge.")
    assert "Alma" not in open_tab.content()
    open_tab.close()
    lene.goto("/cases")
    lene.reads("Den unge har trukket samtykket tilbage.")
    lene.picture("refused")


def the_guide_shuts_a_parent_out(mette: Person, lone: Person, case: str) -> None:
    mette.goto(f"{case}/people")
    mette.click("Styr adgang: Lone Dahl")
    mette.click("Luk adgangen")
    mette.reads("Luk adgangen for Lone Dahl?")
    mette.press("Luk adgangen for Lone Dahl")
    mette.reads("Adgangen er lukket")
    lone.goto(f"{case}/files")
    lone.reads("Sagen er ikke åben for dig lige nu")
    lone.reads("Det her er stadig dit")


def the_young_person_reads_who_has_seen_it(alma: Person, case: str) -> None:
    alma.goto(case)
    alma.click("Hvem har set min sag")
    alma.reads("prøvede at åbne noget og blev afvist")
    said = alma.text()
    for told in (
        "Lærer 10. klasse, Eksempelby Skole",
        "prøvede at åbne noget og blev afvist",
        "Psykiater Børne- og ungdomspsykiatri, Region Eksempel",
        "tilføjede ”Behandlingsplan.pdf”",
        "Jobkonsulent Jobcenter, Eksempelby Kommune",
        "læste beskederne i ”Velkommen”",
    ):
        assert told in said, f"{told!r} is not in {said[:3000]}"
    assert "Lene Bach Lærer" not in said, "of professionals role and place are told, not the name"
    alma.picture("who-has-seen")


def the_birthday_passes(stage: Stage, cast: Cast) -> None:
    """The whole running portal is started again with its clock past the day; nobody does anything else."""
    stage.stop()
    stage.start(faked="+41d")
    alma = cast.citizen(*ALMA, first_time=False)
    alma.reads("Alma")
    alma.click("Mennesker")
    alma.unfolds("Hvad de ser, og hvorfor")
    alma.reads("skal have et nyt ja fra dig, nu hvor du er voksen")
    lone = cast.citizen(*LONE, first_time=False)
    lone.reads("Ikke åbent for dig")
    lone.reads_not("Alma")
    jonas = cast.professional("jonas@eksempelby.example", PASSWORD)
    jonas.reads("Du har logget på før, så nu skal du bruge det.")
    jonas.picture("second-step")
    jonas.sets_up_a_code_app(ahead=timedelta(days=41))
    jonas.click(ALMA[0])
    jonas.reads("Velkommen")
