"""What docs/operate/radius.md tells FreeRADIUS, tried on the real program.

FREERADIUS names the folder it was unpacked into; without it that of the machine is taken.
"""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from config import clock
from config.database import transaction
from monitoring import guests
from portal import keys, tokens
from rental.models import Booking, BookingStatus, Member, Role
from tests import build
from tests.api.serving import served
from tests.ports import free_port

ROOT = Path(os.environ.get("FREERADIUS", "/"))
SERVER, CLIENT = ROOT / "usr/sbin/freeradius", ROOT / "usr/bin/radclient"
SUPPLICANT = ROOT / "usr/bin/eapol_test"
LIBRARIES, DICTIONARIES = ROOT / "usr/lib/freeradius", ROOT / "usr/share/freeradius"
GUIDE = Path(__file__).parents[2] / "docs" / "operate" / "radius.md"
SECRET = "testing123"
PATIENCE_SECONDS = 30

pytestmark = pytest.mark.skipif(not SERVER.exists(), reason="FreeRADIUS is not installed")

CONFIGURATION = """
prefix = "{folder}"
localstatedir = "{folder}"
libdir = "{libraries}"
logdir = "{folder}"
run_dir = "{folder}"
max_requests = 1024
log {{
    destination = files
    file = "{folder}/radius.log"
}}
client here {{
    ipaddr = 127.0.0.1
    secret = {secret}
}}
modules {{
    always ok {{
        rcode = ok
    }}
{module}
    eap {{
        default_eap_type = ttls
        max_sessions = 100
        tls-config common {{
            private_key_file = "{folder}/key.pem"
            certificate_file = "{folder}/certificate.pem"
            ca_file = "{folder}/certificate.pem"
            tls_min_version = "1.2"
            tls_max_version = "1.2"
        }}
        md5 {{
        }}
        ttls {{
            tls = common
            default_eap_type = md5
            copy_request_to_tunnel = yes
            use_tunneled_reply = yes
            virtual_server = inner-tunnel
        }}
    }}
}}
server inner-tunnel {{
{sections}
}}
server default {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {port}
    }}
{outer}
}}
"""


@pytest.fixture
def booking(service: Flask) -> Booking:
    """An event that runs, with the credential of its guests."""
    now = clock.now().replace(microsecond=0)
    with transaction():
        made = build.a_booking(
            build.a_hall(code="H100"),
            starts_at=now - timedelta(hours=1),
            hours=3,
            status=BookingStatus.HANDED_OVER,
        )
        guests.settle(made.id, keys.keyring(service.extensions["settings"]), now)
    return made


@pytest.fixture
def radius(
    service: Flask, booking: Booking, person: Callable[..., Member], tmp_path: Path
) -> Iterator[int]:
    """The port of a RADIUS server that is set up as the guide says."""
    settings = service.extensions["settings"]
    with transaction():
        token = tokens.issue(person(role=Role.OPERATOR))
    module, sections = re.findall(r"```\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    port = free_port()
    _certificate(tmp_path)
    with served(settings.database_url, settings.data, workers=1) as web:
        module = module.replace("https://media.centre.example", f"http://127.0.0.1:{web}")
        told = CONFIGURATION.format(
            libraries=LIBRARIES,
            folder=tmp_path,
            secret=SECRET,
            module=module,
            sections=sections.replace("mc_TOKEN", token),
            outer=outer(sections.replace("mc_TOKEN", token)),
            port=port,
        )
        (tmp_path / "radiusd.conf").write_text(told)
        command = [SERVER, "-f", "-d", tmp_path, "-D", DICTIONARIES, "-n", "radiusd"]
        with subprocess.Popen(list(map(str, command))) as server:
            try:
                _await(server, tmp_path / "radius.log")
                yield port
            finally:
                server.terminate()


def outer(sections: str) -> str:
    """The guide's sections with EAP before them, as the default site of FreeRADIUS has it."""
    told = sections.replace("authorize {", "authorize {\n    eap {\n        ok = return\n    }", 1)
    return told.replace("authenticate {", "authenticate {\n    eap", 1)


def _certificate(folder: Path) -> None:
    names = ("-keyout", folder / "key.pem", "-out", folder / "certificate.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names]
    subject = ("-subj", "/CN=radius.centre.example", "-days", "2")
    subprocess.run([*map(str, command), *subject], check=True, capture_output=True)


def _await(server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not (log.exists() and "Ready to process requests" in log.read_text()):
        assert server.poll() is None, log.read_text() if log.exists() else "it did not start"
        assert time.monotonic() < until, "it did not start in time"
        time.sleep(0.05)


def asked(port: int, name: str, secret: str, station: str = "AA-BB-CC-00-00-01") -> str:
    """What an access point is told for a device that signs in."""
    quoted = [text.replace("\\", "\\\\").replace('"', '\\"') for text in (name, secret, station)]
    request = 'User-Name = "{}", User-Password = "{}", Calling-Station-Id = "{}"'.format(*quoted)
    command = [CLIENT, "-D", DICTIONARIES, "-x", "-r", "1", "-t", "10"]
    done = subprocess.run(
        [*map(str, command), f"127.0.0.1:{port}", "auth", SECRET],
        input=request,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def the_access(booking: Booking, service: Flask) -> tuple[Any, str]:
    (access,) = guests.of_booking(booking)
    return access, guests.passphrase_of(access, keys.keyring(service.extensions["settings"]))


def test_a_guest_is_let_in_for_as_long_as_the_booking_lasts(
    service: Flask, booking: Booking, radius: int
) -> None:
    access, secret = the_access(booking, service)
    told = asked(radius, access.username, secret)
    assert "Received Access-Accept" in told, told
    seconds = int(re.findall(r"Session-Timeout = (\d+)", told)[0])
    # Two hours of the event are left, and the hour of the lag.
    assert 2.9 * 3600 < seconds <= 3 * 3600
    for name, word in ((access.username, "wrong"), ("bk-nobody", secret), ("someone", secret)):
        assert "Received Access-Reject" in asked(radius, name, word)


def test_what_a_guest_types_cannot_say_more_than_it_is(
    service: Flask, booking: Booking, radius: int
) -> None:
    access, secret = the_access(booking, service)
    hostile = ['x", "username": "y', f'x","password":"{secret}', "a\\", "mật khẩu", "%{User-Name}"]
    for typed in hostile:
        assert "Received Access-Reject" in asked(radius, access.username, typed)
        assert "Received Access-Reject" in asked(radius, f"bk-{typed}", secret)
    assert "Received Access-Accept" in asked(radius, access.username, secret)


def test_a_cancelled_booking_counts_at_once(service: Flask, booking: Booking, radius: int) -> None:
    access, secret = the_access(booking, service)
    assert "Received Access-Accept" in asked(radius, access.username, secret)
    with transaction():
        booking.status = BookingStatus.CANCELLED
    assert "Received Access-Reject" in asked(radius, access.username, secret)


@pytest.mark.skipif(not SUPPLICANT.exists(), reason="eapol_test is not installed")
def test_a_telephone_joins_by_ttls_and_pap_and_only_with_its_own_passphrase(
    service: Flask, booking: Booking, radius: int, tmp_path: Path
) -> None:
    access, secret = the_access(booking, service)
    for word, expected in ((secret, "SUCCESS"), ("wrong", "FAILURE")):
        network = tmp_path / f"{expected}.conf"
        network.write_text(
            f"""network={{
    ssid="{access.ssid}"
    key_mgmt=WPA-EAP
    eap=TTLS
    anonymous_identity="guest"
    identity="{access.username}"
    password="{word}"
    phase2="auth=PAP"
    ca_cert="{tmp_path / "certificate.pem"}"
}}
"""
        )
        command = [SUPPLICANT, "-c", network, "-a127.0.0.1", f"-p{radius}", f"-s{SECRET}", "-t20"]
        told = subprocess.run(
            list(map(str, command)), capture_output=True, text=True, check=False
        ).stdout
        assert told.rstrip().endswith(expected), told[-2000:]
        # Attribute 27 is Session-Timeout.
        assert ("Attribute 27 (Session-Timeout)" in told) == (expected == "SUCCESS")
