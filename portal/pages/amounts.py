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
    typed = request.form.get(name, "").strip().rstrip("₫đĐ").strip()
    digits = re.sub(r"[^0-9]", "", typed)
    if not _TYPED.fullmatch(typed) or len(digits) > _LONGEST:
        raise BadField(_("Write the amount in whole đồng, such as 1.500.000."))
    return Money(int(digits))
