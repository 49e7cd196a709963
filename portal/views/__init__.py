"""One module per family of screens: load, form, one verb, flash, redirect."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    """Every family of screens."""
    from portal.views import (
        case,
        case_list,
        consents,
        files,
        front,
        invitations,
        log,
        messages,
        office,
        people,
        plan,
        schema,
        signin,
        stepup,
        team,
    )

    modules = (
        front,
        signin,
        stepup,
        invitations,
        office,
        case_list,
        case,
        plan,
        schema,
        files,
        messages,
        people,
        team,
        consents,
        log,
    )
    return [module.bp for module in modules]
