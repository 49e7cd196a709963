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
        ordering,
        oversight,
        people,
        plan,
        plan_papers,
        previews,
        safeguards,
        schema,
        signin,
        staff_sso,
        stepup,
        team,
        uploads,
        versions,
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
        plan_papers,
        schema,
        files,
        uploads,
        versions,
        previews,
        ordering,
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
