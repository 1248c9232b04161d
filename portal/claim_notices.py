"""Mail about claims: what becomes of a hold and of a place on the waitlist, and who is asked.

Approvals are told to everybody whose answer counts, refusals to the desk.
"""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale
from flask_babel import format_datetime as local_datetime
from flask_babel import gettext as _

from config import clock
from config.database import db
from config.settings import Settings
from portal import notices
from rental import approval_rules, approvals, signals
from rental.models import (
    Approval,
    ApprovalStatus,
    Booking,
    Hold,
    HoldLine,
    Line,
    Member,
    Role,
    Series,
    WaitlistEntry,
)

DAY_AND_TIME = "HH:mm dd/MM/yyyy"
# Where the session keeps the approvals asked for while many bookings are one deed.
TOGETHER = "approvals asked together"


def _address(path: str) -> str:
    """Where a page stands, as the installation is reached from outside."""
    settings: Settings = current_app.extensions["settings"]
    return f"{settings.public_url.rstrip('/')}{path}"


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return str(local_datetime(instant.astimezone(zone), DAY_AND_TIME, rebase=False))


def _zone(lines: Iterable[HoldLine] | Iterable[Line]) -> ZoneInfo:
    return next((line.resource.site.tzinfo for line in lines), clock.LOCAL)


def _event(about: Hold | Booking) -> list[str]:
    """What, when, which things."""
    zone = _zone(about.lines)
    return [
        "",
        about.title,
        f"{_local(about.starts_at, zone)} – {_local(about.ends_at, zone)}",
        *(f"- {line.resource.name} × {line.quantity}" for line in about.lines),
        "",
    ]


def _tell_holder(hold: Hold, subject: str, sentence: str, reason: str = "") -> None:
    why = [_("Reason: %(reason)s", reason=reason), ""] if reason else []
    body = "\n".join([sentence, *_event(hold), *why, _address(f"/holds/{hold.reference}")])
    notices.write(hold.member, f"{hold.reference}: {subject}", body, about=hold.reference)


def _until(hold: Hold) -> str:
    return _local(hold.expires_at, _zone(hold.lines))


def _on_challenged(hold: Hold, **_facts: object) -> None:
    with force_locale(hold.member.locale):
        _tell_holder(
            hold,
            _("another unit asks for your date"),
            _(
                "Another unit asks for the date that you hold. Book it until %(until)s, or release "
                "it; after that your hold lapses.",
                until=_until(hold),
            ),
        )


def _on_became_first(hold: Hold, **_facts: object) -> None:
    with force_locale(hold.member.locale):
        _tell_holder(
            hold,
            _("your hold is now the first"),
            _(
                "Nobody stands before you any more. Book the date until %(until)s, or release it.",
                until=_until(hold),
            ),
        )


def _on_expiring(hold: Hold, **_facts: object) -> None:
    with force_locale(hold.member.locale):
        _tell_holder(
            hold,
            _("your hold ends soon"),
            _(
                "Your hold ends at %(until)s. Book the date, extend the hold or release it.",
                until=_until(hold),
            ),
        )


def _on_lapsed(hold: Hold, **_facts: object) -> None:
    with force_locale(hold.member.locale):
        _tell_holder(
            hold,
            _("your hold has lapsed"),
            _("The time of your hold is over. If the date is still free you may book it."),
        )


def _on_overridden(hold: Hold, *, reason: str, **_facts: object) -> None:
    with force_locale(hold.member.locale):
        _tell_holder(
            hold,
            _("the date that you hold has been given to another unit"),
            _("The Press Center has confirmed another unit's booking although you hold the date."),
            reason,
        )


def _on_offered(entry: WaitlistEntry, **_facts: object) -> None:
    hold = entry.hold
    if hold is None:
        return
    with force_locale(entry.member.locale):
        _tell_holder(
            hold,
            _("the date that you wait for is free"),
            _(
                "It is held for you until %(until)s. Book it until then; unused, it is offered to "
                "the next.",
                until=_until(hold),
            ),
        )


def _on_wait_lapsed(entry: WaitlistEntry, **_facts: object) -> None:
    zone = entry.resource.site.tzinfo
    with force_locale(entry.member.locale):
        body = "\n".join(
            [
                _("The date has come and nothing became free, so your waiting has ended."),
                "",
                entry.title,
                f"{_local(entry.starts_at, zone)} – {_local(entry.ends_at, zone)}",
                f"- {entry.resource.name} × {entry.quantity}",
                "",
                _address("/waitlist"),
            ]
        )
        subject = _("nothing became free")
        notices.write(entry.member, f"{entry.reference}: {subject}", body, about=entry.reference)


def _members(*conditions: sa.ColumnElement[bool]) -> list[Member]:
    query = sa.select(Member).where(Member.is_active, *conditions).order_by(Member.id)
    return list(db.session.scalars(query).unique())


def _asked(approval: Approval) -> list[Member]:
    """Who is asked; where that is nobody, those who may answer for anybody."""
    if approval.role is None:
        found = _members(Member.unit_id == approval.unit_id, Member.role == Role.HEAD)
    else:
        found = _members(Member.role == approval.role)
    return found or _members(Member.role == Role.ADMINISTRATOR)


def _title(approval: Approval, locale: str) -> str:
    wording = approval_rules.titled(approval.rule)
    if wording is not None:
        return wording.vi if locale == "vi" else wording.en
    return _("Something that belongs to your unit") if approval.role is None else approval.rule


def _on_asked(approval: Approval, **_facts: object) -> None:
    if signals.is_together():
        db.session.info.setdefault(TOGETHER, []).append(approval)
    else:
        _ask(approval, dates=1)


def _on_series(_series: Series, **_facts: object) -> None:
    """Ask once for all dates of a series, under the first that needs the yes."""
    asked: dict[str, list[Approval]] = {}
    for approval in db.session.info.pop(TOGETHER, []):
        asked.setdefault(approval.rule, []).append(approval)
    for of_rule in asked.values():
        _ask(of_rule[0], dates=len(of_rule))


def _ask(approval: Approval, *, dates: int) -> None:
    booking = approval.booking
    for member in _asked(approval):
        with force_locale(member.locale):
            body = "\n".join(
                [
                    _(
                        "%(unit)s asks for what is below, and it needs your yes: %(rule)s.",
                        unit=booking.unit.name,
                        rule=_title(approval, member.locale),
                    ),
                    *_event(booking),
                    *((_("and %(count)s more dates", count=dates - 1), "") if dates > 1 else ()),
                    _address("/approvals"),
                ]
            )
            subject = _("your approval is asked for")
            notices.write(member, f"{booking.reference}: {subject}", body, about=booking.reference)


def _on_answered(approval: Approval, **_facts: object) -> None:
    """Tell the desk of a no, and of the last yes that was missing."""
    booking = approval.booking
    if approval.status is not ApprovalStatus.REFUSED and approvals.missing_of([booking]):
        return
    who = approval.member.name if approval.member is not None else ""
    for member in _members(Member.role == Role.DESK):
        with force_locale(member.locale):
            if approval.status is ApprovalStatus.REFUSED:
                subject = _("approval refused")
                sentence = _(
                    "%(who)s said no. Decline the request, or talk to them: they may answer again.",
                    who=who,
                )
            else:
                subject = _("all approvals are there")
                sentence = _("Everybody who was asked has said yes; you may confirm it.")
            comment = [_("Reason: %(reason)s", reason=approval.comment), ""]
            body = [sentence, *_event(booking), *(comment if approval.comment else ())]
            body.append(_address(f"/bookings/{booking.reference}"))
            about = f"{booking.reference}: {subject}"
            notices.write(member, about, "\n".join(body), about=booking.reference)


def subscribe() -> None:
    """Listen to the rental floor; repeating it changes nothing."""
    signals.hold_challenged.connect(_on_challenged)
    signals.hold_became_first.connect(_on_became_first)
    signals.hold_expiring.connect(_on_expiring)
    signals.hold_lapsed.connect(_on_lapsed)
    signals.hold_overridden.connect(_on_overridden)
    signals.wait_offered.connect(_on_offered)
    signals.wait_lapsed.connect(_on_wait_lapsed)
    signals.approval_asked.connect(_on_asked)
    signals.approval_answered.connect(_on_answered)
    signals.series_requested.connect(_on_series)
    signals.series_changed.connect(_on_series)
    signals.series_extended.connect(_on_series)
