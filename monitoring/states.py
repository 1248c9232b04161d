"""The history of a device's status, written with the change itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from config.database import db
from monitoring.models import Device, DeviceStateRow, DeviceStatus

# A device that was due and was not asked for so many pauses has no known status meanwhile.
SILENT_PAUSES = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A device is in `status` since `since`; what was written of later times is not so.

    With `unknown_from`, nobody asked it between that instant and `since`.
    """

    device_id: int
    status: DeviceStatus
    since: datetime
    unknown_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """One status of a device in [began_at, ended_at); without an end it lasts."""

    status: DeviceStatus
    began_at: datetime
    ended_at: datetime | None


def unasked_since(last_poll: datetime | None, now: datetime, pause: timedelta) -> datetime | None:
    """The last poll, if the silence since then was ours and too long to know what happened."""
    if last_poll is None or now - last_poll <= pause * SILENT_PAUSES:
        return None
    return last_poll


CLEAR = sa.text(
    """
    DELETE FROM device_state AS old
    USING unnest(CAST(:id AS int[]), CAST(:since AS timestamptz[])) AS new(id, since)
    WHERE old.device_id = new.id AND old.began_at >= new.since
    """
)
CUT = sa.text(
    """
    UPDATE device_state AS old SET ended_at = new.since
    FROM unnest(CAST(:id AS int[]), CAST(:since AS timestamptz[])) AS new(id, since)
    WHERE old.device_id = new.id AND (old.ended_at IS NULL OR old.ended_at > new.since)
    """
)
ADD = sa.text(
    """
    INSERT INTO device_state (device_id, status, began_at, ended_at)
    SELECT id, status, began, ended
    FROM unnest(CAST(:id AS int[]), CAST(:status AS text[]), CAST(:began AS timestamptz[]),
                CAST(:ended AS timestamptz[])) AS new(id, status, began, ended)
    """
)


def turn(changes: Sequence[Change]) -> None:
    """Write the changes, one a device at most. The devices are locked by the caller."""
    if not changes:
        return
    ids = [each.device_id for each in changes]
    cut = {"id": ids, "since": [each.unknown_from or each.since for each in changes]}
    db.session.execute(CLEAR, cut)
    db.session.execute(CUT, cut)
    added = [row for each in changes for row in _rows(each)]
    id_, status, began, ended = map(list, zip(*added, strict=True))
    db.session.execute(ADD, {"id": id_, "status": status, "began": began, "ended": ended})


def _rows(change: Change) -> list[tuple[int, str, datetime, datetime | None]]:
    rows: list[tuple[int, str, datetime, datetime | None]] = []
    if change.unknown_from is not None and change.unknown_from < change.since:
        unknown = DeviceStatus.UNKNOWN.value
        rows.append((change.device_id, unknown, change.unknown_from, change.since))
    rows.append((change.device_id, change.status.value, change.since, None))
    return rows


def of(device: Device, since: datetime, until: datetime) -> list[Stretch]:
    """The statuses of a device that touch [since, until), oldest first, uncut."""
    query = (
        sa.select(DeviceStateRow.status, DeviceStateRow.began_at, DeviceStateRow.ended_at)
        .where(
            DeviceStateRow.device_id == device.id,
            DeviceStateRow.began_at < until,
            sa.or_(DeviceStateRow.ended_at.is_(None), DeviceStateRow.ended_at > since),
        )
        .order_by(DeviceStateRow.began_at)
    )
    return [Stretch(*row) for row in db.session.execute(query)]
