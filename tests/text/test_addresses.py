"""Which addresses can get mail, and that one address has one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.addresses import NotMailable, checked, for_mail, normal

GOOD = {
    " Anna@By.Example ": ("anna@by.example", "anna@by.example"),
    "o'hara+sag@mail.by.example": ("o'hara+sag@mail.by.example", "o'hara+sag@mail.by.example"),
    "post@blåbær.example": ("post@blåbær.example", "post@xn--blbr-roah.example"),
    "post@BLÅBÆR.example": ("post@blåbær.example", "post@xn--blbr-roah.example"),
    "post@bla\u030abær.example": ("post@blåbær.example", "post@xn--blbr-roah.example"),
    "post@xn--blbr-roah.example": ("post@blåbær.example", "post@xn--blbr-roah.example"),
    "a@b-c.d1.example": ("a@b-c.d1.example", "a@b-c.d1.example"),
}


@pytest.mark.parametrize("typed", GOOD)
def test_an_address_has_one_form_to_keep_and_one_to_mail_to(typed: str) -> None:
    saved, mailed = GOOD[typed]
    assert checked(typed) == saved == normal(saved)
    assert for_mail(saved) == mailed
    assert mailed.isascii()


@pytest.mark.parametrize("typed", ["søren@by.example", "å@by.example", "anna.ærø@xn--blbr-roah.example"])
def test_letters_like_ae_before_the_at_sign_are_told_as_that(typed: str) -> None:
    with pytest.raises(NotMailable) as refused:
        checked(typed)
    assert refused.value.code == "email_letters"


@pytest.mark.parametrize(
    "typed",
    [
        "", "anna", "@by.example", "anna@", "anna@by", "anna@@by.example", "a@b@by.example", "anna by@by.example",
        "anna@by example.dk", "anna@.by.example", "anna@by..example", "anna@by.example.", "anna@-by.example",
        "anna@by-.example", "anna@[10.0.0.1]", "anna@10.0.0.1", "anna@by_en.example", ".anna@by.example",
        "anna.@by.example", "an..na@by.example", '"anna berg"@by.example', "anna@by.example,bo@by.example",
        "anna@by.example>", "Anna <anna@by.example>", f"{'a' * 65}@by.example", f"a@{'b' * 64}.example",
        f"a@{'b.' * 130}example", "anna@by.example\r\nBcc: x@y.example", "anna@\u00ad.example", "a@%.example",
    ],
)  # fmt: skip
def test_what_no_mail_can_reach_is_refused(typed: str) -> None:
    with pytest.raises(NotMailable):
        checked(typed)


@given(st.text(max_size=60) | st.from_regex(r"[^@]{0,20}@[^@]{0,20}", fullmatch=True))
def test_whatever_is_typed_is_an_address_or_is_refused(typed: str) -> None:
    normal(typed)
    try:
        address = checked(typed)
    except NotMailable:
        return
    told = for_mail(address)
    assert told.isascii()
    assert not set(told) & set(' \r\n\t<>,;:"()[]\\')
    assert normal(address) == address
