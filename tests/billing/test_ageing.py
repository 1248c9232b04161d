"""How old debts are: bounds of the buckets, by unit, and the local day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from billing import ageing, invoices, payments
from billing.ageing import Bucket
from billing.money import Money
from config import clock
from config.database import db
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
    open_invoice.due_on = DUE
    db.session.flush()
    ((_unit, found),) = ageing.by_unit(DUE + timedelta(days=late)).items()
    assert found.amounts[bucket] == open_invoice.left == found.total
    assert found.count == 1


def test_only_what_is_left_of_open_invoices_counts(open_invoice, desk):
    payments.record(open_invoice, paid_by_transfer(1_000_000), by=desk)
    whole = ageing.summed(ageing.by_unit().values())
    assert whole.total == open_invoice.total - Money(1_000_000)
    assert [one.id for one in ageing.of_unit(open_invoice.unit)] == [open_invoice.id]
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
