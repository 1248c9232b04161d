"""Following up on the pages: pauses, write-offs, stops, ageing and statements."""

import csv
import html
import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from billing import invoices, payments, reminders, write_offs
from billing.models import InvoiceStatus
from billing.money import Money
from billing.payments import NewPayment, PaymentMethod
from config import clock
from config.database import db, transaction
from portal.models import Notice
from rental import bookings, units
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind, Role
from rental.period import Period
from tests import build
from tests.build import TUESDAY
from tests.portal.conftest import signed_in, token_of
from tests.portal.test_change_pages import local, span


class Scene:
    """Unit A owes an invoice that is 40 days overdue; unit B owes nothing."""

    def __init__(self, service, person):
        self.service = service
        with transaction():
            ours = build.a_unit(slug="unit-a", name="Báo Sông Xanh")
            theirs = build.a_unit(slug="unit-b", name="Đài Núi Cao")
        self.people = {
            "ours": person(unit=ours, email="ours@example.com"),
            "head": person(unit=ours, email="head@example.com", role=Role.HEAD),
            "theirs": person(unit=theirs, email="theirs@example.com"),
            **{role.value: person(role=role) for role in (Role.DESK, Role.FINANCE, Role.DIRECTOR)},
        }
        with transaction():
            build.a_hall(code="H100", tariff="hall_100", name="Hội trường")
            member = units.member_by_email("ours@example.com")
            lines = [WantedLine("H100", 1, Period(TUESDAY, TUESDAY + timedelta(hours=3)))]
            wanted = RequestedBooking(member.unit, "Ra mắt <i>sách</i>", EventKind.FORUM, lines)
            booking = bookings.request(wanted, by=member)
            bookings.confirm(booking, by=units.member_by_email(self.people["desk"].email))
            invoice = invoices.issue(invoices.draft_for(booking), by=None)
            invoice.due_on = clock.today() - timedelta(days=40)
            self.id, self.number, self.left = invoice.id, invoice.display_number, invoice.left

    def browser(self, who):
        return signed_in(self.service, self.people[who])

    def post(self, who, path, **fields):
        browser = self.browser(who)
        return browser.post(path, data={"csrf_token": token_of(browser), **fields})

    def invoice(self):
        db.session.rollback()
        return invoices.get(self.id)


@pytest.fixture
def scene(service, person):
    return Scene(service, person)


def text(answer):
    return html.unescape(answer.get_data(as_text=True))


def in_days(days):
    return (clock.today() + timedelta(days=days)).isoformat()


def test_finance_pauses_and_resumes_the_reminders_of_an_invoice(scene):
    path = f"/invoices/{scene.id}"
    asked = scene.post(
        "finance", f"{path}/pause", cause="disputed", until=in_days(10), reason="Sai <b>giờ</b>"
    )
    assert asked.status_code == 302
    page = scene.browser("finance").get(path).get_data(as_text=True)
    assert "Đơn vị đang khiếu nại" in page
    assert "Sai &lt;b&gt;giờ&lt;/b&gt;" in page
    assert scene.post("finance", f"{path}/resume").status_code == 302
    assert reminders.pause_of(scene.invoice()) is None
    # The unit reads its reminders, and neither pause nor proposal.
    assert "Tạm dừng nhắc" not in text(scene.browser("ours").get(path))


@pytest.mark.parametrize(
    "fields",
    [
        {"cause": "disputed", "until": "", "reason": "sai"},
        {"cause": "disputed", "until": "2026-13-01", "reason": "sai"},
        {"cause": "whim", "until": "2099-01-01", "reason": "sai"},
        {"cause": "other", "until": "2099-01-01", "reason": "sai"},  # for ever
        {"cause": "other", "until": None, "reason": " "},
    ],
)
def test_a_pause_that_cannot_be_is_refused(scene, fields):
    fields = {k: v if v is not None else in_days(3) for k, v in fields.items()}
    assert scene.post("finance", f"/invoices/{scene.id}/pause", **fields).status_code == 422
    assert reminders.pause_of(scene.invoice()) is None


def test_finance_proposes_and_the_director_writes_off(scene):
    path = f"/invoices/{scene.id}/write-off"
    assert scene.post("finance", path, reason="Đơn vị đã giải thể").status_code == 302
    assert scene.post("finance", path, reason="lần nữa").status_code == 422
    proposal = write_offs.waiting_for(scene.invoice())
    assert scene.post("finance", f"/write-offs/{proposal.id}/approve").status_code == 403
    page = text(scene.browser("director").get("/write-offs"))
    assert "Đơn vị đã giải thể" in page
    assert scene.number in page
    assert scene.post("director", f"/write-offs/{proposal.id}/approve").status_code == 302
    assert scene.invoice().status is InvoiceStatus.UNCOLLECTIBLE
    assert scene.post("director", f"/write-offs/{proposal.id}/approve").status_code == 409


def test_the_director_refuses_with_a_reason_that_finance_reads(scene):
    scene.post("finance", f"/invoices/{scene.id}/write-off", reason="không trả")
    proposal = write_offs.waiting_for(scene.invoice())
    place = f"/write-offs/{proposal.id}/refuse"
    assert scene.post("director", place, comment=" ").status_code == 422
    assert scene.post("director", place, comment="Gọi lại lần nữa").status_code == 302
    assert scene.invoice().status is InvoiceStatus.OPEN
    assert "Gọi lại lần nữa" in text(scene.browser("finance").get(f"/invoices/{scene.id}"))


def request_again(scene, who="ours"):
    browser = scene.browser(who)
    starts, ends = local(span(48, 51))
    return browser.post(
        "/bookings",
        data={
            "title": "Tọa đàm",
            "event_kind": "seminar",
            "organiser": "domestic",
            "resource": "H100",
            "quantity": "1",
            "starts_at": starts,
            "ends_at": ends,
            "csrf_token": token_of(browser),
        },
    )


def test_an_overdue_unit_reads_what_it_owes_and_what_it_typed_stays(scene):
    refused = request_again(scene)
    page = text(refused)
    assert refused.status_code == 422
    assert scene.left.text() in page
    assert 'value="Tọa đàm"' in page


def test_the_form_says_so_before_anything_is_typed(scene):
    words = "Đơn vị của bạn còn nợ"
    assert words in text(scene.browser("ours").get("/bookings/new"))
    assert words not in text(scene.browser("theirs").get("/bookings/new"))


def test_the_api_answers_422_with_what_is_owed(scene, bearer):
    starts, ends = "2030-03-07T09:00:00+07:00", "2030-03-07T11:00:00+07:00"
    lines = [{"resource": "H100", "quantity": 1, "starts_at": starts, "ends_at": ends}]
    answer = scene.service.test_client().post(
        "/api/v1/bookings",
        json={"title": "Tọa đàm", "event_kind": "seminar", "lines": lines},
        headers=bearer(scene.people["ours"]),
    )
    assert answer.status_code == 422
    assert answer.json["owed"] == {"minor": scene.left.minor, "currency": "VND"}
    assert answer.json["type"].endswith("unit-overdue")


def test_the_desk_lets_it_go_on_with_a_reason_and_takes_it_back(scene):
    assert "Báo Sông Xanh" in text(scene.browser("desk").get("/stops"))
    grace = "/stops/unit-a/grace"
    assert scene.post("desk", grace, until=in_days(5), reason="  ").status_code == 422
    assert scene.post("desk", grace, until=in_days(500), reason="có").status_code == 422
    assert scene.post("ours", grace, until=in_days(5), reason="cho tôi").status_code == 403
    assert scene.post("desk", grace, until=in_days(5), reason="Đã có lệnh chi").status_code == 302
    assert "Đã có lệnh chi" in text(scene.browser("finance").get("/stops"))
    assert request_again(scene).status_code == 302
    assert scene.post("desk", f"{grace}/end").status_code == 302
    assert request_again(scene).status_code == 422


def test_ageing_drills_down_to_the_invoice_and_its_next_step(scene):
    finance = scene.browser("finance")
    page = text(finance.get("/reports/ageing"))
    assert "/reports/ageing/unit-a?age=31-60" in page
    assert "Đài Núi Cao" not in page
    page = text(finance.get("/reports/ageing/unit-a?age=31-60"))
    assert scene.number in page
    assert "Nhắc lần cuối" in page
    assert scene.number not in text(finance.get("/reports/ageing/unit-a?age=over_90"))
    yesterday = f"on={in_days(-1)}"
    for path in ("/reports/ageing", "/reports/ageing/unit-a"):
        assert scene.number not in text(finance.get(f"{path}?{yesterday}"))
    assert scene.number in text(finance.get("/reports/ageing/unit-a?on=2099-01-01"))
    assert finance.get("/reports/ageing?on=someday").status_code == 422
    assert finance.get("/reports/ageing/unit-a?age=old").status_code == 422
    assert finance.get("/reports/ageing/nobody").status_code == 404


def test_ageing_as_a_spreadsheet_holds_numbers(scene):
    finance = scene.browser("finance")
    sheet = load_workbook(io.BytesIO(finance.get("/reports/ageing.xlsx").data)).active
    assert [sheet["A2"].value, sheet["F2"].value, sheet["I2"].value] == [
        "unit-a", scene.left.minor, scene.left.minor,
    ]  # fmt: skip
    rows = list(
        csv.reader(
            io.StringIO(finance.get("/reports/ageing.csv?unit=unit-a").data.decode("utf-8-sig"))
        )
    )
    assert (rows[1][1], rows[1][4], rows[1][7]) == (scene.number, "40", str(scene.left.minor))
    assert finance.get("/reports/ageing.pdf").status_code == 404


def test_a_statement_shows_the_account_to_its_unit_and_to_finance_only(scene):
    with transaction():
        new = NewPayment(PaymentMethod.TRANSFER, Money(1_500_000), "FT26<x>")
        payments.record(invoices.get(scene.id), new, by=None)
    assert scene.browser("ours").get("/statement").location == "/units/unit-a/statement"
    for who in ("ours", "head", "finance", "director"):
        page = text(scene.browser(who).get("/units/unit-a/statement"))
        assert scene.number in page
        assert "FT26<x>" in page
        assert f"{scene.left.minor - 1_500_000:,}".replace(",", ".") in page
    assert scene.browser("ours").get("/units/unit-a/statement.pdf").data.startswith(b"%PDF")
    for path in ("", ".csv", ".xlsx", ".pdf", "?from=2026-01-01&to=2026-12-31"):
        assert scene.browser("theirs").get(f"/units/unit-a/statement{path}").status_code == 404
    assert scene.browser("desk").get("/units/unit-a/statement").status_code == 403
    assert scene.number not in text(scene.browser("theirs").get("/units/unit-b/statement"))


def test_a_statement_as_csv_adds_up_and_runs_no_formula(scene):
    with transaction():
        new = NewPayment(PaymentMethod.TRANSFER, Money(10), "=HYPERLINK(1)")
        payments.record(invoices.get(scene.id), new, by=None)
    answer = scene.browser("ours").get("/units/unit-a/statement.csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row[2] for row in rows[2:4]] == [scene.number, "'=HYPERLINK(1)"]
    debits, credited, closing = (int(cell) for cell in rows[-1][5:])
    assert int(rows[1][7]) + debits - credited == closing == scene.left.minor - 10


@pytest.mark.parametrize(
    "query",
    ["from=2026-02-01", "from=2026-02-02&to=2026-02-01", "from=x&to=y", "from=2010-01-01&to=2026-01-01"],  # noqa: E501
)  # fmt: skip
def test_days_that_cannot_be_are_refused(scene, query):
    assert scene.browser("ours").get(f"/units/unit-a/statement?{query}").status_code == 422


def test_finance_sends_a_statement_by_mail(scene):
    assert scene.post("ours", "/units/unit-a/statement/mail").status_code == 403
    assert scene.post("finance", "/units/unit-a/statement/mail").status_code == 302
    db.session.rollback()
    mail = db.session.scalars(
        db.select(Notice).where(Notice.subject.startswith("Đối chiếu công nợ"))
    ).one()
    assert mail.recipient == "head@example.com"
    assert scene.number in mail.body
    assert "/units/unit-a/statement?from=" in mail.body
