"""A guide's code opens one membership of one case. It makes nobody into somebody who is here already, whoever made it,
and whoever holds it."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Capacity
from portal.demo.eid import Pretended
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput
from portal.services.members import handover, team
from tests.support.browser import Browser, Page
from tests.support.eid_visitors import ALMA, BORN, RASK, SAMI, at_the_eid, lines, sign_in
from tests.support.story import Room, Someone, Story, compartments

pytestmark = pytest.mark.usefixtures("eid")


@pytest.fixture
def room(story: Story) -> Room:
    """A case about Alma, whose CPR number the guide has typed; her mother has none here."""
    return story.case(born=BORN, parents=1, name=ALMA.name, national_id=ALMA.national_id)


@pytest.fixture
def unnumbered(story: Story) -> Room:
    """Another guide's case about somebody whose number nobody knows, born on the day Alma was."""
    return story.case(story.guide("Gustav Guide"), born=BORN, parents=1, name="Sami Ny")


def code_for(story: Story, room: Room, someone: Someone) -> str:
    return story.play(room, room.guide, lambda t: team.make_code(t, room.member(someone)))


def redeem(browser: Browser, who: Pretended, code: str) -> Page:
    """Somebody nobody knows comes with a code; where that leads to."""
    page = browser.follow(sign_in(browser, who))
    assert page.path == "/eid/code", page.text
    return browser.submit(page, "code", code=code)


def with_one_more_code(browser: Browser, who: Pretended, code: str) -> Page:
    """Somebody signed in comes with a code: their eID says once more who they are, then the code is asked for."""
    out = browser.submit(browser.get("/me/eids/code"), "/me/eids/code/demo")
    page = browser.follow(browser.get(at_the_eid(browser, out, who)))
    assert page.path == "/eid/code", page.text
    return browser.submit(page, "code", code=code)


def persons(owner: psycopg.Connection, room: Room) -> dict[UUID, UUID]:
    """Membership -> whose it is."""
    rows = owner.execute("select id, person_id from membership where case_id = %s", [room.case_id])
    return dict(rows.fetchall())


# Taking somebody's place


def test_a_code_from_a_case_opened_with_somebodys_number_makes_nobody_into_them(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    """A case opener types Alma's CPR number into a case of their own and asks for a code to it."""
    colleague = story.guide("Kaj Kollega", "En anden enhed")
    trap = story.case(colleague, born=BORN, parents=0, name="Alma Falsk", national_id=ALMA.national_id)
    assert trap.young.id == room.young.id, "the number is who she is"
    with pytest.raises(InvalidInput, match="code_by_number"):
        code_for(story, trap, trap.young)
    browser = Browser(app, story.token(colleague))
    page = browser.get(f"/cases/{trap.case_id}/team/{trap.member(trap.young)}")
    assert "Lav en kode" not in page.text
    assert browser.post(f"/cases/{trap.case_id}/team/{trap.member(trap.young)}/code").status == 422
    assert owner.execute("select count(*) from invitation_code").fetchone() == (0,)


def test_a_code_made_before_the_number_was_known_leads_to_nobody_elses_cases(
    app: Flask, story: Story, room: Room, unnumbered: Room, owner: psycopg.Connection
) -> None:
    """Whatever a guide brings about, a good code in a stranger's hands opens its own case alone."""
    code = code_for(story, unnumbered, unnumbered.young)
    owner.execute(  # as if a correction had made the membership Alma's meanwhile
        "update membership set person_id = %s where id = %s", [room.young.id, unnumbered.member(unnumbered.young)]
    )
    browser = Browser(app)
    page = redeem(browser, SAMI, code)
    assert page.status == 422
    assert owner.execute("select count(*) from eid_link where person_id = %s", [room.young.id]).fetchone() == (0,)
    assert owner.execute("select used_at from invitation_code").fetchone() == (None,)
    assert browser.get(f"/cases/{room.case_id}").status == 303
    refused = owner.execute("select fields from audit_event where event = 'code.refused'").fetchall()
    assert refused == [({"reason": "known"},)]
    assert Browser(app).follow(sign_in(Browser(app), ALMA)).status in (200, 303), "she comes in as ever"


def test_a_code_for_somebody_who_signs_in_already_is_not_made(app: Flask, story: Story, unnumbered: Room) -> None:
    redeem(Browser(app), SAMI, code_for(story, unnumbered, unnumbered.young))
    story.refresh(unnumbered)
    with pytest.raises(InvalidInput, match="code_signs_in"):
        code_for(story, unnumbered, unnumbered.young)


def test_the_database_alone_keeps_a_code_from_making_anybody_into_somebody_known(
    room: Room, unnumbered: Room, postgres: EmbeddedPostgres, database: str
) -> None:
    """The second wall: as the application's own role, without a line of the application."""
    with psycopg.connect(postgres.url("portal_app", database), autocommit=True) as connection:
        for person in (room.young.id, unnumbered.young.id):
            for line in (
                "insert into eid_link (id, issuer, subject, person_id, linked_at, came_by) "
                "values (gen_random_uuid(), 'x', 'y', %s, now(), 'code')",
                "insert into national_id (person_id, match_value) values (%s, 'somebody elses')",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="known already"):
                    connection.execute(line, [person])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update membership set person_id = gen_random_uuid()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from eid_link")
        made = "insert into person (id, kind, created_at) values (gen_random_uuid(), 'citizen', now()) returning id"
        new = connection.execute(made).fetchone()
        assert new is not None
        connection.execute(
            "insert into eid_link (id, issuer, subject, person_id, linked_at, came_by) "
            "values (gen_random_uuid(), 'x', 'y', %s, now(), 'code')", [new[0]],
        )  # fmt: skip


def test_nobody_reads_a_code_but_the_guide_of_its_case(
    story: Story, room: Room, unnumbered: Room, postgres: EmbeddedPostgres, database: str
) -> None:
    code_for(story, unnumbered, unnumbered.young)
    seen = {}
    with psycopg.connect(postgres.url("portal_app", database), autocommit=True) as connection:
        for who in (unnumbered.guide, room.guide, unnumbered.parents[0], room.young):
            connection.execute("select set_config('app.person_id', %s, false)", [str(who.id)])
            seen[who.name] = connection.execute("select count(*) from invitation_code").fetchone()
    assert seen == {unnumbered.guide.name: (1,), room.guide.name: (0,), "Mona Mor": (0,), ALMA.name: (0,)}


# Whom a code lets in


def test_a_code_lets_somebody_new_into_the_one_case(
    app: Flask, story: Story, unnumbered: Room, owner: psycopg.Connection
) -> None:
    before = persons(owner, unnumbered)
    browser = Browser(app)
    assert browser.follow(redeem(browser, SAMI, code_for(story, unnumbered, unnumbered.young))).path.startswith(
        f"/cases/{unnumbered.case_id}"
    )
    after = persons(owner, unnumbered)
    changed = {member for member in before if before[member] != after[member]}
    assert changed == {unnumbered.member(unnumbered.young)}, "the membership moved, and nobody was made into another"
    assert owner.execute("select person_id, came_by from eid_link").fetchall() == [(after[changed.pop()], "code")]
    log = owner.execute(
        "select actor_id, membership_id from audit_event where event = 'code.used' and chain_id = %s",
        [unnumbered.case_id],
    ).fetchall()
    member = unnumbered.member(unnumbered.young)
    assert log == [(after[member], member)]
    story.refresh(unnumbered)
    assert compartments(story, unnumbered, unnumbered.young)


def test_the_guide_sees_the_name_of_whoever_used_a_code_and_that_it_was_used(
    app: Flask, story: Story, unnumbered: Room, owner: psycopg.Connection
) -> None:
    mother = unnumbered.parents[0]
    code = code_for(story, unnumbered, mother)
    guide = Browser(app, story.token(unnumbered.guide))
    where = f"/cases/{unnumbered.case_id}/team/{unnumbered.member(mother)}"
    assert "ikke er brugt endnu" in guide.get(where).text
    browser = Browser(app)
    redeem(browser, RASK, code)
    page = guide.get(where)
    assert "hedder den, der brugte den, Ravn Rask" in page.text
    assert "Lav en kode" not in page.text
    assert "brugte sin kode og logger på med eID fra nu af" in guide.get(f"/cases/{unnumbered.case_id}/log").text
    saved = owner.execute("select t::text from invitation_code t").fetchone()
    assert saved is not None
    assert "Rask" not in saved[0]


def test_a_young_persons_code_is_for_somebody_born_on_that_day(
    app: Flask, story: Story, unnumbered: Room, owner: psycopg.Connection
) -> None:
    """Neither a parent, nor the guide as the citizen they are too, takes the young person's place with it."""
    code = code_for(story, unnumbered, unnumbered.young)
    browser = Browser(app)
    page = redeem(browser, RASK, code)
    assert page.status == 422
    assert "anden fødselsdato" in page.text
    assert browser.get("/cases").status == 303
    assert lines(owner, "code.refused") == [{"reason": "birth_date"}]
    assert owner.execute("select count(*) from eid_link").fetchone() == (0,)
    assert (
        "prøvede koden til Sami Ny"
        in Browser(app, story.token(unnumbered.guide)).get(f"/cases/{unnumbered.case_id}/log").text
    )
    assert redeem(Browser(app), SAMI, code).status == 303, "it is still good for whom it is for"


def test_two_guides_codes_for_one_person_end_in_one_person_by_their_own_doing(
    app: Flask, story: Story, unnumbered: Room, owner: psycopg.Connection
) -> None:
    second = story.case(story.guide("Gerda Guide"), born=BORN, parents=0, name="Sami N.")
    first_code, second_code = (code_for(story, one, one.young) for one in (unnumbered, second))
    browser = Browser(app)
    redeem(browser, SAMI, first_code)
    assert browser.get(f"/cases/{second.case_id}").status == 404
    assert with_one_more_code(browser, SAMI, second_code).status == 303
    for room in (unnumbered, second):
        assert browser.get(f"/cases/{room.case_id}").status == 200
    assert owner.execute("select count(*) from eid_link where ended_at is null").fetchone() == (1,)
    people = {persons(owner, room)[room.member(room.young)] for room in (unnumbered, second)}
    assert len(people) == 1
    assert "Sami N." not in browser.get(f"/cases/{unnumbered.case_id}").everything, "a case renames nobody elsewhere"
    for room, other in ((unnumbered, second), (second, unnumbered)):
        log = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/log").everything
        assert str(other.case_id) not in log
        assert other.guide.name not in log


def test_somebody_known_by_their_number_brings_a_code_into_the_cases_they_have(
    app: Flask, story: Story, room: Room, unnumbered: Room, owner: psycopg.Connection
) -> None:
    """Their eID belongs to somebody of the portal: the membership comes to them, and not the eID to a second person."""
    code = code_for(story, unnumbered, unnumbered.young)
    browser = Browser(app)
    browser.follow(sign_in(browser, ALMA))
    browser.follow(with_one_more_code(browser, ALMA, code))
    assert persons(owner, unnumbered)[unnumbered.member(unnumbered.young)] == room.young.id
    assert owner.execute("select person_id, came_by from eid_link").fetchall() == [(room.young.id, "number")]
    assert browser.get(f"/cases/{unnumbered.case_id}").status == 200
    assert browser.get(f"/cases/{room.case_id}").status == 200


def test_a_code_for_one_more_case_asks_the_eid_and_takes_nobody_elses(
    app: Flask, story: Story, room: Room, unnumbered: Room, owner: psycopg.Connection
) -> None:
    code_for(story, unnumbered, unnumbered.young)
    browser = Browser(app)
    browser.follow(sign_in(browser, ALMA))
    out = browser.submit(browser.get("/me/eids/code"), "/me/eids/code/demo")
    page = browser.get(at_the_eid(browser, out, SAMI))
    assert page.status == 403
    assert "en anden end den, der er logget på" in page.text or "ikke samme person" in page.text
    assert browser.get("/eid/code").headers["Location"] == "/", "and no code is asked for"
    guide = Browser(app, story.token(room.guide))
    assert guide.get("/me/eids/code").status == 404


def test_nobody_becomes_two_members_of_one_case(
    app: Flask, story: Story, unnumbered: Room, owner: psycopg.Connection
) -> None:
    """A parent who has the young person's code in hand (or another parent's) stays who they are there."""
    mother = unnumbered.parents[0]
    uncle = story.add_citizen(unnumbered, "Ole Onkel", Capacity.NETWORK_PERSON)
    browser = Browser(app)
    redeem(browser, RASK, code_for(story, unnumbered, mother))
    code = code_for(story, unnumbered, uncle)
    page = with_one_more_code(browser, RASK, code)
    assert page.status == 422
    assert "allerede med i den sag" in page.text
    assert lines(owner, "code.refused") == [{"reason": "already_member"}]
    assert persons(owner, unnumbered)[unnumbered.member(uncle)] == uncle.id


def test_whose_eid_told_a_number_is_found_by_it_when_another_guide_types_it(
    app: Flask, story: Story, unnumbered: Room, owner: psycopg.Connection
) -> None:
    redeem(Browser(app), SAMI, code_for(story, unnumbered, unnumbered.young))
    second = story.case(story.guide("Gerda Guide"), born=BORN, parents=0, name="Sami", national_id=SAMI.national_id)
    assert second.young.id == persons(owner, unnumbered)[unnumbered.member(unnumbered.young)]
    browser = Browser(app)
    page = browser.follow(sign_in(browser, SAMI))
    assert page.path == "/cases"
    assert str(second.case_id) in page.everything


def test_somebody_whose_only_eid_was_ended_gets_a_new_code_for_that_case_alone(
    app: Flask, story: Story, unnumbered: Room, owner: psycopg.Connection
) -> None:
    """They may have another eID by now, and the guide of one case answers for that case."""
    second = story.case(story.guide("Gerda Guide"), born=BORN, parents=0, name="Sami N.")
    browser = Browser(app)
    redeem(browser, SAMI, code_for(story, unnumbered, unnumbered.young))
    with_one_more_code(browser, SAMI, code_for(story, second, second.young))
    owner.execute("update eid_link set ended_at = now(); delete from national_id")
    newer = Pretended("Sami Nyere", BORN.isoformat(), f"{BORN:%d%m%y}4009")
    story.refresh(unnumbered)
    code = code_for(story, unnumbered, unnumbered.young)
    again = Browser(app)
    assert redeem(again, _known(app, newer), code).status == 303
    assert again.get(f"/cases/{unnumbered.case_id}").status == 200
    assert again.get(f"/cases/{second.case_id}").status == 404, "that guide has not asked them in by it"


def _known(app: Flask, who: Pretended) -> Pretended:
    """Somebody the pretended eID can be as well."""
    from tests.support.eid_visitors import EVERYBODY

    folder = app.extensions["eid_clients"]["demo"].provider.client_secret_file.parent
    from portal.demo import eid

    eid.prepare(folder, [*EVERYBODY, who])
    return who


def test_a_code_of_an_account_that_is_closed_leads_nowhere(
    app: Flask, story: Story, room: Room, unnumbered: Room, owner: psycopg.Connection
) -> None:
    browser = Browser(app)
    browser.follow(sign_in(browser, ALMA))
    out = browser.submit(browser.get("/me/eids/code"), "/me/eids/code/demo")
    page = browser.follow(browser.get(at_the_eid(browser, out, ALMA)))
    code = code_for(story, unnumbered, unnumbered.young)
    owner.execute("update person set closed_at = now() where id = %s", [room.young.id])
    assert browser.submit(page, "code", code=code).status == 422
    assert persons(owner, unnumbered)[unnumbered.member(unnumbered.young)] == unnumbered.young.id


def test_a_code_sent_twice_at_once_counts_once_and_nobody_meets_an_error(
    app: Flask, story: Story, unnumbered: Room, owner: psycopg.Connection
) -> None:
    browser = Browser(app)
    page = browser.follow(sign_in(browser, SAMI))
    code = code_for(story, unnumbered, unnumbered.young)
    assert browser.submit(page, "code", code=code).status == 303
    token = browser.csrf()
    again = browser.post("/eid/code", {"code": code, "submission": str(uuid4())}, token)
    assert (again.status, again.headers["Location"]) == (303, "/")
    assert owner.execute("select count(*) from eid_link").fetchone() == (1,)


# Making one


def test_making_a_code_asks_for_a_fresh_proof(
    app: Flask, story: Story, unnumbered: Room, owner: psycopg.Connection
) -> None:
    browser = Browser(app, story.token(unnumbered.guide))
    where = f"/cases/{unnumbered.case_id}/team/{unnumbered.member(unnumbered.young)}"
    page = browser.get(where)
    owner.execute("update login set fresh_at = fresh_at - interval '11 minutes'")
    assert browser.submit(page, "/code").headers["Location"] == "/step-up"
    assert owner.execute("select count(*) from invitation_code").fetchone() == (0,)


def test_codes_of_the_guide_before_still_lead_to_the_case_and_the_new_guide_ends_them_by_new_ones(
    app: Flask, story: Story, unnumbered: Room
) -> None:
    taker = story.guide("Tove Ny", "Familie og unge")
    mother = unnumbered.parents[0]
    left, replaced = code_for(story, unnumbered, mother), code_for(story, unnumbered, unnumbered.young)
    story.play(unnumbered, unnumbered.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    story.play(unnumbered, taker, lambda t: handover.accept_handover(t, uuid4()))
    unnumbered.guide = taker
    newer = code_for(story, unnumbered, unnumbered.young)
    assert redeem(Browser(app), SAMI, replaced).status == 422
    assert redeem(Browser(app), SAMI, newer).status == 303
    assert redeem(Browser(app), RASK, left).status == 303
