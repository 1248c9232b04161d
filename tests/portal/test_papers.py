"""The papers of a booking are drawn, and their text is read back."""

import io
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pypdf
import pytest
from flask import Flask

from billing import words
from billing.cancellation import Step
from billing.errors import NoPrice
from config import clock, documents
from config.database import transaction
from config.documents import BadDocument
from portal import tokens
from portal.pages.papers import BY_NAME, contract, drawn, packing_list, quotation, run_sheet, terms
from portal.pages.papers.terms import Deposit, Edition
from rental import bookings, handovers
from rental.counting import Piece
from rental.models import Asset, BookingStatus, UnitClass
from tests import build
from tests.portal.conftest import PASSWORD_HASH, signed_in
from tests.portal.papers_world import MORNING, START, read, set_up, text_of

HOSTILE = '#panic("x") $a$ *đậm* `mã` \\ <b> & " \' @nhãn #import "/etc/passwd"'
NFD = unicodedata.normalize("NFD", "Lễ hội Sông nước Đà Nẵng")


def test_the_quotation_says_what_it_costs_and_until_when(service: Flask) -> None:
    world = set_up()
    text = text_of(service, world.booking, "quotation")
    for said in (
        "BÁO GIÁ",
        "Trung tâm Báo chí Thành phố Hồ Chí Minh",
        "Báo Tuổi Trẻ",
        "0301234562",
        "Họp báo công bố Tuần lễ Áo dài",
        "Hội trường lớn",
        "1 buổi × 9.000.000 đ, giá phổ thông (đã gồm thuế GTGT)",
        "09:00–13:00",
        "Tổng cộng có thuế",
        "Bằng chữ:",
        "đồng chẵn.",
        "Giá mẫu, dùng để trình bày",
        "Báo giá có hiệu lực đến hết ngày",
        "Trang 1 / 1",
        world.booking.reference,
    ):
        assert said in text, said


def test_the_english_copy_is_english_throughout(service: Flask) -> None:
    world = set_up()
    text = text_of(service, world.booking, "quotation", "en")
    for said in (
        "QUOTATION",
        "Ho Chi Minh City Press Center",
        "Large hall",
        "1 session × 9 000 000 đ, standard rate (VAT included)",
        "million",
        "dong.",
        "This quotation holds until the end of",
        "Page 1 / 1",
    ):
        assert said in text, said


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_paper_is_drawn_in_both_languages(service: Flask, name: str, language: str) -> None:
    world = set_up()
    assert world.booking.reference in text_of(service, world.booking, name, language)


VALID = [
    (date(2030, 2, 1), 15, None, date(2030, 2, 16)),  # so many days from today
    (date(2030, 2, 25), 15, None, date(2030, 3, 5)),  # not beyond the day on which it begins
    (date(2030, 2, 1), 15, datetime(2030, 2, 7, 16, 59, tzinfo=UTC), date(2030, 2, 7)),
    # Expiry at 00:30 the next day on the Centre's clock: the day of the wall clock counts.
    (date(2030, 2, 1), 15, datetime(2030, 2, 7, 17, 30, tzinfo=UTC), date(2030, 2, 8)),
    (date(2030, 2, 10), 15, datetime(2030, 2, 7, tzinfo=UTC), date(2030, 2, 10)),
]


@pytest.mark.parametrize(("today", "days", "expires_at", "until"), VALID)
def test_a_quotation_holds_no_longer_than_what_it_quotes(
    service: Flask, today: date, days: int, expires_at: datetime | None, until: date
) -> None:
    booking = build.a_booking(build.a_hall(), expires_at=expires_at)
    assert quotation.valid_until(booking, today, days) == until


def test_a_confirmed_booking_has_agreed_prices(service: Flask) -> None:
    world = set_up()
    with transaction():
        bookings.confirm(world.booking, by=world.desk)
    text = text_of(service, world.booking, "quotation")
    assert "giá trên là giá đã thống nhất" in text
    assert "có hiệu lực đến hết" not in text


def test_the_contract_has_parties_object_price_and_cancellation(service: Flask) -> None:
    world = set_up()
    text = text_of(service, world.booking, "contract")
    for said in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập – Tự do – Hạnh phúc",
        "HỢP ĐỒNG THUÊ",
        "91/2015/QH13",
        "Bên A (bên cho thuê)",
        "Bên B (bên thuê)",
        "Điều 1. Tài sản và thời gian thuê",
        "Tổng cộng có thuế",
        "0011000000000",
        "từ 7 ngày trở lên",
        "từ 3 ngày đến dưới 7 ngày",
        "30 % giá thuê",
        "dưới 1 ngày",
        "ĐẠI DIỆN BÊN B",
        "DỰ THẢO",
        "chờ luật sư của Trung tâm duyệt",
    ):
        assert said in text, said
    assert "đặt cọc" not in text


def test_a_confirmed_contract_is_no_draft_any_more(service: Flask) -> None:
    world = set_up()
    with transaction():
        bookings.confirm(world.booking, by=world.desk)
    assert "DỰ THẢO" not in text_of(service, world.booking, "contract")


def test_the_contract_tells_the_terms_of_the_units_class(service: Flask) -> None:
    world = set_up(unit_class=UnitClass.POLITICAL)
    text = text_of(service, world.booking, "contract")
    # On political duty a hall may be given up at any time; equipment has the common terms.
    assert "bất kỳ lúc nào 0 % giá thuê" in text
    assert "từ 2 ngày trở lên" in text


def test_a_deposit_stands_in_the_contract_where_the_wording_asks_for_one(
    service: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = set_up()
    edition = terms.edition_on(terms.editions(), clock.today())
    wording = edition.contract.model_copy(update={"deposit": Deposit(percent=30, days_before=3)})
    asked = edition.model_copy(update={"contract": wording, "sample": False})
    monkeypatch.setattr(terms, "editions", lambda: (asked,))
    text = text_of(service, world.booking, "contract")
    assert "đặt cọc 30 % tổng giá trị, tương ứng 3.789.000 đ, chậm nhất ngày 02/03/2030" in text
    # The wording is approved, the prices are not yet the Centre's own.
    assert "Giá mẫu" in text


STEPS = [
    # (steps, words)
    ([Step(hours=0, percent=0)], ["at any time"]),
    (
        [Step(days=1, percent=0), Step(hours=0, percent=100)],
        ["one day or more", "less than one day"],
    ),
    (
        [Step(days=2, percent=0), Step(hours=12, percent=30), Step(hours=0, percent=50)],
        ["2 days or more", "from 12 hours to less than 2 days", "less than 12 hours"],
    ),
]


@pytest.mark.parametrize(("steps", "told"), STEPS)
def test_every_notice_has_its_words(service: Flask, steps: list[Step], told: list[str]) -> None:
    with service.test_request_context("/?lang=en"):
        assert contract.notices(steps) == told


def test_the_run_sheet_has_programme_people_and_times_of_set_up(service: Flask) -> None:
    world = set_up()
    text = text_of(service, world.booking, "run-sheet")
    for said in (
        "CHƯƠNG TRÌNH VÀ PHÂN CÔNG",
        "Đón khách",
        "09:00–09:30",
        "Khai mạc",
        "Ban tổ chức",
        "Lê Văn Cường",
        "0901 234 567",
        "08:00",  # the hall is set up an hour before
        "13:30",  # and struck half an hour after
        "Cần bục phát biểu.",
    ):
        assert said in text, said


def test_a_resource_is_set_up_before_and_struck_after() -> None:
    hall = build.Resource(turnaround_before_minutes=60, turnaround_after_minutes=30)
    assert run_sheet.around(hall, *MORNING) == (
        START - timedelta(hours=1),
        START + timedelta(hours=4, minutes=30),
    )


def test_a_run_sheet_without_programme_says_so(service: Flask) -> None:
    booking = build.a_booking(build.a_hall())
    text = text_of(service, booking, "run-sheet")
    assert "Chưa có chương trình chi tiết." in text
    assert "Chưa có người phụ trách nào được ghi." in text


def test_a_kit_is_packed_through_all_its_levels() -> None:
    parts = {1: [(2, 2), (3, 3)], 2: [(4, 2)]}
    packed = [(p.resource_id, p.quantity, p.depth) for p in packing_list.unpacked(1, 2, parts)]
    assert packed == [(1, 2, 0), (2, 4, 1), (4, 8, 2), (3, 6, 1)]


def test_a_circle_of_parts_is_followed_once() -> None:
    packed = [p.resource_id for p in packing_list.unpacked(1, 1, {1: [(2, 1)], 2: [(1, 1)]})]
    assert packed == [1, 2]


def test_the_packing_list_counts_every_piece(service: Flask) -> None:
    world = set_up()
    text = text_of(service, world.booking, "packing-list")
    for said in (
        "PHIẾU SOẠN HÀNG",
        "Bộ truyền hình KIT 2",
        "Máy quay 4K CAM 4",
        "Ống kính LENS 8",
        "Cáp SDI 50 m SDI 6",
        "Cáp SDI 50 m SDI 5",
        "07:00–14:00",
        "Tổng số món: 25",
        "Đường truyền 100 Mbps",
        "Đưa đến Hội trường lớn",
        "Người nhận",
    ):
        assert said in text, said


def test_what_went_out_already_is_named(service: Flask) -> None:
    world = set_up()
    with transaction():
        bookings.confirm(world.booking, by=world.desk)
        build.db.session.add(Asset(resource=world.camera, tag="CAM-007"))
        build.db.session.flush()
        went = [Piece(tag="CAM-007"), Piece(resource="LENS", quantity=3)]
        gone = handovers.hand_over_pieces(world.booking, went, by=world.desk)
        assert [one.refusal for one in gone] == [None, None]
    text = text_of(service, world.booking, "packing-list")
    assert "CAM-007" in text
    assert "3 chiếc đếm theo số lượng" in text


def test_what_was_typed_prints_as_it_was_typed(service: Flask) -> None:
    world = set_up(HOSTILE)
    for name in BY_NAME:
        text = text_of(service, world.booking, name)
        assert HOSTILE.replace(" ", "") in text.replace(" ", ""), name


def test_decomposed_letters_are_composed(service: Flask) -> None:
    booking = build.a_booking(build.a_hall(), title=NFD)
    with service.test_request_context():
        made = drawn(booking, "run-sheet", "vi").get_data()
    pages = pypdf.PdfReader(io.BytesIO(made)).pages
    assert unicodedata.normalize("NFC", NFD) in pages[0].extract_text()


def test_two_hundred_lines_take_pages_and_repeat_the_head(service: Flask) -> None:
    resources = [build.equipment(name=f"Thiết bị số {n}", tariff="camera") for n in range(200)]
    booking = build.a_booking(*resources)
    for name in BY_NAME:
        with service.test_request_context():
            made = drawn(booking, name, "vi").get_data()
        pages = pypdf.PdfReader(io.BytesIO(made)).pages
        assert len(pages) > 4, name
        assert all(booking.reference in page.extract_text() for page in pages)
        assert "Thiết bị số 199" in read(made)
        head = "Ghi nhận" if name == "readiness" else "Số lượng"
        assert read(made).count(head) >= 4


def test_what_no_list_prices_is_not_quoted(service: Flask) -> None:
    far = datetime(2019, 3, 5, 2, tzinfo=UTC)
    booking = build.a_booking(build.a_hall(), starts_at=far)
    with pytest.raises(NoPrice), service.test_request_context():
        drawn(booking, "quotation", "vi")


@pytest.mark.parametrize("status", ["declined", "cancelled", "expired"])
def test_what_is_over_before_it_began_has_no_papers(service: Flask, status: str) -> None:
    world = set_up()
    with transaction():
        world.member.password_hash = PASSWORD_HASH
        world.booking.status = BookingStatus(status)
    page = signed_in(service, world.member)
    place = f"/bookings/{world.booking.reference}"
    assert page.get(f"{place}/papers/contract.pdf").status_code == 409
    assert "Giấy tờ" not in page.get(place).get_data(as_text=True)


def test_a_unit_has_its_papers_and_the_store_its_list(service: Flask) -> None:
    world = set_up()
    with transaction():
        world.member.password_hash = world.desk.password_hash = PASSWORD_HASH
    place = f"/bookings/{world.booking.reference}"
    unit, desk = (signed_in(service, who) for who in (world.member, world.desk))
    shown = unit.get(place).get_data(as_text=True)
    assert f"{place}/papers/run-sheet.pdf" in shown
    assert "packing-list" not in shown
    assert f"{place}/papers/packing-list.pdf" in desk.get(place).get_data(as_text=True)
    found = unit.get(f"{place}/papers/quotation.pdf")
    assert (found.status_code, found.mimetype) == (200, "application/pdf")
    assert found.headers["Cache-Control"] == "no-store"
    assert unit.get(f"{place}/papers/packing-list.pdf").status_code == 403
    assert unit.get(f"{place}/papers/nothing.pdf").status_code == 404
    assert desk.get(f"{place}/papers/packing-list.pdf").status_code == 200


def test_the_english_copy_does_not_turn_the_pages_english(service: Flask) -> None:
    world = set_up()
    with transaction():
        world.member.password_hash = PASSWORD_HASH
    unit = signed_in(service, world.member)
    place = f"/bookings/{world.booking.reference}"
    english = unit.get(f"{place}/papers/contract.pdf?lang=en")
    assert "RENTAL CONTRACT" in read(english.get_data())
    assert 'lang="vi"' in unit.get(place).get_data(as_text=True)
    # And who reads English pages signs the Vietnamese contract.
    unit.get("/?lang=en")
    assert "HỢP ĐỒNG THUÊ" in read(unit.get(f"{place}/papers/contract.pdf").get_data())


def test_the_api_draws_the_same_papers(service: Flask) -> None:
    world = set_up()
    with transaction():
        bearers = {
            who: {"Authorization": f"Bearer {tokens.issue(member)}"}
            for who, member in (("unit", world.member), ("desk", world.desk))
        }
    place = f"/api/v1/bookings/{world.booking.reference}/papers"

    def ask(who: str, name: str) -> Any:
        return service.test_client().get(f"{place}/{name}", headers=bearers[who])

    found = ask("unit", "run-sheet.pdf?lang=en")
    assert (found.status_code, found.mimetype) == (200, "application/pdf")
    assert "RUN SHEET" in read(found.get_data())
    assert ask("desk", "packing-list.pdf").status_code == 200
    assert ask("unit", "packing-list.pdf").status_code == 403
    assert ask("unit", "nothing.pdf").status_code == 404
    assert ask("unit", "run-sheet.pdf?lang=fr").status_code == 422


def test_two_wordings_may_not_hold_on_one_day() -> None:
    one = terms.editions()[0]
    other = one.model_copy(update={"valid_from": date(2026, 1, 1)})
    with pytest.raises(BadDocument, match="two editions"):
        terms.require_no_overlap((one, other))
    with pytest.raises(terms.NoEdition):
        terms.edition_on((one,), date(2020, 1, 1))


def test_a_slip_in_the_wording_is_named_with_its_line(tmp_path: Any) -> None:
    written = (terms.FOLDER / "papers-sample.yml").read_text("utf-8")
    file = tmp_path / "papers.yml"
    file.write_text(written.replace("shows: [lines]", "shows: [rooms]"), "utf-8")
    with pytest.raises(BadDocument, match=r"papers\.yml, line \d+, contract\.articles\.0\.shows"):
        documents.read(file, Edition)


ENGLISH = [
    (0, "zero"),
    (13, "thirteen"),
    (21, "twenty-one"),
    (105, "one hundred and five"),
    (1_001, "one thousand and one"),
    (7_378, "seven thousand three hundred and seventy-eight"),
    (9_000_000, "nine million"),
    (12_630_000, "twelve million six hundred and thirty thousand"),
    (-5, "minus five"),
    (10**18, "one thousand quadrillion"),
]


@pytest.mark.parametrize(("number", "said"), ENGLISH)
def test_a_number_has_its_english_words(number: int, said: str) -> None:
    assert words.in_english(number) == said


def test_an_amount_ends_in_dong() -> None:
    assert words.amount_in_english(9_000_000) == "Nine million dong."
    with pytest.raises(words.TooLarge):
        words.in_english(10**18 + 1)
