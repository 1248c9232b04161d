"""Why a booking of the bank fits an invoice, in words."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from billing.money import Money

REASONS = {
    "reference_exact": lazy_gettext("The reference stands in the text, whole"),
    "reference_close": lazy_gettext("The reference stands in the text with one slip: %(seen)s"),
    "reference_weak": lazy_gettext("Something like the reference stands in the text: %(seen)s"),
    "booking_exact": lazy_gettext("The booking's reference stands in the text, whole"),
    "booking_close": lazy_gettext(
        "The booking's reference stands in the text with one slip: %(seen)s"
    ),
    "booking_weak": lazy_gettext("Something like the booking's reference: %(seen)s"),
    "number_exact": lazy_gettext("The invoice number stands in the text, whole"),
    "number_close": lazy_gettext("The invoice number stands in the text as %(seen)s"),
    "number_weak": lazy_gettext("The text says “%(seen)s”"),
    "several_named": lazy_gettext("The text names %(count)s invoices of the unit"),
    "amount_equal": lazy_gettext("The amount is what is open"),
    "amount_sum": lazy_gettext("The amount is the sum of what is open"),
    "amount_part": lazy_gettext("A part of what is open: %(left)s"),
    "amount_over": lazy_gettext("%(over)s more than what is open"),
    "amount_only": lazy_gettext("Only the amount agrees; few invoices have it"),
    "other_currency": lazy_gettext("Another currency"),
    "settled": lazy_gettext("Nothing is open on it any more"),
    "payer_name": lazy_gettext("The payer's name is the unit's"),
    "payer_account": lazy_gettext("The account has paid for this unit before"),
    "payer_unknown": lazy_gettext("The payer is no unit we know"),
    "payer_other": lazy_gettext("The payer is another unit"),
    "balance": lazy_gettext("Keep it as the unit's balance"),
    "recorded_by_hand": lazy_gettext("Recorded by hand already, with reference %(seen)s"),
    "by_hand": lazy_gettext("Chosen by a person"),
}
# What speaks against a match; shown with another sign.
AGAINST = frozenset(
    {"other_currency", "settled", "payer_other", "amount_part", "amount_over", "amount_only"}
)


def reason(told: Mapping[str, Any]) -> str:
    """The sentence of a kept reason."""
    sentence = REASONS.get(str(told.get("code")))
    if sentence is None:
        return ""
    words = {
        name: Money(int(value)).text() if name in ("left", "over") else value
        for name, value in told.items()
        if name != "code"
    }
    return str(sentence) % words if words else str(sentence)


def went_out(told: str, code: str) -> str:
    """The reason of an ignored booking: ours is said in the visitor's language."""
    return _("Money that went out") if told == code else told
