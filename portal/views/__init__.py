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
        people,
        plan,
        signin,
        stepup,
        team,
    )

    modules = (
        front,
        signin,
        stepup,
        account,
        factors,
        invitations,
        office,
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
