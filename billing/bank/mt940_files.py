"""MT940: the account statement of SWIFT, field by field. A damaged field refuses the file."""

import logging
import re
from datetime import date
from typing import Any

from mt940.models import Amount, Transaction, Transactions

from billing.bank import amounts
from billing.bank.rows import Row, Sheet, tidy
from billing.errors import BadBankFile

# It would write the words of payers into the log; what is wrong is said by the refusal.
logging.getLogger("mt940").setLevel(logging.CRITICAL)

_TAG = re.compile(r"^:(\d{2}[A-Z]?|NS):", re.MULTILINE)
_BEGIN = re.compile(r"^:20:", re.MULTILINE)
# Blocks of SWIFT around the text, and the dash that ends it.
_ENVELOPE = re.compile(r"^\{[1245]:.*$|^-\}?.*$", re.MULTILINE)
_NOTHING = frozenset({"", "NONREF"})
_SUBFIELD = re.compile(r"\?(\d{2})")


def is_mt940(text: str) -> bool:
    """Whether the text has the fields that every MT940 has."""
    head = text[:4000]
    return bool(_BEGIN.search(head)) and bool(re.search(r"^:25P?:", head, re.MULTILINE))


def sheets_of(text: str) -> list[Sheet]:
    """Every statement of the file; raises BadBankFile with the line that is wrong."""
    starts = [found.start() for found in _BEGIN.finditer(text)]
    ends = [*starts[1:], len(text)]
    return [
        _sheet(text[start:end], text.count("\n", 0, start) + 1)
        for start, end in zip(starts, ends, strict=True)
    ]


def _sheet(text: str, line: int) -> Sheet:
    lines = [
        line + text.count("\n", 0, found.start())
        for found in _TAG.finditer(text)
        if found[1] == "61"
    ]
    read = _read(text, line)
    bookings = [one for one in read.transactions if one.data.get("amount") is not None]
    if len(bookings) != len(lines):
        raise BadBankFile(
            "The statement from line {line} on has {fields} bookings (:61:), and {read} can be "
            "read; fetch it from the bank again.",
            line=line,
            fields=len(lines),
            read=len(bookings),
        )
    opening, closing = _balance(read, "opening", line), _balance(read, "closing", line)
    currency = opening.currency or "VND"
    rows = tuple(_row(one, currency, at) for one, at in zip(bookings, lines, strict=True))
    account = re.sub(r"^.*/", "", str(read.data.get("account_identification", "")).split("\n")[0])
    days = [row.booked_on for row in rows]
    return Sheet(
        account=account.strip(),
        currency=currency,
        rows=rows,
        opening_minor=amounts.minor(opening.amount, currency, line),
        closing_minor=amounts.minor(closing.amount, currency, line),
        starts_on=min(days, default=None),
        ends_on=max(days, default=None),
        line=line,
    )


def _read(text: str, line: int) -> Transactions:
    # Details are taken apart below: the library knows the subfields of other countries.
    read = Transactions(processors={"post_transaction_details": []})
    try:
        read.parse(_ENVELOPE.sub("", text))
    # The library tells a field it cannot read by whatever its parts raise.
    except (RuntimeError, ValueError, ArithmeticError, LookupError, TypeError) as wrong:
        raise BadBankFile(
            "The statement from line {line} on has a field that is not as MT940 has it; fetch it "
            "from the bank again.",
            line=line,
        ) from wrong
    return read


def _balance(read: Transactions, end: str, line: int) -> Amount:
    for kind in ("final", "intermediate"):
        found = read.data.get(f"{kind}_{end}_balance")
        if found is not None:
            balance: Amount = found.amount
            return balance
    raise BadBankFile(
        "The statement from line {line} on lacks its {end} balance; fetch it from the bank again.",
        words={"end": ":60F:" if end == "opening" else ":62F:"},
        line=line,
    )


def _row(one: Transaction, currency: str, line: int) -> Row:
    found: dict[str, Any] = one.data
    value, entry = found.get("date"), found.get("entry_date")
    if value is None:
        raise BadBankFile("Line {line}: the booking has no day; correct it.", line=line)
    valued = date(value.year, value.month, value.day)
    booked = valued if entry is None else date(entry.year, entry.month, entry.day)
    amount = found["amount"].amount
    text, name, account = _details(str(found.get("transaction_details") or ""), found)
    bank_id = str(found.get("bank_reference") or "").strip()
    return Row(
        line=line,
        booked_on=booked,
        valued_on=valued,
        amount_minor=_nonzero(amounts.minor(_signed(amount, found), currency, line), line),
        text=tidy(text, 1000),
        payer_name=tidy(name, 200),
        payer_account=tidy(account, 60),
        bank_id="" if bank_id.upper() in _NOTHING else bank_id[:60],
    )


def _signed(amount: Any, found: dict[str, Any]) -> Any:
    """The library turns debits; a reversed debit comes in, a reversed credit goes out."""
    size = abs(amount)
    return -size if found.get("status") in ("D", "RC") else size


def _nonzero(found: int, line: int) -> int:
    if found == 0:
        raise BadBankFile("Line {line}: the amount is zero; correct it.", line=line)
    return found


def _details(text: str, found: dict[str, Any]) -> tuple[str, str, str]:
    """Text, payer and account of a booking: in subfields `?20…?33` or as free lines."""
    extra = str(found.get("extra_details") or "")
    customer = str(found.get("customer_reference") or "")
    parts = _SUBFIELD.split(text.replace("\n", ""))
    if len(parts) < 3 or not re.match(r"\d{3}$", parts[0].strip() or "000"):
        said = [text, extra, "" if customer in _NOTHING else customer]
        return " ".join(_joined(one) for one in said if one.strip()), "", ""
    fields = dict(zip(parts[1::2], parts[2::2], strict=True))
    said_fields = "".join(
        fields[k] for k in sorted(fields) if "20" <= k <= "29" or "60" <= k <= "63"
    )
    name = "".join(fields.get(k, "") for k in ("32", "33"))
    return f"{said_fields} {extra}".strip(), name, fields.get("31", "")


def _joined(text: str) -> str:
    """A full line of :86: (65 characters) ends in the middle of a word, a shorter one does not."""
    lines = text.split("\n")
    return "".join(one if len(one) >= 60 else f"{one} " for one in lines).strip()
