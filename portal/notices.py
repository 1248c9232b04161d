"""Mail to members: written in the transaction of the event, sent by the worker after the commit.

A notice is claimed for ten minutes in one transaction, sent outside of any, and marked in another:
two workers never send the same one. Should the machine die between the server's yes and our mark,
it is sent once more: twice is better than never.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from smtplib import SMTP
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import force_locale
from flask_babel import format_datetime as local_datetime
from flask_babel import gettext as _
from sqlalchemy import select

from config import clock, logs
from config.database import db, transaction
from config.settings import Settings
from portal.mail import MailRefused, MailUnreachable, connected, mail_server, send
from portal.models import Notice, NoticeStatus
from rental import signals
from rental.models import Booking, Member

log = logs.get(__name__)

# 1, 2, 4 … minutes, at most six hours apart: a little over two days of attempts in all.
ATTEMPTS = 18
LONGEST_WAIT = timedelta(hours=6)
# Who claims a notice has this long to send it.
CLAIMED = timedelta(minutes=10)


def wait_after(attempts: int) -> timedelta:
    """How long a notice rests after so many failed attempts."""
    return min(LONGEST_WAIT, timedelta(minutes=2 ** min(attempts - 1, 20)))


def write(member: Member, subject: str, body: str, *, about: str | None = None) -> Notice:
    """Queue a mail to the member; sent only if the transaction is committed."""
    return write_to(Reader(member.email, member.locale, member.id), subject, body, about=about)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a mail: an address, its language, and the member behind it, if one is."""

    address: str
    locale: str
    member_id: int | None = None


def write_to(reader: Reader, subject: str, body: str, *, about: str | None = None) -> Notice:
    """Queue a mail to an address that may be nobody's in particular, such as a unit's."""
    notice = Notice(
        member_id=reader.member_id,
        recipient=reader.address,
        locale=reader.locale,
        # A title may hold a line break; a header may not.
        subject=" ".join(subject.split())[:200],
        body=body,
        about=about,
    )
    db.session.add(notice)
    db.session.flush()
    return notice


def _as_mail(notice: Notice, sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = notice.recipient
    mail["Subject"] = notice.subject
    mail["Date"] = format_datetime(notice.created_at)
    # The same id at every attempt: a mailbox that got it already can tell.
    mail["Message-ID"] = f"<notice-{notice.id}@{sender.rpartition('@')[2].rstrip('>')}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(notice.body)
    return mail


def _claim() -> Notice | None:
    """The notice that waits longest, ours for ten minutes; other workers pass over it."""
    with transaction():
        notice = db.session.scalars(
            select(Notice)
            .where(Notice.status == NoticeStatus.QUEUED, Notice.due_at <= clock.now())
            .order_by(Notice.due_at, Notice.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if notice is not None:
            notice.due_at = clock.now() + CLAIMED
    return notice


def _mark(notice: Notice, refused: MailRefused | None) -> None:
    at = clock.now()
    with transaction():
        notice.attempts += 1
        if refused is None:
            notice.status, notice.sent_at, notice.problem = NoticeStatus.SENT, at, None
            return
        notice.problem = refused.message[:300]
        notice.due_at = at + wait_after(notice.attempts)
        if refused.is_final or notice.attempts >= ATTEMPTS:
            notice.status = NoticeStatus.FAILED
    log.warning("notice not sent", notice_id=notice.id, problem=refused.message)


def _give_back(notice: Notice) -> None:
    """The server was away: not the notice's fault, so no attempt is counted."""
    with transaction():
        notice.due_at = clock.now() + timedelta(minutes=1)


def _send_one(link: SMTP, notice: Notice, sender: str) -> bool:
    mail = _as_mail(notice, sender)
    # Nothing of the database is held while the mail server thinks.
    db.session.commit()
    try:
        send(link, mail)
    except MailRefused as refused:
        _mark(notice, refused)
        return False
    except MailUnreachable:
        _give_back(notice)
        raise
    _mark(notice, None)
    return True


def is_due() -> bool:
    """Whether a notice waits to be sent."""
    return bool(
        db.session.scalar(
            select(
                select(Notice.id)
                .where(Notice.status == NoticeStatus.QUEUED, Notice.due_at <= clock.now())
                .exists()
            )
        )
    )


def send_due(settings: Settings, limit: int = 200) -> int:
    """Send what is due; how many were sent. Commits by itself.

    Without `smtp_url` nothing is sent and nothing is lost. Raises MailUnreachable where the server
    itself does not answer; then no notice loses an attempt.
    """
    if settings.smtp_url is None or not is_due():
        return 0
    db.session.rollback()
    sent = 0
    with connected(mail_server(settings.smtp_url.get_secret_value())) as link:
        for _turn in range(limit):
            notice = _claim()
            if notice is None:
                break
            sent += _send_one(link, notice, settings.mail_from)
    return sent


def _zone(booking: Booking) -> ZoneInfo:
    return booking.lines[0].resource.site.tzinfo if booking.lines else clock.LOCAL


def _times(booking: Booking) -> str:
    zone = _zone(booking)
    return f"{_local(booking.starts_at, zone)} – {_local(booking.ends_at, zone)}"


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return str(local_datetime(instant.astimezone(zone), "HH:mm dd/MM/yyyy", rebase=False))


def _address(booking: Booking) -> str:
    """Where the booking stands, as the installation is reached from outside."""
    settings: Settings = current_app.extensions["settings"]
    return f"{settings.public_url.rstrip('/')}/bookings/{booking.reference}"


def _about_booking(booking: Booking, subject: str, sentence: str) -> None:
    """Tell the member who asked: what, when, which things; of a whole series one mail tells."""
    if signals.is_together():
        return
    body = "\n".join(
        (
            sentence,
            "",
            f"{booking.title}",
            _times(booking),
            *(f"- {line.resource.name} × {line.quantity}" for line in booking.lines),
            *(("", _("Reason: %(reason)s", reason=booking.reason)) if booking.reason else ()),
            "",
            _address(booking),
        )
    )
    write(booking.member, f"{booking.reference}: {subject}", body, about=booking.reference)


def _on_requested(booking: Booking, **_facts: object) -> None:
    with force_locale(booking.member.locale):
        until = _local(booking.expires_at or booking.ends_at, _zone(booking))
        _about_booking(
            booking,
            _("your request has arrived"),
            _(
                "The Press Center has your request and holds what is below for you until %(until)s."
                " We write again when the desk answers.",
                until=until,
            ),
        )


def _on_confirmed(booking: Booking, **_facts: object) -> None:
    with force_locale(booking.member.locale):
        _about_booking(
            booking,
            _("your booking is confirmed"),
            _("The Press Center has confirmed your booking. We expect you."),
        )


def _on_declined(booking: Booking, **_facts: object) -> None:
    with force_locale(booking.member.locale):
        _about_booking(
            booking,
            _("your request is declined"),
            _("The Press Center cannot take your booking. Another time may be free."),
        )


def _on_cancelled(booking: Booking, **_facts: object) -> None:
    with force_locale(booking.member.locale):
        _about_booking(
            booking, _("your booking is cancelled"), _("The booking below has been cancelled.")
        )


def _on_expired(booking: Booking, **_facts: object) -> None:
    with force_locale(booking.member.locale):
        _about_booking(
            booking,
            _("your request has expired"),
            _("Nobody confirmed your request in time, so the places are free again. Ask anew."),
        )


def subscribe() -> None:
    """Listen to the rental floor; repeating it changes nothing."""
    signals.booking_requested.connect(_on_requested)
    signals.booking_confirmed.connect(_on_confirmed)
    signals.booking_declined.connect(_on_declined)
    signals.booking_cancelled.connect(_on_cancelled)
    signals.booking_expired.connect(_on_expired)
