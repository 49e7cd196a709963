"""Screens about accounts, for administrators."""

from __future__ import annotations

from portal.access.policy.actions import OfficeAction
from portal.web.navigation import N_, Layout, MenuEntry

LAYOUT = Layout(
    menu=(MenuEntry(20, "office.index", N_("Accounts"), OfficeAction.ACCOUNTS_MANAGE),),
)
