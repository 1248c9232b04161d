"""Nobody is told of a device or a site for a while: by whom, why, until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from monitoring.errors import BadSilence, UnknownSilence
from monitoring.models import Device, Silence
from rental import journal
from rental.models import Member, Site

LONGEST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Quieted:
    """The devices and sites that are silenced."""

    devices: frozenset[int]
    sites: frozenset[int]

    def holds(self, device: Device | None) -> bool:
        """Whether nobody is told of this device."""
        return device is not None and (device.id in self.devices or device.site_id in self.sites)


def add(of: Device | Site, reason: str, until: datetime, *, by: Member) -> Silence:
    """Be silent from now on; raises BadSilence."""
    now, words = clock.now(), " ".join(reason.split())
    if not 1 <= len(words) <= 500 or not now < until <= now + LONGEST:
        raise BadSilence
    silence = Silence(reason=words, starts_at=now, ends_at=until, member=by)
    if isinstance(of, Device):
        silence.device = of
    else:
        silence.site = of
    db.session.add(silence)
    db.session.flush()
    journal.record(silence, "added", by=by, name=of.name, reason=words)
    return silence


def end(silence: Silence, *, by: Member) -> None:
    """End it now; one that is over stays as it was."""
    now = clock.now()
    if silence.ends_at > now:
        # It was silent for a moment at least.
        silence.ends_at = max(now, silence.starts_at + timedelta(microseconds=1))
        db.session.flush()
        journal.record(silence, "ended", by=by)


def get(silence_id: int) -> Silence:
    """The silence of this id; raises UnknownSilence."""
    silence = db.session.get(Silence, silence_id)
    if silence is None:
        raise UnknownSilence
    return silence


def at(moment: datetime) -> Sequence[Silence]:
    """The silences that hold at an instant, the next to end first."""
    return db.session.scalars(
        sa.select(Silence)
        .where(Silence.starts_at <= moment, Silence.ends_at > moment)
        .options(joinedload(Silence.device), joinedload(Silence.site), joinedload(Silence.member))
        .order_by(Silence.ends_at, Silence.id)
    ).all()


def quieted(moment: datetime) -> Quieted:
    """What is silenced at an instant."""
    found = at(moment)
    return Quieted(
        frozenset(one.device_id for one in found if one.device_id is not None),
        frozenset(one.site_id for one in found if one.site_id is not None),
    )
