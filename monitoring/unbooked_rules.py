"""Takes in what ports of circuits carried, and judges the rules that ask about it."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from config.database import db
from monitoring import enforcement, evidence, policy, unbooked
from monitoring.models import Device
from monitoring.policy import Evidence, Rule
from monitoring.rules import Source


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
