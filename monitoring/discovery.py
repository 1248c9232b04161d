"""Keeps what discovery found: layouts, once each, under their digest."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from config.database import db
from monitoring.models import Device, LayoutRow
from monitoring.probes.reading import Layout

# Rows never change, so what was read once stays true; digests, unlike ids, are never reused.
_known: dict[str, Layout] = {}
KNOWN_LIMIT = 20_000
# Layouts read at a time: as JSON they take several times what they take as layouts.
PORTION = 250


def keep(layouts: Iterable[Layout]) -> dict[str, int]:
    """The row ids of these layouts by digest; new ones are added."""
    wanted = {layout.digest: layout for layout in layouts}
    if not wanted:
        return {}
    ids = _ids(wanted)
    missing = [layout for digest, layout in sorted(wanted.items()) if digest not in ids]
    if missing:
        db.session.execute(
            insert(LayoutRow).on_conflict_do_nothing(index_elements=["digest"]),
            [{"digest": layout.digest, "content": layout.as_json()} for layout in missing],
        )
        ids = _ids(wanted)
    return ids


def _ids(digests: Iterable[str]) -> dict[str, int]:
    query = sa.select(LayoutRow.digest, LayoutRow.id).where(LayoutRow.digest.in_(list(digests)))
    return {row.digest: row.id for row in db.session.execute(query)}


def layouts(ids: Iterable[int]) -> dict[int, Layout]:
    """Stored layouts by row id; those met before come from memory."""
    wanted = set(ids)
    query = sa.select(LayoutRow.id, LayoutRow.digest).where(LayoutRow.id.in_(wanted))
    digests = {row.id: row.digest for row in db.session.execute(query)}
    missing = [row_id for row_id, digest in digests.items() if digest not in _known]
    if missing:
        if len(_known) + len(missing) > KNOWN_LIMIT:
            _known.clear()
        for start in range(0, len(missing), PORTION):
            _read(missing[start : start + PORTION])
    return {row_id: _known[digest] for row_id, digest in digests.items()}


def _read(row_ids: Sequence[int]) -> None:
    rows = sa.select(LayoutRow.digest, LayoutRow.content).where(LayoutRow.id.in_(row_ids))
    for digest, content in db.session.execute(rows):
        _known[digest] = Layout.from_json(content)


def again(device: Device) -> None:
    """Discover the device anew at its next poll."""
    device.discovered_at = None
    device.next_poll_at = None
    db.session.flush()
