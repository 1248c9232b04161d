"""VietQR: the transfer code that every banking app in Vietnam reads.

NAPAS's profile of EMVCo's merchant-presented code: fields of two-digit tag, two-digit length and
value, closed by a CRC-16/CCITT-FALSE over everything before it, "6304" included.
"""

import io
import re
import unicodedata
from dataclasses import dataclass
from typing import Never

import segno

from billing.errors import BadTransferCode

_NAPAS = "A000000727"
_TO_ACCOUNT = "QRIBFTTA"
_DONG = "704"
# Tag 54 takes 13 characters.
_MOST = 9_999_999_999_999
TEXT_LENGTH = 25


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a code asks for. `amount` in đồng; `dynamic` says it was made for one payment."""

    bank_bin: str
    account: str
    amount: int | None = None
    bill: str | None = None
    purpose: str | None = None
    dynamic: bool = False

    def payload(self) -> str:
        """The text of the code; raises BadTransferCode where a value does not fit."""
        _check(self)
        beneficiary = _field("00", self.bank_bin) + _field("01", self.account)
        account = _field("00", _NAPAS) + _field("01", beneficiary) + _field("02", _TO_ACCOUNT)
        more = _field("01", self.bill) + _field("08", self.purpose)
        body = "".join(
            (
                _field("00", "01"),
                _field("01", "12" if self.dynamic else "11"),
                _field("38", account),
                _field("53", _DONG),
                _field("54", None if self.amount is None else str(self.amount)),
                _field("58", "VN"),
                _field("62", more or None),
                "6304",
            )
        )
        return f"{body}{crc(body):04X}"


def payload(
    bank_bin: str,
    account: str,
    amount: int | None = None,
    bill: str | None = None,
    purpose: str | None = None,
) -> str:
    """The text of a code that pays `amount` đồng (or what the payer types) into `account`.

    `bank_bin` has 6 digits, `account` 1 to 19 letters and digits, `bill` is ASCII of 25 characters
    at most. The purpose is for people, so it is made to fit: without marks, cut after 25. With an
    amount the code is dynamic, made for one payment. Raises BadTransferCode.
    """
    said = None if purpose is None else plain(purpose) or None
    return Transfer(bank_bin, account, amount, bill, said, dynamic=amount is not None).payload()


def parse(text: str) -> Transfer:
    """What a scanned code asks for; raises BadTransferCode for a wrong CRC or a foreign code."""
    if not isinstance(text, str):
        _refuse("a VietQR code is text")
    text = text.strip()
    fields = _fields(text)
    if text[-8:-4] != "6304" or list(fields)[-1] != "63":
        _refuse("the code does not end with its checksum")
    # Some writers print the checksum in lower case.
    if f"{crc(text[:-4]):04X}" != text[-4:].upper():
        _refuse("the checksum is wrong: the code was changed or read badly; scan it again")
    if fields.get("00") != "01" or fields.get("01", "11") not in ("11", "12"):
        _refuse("this is not a payment code of version 01")
    if fields.get("53") != _DONG or fields.get("58") != "VN":
        _refuse("the code does not ask for đồng in Vietnam")
    account = _fields(fields.get("38", ""))
    if account.get("00") != _NAPAS or account.get("02") != _TO_ACCOUNT:
        _refuse("the code is not a VietQR transfer to an account")
    beneficiary = _fields(account.get("01", ""))
    more = _fields(fields["62"]) if "62" in fields else {}
    transfer = Transfer(
        bank_bin=beneficiary.get("00", ""),
        account=beneficiary.get("01", ""),
        amount=_amount(fields.get("54")),
        bill=more.get("01"),
        purpose=more.get("08"),
        dynamic=fields.get("01") == "12",
    )
    _check(transfer)
    return transfer


def plain(text: str, length: int = TEXT_LENGTH) -> str:
    """Vietnamese text as the code can carry it: no marks, only ASCII, `length` at most.

    >>> plain("Tiền thuê hội trường Đà Lạt")
    'Tien thue hoi truong Da L'
    """
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    words = ("".join(c for c in word if "!" <= c <= "~") for word in decomposed.split())
    return " ".join(word for word in words if word)[:length].rstrip()


def svg(text: str, scale: int = 4) -> str:
    """The code as an SVG picture to be set into a page or a document."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=scale, border=2, xmldecl=False)
    return out.getvalue().decode()


def png(text: str, scale: int = 6) -> bytes:
    """The code as a PNG picture."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="png", scale=scale, border=4)
    return out.getvalue()


def crc(text: str) -> int:
    """CRC-16/CCITT-FALSE of the text (polynomial 1021, start FFFF): "123456789" gives 29B1."""
    value = 0xFFFF
    for byte in text.encode():
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


def _field(tag: str, value: str | None) -> str:
    if value is None:
        return ""
    if not 0 < len(value) <= 99:
        _refuse(f"field {tag} has {len(value)} characters; 1 to 99 fit")
    return f"{tag}{len(value):02d}{value}"


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        tag, length = text[at : at + 2], text[at + 2 : at + 4]
        if not re.fullmatch("[0-9]{4}", tag + length):
            _refuse(f"no field begins at character {at + 1}")
        value = text[at + 4 : at + 4 + int(length)]
        if len(value) != int(length) or not value:
            _refuse(f"field {tag} is shorter than it says")
        if tag in found:
            _refuse(f"field {tag} comes twice")
        found[tag] = value
        at += 4 + int(length)
    if not found:
        _refuse("a part of the code is empty")
    return found


def _amount(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,13}(\.0{1,2})?", text):
        _refuse(f"{text!r} is not an amount in whole đồng")
    return int(text.partition(".")[0])


def _check(transfer: Transfer) -> None:
    for number in (transfer.bank_bin, transfer.account):
        if not isinstance(number, str):
            _refuse("the bank's BIN and the account are texts: a number loses its leading zeros")
    if not re.fullmatch("[0-9]{6}", transfer.bank_bin):
        _refuse("the bank's BIN has 6 digits")
    if not re.fullmatch("[0-9A-Za-z]{1,19}", transfer.account):
        _refuse("the account has 1 to 19 letters and digits, without spaces")
    amount = transfer.amount
    if amount is not None and (
        not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount <= _MOST
    ):
        _refuse("the amount is a whole number of đồng above zero, 13 digits at most")
    for name, text in (("bill", transfer.bill), ("purpose", transfer.purpose)):
        if text is not None and not re.fullmatch("[ -~]{1,25}", str(text)):
            _refuse(f"the {name} is ASCII text of 1 to {TEXT_LENGTH} characters")


def _refuse(reason: str) -> Never:
    """`reason` is for whoever writes or reads codes; the sentence around it is for everybody."""
    raise BadTransferCode(
        "The VietQR code cannot be made or read ({reason}); check bank, account, amount and text.",
        words={"reason": reason},
    )
