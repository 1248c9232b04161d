"""Unbilled use: traffic that nobody had booked, for finance to charge, dismiss or take back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as Sent
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from billing import traffic, traffic_files, unbilled, unbilled_words
from billing.errors import NoPrice
from billing.metered import Bucket
from billing.models import UnbilledUse, UseState
from billing.quotes import QuoteLine
from config import clock
from config.database import bounded_count, db, transaction
from monitoring import unbooked
from portal import unbilled_uses
from portal.access import current_member, may
from portal.pages import formats, reading, sentences
from portal.pages.reading import Listing
from portal.pages.states import State
from portal.pages.traffic import spoken_mbps
from rental import bookings
from rental.errors import UnknownBooking
from rental.models import Booking
from rental.period import Period

pages = Blueprint("unbilled", __name__, url_prefix="/unbilled")

STATES = {
    "waiting": State("warn", "hourglass", lazy_gettext("To decide")),
    "charged": State("info", "coins", lazy_gettext("Charged to a unit")),
    "dismissed": State("calm", "ban", lazy_gettext("Not charged")),
    "covered": State("good", "circle-check", lazy_gettext("Booked late")),
}
# Longer than this is drawn by day.
BY_HOUR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Span:
    """An hour or a day of a use: its busiest five minutes, bits a second."""

    starts_at: datetime
    in_bps: int
    out_bps: int

    @property
    def bps(self) -> int:
        """The busier direction."""
        return max(self.in_bps, self.out_bps)


@dataclass(frozen=True, slots=True)
class Asked:
    """A booking that somebody thinks of charging it on, and what that would cost."""

    reference: str
    booking: Booking | None
    quoted: QuoteLine | None
    refusal: str = ""


def busiest(spans: Iterable[tuple[Period, Bucket]], length: timedelta) -> list[Span]:
    """The busiest five minutes of each hour, or day of a long use."""
    found: dict[datetime, Span] = {}
    for span, bucket in spans:
        local = span.starts_at.astimezone(clock.LOCAL).replace(minute=0)
        at = local if length <= BY_HOUR else local.replace(hour=0)
        known = found.get(at, Span(at, 0, 0))
        into, out = bucket.in_bps or 0, bucket.out_bps or 0
        found[at] = Span(at, max(known.in_bps, into), max(known.out_bps, out))
    return list(found.values())


def spoken_gigabytes(octets: int) -> str:
    """GB with two digits as the language of the page writes them: `1,35`."""
    figure = unbilled_words.gigabytes(octets)
    return figure.replace(".", ",") if formats.language() == "vi" else figure


@pages.get("")
@may("see reports")
def index() -> str:
    """What goes on now, and what was sealed: what waits first, then the newest."""
    state = reading.word(request.args, "state", UseState)
    page = reading.page_number()
    conditions = [UnbilledUse.state == state] if state else []
    query = sa.select(UnbilledUse).where(*conditions)
    waits = UnbilledUse.state == UseState.WAITING
    rows = db.session.scalars(
        query.options(joinedload(UnbilledUse.charge), joinedload(UnbilledUse.booking))
        .order_by(waits.desc(), UnbilledUse.id.desc())
        .limit(reading.PER_PAGE)
        .offset((page - 1) * reading.PER_PAGE)
    )
    total = bounded_count(sa.select(UnbilledUse.id).where(*conditions), page * reading.PER_PAGE)
    return render_template(
        "unbilled/index.html",
        listing=Listing(list(rows), total, page),
        going_on=unbooked.going_on(),
        asked=state.value if state else "",
        mbps=spoken_mbps,
        gigabytes=spoken_gigabytes,
        states=STATES,
    )


@pages.get("/<int:use_id>")
@may("see reports")
def show(use_id: int) -> str:
    """One use: when, where, how much, whether the seal fits, and what it would cost whom."""
    use = unbilled.get(use_id)
    spans = unbilled.spans(use)
    return render_template(
        "unbilled/show.html",
        use=use,
        look=STATES[use.state.value],
        spans=busiest(spans, use.period.duration),
        is_by_hour=use.period.duration <= BY_HOUR,
        gaps=traffic.gaps_of(spans),
        problems=unbilled.verify(use),
        overlapping=unbilled_uses.overlapping(use),
        asked=_asked(use),
        mbps=spoken_mbps,
        gigabytes=spoken_gigabytes,
    )


def _asked(use: UnbilledUse) -> Asked | None:
    """What it would cost on the booking that is asked about, if any."""
    reference = request.args.get("booking", "").strip()
    if not reference or use.state is not UseState.WAITING:
        return None
    try:
        booking = bookings.get(reference)
        return Asked(booking.reference, booking, unbilled.price_for(use, booking))
    except (NoPrice, UnknownBooking) as refused:
        return Asked(reference, None, None, sentences.spoken(refused) or refused.message)


@pages.get("/<int:use_id>/buckets.csv")
@may("see reports")
def csv(use_id: int) -> Sent:
    """Every bucket of a use as it was sealed; the seal stands in a header and in the name."""
    use = unbilled.get(use_id)
    sent = Sent(traffic_files.written(unbilled.spans(use)), mimetype="text/csv")
    name = f"{use.starts_at:%Y%m%d}-{use.seal[:12]}.csv"
    sent.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    sent.headers["X-Evidence-SHA256"] = use.sha256
    sent.headers["X-Evidence-Seal"] = use.seal
    return sent


@pages.post("/<int:use_id>/charge")
@may("decide proposals")
def charge(use_id: int) -> Response:
    """Charge it on a booking at the tariff."""
    with transaction():
        booking = bookings.get(request.form.get("booking", "").strip())
        made = unbilled.charge(unbilled.get(use_id), booking, by=current_member())
        amount = made.amount
    flash(_("Charged %(amount)s. The next invoice has it.", amount=formats.money(amount)), "good")
    return redirect(url_for(".show", use_id=use_id))


@pages.post("/<int:use_id>/dismiss")
@may("decide proposals")
def dismiss(use_id: int) -> Response:
    """Ask nothing of anybody, for a reason."""
    with transaction():
        unbilled.dismiss(
            unbilled.get(use_id), by=current_member(), reason=request.form.get("reason", "")
        )
    flash(_("Dropped. Nothing is charged."), "good")
    return redirect(url_for(".index"))


@pages.post("/<int:use_id>/reopen")
@may("decide proposals")
def reopen(use_id: int) -> Response:
    """Take a decision back, for a reason."""
    with transaction():
        unbilled.reopen(
            unbilled.get(use_id), by=current_member(), reason=request.form.get("reason", "")
        )
    flash(_("Taken back. It waits for a decision again."), "good")
    return redirect(url_for(".show", use_id=use_id))
