"""The journal of a month in double entry, for accounting software: hledger's text, or a table.

Every entry balances to the đồng. An invoice is owed by its unit; a payment stands to the unit's
credit until it pays an invoice; a credit note, a reversal and a refund go the other way. A void
invoice moved nothing. What is invoiced before its service is completed is deferred revenue, and is
moved to revenue on the day of completion; what is written off is an expense until it comes in after
all. The accounts are those of `config/bookkeeping/accounts.yml`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import joinedload, selectinload

from billing import closing, recognition, written_off
from billing.models import (
    Allocation,
    CreditNote,
    CreditNoteLine,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    Payment,
    PaymentMethod,
    Refund,
    RefundStatus,
)
from config import clock, documents
from config.database import db

ACCOUNTS = documents.HOME / "bookkeeping" / "accounts.yml"


class Accounts(BaseModel):
    """Which account each kind of amount goes to; names as the accounting software writes them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sample: bool = False
    source: str
    # What units owe, and what they paid that pays no invoice yet.
    receivable: str = Field(min_length=1)
    advance: str = Field(min_length=1)
    vat: str = Field(min_length=1)
    # What is invoiced before its service is completed, and what is given up.
    deferred: str = Field(default="3387", min_length=1)
    written_off: str = Field(default="6426", min_length=1)
    # By service; `other` for one that is not named.
    revenue: dict[str, str]
    # By method of payment.
    money: dict[PaymentMethod, str]

    def of_service(self, service: str) -> str:
        """The revenue account of a service."""
        return self.revenue.get(service) or self.revenue["other"]


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount on an account: above zero in debit, below in credit."""

    account: str
    minor: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed in the books."""

    day: date
    code: str
    title: str
    unit: str
    postings: tuple[Posting, ...]

    @property
    def balances(self) -> bool:
        """Whether debit and credit are the same."""
        return sum(one.minor for one in self.postings) == 0


@cache
def accounts() -> Accounts:
    """The accounts, read once; `accounts.cache_clear()` reads them anew."""
    return documents.read(ACCOUNTS, Accounts)


def entries(first: date, chart: Accounts) -> list[Entry]:
    """Everything of a month, by day."""
    found = [
        *_invoices(first, chart),
        *_completed(first, chart),
        *_written_off(first, chart),
        *_credit_notes(first, chart),
        *_payments(first, chart),
        *_allocations(first, chart),
        *_refunds(first, chart),
    ]
    return sorted(found, key=lambda one: (one.day, one.code))


def _span(first: date) -> tuple[datetime, datetime]:
    after = closing.following(first)
    starts, ends = (
        datetime(day.year, day.month, 1, tzinfo=clock.LOCAL).astimezone(UTC)
        for day in (first, after)
    )
    return starts, ends


def _day(at: datetime) -> date:
    return at.astimezone(clock.LOCAL).date()


def _summed(pairs: Iterable[tuple[str, int]]) -> tuple[Posting, ...]:
    found: dict[str, int] = defaultdict(int)
    for account, minor in pairs:
        found[account] += minor
    return tuple(Posting(account, minor) for account, minor in found.items() if minor)


def _invoices(first: date, chart: Accounts) -> Iterable[Entry]:
    rows = db.session.scalars(
        sa.select(Invoice)
        .where(
            Invoice.tax_date >= first,
            Invoice.tax_date < closing.following(first),
            Invoice.status != InvoiceStatus.VOID,
        )
        .options(selectinload(Invoice.lines), joinedload(Invoice.unit))
    ).all()
    earned = _Earned.of(chart, [line for one in rows for line in one.lines])
    for one in rows:
        day = one.tax_date or first
        owed = [(f"{chart.receivable}:{one.unit.slug}", one.total_minor)]
        net = [(earned.account(line, day), -line.net_minor) for line in one.lines]
        tax = [(chart.vat, -line.vat_minor) for line in one.lines]
        yield Entry(
            day, one.display_number or "", "Hóa đơn", one.unit.name, _summed([*owed, *net, *tax])
        )


@dataclass(frozen=True, slots=True)
class _Earned:
    """On which account the net of an invoice's line is, by the day of its completion."""

    chart: Accounts
    completion: dict[int, date]

    @classmethod
    def of(cls, chart: Accounts, lines: Sequence[InvoiceLine]) -> "_Earned":
        return cls(chart, recognition.completion(line.charge_id for line in lines))

    def account(self, line: InvoiceLine, day: date) -> str:
        if self.completion.get(line.charge_id or 0, day) > day:
            return self.chart.deferred
        return self.chart.of_service(line.service)


def _completed(first: date, chart: Accounts) -> Iterable[Entry]:
    for one in recognition.completed(first):
        pairs = [(chart.deferred, one.net), (chart.of_service(one.service), -one.net)]
        title = "Kết chuyển doanh thu chưa thực hiện"
        yield Entry(one.day, one.code, title, one.unit, _summed(pairs))


def _written_off(first: date, chart: Accounts) -> Iterable[Entry]:
    starts, ends = _span(first)
    for one in written_off.all_until(ends):
        if one.at < starts:
            continue
        unit = one.invoice.unit
        title = "Xóa nợ không thu được" if one.minor > 0 else "Thu hồi nợ đã xóa"
        pairs = [
            (chart.written_off, one.minor),
            (f"{chart.receivable}:{unit.slug}", -one.minor),
        ]
        code = one.invoice.display_number or ""
        yield Entry(_day(one.at), code, title, unit.name, _summed(pairs))


def _credit_notes(first: date, chart: Accounts) -> Iterable[Entry]:
    rows = db.session.scalars(
        sa.select(CreditNote)
        .where(CreditNote.tax_date >= first, CreditNote.tax_date < closing.following(first))
        .options(
            selectinload(CreditNote.lines).joinedload(CreditNoteLine.invoice_line),
            joinedload(CreditNote.invoice).joinedload(Invoice.unit),
        )
    ).all()
    earned = _Earned.of(chart, [line.invoice_line for one in rows for line in one.lines])
    for one in rows:
        unit = one.invoice.unit
        owed = [(f"{chart.receivable}:{unit.slug}", -one.total_minor)]
        net = [
            (earned.account(line.invoice_line, one.tax_date), line.net_minor) for line in one.lines
        ]
        tax = [(chart.vat, line.vat_minor) for line in one.lines]
        yield Entry(
            one.tax_date,
            one.display_number,
            "Hóa đơn điều chỉnh giảm",
            unit.name,
            _summed([*owed, *net, *tax]),
        )


def _payments(first: date, chart: Accounts) -> Iterable[Entry]:
    starts, ends = _span(first)
    inside = (
        sa.and_(Payment.received_at >= starts, Payment.received_at < ends),
        sa.and_(Payment.reversed_at >= starts, Payment.reversed_at < ends),
    )
    rows = db.session.scalars(
        sa.select(Payment).where(sa.or_(*inside)).options(joinedload(Payment.unit))
    )
    for one in rows:
        for at, title, sign in (
            (one.received_at, "Thu tiền", 1),
            (one.reversed_at, "Đảo khoản thu", -1),
        ):
            if at is not None and starts <= at < ends:
                pairs = [
                    (chart.money[one.method], sign * one.amount_minor),
                    (f"{chart.advance}:{one.unit.slug}", -sign * one.amount_minor),
                ]
                yield Entry(_day(at), f"P{one.id}", title, one.unit.name, _summed(pairs))


def _allocations(first: date, chart: Accounts) -> Iterable[Entry]:
    starts, ends = _span(first)
    inside = (
        sa.and_(Allocation.allocated_at >= starts, Allocation.allocated_at < ends),
        sa.and_(Allocation.released_at >= starts, Allocation.released_at < ends),
    )
    rows = db.session.scalars(
        sa.select(Allocation)
        .where(sa.or_(*inside))
        .options(joinedload(Allocation.invoice).joinedload(Invoice.unit))
    )
    for one in rows:
        unit = one.invoice.unit
        for at, title, sign in (
            (one.allocated_at, "Cấn trừ", 1),
            (one.released_at, "Gỡ cấn trừ", -1),
        ):
            if at is not None and starts <= at < ends:
                pairs = [
                    (f"{chart.advance}:{unit.slug}", sign * one.amount_minor),
                    (f"{chart.receivable}:{unit.slug}", -sign * one.amount_minor),
                ]
                what = f"{title} {one.invoice.display_number}"
                yield Entry(_day(at), f"P{one.payment_id}", what, unit.name, _summed(pairs))


def _refunds(first: date, chart: Accounts) -> Iterable[Entry]:
    starts, ends = _span(first)
    rows = db.session.scalars(
        sa.select(Refund)
        .where(
            Refund.status == RefundStatus.SUCCEEDED,
            Refund.settled_at >= starts,
            Refund.settled_at < ends,
        )
        .options(joinedload(Refund.payment).joinedload(Payment.unit))
    )
    for one in rows:
        unit = one.payment.unit
        pairs = [
            (f"{chart.advance}:{unit.slug}", one.amount_minor),
            (chart.money[one.method], -one.amount_minor),
        ]
        day = _day(one.settled_at or starts)
        yield Entry(day, f"P{one.payment_id}", "Hoàn tiền", unit.name, _summed(pairs))


def hledger(found: Sequence[Entry]) -> str:
    """The entries as hledger reads them: `2026-11-26 (1C26TMC-00000042) Hóa đơn | Đơn vị A`."""
    blocks = []
    for entry in found:
        unit = " ".join(entry.unit.replace(";", ",").split())
        lines = [f"{entry.day:%Y-%m-%d} ({entry.code}) {entry.title} | {unit}"]
        lines += [f"    {one.account:<40}  {one.minor} VND" for one in entry.postings]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)
