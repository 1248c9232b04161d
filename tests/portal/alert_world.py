"""What the tests of alerts stand on: programs that take JSON, a policy, outages."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from config.settings import Settings
from monitoring import outages
from monitoring.alerts import review
from monitoring.alerts.policy import AlertPolicy
from monitoring.models import Alert, Delivery, DeviceStatus
from tests.monitoring.policy_world import a_switch

# Messages are due when they are made: the tests live in the present.
NOW = clock.now().replace(microsecond=0)


class Listener(ThreadingHTTPServer):
    """A program that takes JSON and keeps what it was sent; it answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers), body))
        status, told = self.server.answers.pop(0) if self.server.answers else (200, b'{"ok":true}')
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[Listener]:
    server = Listener()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def a_policy(url: str = "http://127.0.0.1:9") -> AlertPolicy:
    return AlertPolicy.model_validate(
        {
            "channels": [
                {"name": "mail", "kind": "email"},
                {"name": "noc", "kind": "webhook", "url": f"{url}/hook"},
                {"name": "chat", "kind": "telegram", "chat": "-1001"},
                {"name": "am", "kind": "alertmanager", "url": url},
            ],
            "routes": [
                {
                    "name": "all",
                    "kinds": ["outage", "problem", "violation", "received"],
                    "tell": [
                        {"channel": "mail", "to": ["on-call"]},
                        {"channel": "noc"},
                        {"channel": "chat"},
                    ],
                    "repeat_minutes": 60,
                }
            ],
        }
    )


def looked(at, policy=None) -> review.Reviewed:
    with clock.standing_at(at), transaction():
        return review.review(at, policy or a_policy(), clock.LOCAL)


def standing() -> list[Alert]:
    return list(db.session.scalars(sa.select(Alert).order_by(Alert.id)))


def queued() -> list[Delivery]:
    return list(db.session.scalars(sa.select(Delivery).order_by(Delivery.id)))


def an_outage(**over):
    device = a_switch(status=DeviceStatus.DOWN, **over)
    return outages.open_(device, NOW - timedelta(minutes=1), {})


def settings(**over) -> Settings:
    return Settings(telegram_token="123:geheim", alert_secret="k" * 20, **over)
