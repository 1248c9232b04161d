"""Asks an RTSP server what it can do and which media a path has (RFC 2326)."""

import re
from typing import Any

from monitoring.probes.http import headers
from monitoring.probes.links import Link, linked
from monitoring.probes.reached import Fault, Faulty, Goal, Rules, shown

MOST_DESCRIPTION = 64 * 1024
_STATUS = re.compile(rb"RTSP/[12]\.0 (\d{3})(?: ([^\r\n]*))?\r\n")
_MEDIA = re.compile(r"^m=(\w+) ", re.M)
# It answers and wants a login: that is reached, unless another status is expected.
FINE = (200, 401)


async def probe(goal: Goal, address: str, rules: Rules) -> dict[str, Any]:  # noqa: ARG001
    """The server, its methods, and the media of the path; raises Faulty."""
    url = f"rtsp://{goal.authority}/{goal.path.lstrip('/')}"
    async with linked(goal, address) as link:
        status, fields = await _ask(link, "OPTIONS", url, 1)
        facts: dict[str, Any] = {
            "server": fields.get("server", ""),
            "methods": fields.get("public", ""),
            "status": status,
        }
        if status not in FINE:
            raise Faulty(Fault.UNEXPECTED, f"OPTIONS: status {status}", facts)
        status, fields = await _ask(link, "DESCRIBE", url, 2)
        facts["status"] = status
        is_fine = status == goal.expected_status if goal.expected_status else status in FINE
        if not is_fine:
            raise Faulty(Fault.UNEXPECTED, f"DESCRIBE: status {status}", facts)
        if status == 200:
            facts["media"] = await _media(link, fields)
    return facts


async def _ask(link: Link, method: str, url: str, number: int) -> tuple[int, dict[str, str]]:
    accept = "Accept: application/sdp\r\n" if method == "DESCRIBE" else ""
    await link.send(
        f"{method} {url} RTSP/1.0\r\nCSeq: {number}\r\nUser-Agent: media-center\r\n"
        f"{accept}\r\n".encode()
    )
    head = await link.head()
    status = _STATUS.match(head)
    if status is None:
        raise Faulty(Fault.MALFORMED, f"no answer of RTSP: {shown(head, 60)}")
    fields = headers(head)
    if fields.get("cseq") != str(number):
        raise Faulty(Fault.MALFORMED, "the answer belongs to another question")
    if method == "OPTIONS" and (length := fields.get("content-length", "0")).isdecimal():
        await link.exactly(min(int(length), MOST_DESCRIPTION))
    return int(status[1]), fields


async def _media(link: Link, fields: dict[str, str]) -> list[str]:
    length = fields.get("content-length", "")
    if not length.isdecimal() or int(length) > MOST_DESCRIPTION:
        raise Faulty(Fault.MALFORMED, "the description has no length that can be read")
    return _MEDIA.findall(shown_lines(await link.exactly(int(length))))[:20]


def shown_lines(raw: bytes) -> str:
    """A description as text."""
    return raw.decode("utf-8", "replace").replace("\0", "")
