"""The first page of each role: what waits for it today."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, render_template
from sqlalchemy.orm import selectinload

from billing import invoices, months, reminders, worklist
from billing.models import Invoice, InvoiceStatus
from billing.money import total
from config import clock
from config.database import db
from monitoring import devices, outages
from monitoring.models import Outage
from portal.access import current_member
from portal.pages import desk, formats, violation_list, work
from portal.pages.invoices import standing
from rental import units
from rental.models import HOLDING, Booking, BookingStatus, Closure, Line, Role
from rental.period import Period

pages = Blueprint("home", __name__)

SOME = 6
LIVE = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER)


def today() -> Period:
    """Today from midnight to midnight, on the Centre's clock."""
    first = datetime.combine(clock.today(), time(), clock.LOCAL)
    return Period(first.astimezone(UTC), (first + timedelta(days=1)).astimezone(UTC))


def _agenda(*conditions: sa.ColumnElement[bool], limit: int = SOME) -> list[Booking]:
    query = (
        sa.select(Booking)
        .where(*conditions)
        .options(selectinload(Booking.lines).joinedload(Line.resource))
        .order_by(Booking.starts_at, Booking.id)
        .limit(limit)
    )
    return list(db.session.scalars(query).unique())


def _count(model: Any, *conditions: sa.ColumnElement[bool]) -> int:
    return db.session.scalar(sa.select(sa.func.count(model.id)).where(*conditions)) or 0


def is_overdue(invoice: Invoice) -> bool:
    """Whether it is owed and its day has passed."""
    return standing(invoice) == "overdue"


@pages.get("/")
def show() -> str:
    """Home: by role."""
    member = current_member()
    role = member.role
    if role in (Role.MEMBER, Role.HEAD):
        return _unit()
    views = {Role.DESK: _desk, Role.FINANCE: _finance, Role.OPERATOR: _operator}
    return views.get(role, _director)()


def _unit() -> str:
    member = current_member()
    mine = Booking.unit_id == member.unit_id
    papers = invoices.open_of(member.unit_id)
    first = datetime.combine(clock.today() + timedelta(days=1), time(8), clock.LOCAL)
    return render_template(
        "home/unit.html",
        coming=_agenda(mine, Booking.ends_at >= clock.now(), Booking.status.in_(HOLDING)),
        papers=papers,
        left=total(invoice.left for invoice in papers),
        overdue=sum(is_overdue(invoice) for invoice in papers),
        waiting=_count(Booking, mine, Booking.status == BookingStatus.REQUESTED),
        ahead=_count(Booking, mine, Booking.status.in_(LIVE), Booking.ends_at >= clock.now()),
        starts_at=formats.field_time(first),
        ends_at=formats.field_time(first + timedelta(hours=3, minutes=30)),
    )


def _desk() -> str:
    day = today()
    starting = sa.and_(Booking.starts_at >= day.starts_at, Booking.starts_at < day.ends_at)
    ending = sa.and_(Booking.ends_at >= day.starts_at, Booking.ends_at < day.ends_at)
    out = Booking.status == BookingStatus.HANDED_OVER
    return render_template(
        "home/desk.html",
        requests=desk.requests(SOME),
        waiting=desk.waiting(),
        handovers=_agenda(starting, Booking.status == BookingStatus.CONFIRMED, limit=20),
        returns=_agenda(sa.or_(ending, Booking.ends_at < day.starts_at), out, limit=20),
        late=_count(Booking, out, Booking.ends_at < clock.now()),
        closed=_closed_now(),
    )


def _closed_now() -> list[Closure]:
    return list(
        db.session.scalars(
            sa.select(Closure)
            .where(Closure.during.contains(clock.now()), Closure.reopened_at.is_(None))
            .order_by(Closure.id)
        )
    )


def _finance() -> str:
    late = worklist.first_overdue()
    return render_template(
        "home/finance.html",
        work=work.waiting(),
        months=months.latest(),
        awaiting=worklist.awaiting(),
        late=worklist.overdue(),
        unbilled=worklist.first_to_invoice(),
        overdue=late,
        coming=reminders.following(late),
        reminded=reminders.written_since(today().starts_at),
    )


def _operator() -> str:
    return render_template(
        "home/operator.html",
        devices=devices.search(),
        counted={status.value: n for status, n in devices.counted().items()},
        outages=outages.all_(open_only=True, limit=20),
        violations=violation_list.live(5),
        violation_count=violation_list.count_live(),
    )


def _director() -> str:
    day = today()
    week = Booking.starts_at.between(clock.now(), clock.now() + timedelta(days=7))
    papers = invoices.recent(InvoiceStatus.OPEN, 500)
    counted = {status.value: n for status, n in devices.counted().items()}
    return render_template(
        "home/director.html",
        running=_agenda(
            Booking.starts_at < day.ends_at,
            Booking.ends_at >= day.starts_at,
            Booking.status.in_(LIVE),
            limit=12,
        ),
        waiting=desk.waiting(),
        week=_count(Booking, week, Booking.status.in_(LIVE)),
        open_total=total(invoice.left for invoice in papers),
        overdue=sum(is_overdue(invoice) for invoice in papers),
        counted=counted,
        device_count=sum(counted.values()),
        outages=_count(Outage, Outage.ended_at.is_(None)),
        violations=violation_list.count_live(),
        closed=_closed_now(),
        units=len([unit for unit in units.everyone() if not unit.is_centre]),
    )
