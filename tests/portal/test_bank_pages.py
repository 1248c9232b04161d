"""The bank's statements as finance meets them on pages."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from billing import invoices
from billing.bank import matches
from billing.models import (
    BankEntry,
    BankStatement,
    EntryState,
    Invoice,
    InvoiceStatus,
    Payment,
)
from config import clock
from config.database import db, transaction
from portal.rounds import bank_matching
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind, Member, Role
from rental.period import Period
from tests import build
from tests.billing.bank_files import ACCOUNT, CSV_COLUMNS, camt, csv
from tests.portal.conftest import signed_in, token_of

STARTS = datetime(2030, 3, 5, 2, 0, tzinfo=clock.LOCAL)


@pytest.fixture
def finance(service: Flask, person: Callable[..., Member]) -> FlaskClient:
    return signed_in(service, person(role=Role.FINANCE))


@pytest.fixture
def owed(service: Flask, person: Callable[..., Member]) -> Invoice:
    """An open invoice of a unit with a name that could hurt a page."""
    member, desk = person(role=Role.HEAD), person(role=Role.DESK)
    with transaction():
        member.unit.name = "Báo <b>Sao</b> Mai"
        build.a_hall(code="H100")
        lines = [WantedLine("H100", 1, Period(STARTS, STARTS + timedelta(hours=4)))]
        booking = bookings.request(
            RequestedBooking(member.unit, "Họp báo", EventKind.OTHER, lines), by=member
        )
        bookings.confirm(booking, by=desk)
        return invoices.issue(invoices.draft_for(booking), by=desk)


def send(client: FlaskClient, path: str, content: str, **fields: str) -> Any:
    return client.post(
        path,
        data={
            "file": (io.BytesIO(content.encode()), "sao-ke.xml"),
            "csrf_token": token_of(client),
            **fields,
        },
        content_type="multipart/form-data",
        follow_redirects=True,
    )


def press(client: FlaskClient, path: str, **fields: Any) -> str:
    answer = client.post(
        path, data={"csrf_token": token_of(client), **fields}, follow_redirects=True
    )
    return answer.get_data(as_text=True)


def statement(*rows: tuple[int, str, str]) -> str:
    day = clock.today() - timedelta(days=1)
    return camt(*((day, a, f"FT{i}", who, text) for i, (a, text, who) in enumerate(rows)))


def entry() -> BankEntry:
    db.session.rollback()
    return db.session.scalars(sa.select(BankEntry).order_by(BankEntry.id)).first()  # type: ignore[return-value]


def test_a_statement_is_sent_in_and_what_is_certain_is_paid(finance, owed):
    told = statement((owed.total_minor, f"TT {owed.reference}", ""), (5_000, "tien", "AN"))
    page = send(finance, "/bank?lang=en", told).get_data(as_text=True)
    assert "Matched by themselves: 1." in page
    assert "Nothing that is owed fits." in page
    assert finance.get("/bank").status_code == 200
    db.session.rollback()
    assert db.session.get_one(Invoice, owed.id).status is InvoiceStatus.PAID


def test_a_suggestion_is_accepted_and_undone(finance, owed):
    send(finance, "/bank?lang=en", statement((owed.total_minor - 1_000, owed.reference, "AN")))
    page = finance.get("/bank/entries").get_data(as_text=True)
    assert "Báo &lt;b&gt;Sao&lt;/b&gt; Mai" in page
    assert "<b>Sao</b>" not in page
    page = press(finance, f"/bank/entries/{entry().id}/match", suggestion="1")
    assert "Matched: " in page
    page = press(finance, f"/bank/entries/{entry().id}/match", suggestion="1")
    assert "A colleague has decided" in page
    press(finance, f"/bank/entries/{entry().id}/undo", reason="")
    assert entry().state.value == "matched"
    assert "Undone." in press(finance, f"/bank/entries/{entry().id}/undo", reason="Nhầm")
    assert "Nhầm" in finance.get(f"/bank/entries/{entry().id}").get_data(as_text=True)


def test_the_search_finds_without_marks_and_a_split_pays_a_part(finance, owed):
    send(finance, "/bank?lang=en", statement((5_000_000, "tien", "AN")))
    path = f"/bank/entries/{entry().id}"
    for q in ("bao sao", owed.display_number, owed.reference, str(owed.number)):
        assert owed.display_number in finance.get(path, query_string={"q": q}).get_data(
            as_text=True
        )
    assert "Nothing that is owed is found" in finance.get(f"{path}?q=xyz").get_data(as_text=True)
    wrong = press(finance, f"{path}/match", invoice=owed.id, **{f"share-{owed.id}": "1.5x"})
    assert "whole đồng" in wrong
    assert "Choose a suggestion" in press(finance, f"{path}/match")
    press(finance, f"{path}/match", invoice=owed.id, **{f"share-{owed.id}": "3.000.000"})
    db.session.rollback()
    assert db.session.get_one(Invoice, owed.id).paid_minor == 3_000_000


def test_all_of_it_is_kept_as_a_units_balance(finance, owed):
    send(finance, "/bank", statement((5_000_000, "tien", "AN")))
    press(finance, f"/bank/entries/{entry().id}/match", unit=owed.unit_id)
    db.session.rollback()
    (payment,) = db.session.scalars(sa.select(Payment))
    assert (payment.unit_id, payment.unspent.minor) == (owed.unit_id, 5_000_000)


def test_a_booking_is_ignored_with_a_reason(finance):
    send(finance, "/bank?lang=en", statement((5_000, "lai", "")))
    path = f"/bank/entries/{entry().id}"
    assert "Say why" in press(finance, f"{path}/ignore", reason=" ")
    assert "Ignored." in press(finance, f"{path}/ignore", reason="Lãi <i>tiền</i> gửi")
    page = finance.get("/bank/entries?state=ignored").get_data(as_text=True)
    assert "Lãi &lt;i&gt;tiền&lt;/i&gt; gửi" in page


def test_what_waits_is_looked_at_again_when_an_invoice_came(finance, owed):
    send(finance, "/bank?lang=en", statement((owed.total_minor, "tien", "")))
    with transaction():
        entry().text = f"TT {owed.reference}"
    assert "Matched by themselves: 1." in press(finance, "/bank/entries/again")


def test_csv_asks_for_its_columns_shows_a_preview_and_keeps_them(finance):
    told = csv(("20/11/2026", "", "7.000", "", "TT <b>IV</b>", "AN", "FT1"))
    page = send(finance, "/bank?lang=en", told, account=ACCOUNT).get_data(as_text=True)
    assert "Say once what its columns are" in page
    assert f'value="{ACCOUNT}"' in page
    columns = {**CSV_COLUMNS, "balance": "", "account": ACCOUNT}
    styles = {"decimal": ",", "thousands": ".", "date_format": "dd/mm/yyyy", "currency": "VND"}
    looked = send(finance, "/bank/mapping/preview", told, **columns, **styles).get_data(
        as_text=True
    )
    assert "As it would be read" in looked
    assert "TT &lt;b&gt;IV&lt;/b&gt;" in looked
    assert 'value="Nội dung"' in looked
    wrong = send(finance, "/bank/mapping/preview", told, **columns, **{**styles, "decimal": "."})
    assert "two different signs" in wrong.get_data(as_text=True)
    assert "Ngày giao dịch" in wrong.get_data(as_text=True)
    assert db.session.scalar(sa.select(sa.func.count(BankStatement.id))) == 0
    done = send(finance, "/bank/mapping", told, **columns, **styles).get_data(as_text=True)
    assert "1 new, 0 known already" in done
    again = csv(("21/11/2026", "", "8.000", "", "TT", "AN", "FT2"))
    assert "1 new" in send(finance, "/bank", again, account=ACCOUNT).get_data(as_text=True)


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"booked_on": ""}, "Day of the booking"),
        ({"credit": ""}, "one column of amounts"),
        ({"account": " "}, "which account"),
        ({"date_format": "%s"}, "date_format"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_in_words(finance, over, says):
    told = csv(("20/11/2026", "", "7.000", "", "TT", "AN", "FT1"))
    fields = {
        **CSV_COLUMNS, "balance": "", "account": ACCOUNT, "decimal": ",", "thousands": ".",
        "date_format": "dd/mm/yyyy", "currency": "VND", **over,
    }  # fmt: skip
    page = send(finance, "/bank/mapping?lang=en", told, **fields).get_data(as_text=True)
    assert says in page


@pytest.mark.parametrize("content", ["PK\x03\x04", "<!DOCTYPE a []><a/>", "", "7" * 11_000_000])
def test_a_hostile_file_is_refused_and_nothing_is_written(finance, content):
    assert send(finance, "/bank", content).status_code in (413, 422)
    assert db.session.scalar(sa.select(sa.func.count(BankStatement.id))) == 0


def test_a_long_statement_stands_at_once_and_is_matched_step_by_step(finance, owed, monkeypatch):
    monkeypatch.setattr(matches, "AT_ONCE", 2)
    told = statement((owed.total_minor, owed.reference, ""), (5_000, "a", ""), (6_000, "b", ""))
    page = send(finance, "/bank?lang=en", told).get_data(as_text=True)
    assert "3 new, 0 known already." in page
    assert "0 of 3 bookings of the bank are looked at." in page
    assert entry().state is EntryState.UNMATCHED
    with transaction():
        assert matches.step(1).matched == 1
    page = finance.get("/bank/progress").get_data(as_text=True)
    assert "1 of 3 bookings of the bank are looked at." in page
    bank_matching.match_bank_entries()
    page = finance.get("/bank/progress").get_data(as_text=True)
    assert "All bookings of the bank are looked at." in page
    assert "hx-trigger" not in page
    db.session.rollback()
    assert db.session.get_one(Invoice, owed.id).status is InvoiceStatus.PAID
    # Nothing of it is received a second time, and nothing waits to be looked at.
    assert bank_matching.work() == matches.Counts()
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 1


def test_a_long_queue_is_looked_at_again_by_a_worker(finance, owed, monkeypatch):
    rows = [(owed.total_minor, "tien", ""), (5_000, "a", "")]
    send(finance, "/bank?lang=en", statement(*rows))
    with transaction():
        entry().text = f"TT {owed.reference}"
    monkeypatch.setattr(matches, "AT_ONCE", 1)
    assert "0 of 2 bookings" in press(finance, "/bank/entries/again")
    assert bank_matching.work() == matches.Counts(matched=1, queued=1)
