"""What is said to somebody whose answer could not be taken: a sentence for each code of `InvalidInput`."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.errors import InvalidInput

INPUT_ERRORS = {
    "required": _l("Fill this in."),
    "choice": _l("Choose one of the possibilities."),
    "form_stale": _l("This page was out of date. Look it through once more and send it again."),
    "name_taken": _l("There is already one of that name."),
    "email_wrong": _l("This is not an e-mail address that mail can reach."),
    "email_letters": _l("Letters like æ, ø and å cannot stand before the @: mail would never arrive there."),
    "email_taken": _l("Somebody already has an account with this e-mail address."),
    "own_account": _l("You cannot close your own account. Another administrator can."),
    "no_other_sign_in": _l(
        "This organisation has no other way to sign in yet. Set that up first (docs/staff-sign-in.md)."
    ),
    "leads_cases": _l("Cases still have this person as their guide. Let somebody take them over first."),
    "list_unreadable": _l("The list cannot be read. Save it as CSV (UTF-8) and choose it again."),
    "list_empty": _l("The list is empty."),
    "list_columns": _l("The first line must name the columns. These are missing: %(missing)s."),
    "list_long": _l("The list is too long. Take at most %(most)s people at a time."),
    "list_faults": _l("Some rows must be put right first. Nobody has been invited yet."),
    "list_formula": _l("This looks like a formula. Write it as plain text, without =, +, - or @ first."),
    "list_too_long": _l("This is too long."),
    "list_twice": _l("This address is in the list twice."),
    "list_unit": _l("The organisation has no unit of that name."),
    "list_role": _l("This is not a role. Use administrator, case opener, professional, leader or auditor."),
    "password_off": _l("At your workplace, passwords are not used here. Sign in through your workplace instead."),
    "own_access": _l("The guide always has access. Hand the case over to another guide instead."),
    "password_short": _l("The password is too short. It takes at least %(least)s characters; a sentence is good."),
    "password_long": _l("The password is too long. It may have at most %(most)s characters."),
    "password_common": _l(
        "The password is easy to guess: it is made of words and rows that many use, or of your name. Choose another."
    ),
    "password_same": _l("This is the password you have already."),
    "password_wrong": _l("This is not your password."),
    "code_wrong": _l(
        "The code does not fit. Look at the newest one in the app, and check that the phone's clock is right."
    ),
    "code_spent": _l("The code does not fit, or it has been used. Wait for the next one, and write that."),
    "offer_old": _l("The page had been open for too long. Scan the new picture below."),
    "passkey_refused": _l("The passkey could not be used here. Try once more, or choose another way."),
    "phone_unknown": _l("This device is not the phone you chose. Sign in with your eID."),
    "phone_ended": _l("This phone needs your eID again. Sign in with it once, and the phone works again."),
    "phone_shared": _l("Only use a phone that is yours alone. Otherwise go on with your eID."),
    "passkeys_many": _l("You have %(most)s passkeys already. Remove one first."),
    "last_factor": _l("This is your only second step. Set up another one first."),
    "own_renewal": _l("You cannot do this for yourself. Another administrator can."),
    "other_organisation": _l("Only an administrator of the person's own organisation can do this."),
    "password_differs": _l("The two passwords are not the same."),
    "cpr_impossible": _l("This cannot be a CPR number. It has ten digits: the birth date (DDMMYY) and four more."),
    "cpr_other_birth_date": _l("The CPR number belongs to another birth date than the one above."),
    "birth_date_future": _l("The birth date lies in the future."),
    "birth_date_range": _l("The portal is for young people between %(youngest)s and %(oldest)s years. Check the year."),
    "date_wrong": _l("This is not a date. Write day, month and year, for instance 24 3 2010."),
    "date_far": _l("This day is too far ahead. Choose one within a year."),
    "nobody_asked": _l("Choose who should answer by that day, or leave the day empty."),
    "cannot_answer": _l("%(name)s cannot write there, and cannot be asked to answer."),
    "too_late_to_take_back": _l("A message can be taken back within seven days. That time has passed."),
    "ends_before": _l("The last day lies before the first."),
    "away_too_long": _l("This is more than half a year. Hand the case over instead."),
    "one_file": _l("Send one file at a time: either a file or a new picture."),
    "some_cannot_see": _l("Not everybody can see what you put beside the message. Read who, and send it again."),
    "quote_gone": _l("The message you answer is not here. Write without it."),
    "date_past": _l("The date has passed. Choose today or a later day."),
    "date_ahead": _l("The date lies in the future. Choose today or an earlier day."),
    "already_member": _l("This person is already in the case."),
    "number_in_use": _l(
        "Somebody has come in with this person's eID already, so the number cannot be changed any more."
    ),
    "birth_date_other_than_cpr": _l("The CPR number says another birth date. Put both right, or look once more."),
    "nothing_corrected": _l("Nothing is different from before. Change what is wrong first."),
    "correction_moved_on": _l("Something has changed meanwhile. Look at what follows once more."),
    "offer_moved": _l("You have changed unit since the case was offered to you. Ask the guide to offer it once more."),
    "own_role": _l("You cannot take this role from yourself. Another administrator can."),
    "phone_wrong": _l("This is not a telephone number. Write it like 12 34 56 78."),
    "email_same": _l("This is the address the account has already."),
    "account_closed": _l("The account is closed. Open it first."),
    "requests_many": _l("%(most)s of your requests wait already. Wait until some have been answered."),
    "same_name": _l("There is somebody of nearly the same name already. Look first, then say that it is another."),
    "file_missing": _l("Choose a file."),
    "file_empty": _l("The file is empty (0 bytes). Check that it was saved, and choose it again."),
    "file_kind": _l("Files of this kind cannot be added. Save it as a PDF, a picture, sound or video, and add that."),
    "file_program": _l("This is a program. Programs cannot be added, because they can do harm when they are opened."),
    "file_link": _l("This is a link. Links cannot be added as files; write the address in a message instead."),
    "file_page": _l("This is a web page. Web pages cannot be added; save it as a PDF, and add that."),
    "file_mail": _l("This is an e-mail. Open it, save it as a PDF, and add that. Add its attachments one by one."),
    "file_macros": _l(
        "There are macros in this file: small programs that can do harm. Save it without them, or as a PDF, and add"
        " that."
    ),
    "file_apple": _l("This file only opens on a Mac or an iPhone. Export it as a PDF or as Word there, and add that."),
    "file_archive": _l("This is a packed file. Unpack it, and add the files in it one by one."),
    "file_as_pdf": _l("Not everybody can open files of this kind. Save it as a PDF, and add that."),
    "file_as_jpeg": _l("Not everybody can open pictures of this kind. Save it as a JPEG, and add that."),
    "file_as_mp4": _l("Not everybody can play films of this kind. Save it as an MP4, and add that."),
    "file_as_mp3": _l("Not everybody can play sound of this kind. Save it as an MP3, and add that."),
    "file_is_another": _l(
        "The name ends in .%(said)s, but this is a .%(found)s file. Give it a name that ends in .%(found)s, and add it"
        " again."
    ),
    "file_locked": _l("The file is locked with a password. Save it without one: here it is locked away in any case."),
    "file_nested": _l("There are packed files or programs inside this file. Take them out, and add them one by one."),
    "file_bomb": _l("The file unpacks to far more than a document can hold, so it is not let in."),
    "file_not_what_it_says": _l(
        "The file is not what its name says. Save it again in the right format and try once more."
    ),
    "not_yours_to_fill": _l("Somebody else answers this. It was not changed."),
    "file_too_large": _l("The file is too large."),
    "uploads_many": _l("Too many files are on their way at once. Wait until some have arrived."),
    "upload_unfinished": _l("The file has not arrived whole yet."),
    "being_edited": _l("%(name)s is editing this file just now. Wait, or talk to them."),
    "beside_full": _l("There is no more room beside this file."),
    "links_many": _l("You have many links open already. End one you no longer need."),
    "not_beside": _l("Only the file itself can be saved here, under its own name."),
    "held_gone": _l("This choice has already been made."),
    "scan_kind": _l("The signed page must be a picture or a PDF."),
    "scan_missing": _l("Attach a picture or scan of the signed page."),
    "consent_unanswered": _l("Nothing is answered yet. Choose yes or no for at least one thing."),
    "paper_over": _l(
        "A page from that day counts no longer: a consent lasts at most %(months)s months. Have a new one signed."
    ),
    "consent_too_long": _l("A consent can be valid for at most %(months)s months. You can give it again after that."),
    "confided_stays": _l("What the young person and the guide share alone stays where it is. Write it anew elsewhere."),
    "same_place": _l("It lies there already. Choose another place."),
    "consent_over": _l("This consent is no longer in force."),
    "override_needless": _l(
        "Nothing can be opened by law here: no consent is missing, or the guide has shut the access."
    ),
    "override_too_long": _l("Access without consent can last at most %(months)s months. Choose an earlier day."),
    "review_too_late": _l("It must be looked at again within %(days)s days. Choose an earlier day."),
    "offer_waits": _l("The case is offered to somebody already. Take that offer back first."),
    "hand_over_waits": _l("The case cannot be taken over yet: not everybody who is asked has said yes."),
    "own_no": _l("They have said no themselves. Only they can change that, signed in with their eID."),
    "hand_over_frozen": _l(
        "Somebody who would have to say yes is shut out at once. To ask would tell them where the case goes: use a"
        " legal basis."
    ),
    "consent_past_majority": _l(
        "A custody holder's consent ends at the latest the day before the young person turns %(age)s. Choose an earlier"
        " day."
    ),
    "not_told": _l("Tick this when they have been told. A consent counts only when the giver knows all of it."),
    "answer_long": _l("This is too long. An answer may have at most %(most)s characters."),
    "dates_crossed": _l("This date comes before the date it begins. Check both."),
    "rows_full": _l("There are already %(most)s here. Take one out first."),
    "plan_frozen": _l("This version is agreed and is not changed any more. Begin a new version instead."),
    "time_wrong": _l("This is not a time of the day. Write hour and minutes, like 14.30."),
    "time_skipped": _l("That time does not exist: the clocks go forward that night. Write an earlier or a later one."),
    "time_twice": _l("That time comes twice: the clocks go back that night. Write an earlier or a later one."),
    "heard_nothing": _l("Answer at least one of the questions."),
    "meeting_running": _l("Another meeting is going on. End that one first."),
    "meeting_moved_on": _l("The meeting has begun, ended or been called off meanwhile. Load the page again."),
    "another_person": _l("Somebody else is signed in here by now. What you wrote is not sent in their name."),
    "plan_moved_on": _l("Somebody changed the plan while you were reading. Look it through once more."),
    "form_before_birth": _l("The date lies before the young person was born. Check the year."),
    "form_nobody": _l("Choose or write at least one person it was made with."),
    "row_gone": _l("Somebody took this out meanwhile. Your words are kept in the history."),
    "row_out": _l("Somebody took this out of the new version meanwhile."),
    "word_choose": _l("Choose one of them."),
    "word_moved_on": _l("Somebody wrote here while you were choosing. Look at it once more, and choose again."),
    "plan_empty": _l("There is nothing in the plan yet. Write something first."),
    "taker_missing": _l("Choose who of the team says yes to this."),
    "taker_shut_out": _l("%(name)s cannot see the plan just now. Choose somebody else, or have access opened first."),
    "yes_is_their_own": _l("Professionals say yes themselves."),
    "not_empty": _l("Somebody already has an account here."),
    "code_by_number": _l("They are recognised by their CPR number. No code is needed."),
    "code_signs_in": _l("They sign in with their eID already. No code is needed."),
    "number_wrong": _l(
        "An SMS cannot be sent to this number. Write it like 12 34 56 78, or with + and the country's code."
    ),
    "contact_code_wrong": _l("The code does not fit. Look at it once more."),
    "contact_code_over": _l("The code is too old, or it was tried too often. Ask for a new one below."),
    "hour_wrong": _l("Choose a full hour from 0 to 23."),
    "code_known": _l("The code does not fit, or it is too old. Ask your guide for a new one."),
    "code_already_member": _l("You are in that case already. Show the code to your guide."),
    "code_birth_date": _l("The code is for somebody with another birth date than your eID tells. Talk to your guide."),
    "code_again": _l("Your eID was used in two places at once. Write the code once more."),
    "link_here": _l("You came with this eID. Sign in with another one to end it."),
    "link_stronger": _l(
        "It can only be ended by whoever comes with it, or with one that came before it. Do you not know it? Call your"
        " guide."
    ),
    "unknown": _l("The code does not fit, or it is too old. Ask your guide for a new one."),
}


def error_message(problem: InvalidInput) -> str:
    """What is wrong with an answer, in words."""
    return str(INPUT_ERRORS[problem.code]) % problem.values
