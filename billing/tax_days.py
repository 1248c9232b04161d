"""The day whose VAT rate a service bears. Pure.

Decree 254/2026 Art. 9(2): the day a service is completed, or that of receipt of payment where it is
paid before or during. An invoice that goes out before completion asks for such a payment, and bears
the rate of its own day; one that goes out later bears the rate of completion. So no invoice is
dated back: its number and date are of the day of issue, and only the rate looks back.

Decree 254/2026 Art. 9(4)(a): a periodic service is invoiced when its month is reconciled, by the
7th of the next month. So a month bears the rate of the day of its reconciliation, or of the 7th
where it is reconciled later.
"""

from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from config import clock

LAST_DAY = 7


class Month(Protocol):
    """A calendar month by its first day, and when it was reconciled."""

    first: date
    reconciled_at: datetime | None


def due(first: date) -> date:
    """The day by which a month of a periodic service is reconciled and invoiced."""
    return (first.replace(day=1) + timedelta(days=32)).replace(day=LAST_DAY)


def of_month(month: Month, zone: ZoneInfo = clock.LOCAL) -> date | None:
    """The day of reconciliation, or the 7th of the next month where that comes first."""
    if month.reconciled_at is None:
        return None
    return min(month.reconciled_at.astimezone(zone).date(), due(month.first))


def of(completed_at: datetime, issued_on: date, zone: ZoneInfo = clock.LOCAL) -> date:
    """Completion, or the day of issue where that comes first."""
    return min(completed_at.astimezone(zone).date(), issued_on)
