"""The books of a month over the API: output VAT, revenue, deferred, the journal, and closing."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, url_for

from billing import bookkeeping, closing, month_reports
from billing.money import Money
from config import clock
from portal.access import current_member, may
from portal.api.booking_bodies import NothingBody
from portal.api.calls import Call, answer, offers
from portal.api.fields import Amount, Answer, Month, Paged, Query
from portal.api.instants import local
from portal.idempotency import once
from portal.pages import reading

room = Blueprint("api_books", __name__)


def _last_month() -> date:
    return closing.month_of(closing.month_of(clock.today()) - timedelta(days=1))


class MonthQuery(Query):
    """The month reported; the last one that is over without."""

    month: Month | None = None


class MonthOfRowsQuery(Paged):
    """The month reported; the last one that is over without."""

    month: Month | None = None


class VatRowAnswer(Answer):
    """What one document says of one VAT code; a credit note's is below zero, a void one's zero."""

    number: str
    invoice: int
    kind: str
    tax_date: str
    unit: str
    unit_name: str
    vat_code: str
    net: Amount
    vat: Amount


class NamedAmountAnswer(Answer):
    """An amount and whose or what it is."""

    name: str
    net: Amount


class RevenueAnswer(Answer):
    """Net revenue of a month by service and by unit's name."""

    month: str
    total: Amount
    services: list[NamedAmountAnswer]
    units: list[NamedAmountAnswer]


class DeferredAnswer(Answer):
    """Net at the month's end: invoiced and not completed, rented and not invoiced."""

    month: str
    deferred: Amount
    unbilled: Amount


class PostingAnswer(Answer):
    """An amount on an account: above zero in debit, below in credit."""

    account: str
    amount: Amount


class BookEntryAnswer(Answer):
    """One deed in the books; its postings add up to zero."""

    day: str
    code: str
    title: str
    unit: str
    postings: list[PostingAnswer]


class BooksMonthAnswer(Answer):
    """Whether a month is over, and who closed it when."""

    month: str
    is_over: bool
    is_closed: bool
    closed_at: str | None
    closed_by: str | None


def _page(query: MonthOfRowsQuery, rows: list[dict[str, Any]]) -> Response:
    page = rows[query.offset : query.offset + query.per_page]
    return answer({"items": page, "total": len(rows)})


@room.get("/reports/vat")
@may("see reports")
@offers(Call("Report a month's output VAT", "books", answer=VatRowAnswer, is_list=True))
def report_vat(query: MonthOfRowsQuery) -> Response:
    """Document by document and code by code: invoices, void ones too, then credit notes."""
    rows = [
        {
            "number": part.number,
            "invoice": part.invoice_id,
            "kind": part.kind,
            "tax_date": part.day.isoformat(),
            "unit": part.unit,
            "unit_name": part.unit_name,
            "vat_code": part.code.value,
            "net": Money(part.net).as_json(),
            "vat": Money(part.vat).as_json(),
        }
        for part in month_reports.parts(query.month or _last_month())
    ]
    return _page(query, rows)


def _named(found: list[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"name": name, "net": Money(net).as_json()} for name, net in found]


@room.get("/reports/revenue")
@may("see reports")
@offers(Call("Report a month's revenue", "books", answer=RevenueAnswer))
def report_revenue(query: MonthQuery) -> Response:
    """Without tax, less credit notes, in the month in which the service is completed."""
    first = query.month or _last_month()
    services = month_reports.by_service(first)
    return answer(
        {
            "month": f"{first:%Y-%m}",
            "total": Money(sum(net for _name, net in services)).as_json(),
            "services": _named(services),
            "units": _named(month_reports.by_unit(first)),
        }
    )


@room.get("/reports/deferred")
@may("see reports")
@offers(Call("Report what is deferred and unbilled", "books", answer=DeferredAnswer))
def report_deferred(query: MonthQuery) -> Response:
    """As it stands at the month's end."""
    first = query.month or _last_month()
    return answer(
        {
            "month": f"{first:%Y-%m}",
            "deferred": month_reports.deferred(first).as_json(),
            "unbilled": month_reports.unbilled(first).as_json(),
        }
    )


@room.get("/reports/journal")
@may("see reports")
@offers(Call("Read a month's journal", "books", answer=BookEntryAnswer, is_list=True))
def report_journal(query: MonthOfRowsQuery) -> Response:
    """In double entry, by day."""
    found = bookkeeping.entries(query.month or _last_month(), bookkeeping.accounts())
    rows = [
        {
            "day": entry.day.isoformat(),
            "code": entry.code,
            "title": entry.title,
            "unit": entry.unit,
            "postings": [
                {"account": one.account, "amount": Money(one.minor).as_json()}
                for one in entry.postings
            ],
        }
        for entry in found
    ]
    return _page(query, rows)


def _month(first: date) -> dict[str, Any]:
    closed = closing.find(first)
    by = closed.closed_by if closed is not None else None
    return {
        "month": f"{first:%Y-%m}",
        "is_over": closing.following(first) <= clock.today(),
        "is_closed": closed is not None,
        "closed_at": local(closed.closed_at) if closed is not None else None,
        "closed_by": by.name if by is not None else None,
    }


@room.get("/closing/<of_month>")
@may("see reports")
@offers(Call("Show whether a month is closed", "books", answer=BooksMonthAnswer))
def closed_month(of_month: str) -> Response:
    """A month is written `2026-11`."""
    return answer(_month(reading.month(of_month)))


@room.post("/closing/<of_month>")
@may("close months")
@offers(
    Call(
        "Close a month",
        "books",
        answer=BooksMonthAnswer,
        status=201,
        refusals=(409,),
        is_body_optional=True,
    )
)
@once
def close_month(of_month: str, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """From then on nothing with a date in it is written, until the director opens it again."""
    first = reading.month(of_month)
    closing.close(first, by=current_member())
    return answer(_month(first), 201, location=url_for("api_books.closed_month", of_month=of_month))
