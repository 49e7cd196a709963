"""One module per family of screens: load, form, one verb, flash, redirect."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    """Every family of screens."""
    from portal.views.accounts import account as account_account
    from portal.views.accounts import bulk_import, directory, email_changes, requests
    from portal.views.cases import case, case_list, move
    from portal.views.consents import consents, overrides, receipts
    from portal.views.exports import exports
    from portal.views.files import files, folders, previews, resumable_uploads, versions
    from portal.views.information import home_screen, pages
    from portal.views.meetings import heard, meetings
    from portal.views.members import (
        coming_of_age,
        confidences,
        corrections,
        handover,
        leaving,
        network_people,
        people,
        team,
        team_wishes,
    )
    from portal.views.messages import absence, messages
    from portal.views.messages import drafts as message_drafts
    from portal.views.notices import own as own_notices
    from portal.views.notices import stopping
    from portal.views.oversight import case_log, supervision
    from portal.views.plans import commitments, documents, external_forms, index, live, word_import
    from portal.views.plans import plan as plan_plan
    from portal.views.signin import (
        factors,
        federation,
        forgotten_password,
        home,
        invitations,
        my_account,
        own_eids,
        own_phone,
        signin,
        step_up,
    )
    from portal.views.webdav import webdav

    modules = (
        home,
        pages,
        home_screen,
        signin,
        federation,
        step_up,
        my_account,
        own_eids,
        own_phone,
        own_notices,
        stopping,
        factors,
        invitations,
        forgotten_password,
        email_changes,
        directory,
        account_account,
        bulk_import,
        requests,
        supervision,
        case_list,
        case,
        index,
        documents,
        plan_plan,
        word_import,
        network_people,
        external_forms,
        files,
        exports,
        resumable_uploads,
        versions,
        webdav,
        previews,
        commitments,
        meetings,
        heard,
        folders,
        messages,
        message_drafts,
        absence,
        move,
        people,
        team,
        corrections,
        live,
        consents,
        overrides,
        leaving,
        team_wishes,
        coming_of_age,
        confidences,
        handover,
        receipts,
        case_log,
    )
    return [module.bp for module in modules]
