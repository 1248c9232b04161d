"""Moving and lengthening on the calendar: by mouse, by keyboard, by finger; and who may not."""

from datetime import datetime

from flask import Flask
from playwright.sync_api import expect

from config.database import transaction
from rental import series, units
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind
from rental.period import Period
from rental.series import RequestedSeries
from tests.browser.axe import violations
from tests.browser.conftest import SignIn, picture
from tests.browser.timeline_steps import (
    DESK,
    MEMBER,
    STRANGER,
    bar,
    book,
    day_of,
    drag,
    lines_of,
    press,
)


def test_the_mouse_moves_a_bar_after_a_look_at_before_and_after(
    sign_in: SignIn, centre_app: Flask, complaints: list[str]
) -> None:
    day = day_of(228)
    reference = book(centre_app, "Dời bằng chuột", day, ("09:00", "11:00"), codes=["H100", "MIC"])
    page = sign_in(MEMBER)
    page.goto(f"/calendar?day={day}")
    drag(page, bar(page, reference), hours=2)
    dialog = page.locator("dialog#tl-move[open]")
    expect(dialog).to_contain_text("09:00–11:00")
    expect(dialog).to_contain_text("11:00–13:00")
    expect(dialog.locator(".tl-fits")).to_contain_text("Còn trống")
    assert violations(page, "dialog#tl-move") == []
    picture(page, "calendar-move")
    assert lines_of(centre_app, reference)[0][1] == f"{day} 09:00", (
        "nothing is saved before one says so"
    )
    dialog.get_by_role("button", name="Dời lịch").click()
    expect(page.locator("dialog#tl-move[open]")).to_have_count(0)
    expect(bar(page, reference)).to_be_focused()
    assert lines_of(centre_app, reference) == [
        ("H100", f"{day} 11:00", "13:00"),
        ("MIC", f"{day} 11:00", "13:00"),
    ]
    assert complaints == []


def test_the_mouse_takes_a_bar_to_another_hall_and_lengthens_it_at_its_edge(
    sign_in: SignIn, centre_app: Flask, complaints: list[str]
) -> None:
    day = day_of(229)
    reference = book(centre_app, "Sang phòng khác", day, ("09:00", "11:00"))
    page = sign_in(DESK)
    page.goto(f"/calendar?day={day}")
    drag(page, bar(page, reference), to="EXCH")
    page.locator("dialog#tl-move[open]").get_by_role("button", name="Dời lịch").click()
    expect(bar(page, reference, "EXCH")).to_be_focused()
    expect(bar(page, reference)).to_have_count(0)
    drag(page, bar(page, reference, "EXCH"), hours=1.25, at=1)
    dialog = page.locator("dialog#tl-move[open]")
    expect(dialog).to_contain_text("09:00–12:15")
    dialog.get_by_role("button", name="Dời lịch").click()
    expect(page.locator("dialog#tl-move[open]")).to_have_count(0)
    assert lines_of(centre_app, reference) == [("EXCH", f"{day} 09:00", "12:15")]
    assert complaints == []


def test_a_conflict_is_told_before_saving_and_the_bar_stays(
    sign_in: SignIn, centre_app: Flask
) -> None:
    day = day_of(230)
    ours = book(centre_app, "Của chúng tôi", day, ("08:00", "10:00"))
    book(centre_app, "Của đơn vị khác", day, ("13:00", "15:00"), email=STRANGER)
    page = sign_in(MEMBER)
    page.goto(f"/calendar?day={day}")
    drag(page, bar(page, ours), hours=5)
    dialog = page.locator("dialog#tl-move[open]")
    expect(dialog.locator("[data-conflicts]")).to_contain_text("H100")
    expect(dialog.get_by_role("button", name="Dời lịch")).to_be_disabled()
    assert "Của đơn vị khác" not in page.content()
    picture(page, "calendar-move-conflict")
    # Another hall at that time is free: the dialog's own fields say so at once.
    dialog.locator("#move-resource").select_option("EXCH")
    expect(dialog.locator(".tl-fits")).to_be_visible()
    press(page, "Escape")
    expect(bar(page, ours)).to_be_focused()
    expect(page.locator(".tl-ghost")).to_have_count(0)
    assert lines_of(centre_app, ours) == [("H100", f"{day} 08:00", "10:00")]


def test_the_keyboard_moves_and_lengthens_what_the_mouse_does(
    sign_in: SignIn, centre_app: Flask, complaints: list[str]
) -> None:
    day = day_of(231)
    reference = book(centre_app, "Dời bằng phím", day, ("09:00", "11:00"))
    page = sign_in(MEMBER)
    page.goto(f"/calendar?day={day}")
    page.locator(".tl-track").first.focus()
    codes = page.locator(".tl-track").evaluate_all("rows => rows.map(row => row.dataset.code)")
    press(page, *["ArrowDown"] * codes.index("H100"), "Tab")
    expect(bar(page, reference)).to_be_focused()
    live = page.locator(".tl-live")
    expect(live).to_contain_text("Nhấn Enter")
    press(page, "Enter")
    expect(page.locator(".tl-menu [data-open]")).to_be_focused()
    assert violations(page, ".tl-menu") == []
    press(page, "ArrowDown", "Enter")
    expect(live).to_contain_text("Đang dời")
    press(page, *["ArrowRight"] * 3)
    expect(live).to_contain_text("09:45–11:45")
    press(page, *["Shift+ArrowRight"] * 2)
    expect(live).to_contain_text("09:45–12:15: trống")
    press(page, "ArrowUp")
    expect(live).to_contain_text("50")
    press(page, "ArrowDown", "Enter")
    dialog = page.locator("dialog#tl-move[open]")
    expect(dialog.get_by_role("button", name="Dời lịch")).to_be_focused()
    press(page, "Enter")
    expect(page.locator("dialog#tl-move[open]")).to_have_count(0)
    expect(bar(page, reference)).to_be_focused()
    expect(live).to_contain_text("Đã dời lịch")
    assert lines_of(centre_app, reference) == [("H100", f"{day} 09:45", "12:15")]
    press(page, "ArrowRight", "Escape")
    expect(bar(page, reference)).to_be_focused()
    expect(live).to_contain_text("Chưa dời")
    assert lines_of(centre_app, reference) == [("H100", f"{day} 09:45", "12:15")]
    assert complaints == []


def test_of_two_who_move_the_same_bar_the_second_is_told(
    sign_in: SignIn, centre_app: Flask
) -> None:
    day = day_of(232)
    reference = book(centre_app, "Hai người cùng dời", day, ("09:00", "11:00"))
    first, second = sign_in(MEMBER), sign_in(DESK)
    for page in (first, second):
        page.goto(f"/calendar?day={day}")
    drag(second, bar(second, reference), hours=3)
    drag(first, bar(first, reference), hours=1)
    first.locator("dialog#tl-move[open]").get_by_role("button", name="Dời lịch").click()
    expect(first.locator("dialog#tl-move[open]")).to_have_count(0)
    dialog = second.locator("dialog#tl-move[open]")
    dialog.get_by_role("button", name="Dời lịch").click()
    expect(dialog.locator(".note[data-tone=bad]").first).to_be_visible()
    picture(second, "calendar-move-meanwhile")
    dialog.get_by_role("button", name="Giữ nguyên").click()
    # The bar stands where the first put it.
    expect(bar(second, reference)).to_have_attribute("data-from", f"{day}T10:00")
    assert lines_of(centre_app, reference) == [("H100", f"{day} 10:00", "12:00")]


def test_a_bar_of_a_series_asks_how_many_dates_follow_it(
    sign_in: SignIn, centre_app: Flask, complaints: list[str]
) -> None:
    day = day_of(224)
    with centre_app.app_context(), transaction():
        member = units.member_by_email(MEMBER)
        starts_at, ends_at = (
            datetime.fromisoformat(f"{day}T{hour}:00+07:00") for hour in ("19:00", "20:00")
        )
        lines = [WantedLine("EXCH", 1, Period(starts_at, ends_at))]
        wanted = RequestedBooking(member.unit, "Chuỗi dời bằng phím", EventKind.OTHER, lines)
        made = series.request(RequestedSeries(wanted, "FREQ=DAILY;COUNT=3"), by=member)
        references = [one.reference for one in series.live(made.series)]
    page = sign_in(MEMBER)
    page.goto(f"/calendar?day={day}")
    grip = bar(page, references[0], "EXCH")
    expect(grip.locator("svg")).to_have_count(2)
    grip.focus()
    press(page, "ArrowRight", "ArrowRight", "Enter")
    dialog = page.locator("dialog#tl-move[open]")
    expect(dialog.locator("#reach-this")).to_be_checked()
    dialog.locator("#reach-this").focus()
    press(page, "ArrowDown")
    expect(dialog.locator("#reach-following")).to_be_checked()
    expect(dialog.locator("#reach-following")).to_be_focused()
    expect(dialog).to_contain_text("19:30–20:30")
    assert violations(page, "dialog#tl-move") == []
    picture(page, "calendar-move-series")
    dialog.get_by_role("button", name="Dời lịch").press("Enter")
    expect(page.locator("dialog#tl-move[open]")).to_have_count(0)
    expect(bar(page, references[0], "EXCH")).to_be_focused()
    for number, reference in enumerate(references):
        assert lines_of(centre_app, reference) == [
            ("EXCH", f"{day_of(224 + number)} 19:30", "20:30")
        ]
    assert complaints == []


def test_what_is_not_ones_own_cannot_be_taken_hold_of(sign_in: SignIn, centre_app: Flask) -> None:
    day = day_of(233)
    reference = book(centre_app, "Không phải của bạn", day, ("09:00", "11:00"))
    page = sign_in(STRANGER)
    page.goto(f"/calendar?day={day}")
    expect(page.locator(".tl-track[data-code=H100] .is-taken")).to_have_count(1)
    expect(page.locator("[data-line]")).to_have_count(0)
    assert reference not in page.content()
    finance = sign_in("finance@centre.example")
    finance.goto(f"/calendar?day={day}")
    expect(bar(finance, reference)).to_have_count(1)
    expect(finance.locator("[data-line]")).to_have_count(0)


def test_a_finger_held_on_a_bar_opens_its_menu(sign_in: SignIn, centre_app: Flask) -> None:
    day = day_of(234)
    reference = book(centre_app, "Giữ ngón tay", day, ("08:00", "11:00"))
    page = sign_in(MEMBER, phone=True)
    page.goto(f"/calendar?day={day}")
    grip = bar(page, reference)
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    assert box is not None
    down = {"pointerType": "touch", "button": 0, "bubbles": True}
    grip.dispatch_event("pointerdown", {**down, "clientX": box["x"] + 9, "clientY": box["y"] + 9})
    menu = page.locator(".tl-menu")
    expect(menu).to_be_visible()
    picture(page, "calendar-menu-phone")
    menu.locator("[data-edit]").click()
    dialog = page.locator("dialog#tl-move[open]")
    dialog.locator("#move-starts").fill(f"{day}T14:00")
    expect(dialog.locator("#move-ends")).to_have_value(f"{day}T17:00")
    expect(dialog.locator(".tl-before-after")).to_contain_text("14:00–17:00")
    # An end before the start is told, and what was typed stays.
    dialog.locator("#move-ends").fill(f"{day}T13:00")
    expect(dialog.locator(".note[data-tone=bad]")).to_be_visible()
    expect(dialog.get_by_role("button", name="Dời lịch")).to_be_disabled()
    expect(dialog.locator("#move-starts")).to_have_value(f"{day}T14:00")
    dialog.locator("#move-ends").fill(f"{day}T17:00")
    expect(dialog.locator(".tl-fits")).to_be_visible()
    expect(dialog.locator(".note[data-tone=bad]")).to_have_count(0)
    picture(page, "calendar-move-phone")
    dialog.get_by_role("button", name="Dời lịch").click()
    expect(page.locator("dialog#tl-move[open]")).to_have_count(0)
    assert lines_of(centre_app, reference) == [("H100", f"{day} 14:00", "17:00")]
