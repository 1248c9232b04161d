"""Invoices and credit notes as PDF (A4): in Vietnamese, and as a copy in English.

The Vietnamese text is the document; the English one repeats it for readers abroad. Both keep the
figures as Vietnam writes them, so that they can be compared at a glance.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from billing import snapshots, transfers, vietqr, words
from billing.documents import words_of
from billing.models import CreditNote, Invoice
from billing.pricing import MEASURES
from billing.tariff import Measure
from config import clock, typesetting
from config.typesetting import Standard

HERE = Path(__file__).parent
TEMPLATE = HERE / "invoice.typ"
BREAKS = ("name", "address")
# So many letters without a space fit beside each other; the next may begin a new row.
LONG_WORD = re.compile(r"\S{20}(?=\S{8})")


@dataclass(frozen=True, slots=True)
class Look:
    """How a document is wanted: its language (`vi` or `en`), and for the archive a standard."""

    language: str = "vi"
    standard: Standard | None = None

    @property
    def is_english(self) -> bool:
        """Whether it is the copy in English."""
        return self.language == "en"

    @property
    def said(self) -> Mapping[str, Any]:
        """The words on it."""
        return words_of.of(self.language)


VIETNAMESE = Look()


def invoice_pdf(invoice: Invoice, look: Look = VIETNAMESE) -> bytes:
    """The invoice as it was frozen at issue, with a VietQR code for what is open; drafts too."""
    facts = invoice.snapshot or snapshots.of_invoice(invoice)
    code, said = transfers.code(invoice), look.said
    owed = facts["total"] > 0
    return typesetting.pdf(
        TEMPLATE,
        {
            **_common(facts, look, invoice.tax_date),
            "title": said["invoice"],
            "kind": said["kinds"].get(facts.get("kind", invoice.kind.value)),
            "advances": _advances(facts),
            "reckoned": _reckoned(facts, said),
            "total_label": said["total"],
            "stamp": said["stamps"].get(invoice.status),
            "symbol": invoice.symbol,
            "number": _number(invoice.number),
            "facts": [
                # Where the advances cover all of it nothing is ever paid, nor due.
                [said["bill"], facts["bill"] if owed else None],
                [said["booking"], facts["booking"]],
                [said["event"], facts["event"]],
                [said["due"], _day(invoice.due_on) if owed else None],
                *_corrects(facts.get("corrects"), said),
            ],
            "settlement": _settlement(invoice, said),
            "transfer": code and _transfer(facts, code),
        },
        look.standard,
    )


def _corrects(corrects: dict[str, Any] | None, said: Mapping[str, Any]) -> list[list[str | None]]:
    """What the invoice adjusts or replaces, why, and by which agreement."""
    if corrects is None:
        return []
    symbol = corrects["symbol"]
    origin = said["origin"].format(
        form=symbol[:1],
        symbol=symbol[1:],
        number=_number(corrects["number"]),
        day=_day(date.fromisoformat(corrects["date"])),
    )
    rows: list[list[str | None]] = [
        [said[corrects["how"]], origin],
        [said["reason"], corrects["reason"]],
    ]
    if corrects["agreement"]:
        day = _day(date.fromisoformat(corrects["agreement_on"]))
        rows.append([said["agreement"], f"{corrects['agreement']}, {day}"])
    return rows


def credit_note_pdf(note: CreditNote, look: Look = VIETNAMESE) -> bytes:
    """The credit note as it was issued, with the invoice that it reduces and why."""
    facts, said = note.snapshot, look.said
    origin = date.fromisoformat(facts["invoice_date"]) if facts["invoice_date"] else None
    return typesetting.pdf(
        TEMPLATE,
        {
            **_common(facts, look, note.tax_date),
            "title": said["credit_note"],
            "kind": None,
            "advances": None,
            "reckoned": [],
            "total_label": said["total_credited"],
            "stamp": None,
            "symbol": note.symbol,
            "number": _number(note.number),
            "facts": [
                [said["credits"], facts["invoice"]],
                [said["invoice_day"], _day(origin)],
                [said["reason"], facts["reason"]],
            ],
            "settlement": [],
            "transfer": None,
        },
        look.standard,
    )


def _common(facts: dict[str, Any], look: Look, day: date | None) -> dict[str, Any]:
    seller, said = facts["seller"], look.said
    names = [seller["name"], seller["name_en"]]
    dated = day or clock.today()
    return {
        "lang": look.language,
        "said": said["said"],
        "dated": [dated.year, dated.month, dated.day],
        "day": said["on"].format(day=day) if day else None,
        "subtitle": said["copy" if seller["sample"] else "real_copy"],
        "sample": seller["sample"],
        "seller": seller,
        "heading": names[::-1] if look.is_english else names,
        "buyer": {**facts["buyer"], **_broken(facts["buyer"])},
        "currency": "đ" if facts["currency"] == "VND" else facts["currency"],
        "lines": [_line(line, look) for line in facts["lines"]],
        "vat": [
            {
                "label": said["rates"].get(group["code"], group["label"]),
                "net": figure(group["net"]),
                "vat": figure(group["vat"]),
            }
            for group in facts["vat"]
        ],
        "net": figure(facts["net"]),
        "vat_total": figure(facts["vat_total"]),
        "total": figure(facts["total"]),
        "words": words.amount_in_english(facts["total"]) if look.is_english else facts["words"],
    }


def _advances(facts: dict[str, Any]) -> dict[str, Any] | None:
    """The advance invoices that are taken off, one a row, and their sum."""
    found = facts.get("advances")
    if not found:
        return None
    return {
        "rows": [
            [one["number"], _day(date.fromisoformat(one["day"])), figure(one["total"])]
            for one in found
        ],
        "sum": figure(facts["advanced"]),
    }


def _reckoned(facts: dict[str, Any], said: Mapping[str, Any]) -> list[list[str]]:
    """How the total comes about where advances are taken off: rows above it."""
    advanced = facts.get("advanced")
    if not advanced:
        return []
    return [
        [said["services"], figure(facts["total"] + advanced)],
        [said["advanced"], figure(-advanced)],
    ]


def _broken(buyer: dict[str, Any]) -> dict[str, Any]:
    """Name and address with places where a word too long for the box may break."""
    return {key: LONG_WORD.sub("\\g<0>\N{ZERO WIDTH SPACE}", buyer[key] or "") for key in BREAKS}


def _line(line: dict[str, Any], look: Look) -> dict[str, Any]:
    quantity = Decimal(line["quantity"])
    ending = "_en" if look.is_english else ""
    explanation = line["explanation" + ending]
    if explanation and line["tax_inclusive"]:
        explanation += f" ({look.said['inclusive']})"
    measure = MEASURES[Measure(line["measure"])][look.is_english] if line["measure"] else ""
    return {
        "description": line["description" + ending],
        "explanation": explanation,
        "measure": measure,
        "quantity": figure(quantity),
        # What stands on an invoice is the price without tax.
        "unit_price": figure(round(Decimal(line["net"]) / quantity, 2)),
        "net": figure(line["net"]),
        "rate": f"{line['vat_code']}%" if line["vat_code"].isdigit() else line["vat_code"],
        "vat": figure(line["vat"]),
    }


def _settlement(invoice: Invoice, said: Mapping[str, Any]) -> list[list[str]]:
    """What was paid and credited, and what is left: rows under the total."""
    if invoice.number is None:
        return []
    rows = [(said["paid"], invoice.paid_minor), (said["credited"], invoice.credited_minor)]
    shown = [[label, figure(minor)] for label, minor in rows if minor]
    return [*shown, [said["left"], figure(invoice.left.minor)]] if shown else []


def _transfer(facts: dict[str, Any], code: str) -> dict[str, Any]:
    bank, asked = facts["seller"]["bank"], vietqr.parse(code)
    return {
        "picture": vietqr.svg(code),
        "bank": bank["name"],
        "account": bank["account"],
        "holder": bank["holder"],
        "amount": figure(asked.amount or 0),
        "purpose": asked.purpose,
    }


def figure(amount: int | Decimal) -> str:
    """A number as Vietnam writes it, `1.500.000` or `1,25`; below zero with a real minus sign."""
    exact = Decimal(amount).normalize()
    text = f"{abs(exact):,f}".translate(str.maketrans(",.", ".,"))
    return f"\N{MINUS SIGN}{text}" if exact < 0 else text


def _number(number: int | None) -> str | None:
    return None if number is None else f"{number:08d}"


def _day(day: date | None) -> str | None:
    return None if day is None else f"{day:%d/%m/%Y}"
