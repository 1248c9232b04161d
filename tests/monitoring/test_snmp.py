"""The SNMP probe against a real snmpd and against agents that misbehave."""

import asyncio
import json
import time

import pytest

from monitoring.errors import BadLogin
from monitoring.probes import mibs, snmp
from monitoring.probes.logins import (
    AuthProtocol,
    CommunityVersion,
    PrivacyProtocol,
    SnmpCommunity,
    SnmpUser,
)
from monitoring.probes.outcomes import FailureKind, Target
from monitoring.probes.reading import Layout
from monitoring.probes.session import Engines
from tests.monitoring import agents
from tests.monitoring.agents import READING_KEYS, hostile, table_agent

COMMUNITY = SnmpCommunity(agents.COMMUNITY)
USER = SnmpUser(
    agents.USER,
    auth_password=agents.AUTH_PASSWORD,
    privacy_password=agents.PRIVACY_PASSWORD,
)


def quick(port: int, **over) -> Target:
    given = {"login": COMMUNITY, "timeout": 0.2, "tries": 2, "budget": 5.0, **over}
    return Target("127.0.0.1", port, **given)


def test_a_linux_agent_tells_system_interfaces_processors_and_storage(agent):
    outcome = snmp.ask(Target("127.0.0.1", agent.port, COMMUNITY))
    reading = outcome.reading
    assert reading is not None, outcome.failure
    told = reading.as_json()
    json.dumps(told)
    assert set(told) == READING_KEYS
    assert told["system"]["name"] == "test-agent"
    assert told["system"]["description"] == "Thiết bị thử"
    assert told["system"]["object_id"].startswith("1.3.6.1.4.1.8072")
    assert told["system"]["uptime_seconds"] >= 0
    loopback = next(i for i in told["interfaces"] if i["name"] == "lo")
    assert loopback["oper_status"] == "up"
    assert loopback["in_octets"] >= 0
    assert loopback["mtu"] > 0
    assert " ".join(loopback) == (
        "index name description alias admin_status oper_status speed_bps mtu mac"
        " in_octets out_octets in_errors out_errors"
    )
    assert told["processors"]
    assert told["processors"][0]["name"]
    memory = next(s for s in told["storage"] if s["name"] == "Physical memory")
    assert 0 < memory["used_bytes"] < memory["size_bytes"]
    assert told["problems"] == []
    assert reading.layout.ports[0].is_wide


def test_a_known_layout_is_polled_without_walking_again(agent):
    first = snmp.ask(Target("127.0.0.1", agent.port, COMMUNITY))
    again = snmp.ask(Target("127.0.0.1", agent.port, COMMUNITY, layout=first.reading.layout))
    assert first.was_discovered
    assert not again.was_discovered
    assert again.reading.layout.digest == first.reading.layout.digest
    assert len(again.reading.values) == len(again.reading.layout.oids)
    stored = json.loads(json.dumps(first.reading.layout.as_json()))
    assert Layout.from_json(stored) == first.reading.layout


def test_a_reboot_or_another_number_of_interfaces_means_discovery(agent):
    layout = snmp.ask(Target("127.0.0.1", agent.port, COMMUNITY)).reading.layout
    rebooted = Target("127.0.0.1", agent.port, COMMUNITY, layout=layout, uptime_before=9e6)
    assert snmp.ask(rebooted).was_discovered
    fewer = Layout.from_json({**layout.as_json(), "if_number": 1})
    assert snmp.ask(Target("127.0.0.1", agent.port, COMMUNITY, layout=fewer)).was_discovered


@pytest.mark.parametrize(
    "login",
    [USER, SnmpUser("demo-auth", auth_password=agents.AUTH_PASSWORD), SnmpUser("demo-noauth")],
    ids=["authPriv", "auth", "noAuth"],
)
def test_snmpv3_reads_at_every_security_level(agent, login):
    outcome = snmp.ask(Target("127.0.0.1", agent.port, login))
    assert outcome.reading is not None, outcome.failure
    assert outcome.reading.layout.name == "test-agent"


@pytest.mark.parametrize(
    ("user", "auth", "privacy"),
    [
        ("demo-sha224", AuthProtocol.SHA224, PrivacyProtocol.AES128),
        ("demo-sha256", AuthProtocol.SHA256, PrivacyProtocol.AES128),
        ("demo-sha384", AuthProtocol.SHA384, PrivacyProtocol.AES128),
        ("demo-sha512", AuthProtocol.SHA512, PrivacyProtocol.AES128),
        # RFC 3826 knows AES-128 only; net-snmp and gufo extend keys in the same way here.
        ("demo-aes192", AuthProtocol.SHA256, PrivacyProtocol.AES192),
        ("demo-aes256", AuthProtocol.SHA512, PrivacyProtocol.AES256),
    ],
)
def test_snmpv3_reads_with_every_sha_2_and_aes(agent, user, auth, privacy):
    login = SnmpUser(user, auth, agents.AUTH_PASSWORD, privacy, agents.PRIVACY_PASSWORD)
    engines = Engines()
    for _ in range(2):  # from the passwords, then from the remembered keys
        outcome = asyncio.run(snmp.read(Target("127.0.0.1", agent.port, login), engines))
        assert outcome.reading is not None, outcome.failure
        assert outcome.reading.layout.name == "test-agent"


def test_snmp_v1_reads_a_real_agent_as_v2c_does_but_in_32_bits(agent):
    login = SnmpCommunity(agents.COMMUNITY, CommunityVersion.V1)
    first = snmp.ask(Target("127.0.0.1", agent.port, login)).reading
    second = snmp.ask(Target("127.0.0.1", agent.port, COMMUNITY)).reading
    assert first is not None
    assert second is not None
    assert first.problems == ()
    assert [p.name for p in first.interfaces()] == [p.name for p in second.interfaces()]
    assert [s.size_bytes for s in first.storage()] == [s.size_bytes for s in second.storage()]
    assert [s.name for s in first.sensors()] == [s.name for s in second.sensors()]
    assert not any(port.is_wide for port in first.layout.ports)


@pytest.mark.parametrize(
    ("login", "kind"),
    [
        (SnmpUser("stranger", auth_password="12345678"), FailureKind.AUTHENTICATION),
        (SnmpUser(agents.USER, auth_password="wrong-password"), FailureKind.AUTHENTICATION),
        # An agent drops what it cannot decrypt (RFC 3414, usmStatsDecryptionErrors).
        (
            SnmpUser(
                agents.USER,
                auth_password=agents.AUTH_PASSWORD,
                privacy_password="wrong-password",
            ),
            FailureKind.TIMEOUT,
        ),
    ],
    ids=["unknown user", "wrong authentication", "wrong privacy"],
)
def test_a_wrong_snmpv3_login_is_named(agent, login, kind):
    failure = snmp.ask(quick(agent.port, login=login)).failure
    assert failure.kind is kind
    assert "wrong-password" not in failure.message


def test_an_snmpv3_password_is_localised_once_and_a_replaced_device_is_met_anew(own_agent):
    engines = Engines()
    target = quick(own_agent.port, login=USER, timeout=0.5)

    async def twice():
        first = await snmp.read(target, engines)
        known = engines.find(target)
        second = await snmp.read(target, engines)
        return first, known, second

    first, known, second = snmp.asyncio.run(twice())
    assert first.reading is not None, first.failure
    assert second.reading is not None, second.failure
    assert known is not None
    # The device is replaced: same address, another engine id.
    own_agent.stop()
    for state in own_agent.folder.glob("state/*.conf"):
        state.unlink()
    own_agent.start()
    third = snmp.asyncio.run(snmp.read(target, engines))
    assert third.reading is not None, third.failure
    assert engines.find(target)[0] != known[0]


def test_a_secret_never_shows_in_a_repr():
    assert "secret" not in repr(SnmpCommunity("secret"))
    assert "secret" not in repr(Target("192.0.2.1", login=USER).login)
    assert agents.AUTH_PASSWORD not in repr(Target("192.0.2.1", login=USER))


def test_an_snmpv3_login_needs_a_signature_and_eight_characters():
    with pytest.raises(BadLogin, match="authentication"):
        SnmpUser("u", privacy_password="12345678")
    with pytest.raises(BadLogin, match="8 characters"):
        SnmpUser("u", AuthProtocol.SHA, "short", PrivacyProtocol.AES128)


def test_a_wrong_community_looks_like_silence_and_the_message_says_so(agent):
    outcome = snmp.ask(quick(agent.port, login=SnmpCommunity("wrong")))
    assert outcome.failure.kind is FailureKind.TIMEOUT
    assert "community" in outcome.failure.message
    assert outcome.as_json()["reachable"] is False
    assert outcome.as_json()["problems"][0].startswith("timeout:")


def test_a_silent_device_costs_its_tries_and_no_more():
    with hostile(lambda _: None) as silent:
        outcome = snmp.ask(quick(silent.port))
        assert silent.requests == 2
    assert outcome.failure.kind is FailureKind.TIMEOUT
    assert outcome.seconds < 1.0


def test_a_closed_port_is_refused_at_once():
    outcome = snmp.ask(quick(agents.free_port(), timeout=2.0))
    assert outcome.failure.kind is FailureKind.REFUSED
    assert outcome.seconds < 0.5


@pytest.mark.parametrize(
    "garbage",
    [b"\xde\xad\xbe\xef" * 9, b"\x30\x84\xff\xff\xff\xff" + b"\x02" * 20, b"\0" * 2000],
    ids=["noise, which panics the parser", "an endless length", "zeros"],
)
def test_garbage_is_malformed(garbage):
    with hostile(lambda _: garbage) as agent:
        outcome = snmp.ask(quick(agent.port))
    assert outcome.failure.kind is FailureKind.MALFORMED


def test_a_name_is_not_an_address():
    outcome = snmp.ask(Target("switch.example", 161, COMMUNITY))
    assert outcome.failure.kind is FailureKind.REFUSED


def one_port(**over: bytes) -> dict[str, bytes]:
    return {
        mibs.SYS_DESCR: agents.tlv(0x04, b"switch"),
        mibs.SYS_OBJECT_ID: agents.oid("1.3.6.1.4.1.9.1.1"),
        mibs.SYS_UP_TIME: agents.integer(123_456, 0x43),
        mibs.SYS_NAME: agents.tlv(0x04, b"sw1"),
        mibs.IF_NUMBER: agents.integer(1),
        f"{mibs.IF_DESCR}.7": agents.tlv(0x04, b"GigabitEthernet0/7"),
        f"{mibs.IF_SPEED}.7": agents.integer(100_000_000, 0x42),
        f"{mibs.IF_PHYS_ADDRESS}.7": agents.tlv(0x04, b"\x00\x01\x02\x03\x04\x05"),
        f"{mibs.IF_ADMIN_STATUS}.7": agents.integer(1),
        f"{mibs.IF_OPER_STATUS}.7": agents.integer(7),
        f"{mibs.IF_IN_OCTETS}.7": agents.integer(4_000_000_000, 0x41),
        **over,
    }


def test_a_device_without_64_bit_counters_is_read_by_the_old_ones():
    with hostile(table_agent(one_port())) as old:
        reading = snmp.ask(quick(old.port)).reading
    port = reading.interfaces()[0]
    assert (port.index, port.name, port.alias) == (7, "GigabitEthernet0/7", None)
    assert (port.oper_status, port.speed_bps) == ("lowerLayerDown", 100_000_000)
    assert (port.in_octets, port.out_octets, port.mtu) == (4_000_000_000, None, None)
    assert port.mac == "00:01:02:03:04:05"
    assert reading.uptime_seconds == 1234.56
    assert reading.problems == ()


def test_sensors_and_a_ups_are_read_in_their_units():
    table = one_port(
        **{
            f"{mibs.ENT_SENSOR_TYPE}.5": agents.integer(8),
            f"{mibs.ENT_SENSOR_SCALE}.5": agents.integer(9),
            f"{mibs.ENT_SENSOR_PRECISION}.5": agents.integer(1),
            f"{mibs.ENT_SENSOR_VALUE}.5": agents.integer(415),
            f"{mibs.ENT_PHYSICAL_NAME}.5": agents.tlv(0x04, b"inlet"),
            "1.3.6.1.2.1.33.1.2.4.0": agents.integer(97),
            "1.3.6.1.2.1.33.1.2.5.0": agents.integer(545),
            "1.3.6.1.2.1.33.1.4.4.1.5.1": agents.integer(31),
        }
    )
    with hostile(table_agent(table)) as ups:
        told = snmp.ask(quick(ups.port)).as_json()
    assert told["sensors"] == [
        {"name": "inlet", "kind": "temperature", "value": 41.5, "unit": "celsius"},
        {"name": "battery charge", "kind": "charge", "value": 97.0, "unit": "percent"},
        {"name": "battery voltage", "kind": "voltage", "value": 54.5, "unit": "volts"},
        {"name": "output load 1", "kind": "load", "value": 31.0, "unit": "percent"},
    ]


def test_an_agent_that_goes_round_in_circles_is_cut_off_and_named():
    good = table_agent(one_port())

    def circling(raw: bytes) -> bytes | None:
        request = agents.Request.of(raw)
        if request.tag == agents.GET_BULK and request.names[0].startswith(mibs.IF_DESCR):
            name = f"{mibs.IF_DESCR}.7"
            return request.answer([(name, agents.tlv(0x04, b"round"))] * 3)
        return good(raw)

    with hostile(circling) as agent:
        began = time.monotonic()
        reading = snmp.ask(quick(agent.port)).reading
        assert agent.requests < 80
    assert time.monotonic() - began < 3
    assert any("does not ascend" in problem for problem in reading.problems)
    assert reading.interfaces()[0].name == "round"


def test_an_agent_that_answers_only_small_requests_is_asked_in_halves():
    table = one_port(
        **{
            f"{column}.{i}": agents.integer(1)
            for i in range(1, 9)
            for column in (mibs.IF_DESCR, mibs.IF_ADMIN_STATUS, mibs.IF_OPER_STATUS)
        }
    )
    good = table_agent(table)

    def narrow(raw: bytes) -> bytes | None:
        request = agents.Request.of(raw)
        if request.tag == agents.GET and len(request.names) > 12:
            return request.answer([], error=1)  # tooBig
        return good(raw)

    with hostile(narrow) as agent:
        reading = snmp.ask(quick(agent.port)).reading
    assert reading.layout.batch <= 12
    assert all(port.oper_status in ("up", "lowerLayerDown") for port in reading.interfaces())


def test_an_agent_that_dies_half_way_leaves_a_partial_reading():
    good = table_agent(one_port())
    layout = {"count": 0}

    def dying(raw: bytes) -> bytes | None:
        layout["count"] += 1
        return good(raw) if layout["count"] <= 4 else None

    with hostile(dying) as agent:
        outcome = snmp.ask(quick(agent.port, timeout=0.1, tries=1, budget=2.0))
    assert outcome.reading is not None
    assert any(problem.startswith("partial:") for problem in outcome.reading.problems)
    assert not outcome.reading.layout.is_complete


def test_an_agent_that_hides_everything_is_partial():
    def hiding(raw: bytes) -> bytes | None:
        request = agents.Request.of(raw)
        return request.answer([(name, agents.NOTHING) for name in request.names])

    with hostile(hiding) as agent:
        outcome = snmp.ask(quick(agent.port))
    assert outcome.failure.kind is FailureKind.PARTIAL


def test_a_slow_agent_is_waited_for_within_the_timeout():
    with hostile(table_agent(one_port()), delay=0.05) as slow:
        assert snmp.ask(quick(slow.port)).reading is not None
    with hostile(table_agent(one_port()), delay=3.0) as slower:
        outcome = snmp.ask(quick(slower.port))
        assert outcome.failure.kind is FailureKind.TIMEOUT
