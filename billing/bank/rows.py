"""What a bank's file says, as values: one sheet an account, one row a booking of the bank."""

import hashlib
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from billing.spelling import squeezed


@dataclass(frozen=True, slots=True)
class Row:
    """One booking of the bank. `amount_minor` is signed: what came in is above zero."""

    line: int
    booked_on: date
    amount_minor: int
    text: str = ""
    valued_on: date | None = None
    payer_name: str = ""
    payer_account: str = ""
    # The bank's own number of the booking, where it gives one.
    bank_id: str = ""

    def fingerprint(self, account: str, currency: str) -> str:
        """The digest of what the row says, however the bank sets spaces, case and marks."""
        said = (
            squeezed(account),
            self.booked_on.isoformat(),
            str(self.amount_minor),
            currency,
            squeezed(self.text),
            squeezed(self.payer_name),
            squeezed(self.payer_account),
        )
        return hashlib.sha256("\x1f".join(said).encode()).hexdigest()

    def id_key(self, occurrence: int = 0) -> str | None:
        """The bank's number with what it stands for; a batch may share the number alone.

        `occurrence` counts the same number, day and amount within one file, from 0.
        """
        if not self.bank_id:
            return None
        said = "\x1f".join(
            (self.bank_id, self.booked_on.isoformat(), str(self.amount_minor), str(occurrence))
        )
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One statement of one account. Balances are None where the format does not say them."""

    account: str
    currency: str
    rows: tuple[Row, ...]
    opening_minor: int | None = None
    closing_minor: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    # Where in the file it begins, for refusals.
    line: int = field(default=1, compare=False)

    @property
    def is_balanced(self) -> bool:
        """Whether both balances are known; then they were checked."""
        return self.opening_minor is not None and self.closing_minor is not None


def tidy(text: str, most: int) -> str:
    """One line of NFC text without control characters, cut after `most`."""
    shown = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text))
    return " ".join(shown.split())[:most]
