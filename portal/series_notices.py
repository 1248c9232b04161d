"""Mail about series: one for a deed, however many dates it was done to."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale, format_datetime
from flask_babel import gettext as _

from config.database import db
from config.settings import Settings
from portal import notices
from rental import signals
from rental.models import Booking, Member, Role, Series

# A mail names so many dates; the page shows all.
MOST_DATES = 20


def _address(held: Series) -> str:
    settings: Settings = current_app.extensions["settings"]
    return f"{settings.public_url.rstrip('/')}/series/{held.reference}"


def _local(instant: datetime, held: Series, pattern: str = "HH:mm dd/MM/yyyy") -> str:
    local = instant.astimezone(ZoneInfo(held.zone))
    return str(format_datetime(local, pattern, rebase=False))


def _dates(held: Series, bookings: Sequence[Booking]) -> list[str]:
    shown = [
        f"- {_local(one.starts_at, held, 'dd/MM/yyyy HH:mm')} – "
        f"{_local(one.ends_at, held, 'HH:mm')} · {one.reference}"
        for one in bookings[:MOST_DATES]
    ]
    if more := len(bookings) - len(shown):
        shown.append(_("- and %(count)s more", count=more))
    return shown


def _tell(
    member: Member, held: Series, bookings: Sequence[Booking], subject: str, sentence: str
) -> None:
    """What was done, to which dates, with what reason; read in the member's language."""
    first = bookings[0]
    body = [sentence, "", first.title, *_dates(held, bookings)]
    if first.reason:
        body += ["", _("Reason: %(reason)s", reason=first.reason)]
    body += ["", _address(held)]
    notices.write(member, f"{held.reference}: {subject}", "\n".join(body), about=held.reference)


def _on_requested(held: Series, *, bookings: list[Booking], **_facts: object) -> None:
    """One receipt for all dates of a series."""
    first, last = bookings[0], bookings[-1]
    with force_locale(first.member.locale):
        body = (
            _(
                "The Press Center has your request for %(count)s dates, from %(first)s to"
                " %(last)s, and holds them for you. We write again when the desk answers.",
                count=len(bookings),
                first=_local(first.starts_at, held),
                last=_local(last.starts_at, held),
            ),
            "",
            first.title,
            *(f"- {line.resource.name} × {line.quantity}" for line in first.lines),
            "",
            _address(held),
        )
        subject = f"{held.reference}: {_('your request has arrived')}"
        notices.write(first.member, subject, "\n".join(body), about=first.reference)


def _on_changed(held: Series, *, bookings: list[Booking], **_facts: object) -> None:
    member = bookings[0].member
    with force_locale(member.locale):
        sentence = _(
            "Your series has been changed. These dates (%(count)s) now stand as follows:",
            count=len(bookings),
        )
        _tell(member, held, bookings, _("your series has been changed"), sentence)


def _on_extended(
    held: Series, *, bookings: list[Booking], skipped: Sequence[object], **_facts: object
) -> None:
    if not bookings:
        return
    member = bookings[0].member
    with force_locale(member.locale):
        sentence = _(
            "The Press Center has your request for further dates of your series (%(count)s) and"
            " holds them for you. We write again when the desk answers.",
            count=len(bookings),
        )
        if skipped:
            sentence += " " + _(
                "Dates that were taken and are left out: %(count)s.", count=len(skipped)
            )
        _tell(member, held, bookings, _("further dates of your series"), sentence)


def _on_confirmed(held: Series, *, bookings: list[Booking], **_facts: object) -> None:
    member = bookings[0].member
    with force_locale(member.locale):
        sentence = _(
            "The Press Center has confirmed these dates of your series (%(count)s). We expect you.",
            count=len(bookings),
        )
        _tell(member, held, bookings, _("your series is confirmed"), sentence)


def _on_declined(held: Series, *, bookings: list[Booking], **_facts: object) -> None:
    member = bookings[0].member
    with force_locale(member.locale):
        sentence = _(
            "The Press Center cannot take these dates of your series (%(count)s). Other times may"
            " be free.",
            count=len(bookings),
        )
        _tell(member, held, bookings, _("dates of your series are declined"), sentence)


def _on_cancelled(held: Series, *, bookings: list[Booking], **_facts: object) -> None:
    member = bookings[0].member
    with force_locale(member.locale):
        sentence = _(
            "These dates of your series (%(count)s) have been cancelled.", count=len(bookings)
        )
        _tell(member, held, bookings, _("dates of your series are cancelled"), sentence)


def _on_due(held: Series, *, until: datetime, bookings: list[Booking], **_facts: object) -> None:
    """Ask whether the unit still wants what lies beyond the confirmed part."""
    with force_locale(held.member.locale):
        sentence = _(
            "Your series is confirmed until %(until)s. Do you still need the dates after that"
            " (%(count)s)? Open the page below and press “Keep the series”. A date that is not kept"
            " is let go a week before it would begin.",
            until=_local(until, held, "dd/MM/yyyy"),
            count=len(bookings),
        )
        _tell(held.member, held, bookings, _("do you still need these dates?"), sentence)


def _on_let_go(held: Series, *, bookings: list[Booking], **_facts: object) -> None:
    """Tell the unit and the desk what is free again."""
    for member in _with_desk(held.member):
        with force_locale(member.locale):
            sentence = _(
                "Nobody confirmed in time that these dates (%(count)s) of the series of %(unit)s"
                " are still needed, so they are cancelled and free again.",
                count=len(bookings),
                unit=held.unit.name,
            )
            _tell(member, held, bookings, _("dates of a series are let go"), sentence)


def _with_desk(member: Member) -> Iterable[Member]:
    desk = db.session.scalars(
        sa.select(Member)
        .where(Member.role == Role.DESK, Member.is_active, Member.id != member.id)
        .order_by(Member.id)
    )
    return (member, *desk.unique())


def subscribe() -> None:
    """Listen to the rental floor; repeating it changes nothing."""
    signals.series_requested.connect(_on_requested)
    signals.series_changed.connect(_on_changed)
    signals.series_extended.connect(_on_extended)
    signals.series_confirmed.connect(_on_confirmed)
    signals.series_declined.connect(_on_declined)
    signals.series_cancelled.connect(_on_cancelled)
    signals.series_reconfirmation_due.connect(_on_due)
    signals.series_let_go.connect(_on_let_go)
