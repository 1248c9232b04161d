"""The demo's devices in the inventory: credentials sealed, parents, what each one serves."""

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from config.database import db
from monitoring import access_ports, credentials, devices, hostkeys, provisioning
from monitoring.credentials import Keyring
from monitoring.devices import NewDevice
from monitoring.models import Credential, Device, DeviceRole, Platform
from monitoring.probes.logins import (
    AuthProtocol,
    PrivacyProtocol,
    SnmpCommunity,
    SnmpUser,
    SshLogin,
)
from portal.demo import devices as simulated
from portal.demo import host_keys
from portal.demo.devices import DEVICES, DemoDevice
from portal.demo.simulators import server_key, switch_key
from portal.demo.ssh_server import SshServer
from portal.demo.ssh_switch import SshSwitch
from rental import catalogue, units
from rental.models import Asset, Member

ROLES = {
    "RT": DeviceRole.ROUTER,
    "SW": DeviceRole.SWITCH,
    "ENC": DeviceRole.ENCODER,
    "UPS": DeviceRole.UPS,
    "CAM": DeviceRole.CAMERA,
    "SRV": DeviceRole.SERVER,
}
PLATFORMS = {"SW": Platform.CISCO_IOS, "RT": Platform.CISCO_XE, "SRV": Platform.LINUX}
# What renters lose when the device is down; encoders and cameras are assets of their resource.
SERVES = {
    "RT-UPLINK-01": "F500",
    "SW-PRESS-02": "LAN",
    "SRV-STREAM-01": "STREAM",
}
# Where each stands, and what it is: sample values.
PLACES = {
    "RT-UPLINK-01": "Phòng máy tầng 5, tủ A, U40",
    "SW-CORE-01": "Phòng máy tầng 5, tủ A, U38",
    "SW-PRESS-02": "Phòng làm việc báo chí, tủ tường",
    "SW-HALL-03": "Phòng kỹ thuật tầng 6, tủ C, U12",
    "ENC-01": "Hội trường H100, bàn kỹ thuật",
    "ENC-03": "Hội trường H50, bàn kỹ thuật",
    "UPS-01": "Phòng máy tầng 5, tủ B",
    "SRV-STREAM-01": "Phòng máy tầng 5, tủ B, U20",
}
KNOWN: dict[str, tuple[str, str, list[str]]] = {
    "RT": ("Cisco", "ISR 4331", ["mạng lõi"]),
    "SW": ("Cisco", "Catalyst 9200L-24T", ["mạng"]),
    "ENC": ("Mẫu", "HEVC-4K", ["truyền hình"]),
    "UPS": ("Mẫu", "Online 3 kVA", ["nguồn điện"]),
    "CAM": ("Mẫu", "PTZ 20x", ["truyền hình"]),
    "SRV": ("Mẫu", "1U, 2 CPU", ["truyền hình", "máy chủ"]),
}
# The ports that hand out the circuits; the first carries traffic, booked or not.
ACCESS_PORTS = {
    "F100": ("SW-PRESS-02", "GigabitEthernet1/0/9"),
    "F200": ("SW-PRESS-02", "GigabitEthernet1/0/2"),
    "F500": ("SW-HALL-03", "GigabitEthernet1/0/12"),
}
# The one that bookings switch: its switch listens to SSH.
SWITCHED = "F200"


@dataclass(frozen=True, slots=True)
class Logins:
    """The sealed credentials of the demo, by what they open."""

    community: Credential
    user: Credential
    switch: Credential
    server: Credential


def add(base_port: int, keys: Path, keyring: Keyring, *, by: Member) -> list[Device]:
    """Enter the twelve devices as the simulators play them, SSH host keys approved."""
    logins = _logins(keyring)
    entered = []
    for device in DEVICES:
        row = devices.add(_described(device, base_port, logins), by=by)
        entered.append(row)
        if device.ssh_offset == simulated.SWITCH_SSH_OFFSET:
            _pin(row, switch_key(keys), by)
        elif device.ssh_offset == simulated.SERVER_SSH_OFFSET:
            _pin(row, server_key(keys), by)
    by_name = {device.name: device for device in entered}
    for code, (switch, port) in ACCESS_PORTS.items():
        added = access_ports.add(by_name[switch], port, catalogue.get(code), by=by)
        if code == SWITCHED:
            provisioning.manage(added, is_managed=True, by=by)
    return entered


def _logins(keyring: Keyring) -> Logins:
    user = SnmpUser(
        simulated.V3_USER,
        AuthProtocol.SHA256,
        simulated.V3_AUTH,
        PrivacyProtocol.AES128,
        simulated.V3_PRIV,
    )
    switch, server = SshSwitch(config=""), SshServer()
    return Logins(
        community=credentials.add("SNMP v2c", SnmpCommunity(simulated.COMMUNITY), keyring),
        user=credentials.add("SNMP v3", user, keyring),
        switch=credentials.add(
            "SSH, switches", SshLogin(switch.username, switch.password), keyring
        ),
        server=credentials.add("SSH, servers", SshLogin(server.username, server.password), keyring),
    )


def _described(device: DemoDevice, base_port: int, logins: Logins) -> NewDevice:
    kind = device.name.partition("-")[0]
    asset = db.session.scalar(sa.select(Asset).where(Asset.tag == device.name))
    serves = SERVES.get(device.name)
    vendor, model, tags = KNOWN[kind]
    ssh = None
    if device.ssh_offset is not None:
        ssh = logins.server if kind == "SRV" else logins.switch
    return NewDevice(
        name=device.name,
        address="127.0.0.1",
        site=units.site("centre"),
        role=ROLES[kind],
        platform=PLATFORMS.get(kind, Platform.GENERIC),
        snmp_port=base_port + device.offset,
        ssh_port=base_port + device.ssh_offset if device.ssh_offset is not None else 22,
        snmp_credential=logins.user if device.secure else logins.community,
        ssh_credential=ssh,
        parent=devices.find(device.parent) if device.parent else None,
        resource=asset.resource if asset else catalogue.get(serves) if serves else None,
        asset=asset,
        vendor=vendor,
        model=model,
        serial=f"MAU-{device.offset + 1:04}",
        location=PLACES.get(device.name),
        tags=tags,
    )


def _pin(device: Device, path: Path, by: Member) -> None:
    """Approve the key that the simulator will show, as an operator would after reading it."""
    hostkeys.approve(device, host_keys.public_line(host_keys.keep(path)), by=by)
