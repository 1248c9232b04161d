"""Wi-Fi for the guests of bookings: made in time, good while booked, forgotten afterwards.

What is stored is a passphrase; whether it opens the network is asked of the booking's lines at that
moment, so that a cancelled or moved booking counts at once.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from monitoring import envelope, guest_networks
from monitoring.credentials import Keyring, Rewrapped
from monitoring.errors import GuestAccessOver, GuestAccessUnreadable, UnknownGuestAccess
from monitoring.exposure import RUNNING
from monitoring.guest_networks import GuestNetwork
from monitoring.models import GuestAccess, GuestEnd
from rental import journal
from rental.models import Booking, Line, Member, Resource
from rental.period import Period

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Admission:
    """A guest's device is let in until then."""

    access: GuestAccess
    until: datetime

    def seconds_left(self, at: datetime) -> int:
        """How long its session may last, one second at least."""
        return max(int((self.until - at) / SECOND), 1)


def offered(booking: Booking, at: datetime) -> list[tuple[GuestNetwork, list[Period]]]:
    """The networks that a booking's resources offer, and when its guests are let in."""
    if booking.status not in RUNNING:
        return []
    found = [(one, one.spans(booking.lines)) for one in guest_networks.networks_on(_day(at))]
    return [(network, spans) for network, spans in found if spans]


def _day(at: datetime) -> date:
    return at.astimezone(clock.LOCAL).date()


def due(at: datetime) -> list[int]:
    """The bookings whose guests' credentials may have to be made, moved or forgotten, by id."""
    live = sa.select(GuestAccess.booking_id).where(GuestAccess.voided_at.is_(None))
    wanted = set(db.session.scalars(live))
    for network in guest_networks.networks_on(_day(at)):
        soon = (
            sa.select(Line.booking_id)
            .join(Line.booking)
            .join(Line.resource)
            .where(
                Resource.code.in_(network.resources),
                Booking.status.in_(RUNNING),
                Line.starts_at <= at + network.ready,
                Line.ends_at > at - timedelta(minutes=network.lag_minutes),
            )
        )
        wanted |= set(db.session.scalars(soon))
    return sorted(wanted)


def settle(booking_id: int, keyring: Keyring, at: datetime) -> None:
    """Make a booking's credentials what its lines ask for; a second call changes nothing."""
    booking = db.session.scalar(
        sa.select(Booking)
        .where(Booking.id == booking_id)
        .with_for_update(of=Booking)
        .execution_options(populate_existing=True)
    )
    if booking is None:
        return
    known = {one.network: one for one in of_booking(booking)}
    wanted = {network.code: (network, spans) for network, spans in offered(booking, at)}
    for code, (network, spans) in wanted.items():
        _settle_one(booking, network, spans, known.get(code), _Now(at, keyring))
    for code, access in known.items():
        if code not in wanted and access.voided_at is None:
            _void(access, GuestEnd.RELEASED, at)
    db.session.flush()


@dataclass(frozen=True, slots=True)
class _Now:
    at: datetime
    keyring: Keyring


def _settle_one(
    booking: Booking,
    network: GuestNetwork,
    spans: Sequence[Period],
    access: GuestAccess | None,
    now: _Now,
) -> None:
    lead = timedelta(minutes=network.lead_minutes)
    is_over = spans[-1].ends_at <= now.at
    is_early = now.at < spans[0].starts_at + lead - network.ready
    is_live = access is not None and access.voided_at is None
    if access is not None and is_live and (is_over or is_early):
        _void(access, GuestEnd.EXPIRED if is_over else GuestEnd.MOVED, now.at)
    elif access is not None and is_live:
        access.starts_at, access.ends_at = spans[0].starts_at, spans[-1].ends_at
        access.devices = network.devices
    elif not is_over and not is_early and (access is None or access.end is not GuestEnd.REVOKED):
        _make(booking, network, spans, access, now)


def _make(
    booking: Booking,
    network: GuestNetwork,
    spans: Sequence[Period],
    access: GuestAccess | None,
    now: _Now,
) -> None:
    if access is None:
        taken = [one.username for one in of_booking(booking)]
        access = GuestAccess(
            booking_id=booking.id,
            network=network.code,
            username=guest_networks.username(booking.reference, taken),
            admitted=0,
            refused=0,
        )
    access.ssid, access.login = network.ssid, network.login
    access.is_hidden, access.devices = network.hidden, network.devices
    access.starts_at, access.ends_at = spans[0].starts_at, spans[-1].ends_at
    _seal(access, now.keyring)
    access.made_at, access.voided_at, access.end = now.at, None, None
    db.session.add(access)
    db.session.flush()
    journal.record(booking, "guests_made", by=None, network=access.ssid, name=access.username)


def _seal(access: GuestAccess, keyring: Keyring) -> None:
    """A new passphrase, under a data key and a context of its own."""
    access.context = uuid4()
    key = envelope.new_key()
    secret = guest_networks.passphrase()
    access.key_id = keyring.key_id
    access.wrapped_key = envelope.encrypt(keyring.current, key, _bound(access, "key"))
    access.sealed = envelope.encrypt(key, secret.encode(), _bound(access, "passphrase"))


def _void(access: GuestAccess, end: GuestEnd, at: datetime, by: Member | None = None) -> None:
    access.sealed = access.wrapped_key = access.key_id = None
    access.voided_at, access.end = at, end
    db.session.flush()
    journal.record(
        access.booking, f"guests_{end.value}", by=by, network=access.ssid, name=access.username
    )


def passphrase_of(access: GuestAccess, keyring: Keyring) -> str:
    """What guests type; raises GuestAccessOver where it is void, GuestAccessUnreadable."""
    if access.sealed is None:
        raise GuestAccessOver
    try:
        plain = envelope.decrypt(
            _unwrapped(access, keyring), access.sealed, _bound(access, "passphrase")
        )
    except envelope.InvalidTag as wrong:
        raise GuestAccessUnreadable from wrong
    return plain.decode()


def _unwrapped(access: GuestAccess, keyring: Keyring) -> bytes:
    key = keyring.find(access.key_id or "")
    if key is None or access.wrapped_key is None:
        raise GuestAccessUnreadable
    try:
        return envelope.decrypt(key, access.wrapped_key, _bound(access, "key"))
    except envelope.InvalidTag as wrong:
        raise GuestAccessUnreadable from wrong


def _bound(access: GuestAccess, purpose: str) -> bytes:
    """What a ciphertext is bound to: its purpose and its row."""
    return f"media-center guests {purpose} {access.username} {access.context}".encode()


def admit(username: str, secret: str, keyring: Keyring, at: datetime) -> Admission | None:
    """Let a device in until the booking's time is over; None where it is not let in.

    Counted either way. Every answer takes one comparison of equal length.
    """
    access = db.session.scalar(
        sa.select(GuestAccess)
        .where(GuestAccess.username == username)
        .options(joinedload(GuestAccess.booking))
    )
    until = _until(access, at) if access is not None else None
    fits = hmac.compare_digest(secret.encode(), _expected(access, keyring).encode())
    if access is None:
        return None
    is_in = fits and until is not None
    changes = {"admitted": GuestAccess.admitted + 1, "last_admitted_at": at}
    counted = changes if is_in else {"refused": GuestAccess.refused + 1}
    db.session.execute(
        sa.update(GuestAccess)
        .where(GuestAccess.id == access.id)
        .values(**counted)
        .execution_options(synchronize_session=False)
    )
    return Admission(access, until) if is_in and until is not None else None


def _expected(access: GuestAccess | None, keyring: Keyring) -> str:
    """The passphrase, or one that nobody has where there is none."""
    if access is not None and access.sealed is not None:
        try:
            return passphrase_of(access, keyring)
        except GuestAccessUnreadable:
            pass
    return guest_networks.passphrase()


def _until(access: GuestAccess, at: datetime) -> datetime | None:
    """When the span ends in which the booking's guests are let in now."""
    if access.voided_at is not None:
        return None
    for network, spans in offered(access.booking, at):
        for span in spans if network.code == access.network else ():
            if span.starts_at <= at < span.ends_at:
                return span.ends_at
    return None


def renew(access: GuestAccess, keyring: Keyring, *, by: Member) -> None:
    """Another passphrase from now on, also for one that was revoked.

    Raises GuestAccessOver where the booking's time is over or it offers no Wi-Fi any more.
    """
    at = clock.now()
    _lock(access)
    for network, spans in offered(access.booking, at):
        if network.code == access.network and at < spans[-1].ends_at:
            break
    else:
        raise GuestAccessOver
    access.starts_at, access.ends_at = spans[0].starts_at, spans[-1].ends_at
    _seal(access, keyring)
    access.made_at, access.voided_at, access.end = at, None, None
    db.session.flush()
    journal.record(
        access.booking, "guests_renewed", by=by, network=access.ssid, name=access.username
    )


def revoke(access: GuestAccess, *, by: Member) -> None:
    """Nobody is let in with it any more; raises GuestAccessOver where it is void already."""
    _lock(access)
    if access.voided_at is not None:
        raise GuestAccessOver
    _void(access, GuestEnd.REVOKED, clock.now(), by)


def _lock(access: GuestAccess) -> None:
    """The booking first, as `settle` does, then the row as it is now."""
    locked = sa.select(Booking.id).where(Booking.id == access.booking_id).with_for_update()
    db.session.execute(locked)
    db.session.refresh(access)


def is_good(access: GuestAccess, at: datetime) -> bool:
    """Whether it opens the network now or will: not void, and the booking's time is not over."""
    spans = [spans for one, spans in offered(access.booking, at) if one.code == access.network]
    return access.voided_at is None and any(at < each[-1].ends_at for each in spans)


def coming(booking: Booking, at: datetime) -> datetime | None:
    """When the booking's first credential is made; None where none is to come."""
    found = [
        spans[0].starts_at + timedelta(minutes=network.lead_minutes) - network.ready
        for network, spans in offered(booking, at)
    ]
    return min((moment for moment in found if moment > at), default=None)


def get(booking: Booking, access_id: int) -> GuestAccess:
    """The credential of this id, of this booking; raises UnknownGuestAccess."""
    found = db.session.get(GuestAccess, access_id)
    if found is None or found.booking_id != booking.id:
        raise UnknownGuestAccess
    return found


def of_booking(booking: Booking) -> list[GuestAccess]:
    """The credentials of a booking, void ones too, in the sequence they were made."""
    query = sa.select(GuestAccess).where(GuestAccess.booking_id == booking.id)
    return list(db.session.scalars(query.order_by(GuestAccess.id)))


def live(limit: int, offset: int = 0) -> list[GuestAccess]:
    """The credentials that are not void, the next to end first."""
    query = sa.select(GuestAccess).options(joinedload(GuestAccess.booking))
    query = query.where(GuestAccess.voided_at.is_(None))
    query = query.order_by(GuestAccess.ends_at, GuestAccess.id).limit(limit).offset(offset)
    return list(db.session.scalars(query))


def count_live() -> int:
    """How many credentials are not void."""
    query = sa.select(sa.func.count(GuestAccess.id)).where(GuestAccess.voided_at.is_(None))
    return db.session.scalar(query) or 0


def rewrap_next(keyring: Keyring, *, beyond: int = 0) -> Rewrapped | None:
    """Wrap the data key of the next row, by id, with the current key; None after the last."""
    access = db.session.scalar(
        sa.select(GuestAccess)
        .where(GuestAccess.key_id != keyring.key_id, GuestAccess.id > beyond)
        .order_by(GuestAccess.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if access is None:
        return None
    try:
        key = _unwrapped(access, keyring)
    except GuestAccessUnreadable:
        return Rewrapped(access.id, is_done=False)
    access.key_id = keyring.key_id
    access.wrapped_key = envelope.encrypt(keyring.current, key, _bound(access, "key"))
    db.session.flush()
    return Rewrapped(access.id, is_done=True)


def sealed_with() -> dict[str, int]:
    """How many rows each key wraps, by the name of the key."""
    query = sa.select(GuestAccess.key_id, sa.func.count()).where(GuestAccess.key_id.is_not(None))
    return {row[0]: row[1] for row in db.session.execute(query.group_by(GuestAccess.key_id))}


def locked(keyring: Keyring) -> list[str]:
    """The names sealed with a key that the ring lacks; nothing is decrypted."""
    query = sa.select(GuestAccess.username).where(GuestAccess.key_id.not_in(keyring.known_ids))
    return list(db.session.scalars(query.order_by(GuestAccess.username)))
