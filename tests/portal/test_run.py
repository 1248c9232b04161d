"""`media-center run` as one process tree: it starts fast, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import requests

from portal.programs import back_off

HOME = Path(__file__).parents[2]
RUN = (sys.executable, "-W", "ignore", "-m", "portal.cli", "run")
# A bound that only runaway growth meets. The goal is 250: benchmarks/README.md says what was seen.
MEMORY_MEGABYTES = 420


class Running:
    """A tree under test, and every process it ever had."""

    def __init__(self, data: Path, *options: str) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        self.data = data
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [*RUN, *options, "--port", "0", "--data", str(data)],
            env={**environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=(data.parent / "stderr").open("ab"),
            text=True,
            cwd=HOME,
        )
        self.address = ""

    def await_first_page(self) -> "Running":
        for line in self.process.stdout:
            if found := re.search(r"answers at (http://\S+)", line):
                self.address = found[1]
                return self
        raise AssertionError((self.data.parent / "stderr").read_text())

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def part(self, word: str) -> psutil.Process:
        (found,) = [
            child
            for child in psutil.Process(self.process.pid).children()
            if word in child.cmdline()
        ]
        return found

    def gone(self, family: list[psutil.Process], seconds: float = 20.0) -> bool:
        _gone, alive = psutil.wait_procs(family, timeout=seconds)
        return not alive


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder whose database exists already."""
    folder = tmp_path_factory.mktemp("run") / "data"
    running = Running(folder).await_first_page()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(30) == 0
    return folder


@pytest.fixture
def running(data):
    tree = Running(data).await_first_page()
    family = tree.family()
    yield tree
    if tree.process.poll() is None:
        tree.process.terminate()
        tree.process.wait(30)
    assert tree.gone(family)


@pytest.mark.slow
def test_the_first_page_comes_and_the_parts_are_small(running):
    seconds = time.monotonic() - running.began
    assert requests.get(f"{running.address}/readyz", timeout=5).json()["status"] == "ready"
    time.sleep(3)
    web = running.part("web")
    parts = [web, *web.children(recursive=True), running.part("worker")]
    megabytes = sum(part.memory_full_info().pss for part in parts) / 2**20
    print(f"first page after {seconds:.2f} s, web and worker take {megabytes:.0f} MB")
    assert megabytes < MEMORY_MEGABYTES


@pytest.mark.slow
@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_told_to_stop_it_stops_all_of_itself(running, told):
    family = running.family()
    assert len(family) >= 5
    running.process.send_signal(told)
    assert running.process.wait(30) == 0
    assert running.gone(family)
    assert not (running.data / "postgres" / "postmaster.pid").exists()


@pytest.mark.slow
def test_killed_outright_it_leaves_no_process_and_starts_again(data):
    first = Running(data).await_first_page()
    family = first.family()
    first.process.kill()
    first.process.wait()
    assert first.gone(family)
    again = Running(data).await_first_page()
    assert requests.get(f"{again.address}/healthz", timeout=5).ok
    again.process.terminate()
    assert again.process.wait(30) == 0


@pytest.mark.slow
@pytest.mark.parametrize("word", ["web", "worker"])
def test_a_part_that_dies_is_started_again(running, word):
    before = running.part(word)
    family = before.children(recursive=True)
    before.kill()
    assert running.gone([before, *family])
    until = time.monotonic() + 20
    while not any(
        word in child.cmdline() and child.pid != before.pid
        for child in psutil.Process(running.process.pid).children()
    ):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert requests.get(f"{running.address}/sign-in", timeout=20).ok


def run(*arguments):
    return subprocess.run(
        [*RUN, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=HOME,
    )


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        refused = run("--port", other.getsockname()[1], "--data", tmp_path / "data")
    assert refused.returncode == 1
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "data" / "postgres").exists()


@pytest.mark.slow
def test_a_second_one_on_the_same_data_is_refused(running):
    refused = run("--port", 0, "--data", running.data)
    assert refused.returncode == 1
    assert "runs on this data folder already" in refused.stderr


@pytest.mark.parametrize(("deaths", "seconds"), [(1, 0.5), (2, 1), (3, 2), (5, 8), (9, 8)])
def test_a_part_that_keeps_dying_waits_longer_and_longer(deaths, seconds):
    assert back_off(deaths) == seconds
