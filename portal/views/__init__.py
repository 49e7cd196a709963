"""One module per family of screens: load, form, one verb, flash, redirect."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    """Every family of screens."""
    from portal.views import (
        case,
        case_list,
        consent_papers,
        consents,
        files,
        front,
        invitations,
        log,
        messages,
        moving,
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
        invitations,
        office,
        case_list,
        case,
        plan,
        files,
        messages,
        moving,
        people,
        team,
        consents,
        consent_papers,
        log,
    )
    return [module.bp for module in modules]
