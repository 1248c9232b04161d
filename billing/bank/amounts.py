"""Amounts and days as banks write them. What could be read in two ways is refused by its line."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from billing.errors import BadBankFile

# Currencies without minor digits; all others that a bank here keeps have two.
WHOLE = frozenset({"VND", "JPY", "KRW"})
LARGEST = 10**15

Separator = Literal[".", ",", " ", "'", ""]
PATTERNS = {
    "dd/mm/yyyy": "%d/%m/%Y",
    "dd-mm-yyyy": "%d-%m-%Y",
    "dd.mm.yyyy": "%d.%m.%Y",
    "dd/mm/yy": "%d/%m/%y",
    "mm/dd/yyyy": "%m/%d/%Y",
    "yyyy-mm-dd": "%Y-%m-%d",
    "yyyy/mm/dd": "%Y/%m/%d",
    "yyyymmdd": "%Y%m%d",
}
# What follows the day where a bank gives the time as well.
_CLOCK = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2})?([.,]\d+)?( ?[AaPp][Mm])?$")


def minor(value: Decimal, currency: str, line: int) -> int:
    """The amount in minor units; raises BadBankFile for parts of the smallest unit."""
    scaled = value if currency in WHOLE else value * 100
    if scaled != scaled.to_integral_value():
        raise BadBankFile(
            "Line {line}: {amount} has more decimals than {currency} has; correct the amount.",
            line=line,
            amount=str(value),
            currency=currency,
        )
    if abs(scaled) >= LARGEST:
        raise BadBankFile(
            "Line {line}: {amount} is larger than any payment; correct the amount.",
            line=line,
            amount=str(value),
        )
    return int(scaled)


def amount(text: str, decimal: Separator, thousands: Separator, line: int) -> Decimal:
    """The amount typed in one style; raises BadBankFile where it breaks it.

    >>> amount("1.500.000,50", ",", ".", 1)
    Decimal('1500000.50')
    """
    bare = re.sub(r"(?i)\s*(đ|₫|vnd|usd|eur)$", "", text.strip().replace("\N{NO-BREAK SPACE}", " "))
    sign = ""
    if bare[:1] in "+-":
        sign, bare = bare[:1].replace("+", ""), bare[1:].strip()
    elif bare.startswith("(") and bare.endswith(")"):
        sign, bare = "-", bare[1:-1].strip()
    elif bare.endswith("-"):
        sign, bare = "-", bare[:-1].strip()
    whole, point, part = bare.rpartition(decimal) if decimal and decimal in bare else (bare, "", "")
    grouped = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d+" if thousands else r"\d+"
    fits = re.fullmatch(grouped, whole, re.ASCII) and re.fullmatch(r"\d*", part, re.ASCII)
    if not fits or (point and len(part) > 4):
        raise BadBankFile(
            "Line {line}: '{text}' is no amount with '{decimal}' before the decimals and "
            "'{thousands}' between the thousands; correct the amount, or the mapping.",
            words={"decimal": decimal or "–", "thousands": thousands or "–"},
            line=line,
            text=text.strip()[:40],
        )
    digits = whole.replace(thousands, "") if thousands else whole
    return Decimal(f"{sign}{digits}.{part or 0}")


def day(text: str, pattern: str, line: int) -> date:
    """The day typed in one of PATTERNS, a time behind it left out; raises BadBankFile."""
    bare = _CLOCK.sub("", text.strip())
    try:
        found = datetime.strptime(bare, PATTERNS[pattern]).date()  # noqa: DTZ007  # a day
    except ValueError:
        found = date.min
    if not 2000 <= found.year < 2200:
        raise BadBankFile(
            "Line {line}: '{text}' is no day written as {pattern}; correct the day, or the "
            "mapping.",
            line=line,
            text=text.strip()[:40],
            pattern=pattern,
        )
    return found
