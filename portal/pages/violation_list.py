"""The list of violations: those that matter most first, filtered, and in other orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from config import clock
from config.database import bounded_count, db
from monitoring import risks
from monitoring.models import Device, Violation, ViolationStatus
from monitoring.risk import Risk
from monitoring.rules import Severity
from portal.pages import reading
from portal.pages.reading import Listing

LIVE = (ViolationStatus.OPEN, ViolationStatus.ACKNOWLEDGED)
RANK = {severity: place for place, severity in enumerate(Severity)}


class Sort(StrEnum):
    """In which order they are listed."""

    RISK = "risk"
    SEVERITY = "severity"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A violation and its risk; without one it is resolved."""

    violation: Violation
    risk: Risk | None


def sort_words() -> dict[str, str]:
    """What the orders are called."""
    return {
        Sort.RISK: _("Risk"),
        Sort.SEVERITY: _("Severity"),
        Sort.NEWEST: _("Newest first"),
        Sort.OLDEST: _("Oldest first"),
    }


def _query(*conditions: sa.ColumnElement[bool]) -> sa.Select[tuple[Violation]]:
    return sa.select(Violation).options(joinedload(Violation.device)).where(*conditions)


def _ordering(sort: Sort) -> Sequence[Any]:
    newest = (Violation.opened_at.desc(), Violation.id)
    if sort is Sort.SEVERITY:
        rank = {severity.value: n for severity, n in RANK.items()}
        return sa.case(rank, value=Violation.severity), *newest
    return (Violation.opened_at, Violation.id) if sort is Sort.OLDEST else newest


def live(limit: int = 10) -> list[Weighed]:
    """The violations nobody has settled, those of the greatest risk first."""
    found = risks.ranked([Violation.status.in_(LIVE)], clock.now(), limit=limit)
    return [Weighed(each, found.risks[each.id]) for each in risks.loaded(found.ids)]


def count_live() -> int:
    """How many violations nobody has settled."""
    counted = sa.select(sa.func.count(Violation.id)).where(Violation.status.in_(LIVE))
    return db.session.scalar(counted) or 0


def of_device(device: Device) -> list[Violation]:
    """What a device breaks now, waived or not, the gravest first."""
    condition = Violation.status != ViolationStatus.RESOLVED
    wanted = _query(Violation.device_id == device.id, condition)
    return list(db.session.scalars(wanted.order_by(*_ordering(Sort.SEVERITY))))


def listing() -> Listing[Weighed]:
    """The page of the list that the address asks for."""
    conditions, is_history = _asked()
    page = reading.page_number()
    total = bounded_count(sa.select(Violation.id).where(*conditions), page * reading.PER_PAGE)
    sort = reading.word(request.args, "sort", Sort) or Sort.RISK
    first = (page - 1) * reading.PER_PAGE
    if sort is Sort.RISK and not is_history:
        found = risks.ranked(conditions, clock.now(), limit=reading.PER_PAGE, offset=first)
        rows = [Weighed(each, found.risks[each.id]) for each in risks.loaded(found.ids)]
    else:
        wanted = _query(*conditions).order_by(*_ordering(sort))
        listed = db.session.scalars(wanted.limit(reading.PER_PAGE).offset(first))
        rows = weighed(list(listed))
    return Listing(rows, total, page)


def weighed(rows: list[Violation]) -> list[Weighed]:
    """Each with its risk; what is resolved has none."""
    standing = [each for each in rows if each.status is not ViolationStatus.RESOLVED]
    told = risks.of(standing, clock.now())
    return [Weighed(each, told.get(each.id)) for each in rows]


def _asked() -> tuple[list[sa.ColumnElement[bool]], bool]:
    """What the filters narrow to, and whether that is the history, which grows for ever."""
    conditions: list[sa.ColumnElement[bool]] = []
    status = reading.word(request.args, "status", ViolationStatus)
    conditions.append(
        Violation.status == status if status else Violation.status != ViolationStatus.RESOLVED
    )
    if severity := reading.word(request.args, "severity", Severity):
        conditions.append(Violation.severity == severity)
    return conditions, status is ViolationStatus.RESOLVED
