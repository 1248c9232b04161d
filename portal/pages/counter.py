"""The counter: scan with a telephone, a hand scanner or by typing; hand over and take back.

The page keeps its scans until the server has taken them. A batch has a key of its own, so that a
batch sent again is answered as it was the first time and moves nothing twice.
"""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response as Answer

from config import clock
from config.database import db
from config.errors import NotFound, Refusal
from monitoring import readiness
from portal import defence, quarantine
from portal.access import current_member, may
from portal.idempotency import once
from portal.pages import formats, sentences, states
from portal.pages.counter_scans import Mode, Scans, read
from rental import bookings, handovers, packing, returns, shelves
from rental.errors import WhyAnother
from rental.handovers import Outcome
from rental.models import Asset, Booking, BookingStatus, Line, Movement

pages = Blueprint("counter", __name__, url_prefix="/counter")

SOON = timedelta(hours=36)
OFFERED = 12


@pages.get("")
@may("hand over bookings")
def show() -> Response:
    """The scanning page. Its own camera is the only one the service ever asks for."""
    booking = _asked_for(request.args.get("booking", ""))
    defence.allow_camera()
    page = render_template(
        "counter/show.html",
        sheet=packing.sheet(booking) if booking is not None else None,
        booking=booking,
        code=request.args.get("code", ""),
        to_give=_soon(BookingStatus.CONFIRMED),
        to_take=_soon(BookingStatus.HANDED_OVER),
    )
    return Response(page)


def _asked_for(reference: str) -> Booking | None:
    return bookings.find(reference) if reference else None


def _soon(status: BookingStatus) -> list[Booking]:
    """The bookings of this state that begin or end next, the soonest first."""
    now = clock.now()
    when = Booking.starts_at if status is BookingStatus.CONFIRMED else Booking.ends_at
    query = (
        sa.select(Booking)
        .where(Booking.status == status, when < now + SOON)
        .options(selectinload(Booking.lines).joinedload(Line.resource))
        .order_by(when, Booking.id)
        .limit(OFFERED)
    )
    if status is BookingStatus.CONFIRMED:
        query = query.where(Booking.ends_at > now)
    return list(db.session.scalars(query).unique())


@pages.get("/bookings/<reference>")
@may("hand over bookings")
def sheet(reference: str) -> str:
    """What a booking needs and where it is, as a part of the page."""
    booking = bookings.get(reference)
    return render_template("counter/_sheet.html", booking=booking, sheet=packing.sheet(booking))


@pages.get("/look")
@may("hand over bookings")
def look() -> Response:
    """What a code names: a booking, an asset or a resource; raises NotFound."""
    code = request.args.get("code", "").strip()[:80]
    booking = bookings.find(code) if code[:2].upper() == "BK" else None
    if booking is not None:
        return jsonify(_booking(booking))
    asset = shelves.by_tags([code]).get(code) if code else None
    if asset is None:
        raise NotFound(
            _("Nothing here is called “%(code)s”; read the label again or type it.", code=code)
        )
    return jsonify(_asset(asset))


def _booking(booking: Booking) -> dict[str, Any]:
    return {
        "kind": "booking",
        "reference": booking.reference,
        "title": booking.title,
        "unit": booking.unit.name,
        "status": booking.status.value,
        "word": str(states.state("booking", booking.status).word),
        "mode": (Mode.TAKE if booking.status is BookingStatus.HANDED_OVER else Mode.GIVE).value,
    }


def _asset(asset: Asset) -> dict[str, Any]:
    out = shelves.out_by_asset([asset.id]).get(asset.id)
    return {
        "kind": "asset",
        "tag": asset.tag,
        "name": formats.title_of(asset.resource),
        "resource": asset.resource.code,
        "condition": asset.condition.value,
        "word": str(states.state("condition", asset.condition).word),
        "out": out.line.booking.reference if out is not None else None,
        "where": _where(out),
        "address": url_for("asset_pages.show", tag=asset.tag),
    }


def _where(out: Movement | None) -> str:
    if out is None:
        return _("in the store")
    return _("with %(unit)s", unit=out.line.booking.unit.name)


@pages.post("/scans")
@may("return bookings")
@once
def scans() -> Answer:
    """Do what was scanned, piece by piece; what cannot be done is told and the others are done."""
    batch = read(request.get_json())
    booking = bookings.get(batch.booking) if batch.booking else None
    try:
        # A refusal of the whole batch leaves nothing of it behind.
        with db.session.begin_nested():
            outcomes = _done(batch, booking)
    except Refusal as refusal:
        outcomes = [Outcome(scan.piece(), refusal=refusal) for scan in batch.scans]
    return jsonify(outcomes=[_told(outcome) for outcome in outcomes])


def _done(batch: Scans, booking: Booking | None) -> list[Outcome]:
    pieces = [scan.piece() for scan in batch.scans]
    if batch.mode is Mode.TAKE:
        return returns.return_pieces(pieces, by=current_member(), booking=booking)
    if booking is None:
        raise NotFound(_("Choose the booking first, then hand over its pieces."))
    readiness.require(booking)
    return handovers.hand_over_pieces(
        booking, pieces, by=current_member(), barred=quarantine.assets()
    )


def _told(outcome: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = {
        "scan": outcome.piece.scan,
        "name": outcome.piece.name,
        "done": outcome.movement is not None,
    }
    if outcome.refusal is not None:
        told["words"] = sentences.spoken(outcome.refusal) or outcome.refusal.message
        told["asks_why"] = isinstance(outcome.refusal, WhyAnother)
    elif outcome.movement is not None:
        told["name"] = _named(outcome)
        told["words"] = formats.title_of(outcome.movement.resource)
        told["reference"] = outcome.movement.line.booking.reference
        told["pictures"] = url_for("asset_pages.add_pictures", movement_id=outcome.movement.id)
    return told


def _named(outcome: Outcome) -> str:
    """The tag as the label says it, or how many of what."""
    movement = outcome.movement
    if movement is None or outcome.piece.tag is None or movement.asset is None:
        return outcome.piece.tag or f"{outcome.piece.quantity} × {outcome.piece.name}"
    return movement.asset.tag


FOR_TEMPLATES = {"packing_sheet": packing.sheet}
