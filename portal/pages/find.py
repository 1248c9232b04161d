"""Choose the dates, see everything that is free, and put it into one basket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from billing import quotes
from billing.money import Money
from billing.quotes import Renter
from portal.access import current_member, may, visible_unit_id
from portal.pages import basket, formats, opening, reading, seeking, suggested
from portal.pages.basket import Basket, Nearby
from portal.pages.seeking import Asked
from rental import catalogue, finding, units
from rental.finding import Denied, Findings
from rental.models import Closure, Resource, ResourceKind, Unit
from rental.occupancies import Ask
from rental.period import Period

pages = Blueprint("find", __name__, url_prefix="/find")

# Buttons whose press is part of the query; the address that stays does not name them.
PRESSES = ("add", "drop")
BOOKS_FOR_ANY = "request bookings for any unit"


@dataclass(frozen=True, slots=True)
class Row:
    """One free resource: how many, what one costs on all days together, what is to be known."""

    resource: Resource
    free: int
    price: Money | None
    taken: int
    remark: str


@dataclass(frozen=True, slots=True)
class Group:
    """What is free of a kind: the rows shown, and how many there are."""

    kind: ResourceKind
    rows: tuple[Row, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A resource that is not free: why in words, and when or how it would be."""

    resource: Resource
    words: str
    closure: Closure | None
    nearby: tuple[Nearby, ...]
    # The query that begins a place on the waitlist; none where waiting would not help.
    wait: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything the page says."""

    findings: Findings | None
    groups: tuple[Group, ...]
    refused: tuple[Refused, ...]
    basket: Basket
    # Codes that stood in the address and are not rented out (any more).
    gone: tuple[str, ...] = ()


@pages.get("")
@may("see the catalogue")
def show() -> ResponseReturnValue:
    """The search, what it finds and the basket; htmx asks for the last two alone."""
    asked = seeking.read(request.args, visible_unit_id(current_member(), BOOKS_FOR_ANY))
    here = url_for(".show", **asked.query())
    partial = reading.is_partial()
    if not partial and any(name in request.args for name in PRESSES):
        return redirect(here)
    page = render_template(
        "find/_found.html" if partial else "find/show.html",
        asked=asked,
        shown=shown(asked, current_member().unit),
        sites=units.sites(),
        typed={name: request.args.get(name, "") for name in asked.errors},
        partial=partial,
        most=seeking.MOST_WANTED,
    )
    answer = make_response(page, 422 if asked.errors and not partial else 200)
    if partial:
        answer.headers["HX-Push-Url"] = here
    return answer


def shown(asked: Asked, unit: Unit) -> Shown:
    """What is free and what is not, with prices for the unit, and the basket."""
    if asked.errors:
        return Shown(None, (), (), Basket())
    renter = quotes.renter(unit, asked.periods)
    known = catalogue.offered(asked.basket)
    gone = tuple(code for code in asked.basket if code not in known)
    sought = asked.sought
    found = finding.find(sought, list(known.values()))
    groups = tuple(
        group for kind in ResourceKind if (group := _group(kind, found, asked, renter)).total
    )
    denied = finding.explain(found.taken[: asked.rows], sought)
    return Shown(
        found,
        groups,
        tuple(_refused(one, asked) for one in denied),
        basket.of(asked, known, found, renter),
        gone,
    )


def _group(kind: ResourceKind, found: Findings, asked: Asked, renter: Renter) -> Group:
    of_kind = [one for one in found.free if one.resource.kind is kind]
    rows = tuple(
        Row(
            one.resource,
            one.free,
            _price(one.resource, asked, renter),
            asked.basket.get(one.resource.code, 0),
            _remark(one.resource, asked.periods),
        )
        for one in of_kind[: asked.rows]
    )
    return Group(kind, rows, len(of_kind))


def _price(resource: Resource, asked: Asked, renter: Renter) -> Money | None:
    asks = [Ask(resource, 1, period) for period in asked.periods]
    quote = basket.quoted(renter, asks, asked.people)
    return quote.total if quote else None


def _remark(resource: Resource, periods: Sequence[Period]) -> str:
    return next((words for one in periods if (words := opening.outside(resource, one))), "")


def _refused(denied: Denied, asked: Asked) -> Refused:
    resource = denied.resource
    near = []
    if denied.nearly is not None:
        (ask,) = denied.nearly.asks
        if basket.within_a_day(ask.period):
            before = (Ask(resource, 1, asked.periods[0]),)
            near.append(Nearby(suggested.words(denied.nearly, before), asked.at(ask.period)))
    if denied.next_free is not None and basket.within_a_day(denied.next_free):
        words = _("Next free: %(when)s", when=_when(*denied.next_free))
        near.append(Nearby(words, asked.at(denied.next_free)))
    return Refused(resource, _why(denied, asked), denied.closure, tuple(near), _wait(denied, asked))


def _wait(denied: Denied, asked: Asked) -> dict[str, str] | None:
    if denied.closure or denied.doors_closed or len(asked.periods) > 1:
        return None
    starts_at, ends_at = map(formats.field_time, asked.periods[0])
    return {
        "resource": denied.resource.code,
        "quantity": "1",
        "starts_at": starts_at,
        "ends_at": ends_at,
    }


def _when(starts_at: datetime, ends_at: datetime) -> str:
    return f"{formats.short_day(starts_at)}, {formats.hours(starts_at, ends_at)}"


def _why(denied: Denied, asked: Asked) -> str:
    if denied.doors_closed:
        return opening.outside(denied.resource, asked.periods[0]) or _("Outside opening hours")
    if denied.days_free:
        return _(
            "Free on %(free)s of %(days)s days", free=denied.days_free, days=len(asked.periods)
        )
    return _("Taken")


def _address(query: Mapping[str, Any]) -> str:
    return url_for("find.show", **query)


# What the page's own templates ask.
FOR_TEMPLATES = {"find_address": _address}
