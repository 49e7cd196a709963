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
        ordering,
        people,
        plan,
        previews,
        signin,
        stepup,
        team,
        versions,
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
        files,
        versions,
        previews,
        ordering,
        messages,
        people,
        team,
        consents,
        log,
    )
    return [module.bp for module in modules]
