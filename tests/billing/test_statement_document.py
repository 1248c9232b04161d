"""The statement of account is drawn, and its text is read back."""

import io

import pypdf
import pytest

from billing import credit_notes, payments, statements
from billing.credit_notes import NewCredit
from billing.documents.pdf import figure
from billing.documents.statement import EN, VI, statement_pdf
from billing.money import Money
from config import clock
from config.database import db
from tests.billing.steps import paid_by_transfer
from tests.billing.test_documents import HOSTILE, NFD, read

FIRST = clock.today().replace(month=1, day=1)


@pytest.fixture
def account(open_invoice, desk):
    open_invoice.unit.name = NFD
    credit_notes.issue(open_invoice, NewCredit(HOSTILE, Money(96_000)), by=desk)
    payments.record(open_invoice, paid_by_transfer(1_000_000, "FT26 'x'"), by=desk)
    return open_invoice


def drawn(unit, language="vi"):
    return statement_pdf(statements.of(unit, FIRST, clock.today()), language)


def test_it_says_who_what_and_how_much_in_vietnamese(account):
    text = read(drawn(account.unit))
    for said in (
        "BẢN ĐỐI CHIẾU CÔNG NỢ", "Báo Tuổi Trẻ Đà Nẵng", account.display_number,
        figure(account.total_minor), figure(account.left.minor), "Đơn vị còn phải thanh toán",
        "Chưa đến hạn", "Đại diện Trung tâm", "Bằng chữ", "đồng", "FT26 'x'",
    ):  # fmt: skip
        assert said in text
    # What somebody typed prints as it was typed.
    assert '#panic("x")' in text


def test_the_english_copy_says_the_same(account):
    text = read(drawn(account.unit, "en"))
    for said in ("STATEMENT OF ACCOUNT", "The unit has to pay", figure(account.left.minor)):
        assert said in text


def test_both_languages_say_everything():
    assert VI.keys() == EN.keys()


def test_nothing_owed_and_nothing_moved_is_a_page_all_the_same(desk):
    text = read(drawn(desk.unit))
    assert "Hai bên không còn nợ nhau" in text


def test_money_of_the_unit_is_in_its_favour(account, desk):
    payments.record(account, paid_by_transfer(account.left.minor, "FT2"), by=desk)
    credit_notes.issue(account, NewCredit("hủy", Money(50_000)), by=desk)
    text = read(drawn(account.unit))
    assert "Đơn vị dư có" in text
    assert "50.000" in text


def test_a_long_statement_repeats_its_head_on_numbered_pages(account):
    for number in range(120):
        payments.record(account, paid_by_transfer(10 + number, f"FT{number:04}"), by=None)
    db.session.flush()
    pages = pypdf.PdfReader(io.BytesIO(drawn(account.unit))).pages
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        text = " ".join(page.extract_text().split())
        assert f"Trang {number} / {len(pages)}" in text
    assert all("Số dư" in page.extract_text() for page in pages[:-1])
