"""Maintenance: what falls due, what is being done, and what was done."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import db, transaction
from config.errors import Conflict, Invalid, NotFound, Refusal
from portal.access import allowed, current_member, may
from portal.pages import formats, maintenance_words, reading
from portal.pages.reading import BadField, Listing
from portal.pages.sentences import spoken
from rental import maintenance, servicing
from rental.errors import UnknownPiece
from rental.models import (
    Asset,
    AssetCondition,
    Booking,
    BookingStatus,
    MaintenancePlan,
    Resource,
    ServiceKind,
    ServiceRecord,
)
from rental.servicing import NewService, Outcome

pages = Blueprint("maintenance", __name__, url_prefix="/maintenance")

# What falls due within so many days is listed.
AHEAD = timedelta(days=30)
# So much of the history stands on the page of a resource.
SOME = 5


def _page(problem: str = "", status: int = 200) -> tuple[str, int]:
    due = maintenance.outlook(maintenance.due(clock.today() + AHEAD))
    page = render_template(
        "maintenance/index.html",
        due=due,
        late=sum(one.days_left < 0 for one in due),
        running=servicing.running(),
        now=clock.now(),
        problem=problem,
    )
    return page, status


def refused(refusal: Refusal) -> tuple[str, int]:
    """The page as it stands now, with what was refused on top."""
    db.session.rollback()
    return _page(spoken(refusal), 409 if isinstance(refusal, Conflict) else 422)


@pages.get("")
@may("look after assets")
def index() -> tuple[str, int]:
    """What is being looked after now, and what falls due within thirty days."""
    return _page()


@dataclass(slots=True)
class TypedService:
    """The form of a service that no plan asks for, as it was typed."""

    what: str = ""
    kind: str = ServiceKind.REPAIR.value
    until: str = ""
    note: str = ""
    errors: dict[str, list[str]] = field(default_factory=dict)


def _form(typed: TypedService, status: int = 200) -> tuple[str, int]:
    page = render_template(
        "maintenance/begin.html", typed=typed, names=maintenance_words.suggested()
    )
    return page, status


@pages.get("/services/new")
@may("look after assets")
def new_service() -> tuple[str, int]:
    """The form of a repair, an inspection or a maintenance that no plan asks for."""
    return _form(TypedService(what=request.args.get("what", "")[:80]))


@pages.post("/services")
@may("look after assets")
def begin() -> Response | tuple[str, int]:
    """Begin it; what is refused comes back with what was typed."""
    form = request.form
    typed = TypedService(
        what=form.get("what", ""),
        kind=form.get("kind", ""),
        until=form.get("until", ""),
        note=form.get("note", ""),
    )
    try:
        with transaction():
            record = servicing.begin(_new_service(typed), by=current_member())
            what = maintenance_words.subject(record)
    except UnknownPiece as refusal:
        typed.errors["what"] = [spoken(refusal)]
        return _form(typed, 422)
    except BadField as refusal:
        typed.errors["until"] = [spoken(refusal)]
        return _form(typed, 422)
    except (Conflict, Invalid) as refusal:
        typed.errors["form"] = [spoken(refusal)]
        return _form(typed, 409 if isinstance(refusal, Conflict) else 422)
    flash(_("%(what)s is off the calendar until you finish.", what=what), "good")
    return redirect(url_for(".index"))


def _new_service(typed: TypedService) -> NewService:
    resource, asset = maintenance.named(typed.what)
    return NewService(
        resource=resource,
        kind=reading.word({"kind": typed.kind}, "kind", ServiceKind) or ServiceKind.REPAIR,
        asset=asset,
        until=_until(typed.until, resource),
        note=typed.note,
    )


def _until(text: str, resource: Resource) -> Any:
    until = reading.instant(text, resource.site.tzinfo)
    if until is not None and until <= clock.now():
        raise BadField(_("The end lies in the past; leave it empty or choose a later time."))
    return until


@pages.post("/plans/<int:plan_id>/begin")
@may("look after assets")
def begin_plan(plan_id: int) -> Response | tuple[str, int]:
    """Begin what a plan asks for."""
    try:
        with transaction():
            plan = maintenance.get(plan_id)
            until = _until(request.form.get("until", ""), plan.resource)
            new = NewService(
                plan.resource, ServiceKind.MAINTENANCE, plan.asset, plan, until,
                request.form.get("note"),
            )  # fmt: skip
            what = maintenance_words.subject(servicing.begin(new, by=current_member()))
    except (Conflict, Invalid) as refusal:
        return refused(refusal)
    flash(_("%(what)s is off the calendar until you finish.", what=what), "good")
    return redirect(url_for(".index"))


@pages.post("/services/<int:service_id>/finish")
@may("look after assets")
def finish(service_id: int) -> Response | tuple[str, int]:
    """End a service: what was done, and in what state the piece is."""
    try:
        with transaction():
            record = servicing.get(service_id)
            condition = reading.word(request.form, "condition", AssetCondition)
            outcome = Outcome(condition or AssetCondition.GOOD, request.form.get("note"))
            what = maintenance_words.subject(record)
            repair = servicing.finish(record, outcome, by=current_member())
    except (Conflict, Invalid) as refusal:
        return refused(refusal)
    if repair is not None:
        flash(_("Written down. %(what)s stays off the calendar for its repair.", what=what), "warn")
    else:
        flash(_("Written down. %(what)s is back on the calendar.", what=what), "good")
    return redirect(url_for(".index"))


@pages.post("/services/<int:service_id>/drop")
@may("look after assets")
def drop(service_id: int) -> Response | tuple[str, int]:
    """It was begun by mistake: back on the calendar, the plan as before."""
    try:
        with transaction():
            record = servicing.get(service_id)
            what = maintenance_words.subject(record)
            servicing.drop(record, by=current_member())
    except (Conflict, Invalid) as refusal:
        return refused(refusal)
    flash(_("%(what)s is back on the calendar.", what=what), "good")
    return redirect(url_for(".index"))


@pages.get("/history")
@may("look after assets")
def history() -> str:
    """The service history: of everything, or of one resource or asset by its code or tag."""
    what = request.args.get("what", "").strip()[:80]
    resource, asset, problem = None, None, ""
    if what:
        try:
            resource, asset = maintenance.named(what)
        except NotFound as refusal:
            problem = spoken(refusal)
    listing: Listing[ServiceRecord] = Listing([], 0)
    if not problem:
        query = servicing.history(resource, asset)
        page = reading.page_number()
        counted = sa.select(sa.func.count()).select_from(query.order_by(None).subquery())
        rows = query.limit(reading.PER_PAGE).offset((page - 1) * reading.PER_PAGE)
        listing = Listing(list(db.session.scalars(rows)), db.session.scalar(counted) or 0, page)
    template = "maintenance/_history.html" if reading.is_partial() else "maintenance/history.html"
    return render_template(
        template, listing=listing, what=what, problem=problem, resource=resource, of_asset=asset
    )


def of_resource(resource: Resource, asset: Asset | None = None) -> dict[str, Any]:
    """What the page of a resource, or of one asset of it, says of its maintenance."""
    return {
        "plans": maintenance.plans(resource, asset),
        "done": list(db.session.scalars(servicing.history(resource, asset).limit(SOME))),
    }


WATCHED = (BookingStatus.REQUESTED, BookingStatus.CONFIRMED)


def near(booking: Booking) -> list[MaintenancePlan]:
    """The plans that fall due near a booking, for whoever looks after assets."""
    if booking.status not in WATCHED or not allowed("look after assets"):
        return []
    return maintenance.near(booking)


FOR_TEMPLATES = {
    "maintenance_of": of_resource,
    "maintenance_near": near,
    "due_words": maintenance_words.due,
    "SERVICE_KINDS": maintenance_words.KINDS,
    "SERVICE_CONDITIONS": maintenance_words.CONDITIONS,
    "service_subject": maintenance_words.subject,
    "service_span": formats.duration,
}
