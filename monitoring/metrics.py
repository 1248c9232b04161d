"""What Prometheus scrapes: the state of every device as text, and the list of devices.

A device's lines are formatted when its poll is written (`fragments`); a scrape joins them family
by family and hands out one family at a time, so that the whole text never stands in memory twice.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from config.database import db
from monitoring import fragments
from monitoring.exposition import CENTRE_FAMILIES, DEVICE_FAMILIES, FAMILIES
from monitoring.exposition_forms import escaped
from monitoring.models import Device, DeviceStatus, Outage, Problem
from monitoring.rules import Severity
from rental.models import Site

Lines = defaultdict[str, list[str]]


def text(
    violations_open: Callable[[], Mapping[str, int]] | None = None, *, openmetrics: bool = False
) -> str:
    """Every family in the Prometheus text format 0.0.4, or in OpenMetrics 1.0.

    `violations_open` counts open violations by severity.
    """
    return b"".join(pieces(violations_open, openmetrics=openmetrics)).decode()


def pieces(
    violations_open: Callable[[], Mapping[str, int]] | None = None, *, openmetrics: bool = False
) -> Iterator[bytes]:
    """The same, family by family. The database is asked before this returns, not later."""
    lines: Lines = defaultdict(list)
    _centre(lines, violations_open() if violations_open is not None else {})
    return _joined(lines, fragments.blocks(), openmetrics=openmetrics)


def _joined(lines: Lines, blocks: list[list[bytes]], *, openmetrics: bool) -> Iterator[bytes]:
    for family in CENTRE_FAMILIES:
        if family in lines:
            yield "\n".join([_head(family, is_modern=openmetrics), *lines[family], ""]).encode()
    for place, family in enumerate(DEVICE_FAMILIES):
        block = b"\n".join(blocks[place])
        # Given back as it goes: what is sent need not be kept.
        blocks[place] = []
        if block:
            name = family.encode()
            yield b"%s\n%s" % (_head(family, is_modern=openmetrics).encode(), name)
            yield block.replace(b"\n", b"\n" + name)
            yield b"\n"
    if openmetrics:
        yield b"# EOF\n"


def _head(family: str, *, is_modern: bool) -> str:
    kind, explanation = FAMILIES[family]
    # OpenMetrics names a counter's family without the suffix of its samples.
    name = family.removesuffix("_total") if is_modern else family
    return f"# HELP {name} {explanation}\n# TYPE {name} {kind}"


def _centre(lines: Lines, violations: Mapping[str, int]) -> None:
    by_status = sa.select(Device.status, sa.func.count()).where(Device.is_enabled)
    by_cause = sa.select(Outage.cause, sa.func.count()).where(Outage.ended_at.is_(None))
    found = dict.fromkeys(DeviceStatus, 0) | {
        row[0]: row[1] for row in db.session.execute(by_status.group_by(Device.status))
    }
    for status, count in found.items():
        lines["media_center_devices"].append(
            f'media_center_devices{{status="{status.value}"}} {count}'
        )
    causes = {"device": 0, "parent": 0} | {
        row[0].value: row[1] for row in db.session.execute(by_cause.group_by(Outage.cause))
    }
    for cause, count in causes.items():
        lines["media_center_outages_open"].append(
            f'media_center_outages_open{{cause="{cause}"}} {count}'
        )
    by_severity = sa.select(Problem.severity, sa.func.count()).where(Problem.cleared_at.is_(None))
    problems = dict.fromkeys(Severity, 0) | {
        row[0]: row[1] for row in db.session.execute(by_severity.group_by(Problem.severity))
    }
    for grade, count in problems.items():
        lines["media_center_problems_open"].append(
            f'media_center_problems_open{{severity="{grade.value}"}} {count}'
        )
    for severity, count in violations.items():
        lines["media_center_violations_open"].append(
            f'media_center_violations_open{{severity="{escaped(severity)}"}} {count}'
        )


# The last list of targets and what it was made from.
_listed: tuple[str, bytes] = ("", b"[]")


def targets_text() -> bytes:
    """`targets()` as JSON; made anew only when a device or site changed."""
    global _listed  # noqa: PLW0603
    told = sa.func.concat_ws(
        "\x1f",
        Device.id,
        Device.name,
        Device.address,
        Device.snmp_port,
        sa.type_coerce(Device.role, sa.String),
        sa.type_coerce(Device.platform, sa.String),
        sa.type_coerce(Device.snmp_version, sa.String),
        Site.slug,
    )
    query = (
        sa.select(sa.func.count(), sa.func.sum(sa.func.hashtextextended(told, 0)))
        .join(Site, Site.id == Device.site_id)
        .where(Device.is_enabled)
    )
    state = str(tuple(db.session.execute(query).one()))
    if _listed[0] != state:
        _listed = (state, json.dumps(targets(), ensure_ascii=False).encode())
    return _listed[1]


def targets() -> list[dict[str, Any]]:
    """Every enabled device for Prometheus' http_sd: `[{"targets": [...], "labels": {...}}]`."""
    query = (
        sa.select(
            Device.name,
            Device.address,
            Device.snmp_port,
            Device.role,
            Device.platform,
            Device.snmp_version,
            Site.slug,
        )
        .join(Site, Site.id == Device.site_id)
        .where(Device.is_enabled)
        .order_by(Device.name)
    )
    return [
        {
            "targets": [
                f"[{row.address}]:{row.snmp_port}"
                if ":" in row.address
                else f"{row.address}:{row.snmp_port}"
            ],
            "labels": {
                "device": row.name,
                "site": row.slug,
                "role": row.role.value,
                "platform": row.platform.value,
                "snmp_version": row.snmp_version.value,
            },
        }
        for row in db.session.execute(query)
    ]
