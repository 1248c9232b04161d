"""Documents are drawn, and their text is read back."""

import io
import unicodedata
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pypdf
import pytest

from billing import charges, credit_notes, invoices, payments
from billing.credit_notes import NewCredit
from billing.documents import credit_note_pdf, invoice_pdf, invoice_xml
from billing.documents.pdf import figure
from billing.models import PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from config.database import db
from rental.models import Booking
from tests import build

pytestmark = pytest.mark.usefixtures("house")

HOSTILE = '#panic("x") $a$ *đậm* `mã` \\ <b> & " \' @nhãn #import "/etc/passwd"'
NFD = unicodedata.normalize("NFD", "Báo Tuổi Trẻ Đà Nẵng")


def read(pdf: bytes) -> str:
    """The text of all pages with single spaces, composed."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    text = " ".join(" ".join(page.extract_text().split()) for page in pages)
    return unicodedata.normalize("NFC", text)


def charged(lines: int = 2, **unit: Any) -> Booking:
    member = build.a_member(unit=build.a_unit(**unit))
    resources = [build.a_hall(code="H100", name="Hội trường lớn")]
    resources += [build.equipment(name=f"Máy quay số {n}") for n in range(1, lines)]
    starts_at = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
    booking = build.a_booking(*resources, member=member, starts_at=starts_at)
    charges.add_for(booking)
    return booking


def issued(lines: int = 2, **unit: Any) -> Any:
    return invoices.issue(invoices.draft_for(charged(lines, **unit)), by=None)


def test_the_invoice_says_who_what_and_how_much_in_vietnamese() -> None:
    invoice = issued(name="Báo Tuổi Trẻ", tax_code="0301234562")
    text = read(invoice_pdf(invoice))
    for said in (
        "HÓA ĐƠN GIÁ TRỊ GIA TĂNG",
        "bản thể hiện – mẫu",
        "Trung tâm Báo chí Thành phố Hồ Chí Minh",
        "Báo Tuổi Trẻ",
        "0301234562",
        "Thuê Hội trường lớn, 09:00–13:00 02/12/2026",
        figure(invoice.total_minor),
        invoice.snapshot["words"],
        f"TT {invoice.snapshot['bill']}",
        f"{invoice.number:08d}",
        "Trang 1 / 1",
        "không phải hóa đơn điện tử hợp pháp",
    ):
        assert said in text, said


def test_a_name_full_of_markup_prints_as_it_was_typed() -> None:
    text = read(invoice_pdf(issued(name=HOSTILE)))
    assert HOSTILE.replace(" ", "") in text.replace(" ", "")


def test_decomposed_letters_are_composed() -> None:
    pages = pypdf.PdfReader(io.BytesIO(invoice_pdf(issued(name=NFD)))).pages
    assert unicodedata.normalize("NFC", NFD) in pages[0].extract_text()


def test_a_long_invoice_takes_pages_and_repeats_its_head() -> None:
    pdf = invoice_pdf(issued(lines=60))
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) >= 2
    assert all("Tên dịch vụ" in page.extract_text() for page in pages[:2])
    assert f"Trang {len(pages)} / {len(pages)}" in read(pdf)


def test_a_draft_says_that_it_is_one_and_asks_for_no_money() -> None:
    text = read(invoice_pdf(invoices.draft_for(charged())))
    assert "BẢN NHÁP" in text
    assert "VietQR" not in text


def test_a_paid_invoice_shows_what_came_in_and_asks_for_nothing() -> None:
    invoice = issued()
    payments.record(invoice, NewPayment(PaymentMethod.CASH, invoice.total), by=None)
    text = read(invoice_pdf(invoice))
    assert "ĐÃ THANH TOÁN" in text
    assert "Còn phải thanh toán" in text
    assert "VietQR" not in text


def test_the_document_is_drawn_from_what_was_frozen() -> None:
    invoice = issued(name="Tên lúc phát hành")
    before = read(invoice_pdf(invoice))
    invoice.unit.name = "Tên mới"
    db.session.flush()
    assert read(invoice_pdf(invoice)) == before


def test_a_credit_note_names_its_invoice_reason_and_words() -> None:
    invoice = issued()
    note = credit_notes.issue(invoice, NewCredit("mất điện 30 phút", Money(500_000)), by=None)
    text = read(credit_note_pdf(note))
    for said in (
        "HÓA ĐƠN ĐIỀU CHỈNH GIẢM",
        invoice.display_number,
        "mất điện 30 phút",
        "500.000",
        "Năm trăm nghìn đồng chẵn.",
        "Tổng cộng điều chỉnh giảm",
    ):
        assert said in text, said


def test_the_xml_says_the_same_as_the_invoice_and_that_it_is_a_draft() -> None:
    invoice = issued(name=HOSTILE)
    root = ET.fromstring(invoice_xml(invoice))
    assert root.tag == "HDon"
    assert root.findtext("DLHDon/TTChung/Nhap") == "true"
    assert root.findtext("DLHDon/TTChung/SHDon") == str(invoice.number)
    assert root.findtext("DLHDon/TTChung/KHMSHDon") == "1"
    assert root.findtext("DLHDon/NDHDon/NMua/Ten") == HOSTILE
    assert root.findtext("DLHDon/NDHDon/TToan/TgTTTBSo") == str(invoice.total_minor)
    assert root.findtext("DLHDon/NDHDon/TToan/TgTTTBChu") == invoice.snapshot["words"]
    lines = root.findall("DLHDon/NDHDon/DSHHDVu/HHDVu")
    assert sum(int(line.findtext("ThTien") or 0) for line in lines) == invoice.net_minor


@pytest.mark.parametrize("control", ["\x0b", "\x1f"])
def test_control_characters_do_not_break_the_xml(control: str) -> None:
    ET.fromstring(invoice_xml(issued(name=f"a{control}b")))


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0"), (1_500_000, "1.500.000"), (-75_000, "\u221275.000"), (100, "100")],
)
def test_figures_are_written_as_vietnam_writes_them(amount: int, text: str) -> None:
    assert figure(amount) == text
