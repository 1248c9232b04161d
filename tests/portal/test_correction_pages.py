"""Correcting an issued invoice as finance meets it, on pages and over the API."""

import io

import pytest
from pypdf import PdfReader

from billing import corrections, error_notices, invoices
from billing.models import InvoiceStatus
from config import clock
from config.database import db
from rental.models import Role
from tests.portal.conftest import signed_in, token_of
from tests.portal.test_collecting import opened


@pytest.fixture
def invoice(service, person):
    """An issued invoice of an organisation."""
    found = invoices.get(opened(person(email="payer@example.com")))
    found.unit.tax_code = "0301446221"
    found.snapshot = {
        **found.snapshot,
        "buyer": {**found.snapshot["buyer"], "tax_code": "0301446221"},
    }
    db.session.commit()
    return found


@pytest.fixture
def finance(service, person):
    """The browser of a member of finance."""
    return signed_in(service, person(role=Role.FINANCE))


def send(client, invoice, way, **form):
    data = {"csrf_token": token_of(client), "way": way, **form}
    return client.post(f"/invoices/{invoice.id}/corrections", data=data)


def agreed(**over):
    """What every adjustment and replacement says."""
    day = clock.today().isoformat()
    return {"reason": "ghi thiếu", "agreement": "BB 12/2026", "agreement_on": day, **over}


def words(document: bytes) -> str:
    return " ".join(PdfReader(io.BytesIO(document)).pages[0].extract_text().split())


def test_finance_looks_at_an_adjustment_before_it_issues_it(finance, invoice):
    line = invoice.lines[0]
    amount = {f"amount-{line.id}": "+1.000.000"}
    page = send(finance, invoice, "adjust", preview="1", **amount, **agreed())
    assert page.status_code == 200
    assert "Tổng cộng điều chỉnh" in page.text
    assert 'value="+1.000.000"' in page.text
    assert corrections.adjustments_of(invoice) == []
    issued = send(finance, invoice, "adjust", **amount, **agreed())
    assert issued.status_code == 302
    (adjustment,) = corrections.adjustments_of(invoice)
    for shown, other in ((invoice, adjustment), (adjustment, invoice)):
        assert other.display_number in finance.get(f"/invoices/{shown.id}").text
    told = words(finance.get(f"/invoices/{adjustment.id}/invoice.pdf").data)
    assert "Điều chỉnh cho hóa đơn" in told
    assert f"số {invoice.number:08d}" in told
    assert "BB 12/2026" in told
    xml = finance.get(f"/invoices/{adjustment.id}/invoice.xml").text
    assert "<TCHDon>2</TCHDon>" in xml
    assert f"<SHDCLQuan>{invoice.number}</SHDCLQuan>" in xml


def test_finance_replaces_an_invoice_and_the_old_one_says_by_which(finance, invoice):
    done = send(finance, invoice, "replace", **agreed())
    assert done.status_code == 302
    db.session.expire_all()
    new = corrections.replacement_of(invoice)
    assert invoice.status is InvoiceStatus.VOID
    assert new.display_number in finance.get(f"/invoices/{invoice.id}").text
    assert "<TCHDon>1</TCHDon>" in finance.get(f"/invoices/{new.id}/invoice.xml").text
    english = words(finance.get(f"/invoices/{new.id}/invoice.pdf?lang=en").data)
    assert "Replaces invoice" in english


def test_a_wrong_name_is_notified_and_the_invoice_stands(finance, invoice):
    page = finance.get(f"/invoices/{invoice.id}/corrections")
    assert "mẫu 04/SS" in page.text
    done = send(
        finance, invoice, "notice", field="name", correct="Báo <b>Mới</b> & bạn", reason="gõ nhầm"
    )
    assert done.status_code == 302
    (notice,) = error_notices.of(invoice)
    shown = finance.get(f"/invoices/{invoice.id}").text
    assert "Báo &lt;b&gt;Mới&lt;/b&gt; &amp; bạn" in shown
    pdf = finance.get(f"/invoices/{invoice.id}/error-notices/{notice.id}.pdf")
    assert "THÔNG BÁO HÓA ĐƠN CÓ SAI SÓT" in words(pdf.data)
    assert "Báo <b>Mới</b> & bạn" in words(pdf.data)
    xml = finance.get(f"/invoices/{invoice.id}/error-notices/{notice.id}.xml").text
    assert "<MSo>04/SS-HĐĐT</MSo>" in xml
    assert finance.get(f"/invoices/{invoice.id}/error-notices/0.pdf").status_code == 404


@pytest.mark.parametrize(
    ("way", "form", "status", "why"),
    [
        ("adjust", agreed(agreement="", agreement_on=""), 422, "văn bản thỏa thuận trước"),
        ("adjust", agreed(), 422, "ít nhất một dòng"),
        ("adjust", agreed(agreement_on="hôm qua"), 422, "agreement_on"),
        ("replace", agreed(reason=" "), 422, "Nêu lý do"),
        ("notice", {"field": "name", "correct": "", "reason": "x"}, 422, "Nhập nội dung đúng"),
        ("notice", {"field": "tax_code", "correct": "1", "reason": "x"}, 422, "tax_code"),
    ],
)
def test_what_cannot_be_corrected_is_refused_and_stays_typed(
    finance, invoice, way, form, status, why
):
    page = send(finance, invoice, way, **form)
    assert page.status_code == status
    assert why in page.text
    if "correct" not in form and form["reason"].strip():
        assert form["reason"] in page.text
    db.session.expire_all()
    assert invoice.status is InvoiceStatus.OPEN
    assert error_notices.of(invoice) == []


@pytest.mark.parametrize("typed", ["1.5", "1.000,000", "một triệu", "--5"])
def test_an_amount_that_is_no_amount_is_refused(finance, invoice, typed):
    form = agreed(**{f"amount-{invoice.lines[0].id}": typed})
    page = send(finance, invoice, "adjust", **form)
    assert page.status_code in (400, 422)
    assert corrections.adjustments_of(invoice) == []


def test_a_unit_reads_what_was_corrected_and_corrects_nothing(service, person, invoice, finance):
    send(finance, invoice, "replace", **agreed())
    db.session.expire_all()
    head = invoice.unit.members[0] if hasattr(invoice.unit, "members") else None
    new = corrections.replacement_of(invoice)
    browser = signed_in(service, head or invoice.booking.member)
    assert new.display_number in browser.get(f"/invoices/{invoice.id}").text
    assert browser.get(f"/invoices/{invoice.id}/corrections").status_code == 403
