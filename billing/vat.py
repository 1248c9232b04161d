"""Value-added tax: which rate on which day, and what it comes to.

The tax is reckoned and rounded once per rate group, and the group's đồng are then shared out to the
lines: three lines of 10 006 đ at 8 % bear 2 401 đ, not 3 × 800.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from billing import money
from billing.errors import NoVatRate
from billing.money import Money
from config import documents
from config.validity import Dated

FOLDER = documents.HOME / "vat"
# The service whose rate holds for every service without a rate of its own.
GENERAL = "general"


class VatCode(StrEnum):
    """The codes of an e-invoice: not subject, not declared, or a rate in per cent."""

    NOT_SUBJECT = "KCT"
    NOT_DECLARED = "KKKNT"
    ZERO = "0"
    FIVE = "5"
    EIGHT = "8"
    TEN = "10"

    @property
    def percent(self) -> int:
        """The rate in per cent; the two codes without a rate bear no tax."""
        return int(self.value) if self.value.isdigit() else 0

    @property
    def label(self) -> str:
        """What an invoice prints: `8%`, or the code where there is no rate."""
        return f"{self.value}%" if self.value.isdigit() else self.value


class VatRate(Dated):
    """The rate of one service in a span of days."""

    service: str
    code: VatCode
    source: str
    # Whether the Centre's accountant still has to confirm it.
    to_verify: bool = False


class VatRates(BaseModel):
    """A file of `config/vat`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rates: tuple[VatRate, ...]

    @model_validator(mode="after")
    def _one_rate_a_day(self) -> Self:
        for i, rate in enumerate(self.rates):
            for other in self.rates[:i]:
                if other.service == rate.service and other.overlaps(rate):
                    raise ValueError(f"two rates of {rate.service!r} overlap on {rate.valid_from}")
        return self


@dataclass(frozen=True, slots=True)
class Taxable:
    """One amount to be taxed; `tax_inclusive` says that the tax is in it already."""

    amount: Money
    code: VatCode
    tax_inclusive: bool = False

    @property
    def exact_vat(self) -> Fraction:
        """The tax before rounding, in minor units."""
        percent = self.code.percent
        base = 100 + percent if self.tax_inclusive else 100
        return Fraction(self.amount.minor * percent, base)


@dataclass(frozen=True, slots=True)
class Taxed:
    """A line's net and its share of the group's tax."""

    net: Money
    vat: Money
    code: VatCode

    @property
    def total(self) -> Money:
        """Net and tax together."""
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class VatGroup:
    """All lines of one code together."""

    code: VatCode
    net: Money
    vat: Money

    def as_json(self) -> dict[str, object]:
        """The form of the JSON API."""
        return {
            "code": self.code.value,
            "percent": self.code.percent,
            "net": self.net.as_json(),
            "vat": self.vat.as_json(),
        }


def code_on(rates: Sequence[VatRate], service: str, day: date) -> VatCode:
    """The code of a service on a tax date; raises NoVatRate where no rate is on record.

    A service without a rate of its own on that day bears the general one.
    """
    for wanted in (service, GENERAL):
        for rate in rates:
            if rate.service == wanted and rate.holds_on(day):
                return rate.code
    raise NoVatRate(
        "No VAT rate is on record for {service} on {day}; add it to config/vat.",
        words={"day": f"{day:%d/%m/%Y}"},
        service=service,
        day=day.isoformat(),
    )


def tax(lines: Sequence[Taxable]) -> list[Taxed]:
    """Net and tax of each line: rounded per code, the remainder shared to the lines.

    An amount with the tax in it keeps its total to the đồng.
    """
    shares = [0] * len(lines)
    for code in dict.fromkeys(line.code for line in lines):
        places = [i for i, line in enumerate(lines) if line.code is code]
        exact = [lines[i].exact_vat for i in places]
        group = money.half_up(sum(exact, Fraction(0)))
        for i, vat in zip(places, money.share(group, exact), strict=True):
            shares[i] = vat
    return [_taxed(line, vat) for line, vat in zip(lines, shares, strict=True)]


def groups(lines: Sequence[Taxed]) -> list[VatGroup]:
    """The lines added up by code, in the order of `VatCode`."""
    found = {line.code for line in lines}
    return [
        VatGroup(
            code,
            money.total(line.net for line in lines if line.code is code),
            money.total(line.vat for line in lines if line.code is code),
        )
        for code in VatCode
        if code in found
    ]


@cache
def rates() -> tuple[VatRate, ...]:
    """The rates of `config/vat`, read once; `rates.cache_clear()` reads them anew."""
    return tuple(rate for file in documents.read_folder(FOLDER, VatRates) for rate in file.rates)


def _taxed(line: Taxable, minor: int) -> Taxed:
    vat = Money(minor, line.amount.currency)
    net = line.amount - vat if line.tax_inclusive else line.amount
    return Taxed(net, vat, line.code)
