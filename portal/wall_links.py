"""Secret addresses of wall screens: made by an operator, shown once, revoked by any operator.

A screen shows devices, events and rooms, and no name of a person; it can do nothing.
"""

import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

import sqlalchemy as sa

from config import clock
from config.database import db
from config.errors import Conflict, Invalid, NotFound
from portal.models import WallLink
from rental import journal
from rental.models import Member

# A token begins as those of the API do: our own logs hide what looks like this.
PREFIX = "mc_wall_"
MOST = 40
_SHAPE = re.compile(r"mc_wall_[\w-]{43}")
_COARSE = timedelta(minutes=1)


class NoSuchWallLink(NotFound):
    """No screen is shown at this address; it may have been revoked. Ask IT operations for one."""


class TooManyWallLinks(Conflict):
    """There are as many screens as there may be; revoke one that is not used any more."""


class BadPlace(Invalid):
    """Say in up to 80 characters where the screen hangs."""


def _digest(plain: str) -> str:
    return sha256(plain.encode()).hexdigest()


def make(place: str, *, by: Member) -> tuple[WallLink, str]:
    """A new screen and its token, never readable again; raises BadPlace or TooManyWallLinks."""
    words = " ".join(place.split())
    if not 1 <= len(words) <= 80:
        raise BadPlace
    if len(all_()) >= MOST:
        raise TooManyWallLinks
    plain = PREFIX + secrets.token_urlsafe(32)
    link = WallLink(place=words, member=by, digest=_digest(plain))
    db.session.add(link)
    db.session.flush()
    journal.record(link, "added", by=by, name=words)
    return link, plain


def find(plain: str) -> WallLink:
    """The screen behind a token; raises NoSuchWallLink for a wrong or revoked one."""
    found = None
    if _SHAPE.fullmatch(plain):
        found = db.session.scalar(
            sa.select(WallLink).where(
                WallLink.digest == _digest(plain), WallLink.revoked_at.is_(None)
            )
        )
    if found is None:
        raise NoSuchWallLink
    return found


def note_seen(link: WallLink) -> None:
    """Keep when the screen asked last, at most once a minute, apart from its transaction."""
    at = clock.now()
    if link.last_seen_at is not None and at - link.last_seen_at < _COARSE:
        return
    with db.engine.begin() as apart:
        apart.execute(sa.update(WallLink).where(WallLink.id == link.id).values(last_seen_at=at))


def all_() -> Sequence[WallLink]:
    """The screens that still work, the newest first."""
    return db.session.scalars(
        sa.select(WallLink).where(WallLink.revoked_at.is_(None)).order_by(WallLink.id.desc())
    ).all()


def revoke(link_id: int, *, by: Member) -> None:
    """End a screen; raises NoSuchWallLink."""
    link = db.session.scalar(
        sa.select(WallLink)
        .where(WallLink.id == link_id, WallLink.revoked_at.is_(None))
        .with_for_update(of=WallLink)
    )
    if link is None:
        raise NoSuchWallLink
    link.revoked_at = clock.now()
    journal.record(link, "revoked", by=by, name=link.place)
    db.session.flush()
