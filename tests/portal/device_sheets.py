"""Small files of devices to send, and a house that they may name."""

import io
from collections.abc import Iterable
from typing import Any

from config.database import transaction
from monitoring import credentials, devices
from monitoring.devices import NewDevice
from monitoring.models import Device
from monitoring.probes.logins import SnmpCommunity, SshLogin
from portal import keys
from portal.pages.device_files import giving
from rental.models import Asset
from tests import build

SECRET = "a-secret-community"


def a_house(service: Any) -> None:
    """Two sites, something to serve, credentials, and a switch that is there already."""
    ring = keys.keyring(service.extensions["settings"])
    with transaction():
        centre = build.a_site(slug="centre", name="Trung tâm Báo chí")
        build.a_site(slug="remote", name="Điểm cầu Thủ Đức")
        encoder = build.equipment(site=centre, code="ENC", name="Bộ mã hóa", stock=3)
        build.a_circuit(site=centre, code="F100", name="Đường truyền 100 Mbps")
        encoder.assets.append(Asset(tag="ENC-01", serial="SN-1"))
        community = credentials.add("Switches", SnmpCommunity(SECRET), ring)
        credentials.add("Linux", SshLogin("root", SECRET), ring)
        devices.add(
            NewDevice(
                "SW-CORE",
                "192.0.2.1",
                centre,
                snmp_credential=community,
                vendor="Cisco",
                location="Tủ rack A",
            )
        )


def given(found: list[Device], form: str, *, spoken: bool = True) -> bytes:
    """The devices as a file."""
    out = io.BytesIO()
    giving.write(found, form, out, spoken=spoken)
    return out.getvalue()


def lines(*rows: str) -> bytes:
    """Rows of a CSV file as they are typed."""
    return "\r\n".join(rows).encode()


def names(found: Iterable[Device]) -> list[str]:
    """Their names."""
    return [device.name for device in found]
