"""One light process with every simulated device of the demo: `python -m portal.demo.simulators`."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.errors import Conflict
from portal.demo.agents import Agent
from portal.demo.devices import (
    BASE_PORT,
    DEVICES,
    SERVER_SSH_OFFSET,
    SERVER_WEB_OFFSET,
    SWITCH_SSH_OFFSET,
)
from portal.demo.hosts import ANSWERS
from portal.demo.ssh_server import SshServer
from portal.demo.ssh_switch import SshSwitch
from portal.demo.waves import Silence
from portal.demo.web_server import WebServer

# Three lost polls at 30 s open an outage, so three minutes of silence make a real one.
SILENCE = Silence(first=75.0, every=720.0, lasts=180.0)


class PortTaken(Conflict):
    """A port of the simulated devices is taken; stop another demo that runs on this machine."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the devices listen, and when the failing one is silent.

    `base_port` 0 gives every device a free port of its own. `keys` is a folder that keeps the
    SSH host keys; without it they are new at every start.
    """

    base_port: int = BASE_PORT
    keys: Path | None = None
    silence: Silence | None = SILENCE

    def port(self, offset: int) -> int:
        """The port at an offset from the base."""
        return self.base_port + offset if self.base_port else 0


@dataclass(frozen=True, slots=True)
class Fleet:
    """What runs: the agents by device name, the two SSH hosts and the server's page."""

    agents: dict[str, Agent]
    switch: SshSwitch
    server: SshServer
    page: WebServer


def switch_key(keys: Path) -> Path:
    """Where the simulated switch keeps its host key."""
    return keys / "switch_ssh_host_ed25519_key"


def server_key(keys: Path) -> Path:
    """Where the simulated Linux host keeps its host key."""
    return keys / "server_ssh_host_ed25519_key"


@contextlib.contextmanager
def fleet(plan: Plan) -> Iterator[Fleet]:
    """All devices, listening until the block ends; needs a running event loop.

    Raises PortTaken and leaves nothing open where one port is not free.
    """
    with contextlib.ExitStack() as running:
        try:
            agents = {}
            for device in DEVICES:
                silence = plan.silence if device.fails else None
                agents[device.name] = Agent(device, plan.port(device.offset), silence)
                running.callback(agents[device.name].close)
            switch = running.enter_context(
                SshSwitch(
                    plan.port(SWITCH_SSH_OFFSET), host_key=plan.keys and switch_key(plan.keys)
                )
            )
            server = running.enter_context(
                SshServer(
                    plan.port(SERVER_SSH_OFFSET),
                    ANSWERS,
                    host_key=plan.keys and server_key(plan.keys),
                )
            )
            page = running.enter_context(WebServer(plan.port(SERVER_WEB_OFFSET)))
        except OSError as taken:
            ports = f"{plan.port(0)} to {plan.port(SERVER_WEB_OFFSET)}"
            raise PortTaken(f"{PortTaken.__doc__} (ports {ports}: {taken.strerror})") from taken
        yield Fleet(agents, switch, server, page)


async def _until_told_to_stop(plan: Plan) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for told in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told, stop.set)
    parent = os.getppid()
    with fleet(plan):
        # A launcher that was killed outright cannot tell us; then our parent is another process.
        while not stop.is_set() and os.getppid() == parent:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), timeout=2)


def run(plan: Plan) -> None:
    """Serve until SIGTERM, SIGINT or the end of the parent process."""
    asyncio.run(_until_told_to_stop(plan))


def main(arguments: list[str] | None = None) -> int:
    """The command line; answers the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-port", type=int, default=BASE_PORT, help="first SNMP port")
    parser.add_argument("--keys", type=Path, default=None, help="folder of the SSH host keys")
    parser.add_argument("--steady", action="store_true", help="no device fails")
    given = parser.parse_args(arguments)
    try:
        run(Plan(given.base_port, given.keys, None if given.steady else SILENCE))
    except PortTaken as refusal:
        sys.stderr.write(f"{refusal.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
