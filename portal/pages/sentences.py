"""What a refusal says in the language of the visitor; problem JSON stays in English."""

from enum import StrEnum
from typing import Any

from flask_babel import gettext as _

from billing.models import InvoiceStatus
from config.errors import Refusal, filled
from monitoring.models import ViolationStatus
from portal.pages import formats, states
from rental.models import AssetCondition, BookingStatus, ClosureKind, ResourceKind, Role
from rental.wording import Wording

FAMILIES: dict[type[StrEnum], str] = {
    BookingStatus: "booking",
    InvoiceStatus: "invoice",
    ViolationStatus: "violation",
    ClosureKind: "closure",
    AssetCondition: "condition",
}


def spoken(refusal: Refusal) -> str:
    """The sentence of a refusal for a page, its places filled with the words of the pages."""
    if not refusal.template:
        return ""
    values = {name: _word(name, value) for name, value in refusal.values.items()}
    return filled(_(refusal.template), values)


def _word(name: str, value: object) -> object:
    if name == "verb":
        return _(str(value))
    if isinstance(value, list | tuple):
        return [_word(name, each) for each in value]
    if isinstance(value, Wording):
        return value.in_language(formats.language())
    shown: Any = None
    if isinstance(value, Role):
        return str(states.ROLES[value.value])
    if isinstance(value, ResourceKind):
        shown = states.KIND[value.value]
    elif isinstance(value, StrEnum) and (family := FAMILIES.get(type(value))):
        shown = states.state(family, value).word
    # Inside a sentence the word begins small.
    return value if shown is None else str(shown)[:1].lower() + str(shown)[1:]
