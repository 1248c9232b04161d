"""Ports of a Linux bridge, over SSH, with iproute2.

Before anything is changed a timer starts on the host that undoes it after `DEAD_MAN_SECONDS`,
unless the change is confirmed: both try to make one folder, and whoever makes it first decides. The
login is root, or may `sudo -n` the tools. What survives a reboot is the host's own configuration.
"""

import contextlib
import shlex
from dataclasses import dataclass

import paramiko

from monitoring import bridge_ports, port_reasons
from monitoring.bridge_ports import BridgePort, Link, Told
from monitoring.port_blocks import PortSetting
from monitoring.port_reasons import Reason, because
from monitoring.probes import linux
from monitoring.probes.ssh import Deadline, SshTarget
from monitoring.probes.switched import Switched, SwitchOutcome, refused

DEAD_MAN_SECONDS = 120
# People who are no administrators do not have these on their PATH.
PATHS = "PATH=$PATH:/usr/sbin:/sbin"
AS_ROOT = 'root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }'
# A folder of the login alone: in a shared one others could put what we then carry out.
TIMERS = '"$HOME/.media-center"'
ARM = f"""umask 077
{{undo_first}}
mkdir -p {TIMERS} && d=$(mktemp -d {TIMERS}/{{port}}.XXXXXXXX) || exit 1
cat > "$d/undo" <<'UNDO'
{{undo}}
UNDO
nohup setsid sh -c 'sleep {{seconds}}; mkdir "$1/decided" && sh "$1/undo"; sleep 5; rm -rf "$1"' \
sh "$d" >/dev/null 2>&1 </dev/null &
echo "$d"
"""
# What a worker that died left to its timer is undone at once, so that it does not come later.
UNDO_FIRST = f"""for d in {TIMERS}/{{port}}.????????; do
if mkdir "$d/decided"; then sh "$d/undo"; rm -rf "$d"; fi; done 2>/dev/null"""


def switch(
    target: SshTarget, deadline: Deadline, setting: PortSetting, *, is_trial: bool
) -> Switched:
    """Make the port what the setting says; raises `ssh.ACCIDENTS`."""
    if not bridge_ports.NAME.fullmatch(setting.interface):
        return refused(because(port_reasons.NAME, port=setting.interface))
    with contextlib.closing(paramiko.SSHClient()) as client:
        linux.sign_in(client, target, deadline)
        return _Port(client, target, setting).settle(is_trial=is_trial)


@dataclass(frozen=True, slots=True)
class _Port:
    """One session with the host about one port."""

    client: paramiko.SSHClient
    target: SshTarget
    setting: PortSetting

    @property
    def name(self) -> str:
        return shlex.quote(self.setting.interface)

    def settle(self, *, is_trial: bool) -> Switched:
        if not is_trial:
            self._run(UNDO_FIRST.format(port=self.name))
        before = self._read()
        if before is None:
            return refused(because(port_reasons.NO_PORT, port=self.setting.interface))
        reason = bridge_ports.guard(before, self._neighbours(), self.setting)
        if reason is not None:
            return refused(reason, before.text)
        commands = bridge_ports.render(before, self.setting)
        if not commands:
            return Switched(SwitchOutcome.UNCHANGED, before.text)
        if is_trial:
            return Switched(SwitchOutcome.PLANNED, before.text, commands)
        return self._apply(before, commands)

    def _apply(self, before: BridgePort, commands: list[str]) -> Switched:
        undo = [f"root {command}" for command in bridge_ports.undoing(before, self.setting)]
        status, told = self._run(
            ARM.format(
                undo_first=UNDO_FIRST.format(port=self.name),
                port=self.name,
                undo="\n".join((PATHS, AS_ROOT, *undo)),
                seconds=DEAD_MAN_SECONDS,
            )
        )
        made = told.split()
        if status != 0 or not made:
            said = " ".join(made)[:300] or f"exit {status}"
            complaint = because(port_reasons.COMPLAINT, command="mktemp", told=said)
            return refused(complaint, before.text, commands)
        folder = shlex.quote(made[-1])
        against = self._carry_out(commands) or self._missing() or self._confirm(folder)
        if against is None:
            return Switched(SwitchOutcome.APPLIED, before.text, commands, (), has_dead_man=True)
        self._run(f"mkdir {folder}/decided && {{ sh {folder}/undo; rm -rf {folder}; }}")
        stuck = () if self._read() == before else (because(port_reasons.STUCK),)
        return Switched(
            SwitchOutcome.ROLLED_BACK, before.text, commands, (against, *stuck), has_dead_man=True
        )

    def _carry_out(self, commands: list[str]) -> Reason | None:
        """One after the other up to the first that fails; what the host has against that one."""
        for command in commands:
            status, told = self._run(f"{AS_ROOT}; root {command}")
            if status != 0:
                said = " ".join(told.split()) or f"exit {status}"
                return because(port_reasons.COMPLAINT, command=command, told=said[:300])
        return None

    def _missing(self) -> Reason | None:
        after = self._read()
        left = ["-"] if after is None else bridge_ports.render(after, self.setting)
        return because(port_reasons.NOT_HELD, lines="; ".join(left)) if left else None

    def _confirm(self, folder: str) -> Reason | None:
        status, _told = self._run(f"mkdir {folder}/decided && rm -rf {folder}")
        return because(port_reasons.GONE_BACK) if status != 0 else None

    def _read(self) -> BridgePort | None:
        """The port as it is now; None where the host has none of this name."""
        link = self._link(self.setting.interface)
        if link is None:
            return None
        inward = bridge_ports.inward_device(link.ifindex)
        return bridge_ports.read(
            self.setting.interface,
            Told(
                link,
                self._link(link.master) if link.master else None,
                self._told(f"bridge -json vlan show dev {self.name}"),
                self._told(f"tc -json qdisc show dev {self.name}"),
                self._told(f"tc filter show dev {self.name} ingress"),
                self._told(f"tc -json qdisc show dev {inward}"),
            ),
        )

    def _link(self, name: str) -> Link | None:
        told = self._told(f"ip -json -details link show dev {shlex.quote(name)}")
        return next(iter(bridge_ports.LINKS.validate_json(told)), None) if told else None

    def _neighbours(self) -> str:
        """What lldpd tells of the port, where it runs."""
        command = f"lldpctl -f keyvalue {self.name}"
        return self._told(f"{{ {AS_ROOT}; root {command} 2>/dev/null; }}")

    def _told(self, command: str) -> str:
        """What a question prints; nothing where it is not answered."""
        status, told = self._run(f"{{ {command}; }} 2>/dev/null")
        return told if status == 0 else ""

    def _run(self, script: str) -> tuple[int, str]:
        return linux.run(self.client, f"{PATHS}\n{script}", self.target.most_bytes)
