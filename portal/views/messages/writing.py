"""The forms that messages are written in: what one may ask for and put beside the words."""

from __future__ import annotations

from uuid import UUID

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectMultipleField, TextAreaField
from wtforms.validators import Length

from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.messages import answers, attachments
from portal.services.messages.attachments import OutOfSight, ToEnclose
from portal.services.messages.threads import Besides
from portal.text import in_order
from portal.web import arguments, case_words
from portal.web.forms import ChosenFile, DayField, PortalForm, choices, has_file, text_field, upload_of

_TOO_LONG = _l("This is too long. A message may have at most 20,000 characters; put longer texts in as a file.")


class ReplyForm(PortalForm):
    body = TextAreaField(_l("Your message"), validators=[Length(max=20_000, message=_TOO_LONG)])
    asked = SelectMultipleField(_l("Who should answer?"), validate_choice=False)
    due = DayField(_l("By which day?"), required=False)
    quotes = HiddenField()
    file = ChosenFile(_l("A file or a picture"))
    photo = ChosenFile(_l("Take a picture"))
    enclosed = SelectMultipleField(_l("From the case"), validate_choice=False)
    seen = HiddenField()

    def offer(self, ticket: CaseTicket, compartment_id: UUID | None = None) -> None:
        """Whom an answer can be asked of: everybody else who can write there, or in any place one writes in."""
        places = [compartment_id] if compartment_id else [c.id for c in ticket.compartments.values() if c.can_write]
        able = set[UUID]().union(*(answers.writers(ticket, place) for place in places)) - {ticket.membership.id}
        members = sorted((ticket.members[one] for one in able), key=lambda member: in_order(member.display_name))
        named = ((str(m.id), f"{m.display_name} ({case_words.role(m)})") for m in members)
        self.asked.choices = choices(*named)
        self.asked.data = self.asked.data or []

    @property
    def asks(self) -> bool:
        """Whether something is said about an answer already: then that part of the form is open."""
        return bool(self.asked.data or any(self.due.typed) or self.asked.errors or self.due.errors)

    def besides(self) -> Besides:
        """What was put beside the words. Raises InvalidInput for what was not on offer."""
        asked = [arguments.identity(one) for one in self.asked.data or ()]
        quotes = arguments.identity(self.quotes.data)
        if None in asked or (self.quotes.data and quotes is None):
            raise InvalidInput("asked", "choice")
        return Besides(quotes=quotes, asked=frozenset(filter(None, asked)), due=self.due.data, choice=self.choice())

    def choice(self) -> ToEnclose:
        """What is put beside the message. Raises InvalidInput for two files at once."""
        given = [field for field in (self.file, self.photo) if has_file(field)]
        if len(given) > 1:
            raise InvalidInput("photo", "one_file")
        upload = upload_of(given[0]) if given else None
        return ToEnclose(frozenset(self.enclosed.data or ()), upload, self.seen.data or "")

    @property
    def encloses(self) -> bool:
        """Whether something is put beside it already, or is being chosen: then that part of the form is open."""
        return self.is_choosing or any(has_file(f) or f.errors for f in (self.file, self.photo))

    @property
    def is_choosing(self) -> bool:
        return bool(self.enclosed.data or self.enclosed.errors or request.form.get("choose"))

    def lay_out(self, ticket: CaseTicket, compartment_id: UUID | None) -> list[OutOfSight]:
        """Shows what of the case can be chosen, once that is asked for; returns who would not see what is chosen."""
        self.enclosed.choices, self.seen.data = [], ""
        if not self.is_choosing:
            return []
        offered = attachments.on_offer(ticket)
        named = ((thing.key, f"{thing.title} ({case_words.title_of(thing.compartment)})") for thing in offered)
        self.enclosed.choices = choices(*named)
        wanted = set(self.enclosed.data or ())
        if compartment_id is None or compartment_id not in ticket.compartments:
            return []
        warned = attachments.out_of_sight(ticket, compartment_id, [one for one in offered if one.key in wanted])
        self.seen.data = attachments.mark_of(warned)
        return warned


class ThreadForm(ReplyForm):
    subject = text_field(_l("What is it about?"))
    compartment = RadioField(_l("Who should be able to read it?"), validate_choice=False)
