"""Tokens of the JSON API: shown once, kept as SHA-256, found with one query."""

import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import or_, select, update

from config import clock
from config.database import db
from config.errors import NotFound
from portal.models import ApiToken
from rental.models import Member

# A fixed beginning lets scanners of repositories and our own logs recognise a leaked token.
PREFIX = "mc_"
_SHAPE = re.compile(r"Bearer +(mc_[\w-]{20,100}) *", re.IGNORECASE)
_COARSE = timedelta(hours=1)


class NoSuchToken(NotFound):
    """There is no such token; it may have been revoked already."""


def _digest(plain: str) -> str:
    return sha256(plain.encode()).hexdigest()


def issue(member: Member, name: str = "command line", expires_at: datetime | None = None) -> str:
    """Make a token for the member and return it: the only time it can be read."""
    plain = PREFIX + secrets.token_urlsafe(32)
    db.session.add(ApiToken(member=member, name=name, digest=_digest(plain), expires_at=expires_at))
    db.session.flush()
    return plain


def member_for(authorization: str | None) -> Member | None:
    """The active member an Authorization header speaks for, or None for any other header."""
    shape = _SHAPE.fullmatch(authorization or "")
    if shape is None:
        return None
    at = clock.now()
    token = db.session.scalars(
        select(ApiToken).where(
            ApiToken.digest == _digest(shape[1]),
            ApiToken.revoked_at.is_(None),
            or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > at),
        )
    ).one_or_none()
    if token is None or not token.member.is_active:
        return None
    if token.last_used_at is None or at - token.last_used_at > _COARSE:
        _mark_used(token.id, at)
    return token.member


def _mark_used(token_id: int, at: datetime) -> None:
    """Note the use, at most once an hour, apart from the transaction of the request."""
    with db.engine.begin() as link:
        link.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=at))


def of(member: Member) -> list[ApiToken]:
    """The member's tokens that still work, the newest first."""
    return list(
        db.session.scalars(
            select(ApiToken)
            .where(ApiToken.member_id == member.id, ApiToken.revoked_at.is_(None))
            .order_by(ApiToken.id.desc())
        )
    )


def revoke(member: Member, token_id: int) -> None:
    """End one of the member's tokens; raises NoSuchToken."""
    ended = db.session.execute(
        update(ApiToken)
        .where(
            ApiToken.id == token_id,
            ApiToken.member_id == member.id,
            ApiToken.revoked_at.is_(None),
        )
        .values(revoked_at=clock.now())
        .returning(ApiToken.id)
    ).scalar_one_or_none()
    if ended is None:
        raise NoSuchToken
