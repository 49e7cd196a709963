"""What the signs of the symbol fonts are, by their place in the font. Runs inside the locked-in process of reader.py,
so it imports nothing of the portal.

Symbol: Adobe's encoding of the font. Wingdings and its relatives: the signs that Unicode took in for them.
"""

from __future__ import annotations


def _table(**rows: str) -> dict[int, str]:
    """Rows of 16 signs, named by their first place; '·' where a sign is not known."""
    return {
        int(first.removeprefix("x"), 16) + at: sign
        for first, signs in rows.items()
        for at, sign in enumerate(signs.split(" "))
        if sign != "·"
    }


SYMBOL = _table(
    x21="! ∀ # ∃ % & ∋ ( ) ∗ + , − . /",
    x30="0 1 2 3 4 5 6 7 8 9 : ; < = > ?",
    x40="≅ Α Β Χ Δ Ε Φ Γ Η Ι ϑ Κ Λ Μ Ν Ο",
    x50="Π Θ Ρ Σ Τ Υ ς Ω Ξ Ψ Ζ [ ∴ ] ⊥ _",
    x60="· α β χ δ ε φ γ η ι ϕ κ λ μ ν ο",
    x70="π θ ρ σ τ υ ϖ ω ξ ψ ζ { | } ∼",
    xA0="€ ϒ ′ ≤ ⁄ ∞ ƒ ♣ ♦ ♥ ♠ ↔ ← ↑ → ↓",
    xB0="° ± ″ ≥ × ∝ ∂ • ÷ ≠ ≡ ≈ … | — ↵",
    xC0="ℵ ℑ ℜ ℘ ⊗ ⊕ ∅ ∩ ∪ ⊃ ⊇ ⊄ ⊂ ⊆ ∈ ∉",
    xD0="∠ ∇ ® © ™ ∏ √ ⋅ ¬ ∧ ∨ ⇔ ⇐ ⇑ ⇒ ⇓",
    xE0="◊ ⟨ ® © ™ ∑",
    xF1="⟩ ∫",
)
WINGDINGS = _table(
    x21="✏ ✂ ✁ · · · · ☎ ✆ ✉ · · · · ·",
    x30="📁 📂 📄 · · · ⌛ ⌨ 🖱 · 🖥 · 💾 · ✇ ✍",
    x40="· ✌ 👌 👍 👎 ☜ ☞ ☝ ☟ ✋ ☺ 😐 ☹ 💣 ☠ ⚐",
    x50="· ✈ ☼ 💧 ❄ · ✞ · ✠ ✡ ☪ ☯ ॐ ☸ ♈ ♉",
    x60="♊ ♋ ♌ ♍ ♎ ♏ ♐ ♑ ♒ ♓ · & ● ❍ ■ □",
    x70="· ❑ ❒ · ⧫ ◆ ❖ · ⌧ ⍓ ⌘ ❀ ✿ ❝ ❞",
    x80="⓪ ① ② ③ ④ ⑤ ⑥ ⑦ ⑧ ⑨ ⑩ ⓿ ❶ ❷ ❸ ❹",
    x90="❺ ❻ ❼ ❽ ❾ ❿ · · · · · · · · · •",
    xA0="▪ ○ · · · ◎ · ▪ ◻ · ✦ ★ ✶ ✴ ✹ ✵",
    xB0="· ⌖ ⟡ ⌑ · ✪ ✰ 🕐 🕑 🕒 🕓 🕔 🕕 🕖 🕗 🕘",
    xC0="🕙 🕚 🕛 · · · · · · · · · · · · ·",
    xD0="· · · · · · · · ➢ · ➲ · · · · ←",
    xE0="→ ↑ ↓ ↖ ↗ ↙ ↘ · ➔ · · · · · · ⇦",
    xF0="⇨ ⇧ ⇩ ⬄ ⇳ · · · · ▫ · ✗ ✓ ☒ ☑",
)
WINGDINGS_2 = _table(x4F="✗ ✓ ☒ ☑ ☒ ☒", x97="• ●", xA2="■ □")
WINGDINGS_3 = _table(x70="▲ ▼ △ ▽ ◀ ▶ ◁ ▷")
WEBDINGS = _table(x61="✔", x72="✖")
_FONTS = {
    "symbol": SYMBOL,
    "wingdings": WINGDINGS,
    "wingdings 2": WINGDINGS_2,
    "wingdings 3": WINGDINGS_3,
    "webdings": WEBDINGS,
}


_PASTED = {place: SYMBOL[place] for place in (0xA3, 0xB0, 0xB1, 0xB3, 0xB4, 0xB7, 0xB9, 0xBB)}
_PASTED |= {place: WINGDINGS[place] for place in (0x4A, 0x4B, 0x4C, 0x6C, 0x6E, 0x6F, 0x71, 0x76, 0xA7, 0xA8, 0xD8)}
_PASTED |= {place: WINGDINGS[place] for place in (0xDF, 0xE0, 0xE8, 0xFB, 0xFC, 0xFD, 0xFE)}
"""By the place of a sign whose font is gone: what lists, ticks, comparisons and arrows come from."""


def pasted(code: int) -> str | None:
    """The sign that a private character most likely was, when nothing tells its font."""
    return " " if code == 0xF020 else _PASTED.get(code & 0xFF) if 0xF000 <= code <= 0xF0FF else None


def is_symbol_font(name: str) -> bool:
    return name.strip().lower() in _FONTS


def sign_of(font: str, code: int) -> str | None:
    """The sign at a place of a font; None where nobody can know it. In an ordinary font a character is itself."""
    table = _FONTS.get(font.strip().lower())
    private = 0xE000 <= code <= 0xF8FF or code >= 0xF0000
    if table is None:
        return None if private or code < 0x20 or 0xD800 <= code <= 0xDFFF else chr(code)
    place = code & 0xFF if code < 0x100 or 0xF000 <= code <= 0xF0FF else -1
    return " " if place == 0x20 else table.get(place)
