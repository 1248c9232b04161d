"""A statement of account as PDF (A4), in Vietnamese or English, with room for both signatures."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from billing import words
from billing.ageing import Bucket
from billing.documents.pdf import figure
from billing.money import Money
from billing.seller import seller
from billing.statements import Entry, EntryKind, Statement
from config import clock, typesetting

TEMPLATE = Path(__file__).parent / "statement.typ"

VI: Mapping[str, str] = {
    "title": "BẢN ĐỐI CHIẾU CÔNG NỢ",
    "period": "Từ ngày {first} đến hết ngày {last}",
    "drawn": "Lập ngày {day}",
    "unit": "Đơn vị",
    "tax_code": "Mã số thuế",
    "budget_code": "Mã ĐVQHNS",
    "address": "Địa chỉ",
    "day": "Ngày",
    "what": "Nội dung",
    "due": "Hạn trả",
    "debit": "Ghi nợ",
    "credit": "Ghi có",
    "balance": "Số dư",
    "opening": "Số dư đầu kỳ",
    "sums": "Cộng phát sinh",
    "closing": "Số dư cuối kỳ",
    "owed": "Đơn vị còn phải thanh toán",
    "favour": "Đơn vị dư có",
    "settled": "Hai bên không còn nợ nhau",
    "in_words": "Bằng chữ",
    "ages": "Còn nợ cuối kỳ theo tuổi nợ",
    "given_up": "Đã xóa nợ, vẫn có thể thanh toán",
    "unallocated": "Đã nhận chưa cấn trừ, hoặc phải hoàn lại",
    "pay": "Thanh toán vào tài khoản {account}, {bank}, {holder}; ghi mã của từng hóa đơn.",
    "theirs": "Đại diện đơn vị",
    "ours": "Đại diện Trung tâm",
    "sign": "(ký, ghi rõ họ tên)",
    "page": "Trang",
    "sample": "Số liệu mẫu, không có giá trị đối chiếu.",
    EntryKind.INVOICE: "Hóa đơn",
    EntryKind.CREDIT_NOTE: "Điều chỉnh giảm",
    EntryKind.PAYMENT: "Thanh toán",
    EntryKind.REFUND: "Hoàn tiền",
    EntryKind.REVERSAL: "Thanh toán bị thu hồi",
    Bucket.NOT_DUE: "Chưa đến hạn",
    Bucket.TO_30: "1–30 ngày",
    Bucket.TO_60: "31–60 ngày",
    Bucket.TO_90: "61–90 ngày",
    Bucket.OLDER: "Trên 90 ngày",
}
EN: Mapping[str, str] = {
    "title": "STATEMENT OF ACCOUNT",
    "period": "From {first} to {last}, both included",
    "drawn": "Drawn on {day}",
    "unit": "Unit",
    "tax_code": "Tax code",
    "budget_code": "Budget code",
    "address": "Address",
    "day": "Day",
    "what": "Entry",
    "due": "Due",
    "debit": "Debit",
    "credit": "Credit",
    "balance": "Balance",
    "opening": "Opening balance",
    "sums": "Sums of the period",
    "closing": "Closing balance",
    "owed": "The unit has to pay",
    "favour": "In the unit's favour",
    "settled": "Nothing is owed",
    "in_words": "In Vietnamese words",
    "ages": "Open at the end, by days overdue",
    "given_up": "Written off, still payable",
    "unallocated": "Received and not put on an invoice, or owed back",
    "pay": "Pay to account {account}, {bank}, {holder}; name the code of each invoice.",
    "theirs": "For the unit",
    "ours": "For the Press Center",
    "sign": "(signature, full name)",
    "page": "Page",
    "sample": "Sample figures, not for reconciliation.",
    EntryKind.INVOICE: "Invoice",
    EntryKind.CREDIT_NOTE: "Credit note",
    EntryKind.PAYMENT: "Payment",
    EntryKind.REFUND: "Refund",
    EntryKind.REVERSAL: "Payment taken back",
    Bucket.NOT_DUE: "Not due yet",
    Bucket.TO_30: "1–30 days",
    Bucket.TO_60: "31–60 days",
    Bucket.TO_90: "61–90 days",
    Bucket.OLDER: "More than 90 days",
}


def statement_pdf(statement: Statement, language: str = "vi") -> bytes:
    """The statement as a document; amounts are in whole đồng, days as Vietnam writes them."""
    said = EN if language == "en" else VI
    centre, unit = seller(), statement.unit
    closing = statement.closing
    stands = "settled" if not closing else "owed" if closing.minor > 0 else "favour"
    bank = centre.bank
    return typesetting.pdf(
        TEMPLATE,
        {
            "said": {key: word for key, word in said.items() if key.isidentifier()},
            "lang": "en" if language == "en" else "vi",
            "sample": centre.sample,
            "seller": centre.model_dump(mode="json"),
            "unit": {
                "name": unit.name,
                "tax_code": unit.tax_code,
                "budget_code": unit.budget_code,
                "address": unit.address,
            },
            "period": said["period"].format(first=_day(statement.first), last=_day(statement.last)),
            "drawn": said["drawn"].format(day=_day(clock.today())),
            "opening": figure(statement.opening.minor),
            "entries": [_entry(one, said) for one in statement.entries],
            "debits": figure(statement.debits.minor),
            "credits": figure(statement.credits.minor),
            "closing": figure(closing.minor),
            "stands": said[stands],
            "amount": figure(abs(closing.minor)),
            "words": words.amount_in_vietnamese(abs(closing.minor)) if closing else "",
            "ages": _ages(statement, said),
            "pay": said["pay"].format(account=bank.account, bank=bank.name, holder=bank.holder),
        },
    )


def _entry(one: Entry, said: Mapping[str, str]) -> dict[str, Any]:
    return {
        "day": _day(one.day),
        "kind": said[one.kind],
        "reference": one.reference,
        "about": one.what,
        "due": _day(one.due_on) if one.due_on else "",
        "debit": _figure(one.debit),
        "credit": _figure(one.credit),
        "balance": figure(one.balance.minor),
    }


def _ages(statement: Statement, said: Mapping[str, str]) -> list[list[str]]:
    rows: list[tuple[str, Money]] = [
        (said[bucket], amount) for bucket, amount in statement.aged.amounts.items() if amount
    ]
    rows += [(said["given_up"], statement.given_up)] if statement.given_up else []
    rows += [(said["unallocated"], -statement.unallocated)] if statement.unallocated else []
    return [[word, figure(amount.minor)] for word, amount in rows]


def _figure(amount: Money | None) -> str:
    return figure(amount.minor) if amount is not None else ""


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
