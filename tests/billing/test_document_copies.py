"""The copies of a document: English, for the archive, receipts, and what a machine reads."""

import io
from typing import Any

import pypdf
import pytest
from defusedxml import ElementTree as Safe

from billing import credit_notes, payments, words
from billing.credit_notes import NewCredit
from billing.documents import (
    Look,
    credit_note_pdf,
    credit_note_xml,
    invoice_pdf,
    invoice_xml,
    receipt_pdf,
)
from billing.documents.pdf import figure
from billing.errors import NoReceipt
from billing.models import PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from config.typesetting import Standard
from tests.billing.steps import paid_by_transfer
from tests.billing.test_documents import HOSTILE, NFD, issued, read

pytestmark = pytest.mark.usefixtures("house")

ENGLISH = Look("en")
NS = "{http://www.aiim.org/pdfa/ns/id/}"


def in_cash(invoice: Any, minor: int = 1_500_000) -> Any:
    return payments.record(invoice, NewPayment(PaymentMethod.CASH, Money(minor), "tờ 7"), by=None)


def test_the_english_copy_says_the_same_in_english_and_which_text_prevails() -> None:
    invoice = issued(name="Báo Tuổi Trẻ", tax_code="0301234562")
    text = read(invoice_pdf(invoice, ENGLISH))
    for said in (
        "VALUE ADDED TAX INVOICE",
        "the Vietnamese text prevails",
        "Ho Chi Minh City Press Center",
        "Báo Tuổi Trẻ",
        figure(invoice.total_minor),
        words.amount_in_english(invoice.total_minor),
        f"{invoice.number:08d}",
        "Page 1 / 1",
        "Amount in words",
    ):
        assert said in text, said
    for vietnamese in ("Số tiền", "Thuế suất", "buổi", "Thuê "):
        assert vietnamese not in text, vietnamese


@pytest.mark.parametrize("standard", list(Standard))
def test_the_archives_copy_declares_its_standard_and_reads_the_same(standard: Standard) -> None:
    invoice = issued(name=NFD)
    made = invoice_pdf(invoice, Look("vi", standard))
    told = pypdf.PdfReader(io.BytesIO(made)).xmp_metadata
    assert told is not None
    declared = {
        node.nodeName: getattr(node, "value", None) or node.firstChild.data
        for node in told.get_nodes_in_namespace("", "http://www.aiim.org/pdfa/ns/id/")
    }
    assert declared["pdfaid:part"] == standard.value[2]
    assert declared["pdfaid:conformance"] == "B"
    assert read(made) == read(invoice_pdf(invoice))


def test_the_archives_copy_has_every_font_inside() -> None:
    made = invoice_pdf(issued(), Look("en", Standard.A2))
    for page in pypdf.PdfReader(io.BytesIO(made)).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index, union-attr]
            (one,) = font["/DescendantFonts"]
            described = one["/FontDescriptor"]
            assert {"/FontFile2", "/FontFile3"} & described.keys()


def test_the_same_archives_copy_is_the_same_bytes_again() -> None:
    invoice = issued()
    look = Look("vi", Standard.A2)
    assert invoice_pdf(invoice, look) == invoice_pdf(invoice, look)


def test_two_hundred_lines_page_with_their_head_and_the_totals_stay_whole() -> None:
    pages = pypdf.PdfReader(io.BytesIO(invoice_pdf(issued(lines=200)))).pages
    texts = [" ".join(page.extract_text().split()) for page in pages]
    assert len(texts) > 5
    for number, text in enumerate(texts, start=1):
        assert f"Trang {number} / {len(texts)}" in text
        assert ("Tên dịch vụ" in text) == ("Thuê " in text), number
    # The sum, the words and the transfer stand together.
    (with_total,) = [text for text in texts if "Tổng cộng thanh toán" in text]
    assert "viết bằng chữ" in with_total


def test_a_credit_note_in_english_names_what_it_reduces() -> None:
    invoice = issued()
    note = credit_notes.issue(invoice, NewCredit("mất điện", Money(500_000)), by=None)
    text = read(credit_note_pdf(note, ENGLISH))
    for said in ("CREDIT NOTE", "Reduces invoice", invoice.display_number, "Total credited"):
        assert said in text, said
    assert "Five hundred thousand dong." in text


def test_a_receipt_says_who_paid_how_much_for_what() -> None:
    invoice = issued(name="Báo Tuổi Trẻ", address="12 Lê Lợi")
    payment = in_cash(invoice)
    text = read(receipt_pdf(payment))
    for said in (
        "PHIẾU THU",
        payment.display_number,
        "Báo Tuổi Trẻ",
        "12 Lê Lợi",
        f"Thanh toán hóa đơn {invoice.display_number}",
        "1.500.000 đ",
        "Một triệu năm trăm nghìn đồng chẵn.",
        "tờ 7",
        "Thủ quỹ",
    ):
        assert said in text, said
    english = read(receipt_pdf(payment, Look("en", Standard.A2)))
    assert "CASH RECEIPT" in english
    assert "One million five hundred thousand dong." in english


def test_a_receipt_fits_one_page_whatever_the_name() -> None:
    payment = in_cash(issued(name=HOSTILE + " " + NFD, address="Đường dài " * 30))
    made = receipt_pdf(payment)
    assert len(pypdf.PdfReader(io.BytesIO(made)).pages) == 1
    assert HOSTILE.replace(" ", "") in read(made).replace(" ", "")


def test_a_receipt_taken_back_is_marked_and_a_transfer_has_none() -> None:
    invoice = issued()
    payment = in_cash(invoice)
    payments.reverse(payment, by=None, reason="ghi nhầm")
    assert "ĐÃ HỦY" in read(receipt_pdf(payment))
    with pytest.raises(NoReceipt):
        receipt_pdf(payments.record(invoice, paid_by_transfer(1000), by=None))


def test_the_xml_of_a_credit_note_is_below_zero_and_names_what_it_adjusts() -> None:
    invoice = issued(name=HOSTILE)
    note = credit_notes.issue(invoice, NewCredit("mất <điện> & nước", Money(500_000)), by=None)
    root = Safe.fromstring(credit_note_xml(note))
    linked = root.find("DLHDon/TTChung/TTHDLQuan")
    assert {one.tag: one.text for one in linked} == {
        "TCHDon": "2",
        "KHMSHDCLQuan": invoice.symbol[0],
        "KHHDCLQuan": invoice.symbol[1:],
        "SHDCLQuan": str(invoice.number),
        "NLHDCLQuan": invoice.tax_date.isoformat(),
        "GChu": "mất <điện> & nước",
    }
    content = root.find("DLHDon/NDHDon")
    assert content.findtext("TToan/TgTTTBSo") == "-500000"
    assert content.findtext("TToan/TgTTTBChu") == "Âm năm trăm nghìn đồng chẵn."
    lines = content.findall("DSHHDVu/HHDVu/ThTien")
    assert sum(int(line.text) for line in lines) == -note.net_minor


def test_the_xml_of_an_invoice_links_to_nothing_and_its_groups_add_up() -> None:
    invoice = issued(lines=8)
    root = Safe.fromstring(invoice_xml(invoice))
    assert root.find("DLHDon/TTChung/TTHDLQuan") is None
    totals = root.find("DLHDon/NDHDon/TToan")
    groups = totals.findall("THTTLTSuat/LTSuat")
    assert sum(int(one.findtext("ThTien")) for one in groups) == invoice.net_minor
    assert sum(int(one.findtext("TThue")) for one in groups) == invoice.vat_minor
    head = root.find("DLHDon/TTChung")
    assert head.findtext("NLap") == invoice.tax_date.isoformat()
    assert head.findtext("KHMSHDon") + head.findtext("KHHDon") == invoice.symbol
