"""The streaming server's page of the demo, as the round of endpoints and the rules see it."""

import socket
import ssl
import threading

import sqlalchemy as sa

from config.database import db, transaction
from monitoring import reaching, rules, tls_rules
from monitoring.credentials import Keyring
from monitoring.models import Endpoint, EndpointStatus, FindingRow
from monitoring.probes.reached import Rules
from portal.demo import centre
from portal.demo.centre import Demo
from portal.demo.devices import SERVER_WEB_OFFSET
from portal.demo.endpoints import STREAMING
from portal.demo.web_server import NAME, WebServer
from tests.ports import free_port


def test_the_page_is_up_over_tls_and_keeps_every_rule_about_it(house, tmp_path):
    base = free_port(wide=SERVER_WEB_OFFSET + 1)
    with transaction():
        centre.load(Demo(Keyring(bytes(range(32))), tmp_path / "keys", base_port=base))
    [page] = db.session.scalars(sa.select(Endpoint).where(Endpoint.is_secure))
    device, page_id = page.device, page.id
    assert device.name == STREAMING
    with WebServer(base + SERVER_WEB_OFFSET):
        reaching.reach_site(device.site_id, Rules(allows_own=True))
    tls_rules.judge_site(device.site_id, rules.load())
    db.session.expire_all()
    page = db.session.get_one(Endpoint, page_id)
    assert page.status is EndpointStatus.UP, page.failure
    assert page.facts["certificate"]["names"] == [NAME]
    assert page.facts["offers"] == {
        "TLSv1": False, "TLSv1.1": False, "TLSv1.2": True, "TLSv1.3": True
    }  # fmt: skip
    found = db.session.scalars(sa.select(FindingRow).where(FindingRow.device_id == page.device_id))
    assert {row.rule: row.result.value for row in found if row.rule.startswith("X")} == {
        "X01": "pass",
        "X04": "pass",
    }


def test_callers_that_say_nothing_or_rubbish_hold_up_nobody(capfd):
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with WebServer() as page:
        with (
            socket.create_connection(("127.0.0.1", page.port)),
            socket.create_connection(("127.0.0.1", page.port)) as rude,
        ):
            rude.sendall(b"\x00garbage\r\n\r\n")
            with (
                socket.create_connection(("127.0.0.1", page.port), timeout=5) as plain,
                trusting.wrap_socket(plain, server_hostname=NAME) as caller,
            ):
                caller.sendall(b"GET /elsewhere HTTP/1.0\r\n\r\n")
                assert caller.recv(100).startswith(b"HTTP/1.1 404")
        port = page.port
    with socket.socket() as late:
        assert late.connect_ex(("127.0.0.1", port)) != 0
    assert threading.active_count() < 20
    assert capfd.readouterr().err == ""
