"""Screens about messages."""

from __future__ import annotations

from portal.services.messages.threads import count_unread
from portal.web.navigation import N_, CaseDoor, Layout

LAYOUT = Layout(
    door="messages",
    doors=(CaseDoor(40, "messages", "messages.index", N_("Messages"), "chat", count=count_unread),),
)
