"""Form 04/SS: the buyer's name or address was wrong, and the invoice stands."""

from typing import Any

import pytest

from billing import error_notices, invoices, reconciling
from billing.errors import BadCorrection, ErrorNoticeNotFound, WrongInvoiceState
from billing.models import InvoiceStatus, NoticeField
from rental.models import Booking, Member

pytestmark = pytest.mark.usefixtures("house")

NAME, ADDRESS = NoticeField.NAME, NoticeField.ADDRESS


def test_a_notice_says_what_stands_there_and_what_should(open_invoice: Any, desk: Member) -> None:
    frozen = dict(open_invoice.snapshot)
    # The accents as some keyboards compose them become those that everybody compares.
    notice = error_notices.issue(open_invoice, NAME, "  Báo  Mo\u031b\u0301i ", "gõ nhầm", by=desk)
    assert (notice.number, notice.display_number[:2]) == (1, "SS")
    assert (notice.wrong, notice.correct) == (frozen["buyer"]["name"], "Báo Mới")
    assert notice.snapshot["invoice"] == open_invoice.display_number
    assert open_invoice.snapshot == frozen
    assert open_invoice.status is InvoiceStatus.OPEN
    again = error_notices.issue(open_invoice, NAME, "Báo Mới II", "đổi tên", by=desk)
    assert (again.number, again.wrong) == (2, "Báo Mới")
    assert error_notices.of(open_invoice) == [notice, again]
    assert error_notices.get(again.id) == again
    assert reconciling.differences() == []


def test_an_address_that_was_missing_is_a_dash(open_invoice: Any, desk: Member) -> None:
    open_invoice.snapshot = {
        **open_invoice.snapshot,
        "buyer": {**open_invoice.snapshot["buyer"], "address": None},
    }
    notice = error_notices.issue(open_invoice, ADDRESS, "255 Trần Hưng Đạo", "thiếu", by=desk)
    assert notice.wrong == "–"


@pytest.mark.parametrize(
    ("correct", "reason", "why"),
    [
        ("", "x", "what it should be"),
        ("a" * 501, "x", "what it should be"),
        ("Báo Mới", " ", "Say why"),
        ("Báo Mới", "b" * 501, "Say why"),
    ],
)
def test_a_notice_without_a_value_or_a_reason_is_refused(
    open_invoice: Any, desk: Member, correct: str, reason: str, why: str
) -> None:
    with pytest.raises(BadCorrection, match=why):
        error_notices.issue(open_invoice, NAME, correct, reason, by=desk)


def test_what_stands_there_already_is_nothing_to_notify(open_invoice: Any, desk: Member) -> None:
    name = open_invoice.snapshot["buyer"]["name"]
    with pytest.raises(BadCorrection, match="already"):
        error_notices.issue(open_invoice, NAME, f" {name} ", "x", by=desk)


def test_only_an_invoice_that_stands_is_notified(booking: Booking, desk: Member) -> None:
    draft = invoices.draft_for(booking)
    with pytest.raises(WrongInvoiceState, match="only one that stands"):
        error_notices.issue(draft, NAME, "Báo Mới", "x", by=desk)
    with pytest.raises(ErrorNoticeNotFound):
        error_notices.get(0)
