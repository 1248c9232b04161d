"""Counters, buckets, the index and its price."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import evidence_seal, metered, traffic_files
from billing.errors import BadTraffic, NoBuckets
from billing.metered import Bucket, CounterReading, Definition, Direction
from billing.money import Money
from rental.period import Period

START = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)
DAY = Period(START, START + timedelta(days=1))
FIVE = timedelta(minutes=5)
DEFINITION = Definition(
    code="test",
    committed_mbps=100,
    price_per_mbps=45_000,
    service="telecom",
    minimum_coverage_percent=95,
    longest_gap_seconds=900,
    source="test",
)


def counted(
    mbps: list[float], *, port: str = "Gi0/1", out: float = 0, speed: int | None = None
) -> list[CounterReading]:
    """Readings every five minutes of a port that moved so many Mbps in each interval."""
    total, sent = 0, 0
    found = [CounterReading(port, START, 0, 0, speed)]
    for number, rate in enumerate(mbps, start=1):
        total += int(rate * 1_000_000 * 300 / 8)
        sent += int(out * 1_000_000 * 300 / 8)
        found.append(CounterReading(port, START + number * FIVE, total, sent, speed))
    return found


def window(count: int) -> Period:
    return Period(START, START + count * FIVE)


def test_ports_are_summed_in_each_bucket_before_sorting() -> None:
    # Each port is busy in another half: summed first the circuit never exceeds 60.
    one, other = [50.0] * 10 + [10.0] * 10, [10.0] * 10 + [50.0] * 10
    readings = counted(one) + counted(other, port="Gi0/2")
    found = metered.bucketed(readings, window(20), DEFINITION)
    assert metered.index_of(found.buckets, DEFINITION) == 60_000_000
    assert found.ports == ("Gi0/1", "Gi0/2")


@pytest.mark.parametrize(
    ("direction", "index"),
    [(Direction.IN, 50_000_000), (Direction.OUT, 70_000_000), (Direction.MAX, 70_000_000)],
)
def test_the_direction_is_the_contracts(direction: Direction, index: int) -> None:
    found = metered.bucketed(counted([50.0] * 10, out=70), window(10), DEFINITION)
    asked = DEFINITION.model_copy(update={"direction": direction})
    assert metered.index_of(found.buckets, asked) == index


def test_missing_is_not_zero_and_gaps_are_named() -> None:
    readings = counted([80.0] * 20)
    kept = [one for number, one in enumerate(readings) if not 5 <= number <= 9]
    found = metered.bucketed(kept, window(20), DEFINITION)
    assert (found.measured, len(found.buckets)) == (14, 20)
    assert found.gaps == [Period(START + 4 * FIVE, START + 10 * FIVE)]
    assert metered.index_of(found.buckets, DEFINITION) == 80_000_000
    assert not metered.is_covered(found, DEFINITION)


def test_one_missing_port_leaves_the_circuits_bucket_unmeasured() -> None:
    readings = counted([10.0] * 10) + counted([10.0] * 4, port="Gi0/2")
    assert metered.bucketed(readings, window(10), DEFINITION).measured == 4


def test_a_counter_that_falls_was_reset_and_never_ran_over() -> None:
    readings = counted([10.0] * 6)
    fallen = readings[:3] + [
        CounterReading(r.port, r.at, r.in_octets - readings[3].in_octets + 5, r.out_octets)
        for r in readings[3:]
    ]
    found = metered.bucketed(fallen, window(6), DEFINITION)
    assert found.resets == 1
    assert [one.is_measured for one in found.buckets] == [True, True, False, True, True, True]


def test_no_interface_is_faster_than_its_speed() -> None:
    readings = counted([90.0, 5_000.0, 90.0], speed=1_000_000_000)
    found = metered.bucketed(readings, window(3), DEFINITION)
    assert [one.in_bps for one in found.buckets] == [90_000_000, 1_000_000_000, 90_000_000]
    assert found.capped == 1


def test_polls_between_the_marks_are_spread_over_their_time() -> None:
    # 3 minutes of 80 Mbps before the mark, then 7 at 40.
    bits = [0, 80_000_000 * 180, 80_000_000 * 180 + 40_000_000 * 420]
    ats = [START, START + timedelta(minutes=3), START + timedelta(minutes=10)]
    readings = [CounterReading("p", at, one // 8, 0) for at, one in zip(ats, bits, strict=True)]
    found = metered.bucketed(readings, window(2), DEFINITION)
    assert [one.in_bps for one in found.buckets] == [64_000_000, 40_000_000]


def test_a_port_that_says_two_things_at_once_is_refused() -> None:
    with pytest.raises(BadTraffic, match="two things"):
        metered.bucketed([*counted([1.0]), CounterReading("Gi0/1", START, 9, 9)], DAY, DEFINITION)
    with pytest.raises(NoBuckets):
        metered.bucketed([], DAY, DEFINITION)


@pytest.mark.parametrize(
    ("index", "part", "quantity", "amount", "reason"),
    [
        (100_000_000, 1, "0.0000", 0, "exactly what is committed"),
        (143_270_000, 1, "43.2700", 1_947_150, "43.27 × 45 000"),
        (143_270_000, 2, "21.6350", 973_575, "half the month"),
        (99_999_999, 1, "0.0000", 0, "below it is free"),
        (100_000_001, 1, "0.0000", 0, "a bit beyond is none of four digits"),
    ],
)
def test_what_lies_beyond_is_priced(
    index: int, part: int, quantity: str, amount: int, reason: str
) -> None:
    month = Period(START, START + timedelta(days=30))
    rented = Period(START, START + timedelta(days=30 // part))
    found = metered.price(DEFINITION, index, rented, month)
    assert (found.quantity, found.amount) == (Decimal(quantity), Money(amount)), reason


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=40), st.integers(1, 900))
def test_no_bit_is_lost_or_made_between_readings(moved: list[int], seconds: int) -> None:
    total, readings = 0, [CounterReading("p", START, 0, 0)]
    for number, octets in enumerate(moved, start=1):
        total += octets
        at = START + timedelta(seconds=number * seconds)
        readings.append(CounterReading("p", at, total, 0))
    whole = Period(START, readings[-1].at)
    meter = metered.bucketed(readings, whole, DEFINITION)
    assert meter.gaps == []
    bits = sum(
        (one.in_bps or 0) * (meter.span(number).duration // timedelta(microseconds=1))
        for number, one in enumerate(meter.buckets)
    )
    # Rates are whole bits per second, rounded down: at most one a second is not told.
    longest = len(meter.buckets) * DEFINITION.interval_seconds
    assert total * 8 - longest <= bits // 1_000_000 <= total * 8


def test_the_same_evidence_gives_the_same_seal_and_opens_again() -> None:
    found = metered.bucketed(counted([50.0] * 3 + [60.0]), window(4), DEFINITION)
    plain = evidence_seal.canonical(found, DEFINITION, "BK-1")
    sealed = evidence_seal.seal(plain, "")
    assert evidence_seal.opened(sealed.content) == plain
    assert evidence_seal.seal(plain, "") == sealed
    assert evidence_seal.seal(plain, sealed.seal).seal != sealed.seal
    assert evidence_seal.buckets_of(plain) == list(found.buckets)
    spans = list(evidence_seal.spans_of(evidence_seal.head_of(plain), found.buckets))
    assert spans[1] == (Period(START + FIVE, START + 2 * FIVE), Bucket(50_000_000, 0))


HEAD = b"port,at,in_octets,out_octets,speed_bps\n"


def test_counters_are_read_from_csv() -> None:
    text = HEAD + b"Gi0/1,2026-11-01T00:05:00+07:00,100,200,\r\n"
    at = datetime(2026, 10, 31, 17, 5, tzinfo=UTC)
    assert traffic_files.readings_of(text) == [CounterReading("Gi0/1", at, 100, 200)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfeport", "UTF-8"),
        (b"port,at\n", "in_octets"),
        (HEAD + b"Gi0/1,2026-11-01T00:05:00,1,2,\n", "offset"),
        (HEAD + b"Gi0/1,yesterday,1,2,\n", "ISO 8601"),
        (HEAD + b"Gi0/1,2026-11-01T00:05:00Z,-1,2,\n", "whole number"),
        (HEAD + b"Gi0/1,2026-11-01T00:05:00Z,1.5,2,\n", "whole number"),
        (HEAD + b"Gi0/1,2026-11-01T00:05:00Z,18446744073709551616,2,\n", "2\\^64"),
        (HEAD + b"Gi0/1,2026-11-01T00:05:00Z,1\n", "whole number"),
        (HEAD + b",2026-11-01T00:05:00Z,1,2,\n", "port"),
        (b"PK\x03\x04\0\0", "no text"),
    ],
)
def test_wrong_counters_are_refused_with_their_line(content: bytes, reason: str) -> None:
    with pytest.raises(BadTraffic, match=reason):
        traffic_files.readings_of(content)


def test_every_day_has_terms_and_they_freeze_for_a_circuit() -> None:
    found = metered.terms_on(metered.terms(), date(2026, 11, 26))
    assert found is not None
    assert found.frozen_for(200).committed_mbps == 200
    with pytest.raises(BadTraffic, match="Mbps"):
        found.frozen_for(None)
