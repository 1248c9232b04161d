"""Tries one login on a web page, once: Basic or Digest, as the page asks for it (RFC 7617, 7616).

The page is asked without a login first. What then asks for none, or for one by a form, is left
alone: nothing is sent that the other side did not ask for.
"""

import asyncio
import base64
import hashlib
import re
import secrets
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from monitoring.probes import tls
from monitoring.probes.links import linked, numeric
from monitoring.probes.reached import Faulty, Goal, Rules, shown

UNAUTHORIZED = HTTPStatus.UNAUTHORIZED
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_ASKS = re.compile(rb"\r\nwww-authenticate:([^\r\n]*)", re.IGNORECASE)
_PAIR = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_HASHES = {"": hashlib.md5, "MD5": hashlib.md5, "SHA-256": hashlib.sha256}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the page did with the login; `told` says why it is not clear."""

    result: Literal["refused", "accepted", "unclear"]
    told: str = ""


async def attempt(goal: Goal, user: str, password: str, rules: Rules) -> Attempt:
    """One login, one time. Never raises for what the other side does."""
    try:
        async with asyncio.timeout(goal.seconds * 2):
            return await _attempt(goal, user, password, await numeric(goal, rules))
    except (Faulty, OSError) as wrong:
        return Attempt("unclear", _why(wrong, goal))


def _why(wrong: Exception, goal: Goal) -> str:
    if isinstance(wrong, Faulty):
        return wrong.sentence
    if isinstance(wrong, TimeoutError):
        return f"no answer within {goal.seconds * 2:g} s"
    if isinstance(wrong, ssl.SSLError):
        return f"no TLS: {wrong.reason or type(wrong).__name__}"
    return f"not reachable: {getattr(wrong, 'strerror', None) or type(wrong).__name__}"


async def _attempt(goal: Goal, user: str, password: str, address: str) -> Attempt:
    status, asks = await _get(goal, address)
    if status != UNAUTHORIZED:
        return Attempt("unclear", f"the page asks for no login by HTTP: status {status}")
    answer = _answer(asks, goal, user, password)
    if answer is None:
        told = shown(_raw("; ".join(asks) or "none"), 60)
        return Attempt("unclear", f"its way to sign in is not known: {told}")
    status, _ = await _get(goal, address, answer)
    if status in (UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Attempt("refused")
    # A redirect may lead inside, or to a page that says no.
    is_open = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    return Attempt("accepted") if is_open else Attempt("unclear", f"status {status} after it")


async def _get(goal: Goal, address: str, authorization: str = "") -> tuple[int, list[str]]:
    """The status of the page, and the ways in which it asks for a login."""
    context = tls.open_context() if goal.is_secure else None
    async with linked(goal, address, context) as link:
        login = f"Authorization: {authorization}\r\n" if authorization else ""
        request = (
            f"GET {_path(goal)} HTTP/1.1\r\nHost: {goal.authority}\r\nUser-Agent: media-center\r\n"
            f"Accept: */*\r\n{login}Connection: close\r\n\r\n"
        )
        await link.send(_raw(request))
        head = await link.head()
    found = _STATUS.match(head)
    # As they were sent, to their last letter: what is cut would be answered wrongly.
    asks = [one.decode("utf-8", "surrogateescape").strip() for one in _ASKS.findall(head)]
    return (int(found[1]), asks) if found else (0, [])


def _raw(text: str) -> bytes:
    """The bytes as they came: a realm is any bytes, and is hashed and sent back as it was."""
    return text.encode("utf-8", "surrogateescape")


def _path(goal: Goal) -> str:
    return goal.path if goal.path.startswith("/") else f"/{goal.path}"


def _answer(asks: Sequence[str], goal: Goal, user: str, password: str) -> str | None:
    """What to send to a page that asks so; None where it asks in no way that is known."""
    ways = [(scheme.lower(), rest) for scheme, _, rest in (one.partition(" ") for one in asks)]
    for scheme, rest in ways:
        if scheme == "digest":
            asked = {name.lower(): quoted or plain for name, quoted, plain in _PAIR.findall(rest)}
            answer = _digest(asked, _path(goal), user, password)
            if answer is not None:
                return answer
    if any(scheme == "basic" for scheme, _ in ways):
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return None


def _digest(asked: dict[str, str], path: str, user: str, password: str) -> str | None:
    make = _HASHES.get(asked.get("algorithm", "").upper())
    ways = {way.strip() for way in asked.get("qop", "").split(",")}
    if make is None or "nonce" not in asked or ways.isdisjoint({"auth", ""}):
        return None

    def hashed(*parts: str) -> str:
        return make(_raw(":".join(parts))).hexdigest()

    realm, nonce, once = asked.get("realm", ""), asked["nonce"], secrets.token_hex(8)
    who, what = hashed(user, realm, password), hashed("GET", path)
    qop = ("00000001", once, "auth") if "auth" in ways else ()
    fields = {"username": user, "realm": realm, "nonce": nonce, "uri": path}
    fields["response"] = hashed(who, nonce, *qop, what)
    if "opaque" in asked:
        fields["opaque"] = asked["opaque"]
    said = [f'{name}="{value}"' for name, value in fields.items()]
    said += [f"algorithm={asked['algorithm']}"] if "algorithm" in asked else []
    said += [f'qop=auth, nc={qop[0]}, cnonce="{once}"'] if qop else []
    return "Digest " + ", ".join(said)
