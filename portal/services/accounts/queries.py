"""What the office asks of cases: functions of the database that give out these columns and no more."""

from __future__ import annotations

from sqlalchemy import text

CASES_OF_PROFESSIONAL = text("select case_id, membership_id, is_owner from cases_of_professional(:person)")
"""Every case they are in, always in the same order."""
CASES_LED_BY = text("select reference, opened_at, unit from cases_led_by(:guide)")
"""The cases somebody is the guide of."""
