"""Carries a message to a program: webhook, Telegram, Alertmanager. Each request is bounded.

No secret is in what is raised: a token in an address stays out of every sentence.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import urllib3

SECONDS = urllib3.Timeout(connect=5.0, read=10.0)
# Nobody reads more of an answer than this.
ANSWER_BYTES = 2000
SIGNATURE = "X-Media-Center-Signature"
KEY = "Idempotency-Key"
TELEGRAM_LETTERS = 4000

_pool = urllib3.PoolManager(num_pools=8, maxsize=2, retries=False)


class ChannelDown(Exception):  # noqa: N818  # it says what happened, as the house's refusals do
    """The channel did not take the message; `problem` says why, without secrets."""

    def __init__(self, problem: str) -> None:
        """Keep the sentence."""
        super().__init__(problem)
        self.problem = problem[:300]


def post(url: str, body: bytes, headers: Mapping[str, str], *, name: str) -> bytes:
    """POST JSON; the answer's beginning. Raises ChannelDown for all but 2xx.

    Redirects are not followed: the message and its signature are meant for this address.
    """
    try:
        answer = _pool.request(
            "POST",
            url,
            body=body,
            headers={"Content-Type": "application/json", **headers},
            timeout=SECONDS,
            redirect=False,
            preload_content=False,
        )
        try:
            told = answer.read(ANSWER_BYTES) or b""
        finally:
            answer.drain_conn() if answer.status < 400 else answer.close()
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as wrong:
        raise ChannelDown(f"{name} does not answer: {_kind(wrong)}") from None
    if not 200 <= answer.status < 300:
        raise ChannelDown(f"{name} answers {answer.status}: {_said(told)}")
    return told


def _kind(wrong: Exception) -> str:
    """What went wrong without the address, which may hold a token."""
    inner = getattr(wrong, "reason", None) or wrong
    return type(inner).__name__


def _said(told: bytes) -> str:
    return " ".join(told.decode("utf-8", "replace").split())[:120] or "nothing"


def webhook(url: str, body: Mapping[str, Any], *, secret: str | None, key: str) -> None:
    """JSON with a key that stays the same when it is sent again, signed by HMAC-SHA-256.

    The signature is `sha256=` and the hex digest over the body's bytes. Raises ChannelDown.
    """
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {KEY: key}
    if secret:
        digest = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        headers[SIGNATURE] = f"sha256={digest}"
    post(url, raw, headers, name="the webhook")


def telegram(base: str, token: str, chat: str, text: str) -> None:
    """A plain message of the bot to a chat; raises ChannelDown."""
    body = {
        "chat_id": chat,
        "text": text[:TELEGRAM_LETTERS],
        "link_preview_options": {"is_disabled": True},
    }
    told = post(
        f"{base.rstrip('/')}/bot{token}/sendMessage", json.dumps(body).encode(), {}, name="Telegram"
    )
    try:
        is_taken = json.loads(told).get("ok") is True
    except (ValueError, AttributeError):
        # An answer that was cut off began well.
        is_taken = told.lstrip().startswith(b'{"ok":true')
    if not is_taken:
        raise ChannelDown(f"Telegram answers 200: {_said(told)}")


def alertmanager(url: str, alerts: list[dict[str, Any]]) -> None:
    """Everything that stands, and what ended lately (API v2); raises ChannelDown."""
    raw = json.dumps(alerts, ensure_ascii=False).encode()
    post(f"{url.rstrip('/')}/api/v2/alerts", raw, {}, name="Alertmanager")
