"""The catalogue: what can be rented, what of it is free, and why something is not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import transaction
from portal.access import allowed, current_member, may
from portal.pages import closed, reading
from portal.pages.reading import BadField
from portal.pages.timeline_rows import Viewer
from rental import calendar, catalogue, closures, units, uplinks
from rental.calendar import EntryKind
from rental.closures import NewClosure
from rental.models import Closure, ClosureKind, Member, Resource, ResourceKind
from rental.period import Period
from rental.uplinks import UplinkUse

pages = Blueprint("catalogue", __name__, url_prefix="/catalogue")

AHEAD = timedelta(days=14)
INSTANT = timedelta(minutes=1)
# A quarantine is a violation's to begin and to end.
BY_HAND = (ClosureKind.MAINTENANCE, ClosureKind.HOLIDAY)


@dataclass(frozen=True, slots=True)
class Offer:
    """One resource as the catalogue shows it; `free` is None where no period was asked for."""

    resource: Resource
    free: int | None
    closure: Closure | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What the visitor looks for."""

    kind: ResourceKind | None
    seats_min: int | None
    site: str | None
    q: str | None
    starts_at: datetime | None
    ends_at: datetime | None

    @property
    def period(self) -> Period | None:
        """The period to be free in, where both ends are given; raises BadPeriod."""
        if self.starts_at is None or self.ends_at is None:
            return None
        return Period(self.starts_at, self.ends_at)


def _filters() -> Filters:
    return Filters(
        kind=reading.word(request.args, "kind", ResourceKind),
        seats_min=reading.integer(request.args, "seats_min"),
        site=request.args.get("site") or None,
        q=request.args.get("q") or None,
        starts_at=reading.instant(request.args.get("starts_at", "")),
        ends_at=reading.instant(request.args.get("ends_at", "")),
    )


def offers(wanted: Filters) -> list[Offer]:
    """All that fits, what is free first; a resource off the calendar says why."""
    found = catalogue.search(
        kind=wanted.kind, seats_min=wanted.seats_min, site=wanted.site, q=wanted.q
    )
    period = wanted.period
    shown = period or Period(clock.now(), clock.now() + INSTANT)
    closed: dict[int, Closure] = {}
    for closure in closures.standing([resource.id for resource in found], shown):
        if not _is_for(closure, current_member()):
            closed.setdefault(closure.resource_id, closure)
    kept = {key for key, closure in closed.items() if closure.kind is ClosureKind.RESERVED}
    if period is None:
        return [Offer(resource, None, closed.get(resource.id)) for resource in found]
    search = calendar.Search(period, 1, wanted.kind, wanted.seats_min, site=wanted.site, q=wanted.q)
    free = {r.id: pieces for r, pieces in calendar.free(search) if r.id not in kept}
    listed = [Offer(r, free.get(r.id, 0), closed.get(r.id)) for r in found]
    return sorted(listed, key=lambda offer: not offer.free)


def _is_for(closure: Closure, member: Member) -> bool:
    """Whether it is kept for the member's own unit, which books it as ever."""
    return closure.kind is ClosureKind.RESERVED and any(
        exception.unit_id == member.unit_id for exception in closure.exceptions
    )


def kept_for(closure: Closure) -> list[str]:
    """The units it is kept for, as who asks may know them: the staff all, a unit itself."""
    member = current_member()
    return [
        exception.unit.name
        for exception in closure.exceptions
        if allowed("see every unit's bookings") or exception.unit_id == member.unit_id
    ]


FOR_TEMPLATES = {"kept_for": kept_for, "uplink_of": uplinks.of, "uplink_use": uplinks.use}


@pages.get("")
@may("see the catalogue")
def index() -> str:
    """The catalogue with its filters; htmx asks for the results alone."""
    wanted = _filters()
    listed = offers(wanted)
    template = "catalogue/_results.html" if reading.is_partial() else "catalogue/index.html"
    return render_template(
        template,
        offers=listed,
        wanted=wanted,
        sites=units.sites(),
        uplinks=_uplinks(),
        free=sum(1 for offer in listed if offer.free),
    )


def _uplinks() -> list[UplinkUse]:
    """The uplinks, for the staff; htmx does not ask for them again."""
    is_shown = allowed("see every unit's bookings") and not reading.is_partial()
    return uplinks.uses() if is_shown else []


@pages.get("/<code>")
@may("see the catalogue")
def show(code: str) -> str:
    """One resource: what it is, whether it is on the calendar, and what lies ahead."""
    resource = catalogue.get(code)
    now = clock.now()
    ahead = Period(now, now + AHEAD)
    member = current_member()
    viewer = Viewer(member.unit_id, allowed("see every unit's bookings"))
    entries = calendar.entries([resource], ahead)[resource.id]
    standing = closures.standing([resource.id], ahead)
    return render_template(
        "catalogue/show.html",
        resource=resource,
        closed=[c for c in standing if c.during.lower is None or c.during.lower <= now],
        is_closed=any(_is_shut(c) and (c.during.lower or now) <= now for c in standing),
        units=[unit for unit in units.everyone() if not unit.is_centre]
        if allowed("close resources") or allowed("manage catalogue")
        else [],
        coming=[c for c in standing if c.during.lower is not None and c.during.lower > now],
        entries=[(e, viewer.knows(e)) for e in entries if e.kind is EntryKind.BOOKING],
        first=now,
        free_now=calendar.segments([resource], Period(now, now + INSTANT))[resource.id][0].free,
    )


def _is_shut(closure: Closure) -> bool:
    return closure.quantity is None and closure.kind is not ClosureKind.RESERVED


@pages.post("/<code>/closures")
@may("close resources")
def close(code: str) -> Response:
    """Take it off the calendar: a period, or from now until somebody reopens it."""
    with transaction():
        resource = catalogue.get(code)
        if request.form.get("kind") == ClosureKind.RESERVED.value:
            closure = _reserved(resource)
        else:
            closure = closures.close(resource, _new_closure(resource), by=current_member())
        affected = len(closures.affected(closure))
    if affected:
        told = _("Closed. %(number)s bookings lie under it; tell their units.", number=affected)
        flash(told, "warn")
    else:
        flash(_("Closed. No booking lies under it."), "good")
    return redirect(url_for(".show", code=code))


def _reserved(resource: Resource) -> Closure:
    """Keep it for the units chosen, and refuse it to all others."""
    zone = resource.site.tzinfo
    starts_at = reading.instant(request.form.get("starts_at", ""), zone) or clock.now()
    ends_at = reading.instant(request.form.get("ends_at", ""), zone)
    if ends_at is None:
        raise BadField(_("Say until when it is kept."))
    kept = [units.get(slug) for slug in request.form.getlist("units")]
    reason, period = request.form.get("reason", ""), Period(starts_at, ends_at)
    return closures.reserve(resource, period, reason, kept, by=current_member())


def _new_closure(resource: Resource) -> NewClosure:
    kind = reading.word(request.form, "kind", ClosureKind)
    if kind is None or kind not in BY_HAND:
        raise BadField(
            _("Choose why it is closed: maintenance, a holiday, or kept for some units.")
        )
    zone = resource.site.tzinfo
    starts_at = reading.instant(request.form.get("starts_at", ""), zone) or clock.now()
    ends_at = reading.instant(request.form.get("ends_at", ""), zone)
    return NewClosure(
        kind,
        Period(starts_at, ends_at) if ends_at else starts_at,
        reason=request.form.get("reason", ""),
        quantity=reading.integer(request.form, "quantity"),
    )


@pages.post("/<code>/owner")
@may("manage catalogue")
def own(code: str) -> Response:
    """Say whose it is: the head of that unit must agree where another books it."""
    slug = request.form.get("owner", "")
    with transaction():
        owner = units.get(slug) if slug else None
        catalogue.give(catalogue.get(code), owner, by=current_member())
    flash(_("The owner is noted; new requests ask its head."), "good")
    return redirect(url_for(".show", code=code))


@pages.post("/<code>/closures/<int:closure_id>/reopen")
@may("close resources")
def reopen(code: str, closure_id: int) -> Response:
    """Put it back on the calendar. What the service closed, it reopens when the cause is gone."""
    with transaction():
        closure = closures.get(catalogue.get(code), closure_id)
        if closure.cause is not None:
            words = closed.how_it_ends(closure.cause)
            raise BadField(words)
        closures.reopen(closure, by=current_member())
    flash(_("It is back on the calendar."), "good")
    return redirect(url_for(".show", code=code))
