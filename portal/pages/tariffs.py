"""Prices for those who answer for them: the lists in force, and what something would cost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from babel import numbers
from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from billing import deposits, quotes, tariff
from billing.errors import NoPrice, NoVatRate
from billing.price_words import MEASURES
from billing.quotes import Quote, Renter
from billing.rates import AddOn, Measure, Rate, Special, Title
from billing.tariff import Tariff
from config import clock
from config.errors import Invalid
from portal.access import may
from portal.pages import booking_form, form_add_ons, formats, reading
from portal.pages.booking_form import TypedLine
from portal.pages.sentences import spoken
from portal.pages.states import KINDS
from rental import catalogue, units
from rental.models import Resource, Unit, UnitClass

pages = Blueprint("tariffs", __name__, url_prefix="/tariffs")

CLASSES = {
    UnitClass.POLITICAL: lazy_gettext("Political duty"),
    UnitClass.PARTNER: lazy_gettext("Partner units"),
    UnitClass.OTHER: lazy_gettext("Other units"),
}
# What stands before the class where no unit is named.
CLASS = "class:"


@dataclass(frozen=True, slots=True)
class Change:
    """A day on which a list begins or has its last day."""

    day: date
    tariff: Tariff
    begins: bool


@pages.get("")
@may("see tariffs")
def index() -> str:
    """The lists in force on a day, today unless asked, and what will change."""
    day = reading.day(request.args, "day") or clock.today()
    lists = tariff.tariffs()
    return render_template(
        "tariffs/index.html",
        day=day,
        in_force=[one for one in lists if one.holds_on(day)],
        deposit=next((one for one in deposits.terms() if one.holds_on(day)), None),
        changes=sorted(_changes(lists, day), key=lambda change: change.day),
        priced_by=_priced_by(catalogue.search()),
    )


def _changes(lists: Sequence[Tariff], day: date) -> Iterator[Change]:
    for one in lists:
        if one.valid_from > day:
            yield Change(one.valid_from, one, begins=True)
        if one.valid_to is not None and one.valid_to >= day:
            yield Change(one.valid_to, one, begins=False)


def _priced_by(resources: Sequence[Resource]) -> dict[str, list[Resource]]:
    """The resources that each code or tariff key prices."""
    found: dict[str, list[Resource]] = {}
    for resource in resources:
        for key in {resource.code, resource.tariff or ""} - {""}:
            found.setdefault(key, []).append(resource)
    return found


@dataclass(slots=True)
class Asked:
    """What is asked of the calculator, as typed, and what is wrong with it."""

    line: TypedLine
    unit: str = ""
    attendees: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reckoned:
    """The answer of the calculator: a quote, or why there is none."""

    quote: Quote | None = None
    problem: str = ""
    tariff: Tariff | None = None


@pages.get("/calculator")
@may("see tariffs")
def calculator() -> str:
    """What something would cost a unit at a time; writes nothing."""
    resources, everyone = catalogue.search(), [u for u in units.everyone() if not u.is_centre]
    asked = _asked()
    known = {resource.code: resource for resource in resources}
    renters = {unit.slug: unit for unit in everyone}
    unit_class = _class(asked, renters)
    offered = form_add_ons.offered(
        [(asked.line, known.get(asked.line.resource), None)], Unit(unit_class=unit_class)
    )
    return render_template(
        "tariffs/calculator.html",
        asked=asked,
        resources=resources,
        units=everyone,
        offered=offered,
        answer=_reckoned(asked, known, renters) if request.args.get("resource") else None,
    )


def _asked() -> Asked:
    query = request.args
    line = TypedLine(
        query.get("resource", ""),
        query.get("quantity", "1"),
        query.get("starts_at", ""),
        query.get("ends_at", ""),
    )
    form_add_ons.read([line], query.getlist(form_add_ons.FIELD))
    unit = query.get("unit", CLASS + UnitClass.OTHER.value)
    return Asked(line, unit, query.get("attendees", ""))


def _class(asked: Asked, renters: Mapping[str, Unit]) -> UnitClass:
    if asked.unit in renters:
        return renters[asked.unit].unit_class
    try:
        return UnitClass(asked.unit.removeprefix(CLASS))
    except ValueError:
        return UnitClass.OTHER


def _reckoned(
    asked: Asked, known: Mapping[str, Resource], renters: Mapping[str, Unit]
) -> Reckoned | None:
    wish = booking_form.wanted_line(asked.line)
    resource = known.get(asked.line.resource)
    attendees = _attendees(asked)
    if resource is None:
        asked.line.errors["resource"] = _("Choose what to rent.")
    if wish is None or resource is None or asked.errors:
        return None
    rented = quotes.rented(resource, wish.period, wish.quantity, attendees, wish.add_ons)
    unit = renters.get(asked.unit)
    renter = quotes.renter(unit, [wish.period]) if unit else Renter(_class(asked, renters))
    try:
        quote = renter.quote([rented])
    except (NoPrice, NoVatRate) as missing:
        return Reckoned(problem=spoken(missing))
    code = quote.lines[0].priced.tariff
    return Reckoned(quote, "", next(one for one in tariff.tariffs() if one.code == code))


def _attendees(asked: Asked) -> int | None:
    try:
        found = reading.integer({"attendees": asked.attendees}, "attendees")
    except Invalid as wrong:
        asked.errors["attendees"] = spoken(wrong)
        return None
    if found is not None and found < 1:
        asked.errors["attendees"] = _("A whole number, at least 1.")
    return found


def in_language(title: Title) -> str:
    """A name in the language of the page."""
    return title.en if formats.language() == "en" else title.vi


def measure(per: Measure) -> str:
    """What one price buys, in the language of the page."""
    return MEASURES[per][1 if formats.language() == "en" else 0]


def what(rate: Rate, priced_by: Mapping[str, Sequence[Resource]]) -> tuple[str, str]:
    """What a rate prices and, beneath, the key or the names behind it."""
    if rate.kind is not None:
        return str(KINDS[rate.kind.value]), _("all without a price of their own")
    return named(str(rate.key), priced_by)


def named(key: str, priced_by: Mapping[str, Sequence[Resource]]) -> tuple[str, str]:
    """The resources that a key prices, and the key."""
    found = priced_by.get(key, ())
    if not found:
        return key, _("no resource takes it at present")
    names = [formats.title_of(resource) for resource in found[:MOST_NAMED]]
    if len(found) > MOST_NAMED:
        names.append(_("%(count)s more", count=len(found) - MOST_NAMED))
    return "; ".join(names), key


def beside(add_on: AddOn) -> str:
    """What an add-on goes with."""
    return ", ".join([*add_on.keys, *(str(KINDS[kind.value]) for kind in add_on.kinds)])


def remarks(rate: Rate, one: Tariff) -> list[str]:
    """What else a rate says, a sentence each."""
    found = [_special(special, one) for special in rate.special]
    if rate.lasts_minutes:
        found.append(_("lasts %(hours)s hours", hours=_hours(rate.lasts_minutes)))
    if rate.over_time is not None:
        prices = " / ".join(formats.number(rate.over_time.prices[each]) for each in UnitClass)
        found.append(_("over-time, each half hour begun: %(prices)s", prices=prices))
    if rate.minimum_minutes:
        found.append(_("at least %(hours)s hours", hours=_hours(rate.minimum_minutes)))
    if rate.maximum_minutes:
        found.append(_("at most %(hours)s hours", hours=_hours(rate.maximum_minutes)))
    return found


def _special(special: Special, one: Tariff) -> str:
    days = {"weekend": _("weekend"), "holiday": _("public holiday")}
    when = [days[special.day]] if special.day else []
    when += [
        f"{in_language(window.title)} ({window.hours})"
        for window in one.windows
        if window.code == special.window
    ]
    if special.percent is not None:
        return f"{', '.join(when)}: {special.percent}{formats.GAP}%"
    prices = " / ".join(formats.number((special.prices or {})[each]) for each in UnitClass)
    return f"{', '.join(when)}: {prices}"


def _hours(minutes: int) -> str:
    return numbers.format_decimal(minutes / 60, "#,##0.##", locale=formats.language())


def percent(value: Decimal | int) -> str:
    """`12,5 %`, without digits that say nothing."""
    shown = numbers.format_decimal(value, "#,##0.##", locale=formats.language())
    return f"{shown}{formats.GAP}%"


# Of the resources that share a price so many are named.
MOST_NAMED = 6
FOR_TEMPLATES = {
    "CLASSES_OF_UNITS": CLASSES,
    "tariff_title": in_language,
    "tariff_measure": measure,
    "tariff_what": what,
    "tariff_named": named,
    "tariff_remarks": remarks,
    "tariff_beside": beside,
    "tariff_percent": percent,
}
