"""What devices print becomes facts; recorded in the form that each platform documents."""

import pytest

from monitoring.probes.facts import COMMANDS, facts, span_seconds, stable

IOS = {
    "version": """Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E8
ROM: Bootstrap program is C2960X boot loader

SW-PRESS-02 uptime is 1 year, 3 weeks, 2 days, 5 hours, 41 minutes
System returned to ROM by power-on
System image file is "flash:c2960x-universalk9-mz.152-7.E8.bin"
cisco WS-C2960X-24TS-L (APM86XXX) processor (revision V02) with 524288K bytes of memory.
Processor board ID FOC2130X0AB
Model number                    : WS-C2960X-24TS-L
System serial number            : FOC2130X0AB
""",
    "inventory": """NAME: "1", DESCR: "WS-C2960X-24TS-L"
PID: WS-C2960X-24TS-L  , VID: V06  , SN: FOC2130X0AB

NAME: "GigabitEthernet1/0/25", DESCR: "1000BaseSX SFP"
PID: GLC-SX-MMD          , VID: V02  , SN: AGM1523L0XY
""",
    "cpu": "CPU utilization for five seconds: 12%/0%; one minute: 9%; five minutes: 8%",
    "ntp": "Clock is synchronized, stratum 3, reference is 192.0.2.1",
}
XE = {
    "version": """Cisco IOS XE Software, Version 17.09.04a
RT-UPLINK-01 uptime is 4 minutes
Last reload reason: Reload Command
cisco C8300-1N1S-6T (1RU) processor with 3763577K/6147K bytes of memory.
Processor board ID FDO2430M0CD
""",
    "ntp": "Clock is unsynchronized, stratum 16, no reference clock",
}
EOS = {
    "version": """Arista DCS-7050SX3-48YC8-R
Hardware version:    11.00
Serial number:       JPE19181234
Software image version: 4.30.5M
Architecture:        x86_64
Uptime:              11 weeks, 3 days, 2 hours and 9 minutes
Total memory:        8000000 kB
Free memory:         6000000 kB
""",
    "ntp": "synchronised to NTP server (192.0.2.1) at stratum 3",
}
JUNOS = {
    "version": "Hostname: sw-hall-01\nModel: ex3400-24t\nJunos: 20.4R3-S5.4\n",
    "hardware": """Hardware inventory:
Item             Version  Part number  Serial number     Description
Chassis                                NW0219AB1234      EX3400-24T
FPC 0            REV 14   650-059874   NW0219AB1234      EX3400-24T
  PIC 2          REV 14   BUILTIN      BUILTIN           4x10G SFP/SFP+
Power Supply 0   REV 05   640-060603   1EDV9040123       JPSU-150W-AC-AFO
""",
    "engine": "Routing Engine status:\n    Memory utilization          63 percent\n"
    "    CPU utilization:\n      User  12 percent\n      Idle                      79 percent\n",
    "uptime": "System booted: 2026-08-01 02:00:00 UTC (16w5d 03:12 ago)\n",
    "ntp": "associd=0 status=0615 leap_none, sync_ntp, 1 event, clock_sync,\n",
}
ROUTEROS = {
    "resource": """                   uptime: 3w4d5h6m7s
                  version: 7.14.3 (stable)
              free-memory: 3072.0MiB
             total-memory: 4096.0MiB
                 cpu-load: 7%
               board-name: CCR2004-1G-12S+2XS
""",
    "board": "        model: CCR2004-1G-12S+2XS\r\nserial-number: HEX08ABCDEF\r\n"
    "current-firmware: 7.14.3\r\n",
    "ntp": "      enabled: yes\n       status: synchronized\n",
}
PROCURVE = {
    "system": """ Status and Counters - General System Information

  System Name        : SW-PRESS-03
  Software revision  : YA.16.11.0013        Base MAC Addr      : 941882-000001
  ROM Version        : YA.15.20             Serial Number      : CN86FP0123
  Up Time            : 61 days              Memory   - Total   : 67,108,864
  CPU Util (%)       : 9                               Free    : 41,943,040
""",
}
LINUX = {
    "kernel": "6.1.0-18-amd64\n",
    "release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian"\n',
    "uptime": "350735.47 234388.90\n",
    "load": "0.20 0.18 0.12 1/80 11206\n",
    "memory": "MemTotal:       32000000 kB\nMemFree: 1 kB\nMemAvailable:   8000000 kB\n",
    "disks": """Filesystem 1B-blocks Used Available Capacity Mounted on
/dev/sda1 128849018880 48962627174 79886391706 38% /
/dev/sdb1 4294967296000 3178275799040 1116691496960 74% /srv/recordings đêm
udev 0 0 0 - /dev
""",
    "failed": "nginx.service loaded failed failed A web server\n● srt.service loaded failed x\n",
    "model": "PowerEdge R450\n",
    "clock": "yes\n",
    "processors": "8\n",
}
TOLD = [
    ("cisco_ios", IOS, {
        "system": "Cisco IOS", "version": "15.2(7)E8", "model": "WS-C2960X-24TS-L",
        "serial": "FOC2130X0AB", "cpu_percent": 8.0, "ntp": "synchronised",
        "uptime_seconds": 365 * 86400 + 23 * 86400 + 5 * 3600 + 41 * 60,
        "restart_reason": "power-on",
    }),
    ("cisco_xe", XE, {
        "system": "Cisco IOS XE", "version": "17.09.04a", "model": "C8300-1N1S-6T",
        "serial": "FDO2430M0CD", "uptime_seconds": 240, "ntp": "not synchronised",
        "restart_reason": "Reload Command",
    }),
    ("arista_eos", EOS, {
        "version": "4.30.5M", "model": "DCS-7050SX3-48YC8-R", "serial": "JPE19181234",
        "uptime_seconds": 80 * 86400 + 2 * 3600 + 9 * 60, "memory_percent": 25.0,
        "ntp": "synchronised",
    }),
    ("juniper_junos", JUNOS, {
        "version": "20.4R3-S5.4", "model": "ex3400-24t", "serial": "NW0219AB1234",
        "cpu_percent": 21.0, "memory_percent": 63.0, "ntp": "synchronised",
        "uptime_seconds": 117 * 86400 + 3 * 3600 + 12 * 60,
    }),
    ("mikrotik_routeros", ROUTEROS, {
        "version": "7.14.3", "model": "CCR2004-1G-12S+2XS", "serial": "HEX08ABCDEF",
        "cpu_percent": 7.0, "memory_percent": 25.0, "ntp": "synchronised",
        "uptime_seconds": 25 * 86400 + 5 * 3600 + 6 * 60 + 7,
    }),
    ("hp_procurve", PROCURVE, {
        "version": "YA.16.11.0013", "serial": "CN86FP0123", "cpu_percent": 9.0,
        "uptime_seconds": 61 * 86400, "firmware": "YA.15.20",
    }),
    ("linux", LINUX, {
        "system": "Debian GNU/Linux 12 (bookworm)", "version": "6.1.0-18-amd64",
        "uptime_seconds": 350735, "load": [0.20, 0.18, 0.12], "memory_percent": 75.0,
        "model": "PowerEdge R450", "ntp": "synchronised", "processors": "8",
        "failed_services": ["nginx.service", "srt.service"],
        "disks": [
            {"mount": "/", "size": 128849018880, "percent": 38},
            {"mount": "/srv/recordings đêm", "size": 4294967296000, "percent": 74},
        ],
    }),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "texts", "expected"), TOLD, ids=[one[0] for one in TOLD])
def test_a_platform_tells_its_facts(platform, texts, expected) -> None:
    told = facts(platform, texts)
    assert {name: told.get(name) for name in expected} == expected


def test_modules_are_told_with_their_serials() -> None:
    assert facts("cisco_ios", IOS)["modules"][1] == {
        "name": "GigabitEthernet1/0/25",
        "description": "1000BaseSX SFP",
        "model": "GLC-SX-MMD",
        "serial": "AGM1523L0XY",
    }
    junos = {one["name"]: one["serial"] for one in facts("juniper_junos", JUNOS)["modules"]}
    assert junos["Power Supply 0"] == "1EDV9040123"


@pytest.mark.parametrize("platform", list(COMMANDS))
@pytest.mark.parametrize(
    "text", ["", "% Invalid input", "\x1b[31m�\n" * 50, "a: b\n" * 9000, "0" * 100_000]
)
def test_rubbish_tells_nothing_wrong(platform, text) -> None:
    told = facts(platform, dict.fromkeys(COMMANDS[platform], text))
    assert not told.get("serial")
    assert told.get("uptime_seconds") in (None, 0) or platform == "linux"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("4 minutes", 240),
        ("1 year, 1 day", 366 * 86400),
        ("2w3d4h5m6s", 17 * 86400 + 4 * 3600 + 5 * 60 + 6),
        ("12 days, 3:04", 12 * 86400 + 3 * 3600 + 4 * 60),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_spans_of_time_are_read(text, seconds) -> None:
    assert span_seconds(text) == seconds


def test_what_passes_is_no_history() -> None:
    kept = stable(facts("linux", LINUX))
    assert "load" not in kept
    assert kept["version"] == "6.1.0-18-amd64"
