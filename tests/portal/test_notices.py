"""Notices: written with their event, sent after it, by a real SMTP server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from pydantic import SecretStr

from config import clock
from config.database import db, transaction
from portal import notices
from portal.mail import MailUnreachable, mail_server
from portal.models import Notice, NoticeStatus
from rental.signals import booking_confirmed, booking_requested
from tests.build import a_booking, a_hall
from tests.ports import free_port

SECRET = "smtp-secret"


class Mailbox:
    """Keeps what it is sent; refuses whom it is told to refuse."""

    def __init__(self) -> None:
        self.mails: list = []
        self.refuse: dict[str, str] = {}
        self.hang_up = False

    async def handle_RCPT(  # noqa: N802
        self, server, session, envelope, address, rcpt_options
    ):
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server, session, envelope
    ):
        if self.hang_up:
            server.transport.close()
            return "421 gone"
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    box = Mailbox()

    def check(server, session, envelope, mechanism, data):
        return AuthResult(success=data.password == SECRET.encode())

    class Server(Controller):
        def factory(self):
            return SMTP(
                box, authenticator=check, auth_require_tls=False, auth_required=True, hostname="box"
            )

    running = Server(box, hostname="127.0.0.1", port=0)
    running.port = free_port()
    running.start()
    yield box, f"smtp://desk:{SECRET}@127.0.0.1:{running.port}"
    running.stop()


@pytest.fixture
def settings(service, mailbox):
    own = service.extensions["settings"]
    return own.model_copy(update={"smtp_url": _secret(mailbox[1])})


def _secret(text):
    return SecretStr(text)


def written(person, count=1, **over):
    with transaction():
        return [
            notices.write(person(**over), f"Tin số {n}", f"Nội dung {n}", about="BK-1")
            for n in range(count)
        ]


def state(notice):
    db.session.refresh(notice)
    return notice.status


def test_a_confirmed_booking_tells_its_member_in_the_members_language(service, person, settings):
    for locale in ("vi", "en"):
        member = person(locale=locale)
        with transaction():
            booking = a_booking(a_hall(name="Hội trường H100"), member=member, title="Họp\nbáo")
            booking_confirmed.send(booking)
        notice = db.session.scalars(sa.select(Notice).where(Notice.locale == locale)).one()
        assert notice.recipient == member.email
        assert notice.about == booking.reference
        assert booking.reference in notice.subject
        assert "Hội trường H100 × 1" in notice.body


@pytest.mark.parametrize(
    ("locale", "subject", "held"),
    [
        ("vi", "chúng tôi đã nhận yêu cầu của quý vị", "cho quý vị đến 09:00 08/03/2030"),
        ("en", "your request has arrived", "for you until 09:00 08/03/2030"),
    ],
)
def test_a_request_is_receipted_with_what_is_held_until_when(
    service, person, locale, subject, held
):
    member = person(locale=locale)
    with transaction():
        hall = a_hall(name="Hội trường H100")
        booking = a_booking(hall, member=member, expires_at=datetime(2030, 3, 8, 2, tzinfo=UTC))
        booking_requested.send(booking)
    notice = db.session.scalars(sa.select(Notice)).one()
    assert notice.recipient == member.email
    assert notice.subject == f"{booking.reference}: {subject}"
    assert held in notice.body
    assert "Hội trường H100 × 1" in notice.body


def test_a_notice_of_what_was_rolled_back_never_was(service, person):
    member = person()
    notices.write(member, "Never", "…")
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(Notice.id))) == 0


def test_a_notice_is_sent_once_with_its_vietnamese_letters(person, settings, mailbox):
    (notice,) = written(person)
    assert notices.send_due(settings) == 1
    assert notices.send_due(settings) == 0
    (mail,) = mailbox[0].mails
    assert mail["To"] == notice.recipient
    assert mail["Subject"] == "Tin số 0"
    assert mail["Message-ID"] == f"<notice-{notice.id}@localhost>"
    assert mail.get_content().strip() == "Nội dung 0"
    assert state(notice) is NoticeStatus.SENT


def test_without_a_mail_server_notices_wait(service, person):
    (notice,) = written(person)
    assert notices.send_due(service.extensions["settings"]) == 0
    assert state(notice) is NoticeStatus.QUEUED


def test_a_silent_mail_server_costs_no_attempt_and_shows_no_password(person, settings, mailbox):
    (notice,) = written(person)
    dead = settings.model_copy(
        update={"smtp_url": _secret(f"smtp://desk:{SECRET}@127.0.0.1:{free_port()}")}
    )
    with pytest.raises(MailUnreachable) as refused:
        notices.send_due(dead)
    assert SECRET not in str(refused.value)
    assert state(notice) is NoticeStatus.QUEUED
    assert notice.attempts == 0


def test_a_server_that_hangs_up_gets_the_notice_again(person, settings, mailbox):
    box, _url = mailbox
    (notice,) = written(person)
    box.hang_up = True
    with pytest.raises(MailUnreachable):
        notices.send_due(settings)
    assert state(notice) is NoticeStatus.QUEUED
    box.hang_up = False
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        assert notices.send_due(settings) == 1
    assert len(box.mails) == 1


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("450 mailbox busy", NoticeStatus.QUEUED),  # greylisting: try later
        ("550 no such user", NoticeStatus.FAILED),  # never
    ],
)
def test_one_refused_recipient_does_not_stop_the_others(person, settings, mailbox, reply, status):
    box, _url = mailbox
    first, second = written(person, count=2)
    box.refuse[first.recipient] = reply
    assert notices.send_due(settings) == 1
    assert state(first) is status
    assert reply[:3] in (first.problem or "")
    assert first.due_at > clock.now()
    assert state(second) is NoticeStatus.SENT


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 2), (4, 8), (30, 360)])
def test_attempts_move_apart(attempts, minutes):
    assert notices.wait_after(attempts) == timedelta(minutes=minutes)


def test_two_workers_never_send_the_same_notice(service, person, settings, mailbox):
    written(person, count=30)

    def work(_turn):
        with service.app_context():
            return notices.send_due(settings)

    with ThreadPoolExecutor(3) as workers:
        assert sum(workers.map(work, range(3))) == 30
    subjects = [mail["Message-ID"] for mail in mailbox[0].mails]
    assert len(set(subjects)) == len(subjects) == 30


def test_a_worker_that_died_while_sending_leaves_the_notice_for_the_next(person, settings, mailbox):
    written(person)
    notices._claim()  # and then its machine lost its power
    assert notices.send_due(settings) == 0
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert notices.send_due(settings) == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 25, None, None, False)),
        ("smtp://a%40b:p%3Aw@mail.example:587", ("mail.example", 587, "a@b", "p:w", False)),
        ("smtps://mail.example", ("mail.example", 465, None, None, True)),
    ],
)
def test_the_address_of_a_mail_server_says_all(url, expected):
    server = mail_server(url)
    assert (
        server.host,
        server.port,
        server.user,
        server.password,
        server.at_once_tls,
    ) == expected
