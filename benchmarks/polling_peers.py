"""What others spend on the same 116 OIDs: `python -m benchmarks.polling_peers PORT`.

prometheus-snmp-exporter (Debian's package) and pysnmp ask the canned agent of
`benchmarks.polling`, one device after another, in portions of 60 OIDs. CPU is that of the client.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    get_cmd,
)

from benchmarks.polling import PORTS, layout_of
from monitoring.probes import snmp
from tests.monitoring import agents
from tests.ports import free_port

BATCH = 60
TICKS = os.sysconf("SC_CLK_TCK")
OIDS = (*snmp.HEAD, *layout_of(range(1, PORTS + 1)).oids)


def pysnmp(port: int, count: int) -> float:
    """CPU seconds per 1 000 polls."""

    async def run() -> None:
        engine, login = SnmpEngine(), CommunityData(agents.COMMUNITY)
        peer = await UdpTransportTarget.create(("127.0.0.1", port))
        for _ in range(count):
            for at in range(0, len(OIDS), BATCH):
                wanted = [ObjectType(ObjectIdentity(oid)) for oid in OIDS[at : at + BATCH]]
                wrong, status, _, told = await get_cmd(
                    engine, login, peer, ContextData(), *wanted, lookupMib=False
                )
                assert not wrong, wrong
                assert not status, status
                assert len(told) == len(wanted)

    began = time.process_time()
    asyncio.run(run())
    return (time.process_time() - began) * 1000 / count


def exporter_file() -> str:
    """A module of the exporter that gets the same OIDs; each becomes a metric of its own."""
    lines = ["bench:", "  version: 2", f"  max_repetitions: {BATCH}", "  get:"]
    lines += [f"  - {oid}" for oid in OIDS]
    lines += ["  auth:", f"    community: {agents.COMMUNITY}", "  metrics:"]
    for place, oid in enumerate(OIDS):
        lines += [f"  - name: bench_{place}", f"    oid: {oid}", "    type: gauge"]
    return "\n".join(lines) + "\n"


def exporter(port: int, count: int) -> float | None:
    """CPU seconds per 1 000 scrapes of prometheus-snmp-exporter; None where it is not installed."""
    program = shutil.which("prometheus-snmp-exporter")
    if program is None:
        return None
    listens = free_port()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snmp.yml"
        path.write_text(exporter_file())
        running = subprocess.Popen(
            [program, f"--config.file={path}", f"--web.listen-address=127.0.0.1:{listens}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{listens}/snmp?module=bench&target=127.0.0.1:{port}"
            scrape(url, patience=10)
            began = ticks(running.pid)
            for _ in range(count):
                scrape(url)
            return (ticks(running.pid) - began) / TICKS * 1000 / count
        finally:
            running.terminate()
            running.wait(10)


def scrape(url: str, patience: float = 0.0) -> None:
    """One scrape, which must hold the values."""
    until = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                text = answer.read().decode()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            assert text.count("\nbench_") > 100, text[:2000]
            return


def ticks(pid: int) -> int:
    """User and system time of a process, in clock ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def main(port: int) -> None:
    """Print what each spends."""
    for name, spent in (
        ("prometheus-snmp-exporter", exporter(port, 300)),
        ("pysnmp", pysnmp(port, 60)),
    ):
        told = "not installed" if spent is None else f"{spent:.3f} CPU s per 1 000"
        print(f"{name}: {told}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
