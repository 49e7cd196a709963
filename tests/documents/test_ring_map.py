"""The drawn map: everybody is on it, in their own cell, and as far from the others as there is room."""

from __future__ import annotations

import math
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from portal.documents.ring_map import CENTRE, Figure, RingMap, Spot, initials, spots, write

SECTORS = [("family", "Familie"), ("friends", "Venner"), ("school", "Skole"), ("leisure", "Fritid"), ("staff", "Fag")]
RINGS = [("closest", "Helt tæt på"), ("near", "Tæt på"), ("further", "Længere væk")]


def drawn(*figures: Figure) -> RingMap:
    return RingMap("Kort", "Jeg", SECTORS, RINGS, figures, "Ingen plads endnu", "#0b5d57")


def cell(spot: Spot, lift: float = 10) -> tuple[str, str]:
    """In which sector and ring a spot is; a name below lifts its figure a little."""
    x, y = spot.x - CENTRE[0], spot.y + (lift if spot.letters else 0) - CENTRE[1]
    turn = (math.atan2(y, x) + math.pi / 2) / (2 * math.pi / len(SECTORS))
    svg = ET.fromstring(write(drawn()))
    edges = [float(edge) for edge in svg.attrib["data-edges"].split()]
    ring = next(number for number, edge in enumerate(edges) if math.hypot(x, y) <= edge)
    return SECTORS[round(turn) % len(SECTORS)][0], RINGS[ring][0]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 12, 25, 60])
def test_however_many_are_in_one_cell_all_stand_in_it_and_none_covers_another(count: int) -> None:
    for sector, _name in SECTORS:
        for ring, _called in RINGS:
            figures = [Figure(f"r{number}", f"Person {number}", sector, ring) for number in range(count)]
            found = spots(drawn(*figures))
            assert {cell(spot) for spot in found.values()} == {(sector, ring)}
            if count <= 25:
                for one, other in combinations(found.values(), 2):
                    apart = math.hypot(one.x - other.x, one.y - other.y)
                    assert apart > one.radius + other.radius, (sector, ring, count)


def test_who_has_no_place_yet_stands_below_the_map_under_their_own_heading() -> None:
    figures = [Figure(f"r{number}", "Nabo", "friends" if number % 2 else "", "") for number in range(9)]
    found = spots(drawn(*figures))
    assert len({(spot.x, spot.y) for spot in found.values()}) == 9
    assert all(spot.y > 808 for spot in found.values())
    svg = write(drawn(*figures))
    assert "Ingen plads endnu" in svg
    assert max(spot.y + 50 for spot in found.values()) <= float(ET.fromstring(svg).attrib["viewBox"].split()[3])
    assert "Ingen plads endnu" not in write(drawn(Figure("a", "Mor", "family", "closest")))


def test_a_few_are_named_below_their_figure_and_a_crowd_by_letters_alone() -> None:
    few = write(
        drawn(*(Figure(f"r{n}", name, "family", "closest") for n, name in enumerate(("Mor", "Far", "Bo Bror"))))
    )
    assert all(f">{name}</text>" in few for name in ("Mor", "Far", "BB"))
    crowd = write(drawn(*(Figure(f"r{n}", "Kusine Kit", "family", "closest") for n in range(25))))
    assert ">KK</text>" in crowd
    assert ">Kusine</text>" not in crowd
    assert crowd.count('data-name="Kusine Kit"') == 25


def test_what_somebody_wrote_stays_words() -> None:
    evil = Figure("a", '"><script>alert(1)</script>&', "family", "closest")
    tree = ET.fromstring(write(drawn(evil)))
    assert not [element for element in tree.iter() if "script" in element.tag]
    assert [each.attrib["data-name"] for each in tree.iter() if "data-name" in each.attrib] == [evil.name]


LETTERS = {"Mor": "M", "moster mia": "MM", "Anna Bo Carlsen": "AC", "(ingen)": "?", "": "?", "🍓": "🍓"}


@pytest.mark.parametrize(("name", "letters"), LETTERS.items(), ids=range(len(LETTERS)))
def test_letters_stand_for_a_name(name: str, letters: str) -> None:
    assert initials(name) == letters
