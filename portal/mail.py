"""Speaks SMTP: one connection for many mails, TLS wherever the server offers it."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from config.errors import Unreachable

SMTP_SECONDS = 20


class MailUnreachable(Unreachable):
    """The mail server does not answer; notices stay queued until it does."""


class MailRefused(Unreachable):
    """The mail server did not take this mail."""

    def __init__(self, problem: str, *, is_final: bool) -> None:
        """`is_final` says that the server will never take it (5xx)."""
        super().__init__(problem)
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes, as `smtp://user:password@host:port` says it; smtps:// is TLS at once."""

    host: str
    port: int
    user: str | None
    password: str | None
    at_once_tls: bool


def mail_server(url: str) -> MailServer:
    """The parts of an SMTP address; ports 25, or 465 for smtps, where none is given."""
    parts = urlsplit(url)
    tls = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname or "localhost",
        port=parts.port or (465 if tls else 25),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        at_once_tls=tls,
    )


@contextmanager
def connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    """A greeted, encrypted where possible, signed-in connection; raises MailUnreachable."""
    try:
        if server.at_once_tls:
            link: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=SMTP_SECONDS, context=ssl.create_default_context()
            )
        else:
            link = smtplib.SMTP(server.host, server.port, timeout=SMTP_SECONDS)
            link.ehlo()
            if link.has_extn("starttls"):
                link.starttls(context=ssl.create_default_context())
        if server.user and server.password:
            link.login(server.user, server.password)
    except (OSError, smtplib.SMTPException) as wrong:
        raise MailUnreachable(f"{server.host}:{server.port}: {_why(wrong)}") from wrong
    try:
        yield link
    finally:
        link.close()


def _why(wrong: Exception) -> str:
    """What went wrong in words to keep: never a password, at most a line."""
    if isinstance(wrong, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{code} {text!r}" for code, text in wrong.recipients.values())[:300]
    if isinstance(wrong, smtplib.SMTPResponseException):
        return f"{wrong.smtp_code} {wrong.smtp_error!r}"[:300]
    return f"{type(wrong).__name__}: {wrong}"[:300]


def _is_final(wrong: Exception) -> bool:
    if isinstance(wrong, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _text in wrong.recipients.values())
    return isinstance(wrong, smtplib.SMTPDataError) and 500 <= wrong.smtp_code < 600


def send(link: smtplib.SMTP, mail: EmailMessage) -> None:
    """Hand one mail over; raises MailRefused, or MailUnreachable where the server hung up."""
    try:
        link.send_message(mail)
    except smtplib.SMTPServerDisconnected as gone:
        raise MailUnreachable(f"the mail server hung up: {_why(gone)}") from gone
    except (OSError, smtplib.SMTPException) as wrong:
        raise MailRefused(_why(wrong), is_final=_is_final(wrong)) from wrong
