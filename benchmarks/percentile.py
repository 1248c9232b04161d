"""How long the 95th percentile of many circuits takes: pure arithmetic, one process.

`python -m benchmarks.percentile [CIRCUITS] [BUCKETS]`, 500 × 8 928 (31 days of 5 minutes) unless
given. First the index alone, then a whole month: counters to buckets, index, bytes and seal.
"""

import random
import sys
import time
from datetime import UTC, datetime, timedelta

from billing import evidence_seal, metered, metering
from billing.metered import CounterReading, Definition
from rental.period import Period

START = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)
FIVE = timedelta(minutes=5)
DEFINITION = Definition(
    code="benchmark",
    committed_mbps=100,
    price_per_mbps=45_000,
    service="telecom",
    minimum_coverage_percent=95,
    longest_gap_seconds=900,
    source="benchmark",
)
WHOLE = 20


def _rates(dice: random.Random, buckets: int) -> list[int]:
    return [int(dice.lognormvariate(18, 0.6)) for _ in range(buckets)]


def _readings(rates: list[int]) -> list[CounterReading]:
    total, found = 0, [CounterReading("p", START, 0, 0)]
    for number, rate in enumerate(rates, start=1):
        total += rate * 300 // 8
        found.append(CounterReading("p", START + number * FIVE, total, total // 3))
    return found


def main() -> None:
    """Measure both and print them."""
    circuits = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    buckets = int(sys.argv[2]) if len(sys.argv) > 2 else 8928
    dice = random.Random(95)  # the same traffic every time
    months = [_rates(dice, buckets) for _ in range(circuits)]
    begun, cpu = time.perf_counter(), time.process_time()
    indexes = [metering.percentile_95(month) for month in months]
    took, used = time.perf_counter() - begun, time.process_time() - cpu
    print(f"index of {circuits} circuits × {buckets} buckets: {took:.2f} s, {used:.2f} s of CPU")
    print(f"  {used / circuits * 1000:.2f} ms a circuit, highest {max(indexes) / 1e6:.1f} Mbps")
    window = Period(START, START + buckets * FIVE)
    some = [_readings(month) for month in months[:WHOLE]]
    begun, cpu, size = time.perf_counter(), time.process_time(), 0
    for readings in some:
        found = metered.bucketed(readings, window, DEFINITION)
        metered.index_of(found.buckets, DEFINITION)
        plain = evidence_seal.canonical(found, DEFINITION, "BK-0000-0000")
        size += len(evidence_seal.seal(plain, "").content)
    took, used = time.perf_counter() - begun, time.process_time() - cpu
    print(f"counters to sealed evidence, {len(some)} circuits: {took:.2f} s, {used:.2f} s of CPU")
    print(f"  {used / len(some) * 1000:.0f} ms a circuit, {size / len(some) / 1024:.0f} kB kept")


if __name__ == "__main__":
    main()
