"""What the demo's switch was configured to in the last weeks: three versions of its history."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from config import clock
from config.database import db
from monitoring import config_backups
from monitoring.credentials import Keyring
from monitoring.models import Device
from monitoring.probes.configurations import Configurations
from portal.demo.running_config import RunningConfig
from portal.demo.ssh_switch import sample_config

SWITCH = "SW-PRESS-02"
# How many days ago somebody typed what, the oldest first; the newest is what the switch has now.
EDITS = (
    (24, "netops", ("description Kho thiet bi tang 1", "switchport access vlan 110",
                    "no shutdown")),
    (9, "minh.tran", ("description Livestream tang 2", "switchport access vlan 120",
                      "no shutdown")),
)  # fmt: skip
PORT = "interface GigabitEthernet1/0/3"
CHANGED = "! Last configuration change at {at:%H:%M:%S} ICT {at:%a %b %d %Y} by {who}\n"


def add(now: datetime, keyring: Keyring) -> None:
    """Keep what it had; the first backup of the simulated switch goes on from there."""
    device = db.session.scalar(sa.select(Device).where(Device.name == SWITCH))
    if device is None:
        return
    for days, who, commands in EDITS:
        config = RunningConfig(sample_config())
        for command in commands:
            config.edit(command, config.open(PORT))
        at = now - timedelta(days=days)
        text = CHANGED.format(at=at.astimezone(clock.LOCAL), who=who) + config.text
        config_backups.record(device.id, Configurations(text, config.text), at, keyring)
    lately = now - timedelta(days=2)
    text = CHANGED.format(at=lately.astimezone(clock.LOCAL), who="netops") + sample_config()
    saved = RunningConfig(sample_config())
    saved.edit("logging buffered 8192")
    told = Configurations(text, saved.text)
    config_backups.record(device.id, told, lately, keyring)
    # The worker asks the switch itself at its next turn.
    config_backups.ask_now(device)
