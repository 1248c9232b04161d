"""Pricing in one process, without a database: bookings of eight lines in three VAT groups.

`python -m benchmarks.pricing [BOOKINGS]` (10 000 unless given). Every booking rents two halls, five
kinds of equipment and a circuit, each at another time; the VAT rates of the benchmark put them into
three groups. Three lists of prices: plain ones; with weekends, evenings, over-time and add-ons; and
plain ones with two discounts and a deposit on top.
"""

import resource
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from billing import deposits, pricing, quotes, reductions, tariff, vat
from billing.money import Money
from billing.pricing import Priced, Rented
from billing.quotes import Quote, QuoteLine
from billing.reductions import Reduction
from billing.vat import Taxable, VatCode
from config.clock import LOCAL
from rental.models import ResourceKind, UnitClass
from rental.period import Period

HALL, GEAR, LINE = ResourceKind.HALL, ResourceKind.EQUIPMENT, ResourceKind.CIRCUIT
THINGS = (
    ("H100", HALL, None),
    ("STUDIO", HALL, "broadcast_studio"),
    ("CAM", GEAR, "camera"),
    ("ENC", GEAR, "encoder"),
    ("MIC", GEAR, "microphone"),
    ("PROJ", GEAR, "projector"),
    ("SPK", GEAR, None),
    ("L1", LINE, None),
)
GROUPS = {"hall_hire": VatCode.TEN, "equipment_hire": VatCode.EIGHT, "telecom": VatCode.FIVE}
DAY = date(2026, 12, 1)
OFF = (
    Reduction("Khách quen", percent=Decimal("7.5")),
    Reduction("Hỗ trợ", amount=Money(123_457)),
)


def booking(chance: Random, *, rich: bool) -> list[Rented]:
    """Eight lines of a day of the next year."""
    starts_at = datetime(2026, 12, 1, 8, tzinfo=LOCAL) + timedelta(days=chance.randrange(365))
    lines = []
    for code, kind, key in THINGS:
        first = starts_at + timedelta(minutes=15 * chance.randrange(40))
        period = Period(first, first + timedelta(minutes=15 * chance.randrange(4, 60)))
        mbps = 200 if kind is LINE else None
        named = key if rich or key != "broadcast_studio" else "meeting_room"
        add_ons = ("sound_light",) if rich and code == "H100" else ()
        pieces = chance.randrange(1, 5)
        lines.append(Rented(code, kind, period, pieces, named, mbps, add_ons=add_ons))
    return lines


def taxed(wanted: list[Rented], priced: list[Priced]) -> Quote:
    """Net and tax of the lines, a group for each of the three rates."""
    amounts = [Taxable(one.amount, GROUPS[one.service], one.tax_inclusive) for one in priced]
    lines = zip(wanted, priced, vat.tax(amounts), strict=True)
    return Quote(tuple(QuoteLine(*line) for line in lines), DAY, UnitClass.OTHER)


def plainly(wanted: list[Rented]) -> Quote:
    """Each line by the lists of its day, then the tax."""
    lists = tariff.tariffs()
    priced = [
        pricing.price(lists, UnitClass.OTHER, one, quotes.first_day(one.period)) for one in wanted
    ]
    return taxed(wanted, priced)


def reduced(wanted: list[Rented]) -> Quote:
    """The same with two discounts, and what is asked in advance."""
    quote = plainly(wanted)
    full = [(place, line.priced) for place, line in enumerate(quote.lines)]
    found = taxed(wanted, [one.priced for one in reductions.applied(full, OFF)])
    deposits.asked(deposits.terms(), found, DAY)
    return found


def measured(name: str, count: int, reckon: Callable[[list[Rented]], Quote], *, rich: bool) -> None:
    """Print one row of the table."""
    chance = Random(1)
    bookings = [booking(chance, rich=rich) for _ in range(count)]
    reckon(bookings[0])
    cpu, wall = time.process_time(), time.perf_counter()
    totals, groups = 0, 0
    for wanted in bookings:
        quote = reckon(wanted)
        groups = max(groups, len(quote.vat))
        totals += quote.total.minor
        if quote.total.minor != sum(line.taxed.total.minor for line in quote.lines):
            raise AssertionError("the lines do not add up to the total")
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(
        f"| {name} | {count} × {len(THINGS)} × {groups} | {wall:.2f} s | {cpu:.2f} s "
        f"| {1000 * cpu / count:.2f} ms | {count * len(THINGS) / cpu:,.0f} | {totals:,} đ |"
    )


def main() -> None:
    """The three rows, and the memory at the end."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print("| prices | bookings × lines × groups | wall | CPU | CPU a booking | lines/s | total |")
    print("|---|---|---|---|---|---|---|")
    measured("plain", count, plainly, rich=False)
    measured("evenings, weekends, over-time, add-ons", count, plainly, rich=True)
    measured("plain, two discounts, deposit", count, reduced, rich=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
