"""A document says what it is: advance, part, final, adjustment; the final one reckons openly."""

import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from defusedxml import ElementTree as Safe

from billing import advances, corrections, credit_notes, invoices, service_words, vat
from billing.corrections import Grounds, LineAmount
from billing.credit_notes import NewCredit
from billing.documents import Look, credit_note_pdf, credit_note_xml, invoice_pdf, invoice_xml
from billing.documents.pdf import figure
from billing.einvoice import submissions
from billing.models import Invoice, InvoiceKind
from billing.money import Money
from config.database import db
from config.typesetting import Standard
from rental.models import Booking, Member
from tests.billing.test_advances import WHOLE
from tests.billing.test_documents import HOSTILE, read

pytestmark = pytest.mark.usefixtures("house")
PICTURES = Path(__file__).parents[2] / "build" / "documents"
ENGLISH = Look("en")
NFD = unicodedata.normalize("NFD", "Lễ kỷ niệm Đà Nẵng")


@pytest.fixture(autouse=True)
def before_the_rates_change() -> Iterator[None]:
    """A day of 2026, on which 8 % holds."""
    with time_machine.travel(datetime(2026, 11, 20, 3, tzinfo=ZoneInfo("UTC")), tick=False):
        yield


@pytest.fixture
def booking(booking: Booking) -> Booking:
    booking.title = NFD
    db.session.flush()
    return booking


def final_of(booking: Booking) -> Invoice:
    return invoices.issue(invoices.draft_for(booking), by=None)


def keep(name: str, pdf: bytes) -> str:
    """Keep it for people to look at; gives its text."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / f"{name}.pdf").write_bytes(pdf)
    return read(pdf)


def more(xml: bytes) -> dict[str, str]:
    found = Safe.fromstring(xml).findall("DLHDon/TTChung/TTKhac/TTin")
    return {one.findtext("TTruong"): one.findtext("DLieu") for one in found}


def test_an_advance_says_so_and_of_which_services(booking: Booking, desk: Member) -> None:
    advance = advances.issue(booking, Money(3_000_000), by=desk)
    text = keep("advance", invoice_pdf(advance))
    for said in (
        "HÓA ĐƠN GIÁ TRỊ GIA TĂNG",
        "Hóa đơn thu tiền ứng trước",
        f"Tạm ứng tiền thuê hội trường cho {booking.reference}: Lễ kỷ niệm Đà Nẵng",
        f"Tạm ứng tiền thuê thiết bị cho {booking.reference}",
        "3.000.000 đ",
    ):
        # A line may break within a reference.
        assert "".join(said.split()) in "".join(text.split()), said
    english = keep("advance-en", invoice_pdf(advance, ENGLISH))
    assert "Advance invoice" in english
    assert "Advance for hall hire on" in english
    assert advance.snapshot is not None
    assert advance.snapshot["kind"] == "advance"
    assert more(invoice_xml(advance)) == {"Loại hóa đơn": "Hóa đơn thu tiền ứng trước"}
    described = [
        line.text for line in Safe.fromstring(invoice_xml(advance)).findall("DLHDon/NDHDon//THHDVu")
    ]
    assert all(one == unicodedata.normalize("NFC", one) for one in described)
    assert "thuê hội trường" in described[0]


def test_the_final_invoice_names_every_advance_and_their_sum(
    booking: Booking, desk: Member
) -> None:
    first = advances.issue(booking, Money(3_000_000), by=desk)
    second = advances.issue(booking, Money(1_500_000), by=desk)
    final = final_of(booking)
    text = keep("final", invoice_pdf(final))
    for said in (
        "Hóa đơn quyết toán",
        "Tiền ứng trước được trừ vào hóa đơn này",
        f"{first.display_number} 20/11/2026 3.000.000",
        f"{second.display_number} 20/11/2026 1.500.000",
        "Cộng 4.500.000",
        f"Tổng giá trị dịch vụ {figure(WHOLE.minor)} đ",
        f"Trừ tiền ứng trước {figure(-4_500_000)} đ",
        f"Tổng cộng thanh toán {figure(WHOLE.minor - 4_500_000)} đ",
        f"Trừ tạm ứng tiền thuê hội trường theo hóa đơn {first.display_number}",
    ):
        assert "".join(said.split()) in "".join(text.split()), said
    assert final.snapshot is not None
    assert (final.snapshot["kind"], final.snapshot["advanced"]) == ("final", 4_500_000)
    assert more(invoice_xml(final)) == {
        "Loại hóa đơn": "Hóa đơn quyết toán",
        "Hóa đơn thu tiền ứng trước được trừ": f"{first.display_number}, {second.display_number}",
        "Tổng tiền ứng trước được trừ": "4500000",
    }
    english = keep("final-en", invoice_pdf(final, Look("en", Standard.A2)))
    for said in ("Final invoice", "Advances taken off by this invoice", "Less advances"):
        assert said in english, said


def test_a_final_invoice_of_nothing_reads_right(booking: Booking, desk: Member) -> None:
    advance = advances.issue(booking, WHOLE, by=desk)
    final = final_of(booking)
    text = keep("final-zero", invoice_pdf(final))
    for said in (
        "Hóa đơn quyết toán",
        "Không đồng.",
        "Tổng cộng thanh toán 0 đ",
        f"Tổng giá trị dịch vụ {figure(WHOLE.minor)} đ",
        f"{advance.display_number} 20/11/2026 {figure(WHOLE.minor)}",
    ):
        assert "".join(said.split()) in "".join(text.split()), said
    # Nothing is asked for: no code, no day on which it is due.
    assert "VietQR" not in text
    assert "Hạn thanh toán" not in text
    assert "Zero dong." in keep("final-zero-en", invoice_pdf(final, ENGLISH))
    content = Safe.fromstring(invoice_xml(final)).find("DLHDon/NDHDon")
    assert content.findtext("TToan/TgTTTBSo") == "0"
    assert content.findtext("TToan/TgTTTBChu") == "Không đồng."
    lines = [int(one.text) for one in content.findall("DSHHDVu/HHDVu/ThTien")]
    assert sum(lines) == 0
    assert [net for net in lines if net < 0], "the advance is taken off line by line"


def test_what_a_credit_note_gave_back_of_an_advance_is_not_taken_off(
    booking: Booking, desk: Member
) -> None:
    advance = advances.issue(booking, Money(3_000_000), by=desk)
    credit_notes.issue(advance, NewCredit("giảm quy mô", Money(1_000_000)), by=None)
    final = final_of(booking)
    assert final.snapshot is not None
    assert final.snapshot["advances"] == [
        {"number": advance.display_number, "day": "2026-11-20", "total": 2_000_000}
    ]


def test_a_part_says_so_and_an_ordinary_invoice_needs_no_word(
    booking: Booking, desk: Member
) -> None:
    waiting = advances.standing(booking).waiting
    part = invoices.issue(advances.draft_part(booking, [waiting[0].id]), by=desk)
    assert "Hóa đơn từng phần" in keep("part", invoice_pdf(part))
    invoices.void(part, by=desk, reason="nhầm")
    whole = final_of(booking)
    assert whole.kind is InvoiceKind.WHOLE
    assert "Hóa đơn " not in read(invoice_pdf(whole)).replace("hóa đơn", "")
    assert more(invoice_xml(whole)) == {}


def test_a_credit_note_says_so_in_its_snapshot_and_title(open_invoice: Invoice) -> None:
    note = credit_notes.issue(open_invoice, NewCredit(HOSTILE, Money(500_000)), by=None)
    assert note.snapshot["kind"] == "credit_note"
    assert "HÓA ĐƠN ĐIỀU CHỈNH GIẢM" in keep("credit-note", credit_note_pdf(note))
    assert Safe.fromstring(credit_note_xml(note)).findtext("DLHDon/TTChung/TTHDLQuan/TCHDon") == "2"


def test_a_document_of_before_is_drawn_without_the_new_facts(open_invoice: Invoice) -> None:
    assert open_invoice.snapshot is not None
    older = {"kind", "advances", "advanced"}
    open_invoice.snapshot = {k: v for k, v in open_invoice.snapshot.items() if k not in older}
    assert "Tổng cộng thanh toán" in read(invoice_pdf(open_invoice))
    assert more(invoice_xml(open_invoice)) == {}


@pytest.mark.parametrize("correct", [corrections.adjust, corrections.replace])
def test_what_corrects_another_says_so_and_goes_out_as_every_document(
    open_invoice: Invoice, desk: Member, correct: Any
) -> None:
    grounds = Grounds("ghi thiếu một giờ", "BB 12/2026", date(2026, 11, 20))
    lines = [LineAmount(open_invoice.lines[1].id, 1_500_000, "Máy quay, thêm giờ")]
    found = correct(open_invoice, grounds, lines, by=desk)
    kind, vietnamese, english = {
        corrections.adjust: ("adjustment", "Hóa đơn điều chỉnh", "Adjustment invoice"),
        corrections.replace: ("replacement", "Hóa đơn thay thế", "Replacement invoice"),
    }[correct]
    assert found.snapshot["kind"] == kind
    assert vietnamese in keep(kind, invoice_pdf(found))
    assert english in keep(f"{kind}-en", invoice_pdf(found, ENGLISH))
    assert more(invoice_xml(found))["Loại hóa đơn"] == vietnamese
    assert submissions.of(found).key == found.display_number


def test_every_service_with_a_rate_of_its_own_has_a_name() -> None:
    services = {rate.service for rate in vat.rates()} - {vat.GENERAL}
    assert services <= service_words.WORDS.keys()
    assert service_words.of("sound_light") == ("dịch vụ sound light", "sound light")
