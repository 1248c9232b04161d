"""How old debts are: bounds of the buckets, by unit, and the local day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from billing import ageing, invoices, payments, statements, write_offs
from billing.ageing import Bucket
from billing.money import Money
from config import clock
from config.database import db
from rental.models import Role
from tests import build
from tests.billing.steps import paid_by_transfer

DUE = date(2026, 11, 10)


@pytest.mark.parametrize(
    ("late", "bucket"),
    [
        (-5, Bucket.NOT_DUE),
        (0, Bucket.NOT_DUE),  # the due day itself is in time
        (1, Bucket.TO_30),
        (30, Bucket.TO_30),
        (31, Bucket.TO_60),
        (60, Bucket.TO_60),
        (61, Bucket.TO_90),
        (90, Bucket.TO_90),
        (91, Bucket.OLDER),
        (4000, Bucket.OLDER),
    ],
)
def test_the_buckets_begin_and_end_on_their_days(late, bucket, open_invoice):
    assert ageing.bucket_of(DUE, DUE + timedelta(days=late)) is bucket
    # The database reckons as the rule does.
    open_invoice.due_on = clock.today() - timedelta(days=late)
    db.session.flush()
    ((_unit, found),) = ageing.by_unit().items()
    assert found.amounts[bucket] == open_invoice.left == found.total
    assert found.count == 1


def test_only_what_is_left_of_open_invoices_counts(open_invoice, desk):
    payments.record(open_invoice, paid_by_transfer(1_000_000), by=desk)
    whole = ageing.summed(ageing.by_unit().values())
    assert whole.total == open_invoice.total - Money(1_000_000)
    (one,) = ageing.of_unit(open_invoice.unit)
    assert (one.invoice, one.left) == (open_invoice, open_invoice.left)
    invoices.write_off(open_invoice, by=desk, reason="giải thể")
    assert ageing.by_unit() == {}
    assert ageing.of_unit(open_invoice.unit) == []


def test_midnight_in_ho_chi_minh_city_makes_it_overdue(open_invoice):
    # 17:00 UTC is midnight there.
    due = open_invoice.due_on
    before = datetime(due.year, due.month, due.day, 16, 59, tzinfo=UTC)
    with clock.standing_at(before):
        assert not ageing.summed(ageing.by_unit().values()).overdue
    with clock.standing_at(before + timedelta(minutes=1)):
        assert ageing.summed(ageing.by_unit().values()).overdue == open_invoice.left


def test_a_day_gone_by_shows_what_was_open_at_its_end(open_invoice, desk):
    unit, whole = open_invoice.unit, open_invoice.total
    issued = clock.today()
    start = clock.now()
    with clock.standing_at(start + timedelta(days=20)):
        payment = payments.record(open_invoice, paid_by_transfer(1_000_000), by=desk)
    with clock.standing_at(start + timedelta(days=40)):
        payments.reverse(payment, by=desk, reason="nhầm")
    with clock.standing_at(start + timedelta(days=60)):
        payments.record(open_invoice, paid_by_transfer(whole.minor, "FT2"), by=desk)
    left = {
        -1: None,  # it was not issued yet
        0: whole,
        19: whole,
        20: whole - Money(1_000_000),
        39: whole - Money(1_000_000),
        40: whole,  # taken back
        59: whole,
        60: None,  # paid
    }
    with clock.standing_at(start + timedelta(days=80)):
        for days, expected in left.items():
            day = issued + timedelta(days=days)
            found = ageing.by_unit(day)
            assert (found[unit].total if found else None) == expected, days
            assert [one.left for one in ageing.of_unit(unit, day)] == [expected] * bool(expected)
        overdue = ageing.by_unit(issued + timedelta(days=50))[unit]
    assert overdue.amounts[Bucket.TO_60] == whole


def test_what_was_given_up_by_then_is_left_out_from_then_on(open_invoice, desk):
    start, issued = clock.now(), clock.today()
    finance = build.a_member(role=Role.FINANCE)
    proposal = write_offs.propose(open_invoice, reason="giải thể", by=finance)
    with clock.standing_at(start + timedelta(days=30)):
        write_offs.approve(proposal, by=desk)
    with clock.standing_at(start + timedelta(days=60)):
        assert ageing.by_unit(issued + timedelta(days=29))
        assert not ageing.by_unit(issued + timedelta(days=30))
        before = statements.of(open_invoice.unit, issued, issued + timedelta(days=29))
        after = statements.of(open_invoice.unit, issued, issued + timedelta(days=30))
    assert (before.given_up, before.aged.total) == (Money(0), open_invoice.total)
    assert (after.given_up, after.aged.total) == (open_invoice.total, Money(0))
