"""A map of people in sectors and rings around one in the middle, as SVG: the same drawing on the page, on paper and in
a Word file. Where each figure stands follows from its sector and ring alone, so that everybody sees the same map.

Lengths are units of the drawing: it is 800 wide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

CENTRE = (400.0, 408.0)
CORE, RADIUS = 56.0, 350.0
LARGEST, SMALLEST = 29.0, 9.0
"""Radius of a figure, as far as the others leave it room."""
NAMED = 46.0
"""Figures that stand at least this far from each other carry their names below them."""
LETTER = 10.0
"""How wide a letter of a name is."""
WAITING_IN_LINE, WAITING_HEIGHT = 7, 98
INK, SOFT = "#1b2a2b", "#47585a"
FONTS = "IBM Plex Sans, Noto Sans, sans-serif"
"""That of the pages, and that of papers, which have no other."""


@dataclass(frozen=True)
class Figure:
    row: str
    name: str
    sector: str
    """Key of the sector; '' while nobody has said where the person belongs."""
    ring: str


@dataclass(frozen=True)
class RingMap:
    title: str
    """What the drawing is and says, for whoever does not see it."""
    centre: str
    sectors: Sequence[tuple[str, str]]
    """Key and name, clockwise from the top."""
    rings: Sequence[tuple[str, str]]
    """Key and name, the closest first."""
    figures: Sequence[Figure]
    waiting: str
    """What stands over those who have no place yet."""
    colour: str = "currentColor"


@dataclass(frozen=True)
class Spot:
    """Where a figure stands, how large it is, and how many letters of its name have room below it."""

    x: float
    y: float
    radius: float
    letters: int


def write(drawn: RingMap) -> str:
    """The SVG, an element that can stand in a page or in a file of its own."""
    found = spots(drawn)
    height = 808 + (40 + WAITING_HEIGHT * math.ceil(len(_waiting(drawn)) / WAITING_IN_LINE) if _waiting(drawn) else 0)
    about = {
        "aria-label": drawn.title,
        "data-centre": f"{CENTRE[0]} {CENTRE[1]}",
        "data-edges": " ".join(f"{_edges(ring, drawn)[1]:.1f}" for ring in range(len(drawn.rings))),
        "data-core": str(CORE),
        "data-sectors": " ".join(key for key, _name in drawn.sectors),
        "data-rings": " ".join(key for key, _name in drawn.rings),
    }
    told = " ".join(f"{name}={quoteattr(value)}" for name, value in about.items())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 {height}" role="img" font-size="20"'
        f' font-family="{FONTS}" fill="{INK}"'
        f" {told}>",
        *_ground(drawn),
        *_sector_names(drawn),
        *_ring_names(drawn),
        *(_figure(figure, found[figure.row], drawn.colour) for figure in drawn.figures),
    ]
    if _waiting(drawn):
        parts.append(f'<text x="14" y="826" fill="{SOFT}">{escape(drawn.waiting)}</text>')
    return "".join([*parts, "</svg>"])


def spots(drawn: RingMap) -> dict[str, Spot]:
    """Row -> where it stands. Those of one sector and ring are spread over it as far apart as they can be."""
    sectors, rings = [key for key, _ in drawn.sectors], [key for key, _ in drawn.rings]
    placed = [figure for figure in drawn.figures if _is_placed(figure, drawn)]
    order = sorted(placed, key=lambda figure: (sectors.index(figure.sector), rings.index(figure.ring)))
    found = {}
    for (sector, ring), cell in groupby(order, key=lambda figure: (figure.sector, figure.ring)):
        members = list(cell)
        for figure, spot in zip(
            members, _spread(len(members), sectors.index(sector), rings.index(ring), drawn), strict=True
        ):
            found[figure.row] = spot
    for number, figure in enumerate(_waiting(drawn)):
        line, column = divmod(number, WAITING_IN_LINE)
        found[figure.row] = Spot(62 + 112.5 * column, 876 + WAITING_HEIGHT * line, LARGEST, 11)
    return found


def _is_placed(figure: Figure, drawn: RingMap) -> bool:
    return figure.sector in dict(drawn.sectors) and figure.ring in dict(drawn.rings)


def _waiting(drawn: RingMap) -> list[Figure]:
    return [figure for figure in drawn.figures if not _is_placed(figure, drawn)]


def _spread(count: int, sector: int, ring: int, drawn: RingMap) -> list[Spot]:
    """So many figures in one cell, in as many lanes as leave the most room around each."""
    wide, middle = _span(drawn), _middle(sector, drawn)
    inner, outer = _edges(ring, drawn)
    best: tuple[float, list[tuple[float, int]]] = (0.0, [])
    for lanes in range(1, count + 1):
        if (outer - inner) / lanes <= best[0]:
            break  # more lanes are narrower than what was found
        radii = [inner + (outer - inner) * (lane + 0.5) / lanes for lane in range(lanes)]
        held = _shares(count, radii)
        room = min([(outer - inner) / lanes] + [at * wide / many for at, many in zip(radii, held, strict=True) if many])
        if room > best[0]:
            best = (room, list(zip(radii, held, strict=True)))
    room, filled = best
    found = []
    for at, many in filled:
        for number in range(many):
            angle = middle + wide * ((number + 0.5) / many - 0.5)
            size = min(LARGEST, max(SMALLEST, room * 0.36))
            letters = int(min(room * 1.25, 100) / LETTER) if room >= NAMED else 0
            # The name hangs below: both together stand in the middle of their place.
            lift = 10 if letters else 0
            x, y = _at(angle, at)
            found.append(Spot(x, y - lift, size - (4 if letters else 0), letters))
    return found


def _shares(count: int, radii: Sequence[float]) -> list[int]:
    """So many figures over lanes of these radii, the longer ones taking more."""
    whole = sum(radii)
    held = [math.floor(count * at / whole) for at in radii]
    left = count - sum(held)
    for lane in sorted(range(len(radii)), key=lambda lane: held[lane] - count * radii[lane] / whole)[:left]:
        held[lane] += 1
    return held


def _span(drawn: RingMap) -> float:
    return 2 * math.pi / len(drawn.sectors)


def _middle(sector: int, drawn: RingMap) -> float:
    return -math.pi / 2 + sector * _span(drawn)


def _edges(ring: int, drawn: RingMap) -> tuple[float, float]:
    """From where to where a ring reaches. The inner ones are shorter, and a little wider for it."""
    weights = [1.3 - 0.5 * number / len(drawn.rings) for number in range(len(drawn.rings))]
    unit = (RADIUS - CORE) / sum(weights)
    return CORE + unit * sum(weights[:ring]), CORE + unit * sum(weights[: ring + 1])


def _at(angle: float, radius: float) -> tuple[float, float]:
    return CENTRE[0] + radius * math.cos(angle), CENTRE[1] + radius * math.sin(angle)


def _ground(drawn: RingMap) -> list[str]:
    """The rings, the lines between the sectors, and the one in the middle."""
    x, y = CENTRE
    parts = [
        f'<circle cx="{x}" cy="{y}" r="{_edges(ring, drawn)[1]:.1f}" fill="{drawn.colour}" fill-opacity="0.09"'
        f' stroke="{drawn.colour}" stroke-opacity="0.45"/>'
        for ring in reversed(range(len(drawn.rings)))
    ]
    for sector in range(len(drawn.sectors)):
        ends = [_at(_middle(sector, drawn) + _span(drawn) / 2, radius) for radius in (CORE, RADIUS)]
        line = " ".join(f'x{n}="{at[0]:.1f}" y{n}="{at[1]:.1f}"' for n, at in enumerate(ends, start=1))
        parts.append(f'<line {line} stroke="#fff" stroke-width="4"/>')
    parts.append(f'<circle cx="{x}" cy="{y}" r="{CORE - 6}" fill="{drawn.colour}"/>')
    parts.append(
        f'<text x="{x}" y="{y + 7}" text-anchor="middle" font-size="20" font-weight="700" fill="#fff">'
        f"{escape(_cut(drawn.centre, 9))}</text>"
    )
    return parts


def _sector_names(drawn: RingMap) -> list[str]:
    """Along the edge; those of the lower half run the other way, so that none stands on its head."""
    parts = []
    for number, (key, name) in enumerate(drawn.sectors):
        middle, half = _middle(number, drawn), _span(drawn) / 2
        below = math.sin(middle) > 0.3
        radius = RADIUS + (31 if below else 13)
        first, last = (middle + half, middle - half) if below else (middle - half, middle + half)
        (x1, y1), (x2, y2) = _at(first, radius), _at(last, radius)
        way = f"M {x1:.1f} {y1:.1f} A {radius} {radius} 0 0 {0 if below else 1} {x2:.1f} {y2:.1f}"
        parts.append(f'<path id="edge-{key}" d="{way}" fill="none"/>')
        parts.append(
            f'<text font-size="24" font-weight="700"><textPath href="#edge-{key}" startOffset="50%"'
            f' text-anchor="middle">{escape(name)}</textPath></text>'
        )
    return parts


def _ring_names(drawn: RingMap) -> list[str]:
    """Where two sectors meet, as low as there is such a place."""
    border = max((_middle(n, drawn) + _span(drawn) / 2 for n in range(len(drawn.sectors))), key=math.sin)
    parts = []
    for number, (_key, name) in enumerate(drawn.rings):
        x, y = _at(border, _edges(number, drawn)[1] - 12)
        parts.append(
            f'<text x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle" font-size="17" fill="{SOFT}" stroke="#fff"'
            f' stroke-width="5" stroke-linejoin="round" paint-order="stroke">{escape(name)}</text>'
        )
    return parts


def _figure(figure: Figure, spot: Spot, colour: str) -> str:
    name = figure.name
    size = spot.radius * 0.8
    below = ""
    if spot.letters:
        below = (
            f'<text class="name" y="{spot.radius + 18:.1f}" text-anchor="middle" stroke="#fff" stroke-width="4"'
            f' stroke-linejoin="round" paint-order="stroke">{escape(_short(name, spot.letters))}</text>'
        )
    return (
        f'<g class="figure" data-row="{figure.row}" data-sector="{figure.sector}" data-ring="{figure.ring}"'
        f' data-name={quoteattr(name)} transform="translate({spot.x:.1f} {spot.y:.1f})">'
        f'<circle r="{spot.radius:.1f}" fill="#fff" stroke="{colour}" stroke-width="2.5"/>'
        f'<text y="{size * 0.36:.1f}" text-anchor="middle" font-size="{size:.1f}" font-weight="700">'
        f"{escape(initials(name))}</text>{below}</g>"
    )


def initials(name: str) -> str:
    """The first letters of the first and the last word; '?' where no name is written."""
    if name.startswith("("):
        return "?"
    words = [word for word in name.split() if word[0].isalnum()] or name.split()
    return "".join(word[0].upper() for word in (words[:1] + words[-1:] if len(words) > 1 else words)) or "?"


def _short(name: str, letters: int) -> str:
    """The name, else its first word, else as much of that as has room."""
    return name if len(name) <= letters else _cut(name.split()[0] if name.split() else name, letters)


def _cut(words: str, letters: int) -> str:
    return words if len(words) <= letters else words[: letters - 1].rstrip() + "…"
