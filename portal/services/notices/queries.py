"""Conditions that are put together once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, text

from portal.models import NoticeItem

MAY_SEE: Any = or_(
    NoticeItem.compartment_id == text("any ((select my_compartments())::uuid[])"),
    NoticeItem.compartment_id.is_(None)
    & or_(
        NoticeItem.case_id.is_(None),
        NoticeItem.case_id == text("any ((select my_cases())::uuid[])"),
        NoticeItem.case_id == text("any ((select my_asked_cases())::uuid[])"),
        NoticeItem.case_id == text("any ((select my_offered_cases())::uuid[])"),
    ),
)
"""By the windows of this moment. Of a case as a whole somebody may also know who is asked in it without seeing it (who
holds custody, or is to take it over), as long as nobody has shut them out."""
