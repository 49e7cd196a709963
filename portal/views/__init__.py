"""One module per family of screens: load, form, one verb, flash, redirect."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    """Every family of screens."""
    from portal.views import (
        account,
        case,
        case_list,
        choosing,
        coming_of_age,
        consent_papers,
        consents,
        factors,
        files,
        front,
        hand_over,
        invitations,
        leaving,
        log,
        messages,
        moving,
        office,
        office_import,
        oversight,
        people,
        plan,
        safeguards,
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
        moving,
        people,
        team,
        consents,
        safeguards,
        leaving,
        choosing,
        coming_of_age,
        hand_over,
        consent_papers,
        log,
    )
    return [module.bp for module in modules]
