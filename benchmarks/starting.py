"""How long `media-center run` takes to its first page, and what web and worker keep in memory.

Memory is the proportional share (PSS) of web and worker with their children: pages that processes
share are counted once. The database and the simulated devices are not part of it.
"""

import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import requests

ROUNDS = 5
REST_SECONDS = 20


def free_port() -> int:
    """A TCP port of loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(data: Path) -> tuple[subprocess.Popen[bytes], float]:
    """The running tree, and the seconds until its sign-in page came."""
    port = free_port()
    begun = time.monotonic()
    process = subprocess.Popen(
        [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "portal.cli",
            "run",
            "--port",
            str(port),
            "--data",
            str(data),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while True:
        try:
            if requests.get(f"http://127.0.0.1:{port}/sign-in", timeout=5).ok:
                return process, time.monotonic() - begun
        except requests.ConnectionError:
            if process.poll() is not None or time.monotonic() - begun > 60:
                raise
            time.sleep(0.02)


def stop(process: subprocess.Popen[bytes]) -> float:
    """Seconds until the whole tree was gone after Ctrl-C."""
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(60)
    return time.monotonic() - begun


def megabytes(process: subprocess.Popen[bytes]) -> dict[str, float]:
    """The share of memory by part."""
    share = {"web": 0.0, "worker": 0.0}
    for child in psutil.Process(process.pid).children(recursive=True):
        for part in share:
            if part in child.cmdline():
                share[part] += child.memory_full_info().pss / 1e6
    return share


def main() -> None:
    """Print a small table."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        process, fresh = start(data)
        stop(process)
        seconds = []
        for _ in range(ROUNDS):
            process, taken = start(data)
            seconds.append(taken)
            ended = stop(process)
        process, _ = start(data)
        time.sleep(REST_SECONDS)
        share = megabytes(process)
        stop(process)
    seconds.sort()
    print("| what | seen |\n|---|---|")
    print(f"| first page, empty data folder | {fresh:.1f} s |")
    print(f"| first page, existing database, median of {ROUNDS} | {seconds[ROUNDS // 2]:.1f} s |")
    print(f"| slowest of them | {seconds[-1]:.1f} s |")
    print(f"| Ctrl-C to nothing left | {ended:.1f} s |")
    print(f"| memory at rest, web and worker (PSS) | {sum(share.values()):.0f} MB {share} |")


if __name__ == "__main__":
    main()
