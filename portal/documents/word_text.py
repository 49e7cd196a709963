"""The words of a Word document as they would be printed, with every tracked change taken. Runs inside the locked-in
process of reader.py, so it imports nothing of the portal.

Nothing is lost without a word: known symbols, ticked boxes, formulas, footnotes and text boxes are read; what cannot be
read leaves a mark in the text; and what was left out is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
UNREAD = "\ufffd"
"""Stands where there was something that cannot be read."""

_DROPPED = {f"{W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "sdtPr", "tcPr", "trPr", "tblPr", "tblGrid")}
_DROPPED.add(_FALLBACK)
_OFF = ("0", "false", "off")
_FIELDS_WITHOUT_WORDS = {"XE", "TC", "TA", "RD", "SET", "ASK", "ADVANCE", "PRIVATE", "BOOKMARK", "FORMCHECKBOX"}
"""Fields that print nothing of their own."""
_TICKED, _NOT_TICKED = "☒", "☐"
_PICTURES = {f"{W}drawing", f"{W}pict", f"{W}object"}


class WordText:
    """Gathers the words of parts of a document. `left` counts what was not taken or stands as a mark: 'hidden',
    'unread', 'formulas', 'notes'."""

    def __init__(self, symbols: Any, styles: Any, notes: dict[str, Any]) -> None:
        """`symbols` is the module of that name, `styles` the root of the part with the styles, `notes` the root of
        those with foot- and endnotes, by the name of what refers to them; each root may be None."""
        self._symbols = symbols
        self._hidden_styles = _hidden_styles(styles)
        self._notes = {kind: _by_id(root) for kind, root in notes.items() if root is not None}
        self.left: Counter[str] = Counter()
        self._fields: list[dict[str, Any]] = []
        self._silent = 0
        """How many of the fields that are open are still being told what to do."""
        self._hides = False
        """Whether the style of the paragraph hides its words."""
        self._inside_note = False

    def of(self, *elements: Any) -> str:
        pieces: list[str] = []
        self._fields, self._silent, self._hides = [], 0, False
        for element in elements:
            self._gather(element, pieces)
        return "".join(pieces).strip("\n")

    def pictures(self, root: Any) -> Iterator[Any]:
        """Everything drawn that holds no words of its own; each once."""
        for element in root.iter(*_PICTURES):
            if any(each.tag == _FALLBACK for each in element.iterancestors()):
                continue
            if next(element.iter(f"{W}txbxContent"), None) is None:
                yield element

    def _gather(self, element: Any, pieces: list[str]) -> None:
        tag = element.tag
        if not isinstance(tag, str) or tag in _DROPPED or is_placeholder(element):
            return
        if tag.startswith(_M):
            self._formula(element, pieces)
            return
        name = tag.removeprefix(W)
        if name == "r" and self._is_hidden(element):
            self._leave_out(element)
            return
        own = getattr(self, f"_on_{name}", None) if tag.startswith(W) else None
        if own is not None:
            own(element, pieces)
        else:
            for child in element:
                self._gather(child, pieces)

    def _say(self, words: str, pieces: list[str]) -> None:
        """Unless it belongs to what a field is told to do, which is never printed."""
        if not self._silent:
            pieces.append(words)

    # What a document is made of

    def _on_t(self, element: Any, pieces: list[str]) -> None:
        words = element.text or ""
        font = _font_of(element.getparent())
        if self._symbols.is_symbol_font(font):
            words = "".join(self._sign(font, ord(letter)) for letter in words)
        elif any("\ue000" <= letter <= "\uf8ff" for letter in words):
            words = "".join(
                self._symbols.pasted(ord(letter)) or self._mark() if "\ue000" <= letter <= "\uf8ff" else letter
                for letter in words
            )
        self._say(words, pieces)

    def _on_sym(self, element: Any, pieces: list[str]) -> None:
        try:
            code = int(element.get(f"{W}char", ""), 16)
        except ValueError:
            code = -1
        self._say(self._sign(element.get(f"{W}font", ""), code), pieces)

    def _sign(self, font: str, code: int) -> str:
        return (self._symbols.sign_of(font, code) if code >= 0 else None) or self._mark()

    def _mark(self) -> str:
        self.left["unread"] += 1
        return UNREAD

    def _on_br(self, _element: Any, pieces: list[str]) -> None:
        self._say("\n", pieces)

    _on_cr = _on_br

    def _on_tab(self, _element: Any, pieces: list[str]) -> None:
        self._say("\t", pieces)

    _on_ptab = _on_tab

    def _on_noBreakHyphen(self, _element: Any, pieces: list[str]) -> None:  # noqa: N802  as the format calls it
        self._say("-", pieces)

    def _on_altChunk(self, _element: Any, pieces: list[str]) -> None:  # noqa: N802
        self._say(self._mark(), pieces)

    _on_subDoc = _on_altChunk  # noqa: N815

    def _on_p(self, element: Any, pieces: list[str]) -> None:
        if is_listed(element):
            pieces.append("- ")
        style, around = element.find(f"{W}pPr/{W}pStyle"), self._hides
        self._hides = style is not None and style.get(f"{W}val", "") in self._hidden_styles
        for child in element:
            self._gather(child, pieces)
        self._hides = around
        # A paragraph whose end was deleted, tracked, runs on into the next one.
        if element.find(f"{W}pPr/{W}rPr/{W}del") is None:
            pieces.append("\n")

    def _on_sdt(self, element: Any, pieces: list[str]) -> None:
        """A content control. A box to tick shows its own sign; only where that is gone is it known by its state."""
        box = element.find(f"{W}sdtPr/{_W14}checkbox")
        begun = len(pieces)
        for child in element:
            self._gather(child, pieces)
        if box is not None and not "".join(pieces[begun:]).strip():
            state = box.find(f"{_W14}checked")
            ticked = state is not None and state.get(f"{_W14}val", "1") not in _OFF
            self._say(_TICKED if ticked else _NOT_TICKED, pieces)

    def _on_txbxContent(self, element: Any, pieces: list[str]) -> None:  # noqa: N802
        """A text box stands on lines of its own, where it is anchored."""
        if pieces and not pieces[-1].endswith("\n"):
            pieces.append("\n")
        for child in element:
            self._gather(child, pieces)

    def _on_footnoteReference(self, element: Any, pieces: list[str]) -> None:  # noqa: N802
        self._note("footnotes", element, pieces)

    def _on_endnoteReference(self, element: Any, pieces: list[str]) -> None:  # noqa: N802
        self._note("endnotes", element, pieces)

    def _note(self, kind: str, element: Any, pieces: list[str]) -> None:
        """A note stands in brackets where its number stood."""
        note = self._notes.get(kind, {}).get(element.get(f"{W}id", ""))
        if note is None or self._inside_note:
            self._say(self._mark(), pieces)
            return
        words: list[str] = []
        self._inside_note = True
        for child in note:
            self._gather(child, words)
        self._inside_note = False
        self.left["notes"] += 1
        self._say(f" [{' '.join(''.join(words).split())}]", pieces)

    # Fields: what they are told to do is never printed, what came of it is

    def _on_fldChar(self, element: Any, pieces: list[str]) -> None:  # noqa: N802
        kind = element.get(f"{W}fldCharType", "")
        if kind == "begin":
            self._say(_form_field(element), pieces)
            told = element.find(f"{W}ffData") is not None
            self._fields.append({"shows": False, "came": told, "told": ""})
            self._silent += 1
        elif kind == "separate" and self._fields:
            self._silent -= not self._fields[-1]["shows"]
            self._fields[-1].update(shows=True, came=True)
        elif kind == "end" and self._fields:
            field = self._fields.pop()
            self._silent -= not field["shows"]
            word = field["told"].split()[:1]
            if not field["came"] and word and word[0].upper() not in _FIELDS_WITHOUT_WORDS:
                self._say(self._mark(), pieces)

    def _on_instrText(self, element: Any, _pieces: list[str]) -> None:  # noqa: N802
        if self._fields:
            self._fields[-1]["told"] += element.text or ""

    def _on_delText(self, _element: Any, _pieces: list[str]) -> None:  # noqa: N802
        return

    # Hidden

    def _is_hidden(self, run: Any) -> bool:
        """Whether Word shows the words of a run only to whoever asks for hidden text."""
        properties = run.find(f"{W}rPr")
        said = properties.find(f"{W}vanish") if properties is not None else None
        if said is not None:
            return said.get(f"{W}val", "1") not in _OFF
        style = properties.find(f"{W}rStyle") if properties is not None else None
        if style is not None and style.get(f"{W}val", "") in self._hidden_styles:
            return True
        return self._hides

    def _leave_out(self, run: Any) -> None:
        if any((part.text or "").strip() for part in run.iter(f"{W}t")) or run.find(f"{W}sym") is not None:
            self.left["hidden"] += 1
        for mark in run.iter(f"{W}fldChar", f"{W}instrText"):  # a field may begin hidden and go on
            self._gather(mark, [])

    def hidden_row(self, row: Any) -> bool:
        """Whether a row of a table is hidden, and counted as such."""
        mark = row.find(f"{W}trPr/{W}hidden")
        if mark is None or mark.get(f"{W}val", "1") in _OFF:
            return False
        self.left["hidden"] += 1
        return True

    # Formulas

    def _formula(self, element: Any, pieces: list[str]) -> None:
        self.left["formulas"] += element.tag == f"{_M}oMath"
        self._say(self._linear(element), pieces)

    def _linear(self, element: Any) -> str:
        """A formula on one line, as it would be typed: (a+b)/2, x^2, √(x)."""
        if not isinstance(element.tag, str) or element.tag in _DROPPED or element.tag.endswith("Pr"):
            return ""
        name = element.tag.removeprefix(_M)
        part = {child.tag.removeprefix(_M): child for child in element if isinstance(child.tag, str)}

        def said(key: str) -> str:
            return "".join(self._linear(child) for child in part[key]) if key in part else ""

        if name == "t":
            return element.text or ""
        if name == "f":
            return f"{_grouped(said('num'))}/{_grouped(said('den'))}"
        if name in ("sSup", "sSub", "sSubSup"):
            low, high = said("sub"), said("sup")
            return said("e") + (f"_{_grouped(low)}" if low else "") + (f"^{_grouped(high)}" if high else "")
        if name == "rad":
            return f"{said('deg')}√{_grouped(said('e'))}"
        if name == "d":
            return f"{_set(element, 'begChr', '(')}{self._inner(element, 'e', ', ')}{_set(element, 'endChr', ')')}"
        if name == "nary":
            low, high = said("sub"), said("sup")
            ends = (f"_{_grouped(low)}" if low else "") + (f"^{_grouped(high)}" if high else "")
            return f"{_set(element, 'chr', '∫')}{ends} {said('e')}"
        if name == "m":
            return f"[{self._inner(element, 'mr', '; ')}]"
        if name == "mr":
            return self._inner(element, "e", " ")
        words: list[str] = []
        if element.tag.startswith(W):
            self._gather(element, words)
            return "".join(words)
        return "".join(self._linear(child) for child in element)

    def _inner(self, element: Any, name: str, between: str) -> str:
        return between.join(
            "".join(self._linear(inner) for inner in child) if name == "e" else self._linear(child)
            for child in element
            if child.tag == f"{_M}{name}"
        )


def _grouped(words: str) -> str:
    return words if len(words) < 2 or words.isalnum() else f"({words})"


def _set(element: Any, name: str, otherwise: str) -> str:
    """A sign that a formula chooses for itself."""
    for properties in element:
        if isinstance(properties.tag, str) and properties.tag.endswith("Pr"):
            chosen = properties.find(f"{_M}{name}")
            if chosen is not None:
                return str(chosen.get(f"{_M}val", ""))
    return otherwise


def _form_field(begin: Any) -> str:
    """What a form field of the old kind shows, where that is no text of its own."""
    box, chosen = begin.find(f"{W}ffData/{W}checkBox"), begin.find(f"{W}ffData/{W}ddList")
    if box is not None:
        states = [box.find(f"{W}{name}") for name in ("checked", "default")]
        said = next((state for state in states if state is not None), None)
        return _TICKED if said is not None and said.get(f"{W}val", "1") not in _OFF else _NOT_TICKED
    if chosen is not None:
        entries = [entry.get(f"{W}val", "") for entry in chosen.findall(f"{W}listEntry")]
        result = chosen.find(f"{W}result")
        number = result.get(f"{W}val", "0") if result is not None else "0"
        return entries[int(number)] if number.isdigit() and int(number) < len(entries) else ""
    return ""


def _font_of(run: Any) -> str:
    fonts = run.find(f"{W}rPr/{W}rFonts") if run is not None else None
    return str(fonts.get(f"{W}ascii", "")) if fonts is not None else ""


def is_listed(paragraph: Any) -> bool:
    """Whether it is a point of a list."""
    number = paragraph.find(f"{W}pPr/{W}numPr")
    if number is None:
        return False
    of = number.find(f"{W}numId")
    return of is None or of.get(f"{W}val", "") != "0"


def is_placeholder(element: Any) -> bool:
    return element.tag == f"{W}sdt" and element.find(f"{W}sdtPr/{W}showingPlcHdr") is not None


def _by_id(root: Any) -> dict[str, Any]:
    kinds = (f"{W}footnote", f"{W}endnote")
    return {note.get(f"{W}id", ""): note for note in root.iter(*kinds) if note.get(f"{W}type") in (None, "normal")}


def _hidden_styles(styles: Any) -> set[str]:
    """The ids of styles whose words are hidden, by themselves or by the one they are based on."""
    own: dict[str, bool | None] = {}
    based: dict[str, str] = {}
    for style in styles.iter(f"{W}style") if styles is not None else ():
        key, said = style.get(f"{W}styleId", ""), style.find(f"{W}rPr/{W}vanish")
        own[key] = None if said is None else said.get(f"{W}val", "1") not in _OFF
        base = style.find(f"{W}basedOn")
        based[key] = base.get(f"{W}val", "") if base is not None else ""
    found: dict[str, bool] = {}
    for key in own:
        way: list[str] = []
        at = key
        while at in own and at not in found and own[at] is None and at not in way:
            way.append(at)
            at = based[at]
        answer = found.get(at, own.get(at) or False)
        found.update(dict.fromkeys([*way, key], answer))
    return {key for key, hidden in found.items() if hidden}
