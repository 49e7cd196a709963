"""Forms that forgive: errors at their fields and above the heading, nothing typed is lost, nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from flask import g, request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField as OneFile
from werkzeug.datastructures import CombinedMultiDict, FileStorage, MultiDict
from wtforms import Field, FieldList, FileField, FormField, HiddenField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, StopValidation

from portal import clock, text
from portal.audit import savepoint
from portal.errors import InvalidInput
from portal.services.files import held_uploads
from portal.services.files.arrivals import Upload
from portal.services.files.held_uploads import WaitingFile
from portal.storage.incoming import Incoming
from portal.web.input_errors import INPUT_ERRORS, error_message

INVALID = 422
"""Status of a page that shows a form again with its errors."""


class Required(InputRequired):  # type: ignore[misc]
    """Something that can be seen must be written: a blank is none, whichever character it is made of."""

    def __init__(self) -> None:
        super().__init__(message=INPUT_ERRORS["required"])

    def __call__(self, form: Any, field: Any) -> None:
        super().__call__(form, field)
        if isinstance(field.data, str) and text.is_blank(field.data):
            field.errors[:] = []
            raise StopValidation(self.message)


def _as_counted(typed: str | None) -> str | None:
    """A browser sends a line break as two characters, and shows its writer one."""
    return typed.replace("\r\n", "\n") if typed else typed


class PortalForm(FlaskForm):  # type: ignore[misc]
    """A form with a number of its own, so that sending it twice does the thing once."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            if issubclass(unbound_field.field_class, StringField):
                filters = [_as_counted, *unbound_field.kwargs.get("filters", ())]
                return unbound_field.bind(form=form, **{**options, "filters": filters})
            return unbound_field.bind(form=form, **options)

    submission = HiddenField(default=lambda: str(uuid4()))
    form_errors: list[str]
    is_shown = False
    _is_ready = False

    def __init__(self, *args: Any, sent_to: str = "", **kwargs: Any) -> None:
        if not args and "formdata" not in kwargs:
            # After a session that ended, what was typed then.
            kwargs["formdata"] = self._sent() if self.is_submitted() else g.get("saved_form")
        super().__init__(*args, **kwargs)
        self.sent_to = sent_to or request.path
        """Where a file that was chosen belongs: the address the form is sent to, or whose page it is part of."""
        for field in self:
            if isinstance(field, ChosenFile):
                field.look_for_held(self.sent_to, str(self.submission.data))

    def is_ready(self) -> bool:
        """Whether it was sent and is valid, so that what it was sent for may begin (`submitting`). One that is not is
        shown again, with what was chosen in it."""
        self._is_ready = bool(self.validate_on_submit())
        if not self._is_ready and request.method == "POST":
            self.keep_files()
        return self._is_ready

    @contextmanager
    def submitting(self) -> Iterator[None]:
        """`with form.submitting():` around what the form was sent for, and the answer to it. Input that is refused
        leaves nothing behind but its error, at its field; what follows the block then shows the form again."""
        if not self._is_ready:
            raise RuntimeError("a form is checked by is_ready() before it is used")
        try:
            with savepoint(g.session):
                yield
        except InvalidInput as problem:
            _show(self, problem)
            self.keep_files()

    def take_faults(self, other: PortalForm) -> None:
        """The same page is shown for a button that asks less: with the faults that one found, and all that was sent."""
        self.form_errors = list(other.form_errors)
        for field in other:
            if field.short_name in self:
                self[field.short_name].errors = field.errors
        self.keep_files()

    def keep_files(self) -> None:
        """The form is shown again: what was chosen stays chosen, unless the file itself was refused."""
        for field in self:
            if isinstance(field, ChosenFile):
                field.put_aside(self.sent_to)

    def _sent(self) -> MultiDict[str, Any]:
        """What a form of a page sends and nothing else: files under the fields that take them, text under all others.
        Flask-WTF would take a file for anything, and JSON, whose values can be anything."""
        takes_file = {name for name, field in self._unbound_fields if issubclass(field.field_class, FileField)}
        files = MultiDict((name, file) for name, file in request.files.items(multi=True) if name in takes_file)
        return CombinedMultiDict((files, request.form)) if files else request.form

    @property
    def submission_id(self) -> UUID:
        if not _is_number(self.submission.data):
            raise InvalidInput("", "form_stale")
        return UUID(self.submission.data)

    def own_number(self) -> str:
        """The number to show it with. A page that shows it several times, as a button at each thing of a list, shows as
        many forms: somebody who goes back and presses another one means another thing. What is no number is not shown
        again: the page would be refused for ever."""
        if self.is_shown or not _is_number(self.submission.data):
            return str(uuid4())
        self.is_shown = True
        return str(self.submission.data)

    @property
    def faults(self) -> list[tuple[str, str]]:
        """Every error with the id of the field it belongs to, in the order of the form."""
        found = [("", str(error)) for error in self.form_errors]
        for field in self:
            found += _faults_of(field)
        return found


def _is_number(sent: str | None) -> bool:
    try:
        UUID(sent or "")
    except ValueError:
        return False
    return True


def _faults_of(field: Any) -> list[tuple[str, str]]:
    """The errors of a field, named by its label; of a field that holds others, those of the others."""
    if hasattr(field, "entries"):
        return [fault for entry in field.entries for fault in _faults_of(entry)]
    if hasattr(field, "form"):
        return [fault for inner in field.form for fault in _faults_of(inner)]
    return [(field.id, f"{str(field.label.text).rstrip('?')}: {error}") for error in field.errors]


def _show(form: PortalForm, problem: InvalidInput) -> None:
    message = error_message(problem)
    field: Any = form
    for part in problem.field.split("-") if problem.field else ():
        entries = getattr(field, "entries", None)
        inside = field.form if isinstance(field, FormField) else field
        field = entries[int(part)] if entries is not None else getattr(inside, part, None)
    if isinstance(field, Field):
        field.errors = [*field.errors, message]
    else:
        form.form_errors = [*form.form_errors, message]


def status(form: PortalForm) -> int:
    """Of a page that shows `form`: 422 when it was sent and has errors."""
    return INVALID if request.method == "POST" and form.faults else 200


def text_field(label: Any, longest: int = 200, required: bool = True, **kwargs: Any) -> StringField:
    validators: list[Any] = [Length(max=longest, message=_l("This is too long."))]
    if required:
        validators.insert(0, Required())
    return StringField(label, validators=validators, **kwargs)


def choices(*pairs: tuple[str, Any]) -> list[SelectChoice]:
    """What can be chosen: value and words, in order."""
    return [SelectChoice(str(value), words_of_it) for value, words_of_it in pairs]


class DayField(Field):  # type: ignore[misc]
    """A date as three small boxes for day, month and year: no calendar to fight with on a phone."""

    def __init__(self, label: Any, required: bool = True, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.required = required
        self.typed: tuple[str, str, str] = ("", "", "")

    def process_data(self, value: date | None) -> None:
        self.data = value
        if value is not None:
            self.typed = (str(value.day), str(value.month), str(value.year))

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        super().process(None, data if data is not None else self.default, extra_filters)
        if formdata is not None and f"{self.name}-day" in formdata:
            parts = [str(formdata.get(f"{self.name}-{part}", "")).strip()[:20] for part in ("day", "month", "year")]
            self.typed = (parts[0], parts[1], parts[2])
            self.data = None

    @property
    def chosen(self) -> date:
        """The date that was typed. Raises InvalidInput when there is none."""
        if not isinstance(self.data, date):
            raise InvalidInput(self.short_name, "required")
        return self.data

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002  what WTForms calls it with
        if not any(self.typed):
            if self.required:
                raise ValidationError(INPUT_ERRORS["required"])
            return
        try:
            day, month, year = (int(part) for part in self.typed)
            if year not in clock.YEARS:
                raise ValueError("no year that can be meant")
            self.data = date(year, month, day)
        except (ValueError, OverflowError) as problem:
            raise ValidationError(INPUT_ERRORS["date_wrong"]) from problem


class ChosenFile(OneFile):  # type: ignore[misc]
    """A file. When its form is refused for anything else, it stays chosen: it lies sealed in the store, and the page
    carries the handle that finds it (services/files/held_uploads.py)."""

    data: FileStorage | None
    held: WaitingFile | None = None
    """What was chosen before and is still chosen."""

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        super().process(formdata, *args, **kwargs)
        sent = formdata or {}
        self._handle = str(sent.get(f"{self.name}-kept", ""))
        self._unwanted = self.data is not None or bool(sent.get(f"{self.name}-drop"))

    def look_for_held(self, place: str, submission: str) -> None:
        number = UUID(submission) if _is_number(submission) else None
        found = (
            held_uploads.find_held(g.session, g.runtime.store, self._handle, place, number) if self._handle else None
        )
        if found is not None and self._unwanted:
            held_uploads.forget(found)
        else:
            self.held = found

    def put_aside(self, place: str) -> None:
        if self.errors:
            # It is about the file itself, which no second try makes better.
            self.let_go()
        elif (file := self.data) is not None:
            self.held = held_uploads.hold_upload(g.session, g.runtime.store, file.filename or "", file.stream, place)

    def let_go(self) -> None:
        if self.held is not None:
            held_uploads.forget(self.held)
        self.held = self.data = None

    @property
    def content(self) -> bytes | None:
        """All of a small file; None where none was chosen."""
        if self.data is not None:
            return bytes(self.data.stream.read())
        if self.held is None:
            return None
        with self.held.reopened() as file:
            return file.read()


class FormRows(FieldList):  # type: ignore[misc]
    """Several of the same, numbered from 0 in the names of their fields."""

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        for name in formdata:
            index = name[len(prefix) + 1 :].split("-", 1)[0] if name.startswith(f"{prefix}-") else ""
            if index.isascii() and index.isdigit() and len(index) < 4:
                yield int(index)


def upload_of(field: ChosenFile, note: str = "") -> Upload:
    """The file that was sealed on its way into this field, now or before. Raises InvalidInput when none was chosen."""
    storage = field.data
    content: object = storage.stream if storage is not None else None
    if storage is not None and isinstance(content, Incoming):
        return Upload(storage.filename or "", content, note)
    if field.held is None:
        raise InvalidInput(field.short_name, "file_missing")
    return Upload(field.held.name, field.held, note)


def has_file(field: ChosenFile) -> bool:
    """Whether one was chosen, now or before."""
    return field.data is not None or field.held is not None
