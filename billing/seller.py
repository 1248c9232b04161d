"""Who issues the invoices: the Centre's names, bank account and number series."""

import re
from functools import cache

from pydantic import BaseModel, ConfigDict, Field, field_validator
from stdnum.exceptions import ValidationError as WrongNumber
from stdnum.vn import mst

from config import documents

FOLDER = documents.HOME / "billing"
SYMBOL = re.compile(r"[1-9][CK]\{yy\}[A-Z]{3}")


class Bank(BaseModel):
    """The account that transfers go to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    bin: str = Field(pattern="^[0-9]{6}$")
    account: str = Field(pattern="^[0-9A-Za-z]{1,19}$")
    holder: str


class Seller(BaseModel):
    """`config/billing/seller.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sample: bool = False
    name: str
    name_en: str
    tax_code: str
    address: str
    phone: str | None = None
    email: str | None = None
    bank: Bank

    @field_validator("tax_code")
    @classmethod
    def _with_a_right_check_digit(cls, value: str) -> str:
        try:
            mst.validate(value)
        except WrongNumber as wrong:
            raise ValueError(f"{value!r} is not a tax code (MST): {wrong}") from wrong
        return value


class Series(BaseModel):
    """`config/billing/series.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    invoice: str
    credit_note: str
    # Of cash receipts (phiếu thu).
    receipt: str = "PT{yy}"
    # Of notices of a wrong name or address (form 04/SS).
    error_notice: str = "SS{yy}"
    due_days: int = Field(ge=0, le=365)

    @field_validator("invoice", "credit_note", "receipt", "error_notice")
    @classmethod
    def _renewed_every_year(cls, value: str) -> str:
        if "{yy}" not in value or len(value.format(yy=26)) > 10:
            raise ValueError("a symbol contains {yy} and has 10 characters at most")
        return value

    @field_validator("invoice", "credit_note")
    @classmethod
    def _as_the_circular_writes_symbols(cls, value: str) -> str:
        """Kind of form, C with or K without the authority's code, year, kind, two own letters.

        Circular 91/2026, App. I: 1C26TAA, 2C26TBB, 1C26LBB, 1K26TYY.
        """
        if not SYMBOL.fullmatch(value):
            raise ValueError(
                f"{value!r} is no symbol such as 1C{{yy}}TMC: kind of form, C (with the tax "
                "authority's code) or K (without), {yy}, and three capital letters"
            )
        return value


@cache
def seller() -> Seller:
    """The seller, read once; `seller.cache_clear()` reads it anew."""
    return documents.read(FOLDER / "seller.yml", Seller)


@cache
def series() -> Series:
    """The number series, read once; `series.cache_clear()` reads them anew."""
    return documents.read(FOLDER / "series.yml", Series)
