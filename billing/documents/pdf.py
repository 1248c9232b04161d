"""Invoices and credit notes as PDF (A4, Vietnamese)."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from billing import snapshots, transfers, vietqr
from billing.models import CreditNote, Invoice, InvoiceStatus
from billing.pricing import MEASURES
from billing.tariff import Measure
from config import typesetting

HERE = Path(__file__).parent
TEMPLATE = HERE / "invoice.typ"

_STATUSES = {
    InvoiceStatus.DRAFT: "BẢN NHÁP – CHƯA PHÁT HÀNH",
    InvoiceStatus.PAID: "ĐÃ THANH TOÁN",
    InvoiceStatus.VOID: "ĐÃ HỦY",
}


def invoice_pdf(invoice: Invoice) -> bytes:
    """The invoice as it was frozen at issue, with a VietQR code for what is open; drafts too."""
    facts = invoice.snapshot or snapshots.of_invoice(invoice)
    code = transfers.code(invoice)
    return typesetting.pdf(
        TEMPLATE,
        {
            **_common(facts),
            "title": "HÓA ĐƠN GIÁ TRỊ GIA TĂNG",
            "total_label": "Tổng cộng thanh toán",
            "subtitle": "(bản thể hiện – mẫu)",
            "stamp": _STATUSES.get(invoice.status),
            "symbol": invoice.symbol,
            "number": _number(invoice.number),
            "day": _long_day(invoice.tax_date),
            "facts": [
                ["Mã thanh toán", facts["bill"]],
                ["Đặt chỗ", facts["booking"]],
                ["Sự kiện", facts["event"]],
                ["Hạn thanh toán", _day(invoice.due_on)],
            ],
            "settlement": _settlement(invoice),
            "transfer": code and _transfer(facts, code),
        },
    )


def credit_note_pdf(note: CreditNote) -> bytes:
    """The credit note as it was issued."""
    facts = note.snapshot
    origin = date.fromisoformat(facts["invoice_date"]) if facts["invoice_date"] else None
    return typesetting.pdf(
        TEMPLATE,
        {
            **_common(facts),
            "title": "HÓA ĐƠN ĐIỀU CHỈNH GIẢM",
            "total_label": "Tổng cộng điều chỉnh giảm",
            "subtitle": "(bản thể hiện – mẫu)",
            "stamp": None,
            "symbol": note.symbol,
            "number": _number(note.number),
            "day": _long_day(note.tax_date),
            "facts": [
                ["Điều chỉnh giảm cho hóa đơn", facts["invoice"]],
                ["Ngày hóa đơn", _day(origin)],
                ["Lý do", facts["reason"]],
            ],
            "settlement": [],
            "transfer": None,
        },
    )


def _common(facts: dict[str, Any]) -> dict[str, Any]:
    seller = facts["seller"]
    return {
        "sample": seller["sample"],
        "seller": seller,
        "buyer": facts["buyer"],
        "currency": "đ" if facts["currency"] == "VND" else facts["currency"],
        "lines": [_line(line) for line in facts["lines"]],
        "vat": [
            {"label": group["label"], "net": figure(group["net"]), "vat": figure(group["vat"])}
            for group in facts["vat"]
        ],
        "net": figure(facts["net"]),
        "vat_total": figure(facts["vat_total"]),
        "total": figure(facts["total"]),
        "words": facts["words"],
    }


def _line(line: dict[str, Any]) -> dict[str, Any]:
    quantity = Decimal(line["quantity"])
    explanation = line["explanation"]
    if explanation and line["tax_inclusive"]:
        explanation += " (đã gồm thuế)"
    return {
        "description": line["description"],
        "explanation": explanation,
        "measure": MEASURES[Measure(line["measure"])][0] if line["measure"] else "",
        "quantity": figure(quantity),
        # What stands on an invoice is the price without tax.
        "unit_price": figure(round(Decimal(line["net"]) / quantity, 2)),
        "net": figure(line["net"]),
        "rate": f"{line['vat_code']}%" if line["vat_code"].isdigit() else line["vat_code"],
        "vat": figure(line["vat"]),
    }


def _settlement(invoice: Invoice) -> list[list[str]]:
    """What was paid and credited, and what is left: rows under the total."""
    if invoice.number is None:
        return []
    rows = [("Đã thanh toán", invoice.paid_minor), ("Đã điều chỉnh giảm", invoice.credited_minor)]
    shown = [[label, figure(minor)] for label, minor in rows if minor]
    return [*shown, ["Còn phải thanh toán", figure(invoice.left.minor)]] if shown else []


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


def _long_day(day: date | None) -> str | None:
    return None if day is None else f"Ngày {day:%d} tháng {day:%m} năm {day:%Y}"
