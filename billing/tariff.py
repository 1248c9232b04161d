"""Tariffs: dated price lists with a decision behind each, read from `config/tariffs`."""

from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from billing.rates import AddOn, Kit, Measure, Rate, Title, Weekday, Window
from config import documents
from config.documents import BadDocument
from config.validity import Dated
from rental.models import ResourceKind

__all__ = ["Measure", "Rate", "Tariff", "Title"]

FOLDER = documents.HOME / "tariffs"


class Tariff(Dated):
    """One dated price list."""

    code: str
    title: Title
    decision: str
    source: str
    # A sample stands for the Centre's own list, which is not published.
    sample: bool = False
    tax_inclusive: bool
    currency: str = Field(default="VND", pattern="^[A-Z]{3}$")
    weekend: tuple[Weekday, ...] = ("saturday", "sunday")
    # Periods of day that special prices speak of.
    windows: tuple[Window, ...] = ()
    rates: tuple[Rate, ...] = ()
    kits: tuple[Kit, ...] = ()
    add_ons: tuple[AddOn, ...] = ()

    @model_validator(mode="after")
    def _each_price_once(self) -> Self:
        seen: set[tuple[str, Measure]] = set()
        for rate in self.rates:
            if (rate.subject, rate.per) in seen:
                raise ValueError(f"{rate.subject} per {rate.per} is priced twice")
            seen.add((rate.subject, rate.per))
        if not (self.rates or self.kits):
            raise ValueError("a list prices something: rates, kits, or both")
        self._each_name_once("kit", [kit.key for kit in self.kits])
        self._each_name_once("add-on", [add_on.code for add_on in self.add_ons])
        self._each_name_once("period of day", [window.code for window in self.windows])
        both = {kit.key for kit in self.kits} & {rate.subject for rate in self.rates}
        if both:
            raise ValueError(f"{', '.join(sorted(both))}: priced as one and as its parts")
        return self

    @model_validator(mode="after")
    def _knows_its_windows(self) -> Self:
        known = {window.code for window in self.windows}
        for rate in self.rates:
            for special in rate.special:
                if special.window is not None and special.window not in known:
                    raise ValueError(f"{rate.subject}: there is no window {special.window!r}")
        return self

    @staticmethod
    def _each_name_once(what: str, names: Sequence[str]) -> None:
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"the {what} {', '.join(sorted(twice))} stands there twice")

    @cached_property
    def by_subject(self) -> dict[str, list[Rate]]:
        """The rates of each subject, in the list's order."""
        found: dict[str, list[Rate]] = {}
        for rate in self.rates:
            found.setdefault(rate.subject, []).append(rate)
        return found

    def rates_for(self, subject: str) -> list[Rate]:
        """The rates of one subject, in the list's order."""
        return self.by_subject.get(subject, [])

    def prices(self, subject: str) -> bool:
        """Whether it prices this code, key or kind."""
        return subject in self.by_subject or any(kit.key == subject for kit in self.kits)

    def kit_for(self, code: str, key: str | None) -> Kit | None:
        """The entry by which a kit costs what its parts cost, if there is one."""
        return next((kit for kit in self.kits if kit.key in (code, key)), None)

    def add_ons_for(self, code: str, key: str | None, kind: ResourceKind) -> list[AddOn]:
        """What can be asked for with a resource, in the list's order."""
        return [add_on for add_on in self.add_ons if add_on.goes_with(code, key, kind)]

    @property
    def subjects(self) -> dict[str, tuple[str, int]]:
        """What it prices, and where in the list the entry stands: its key and its number."""
        found = {rate.subject: ("rates", place) for place, rate in enumerate(self.rates)}
        return found | {kit.key: ("kits", place) for place, kit in enumerate(self.kits)}


def clashes(tariffs: Sequence[Tariff]) -> list[tuple[Tariff, Tariff, list[str]]]:
    """The pairs of lists that price the same things on some same day, the earlier first."""
    return [
        (other, tariff, sorted(twice))
        for i, tariff in enumerate(tariffs)
        for other in tariffs[:i]
        if tariff.overlaps(other) and (twice := tariff.subjects.keys() & other.subjects.keys())
    ]


def require_no_overlap(tariffs: Sequence[Tariff]) -> None:
    """Refuse two lists that price the same thing on the same day; raises BadDocument."""
    for other, tariff, twice in clashes(tariffs):
        raise BadDocument(
            f"tariffs {other.code} and {tariff.code} are in force together and both price "
            f"{', '.join(twice)}; end one before the other begins"
        )


def read(folder: Path) -> tuple[Tariff, ...]:
    """The lists of a folder; raises BadDocument, for lists in force together with file and line."""
    files = {path: documents.read(path, Tariff) for path in sorted(folder.glob("*.yml"))}
    wrong = [
        f"{_place(files, tariff, twice[0])}: {', '.join(twice)} is priced by {other.code} too "
        f"({_place(files, other, twice[0])}), and both lists are in force on "
        f"{max(tariff.valid_from, other.valid_from)}; end one before the other begins"
        for other, tariff, twice in clashes(tuple(files.values()))
    ]
    if wrong:
        raise BadDocument("\n".join(wrong))
    return tuple(files.values())


def _place(files: dict[Path, Tariff], tariff: Tariff, subject: str) -> str:
    path = next(path for path, found in files.items() if found is tariff)
    _values, node = documents.parse(documents.read_text(path), str(path))
    return f"{path}, line {documents.line_of(node, tariff.subjects[subject])}"


@cache
def tariffs() -> tuple[Tariff, ...]:
    """The lists of `config/tariffs`, read once; `tariffs.cache_clear()` reads them anew."""
    return read(FOLDER)
