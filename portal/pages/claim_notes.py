"""What the booking form says beside price and stock: quotas, holds, approvals, kept dates.

Nothing is written and nothing locked: it is said again, and decided, when the form is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from config import clock
from portal.pages import formats
from portal.pages.booking_form import LINE_FIELDS, Preview, TypedBooking
from portal.pages.states import ROLES
from rental import (
    approval_rules,
    approvals,
    asking,
    hold_ranks,
    holds,
    occupancies,
    quota_rules,
    quotas,
)
from rental.hold_ranks import Ahead, Claimant, Standing
from rental.models import Booking, EventKind, Hold, Organiser, Unit
from rental.occupancies import Ask, Wanted
from rental.quota_rules import Excess, Measure


@dataclass(frozen=True, slots=True)
class Notes:
    """The sentences of each sort; `own` is a hold of the unit itself on what is chosen."""

    own: Sequence[Hold] = ()
    holds: Sequence[str] = ()
    quotas: Sequence[tuple[bool, str]] = ()
    approvals: Sequence[str] = ()


def of(preview: Preview) -> Notes:
    """What is to be said of the lines that can be read; nothing where there are none."""
    if not preview.asks or preview.unit is None or preview.form is None:
        return Notes()
    asks, unit = list(preview.asks), preview.unit
    claims = occupancies.unfold(asks)
    others = [] if preview.apart_from is None else [preview.apart_from]
    near = hold_ranks.near(claims)
    return Notes(
        own=_own(near, unit),
        holds=_ahead(claims, unit, near, preview.apart_from),
        quotas=[_quota(one) for one in quotas.standing(unit, [asks], apart_from=others)],
        approvals=_asked(preview.form, unit, asks),
    )


def _own(near: Sequence[Standing], unit: Unit) -> list[Hold]:
    return hold_ranks.loaded([hold.hold_id for hold in near if hold.unit_id == unit.id])


def _ahead(
    claims: Sequence[Wanted], unit: Unit, near: Sequence[Standing], apart_from: int | None
) -> list[str]:
    if all(hold.unit_id == unit.id for hold in near):
        return []
    claimant = Claimant(unit.id, clock.now())
    return [_said(one) for one in hold_ranks.in_the_way(claims, claimant, apart_from=apart_from)]


def _said(one: Ahead) -> str:
    return _(
        "Another unit holds this date until %(moment)s. You may ask all the same: it is told, and "
        "the desk waits for it.",
        moment=formats.moment(one.hold.expires_at),
    )


def _quota(excess: Excess) -> tuple[bool, str]:
    quota = excess.quota
    title = quota.title.vi if formats.language() == "vi" else quota.title.en
    left, limit = _amount(quota, excess.left), _amount(quota, Decimal(quota.limit))
    until = formats.plain_day(excess.span.ends_at)
    words = _(
        "%(quota)s: %(left)s of %(limit)s left until %(day)s.",
        quota=title,
        left=left,
        limit=limit,
        day=until,
    )
    return excess.is_over, words


def _amount(quota: quota_rules.Quota, amount: Decimal) -> str:
    shown = formats.number(int(amount)) if amount == int(amount) else f"{amount:.1f}"
    if quota.measure is Measure.HOURS:
        return _("%(count)s hours", count=shown)
    return _("%(count)s bookings", count=shown)


def _asked(form: TypedBooking, unit: Unit, asks: Sequence[Ask]) -> list[str]:
    """Whose yes the booking would need; it is never added to the session."""
    starts_at, ends_at = asking.span_of(asks)
    booking = Booking(
        unit_id=unit.id,
        event_kind=_word(form.event_kind, EventKind.OTHER),
        organiser=_word(form.organiser, Organiser.DOMESTIC),
        attendees=int(form.attendees) if form.attendees.isdecimal() else None,
        starts_at=starts_at,
        ends_at=ends_at,
        lines=[asking.line_of(ask) for ask in asks],
    )
    found = []
    for need in approvals.needed(booking).values():
        title = approval_rules.titled(need.key)
        if title is not None and need.role is not None:
            why = title.vi if formats.language() == "vi" else title.en
            found.append(_("%(who)s must agree: %(why)s", who=ROLES[need.role.value], why=why))
        else:
            code = need.key.partition(":")[2]
            found.append(_("The unit that owns %(code)s must agree.", code=code))
    return found


def _word(text: str, otherwise: Any) -> Any:
    try:
        return type(otherwise)(text)
    except ValueError:
        return otherwise


def waitable(preview: Preview) -> list[tuple[dict[str, str], str]]:
    """The lines that are taken: what the waitlist's form begins with, and what it is for."""
    form = preview.form
    if form is None:
        return []
    event = {"title": form.title, "event_kind": form.event_kind, "unit": form.unit}
    return [
        (event | {name: getattr(line, name) for name in LINE_FIELDS}, formats.title_of(resource))
        for line, resource, _priced in preview.lines
        if line.clash and not line.is_kept and resource is not None
    ]


FOR_TEMPLATES: dict[str, Any] = {
    "claim_notes": of,
    "waitable": waitable,
    "ranks_of_holds": holds.ranks_of,
}
