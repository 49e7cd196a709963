"""What the word processors' door asks before it knows who comes."""

from __future__ import annotations

from sqlalchemy import text

HOLDER = text("select token_id, case_id, person_id from dav_holder(:digest)")
"""Whose link an address is, and of which case."""
