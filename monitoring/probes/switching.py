"""Switches one port over SSH, by the driver of its platform."""

from dataclasses import dataclass
from typing import Protocol

from monitoring import port_reasons, port_templates
from monitoring.port_blocks import PortSetting
from monitoring.port_reasons import because
from monitoring.probes import linux_ports, ssh, template_ports
from monitoring.probes.eos_ports import EosPort
from monitoring.probes.ios_ports import IosPort
from monitoring.probes.outcomes import Failure
from monitoring.probes.ssh import ACCIDENTS, Deadline, SshTarget
from monitoring.probes.switched import Switched, refused


class Switch(Protocol):
    """Makes a port what it should be: looks, types what differs, looks again, then confirms.

    A change goes back by itself unless it is confirmed, wherever the platform can do that. A trial
    types nothing. May raise `ssh.ACCIDENTS`.
    """

    def __call__(
        self, target: SshTarget, deadline: Deadline, setting: PortSetting, *, is_trial: bool
    ) -> Switched:
        """Settle the port over the open connection."""


@dataclass(frozen=True, slots=True)
class Driver:
    """How ports of a platform are switched, and whether they are held to their circuit's Mbps."""

    switch: Switch
    shapes: bool = False


DRIVERS = {
    "cisco_ios": Driver(IosPort.switch),
    "cisco_xe": Driver(IosPort.switch),
    "arista_eos": Driver(EosPort.switch),
    "linux": Driver(linux_ports.switch, shapes=True),
}


def can_shape(platform: str) -> bool:
    """Whether ports of this platform are held to the Mbps of their circuit."""
    driver = DRIVERS.get(platform)
    return driver is not None and driver.shapes


def _templated(platform: str) -> Driver | None:
    """The driver of a platform that an operator described and enabled."""
    template = port_templates.by_platform(port_templates.FOLDER).get(platform)
    return Driver(template_ports.driver(template).switch) if template else None


def switch(
    target: SshTarget, setting: PortSetting, *, is_trial: bool = False
) -> Switched | Failure:
    """Make the port what the setting says; `is_trial` types nothing. Never raises."""
    driver = DRIVERS.get(target.platform) or _templated(target.platform)
    if driver is None:
        return refused(because(port_reasons.PLATFORM, platform=target.platform))
    deadline: Deadline | None = None
    try:
        with ssh.connected(target.address, target.port, target.seconds) as deadline:
            return driver.switch(target, deadline, setting, is_trial=is_trial)
    except ACCIDENTS as wrong:
        return ssh.failure(wrong, deadline)
