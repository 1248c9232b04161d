"""Who an invoice may be made out to: the table of codes, how they are pasted, and the issue."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from stdnum.vn import mst

from billing import buyers, due_charges, invoices, invoicing_details
from billing.documents.pdf import Look, invoice_pdf
from billing.documents.xml import invoice_xml
from billing.due_charges import HeldBack
from billing.errors import WrongBuyer
from billing.invoicing_details import Details, Standing
from billing.models import Grouping, InvoiceStatus
from billing.seller import Series
from config import clock
from config.database import db, transaction
from config.typesetting import Standard
from rental import journal
from rental.models import Unit
from tests import build
from tests.billing.test_documents import read

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0301234562", "0301234562"),
        ("0301234562-001", "0301234562-001"),
        ("0301234562001", "0301234562-001"),  # a branch without its dash
        ("  0301 234 562 ", "0301234562"),
        ("0301.234.562", "0301234562"),
        ("MST: 0301234562", "0301234562"),
        ("Mã số thuế: 0301234562", "0301234562"),  # pasted from a stamp
        ("Ma\u0303 so\u0302\u0301 thue\u0302\u0301: 0301234562", "0301234562"),  # decomposed
        ("\uff10\uff13\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff12", "0301234562"),
        ("0301234562\u2013001", "0301234562-001"),  # a long dash
        ("\u200b0301234562\u00a0", "0301234562"),  # what cannot be seen
        ("", None),
        ("   ", None),
        (None, None),
    ],
)
def test_a_tax_code_is_read_as_people_paste_it(typed, kept):
    assert buyers.tax_code(typed) == kept


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0301234567", "check digit"),
        ("030123456", "10 digits"),  # one is missing
        ("03012345621", "10 digits"),  # one too many
        ("0301234562-01", "10 digits"),  # a branch has three
        ("03O1234562", "10 digits"),  # a letter O
        ("0100000000", "row of zeros"),
        ("không có", "10 digits"),
        ("<script>", "10 digits"),
        ("\u0660\u0663\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0662", "10 digits"),  # Arabic
    ],
)
def test_a_wrong_tax_code_is_refused_with_what_is_wrong(typed, said):
    with pytest.raises(WrongBuyer, match=said) as refused:
        buyers.tax_code(typed)
    assert refused.value.details["field"] == "tax_code"


@pytest.mark.parametrize(
    ("typed", "on", "said"),
    [
        ("079203000123", TODAY, None),
        ("CCCD 079 203 000 123", TODAY, None),
        ("079203000123", date(2025, 7, 1), None),  # the first day
        ("079203000123", date(2025, 6, 30), "from 01/07/2025 on"),  # a day too early
        ("079203", TODAY, "12 digits"),
        ("003203000123", TODAY, "province"),
        ("079227000123", TODAY, "2027"),  # born next year
        ("079226000123", TODAY, None),  # born this year
        ("079999000123", TODAY, "2399"),
        ("07920300012x", TODAY, "12 digits"),
    ],
)
def test_a_personal_id_makes_sense_or_is_refused(typed, on, said):
    if said is None:
        assert buyers.personal_id(typed, on) == buyers.digits(typed)
    else:
        with pytest.raises(WrongBuyer, match=said):
            buyers.personal_id(typed, on)


@pytest.mark.parametrize(
    ("typed", "kept"), [("1000001", "1000001"), ("MDVQHNS: 1 000 001", "1000001"), ("", None)]
)
def test_a_budget_code_has_seven_digits(typed, kept):
    assert buyers.budget_code(typed) == kept
    with pytest.raises(WrongBuyer, match="7 digits"):
        buyers.budget_code("100000")


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_right_code_or_a_refusal(typed):
    try:
        kept = buyers.tax_code(typed)
    except WrongBuyer:
        return
    assert kept is None or (mst.is_valid(kept) and buyers.tax_code(kept) == kept)


@given(st.text(max_size=80))
def test_a_line_is_the_same_when_it_is_read_again(typed):
    once = buyers.line(typed)
    assert buyers.line(once) == once
    assert "\u202e" not in once
    assert not any(c < " " for c in once)


def test_twelve_digits_as_a_tax_code_are_a_person_s():
    kept, wrong = invoicing_details.read(Details(tax_code="079203000123"), TODAY)
    assert not wrong
    assert (kept.tax_code, kept.personal_id) == (None, "079203000123")


def test_all_that_is_wrong_is_told_at_once():
    asked = Details(tax_code="1", budget_code="2", personal_id="3", email="nobody", name="x" * 401)
    assert set(invoicing_details.read(asked, TODAY)[1]) == {
        "tax_code",
        "budget_code",
        "personal_id",
        "email",
        "name",
    }


@pytest.mark.parametrize("field", ["tax_code", "budget_code"])
def test_an_invoice_to_a_wrong_code_is_refused_and_says_where_to_mend_it(booking, desk, field):
    setattr(booking.unit, field, "0301234567")
    draft = invoices.draft_for(booking)
    with pytest.raises(WrongBuyer, match=r"wrong \(0301234567\)") as refused:
        invoices.issue(draft, by=desk)
    assert refused.value.details["mend"] == f"/units/{booking.unit.slug}/invoicing"
    assert (draft.status, draft.number) == (InvoiceStatus.DRAFT, None)
    asked = Details(tax_code="0301234562")
    invoicing_details.change(booking.unit, asked, by=desk)
    assert invoices.issue(draft, by=desk).number == 1


def test_an_invoice_to_a_unit_without_a_code_is_issued_and_the_journal_says_so(booking, desk):
    invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    (entry,) = [one for one in journal.of(invoice) if one.verb == "issued"]
    assert entry.details["buyer"] == "missing"
    assert entry.member_id == desk.id


def test_finance_may_say_why_there_is_no_code_until_there_is_one(booking, desk):
    unit = booking.unit
    invoicing_details.change(unit, Details(no_code_reason="Văn phòng nước ngoài"), by=desk)
    assert invoicing_details.standing(unit, TODAY) is Standing.NO_CODE
    assert unit not in [one for one, _how in invoicing_details.unwell()]
    asked = Details(tax_code="0301234562", no_code_reason="Văn phòng nước ngoài")
    invoicing_details.change(unit, asked, by=desk)
    assert unit.no_code_reason is None
    assert invoicing_details.standing(unit, TODAY) is Standing.COMPLETE


def test_a_run_holds_back_what_is_made_out_to_a_wrong_code(booking):
    booking.unit.tax_code = "0301234567"
    day = booking.ends_at.astimezone(clock.LOCAL).date()
    (due,) = due_charges.due(day, Grouping.BOOKING)
    assert due.groups == ()
    assert [one.why for one in due.held] == [HeldBack.BUYER]


def test_details_changed_after_the_issue_are_those_of_drafts_only(booking, desk):
    unit = booking.unit
    invoicing_details.change(unit, Details(name="Báo Cũ", tax_code="0301234562"), by=desk)
    invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    invoicing_details.change(unit, Details(name="Báo Mới"), by=desk)
    assert invoice.snapshot["buyer"]["name"] == "Báo Cũ"
    assert invoice.snapshot["buyer"]["tax_code"] == "0301234562"
    assert "Báo Cũ" in read(invoice_pdf(invoice))
    assert b"B\xc3\xa1o M\xe1\xbb\x9bi" not in invoice_xml(invoice)
    changed = invoicing_details.history(unit)
    assert changed[0].details["changes"]["name"] == ["Báo Cũ", "Báo Mới"]
    assert changed[0].member_id == desk.id


def test_the_same_details_again_leave_no_trace(booking, desk):
    asked = Details(tax_code="0301234562")
    assert invoicing_details.change(booking.unit, asked, by=desk)
    assert not invoicing_details.change(booking.unit, Details(tax_code="0301 234 562"), by=desk)
    assert len(invoicing_details.history(booking.unit)) == 1


def test_units_that_bear_one_tax_code_are_told(house):
    one, other = build.a_unit(tax_code="0301234562"), build.a_unit(tax_code="0301.234.562")
    build.a_unit(tax_code="0301234562-001")
    assert invoicing_details.twins(one, "MST 0301234562") == [other]
    assert invoicing_details.twins(one, "") == []


def test_units_whose_details_are_wrong_come_before_those_without_any(house):
    missing, wrong = build.a_unit(name="A"), build.a_unit(name="B", budget_code="12")
    build.a_unit(tax_code="0301234562")
    build.a_unit(is_centre=True)
    found = invoicing_details.unwell()
    assert found == [(wrong, Standing.WRONG), (missing, Standing.MISSING)]


def test_a_unit_without_a_code_waits_only_when_an_invoice_is_to_come(booking, desk):
    idle = build.a_unit()
    assert idle in [unit for unit, _how in invoicing_details.unwell()]
    assert invoicing_details.waiting() == [(booking.unit, Standing.MISSING)]
    draft = invoices.draft_for(booking)
    assert invoicing_details.waiting() == [(booking.unit, Standing.MISSING)]
    invoices.issue(draft, by=desk)
    assert invoicing_details.waiting() == []


HOSTILE = [
    ("Báo <b>đậm</b> & #panic() $x$", "Báo <b>đậm</b> & #panic() $x$"),
    ("Báo \u202eđảo\u202c chữ", "Báo đảo chữ"),
    ("Báo\x07 có chuông", "Báo có chuông"),
]


@pytest.mark.parametrize(("name", "drawn"), HOSTILE)
def test_hostile_names_are_drawn_as_they_read(booking, desk, name, drawn):
    booking.unit.name = name
    booking.unit.personal_id = "079203000123"
    db.session.flush()
    invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    assert invoice.snapshot["buyer"]["name"] == drawn
    assert drawn in " ".join(read(invoice_pdf(invoice)).split())
    written = invoice_xml(invoice).decode()
    assert "<CCCDan>079203000123</CCCDan>" in written
    assert "<MST>079203000123" not in written


def test_a_word_too_long_for_the_box_breaks_and_nothing_of_it_is_lost(booking, desk):
    booking.unit.invoice_name = "x" * 390 + "y"
    db.session.flush()
    invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    drawn = read(invoice_pdf(invoice)).replace("\u200b", "").replace(" ", "")
    assert "x" * 390 + "y" in drawn
    rows = read(invoice_pdf(invoice)).replace("\u200b", "").split()
    assert max(row.count("x") for row in rows) < 60


@pytest.mark.parametrize("name", ["Toà soạn 😀🎉 vui", "Ả" * 400, "x" * 200 + " y" * 90])
def test_very_long_names_and_pictures_fit_the_paper(booking, desk, name):
    booking.unit.invoice_name = name
    booking.unit.budget_code = "1000001"
    db.session.flush()
    invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    assert "1000001" in read(invoice_pdf(invoice))
    assert "<MDVQHNSach>1000001</MDVQHNSach>" in invoice_xml(invoice).decode()


@pytest.mark.parametrize("name", ["Toà soạn 😀🎉 vui", "x" * 100, "Báo 中文 العربية"])
def test_the_archive_copy_draws_them_too(booking, desk, name):
    booking.unit.invoice_name = name
    db.session.flush()
    invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    assert invoice_pdf(invoice, Look(standard=Standard("a-2b"))).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("symbol", "is_one"),
    [
        ("1C{yy}TMC", True),
        ("1K{yy}TYY", True),  # without the authority's code
        ("2C{yy}TBB", True),
        ("1X{yy}TMC", False),  # neither with nor without
        ("1C26TMC", False),  # it would not change with the year
        ("1c{yy}tmc", False),
        ("1C{yy}TM", False),
    ],
)
def test_a_symbol_says_whether_the_authority_gives_a_code(symbol, is_one):
    asked = {"invoice": symbol, "credit_note": "1C{yy}TDC", "due_days": 15}
    if is_one:
        assert Series.model_validate(asked).invoice == symbol
    else:
        with pytest.raises(ValidationError):
            Series.model_validate(asked)


@pytest.mark.slow
def test_eight_people_at_once_leave_a_history_without_a_gap(house):
    unit = build.a_unit(name="Báo")
    db.session.commit()
    unit_id = unit.id

    def rename(number):
        with house.app_context(), transaction():
            mine = db.session.get_one(Unit, unit_id)
            invoicing_details.change(mine, Details(name=f"Báo số {number}"), by=None)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(rename, range(8)))
    db.session.expire_all()
    steps = [one.details["changes"]["name"] for one in reversed(invoicing_details.history(unit))]
    assert len(steps) == 8
    assert [was for was, _now in steps] == [None, *(now for _was, now in steps[:-1])]
    assert unit.invoice_name == steps[-1][1]
