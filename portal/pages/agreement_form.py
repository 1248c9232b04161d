"""The form of an agreement: what was typed is kept as typed, errors stand beside the field."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.pages import reading
from rental.agreements import MOST_TARGETS, Target, Terms
from rental.models import (
    Agreement,
    AgreementKind,
    AgreementTarget,
    EventKind,
    ResourceKind,
    TargetMeasure,
    UnitClass,
)

FIELDS = (
    "unit", "number", "title", "kind", "signed_on", "valid_from", "valid_to", "rate_class",
    "discount_percent", "note",
)  # fmt: skip
TARGET_FIELDS = ("year", "measure", "event_kind", "resource_kind", "goal")
# Rows for targets that are free to fill in.
SPARE = 2

Read = TypeVar("Read")


@dataclass(slots=True)
class TypedTarget:
    """One target as typed, and what is wrong with it."""

    year: str = ""
    measure: str = TargetMeasure.EVENTS.value
    event_kind: str = ""
    resource_kind: str = ""
    goal: str = ""
    error: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed; a blank row is no target."""
        return not self.year.strip() and not self.goal.strip()


@dataclass(slots=True)
class TypedAgreement:
    """The whole form as typed, and what is wrong with it."""

    fields: dict[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    targets: list[TypedTarget] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_wrong(self) -> bool:
        """Whether anything carries an error."""
        return bool(self.errors) or any(target.error for target in self.targets)

    def with_room(self) -> "TypedAgreement":
        """The form with rows for further targets."""
        kept = [target for target in self.targets if not target.is_blank]
        spare = min(SPARE, MOST_TARGETS - len(kept))
        self.targets = kept + [TypedTarget() for _each in range(spare)]
        return self


def typed(form: MultiDict[str, str]) -> TypedAgreement:
    """The form as it came; targets are parallel lists of their fields."""
    columns = [form.getlist(f"target_{name}") for name in TARGET_FIELDS]
    # One more than may be kept, so that too many are refused and not cut off.
    targets = [TypedTarget(*row) for row in zip(*columns, strict=False)][: MOST_TARGETS + SPARE + 1]
    return TypedAgreement({name: form.get(name, "") for name in FIELDS}, targets)


def typed_of(agreement: Agreement) -> TypedAgreement:
    """What stands written, to be corrected."""
    values: dict[str, object] = {name: getattr(agreement, name) for name in FIELDS[1:]}
    values["unit"] = agreement.unit.slug
    percent = agreement.discount_percent
    values["discount_percent"] = f"{percent.normalize():f}".replace(".", ",") if percent else ""
    return TypedAgreement(
        {name: _text(value) for name, value in values.items()},
        [_typed_target(target) for target in agreement.targets],
    )


def _typed_target(target: AgreementTarget) -> TypedTarget:
    return TypedTarget(*(_text(getattr(target, name)) for name in TARGET_FIELDS))


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def terms(form: TypedAgreement) -> Terms | None:
    """The form as terms; None, with errors filled in, where it cannot be read."""
    fields, errors = form.fields, form.errors
    for name, words in (("number", _("Give its number.")), ("title", _("Give it a title."))):
        if not fields[name].strip():
            errors[name] = words
    kind = _read(form, "kind", lambda at, name: reading.word(at, name, AgreementKind))
    days = {name: _read(form, name, reading.day) for name in ("signed_on", "valid_to")}
    valid_from = _read(form, "valid_from", reading.day)
    rate_class = _read(form, "rate_class", lambda at, name: reading.word(at, name, UnitClass))
    discount = _percent(form)
    if kind is None and "kind" not in errors:
        errors["kind"] = _("Choose what it is.")
    if valid_from is None and "valid_from" not in errors:
        errors["valid_from"] = _("Give the first day.")
    if valid_from and (last := days["valid_to"]) and last < valid_from:
        errors["valid_to"] = _("The last day comes after the first.")
    targets = [_target(target) for target in form.targets if not target.is_blank]
    if form.is_wrong or kind is None or valid_from is None:
        return None
    return Terms(
        number=fields["number"],
        title=fields["title"],
        kind=kind,
        valid_from=valid_from,
        valid_to=days["valid_to"],
        signed_on=days["signed_on"],
        rate_class=rate_class,
        discount_percent=discount,
        note=fields["note"] or None,
        targets=[target for target in targets if target is not None],
    )


def _read(
    form: TypedAgreement, name: str, read: Callable[[Mapping[str, str], str], Read | None]
) -> Read | None:
    try:
        return read(form.fields, name)
    except reading.BadField:
        form.errors[name] = _("This cannot be read; choose or type it again.")
        return None


def _percent(form: TypedAgreement) -> Decimal:
    """A percentage with at most two digits behind the comma, which may be a point."""
    words = form.fields["discount_percent"].strip().replace(",", ".") or "0"
    try:
        percent = Decimal(words)
        if percent.is_finite() and 0 <= percent <= 100 and percent == round(percent, 2):
            return percent
    except InvalidOperation:
        pass
    form.errors["discount_percent"] = _("A percentage from 0 to 100, such as 10 or 7,5.")
    return Decimal(0)


def _target(target: TypedTarget) -> Target | None:
    fields = {name: getattr(target, name) for name in TARGET_FIELDS}
    try:
        year, goal = reading.integer(fields, "year"), reading.integer(fields, "goal")
        measure = reading.word(fields, "measure", TargetMeasure)
        event_kind = reading.word(fields, "event_kind", EventKind)
        resource_kind = reading.word(fields, "resource_kind", ResourceKind)
    except reading.BadField:
        year = goal = measure = event_kind = resource_kind = None
    if year is None or goal is None or measure is None or goal < 1:
        target.error = _("A target has a year and a goal, both whole numbers.")
        return None
    return Target(year, measure, goal, event_kind, resource_kind)
