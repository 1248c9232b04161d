"""Slows down guessing: each failed sign-in of an e-mail from an address doubles the wait.

The attempt is counted before the password is looked at, under a row lock, so that a hundred
guesses sent at once are counted as a hundred.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from config import clock
from config.database import db
from config.errors import Refusal
from portal.models import SignInAttempt

FREE_TRIES = 5
# A house full of people may share one address.
FREE_TRIES_OF_AN_ADDRESS = 50
# Of one device that tries for one booking; many guests may come in at once.
FREE_TRIES_OF_A_GUEST = 30
LONGEST = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=6)


class TooManyAttempts(Refusal):
    """Too many sign-ins failed; wait a little and try again."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who tries to sign in: the e-mail typed and the address it came from."""

    email: str
    address: str


@dataclass(frozen=True, slots=True)
class Guest:
    """Who asks for the Wi-Fi: the name typed, and the guest's own device where it is known."""

    username: str
    station: str

    @property
    def counted_as(self) -> str:
        """A name that no e-mail has."""
        return f"guest:{self.username}"


def wait_after(failures: int, free: int = FREE_TRIES) -> timedelta:
    """How long after `failures` attempts the next one is refused: 0 s, then 1, 2, 4 s … 15 min."""
    if failures < free:
        return timedelta(0)
    return min(LONGEST, timedelta(seconds=2 ** min(failures - free, 20)))


def _count(email: str, address: str, free: int, at: datetime) -> timedelta:
    """Count one attempt; the time still to wait where it came too early, and then uncounted."""
    blank = insert(SignInAttempt).values(
        email=email, address=address, failures=0, last_at=at, free_at=at
    )
    db.session.execute(blank.on_conflict_do_nothing())
    row = db.session.scalars(
        select(SignInAttempt)
        .filter_by(email=email, address=address)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if row.free_at > at:
        return row.free_at - at
    failures = 0 if at - row.last_at > FORGOTTEN_AFTER else row.failures
    row.failures = failures + 1
    row.last_at = at
    row.free_at = at + wait_after(row.failures, free)
    db.session.flush()
    return timedelta(0)


def admit(visitor: Visitor) -> None:
    """Count the attempt as failed until `forget` says otherwise; raises TooManyAttempts.

    Commit before the password is looked at: what is rolled back was never counted.
    """
    at = clock.now()
    wait = max(
        _count(visitor.email, visitor.address, FREE_TRIES, at),
        _count("", visitor.address, FREE_TRIES_OF_AN_ADDRESS, at),
    )
    if wait:
        raise TooManyAttempts(retry_after=max(1, round(wait.total_seconds() + 0.5)))


def forget(visitor: Visitor) -> None:
    """The sign-in succeeded: the e-mail starts afresh, and the address takes one back."""
    db.session.execute(
        delete(SignInAttempt).filter_by(email=visitor.email, address=visitor.address)
    )
    of_address = db.session.get(SignInAttempt, ("", visitor.address), with_for_update=True)
    if of_address is not None and of_address.failures:
        of_address.failures -= 1


def admit_guest(guest: Guest) -> None:
    """The same for the Wi-Fi, without counting the address: a RADIUS server asks for all."""
    wait = _count(guest.counted_as, guest.station, FREE_TRIES_OF_A_GUEST, clock.now())
    if wait:
        raise TooManyAttempts(retry_after=max(1, round(wait.total_seconds() + 0.5)))


def forget_guest(guest: Guest) -> None:
    """The guest was let in: the device starts afresh."""
    db.session.execute(
        delete(SignInAttempt).filter_by(email=guest.counted_as, address=guest.station)
    )


def sweep() -> int:
    """Delete the counts nobody added to for six hours; how many there were."""
    gone = db.session.execute(
        delete(SignInAttempt).where(SignInAttempt.last_at < clock.now() - FORGOTTEN_AFTER)
    )
    return int(getattr(gone, "rowcount", 0))
