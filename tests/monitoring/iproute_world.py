"""A Linux host with a bridge: in a network namespace with the machine's own iproute2 where that is
allowed and the kernel keeps VLANs apart; what is missing of it is simulated, tool by tool.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.monitoring.policy_world import OpenSshServer

PORT, TRUNK, LONE, BRIDGE = "press3", "core0", "lone0", "br-press"
SIMULATOR = Path(__file__).with_name("simulated_iproute.py")
WHERE = "/usr/sbin:/sbin:/usr/bin:/bin"
_numbers = count(1)


@dataclass
class Host:
    """The host, and which of its tools are real."""

    sshd: OpenSshServer
    namespace: str | None
    has_vlans: bool

    @property
    def is_real(self) -> bool:
        """Whether the kernel itself shapes; VLANs too only where `has_vlans`."""
        return self.namespace is not None

    def run(self, command: str) -> str:
        """What a command prints on the host; raises where it fails."""
        path = f"{self.sshd.folder}/bin:{WHERE}"
        done = subprocess.run(
            ["sh", "-c", command], env={"PATH": path}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def is_up(self, port: str = PORT) -> bool:
        return "UP" in json.loads(self.run(f"ip -json -details link show dev {port}"))[0]["flags"]

    def vlans(self, port: str = PORT) -> dict[int, list[str]]:
        told = json.loads(self.run(f"bridge -json vlan show dev {port}"))
        return {row["vlan"]: row.get("flags", []) for row in told[0]["vlans"]} if told else {}

    def mbps(self, device: str = PORT) -> int | None:
        """What our token bucket on a device lets through."""
        told = json.loads(self.run(f"tc -json qdisc show dev {device}"))
        rates = [q["options"]["rate"] for q in told if q["kind"] == "tbf"]
        return rates[0] // 125_000 if rates else None

    def end_timers(self) -> None:
        """Let the two minutes of every timer be over."""
        (self.sshd.folder / "over").touch()

    def inward(self, port: str = PORT) -> str:
        index = json.loads(self.run(f"ip -json -details link show dev {port}"))[0]["ifindex"]
        return f"mcin{index}"


def _tried(*command: str) -> bool:
    try:
        done = subprocess.run(command, env={"PATH": WHERE}, capture_output=True, check=False)
        return done.returncode == 0
    except OSError:
        return False


def a_namespace() -> str | None:
    """A namespace with a bridge and ports; None where the machine does not allow it."""
    name = f"mc-{os.getpid()}-{next(_numbers)}"
    if not (shutil.which("tc", path=WHERE) and _tried("ip", "netns", "add", name)):
        return None
    inside = ("ip", "netns", "exec", name, "ip", "link")
    made = [
        _tried(*inside, "add", BRIDGE, "type", "bridge"),
        *(
            _tried(*inside, "add", port, "type", "veth", "peer", "name", f"{port}p")
            for port in (PORT, TRUNK, LONE)
        ),
        *(_tried(*inside, "set", port, "master", BRIDGE) for port in (PORT, TRUNK)),
        _tried(*inside, "add", "trial", "type", "ifb"),
        _tried(*inside, "del", "trial"),
    ]
    if all(made):
        return name
    drop(name)
    return None


def drop(namespace: str | None) -> None:
    if namespace is not None:
        _tried("ip", "netns", "del", namespace)


def keeps_vlans_apart(namespace: str) -> bool:
    """Whether this kernel has VLAN filtering in its bridges."""
    command = ("ip", "link", "set", BRIDGE, "type", "bridge", "vlan_filtering", "1")
    return _tried("ip", "netns", "exec", namespace, *command, "vlan_default_pvid", "0")


def a_host(sshd: OpenSshServer) -> Host:
    """Put the tools where sessions of the sshd find them first."""
    namespace = a_namespace()
    has_vlans = namespace is not None and keeps_vlans_apart(namespace)
    host = Host(sshd, namespace, has_vlans)
    tools = sshd.folder / "bin"
    for tool in ("ip", "bridge", "tc"):
        real = shutil.which(tool, path=WHERE)
        inside = f"ip netns exec {namespace} {real}" if namespace else ""
        # With a namespace the simulator only stands in for what the kernel lacks.
        standin = f"{sys.executable} {SIMULATOR} {tool} {sshd.folder}/iproute '{inside}'"
        line = inside if has_vlans or (namespace and tool == "tc") else standin
        _script(tools / tool, f'PATH={WHERE} exec {line} "$@"')
    _script(tools / "sudo", 'shift; exec "$@"')
    _script(tools / "lldpctl", f"cat {sshd.folder}/lldp")
    (sshd.folder / "lldp").write_text("")
    # A timer is over when the test says so, however slow the machine is.
    over = f"[ -e {sshd.folder}/over ]"
    _script(tools / "sleep", f"until {over}; do PATH={WHERE} sleep 0.05; done")
    host.run(f"bridge vlan add dev {PORT} vid 999 pvid untagged")
    host.run(f"bridge vlan add dev {TRUNK} vid 10; bridge vlan add dev {TRUNK} vid 110")
    return host


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
