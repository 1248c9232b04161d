"""CAMT.053: the account statement of ISO 20022, versions 001.02 to 001.08, by local names.

Entities, external references and document types are refused (defusedxml): a bank sends none.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from billing.bank import amounts
from billing.bank.rows import Row, Sheet, tidy
from billing.errors import BadBankFile

MOST_ENTRIES = 200_000
_DECLARED = re.compile(r"^\s*<\?xml[^>]*\?>")


def is_camt(text: str) -> bool:
    """Whether the text is XML at all; which kind is said when it is read."""
    return text.lstrip().startswith("<")


def sheets_of(text: str) -> list[Sheet]:
    """Every statement of the file; raises BadBankFile with the entry that is wrong."""
    try:
        # The text is decoded already: what the head says of its encoding is past.
        root = ElementTree.fromstring(_DECLARED.sub("", text), forbid_dtd=True)
    except DefusedXmlException as wrong:
        raise BadBankFile(
            "The XML declares entities or a document type, which no bank sends; it was not read. "
            "Fetch the statement from the bank itself."
        ) from wrong
    except ParseError as wrong:
        raise BadBankFile(
            "The XML is broken at line {line}; fetch the file from the bank again.",
            line=wrong.position[0],
        ) from wrong
    statements = [one for one in root.iter() if _local(one) == "Stmt"]
    if _local(root) != "Document" or not statements:
        raise BadBankFile(
            "The XML is no CAMT.053: it has no statement (Stmt). Fetch an account statement, not a "
            "notification or a report."
        )
    return [_sheet(one) for one in statements]


def _local(one: Element) -> str:
    return str(one.tag).rpartition("}")[2]


def _all(one: Element, *path: str) -> Iterator[Element]:
    """The elements at a path of local names."""
    if not path:
        yield one
        return
    for inner in one:
        if _local(inner) == path[0]:
            yield from _all(inner, *path[1:])


def _text(one: Element, *path: str) -> str:
    return next(((found.text or "").strip() for found in _all(one, *path)), "")


def _sheet(statement: Element) -> Sheet:
    other = _text(statement, "Acct", "Id", "Othr", "Id")
    account = _text(statement, "Acct", "Id", "IBAN") or other
    opening, opened_in = _balance(statement, ("OPBD", "PRCD"))
    closing, _closed_in = _balance(statement, ("CLBD",))
    currency = _text(statement, "Acct", "Ccy") or opened_in or "VND"
    rows: list[Row] = []
    for number, entry in enumerate(_all(statement, "Ntry"), start=1):
        if number > MOST_ENTRIES:
            raise BadBankFile(
                "The file has more than {most} entries; send less.", most=MOST_ENTRIES
            )
        rows += _rows(entry, currency, number)
    days = [row.booked_on for row in rows]
    return Sheet(
        account=tidy(account, 60),
        currency=currency,
        rows=tuple(rows),
        opening_minor=None if opening is None else amounts.minor(opening, currency, 1),
        closing_minor=None if closing is None else amounts.minor(closing, currency, 1),
        starts_on=min(days, default=None),
        ends_on=max(days, default=None),
    )


def _balance(statement: Element, kinds: tuple[str, ...]) -> tuple[Decimal | None, str]:
    for kind in kinds:
        for one in _all(statement, "Bal"):
            if _text(one, "Tp", "CdOrPrtry", "Cd") == kind:
                return _signed(one, 0), _currency(one)
    return None, ""


def _currency(one: Element) -> str:
    return next((found.get("Ccy", "") for found in _all(one, "Amt")), "")


def _signed(one: Element, number: int) -> Decimal:
    try:
        size = Decimal(_text(one, "Amt"))
    except InvalidOperation:
        size = Decimal("NaN")
    mark = _text(one, "CdtDbtInd")
    if not size.is_finite() or size < 0 or mark not in ("CRDT", "DBIT"):
        raise BadBankFile(
            "Entry {line}: the amount or its direction (CdtDbtInd) cannot be read; fetch the file "
            "from the bank again.",
            line=number,
        )
    return size if mark == "CRDT" else -size


def _rows(entry: Element, currency: str, number: int) -> list[Row]:
    """An entry, or the transactions of a batch where their amounts add up to it."""
    status = _text(entry, "Sts", "Cd") or _text(entry, "Sts")
    if status not in ("BOOK", ""):
        return []
    if (said := _currency(entry)) not in ("", currency):
        raise BadBankFile(
            "Entry {line} is in {said}, and the account is in {currency}; fetch the file from the "
            "bank again.",
            line=number,
            said=said,
            currency=currency,
        )
    whole = amounts.minor(_signed(entry, number), currency, number)
    if whole == 0:
        return []
    details = list(_all(entry, "NtryDtls", "TxDtls"))
    if len(details) > 1:
        parts = [_part(one, whole, currency, number) for one in details]
        if None not in parts and sum(p for p in parts if p) == whole and all(parts):
            return [
                _row(entry, [one], part, number)
                for one, part in zip(details, parts, strict=True)
                if part
            ]
    return [_row(entry, details, whole, number)]


def _part(one: Element, whole: int, currency: str, number: int) -> int | None:
    """What one transaction of a batch comes to, signed as the entry unless it says its own."""
    text = _text(one, "Amt") or _text(one, "AmtDtls", "TxAmt", "Amt")
    try:
        size = amounts.minor(Decimal(text), currency, number)
    except InvalidOperation:
        return None
    mark = _text(one, "CdtDbtInd")
    outgoing = mark == "DBIT" if mark else whole < 0
    return -size if outgoing else size


def _day(entry: Element, name: str) -> date | None:
    text = _text(entry, name, "Dt") or _text(entry, name, "DtTm")[:10]
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None


def _row(entry: Element, details: list[Element], amount: int, number: int) -> Row:
    booked = _day(entry, "BookgDt") or _day(entry, "ValDt")
    if booked is None or not 2000 <= booked.year < 2200:
        raise BadBankFile(
            "Entry {line} has no day that can be read; fetch the file from the bank again.",
            line=number,
        )
    one = details[0] if len(details) == 1 else entry
    side = "Dbtr" if amount > 0 else "Cdtr"
    name = _text(one, "RltdPties", side, "Nm") or _text(one, "RltdPties", side, "Pty", "Nm")
    holder = ("RltdPties", f"{side}Acct", "Id")
    account = _text(one, *holder, "IBAN") or _text(one, *holder, "Othr", "Id")
    said = [found.text or "" for each in details for found in _all(each, "RmtInf", "Ustrd")]
    said += [
        found.text or ""
        for each in details
        for found in _all(each, "RmtInf", "Strd", "CdtrRefInf", "Ref")
    ]
    ends = {_text(each, "Refs", "EndToEndId") for each in details} - {"", "NOTPROVIDED"}
    said += [*sorted(ends), _text(entry, "AddtlNtryInf")]
    bank_id = _text(one, "Refs", "AcctSvcrRef") or _text(entry, "AcctSvcrRef")
    return Row(
        line=number,
        booked_on=booked,
        valued_on=_day(entry, "ValDt"),
        amount_minor=amount,
        text=tidy(" ".join(said), 1000),
        payer_name=tidy(name, 200),
        payer_account=tidy(account, 60),
        bank_id=tidy(bank_id, 60),
    )
