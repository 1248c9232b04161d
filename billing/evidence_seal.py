"""The canonical form of traffic evidence, and the seal over it. All pure.

The content is text: a JSON line with sorted keys (booking, window, definition, ports), then a line
`number,in,out` for each bucket, empty where nothing was measured. SHA-256 is over these bytes; the
seal of an evidence is SHA-256 over the seal before it and its own digest, so that none can be
changed, left out or put in between without breaking every seal after it.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from billing.metered import Bucket, Bucketed, Definition
from rental.period import Period

VERSION = 1


@dataclass(frozen=True, slots=True)
class Sealed:
    """Evidence as it is kept."""

    content: bytes
    sha256: str
    previous_seal: str
    seal: str


def canonical(found: Bucketed, definition: Definition, booking: str) -> bytes:
    """The bytes that are sealed: the same evidence always gives the same bytes."""
    head = {
        "version": VERSION,
        "booking": booking,
        "starts_at": found.window.starts_at.isoformat(),
        "ends_at": found.window.ends_at.isoformat(),
        "definition": definition.model_dump(mode="json"),
        "ports": list(found.ports),
    }
    first = json.dumps(head, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    lines = [
        f"{number},{bucket.in_bps},{bucket.out_bps}" if bucket.is_measured else f"{number},,"
        for number, bucket in enumerate(found.buckets)
    ]
    return "\n".join([first, *lines, ""]).encode()


def seal(content: bytes, previous_seal: str) -> Sealed:
    """Compress the bytes and seal them after the evidence before them ("" for the first)."""
    digest = hashlib.sha256(content).hexdigest()
    return Sealed(zlib.compress(content, 9), digest, previous_seal, bound(previous_seal, digest))


def bound(previous_seal: str, digest: str) -> str:
    """The seal of a digest that follows another seal."""
    return hashlib.sha256(f"{previous_seal}:{digest}".encode()).hexdigest()


def opened(content: bytes) -> bytes:
    """The canonical bytes of kept content; raises zlib.error where they are damaged."""
    return zlib.decompress(content)


def head_of(plain: bytes) -> dict[str, Any]:
    """The first line of canonical bytes."""
    head: dict[str, Any] = json.loads(plain.split(b"\n", 1)[0])
    return head


def buckets_of(plain: bytes) -> list[Bucket]:
    """The buckets of canonical bytes, in their order."""
    found = []
    for line in plain.decode().splitlines()[1:]:
        _number, into, out = line.split(",")
        found.append(Bucket(int(into) if into else None, int(out) if out else None))
    return found


def spans_of(head: dict[str, Any], buckets: Sequence[Bucket]) -> Iterator[tuple[Period, Bucket]]:
    """Each bucket with its time."""
    window = Period(
        datetime.fromisoformat(head["starts_at"]), datetime.fromisoformat(head["ends_at"])
    )
    interval = timedelta(seconds=head["definition"]["interval_seconds"])
    for number, bucket in enumerate(buckets):
        starts_at = window.starts_at + number * interval
        yield Period(starts_at, min(starts_at + interval, window.ends_at)), bucket
