"""What damage, loss and lateness are worth: a table, no database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from billing import compensation
from billing.compensation import CompensationTerms, Thing
from billing.money import Money
from rental.models import DamageKind, ResourceKind

DUE = datetime(2030, 3, 5, 6, tzinfo=UTC)
TERMS = CompensationTerms.model_validate(
    {
        "code": "t",
        "title": {"vi": "a", "en": "b"},
        "decision": "d",
        "source": "s",
        "valid_from": date(2024, 1, 1),
        "rates": [
            {"key": "CAM", "replacement": 1000, "repair": 100, "late_per_hour": 10},
            {"key": "camera", "replacement": 900, "repair_percent": 10},
            {"category": "video", "replacement": 800, "repair_percent": 12.5},
            {"kind": "equipment", "replacement": 7, "repair_percent": 50},
        ],
    }
)


@pytest.mark.parametrize(
    ("thing", "kind", "quantity", "minor"),
    [
        (Thing("CAM", ResourceKind.EQUIPMENT, "camera"), DamageKind.LOST, 2, 2000),  # code first
        (Thing("CAM", ResourceKind.EQUIPMENT), DamageKind.DAMAGED, 2, 200),
        (Thing("X", ResourceKind.EQUIPMENT, "camera", "video"), DamageKind.DAMAGED, 1, 90),
        (Thing("X", ResourceKind.EQUIPMENT, "mic", "video"), DamageKind.DAMAGED, 1, 100),
        (Thing("X", ResourceKind.EQUIPMENT), DamageKind.DAMAGED, 1, 4),  # 3.5, half up
        (Thing("X", ResourceKind.EQUIPMENT), DamageKind.DAMAGED, 2, 7),  # rounded once
        (Thing("X", ResourceKind.HALL), DamageKind.LOST, 1, 0),  # the list is silent
    ],
)
def test_the_nearest_rate_decides(thing, kind, quantity, minor):
    assert compensation.worth(TERMS, thing, kind, quantity) == Money(minor)


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [
        (-5, 0),
        (0, 0),
        (30, 0),  # exactly at the end of the grace
        (31, 1),
        (90, 1),  # the first hour is full, the second has not begun
        (91, 2),
    ],
)
def test_hours_begun_after_the_grace(minutes, hours):
    returned = DUE + timedelta(minutes=minutes)
    assert compensation.hours_late(DUE, returned, timedelta(minutes=30)) == hours


@pytest.mark.parametrize(
    "rate",
    [
        {"replacement": 1, "repair": 1},  # of nothing
        {"key": "A", "category": "b", "replacement": 1, "repair": 1},  # of two things
        {"key": "A", "replacement": 1},  # no repair
        {"key": "A", "replacement": 1, "repair": 1, "repair_percent": 3},
        {"key": "A", "replacement": -1, "repair": 1},
        {"key": "A", "replacement": 1, "repair_percent": 101},
    ],
)
def test_a_rate_that_says_too_little_or_too_much_is_refused(rate):
    with pytest.raises(ValidationError):
        CompensationTerms.model_validate({**TERMS.model_dump(), "rates": [rate]})


def test_the_shipped_terms_can_be_read():
    assert compensation.terms_on(compensation.terms(), date(2026, 11, 26)) is not None
    assert compensation.terms_on(compensation.terms(), date(2020, 1, 1)) is None
