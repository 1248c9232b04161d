"""Add-ons in the booking form: what can be had with each line, and what is ticked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from billing import pricing
from billing.money import Money
from billing.price_words import MEASURES
from billing.pricing import Rented
from billing.rates import AddOn
from billing.tariff import tariffs
from config import clock
from portal.pages import formats, reading
from rental.models import Resource, Unit
from rental.period import Period

FIELD = "add_on"


class Typed(Protocol):
    """A line of the form, as far as add-ons go."""

    resource: str
    starts_at: str
    add_ons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One add-on of one line: the value of its box, its words and price, whether it is ticked."""

    value: str
    id: str
    title: str
    price: Money
    measure: str
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class Offered:
    """What can be had with one line."""

    resource: Resource
    choices: tuple[Choice, ...]


def read(lines: Sequence[Typed], ticked: Sequence[str]) -> None:
    """Give each line what is ticked for it; what speaks of no line is left out."""
    chosen: dict[str, list[str]] = {}
    for value in ticked:
        place, _colon, code = value.rpartition(":")
        chosen.setdefault(place, []).append(code)
    for place, line in zip(_places(lines), lines, strict=True):
        line.add_ons = tuple(dict.fromkeys(chosen.get(place, ())))


def offered(lines: Sequence[tuple[Typed, Resource | None, Any]], unit: Unit) -> list[Offered]:
    """What can be had with each line of the form by the lists of its day, for this unit."""
    found = []
    places = _places([line for line, _resource, _priced in lines])
    for place, (line, resource, _priced) in zip(places, lines, strict=True):
        if resource is not None:
            choices = tuple(_choices(place, line, resource, unit))
            if choices:
                found.append(Offered(resource, choices))
    return found


def title(code: str, resource: Resource, day: date) -> str:
    """The name of an add-on that a line has, or its code where no list knows it any more."""
    known = pricing.add_ons_for(tariffs(), _rented(resource), day)
    return next((_title(one) for one in known if one.code == code), code)


def _choices(place: str, line: Typed, resource: Resource, unit: Unit) -> Iterator[Choice]:
    for number, one in enumerate(pricing.add_ons_for(tariffs(), _rented(resource), _day(line))):
        words = MEASURES[one.per]
        yield Choice(
            value=f"{place}:{one.code}",
            id=f"add-on-{place.replace('#', '-')}-{number}",
            title=_title(one),
            price=Money(one.prices[unit.unit_class]),
            measure=words[1] if formats.language() == "en" else words[0],
            is_ticked=one.code in line.add_ons,
        )


def _title(add_on: AddOn) -> str:
    return add_on.title.en if formats.language() == "en" else add_on.title.vi


def _places(lines: Sequence[Typed]) -> list[str]:
    """A name for each line that stays when others come and go: its resource, counted."""
    seen: dict[str, int] = {}
    found = []
    for line in lines:
        seen[line.resource] = number = seen.get(line.resource, 0) + 1
        found.append(f"{line.resource}#{number}")
    return found


def _day(line: Typed) -> date:
    try:
        starts_at = reading.instant(line.starts_at)
    except reading.BadField:
        starts_at = None
    return starts_at.astimezone(clock.LOCAL).date() if starts_at else clock.today()


def _rented(resource: Resource) -> Rented:
    """The thing alone: how long it is rented does not decide what can be had with it."""
    now = clock.now()
    period = Period(now, now + timedelta(hours=1))
    return Rented(resource.code, resource.kind, period, tariff=resource.tariff)


FOR_TEMPLATES = {"add_ons_offered": offered, "add_on_title": title}
