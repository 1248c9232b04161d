"""A repeated POST with the same `Idempotency-Key` gets the first answer and does nothing again.

An API view that creates something is written like this:

    @api.post("/bookings")
    @may("request bookings")
    @idempotency.once
    def create() -> Created:
        booking = bookings.request(..., by=current_member())
        return {"reference": booking.reference}, 201

`once` opens the transaction: the effect and its answer are committed together or not at all, so
the view neither commits nor opens a transaction of its own. The key belongs to the member. A
second request with the key waits until the first has ended, then reads its answer; a refused
request leaves no answer behind and may be repeated, corrected, under a new key or the same.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from typing import ParamSpec

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from config import clock
from config.database import db, transaction
from config.errors import Invalid
from portal.access import current_member
from portal.models import FirstAnswer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
# Long enough for a client that comes back after a weekend.
KEPT = timedelta(days=7)
_SHAPE = re.compile(r"[\x21-\x7e]{1,200}")

Parameters = ParamSpec("Parameters")


class BadKey(Invalid):
    """An Idempotency-Key is 1 to 200 visible ASCII characters; a UUID is a good one."""


class KeyUsedDifferently(Invalid):
    """This Idempotency-Key was used for another request; choose a new key."""


def _digest() -> str:
    """What makes two requests the same: method, full path and body."""
    head = f"{request.method} {request.full_path}\n".encode()
    return sha256(head + request.get_data(cache=True)).hexdigest()


def _claim(member_id: int, key: str, digest: str) -> FirstAnswer | None:
    """Take the key for this transaction, or the answer of whoever had it before.

    The insert waits for a concurrent holder of the key: if that one commits, its answer is found;
    if it rolls back, the key is ours.
    """
    mine = db.session.execute(
        insert(FirstAnswer)
        .values(member_id=member_id, key=key, request_digest=digest, created_at=clock.now())
        .on_conflict_do_nothing()
        .returning(FirstAnswer.key)
    ).scalar_one_or_none()
    if mine is not None:
        return None
    first = db.session.scalars(select(FirstAnswer).filter_by(member_id=member_id, key=key)).one()
    if first.request_digest != digest:
        raise KeyUsedDifferently
    return first


def _keep(member_id: int, key: str, answer: Response) -> None:
    db.session.execute(
        update(FirstAnswer)
        .filter_by(member_id=member_id, key=key)
        .values(
            status=answer.status_code,
            body=answer.get_data(as_text=True),
            location=answer.headers.get("Location"),
        )
    )


def _again(first: FirstAnswer) -> Response:
    answer = Response(first.body or "", first.status or 200, mimetype="application/json")
    answer.headers[REPLAYED] = "true"
    if first.location:
        answer.headers["Location"] = first.location
    return answer


def once(
    view: Callable[Parameters, ResponseReturnValue],
) -> Callable[Parameters, ResponseReturnValue]:
    """Run the view in a transaction, at most once for a member's Idempotency-Key."""

    @wraps(view)
    def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> ResponseReturnValue:
        key = request.headers.get(HEADER)
        if key is not None and not _SHAPE.fullmatch(key):
            raise BadKey
        with transaction():
            if key is None:
                return current_app.make_response(view(*args, **kwargs))
            member_id = current_member().id
            first = _claim(member_id, key, _digest())
            if first is not None:
                return _again(first)
            answer = current_app.make_response(view(*args, **kwargs))
            _keep(member_id, key, answer)
            return answer

    return guarded


def sweep() -> int:
    """Delete the answers nobody will ask for again; how many there were."""
    gone = db.session.execute(
        delete(FirstAnswer).where(FirstAnswer.created_at < clock.now() - KEPT)
    )
    return int(getattr(gone, "rowcount", 0))
