"""The books of a month and its closing, over the API."""

from datetime import timedelta

import pytest

from config import clock
from tests.api.conftest import booking

REPORTS = ("vat", "revenue", "deferred", "journal")


@pytest.fixture
def month():
    """This month, in which the invoice below is dated."""
    return f"{clock.today():%Y-%m}"


@pytest.fixture
def invoice(centre):
    """An issued invoice for a service of 2030: its revenue is deferred."""
    path = f"/bookings/{centre.member.post('/bookings', booking()).json['reference']}"
    assert centre.desk.post(f"{path}/confirm").status_code == 200
    return centre.finance.post(f"{path}/invoice").json


def test_the_reports_of_a_month_say_one_thing(centre, invoice, month):
    [row] = centre.finance.get(f"/reports/vat?month={month}").json["items"]
    assert (row["number"], row["invoice"]) == (invoice["number"], invoice["id"])
    assert (row["net"], row["vat"]) == (invoice["net"], invoice["vat_total"])
    deferred = centre.finance.get(f"/reports/deferred?month={month}").json
    assert deferred["deferred"] == invoice["net"]
    revenue = centre.finance.get(f"/reports/revenue?month={month}").json
    assert (revenue["total"]["minor"], revenue["services"]) == (0, [])
    later = centre.finance.get("/reports/revenue?month=2030-03").json
    assert later["total"] == invoice["net"]
    entries = centre.finance.get(f"/reports/journal?month={month}").json["items"]
    assert entries
    for entry in entries:
        assert sum(one["amount"]["minor"] for one in entry["postings"]) == 0


@pytest.mark.parametrize("report", REPORTS)
def test_reports_are_for_finance_and_leaders(centre, report):
    assert centre.finance.get(f"/reports/{report}").status_code == 200
    assert centre.director.get(f"/reports/{report}").status_code == 200
    for caller in (centre.member, centre.head, centre.desk, centre.stranger):
        assert caller.get(f"/reports/{report}").status_code == 403
    for wrong in ("2026-13", "x", "1999-01"):
        assert centre.finance.get(f"/reports/{report}?month={wrong}").status_code == 422


def test_finance_closes_a_month_that_is_over_once(centre, invoice, month):
    before = f"{clock.today().replace(day=1) - timedelta(days=1):%Y-%m}"
    path = f"/closing/{before}"
    assert centre.director.get(path).json["is_closed"] is False
    assert centre.member.get(path).status_code == 403
    assert centre.director.post(path).status_code == 403
    closed = centre.finance.post(path)
    assert (closed.status_code, closed.json["is_closed"]) == (201, True)
    assert closed.headers["Location"].endswith(path)
    assert centre.finance.get(path).json == closed.json
    assert centre.finance.post(path).status_code == 409
    # This month is not over.
    assert centre.finance.post(f"/closing/{month}").status_code == 409
    assert centre.finance.get("/closing/2026-13").status_code == 422
