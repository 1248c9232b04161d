"""How many devices keep the rules now, by rule, device and site; and violations by month.

Findings are the newest of each rule on each device in use. What is unknown has not passed: it
counts against the share.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config.database import db
from monitoring.models import Device, FindingRow, Violation
from monitoring.rules import Result, Rule, Severity
from rental.models import Site
from rental.period import Period


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings there are of each result."""

    passed: int = 0
    failed: int = 0
    waived: int = 0
    unknown: int = 0
    not_applicable: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            self.passed + other.passed,
            self.failed + other.failed,
            self.waived + other.waived,
            self.unknown + other.unknown,
            self.not_applicable + other.not_applicable,
        )

    @property
    def asked(self) -> int:
        """Findings of rules that apply."""
        return self.passed + self.failed + self.waived + self.unknown

    @property
    def share(self) -> float | None:
        """The share that passed, 0 to 1, of all that apply; None where none does."""
        return self.passed / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class Kept:
    """How something keeps the rules: a device, a site, or a control of a framework."""

    name: str
    under: str
    tally: Tally
    device_id: int | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """What became of violations in a month: opened, resolved, and standing at its end."""

    period: Period
    opened: int
    resolved: int
    standing: int
    # Of those standing, the critical and high ones.
    grave: int


_FIELDS = {
    Result.PASS: "passed",
    Result.FAIL: "failed",
    Result.WAIVED: "waived",
    Result.UNKNOWN: "unknown",
    Result.NOT_APPLICABLE: "not_applicable",
}
_COUNTS = [
    sa.func.count().filter(FindingRow.result == each).label(_FIELDS[each]) for each in Result
]


def _tally(row: sa.Row[Any]) -> Tally:
    return Tally(**{name: getattr(row, name) for name in _FIELDS.values()})


def by_rule() -> dict[str, Tally]:
    """How each rule is kept now, by its id; rules that nothing was judged by are missing."""
    rows = db.session.execute(
        sa.select(FindingRow.rule, *_COUNTS)
        .join(Device, Device.id == FindingRow.device_id)
        .where(Device.is_enabled)
        .group_by(FindingRow.rule)
    )
    return {row.rule: _tally(row) for row in rows}


def by_device() -> list[Kept]:
    """How each device in use keeps the rules, those with the most failures first."""
    rows = db.session.execute(
        sa.select(Device.id, Device.name, Site.name.label("site"), *_COUNTS)
        .select_from(FindingRow)
        .join(Device, Device.id == FindingRow.device_id)
        .join(Site, Site.id == Device.site_id)
        .where(Device.is_enabled)
        .group_by(Device.id, Device.name, Site.name)
    )
    kept = [Kept(row.name, row.site, _tally(row), row.id) for row in rows]
    return sorted(kept, key=lambda one: (-one.tally.failed, -one.tally.unknown, one.name))


def by_site(devices: Iterable[Kept]) -> list[Kept]:
    """The same devices together, by the site they stand at."""
    sums: dict[str, Tally] = {}
    for one in devices:
        sums[one.under] = sums.get(one.under, Tally()) + one.tally
    return [Kept(name, "", tally) for name, tally in sorted(sums.items())]


def by_control(rules: Iterable[Rule], tallies: dict[str, Tally]) -> list[Kept]:
    """How each control of each framework is kept: all rules that map to it, on all devices."""
    sums: dict[tuple[str, str], Tally] = {}
    for rule in rules:
        for mapping in rule.mappings:
            for control in mapping.controls:
                place = (f"{mapping.framework} · {mapping.version}", control)
                sums[place] = sums.get(place, Tally()) + tallies.get(rule.id, Tally())
    ordered = sorted(sums.items(), key=lambda one: (one[0][0], _numbered(one[0][1])))
    return [Kept(control, framework, tally) for (framework, control), tally in ordered]


def _numbered(control: str) -> list[tuple[int, str]]:
    """1.2.10 comes after 1.2.9, AC-17 after AC-6."""
    parts = control.replace("(", ".").replace(")", "").replace("-", ".").split(".")
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def by_month(months: Sequence[Period]) -> list[Month]:
    """What became of violations in each of the months."""
    found: list[Month] = []
    for month in months:
        starts_at, ends_at = month.starts_at, month.ends_at
        stands = sa.and_(
            Violation.opened_at < ends_at,
            sa.or_(Violation.resolved_at.is_(None), Violation.resolved_at >= ends_at),
        )
        grave = Violation.severity.in_((Severity.CRITICAL, Severity.HIGH))
        opened, resolved, standing, bad = db.session.execute(
            sa.select(
                sa.func.count().filter(
                    Violation.opened_at >= starts_at, Violation.opened_at < ends_at
                ),
                sa.func.count().filter(
                    Violation.resolved_at >= starts_at, Violation.resolved_at < ends_at
                ),
                sa.func.count().filter(stands),
                sa.func.count().filter(stands, grave),
            ).select_from(Violation)
        ).one()
        found.append(Month(month, opened, resolved, standing, bad))
    return found


def findings(rule: str, result: Result | None, *, limit: int, offset: int) -> list[FindingRow]:
    """What a rule found on the devices in use, the failures first."""
    order = {Result.FAIL: 0, Result.UNKNOWN: 1, Result.WAIVED: 2, Result.PASS: 3}
    rank = sa.case({each.value: place for each, place in order.items()}, value=FindingRow.result)
    wanted = (
        sa.select(FindingRow)
        .join(Device, Device.id == FindingRow.device_id)
        .options(joinedload(FindingRow.device))
        .where(Device.is_enabled, FindingRow.rule == rule)
        .order_by(rank.nulls_last(), Device.name)
    )
    if result is not None:
        wanted = wanted.where(FindingRow.result == result)
    return list(db.session.scalars(wanted.limit(limit).offset(offset)))
