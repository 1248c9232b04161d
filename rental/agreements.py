"""Agreements with partner units: what was agreed, from when until when, and which one gives rates.

Of a unit, one agreement at most gives rates on any day, so that a price has one explanation.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from config.database import db
from rental import asking, journal
from rental.errors import AgreementsOverlap, BadAgreement, NumberTaken, UnknownAgreement
from rental.models import (
    Agreement,
    AgreementKind,
    AgreementTarget,
    EventKind,
    Member,
    ResourceKind,
    TargetMeasure,
    Unit,
    UnitClass,
)

FIRST_YEAR, LAST_YEAR = 2000, 2199
MOST_TARGETS = 30
LARGEST_GOAL = 10_000_000
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Target:
    """How much of something the partners mean to do in a calendar year."""

    year: int
    measure: TargetMeasure
    goal: int
    event_kind: EventKind | None = None
    resource_kind: ResourceKind | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What stands on the paper. Both days are included; without a last until further notice."""

    number: str
    title: str
    kind: AgreementKind
    valid_from: date
    valid_to: date | None = None
    signed_on: date | None = None
    rate_class: UnitClass | None = None
    # What is taken off the rates of the class, in percent with two digits.
    discount_percent: Decimal = Decimal(0)
    note: str | None = None
    targets: Sequence[Target] = ()

    @property
    def gives_rates(self) -> bool:
        """Whether prices depend on it."""
        return self.rate_class is not None or self.discount_percent > 0


def add(unit: Unit, terms: Terms, *, by: Member | None) -> Agreement:
    """Keep an agreement; raises BadAgreement, NumberTaken or AgreementsOverlap."""
    agreement = Agreement(unit=unit)
    _write(agreement, unit, terms)
    db.session.add(agreement)
    db.session.flush()
    journal.record(agreement, "added", by=by, number=agreement.number)
    return agreement


def change(agreement: Agreement, terms: Terms, *, by: Member | None) -> None:
    """Correct what was written down. Bookings that are charged keep their price until changed."""
    _write(agreement, agreement.unit, terms)
    db.session.flush()
    journal.record(agreement, "changed", by=by, number=agreement.number)


def end(agreement: Agreement, last_day: date, *, by: Member) -> None:
    """End it after `last_day`; days before keep their rates. Raises BadAgreement."""
    if last_day < agreement.valid_from or (
        agreement.valid_to is not None and last_day > agreement.valid_to
    ):
        raise BadAgreement("The last day lies within the days of the agreement; choose another.")
    agreement.valid_to, agreement.is_ended = last_day, True
    db.session.flush()
    journal.record(agreement, "ended", by=by, number=agreement.number)


def terms_of(agreement: Agreement) -> Terms:
    """What is written down of an agreement."""
    return Terms(
        number=agreement.number,
        title=agreement.title,
        kind=agreement.kind,
        valid_from=agreement.valid_from,
        valid_to=agreement.valid_to,
        signed_on=agreement.signed_on,
        rate_class=agreement.rate_class,
        discount_percent=agreement.discount_percent,
        note=agreement.note,
        targets=tuple(
            Target(each.year, each.measure, each.goal, each.event_kind, each.resource_kind)
            for each in agreement.targets
        ),
    )


def _write(agreement: Agreement, unit: Unit, terms: Terms) -> None:
    """Check and set everything; the unit is locked, so that two who write see each other."""
    number, title = _line(terms.number, 60), _line(terms.title, 200)
    _check(terms)
    db.session.execute(sa.select(Unit.id).where(Unit.id == unit.id).with_for_update())
    _require_alone(agreement, unit, terms, number)
    agreement.number, agreement.title, agreement.kind = number, title, terms.kind
    agreement.signed_on = terms.signed_on
    agreement.valid_from, agreement.valid_to = terms.valid_from, terms.valid_to
    agreement.rate_class = terms.rate_class
    agreement.discount_percent = terms.discount_percent.quantize(CENT)
    agreement.note = (asking.text(terms.note) or "")[:2000] or None
    agreement.targets = [
        AgreementTarget(
            year=target.year,
            measure=target.measure,
            goal=target.goal,
            event_kind=target.event_kind,
            resource_kind=target.resource_kind,
        )
        for target in terms.targets
    ]


def _line(value: str, longest: int) -> str:
    found = asking.text(" ".join(value.split()))
    if not found:
        raise BadAgreement("An agreement has a number and a title; fill them in.")
    if len(found) > longest:
        raise BadAgreement("{text}… is too long; shorten it.", text=found[:40])
    if any(unicodedata.category(c) in asking.UNSEEN or c in asking.TURNING for c in found):
        raise BadAgreement("Number and title are one line of text without control characters.")
    return found


def _check(terms: Terms) -> None:
    if terms.valid_to is not None and terms.valid_to < terms.valid_from:
        raise BadAgreement("The last day lies before the first; correct one of them.")
    if not 0 <= terms.discount_percent <= 100:
        raise BadAgreement("The discount is between 0 and 100 percent; correct it.")
    if len(terms.targets) > MOST_TARGETS:
        raise BadAgreement("An agreement has at most {most} targets.", most=MOST_TARGETS)
    for target in terms.targets:
        if not FIRST_YEAR <= target.year <= LAST_YEAR or not 0 < target.goal <= LARGEST_GOAL:
            raise BadAgreement("A target has a year and a goal above zero; correct it.")


def _require_alone(agreement: Agreement, unit: Unit, terms: Terms, number: str) -> None:
    others = [
        each
        for each in db.session.scalars(
            sa.select(Agreement).where(
                sa.or_(Agreement.number == number, Agreement.unit_id == unit.id)
            )
        ).unique()
        if each.id != agreement.id
    ]
    if any(each.number == number for each in others):
        raise NumberTaken
    for other in others:
        if terms.gives_rates and gives_rates(other) and _overlap(terms, other):
            raise AgreementsOverlap(
                "Agreement {number} of the unit gives rates in the same days; end it before this "
                "one begins.",
                number=other.number,
            )


def _overlap(terms: Terms, other: Agreement) -> bool:
    return (terms.valid_to is None or other.valid_from <= terms.valid_to) and (
        other.valid_to is None or terms.valid_from <= other.valid_to
    )


def gives_rates(agreement: Agreement) -> bool:
    """Whether prices depend on it."""
    return agreement.rate_class is not None or agreement.discount_percent > 0


def holds_on(agreement: Agreement, day: date) -> bool:
    """Whether it is in force on that day."""
    return agreement.valid_from <= day and (agreement.valid_to is None or day <= agreement.valid_to)


def in_force(unit_id: int, day: date) -> list[Agreement]:
    """The agreements of a unit that hold on a day, oldest first."""
    return between(unit_id, day, day)


def between(unit_id: int, first: date, last: date) -> list[Agreement]:
    """The agreements of a unit that hold on some day from `first` to `last`: one query."""
    return list(
        db.session.scalars(
            sa.select(Agreement)
            .where(
                Agreement.unit_id == unit_id,
                Agreement.valid_from <= last,
                sa.or_(Agreement.valid_to.is_(None), Agreement.valid_to >= first),
            )
            .order_by(Agreement.valid_from, Agreement.id)
        ).unique()
    )


def everyone(unit_id: int | None = None) -> list[Agreement]:
    """All agreements, or one unit's, with their targets; the newest first."""
    query = sa.select(Agreement).options(selectinload(Agreement.targets))
    if unit_id is not None:
        query = query.where(Agreement.unit_id == unit_id)
    found = db.session.scalars(query.order_by(Agreement.valid_from.desc(), Agreement.id.desc()))
    return list(found.unique())


def get(agreement_id: int) -> Agreement:
    """One agreement with its targets; raises UnknownAgreement."""
    found = (
        db.session.scalars(
            sa.select(Agreement)
            .where(Agreement.id == agreement_id)
            .options(selectinload(Agreement.targets))
        )
        .unique()
        .one_or_none()
    )
    if found is None:
        raise UnknownAgreement
    return found


def find(number: str) -> Agreement | None:
    """The agreement of this number, if any."""
    return (
        db.session.scalars(sa.select(Agreement).where(Agreement.number == number))
        .unique()
        .one_or_none()
    )
