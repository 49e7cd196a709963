"""What is called how on the pages of the model's tools."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from portal.tools.profile import ProfileMeeting, Rhythm


def age(meeting: ProfileMeeting | Rhythm) -> str:
    """At what age a meeting lies, or how often it comes."""
    if isinstance(meeting, Rhythm):
        return str(ngettext("every month", "every %(num)s months", meeting.every_months))
    if not meeting.months:
        return str(_("at %(years)s years", years=meeting.years))
    return str(_("at %(years)s years and %(months)s months", years=meeting.years, months=meeting.months))
