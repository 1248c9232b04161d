"""The receipt for cash (phiếu thu): half a sheet, with the places for everybody's signature."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from billing import words
from billing.documents.pdf import VIETNAMESE, Look, figure
from billing.errors import NoReceipt
from billing.models import Payment
from billing.seller import seller
from config import clock, typesetting

TEMPLATE = Path(__file__).parent / "receipt.typ"

VI: Mapping[str, Any] = {
    "title": "PHIẾU THU",
    "number": "Số",
    "day": "Ngày",
    "sample": "Mẫu trình bày, số liệu mẫu.",
    "amount": "Số tiền",
    "in_words": "Viết bằng chữ",
    "signs": ["Thủ trưởng đơn vị", "Kế toán trưởng", "Người nộp tiền", "Thủ quỹ"],
    "sign": "(ký, họ tên)",
    "payer": "Đơn vị nộp tiền",
    "address": "Địa chỉ",
    "for": "Lý do nộp",
    "invoice": "Thanh toán hóa đơn {number}",
    "balance": "Nộp trước vào số dư của đơn vị",
    "reference": "Kèm theo",
    "reversed": "ĐÃ HỦY",
}
EN: Mapping[str, Any] = {
    "title": "CASH RECEIPT",
    "number": "Number",
    "day": "Day",
    "sample": "A sample with sample figures.",
    "amount": "Amount",
    "in_words": "In words",
    "signs": ["Director", "Chief accountant", "Payer", "Cashier"],
    "sign": "(signature, name)",
    "payer": "Received from",
    "address": "Address",
    "for": "For",
    "invoice": "Payment of invoice {number}",
    "balance": "Paid ahead, into the unit's balance",
    "reference": "Enclosed",
    "reversed": "CANCELLED",
}


def receipt_pdf(payment: Payment, look: Look = VIETNAMESE) -> bytes:
    """The receipt of a payment in cash; one taken back is marked. Raises NoReceipt for another."""
    if payment.number is None:
        raise NoReceipt
    said, centre = EN if look.is_english else VI, seller()
    invoice = payment.invoice
    # The buyer as the invoice froze it; without an invoice, as the unit stands today.
    payer = ((invoice and invoice.snapshot) or {}).get("buyer") or {
        "name": payment.unit.name,
        "address": payment.unit.address,
    }
    number = invoice.display_number if invoice else None
    day = payment.received_at.astimezone(clock.LOCAL).date()
    spoken = words.amount_in_english if look.is_english else words.amount_in_vietnamese
    return typesetting.pdf(
        TEMPLATE,
        {
            "said": said,
            "lang": look.language,
            "seller": centre.model_dump(mode="json"),
            "name": centre.name_en if look.is_english else centre.name,
            "sample": centre.sample,
            "dated": [day.year, day.month, day.day],
            "day": f"{day:%d/%m/%Y}",
            "number": payment.display_number,
            "stamp": said["reversed"] if payment.reversed_at else None,
            "facts": [
                [said["payer"], payer["name"]],
                [said["address"], payer["address"]],
                [said["for"], said["invoice"].format(number=number) if number else said["balance"]],
                [said["reference"], payment.reference],
            ],
            "amount": figure(payment.amount_minor),
            "currency": "đ" if payment.currency == "VND" else payment.currency,
            "words": spoken(payment.amount_minor),
        },
        look.standard,
    )
