"""Private calendar addresses: made, shown once, kept as SHA-256, revoked.

Whoever knows the address reads the calendar; that is how calendar programs subscribe. So it says
nothing beyond what its member may see at this moment, and it dies with the membership.
"""

import re
import secrets
from datetime import timedelta
from hashlib import sha256

import sqlalchemy as sa

from config import clock
from config.database import db
from config.errors import Conflict, NotFound
from portal.models import Feed, FeedScope
from rental.models import Member, Resource

# A token begins as those of the API do: our own logs hide what looks like this.
PREFIX = "mc_feed_"
MOST = 40
_SHAPE = re.compile(r"mc_feed_[\w-]{43}")
_COARSE = timedelta(hours=1)


class NoSuchFeed(NotFound):
    """There is no such calendar address; it may have been revoked already."""


class TooManyFeeds(Conflict):
    """You have as many calendar addresses as a member may have; revoke one first."""


def _digest(plain: str) -> str:
    return sha256(plain.encode()).hexdigest()


def make(member: Member, scope: FeedScope, resource: Resource | None = None) -> tuple[Feed, str]:
    """A new feed and its token, which nobody can read again; raises TooManyFeeds."""
    db.session.execute(sa.select(Member.id).where(Member.id == member.id).with_for_update())
    if len(of(member)) >= MOST:
        raise TooManyFeeds
    plain = PREFIX + secrets.token_urlsafe(32)
    feed = Feed(
        member=member,
        scope=scope,
        resource=resource if scope is FeedScope.RESOURCE else None,
        digest=_digest(plain),
    )
    db.session.add(feed)
    db.session.flush()
    return feed, plain


def find(plain: str) -> Feed | None:
    """The feed behind a token; None for a wrong or revoked one, and where its member has left."""
    if not _SHAPE.fullmatch(plain):
        return None
    feed = db.session.scalar(
        sa.select(Feed).where(Feed.digest == _digest(plain), Feed.revoked_at.is_(None))
    )
    return feed if feed is not None and feed.member.is_active else None


def note_read(feed: Feed) -> None:
    """Keep when it was read last, at most once an hour, apart from the request's transaction."""
    at = clock.now()
    if feed.last_read_at is not None and at - feed.last_read_at < _COARSE:
        return
    with db.engine.begin() as link:
        link.execute(sa.update(Feed).where(Feed.id == feed.id).values(last_read_at=at))


def of(member: Member) -> list[Feed]:
    """The member's feeds that still work, the newest first."""
    return list(
        db.session.scalars(
            sa.select(Feed)
            .where(Feed.member_id == member.id, Feed.revoked_at.is_(None))
            .order_by(Feed.id.desc())
        )
    )


def revoke(member: Member, feed_id: int) -> None:
    """End one of the member's feeds; raises NoSuchFeed."""
    ended = db.session.scalar(
        sa.update(Feed)
        .where(Feed.id == feed_id, Feed.member_id == member.id, Feed.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(Feed.id)
    )
    if ended is None:
        raise NoSuchFeed
