"""A simulated Cisco Nexus on loopback: what NX-OS prints to what is asked of it."""

from pathlib import Path
from typing import Any

from portal.demo.ios import Terminal
from portal.demo.ssh_switch import SshSwitch

SAMPLE = Path(__file__).with_name("configs") / "secrets_nxos.cfg"
INVALID = "                 ^\n% Invalid command at '^' marker.\n"
VERSION = """Cisco Nexus Operating System (NX-OS) Software
TAC support: http://www.example.com/tac

Software
  BIOS: version 05.47
  NXOS: version 9.3(10)
  NXOS image file is: bootflash:///nxos.9.3.10.bin

Hardware
  cisco Nexus9000 C93180YC-EX chassis
  Intel(R) Xeon(R) CPU  with 24570260 kB of memory.
  Processor Board ID FDO21120AB1

  Device name: SW-CORE-NX
Kernel uptime is 26 day(s), 1 hour(s), 2 minute(s), 3 second(s)

Last reset at 612345 usecs after Mon Nov  1 00:00:00 2026
  Reason: Reset Requested by CLI command reload
  System version: 9.3(8)
"""
INVENTORY = """NAME: "Chassis",  DESCR: "Nexus9000 C93180YC-EX chassis"
PID: N9K-C93180YC-EX     ,  VID: V02 ,  SN: FDO21120AB1

NAME: "Slot 1",  DESCR: "48x10/25G + 6x40/100G Ethernet Module"
PID: N9K-C93180YC-EX     ,  VID: V02 ,  SN: FDO21120AB1
"""
RESOURCES = """Load average:   1 minute: 0.24   5 minutes: 0.31   15 minutes: 0.30
Processes   :   690 total, 2 running
CPU states  :   5.10% user,   2.50% kernel,   92.40% idle
Memory usage:   24000000K total,   9000000K used,   15000000K free
Current memory status: OK
"""
NTP = """Total peers : 2
* - selected for sync, + -  peer mode(active),
- - peer mode(passive), = - polled in client mode
    remote               local              st  poll  reach   delay   vrf
--------------------------------------------------------------------------------
*192.0.2.1               0.0.0.0             2   64   377    0.00101 management
=192.0.2.2               0.0.0.0             3   64   377    0.00145 management
"""


class NexusTerminal(Terminal):
    """One session with the device."""

    box: Any

    @property
    def prompt(self) -> str:
        """NX-OS puts a space behind it."""
        return "SW-CORE-NX# "

    def line(self, typed: str) -> str:
        """Obey one line."""
        command = " ".join(typed.split())
        if command in ("", "terminal width 511", "terminal length 0", "end"):
            return ""
        return dict(self.box.told).get(command, INVALID)


class NexusSwitch(SshSwitch):
    """A switch whose answers a test may change."""

    terminal = NexusTerminal

    def __init__(self, **over: Any) -> None:
        """Running and startup are the sample."""
        super().__init__(**over)
        text = SAMPLE.read_text("utf-8")
        self.told = {
            "show version": VERSION,
            "show inventory": INVENTORY,
            "show system resources": RESOURCES,
            "show ntp peer-status": NTP,
            "show running-config": text,
            "show startup-config": text.replace("running-config", "startup-config"),
        }
