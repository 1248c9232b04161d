"""Counters in, buckets out: the CSV files of metered bandwidth.

What comes in has a head `port,at,in_octets,out_octets` and, if one likes, `speed_bps`; instants in
ISO 8601 with an offset; counters as whole numbers below 2^64.
"""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from billing.errors import BadTraffic
from billing.metered import Bucket, CounterReading
from rental.period import Period

NEEDED = ("port", "at", "in_octets", "out_octets")
LARGEST = 2**64
# A month of 30-second polls of ten ports.
MOST_ROWS = 1_000_000


def readings_of(content: bytes) -> list[CounterReading]:
    """The counters of a CSV file in UTF-8; raises BadTraffic with the line that is wrong."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise BadTraffic(
            "Byte {byte} is not UTF-8; save the file as UTF-8.", byte=wrong.start
        ) from wrong
    if "\0" in text:
        raise BadTraffic("The file is no text; send a CSV file.")
    rows = csv.DictReader(io.StringIO(text))
    names = rows.fieldnames or []
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise BadTraffic(
            "The head lacks {columns}; it is port,at,in_octets,out_octets[,speed_bps].",
            columns=missing,
        )
    found: list[CounterReading] = []
    try:
        for row in rows:
            found.append(_reading(row, rows.line_num))
            if len(found) > MOST_ROWS:
                raise BadTraffic("The file has more than {most} rows; send less.", most=MOST_ROWS)
    except csv.Error as wrong:
        raise BadTraffic("Line {line} is no CSV; correct it.", line=rows.line_num) from wrong
    return found


def _reading(row: dict[str | None, str | None], line: int) -> CounterReading:
    port = (row.get("port") or "").strip()
    if not port or len(port) > 80:
        raise BadTraffic("Line {line} names no port; fill it in.", line=line)
    speed = (row.get("speed_bps") or "").strip()
    return CounterReading(
        port=port,
        at=_instant(row.get("at"), line),
        in_octets=_whole(row.get("in_octets"), line),
        out_octets=_whole(row.get("out_octets"), line),
        speed_bps=_whole(speed, line) if speed else None,
    )


def _instant(text: str | None, line: int) -> datetime:
    try:
        found = datetime.fromisoformat((text or "").strip())
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 2000 <= found.year < 2200:
        raise BadTraffic(
            "Line {line}: the time is not ISO 8601 with an offset, such as "
            "2026-11-01T00:05:00+07:00.",
            line=line,
        )
    return found.astimezone(UTC)


def _whole(text: str | None, line: int) -> int:
    digits = (text or "").strip()
    if not digits.isascii() or not digits.isdecimal() or int(digits[:21]) >= LARGEST:
        raise BadTraffic("Line {line}: a counter is a whole number below 2^64.", line=line)
    return int(digits)


def written(spans: Iterable[tuple[Period, Bucket]]) -> str:
    """The buckets as CSV, bits per second; empty where nothing was measured."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(["starts_at", "ends_at", "in_bps", "out_bps"])
    for span, bucket in spans:
        rows.writerow(
            [span.starts_at.isoformat(), span.ends_at.isoformat(), bucket.in_bps, bucket.out_bps]
        )
    return out.getvalue()
