"""Exports over the API: the same files as the pages give, under the API's own names."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Self

from flask import Blueprint, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from portal import sheets
from portal.access import current_member, may, visible_unit_id
from portal.api.calls import Call, offers
from portal.api.fields import Code, Instant, Query, Slug, Text
from portal.pages import export_tables, exports
from rental import catalogue, usage
from rental.models import BookingStatus, ResourceKind
from rental.period import Period
from rental.search import Sought

room = Blueprint("api_exports", __name__)

LONGEST = timedelta(days=366)


class BookingsExportQuery(Query):
    """Filters as those of the list of bookings. `from` and `to` keep what overlaps the period."""

    status: list[BookingStatus] = Field(default=[])
    starts_at: Instant | None = Field(default=None, alias="from")
    ends_at: Instant | None = Field(default=None, alias="to")
    unit: Slug | None = None
    resource: Code | None = None
    q: Text | None = Field(default=None, max_length=200)

    @model_validator(mode="after")
    def _both_ends(self) -> Self:
        if (self.starts_at is None) != (self.ends_at is None):
            raise PydanticCustomError("period", "from and to go together: give both or neither")
        return self

    def sought(self) -> Sought:
        """The filters, narrowed to what who asks may see; raises BadPeriod."""
        period = None
        if self.starts_at is not None and self.ends_at is not None:
            period = Period(self.starts_at, self.ends_at)
        return Sought(
            unit_id=visible_unit_id(current_member()),
            unit=self.unit,
            statuses=self.status,
            period=period,
            resource=self.resource,
            q=self.q,
        )


class ResourcesExportQuery(Query):
    """Filters as those of the catalogue."""

    kind: ResourceKind | None = None
    seats_min: int | None = Field(default=None, ge=0, le=1_000_000)
    site: Slug | None = None
    q: Text | None = Field(default=None, max_length=200)

    def found(self) -> Any:
        """The resources that fit."""
        return catalogue.search(kind=self.kind, seats_min=self.seats_min, site=self.site, q=self.q)


class UtilisationQuery(Query):
    """The first and the last day of a report, 366 days at most."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @model_validator(mode="after")
    def _in_bounds(self) -> Self:
        if not timedelta(0) <= self.last - self.first < LONGEST:
            raise PydanticCustomError("period", "to comes after from, 366 days later at most")
        if not 2000 <= self.first.year <= 2100:
            raise PydanticCustomError("period", "a year between 2000 and 2100")
        return self


def _call(summary: str, form: str) -> Call:
    return Call(f"{summary} as {form.upper()}", "exports", answer=sheets.MEDIA_TYPES[form])


def _bookings(form: str) -> Callable[..., Any]:
    def export(query: BookingsExportQuery) -> Response:
        """Soonest first; all of them, 200 000 at most."""
        return exports.sent(export_tables.bookings(query.sought()), form, spoken=False)

    return export


def _lines(form: str) -> Callable[..., Any]:
    def export(query: BookingsExportQuery) -> Response:
        """A row for each line of the bookings that fit."""
        return exports.sent(export_tables.lines(query.sought()), form, spoken=False)

    return export


def _resources(form: str) -> Callable[..., Any]:
    def export(query: ResourcesExportQuery) -> Response:
        """The catalogue in natural order."""
        return exports.sent(export_tables.resources(query.found()), form, spoken=False)

    return export


def _assets(form: str) -> Callable[..., Any]:
    def export(query: ResourcesExportQuery) -> Response:
        """The serialised pieces of the resources that fit."""
        return exports.sent(export_tables.assets(query.found()), form, spoken=False)

    return export


def _utilisation(form: str) -> Callable[..., Any]:
    def export(query: UtilisationQuery) -> Response:
        """What the report of these days says, one table under the other."""
        report = usage.report(query.first, query.last)
        return exports.sent(export_tables.utilisation(report), form, spoken=False)

    return export


TABLES: dict[str, tuple[str, str, Callable[[str], Callable[..., Any]]]] = {
    "bookings": ("Export bookings", "export bookings", _bookings),
    "lines": ("Export lines of bookings", "export bookings", _lines),
    "resources": ("Export the catalogue", "see the catalogue", _resources),
    "assets": ("Export assets", "see every unit's bookings", _assets),
    "utilisation": ("Export a utilisation report", "see utilisation", _utilisation),
}

for _name, (_summary, _verb, _made) in TABLES.items():
    for _form in sheets.WRITERS:
        room.add_url_rule(
            f"/exports/{_name}.{_form}",
            f"export_{_name}_{_form}",
            may(_verb)(offers(_call(_summary, _form))(_made(_form))),
        )
