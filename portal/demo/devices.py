"""The dozen devices of the demo: what each is, and what it tells over SNMP."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from portal.demo.mib import DOWN, Port, Tree, add_ports, add_system
from portal.demo.mib_equipment import DISK, RAM, Store, add_host, add_temperature, add_ups
from portal.demo.mib_makers import add_cisco, add_net_snmp
from portal.demo.waves import Traffic

BASE_PORT = 16100
# Behind the twelve SNMP ports, with room for more.
SWITCH_SSH_OFFSET = 22
SERVER_SSH_OFFSET = 23
SERVER_WEB_OFFSET = 24
COMMUNITY = "press-demo"
V3_USER = "monitor"
V3_AUTH = "demo-auth-passphrase"  # SHA-256
V3_PRIV = "demo-priv-passphrase"  # AES-128
MEGABIT = 125_000  # octets per second
GIGABYTE = 2**30
# A device "booted" at the last multiple of this, so that a restart of the demo is no reboot.
EPOCH_DAYS = 90


@dataclass(frozen=True, slots=True)
class DemoDevice:
    """One simulated device. Its SNMP port is the base port and `offset`."""

    name: str
    title: str
    offset: int
    build: Callable[[Tree, "DemoDevice"], None]
    description: str
    object_id: str
    parent: str | None = None
    secure: bool = False  # SNMPv3 authPriv; v2c otherwise
    fails: bool = False
    ssh_offset: int | None = None

    def tree(self, now: float) -> Tree:
        """Everything the device tells, its counters running since it booted."""
        period = EPOCH_DAYS * 86400
        tree = Tree(booted_at=now - (now - self.offset * 90_000) % period)
        add_system(tree, self.name, self.description, self.object_id)
        self.build(tree, self)
        return tree

    @property
    def mac(self) -> bytes:
        """A locally administered address."""
        return bytes([0x02, 0x00, 0x5E, 0x00, self.offset, 0x00])

    @property
    def engine_id(self) -> bytes:
        """The SNMPv3 engine: RFC 3411 format 4 (text) of a made-up enterprise."""
        return bytes.fromhex("8000ffff04") + self.name.encode()


def _router(tree: Tree, device: DemoDevice) -> None:
    ports = [
        ("GigabitEthernet0/0", "ISP A, leased line 1 Gbps", 1000, 210, 150),
        ("GigabitEthernet0/1", "ISP B, leased line 500 Mbps", 500, 60, 45),
        ("TenGigabitEthernet0/2", "SW-CORE-01 Te1/1/1", 10000, 195, 270),
        ("GigabitEthernet0/3", "City data network", 1000, 12, 9),
    ]
    add_ports(
        tree,
        [
            Port(i, name, alias, mbps, _flow(inward, i), _flow(outward, i + 9), mac=device.mac)
            for i, (name, alias, mbps, inward, outward) in enumerate(ports, 1)
        ],
    )
    add_host(tree, 22, 2, [Store("Processor memory", RAM, 4 * GIGABYTE, 0.44)])
    add_temperature(tree, "Inlet temperature", 31)
    add_cisco(tree, 31, supplies=2)


def _flow(megabits: float, seed: int) -> Traffic:
    return Traffic(megabits * MEGABIT, period=300.0 + 37 * (seed % 11), phase=float(seed))


def _switch(tree: Tree, device: DemoDevice) -> None:
    dice = random.Random(device.name)
    ports = []
    for index in range(1, 25):
        used = index == 24 or dice.random() < 0.7
        load = 180.0 if index == 24 else dice.choice((0.4, 2, 6, 18, 45))
        alias = "Uplink" if index == 24 else f"Desk {index:02d}" if used else ""
        ports.append(
            Port(
                10100 + index,
                f"GigabitEthernet1/0/{index}",
                alias,
                1000,
                _flow(load, index),
                _flow(load * 0.6, index + 3),
                oper=1 if used else DOWN,
                admin=1 if used or index % 2 else DOWN,
                mac=device.mac,
                errors=2.5 if index == 7 else 0.0,
            )
        )
    add_ports(tree, ports)
    add_host(tree, 14, 1, [Store("Processor memory", RAM, GIGABYTE // 2, 0.52)])
    add_temperature(tree, "Chassis temperature", 36)
    add_cisco(tree, 33)


def _encoder(tree: Tree, device: DemoDevice) -> None:
    streams = (18.0, 12.0, 25.0)
    out = streams[device.offset % 3]
    add_ports(
        tree,
        [
            Port(1, "lo", "", 10, Traffic(200), Traffic(200), mac=device.mac),
            Port(2, "eth0", "Control", 1000, _flow(0.2, 1), _flow(0.3, 2), mac=device.mac),
            Port(3, "eth1", "Contribution", 1000, _flow(0.4, 3), _flow(out, 4), mac=device.mac),
        ],
    )
    add_host(tree, 58, 4, [Store("Physical memory", RAM, 4 * GIGABYTE, 0.61)])
    add_temperature(tree, "Board temperature", 54)


def _camera(tree: Tree, device: DemoDevice) -> None:
    add_ports(
        tree, [Port(1, "eth0", "PoE", 100, _flow(0.1, 1), _flow(8, device.offset), mac=device.mac)]
    )
    add_temperature(tree, "Housing temperature", 41)


def _server(tree: Tree, device: DemoDevice) -> None:
    stores = [
        Store("Physical memory", RAM, 32 * GIGABYTE, 0.57),
        Store("/", DISK, 120 * GIGABYTE, 0.38),
        Store("/srv/recordings", DISK, 4000 * GIGABYTE, 0.74),
    ]
    add_ports(
        tree,
        [
            Port(1, "lo", "", 10, Traffic(4000), Traffic(4000), mac=device.mac),
            Port(2, "ens18", "Streaming", 10000, _flow(90, 5), _flow(320, 6), mac=device.mac),
        ],
    )
    add_host(tree, 36, 8, stores)
    add_temperature(tree, "CPU package", 58)
    add_net_snmp(tree, 2.6)


def _ups(tree: Tree, device: DemoDevice) -> None:
    add_ports(tree, [Port(1, "eth0", "", 100, Traffic(800), Traffic(900), mac=device.mac)])
    add_ups(tree, "SP 6000", 38)


_IOS = "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E9"
_ROUTER = "Cisco IOS Software [Cupertino], ISR Software (X86_64_LINUX_IOSD), Version 17.9.4a"
_ENCODER = "Sample contribution encoder, firmware 3.4.1"
_CAMERA = "Sample PTZ camera, firmware 2.8"
_LINUX = "Linux srv-stream-01 6.1.0-28-amd64 #1 SMP Debian 6.1.119-1 x86_64"
_CISCO_SWITCH = "1.3.6.1.4.1.9.1.1208"
_PRIVATE = "1.3.6.1.4.1.65535"  # a number that belongs to nobody's products

DEVICES = (
    DemoDevice(
        "RT-UPLINK-01", "Uplink router", 0, _router, _ROUTER, "1.3.6.1.4.1.9.1.2068", secure=True
    ),
    DemoDevice(
        "SW-CORE-01", "Core switch, floor 5", 1, _switch, _IOS, _CISCO_SWITCH, "RT-UPLINK-01"
    ),
    DemoDevice(
        "SW-PRESS-02", "Switch of the press working room", 2, _switch, _IOS, _CISCO_SWITCH,
        "SW-CORE-01", ssh_offset=SWITCH_SSH_OFFSET,
    ),
    DemoDevice(
        "SW-HALL-03", "Switch of the halls, floor 6", 3, _switch, _IOS, _CISCO_SWITCH, "SW-CORE-01"
    ),
    DemoDevice(
        "ENC-01", "Encoder of hall H100", 4, _encoder, _ENCODER, f"{_PRIVATE}.1", "SW-HALL-03"
    ),
    DemoDevice(
        "ENC-02", "Mobile encoder", 5, _encoder, _ENCODER, f"{_PRIVATE}.1", "SW-HALL-03", fails=True
    ),
    DemoDevice(
        "ENC-03", "Encoder of hall H50", 6, _encoder, _ENCODER, f"{_PRIVATE}.1", "SW-HALL-03"
    ),
    DemoDevice("UPS-01", "UPS of rack B", 7, _ups, "Sample UPS, card 1.9", f"{_PRIVATE}.2"),
    DemoDevice("CAM-01", "Camera 1, H100", 8, _camera, _CAMERA, f"{_PRIVATE}.3", "SW-HALL-03"),
    DemoDevice("CAM-02", "Camera 2, H100", 9, _camera, _CAMERA, f"{_PRIVATE}.3", "SW-HALL-03"),
    DemoDevice("CAM-03", "Camera 3, H50", 10, _camera, _CAMERA, f"{_PRIVATE}.3", "SW-HALL-03"),
    DemoDevice(
        "SRV-STREAM-01", "Streaming server", 11, _server, _LINUX, "1.3.6.1.4.1.8072.3.2.10",
        "SW-CORE-01", secure=True, ssh_offset=SERVER_SSH_OFFSET,
    ),
)  # fmt: skip
