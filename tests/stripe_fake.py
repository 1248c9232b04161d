"""A small Stripe that speaks HTTP: sessions with a page, payments, refunds, disputes, events.

It enforces what ours relies on: idempotency keys (the same key with another body is refused), the
largest amount, no refund beyond what was received. Webhooks are signed as the SDK checks them and
sent again until they are answered with 2xx.
"""

import hashlib
import hmac
import html
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SECRET = "whsec_test_secret"
KEY = "sk_test_media_center"
MOST = 99_999_999

Answer = tuple[int, dict[str, Any]]


def signature(payload: bytes, at: int, secret: str = SECRET) -> str:
    """The header that the SDK accepts for this payload at that second."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def nested(body: str) -> dict[str, Any]:
    """The SDK's form fields, `line_items[0][quantity]=1`, as nested values."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        keys = name.replace("]", "").split("[")
        place = found
        for key in keys[:-1]:
            place = place.setdefault(key, {})
        place[keys[-1]] = value
    return found


@dataclass
class StripeFake:
    """What it knows; `webhook` is where events go, in the order of `events`."""

    webhook: str | None = None
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    disputes: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, tuple[str, Answer]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    # How many of the next calls are answered with 500.
    broken: int = 0
    # Where the next refunds stand when they are made.
    refund_status: str = "succeeded"
    lock: threading.RLock = field(default_factory=threading.RLock)
    address: str = ""
    _count: int = 0

    def _id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count:08d}"

    def told(self, kind: str, about: dict[str, Any]) -> dict[str, Any]:
        """Note an event about an object as it stands now."""
        event = {
            "id": self._id("evt"),
            "object": "event",
            "api_version": "2025-01-01",
            "type": kind,
            "created": int(time.time()),
            "data": {"object": dict(about)},
        }
        self.events.append(event)
        return event

    def pay(self, session_id: str) -> str:
        """Somebody pays on the page: the intent's id. Paying twice is refused by the page."""
        with self.lock:
            session = self.sessions[session_id]
            intent = {
                "id": self._id("pi"),
                "object": "payment_intent",
                "amount": session["amount_total"],
                "amount_received": session["amount_total"],
                "currency": session["currency"],
                "status": "succeeded",
                "created": int(time.time()),
                "metadata": session["intent_metadata"],
            }
            self.intents[intent["id"]] = intent
            session.update(status="complete", payment_status="paid", payment_intent=intent["id"])
            self.told("payment_intent.succeeded", intent)
            self.told("checkout.session.completed", session)
            return str(intent["id"])

    def expire(self, session_id: str) -> None:
        """Nobody paid in time."""
        with self.lock:
            self.sessions[session_id]["status"] = "expired"
            self.told("checkout.session.expired", self.sessions[session_id])

    def give_back(self, intent_id: str, amount: int, metadata: dict[str, str]) -> Answer:
        """A refund, if that much is left."""
        intent = self.intents.get(intent_id)
        if intent is None:
            return _wrong("No such payment_intent")
        given = sum(
            one["amount"]
            for one in self.refunds.values()
            if one["payment_intent"] == intent_id and one["status"] != "failed"
        )
        if amount + given > intent["amount_received"]:
            return _wrong("Refund amount is greater than unrefunded amount on charge")
        refund = {
            "id": self._id("re"),
            "object": "refund",
            "amount": amount,
            "payment_intent": intent_id,
            "status": self.refund_status,
            "metadata": metadata,
            "failure_reason": None,
        }
        self.refunds[refund["id"]] = refund
        self.told("refund.created", refund)
        return 200, refund

    def end_refund(self, refund_id: str, status: str) -> None:
        """A refund that was pending ends."""
        with self.lock:
            self.refunds[refund_id]["status"] = status
            if status == "failed":
                self.refunds[refund_id]["failure_reason"] = "lost_or_stolen_card"
            self.told("refund.updated", self.refunds[refund_id])

    def dispute(self, intent_id: str, amount: int) -> str:
        """The payer asks its bank for the money."""
        with self.lock:
            dispute = {
                "id": self._id("du"),
                "object": "dispute",
                "amount": amount,
                "payment_intent": intent_id,
                "status": "needs_response",
                "reason": "fraudulent",
                "evidence_details": {"due_by": int(time.time()) + 864_000},
            }
            self.disputes[dispute["id"]] = dispute
            self.told("charge.dispute.created", dispute)
            return str(dispute["id"])

    def close(self, dispute_id: str, status: str) -> None:
        """The bank decides."""
        with self.lock:
            self.disputes[dispute_id]["status"] = status
            self.told("charge.dispute.closed", self.disputes[dispute_id])

    def send(self, event: dict[str, Any], tries: int = 3) -> int:
        """Deliver an event to the webhook, again while it is not answered with 2xx; the status."""
        assert self.webhook is not None
        payload = json.dumps(event).encode()
        status = 0
        for _try in range(tries):
            headers = {
                "Stripe-Signature": signature(payload, int(time.time())),
                "Content-Type": "application/json",
            }
            request = urllib.request.Request(self.webhook, payload, headers)
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    status = answer.status
            except urllib.error.HTTPError as refused:
                status = refused.code
            if 200 <= status < 300:
                break
        return status

    def answer(self, method: str, path: str, body: str, key: str | None) -> Answer:
        """What a call is answered."""
        with self.lock:
            self.calls.append(f"{method} {path}")
            if self.broken:
                self.broken -= 1
                return 500, {"error": {"type": "api_error", "message": "broken"}}
            if key is not None and key in self.answers:
                first, answered = self.answers[key]
                if first == f"{path} {body}":
                    return answered
                return 400, {
                    "error": {
                        "type": "idempotency_error",
                        "message": "Keys for idempotent requests can only be used with the same "
                        "parameters they were first used with.",
                    }
                }
            found = self._found(method, path, nested(body))
            if key is not None and found[0] < 500:
                self.answers[key] = f"{path} {body}", found
            return found

    def _found(self, method: str, path: str, asked: dict[str, Any]) -> Answer:
        parts = urlsplit(path)
        known = dict(parse_qsl(parts.query))
        calls: dict[tuple[str, str], Callable[[], Answer]] = {
            ("POST", "/v1/checkout/sessions"): lambda: self._open(asked),
            ("POST", "/v1/refunds"): lambda: self.give_back(
                asked["payment_intent"], int(asked["amount"]), asked.get("metadata", {})
            ),
            ("GET", "/v1/refunds"): lambda: _listed(self.refunds, known),
            ("GET", "/v1/disputes"): lambda: _listed(self.disputes, known),
        }
        if (method, parts.path) in calls:
            return calls[method, parts.path]()
        intent = self.intents.get(parts.path.rsplit("/", 1)[-1])
        if method == "GET" and intent is not None:
            return 200, intent
        return 404, {"error": {"type": "invalid_request_error", "message": "No such object"}}

    def _open(self, asked: dict[str, Any]) -> Answer:
        (line,) = asked["line_items"].values()
        price = line["price_data"]
        amount = int(price["unit_amount"]) * int(line["quantity"])
        if amount > MOST:
            return _wrong("Amount must be no more than ₫99,999,999")
        session_id = self._id("cs")
        self.sessions[session_id] = session = {
            "id": session_id,
            "object": "checkout.session",
            "url": f"{self.address}/pay/{session_id}",
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "amount_total": amount,
            "currency": price["currency"],
            "expires_at": int(asked["expires_at"]),
            "metadata": asked.get("metadata", {}),
            "intent_metadata": asked.get("payment_intent_data", {}).get("metadata", {}),
            "success_url": asked["success_url"],
            "name": price["product_data"]["name"],
        }
        return 200, session

    def page(self, session_id: str) -> str:
        """The page on which a browser pays."""
        session = self.sessions[session_id]
        return (
            f"<!doctype html><title>Pay</title><h1>{html.escape(session['name'])}</h1>"
            f"<p>{session['amount_total']} {session['currency']}</p>"
            f'<form method="post"><button>Pay</button></form>'
        )


def _wrong(words: str) -> Answer:
    return 400, {"error": {"type": "invalid_request_error", "message": words}}


def _listed(found: dict[str, dict[str, Any]], known: dict[str, str]) -> Answer:
    rows = [one for one in found.values() if one["payment_intent"] == known["payment_intent"]]
    return 200, {"object": "list", "data": rows, "has_more": False, "url": "/v1/x"}


class Speaks(BaseHTTPRequestHandler):
    """One request to the fake of its server."""

    server: "Server"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, content: str, kind: str) -> None:
        body = content.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _asked(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path.startswith("/pay/"):
            self._paid(method)
            return
        if self.path == "/favicon.ico":
            self._answer(200, "", "image/x-icon")
            return
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            wrong = {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}
            self._answer(401, json.dumps(wrong), "application/json")
            return
        key = self.headers.get("Idempotency-Key")
        status, found = self.server.fake.answer(method, self.path, body, key)
        self._answer(status, json.dumps(found), "application/json")

    def _paid(self, method: str) -> None:
        fake, session_id = self.server.fake, self.path.rsplit("/", 1)[1]
        if method == "GET":
            self._answer(200, fake.page(session_id), "text/html; charset=utf-8")
            return
        fake.pay(session_id)
        for event in fake.events[-2:]:
            fake.send(event)
        self.send_response(303)
        self.send_header("Location", fake.sessions[session_id]["success_url"])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        """Of the API or of the page."""
        self._asked("GET")

    def do_POST(self) -> None:
        """Of the API, or a payer's press."""
        self._asked("POST")


class Server(ThreadingHTTPServer):
    """A port of its own for one fake."""

    def __init__(self, fake: StripeFake) -> None:
        """Listen on loopback."""
        super().__init__(("127.0.0.1", 0), Speaks)
        self.fake = fake


def served(fake: StripeFake) -> Server:
    """The fake in a thread; `shutdown()` ends it."""
    server = Server(fake)
    fake.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
