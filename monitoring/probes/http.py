"""Asks a web server for one page: its status, a word in it, how long it took.

Redirects are told and not followed: an operator names the page that is meant.
"""

import re
import ssl
from typing import Any

from monitoring.probes import tls
from monitoring.probes.links import Link, linked
from monitoring.probes.reached import Fault, Faulty, Goal, Rules, shown

MOST_BODY = 192 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: ([^\r\n]*))?\r\n")


async def probe(goal: Goal, address: str, rules: Rules) -> dict[str, Any]:
    """Status, server, target of a redirect; raises Faulty where it is not what was expected."""
    facts = await tls.read(goal, address, rules) if goal.is_secure else {}
    try:
        async with linked(goal, address, tls.open_context() if goal.is_secure else None) as link:
            facts |= await _ask(goal, link)
    except ssl.SSLError as wrong:
        raise Faulty(Fault.HANDSHAKE, f"no TLS: {wrong.reason or wrong}", facts) from None
    except Faulty as wrong:
        # The certificate was seen all the same.
        wrong.facts = {**facts, **wrong.facts}
        raise
    return facts


async def _ask(goal: Goal, link: Link) -> dict[str, Any]:
    path = goal.path if goal.path.startswith("/") else f"/{goal.path}"
    await link.send(
        f"GET {path} HTTP/1.1\r\nHost: {goal.authority}\r\nUser-Agent: media-center\r\n"
        "Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n".encode()
    )
    head = await link.head()
    status = _STATUS.match(head)
    if status is None:
        raise Faulty(Fault.MALFORMED, f"no answer of HTTP: {shown(head, 60)}")
    fields = headers(head)
    facts: dict[str, Any] = {"status": int(status[1]), "server": fields.get("server", "")}
    if "location" in fields:
        facts["location"] = fields["location"]
    _expect_status(goal, facts)
    if goal.expected_word:
        body = await _body(link, fields)
        if goal.expected_word not in body.decode("utf-8", "replace"):
            raise Faulty(Fault.UNEXPECTED, f"the page lacks the word {goal.expected_word!r}", facts)
    return facts


def _expect_status(goal: Goal, facts: dict[str, Any]) -> None:
    status = facts["status"]
    is_fine = status == goal.expected_status if goal.expected_status else 200 <= status < 400
    if not is_fine:
        wanted = goal.expected_status or "200 to 399"
        raise Faulty(Fault.UNEXPECTED, f"status {status}, expected {wanted}", facts)


def headers(head: bytes) -> dict[str, str]:
    """The fields of a head by lower-case name, as far as they can be shown."""
    found: dict[str, str] = {}
    for line in head.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            found.setdefault(shown(name.strip().lower(), 60), shown(value.strip(), 200))
    return found


async def _body(link: Link, fields: dict[str, str]) -> bytes:
    if "chunked" not in fields.get("transfer-encoding", "").lower():
        length = fields.get("content-length", "")
        return await link.rest(min(int(length), MOST_BODY) if length.isdecimal() else MOST_BODY)
    found = bytearray()
    while len(found) < MOST_BODY:
        size = (await link.line()).split(b";")[0].strip()
        try:
            count = int(size, 16)
        except ValueError:
            raise Faulty(Fault.MALFORMED, "a piece of the page has no size") from None
        if count <= 0:
            break
        found += await link.exactly(min(count, MOST_BODY))
        await link.line()
    return bytes(found)
