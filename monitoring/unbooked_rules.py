"""Takes in what ports of circuits carried, and judges the rules that ask about it."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from config.database import db
from monitoring import enforcement, evidence, policy, unbooked
from monitoring.models import AccessPort, Device, FindingRow
from monitoring.policy import Evidence, Rule
from monitoring.rules import Result, Source


def left_over(rules: Sequence[Rule]) -> list[int]:
    """The devices of which such a rule still says something though they hand out no circuit."""
    asked = [rule.id for rule in rules if rule.evidence is Source.TRAFFIC]
    ports = sa.select(AccessPort.id).where(AccessPort.device_id == FindingRow.device_id)
    query = sa.select(FindingRow.device_id).where(
        FindingRow.rule.in_(asked),
        FindingRow.result != Result.NOT_APPLICABLE,
        ~ports.exists(),
    )
    return sorted(set(db.session.scalars(query)))


def record(device: Device, at: datetime, rules: Sequence[Rule] | None = None) -> None:
    """Look at the device's ports and write findings and violations of rules about their traffic.

    All in the caller's transaction, one writer a device.
    """
    db.session.execute(sa.select(Device.id).where(Device.id == device.id).with_for_update())
    unbooked.look(device)
    known = evidence.speaking_of(device, policy.load() if rules is None else rules)
    asked = [rule for rule in known if rule.evidence is Source.TRAFFIC]
    seen = Evidence(device.platform.value, port_traffic=unbooked.traffic_of(device, at))
    evidence.judge(device, asked, seen, at)
    enforcement.settle(device, at=at)
