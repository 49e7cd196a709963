"""Who the story is about, and where they work. All of them are made up."""

from __future__ import annotations

from datetime import timedelta

from portal import clock
from tests.support.story import HERE

PASSWORD = "en god lang sætning til prøven"
TODAY = clock.today(HERE)
BORN = clock.birthday(TODAY, -18) + timedelta(days=40)
"""Seventeen, and eighteen in forty days."""
ALMA = ("Alma Sol Dahl", BORN.isoformat(), f"{BORN:%d%m%y}4002")
LONE = ("Lone Dahl", "1980-05-06", "0605800004")
PETER = ("Peter Dahl", "1978-07-08", "0807780003")

MORE_UNITS = [
    ("Jobcenter", "job_centre"),
    ("Kommunal ungeindsats", "youth_guidance"),
    ("Socialpsykiatri", "social_psychiatry"),
]
PLACES = {
    "Eksempelby Kommune": (None, MORE_UNITS),
    "Region Eksempel": ("region", [("Børne- og ungdomspsykiatri", "child_psychiatry")]),
    "Eksempelby Skole": ("school", [("10. klasse", "school")]),
    "Botilbuddet Broen": ("supplier", [("Kontaktpersoner", "residential")]),
}  # fmt: skip
STAFF = [
    ("Mette Holm", "mette@eksempelby.example", "Sagsbehandler", "Børn og Unge", True),
    ("Jonas Friis", "jonas@eksempelby.example", "Jobkonsulent", "Jobcenter", False),
    ("Lene Bach", "lene@eksempelby.example", "Lærer", "10. klasse", False),
    ("Amir Haddad", "amir@eksempelby.example", "Psykiater", "Børne- og ungdomspsykiatri", False),
]
