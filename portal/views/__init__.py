"""One module per family of screens: load, form, one verb, flash, redirect."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    """Every family of screens."""
    from portal.views import (
        account,
        case,
        case_list,
        consents,
        factors,
        files,
        front,
        invitations,
        log,
        messages,
        office,
        office_import,
        oversight,
        people,
        plan,
        signin,
        staff_sso,
        stepup,
        team,
    )

    modules = (
        front,
        signin,
        staff_sso,
        stepup,
        account,
        factors,
        invitations,
        office,
        office_import,
        oversight,
        case_list,
        case,
        plan,
        files,
        messages,
        people,
        team,
        consents,
        log,
    )
    return [module.bp for module in modules]
