"""Every form that decides something, as it is pressed four times at once, and why every other one is left out.

A route that changes something and stands in neither list fails `test_four_at_once`, and so does a line here for a route
that is gone.
"""

from __future__ import annotations

from tests.rules.decisions import accounts, files, people, plan, put_right
from tests.rules.decisions.scene import DECISIONS, Decision, Press, Scene, as_sent

__all__ = ["DECISIONS", "EXCUSED", "Decision", "Press", "Scene", "as_sent"]
LISTED = (people, plan, files, accounts, put_right)
"""The modules that list them, each when it is imported."""

EXCUSED = {
    "POST case.find": "searches",
    "POST case_list.find": "searches",
    "POST files.index": "searches",
    "POST files.small": "shows",
    "POST forgotten.ask": "each is counted as a try; whatever else comes of it the worker does, one after the other",
    "POST notices.give": "the newest address takes the place of one that waits; codes are counted",
    "POST notices.confirm": "a code counts once",
    "POST notices.remove": "twice is once",
    "POST notices.choose": "one's own choice, the last one counts",
    "POST notices.not_now": "notes that somebody was asked; twice is once",
    "POST stopping.press": "it can only stop; twice is once",
    "POST own_phone.bind": "a challenge is used up by its first answer",
    "POST own_phone.options": "each begins a challenge of its own",
    "POST own_phone.remove": "twice is once",
    "POST own_eids.seen": "notes that somebody has looked; twice is once",
    "POST own_eids.begin_code": "each begins an attempt of its own",
    "POST consent_papers.to_sign": "makes a paper and keeps nothing",
    "POST team.national_id": "shows, and each time is a line in the log",
    "POST together.here": "says where somebody is, and is overwritten every few seconds",
    "POST office_import.check": "looks a list through and keeps nothing",
    "POST message_drafts.save": "keeps what one has begun to write, under a lock; the latest counts",
    "POST message_drafts.drop": "throws one's own draft away; twice is once",
    "POST uploads.begin": "each announces a file of its own",
    "POST dav.link": "each makes a link of its own",
    "POST word.bring": "puts a file in, like files.add, under the number of its form",
    "POST word.compare": "changes answers like schema.save, under the same lock",
    "POST word.leave": "notes that a file was left out; saying so twice says the same",
    "POST case.put_away": "puts a welcome away; twice is once, with a line of one's own for each",
    "POST front.language": "a choice of the browser",
    "POST signin.with_password": "each opens a session of its own (tests/signin/test_throttle.py sends them at once)",
    "POST signin.with_second": "a code counts once (tests/signin/test_second_factor.py sends it at once)",
    "POST signin.passkey_options": "hands out a question",
    "POST signin.with_passkey": "an answer uses its question up (tests/signin/test_passkeys.py)",
    "POST signin.out": "ends the session it comes from",
    "POST signin.out_there": "leads to the provider",
    "POST signin.stay": "keeps a session awake",
    "POST signin.begin_eid": "each begins an attempt of its own",
    "POST signin.redeem_code": "a code is used up under the lock of its case (tests/members/test_codes.py)",
    "POST staff_sso.begin": "each begins an attempt of its own",
    "POST stepup.keep": "puts a form aside",
    "POST stepup.with_code": "a code counts once",
    "POST stepup.with_passkey": "an answer uses its question up",
    "POST stepup.with_eid": "each begins an attempt of its own",
    "POST stepup.with_staff_sign_in": "each begins an attempt of its own",
    "POST account.end_device": "ends a session; twice is once",
    "POST account.end_others": "ends sessions; twice is once",
    "POST factors.add_passkey": "an answer uses its question up (tests/signin/test_passkeys.py)",
    "POST factors.passkey_options": "hands out a question",
    **{
        f"{method} dav.door": "one at a time in each link's scratch folder (tests/webdav/test_word_processor_locks.py)"
        for method in ("POST", "PUT", "DELETE", "COPY", "MOVE", "MKCOL", "PROPPATCH", "LOCK", "UNLOCK")
    },
}
"""Why a form that changes something is not pressed four times at once."""
