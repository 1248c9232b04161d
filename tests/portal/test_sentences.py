"""A refusal speaks the visitor's language on a page, and English in problem JSON."""

import pytest
from flask import Blueprint, Flask
from flask_babel import force_locale

from billing.errors import OverCredit, WrongInvoiceState
from billing.models import InvoiceStatus
from billing.money import Money
from config.errors import NotAllowed, Refusal
from config.settings import Settings
from portal.access import TABLE
from portal.app import create_app
from portal.pages.sentences import spoken
from rental.errors import MovedOn, ResourceClosed, ResourceUnavailable
from rental.models import BookingStatus, ClosureKind

MOVED = "The booking is {status} and cannot become {to}; look again before you decide."
DRAFT = "The invoice is {status}, so no payment can be recorded; issue it first."
CLOSED = "{resource} is off the calendar ({kind}: {reason}); choose another time or resource."
LEFT = "{left} is left to credit, and {amount} is more; credit {left} at most."
VERB = "Your role does not allow you to {verb}; ask a colleague whose role does."

refusing = Blueprint("refusing", __name__)


@refusing.get("/refusing")
@refusing.get("/api/v1/refusing")
def moved_on() -> str:
    raise MovedOn(MOVED, status=BookingStatus.HANDED_OVER, to=BookingStatus.CANCELLED)


@pytest.fixture(scope="module")
def built(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    data = tmp_path_factory.mktemp("sentences")
    app = create_app(Settings(database_url=database_url, data=data))
    app.register_blueprint(refusing)
    return app


CASES = [
    (
        MovedOn(MOVED, status=BookingStatus.HANDED_OVER, to=BookingStatus.NO_SHOW),
        (
            "Lượt đặt ở trạng thái “đã bàn giao” không thể chuyển thành “không đến”; "
            "hãy xem lại trước khi quyết định."
        ),
        "The booking is handed over and cannot become no-show; look again before you decide.",
    ),
    (
        WrongInvoiceState(DRAFT, status=InvoiceStatus.DRAFT),
        (
            "Hóa đơn ở trạng thái “bản nháp” nên chưa thể ghi nhận thanh toán; "
            "hãy phát hành hóa đơn trước."
        ),
        "The invoice is draft, so no payment can be recorded; issue it first.",
    ),
    (
        ResourceClosed(
            CLOSED, words={"kind": ClosureKind.MAINTENANCE, "reason": "{thay đèn}"}, resource="H1"
        ),
        "H1 đang tạm đóng (bảo trì: {thay đèn}); hãy chọn thời gian hoặc tài nguyên khác.",
        "H1 is off the calendar (maintenance: {thay đèn}); choose another time or resource.",
    ),
    (
        OverCredit(
            LEFT,
            words={"left": Money(500).text(), "amount": Money(900).text()},
            left={"minor": 500},
        ),
        (
            "Chỉ còn 500\u00a0đ có thể điều chỉnh giảm, mà 900\u00a0đ thì nhiều hơn; "
            "hãy điều chỉnh tối đa 500\u00a0đ."
        ),
        "500\u00a0đ is left to credit, and 900\u00a0đ is more; credit 500\u00a0đ at most.",
    ),
    (
        NotAllowed(VERB, verb="issue invoices"),
        "Vai trò của quý vị không cho phép phát hành hóa đơn; hãy nhờ đồng nghiệp có quyền này.",
        "Your role does not allow you to issue invoices; ask a colleague whose role does.",
    ),
    (
        ResourceUnavailable([{"resource": "H1"}, {"resource": "C4"}, {"resource": "H1"}]),
        (
            "Không còn trống trong thời gian này: H1, C4. "
            "Hãy chọn thời gian, số lượng hoặc tài nguyên khác."
        ),
        "Not free in this period: H1, C4. Choose another time, quantity or resource.",
    ),
]


@pytest.mark.parametrize(
    ("refusal", "vi", "en"), CASES, ids=[type(refusal).__name__ for refusal, _, _ in CASES]
)
def test_a_refusal_with_values_is_said_in_both_languages(
    built: Flask, refusal: Refusal, vi: str, en: str
) -> None:
    with built.test_request_context(), force_locale("vi"):
        assert spoken(refusal) == vi
    with built.test_request_context(), force_locale("en"):
        assert spoken(refusal) == en


def test_every_verb_of_the_table_of_access_is_said_in_vietnamese(built: Flask) -> None:
    with built.test_request_context(), force_locale("vi"):
        english = [verb for verb in TABLE if verb in spoken(NotAllowed(VERB, verb=verb))]
    assert english == []


def test_the_page_speaks_vietnamese_where_problem_json_speaks_english(built: Flask) -> None:
    page = built.test_client().get("/refusing", headers={"Accept": "text/html"})
    assert page.status_code == 409
    assert "Lượt đặt ở trạng thái “đã bàn giao” không thể chuyển" in page.text

    told = built.test_client().get("/api/v1/refusing").get_json()
    assert told["detail"] == (
        "The booking is handed_over and cannot become cancelled; look again before you decide."
    )
    assert (told["status"], told["to"], told["conflicts"]) == (409, "cancelled", [])
