"""CSV of a bank, read by a mapping: which column is what, and how amounts and days are written."""

import csv
import io
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from billing.bank import amounts
from billing.bank.amounts import Separator
from billing.bank.rows import Row, Sheet, tidy
from billing.errors import BadBankFile

MOST_ROWS = 200_000
DELIMITERS = (";", ",", "\t", "|")

Pattern = Literal[
    "dd/mm/yyyy",
    "dd-mm-yyyy",
    "dd.mm.yyyy",
    "dd/mm/yy",
    "mm/dd/yyyy",
    "yyyy-mm-dd",
    "yyyy/mm/dd",
    "yyyymmdd",
]
Column = Field(default="", max_length=100)


class Mapping(BaseModel):
    """What the columns of a bank's CSV files are. Names are as the head of the file has them."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    booked_on: str = Field(min_length=1, max_length=100)
    valued_on: str = Column
    # One column with a sign, or what came in and what went out in two.
    amount: str = Column
    credit: str = Column
    debit: str = Column
    # The column that says C/D (or +/-) beside an amount without a sign.
    direction: str = Column
    text: str = Field(min_length=1, max_length=100)
    payer_name: str = Column
    payer_account: str = Column
    bank_id: str = Column
    balance: str = Column
    decimal: Separator = ","
    thousands: Separator = "."
    date_format: Pattern = "dd/mm/yyyy"
    currency: str = Field(default="VND", pattern=r"^[A-Z]{3}$")

    @model_validator(mode="after")
    def _one_way_to_say_an_amount(self) -> "Mapping":
        if bool(self.amount) == bool(self.credit):
            raise ValueError("name one amount column, or the columns of what came in and went out")
        if self.direction and not self.amount:
            raise ValueError("a column of direction stands beside one amount column")
        if self.decimal == self.thousands:
            raise ValueError("decimals and thousands need two different signs")
        return self

    def columns(self) -> list[str]:
        """Every column the mapping names."""
        names = (
            self.booked_on,
            self.valued_on,
            self.amount,
            self.credit,
            self.debit,
            self.direction,
            self.text,
            self.payer_name,
            self.payer_account,
            self.bank_id,
            self.balance,
        )
        return [name for name in names if name]


def head_of(text: str) -> list[str]:
    """The column names of a file whose mapping nobody has said yet; empty where none are found."""
    table = _table(text, ())
    widest = max((len(cells) for _line, cells in table[:30]), default=0)
    if widest < 3:
        return []
    return next(
        (cells for _line, cells in table[:30] if sum(bool(c) for c in cells) >= max(3, widest - 1)),
        [],
    )


def sheet_of(text: str, account: str, mapping: Mapping) -> Sheet:
    """The rows of the file; raises BadBankFile with the line that is wrong.

    Lines before the head are left out, and a last line of sums that has no day.
    """
    table = _table(text, mapping.columns())
    at = next((i for i, (_line, cells) in enumerate(table) if _has(cells, mapping)), None)
    if at is None:
        raise BadBankFile(
            "No line of the file has the columns {columns}; correct the mapping of this account.",
            columns=mapping.columns(),
        )
    head = table[at][1]
    twice = [name for name in mapping.columns() if head.count(name) > 1]
    if twice:
        raise BadBankFile(
            "Line {line}: the columns {columns} stand twice; rename one of them.",
            line=table[at][0],
            columns=twice,
        )
    reader = _Reader(head, mapping)
    rows = [row for line, cells in table[at + 1 :] if (row := reader.row(line, cells)) is not None]
    if not rows:
        raise BadBankFile("The file has a head and no bookings; fetch a statement with some.")
    opening, closing = reader.checked(rows)
    days = [row.booked_on for row in rows]
    return Sheet(
        account=account,
        currency=mapping.currency,
        rows=tuple(rows),
        opening_minor=opening,
        closing_minor=closing,
        starts_on=min(days),
        ends_on=max(days),
    )


def _has(cells: list[str], mapping: Mapping) -> bool:
    return set(mapping.columns()) <= set(cells)


def _table(text: str, wanted: Sequence[str]) -> list[tuple[int, list[str]]]:
    """Line and cells, parted by the sign that parts the head (or most lines) best."""
    best: list[tuple[int, list[str]]] = []
    score = -1
    for delimiter in DELIMITERS:
        table = _cells(text, delimiter)
        found = [
            (len(set(wanted) & set(cells)) * 1000 if wanted else 0) + min(len(cells), 100)
            for _line, cells in table[:60]
        ]
        if max(found, default=0) > score:
            best, score = table, max(found, default=0)
    return best


def _cells(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    table: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            bare = [" ".join(cell.split()) for cell in cells]
            if any(bare):
                table.append((reader.line_num, bare))
            if len(table) > MOST_ROWS:
                raise BadBankFile(
                    "The file has more than {most} rows; fetch fewer days.", most=MOST_ROWS
                )
    except csv.Error as wrong:
        raise BadBankFile(
            "Line {line} is no CSV; fetch the file from the bank again.", line=reader.line_num
        ) from wrong
    return table


class _Reader:
    """Reads lines under one head."""

    def __init__(self, head: list[str], mapping: Mapping) -> None:
        self.at = {name: head.index(name) for name in mapping.columns()}
        self.width = len(head)
        self.mapping = mapping
        self.balances: list[tuple[int, int]] = []

    def row(self, line: int, cells: list[str]) -> Row | None:
        """The booking of a line; None for a line of sums, which has no day."""
        if len(cells) > self.width and any(cells[self.width :]):
            raise BadBankFile(
                "Line {line} has {cells} cells and the head has {columns}; an amount or a text has "
                "the sign that parts the columns. Correct the line.",
                line=line,
                cells=len(cells),
                columns=self.width,
            )
        m = self.mapping
        booked = self._of(cells, m.booked_on)
        if not booked:
            if self._of(cells, m.text) and any(
                self._of(cells, n) for n in (m.bank_id, m.payer_account)
            ):
                raise BadBankFile("Line {line} has no day; fill it in.", line=line)
            return None
        minor = self._minor(line, cells)
        if m.balance:
            self.balances.append((line, self._read(line, self._of(cells, m.balance))))
        valued = self._of(cells, m.valued_on)
        return Row(
            line=line,
            booked_on=amounts.day(booked, m.date_format, line),
            valued_on=amounts.day(valued, m.date_format, line) if valued else None,
            amount_minor=minor,
            text=tidy(self._of(cells, m.text), 1000),
            payer_name=tidy(self._of(cells, m.payer_name), 200),
            payer_account=tidy(self._of(cells, m.payer_account), 60),
            bank_id=tidy(self._of(cells, m.bank_id), 60),
        )

    def checked(self, rows: list[Row]) -> tuple[int | None, int | None]:
        """Opening and closing balance, each line's checked, oldest or newest first.

        None for both where the bank writes no balance.
        """
        if not self.balances:
            return None, None
        told = [balance for _line, balance in self.balances]
        moved = [row.amount_minor for row in rows]
        down = [a + m == b for a, b, m in zip(told, told[1:], moved[1:], strict=False)]
        up = [b + m == a for a, b, m in zip(told, told[1:], moved, strict=False)]
        if all(down):
            return told[0] - moved[0], told[-1]
        if all(up):
            return told[-1] - moved[-1], told[0]
        broken = (down if sum(down) >= sum(up) else up).index(False) + 1
        raise BadBankFile(
            "Line {line}: the balance before and the amount do not make the balance after; a line "
            "is missing or changed. Fetch the file from the bank again.",
            line=self.balances[broken][0],
        )

    def _of(self, cells: list[str], name: str) -> str:
        at = self.at[name] if name else self.width
        return cells[at] if at < len(cells) else ""

    def _read(self, line: int, text: str) -> int:
        found = amounts.amount(text, self.mapping.decimal, self.mapping.thousands, line)
        return amounts.minor(found, self.mapping.currency, line)

    def _minor(self, line: int, cells: list[str]) -> int:
        m = self.mapping
        if m.amount:
            found = self._read(line, self._of(cells, m.amount))
            found = self._directed(line, cells, found)
        else:
            into, out = self._of(cells, m.credit), self._of(cells, m.debit)
            came = abs(self._read(line, into)) if into else 0
            went = abs(self._read(line, out)) if out else 0
            if came and went:
                raise BadBankFile(
                    "Line {line} has an amount that came in and one that went out; one booking has "
                    "one of them.",
                    line=line,
                )
            found = came - went
        if found == 0:
            raise BadBankFile("Line {line}: the amount is zero; correct it.", line=line)
        return found

    def _directed(self, line: int, cells: list[str], found: int) -> int:
        if not self.mapping.direction:
            return found
        mark = self._of(cells, self.mapping.direction).upper()
        if mark in ("C", "CR", "CREDIT", "+", "CÓ", "CO"):
            return abs(found)
        if mark in ("D", "DR", "DB", "DEBIT", "-", "NỢ", "NO"):
            return -abs(found)
        raise BadBankFile(
            "Line {line}: '{text}' says neither credit nor debit; correct the line, or the "
            "mapping.",
            line=line,
            text=mark[:40],
        )
