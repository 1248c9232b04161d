"""Amounts as people type them."""

import re

from flask import request
from flask_babel import gettext as _

from billing.money import Money
from portal.pages.reading import BadField

# One kind of separator, and only between thousands: 1.500.000, 1,500,000, 1 500 000.
_TYPED = re.compile("[0-9]+|[0-9]{1,3}(?:([., \N{NO-BREAK SPACE}])[0-9]{3}(?:\\1[0-9]{3})*)")
_LONGEST = 13


def whole_amount(name: str) -> Money:
    """Whole đồng of a form field; raises BadField for decimals, two kinds of separators, words."""
    return Money(_digits(request.form.get(name, "")))


def signed_amount(typed: str) -> int | None:
    """Whole đồng with a sign before them, or None for nothing typed; raises BadField."""
    text = typed.strip()
    if not text:
        return None
    is_below = text[0] in "-\N{MINUS SIGN}"
    minor = _digits(text.lstrip("+-\N{MINUS SIGN}"))
    return -minor if is_below else minor


def _digits(text: str) -> int:
    typed = text.strip().rstrip("₫đĐ").strip()
    digits = re.sub(r"[^0-9]", "", typed)
    if not _TYPED.fullmatch(typed) or len(digits) > _LONGEST:
        raise BadField(_("Write the amount in whole đồng, such as 1.500.000."))
    return int(digits)
