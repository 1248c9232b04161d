"""What we ship for Prometheus, Alertmanager and Grafana, tried on the real programs."""

import http.server
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from config import clock
from config.database import transaction
from monitoring import metrics, outages, problems, violations
from monitoring.models import Device
from monitoring.problems import NewProblem
from monitoring.rules import Severity
from portal import service_metrics
from tests.api.serving import served
from tests.monitoring.policy_world import a_failure
from tests.monitoring.test_metrics import a_layout, polled
from tests.monitoring.test_polling import a_device
from tests.ports import free_port

HERE = Path(__file__).parent
CONFIG = HERE.parents[1] / "config"
RULES = CONFIG / "prometheus" / "alerts.yml"
BOARDS = sorted((CONFIG / "grafana" / "dashboards").glob("*.json"))
PATIENCE_SECONDS = 60
NAME = re.compile(r"\bmedia_center_[a-z0-9_]+")


def program(name: str) -> str:
    """The program's path; a test without it says what to install."""
    found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def told(*command: str | Path) -> str:
    """What a program printed; it must succeed."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_promtool_accepts_the_rules_and_its_tests_of_them_pass() -> None:
    assert "rules found" in told(program("promtool"), "check", "rules", RULES)
    assert "SUCCESS" in told(program("promtool"), "test", "rules", HERE / "rules.test.yml")


def test_promtool_accepts_the_configuration(tmp_path: Path) -> None:
    text = (CONFIG / "prometheus" / "prometheus.yml").read_text("utf-8")
    (tmp_path / "token").write_text("secret")
    text = text.replace("/etc/prometheus/media-center.alerts.yml", str(RULES))
    text = text.replace("/etc/prometheus/media-center.token", str(tmp_path / "token"))
    (tmp_path / "prometheus.yml").write_text(text)
    assert "SUCCESS" in told(program("promtool"), "check", "config", tmp_path / "prometheus.yml")


def test_amtool_accepts_the_alertmanager_and_routes_every_alert_to_us() -> None:
    file = CONFIG / "alertmanager" / "alertmanager.yml"
    assert "SUCCESS" in told(program("amtool"), "check-config", file)
    for label in ("severity=critical", "alertname=MediaCenterDown"):
        routed = told(program("amtool"), "config", "routes", "test", f"--config.file={file}", label)
        assert routed.split()[0] == "media-center"


@pytest.fixture
def measured(house: Any) -> Device:
    """A device with everything a layout has, an outage, a problem and a violation."""
    with transaction():
        device = a_device(161, name="SW-9")
        polled(device, a_layout(2))
        outages.open_(a_device(162), clock.now(), {})
        problems.open_(device, NewProblem("sensor", "inlet", Severity.HIGH))
        violations.open_or_refresh(device, a_failure())
    return device


def scraped() -> str:
    """All that a scrape gives."""
    return service_metrics.text(openmetrics=False) + metrics.text(violations.open_by_severity)


def test_promtool_finds_nothing_wrong_with_our_metrics(measured: Device) -> None:
    done = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=scraped(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def exposed() -> set[str]:
    """The names that a scrape may give."""
    families = list(text_string_to_metric_families(scraped()))
    names = {sample.name for family in families for sample in family.samples}
    names |= {family.name for family in families}
    return names | set(metrics.FAMILIES)


def test_every_metric_of_rules_and_dashboards_exists(measured: Device) -> None:
    known = exposed()
    texts = [RULES.read_text("utf-8")]
    for board in BOARDS:
        for panel in json.loads(board.read_text("utf-8"))["panels"]:
            texts += [each["expr"] for each in panel["targets"]]
    used = {name for text in texts for name in NAME.findall(text)}
    assert len(used) > 20
    assert sorted(used - known) == []


@pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.stem)
def test_a_dashboard_has_a_uid_titles_and_panels_that_do_not_overlap(board: Path) -> None:
    content = json.loads(board.read_text("utf-8"))
    assert content["uid"].startswith("media-center")
    taken: set[tuple[int, int]] = set()
    for panel in content["panels"]:
        assert panel["title"]
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken
        taken |= cells


@contextmanager
def running(*command: str | Path, log: Path) -> Iterator[None]:
    """A program for as long as the block lasts."""
    with log.open("wb") as file:
        started = subprocess.Popen(list(map(str, command)), stdout=file, stderr=file)
    try:
        yield
    finally:
        started.terminate()
        started.wait(timeout=20)


def eventually(ask: Callable[[], Any], log: Path) -> Any:
    """The first answer that is something; whatever is not there yet is asked for again."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            if found := ask():
                return found
        except OSError:
            pass
        time.sleep(0.25)
    raise AssertionError(log.read_text("utf-8")[-3000:])


def asked(port: int, path: str) -> Any:
    """What Prometheus answers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}", timeout=5) as answer:
        return json.load(answer)["data"]


def quick(folder: Path, web: int, alertmanager: int) -> Path:
    """Our configuration, in a hurry and on other ports."""
    content = yaml.safe_load((CONFIG / "prometheus" / "prometheus.yml").read_text("utf-8"))
    content["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    content["rule_files"] = [str(RULES)]
    told_to = [{"targets": [f"127.0.0.1:{alertmanager}"]}]
    content["alerting"] = {"alertmanagers": [{"static_configs": told_to}]}
    job = content["scrape_configs"][0]
    del job["authorization"]
    job["static_configs"][0]["targets"] = [f"127.0.0.1:{web}"]
    # Its addresses are not asked; that they are found and labelled is what matters.
    devices = {
        "job_name": "devices",
        "scrape_interval": "1h",
        "http_sd_configs": [
            {"url": f"http://127.0.0.1:{web}/prometheus/targets", "refresh_interval": "1s"}
        ],
    }
    content["scrape_configs"] = [job, devices]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(content))
    return file


class Receiver(http.server.BaseHTTPRequestHandler):
    """Where Alertmanager posts to."""

    posted: list[dict[str, Any]]

    def do_POST(self) -> None:
        """Keep what came."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).posted.append({"token": self.headers["Authorization"], **body})
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """The port of a receiver and what it got."""
    kind = type("Receiving", (Receiver,), {"posted": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], kind.posted
    server.shutdown()


def hurried_alertmanager(folder: Path, receiver: int) -> Path:
    """Our Alertmanager, in a hurry and to another port."""
    content = yaml.safe_load((CONFIG / "alertmanager" / "alertmanager.yml").read_text("utf-8"))
    content["route"] |= {"group_wait": "1s", "group_interval": "1s"}
    hook = content["receivers"][0]["webhook_configs"][0]
    hook["url"] = f"http://127.0.0.1:{receiver}/webhooks/alertmanager"
    (folder / "token").write_text("am-secret")
    hook["http_config"]["authorization"]["credentials_file"] = str(folder / "token")
    file = folder / "alertmanager.yml"
    file.write_text(yaml.safe_dump(content))
    return file


def test_a_real_prometheus_scrapes_us_and_a_real_alertmanager_hands_on_what_fires(
    measured: Device,
    database_url: str,
    tmp_path: Path,
    receiver: tuple[int, list[dict[str, Any]]],
) -> None:
    prometheus, alertmanager = program("prometheus"), program("prometheus-alertmanager")
    port, am, log = free_port(), free_port(), tmp_path / "log"
    hooks, posted = receiver
    with served(database_url, tmp_path / "data", workers=1) as web, running(
        alertmanager,
        f"--config.file={hurried_alertmanager(tmp_path, hooks)}",
        f"--web.listen-address=127.0.0.1:{am}",
        f"--storage.path={tmp_path / 'am'}",
        "--cluster.listen-address=",
        log=tmp_path / "am.log",
    ), running(
        prometheus,
        f"--config.file={quick(tmp_path, web, am)}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        log=log,
    ):  # fmt: skip
        found = eventually(
            lambda: asked(port, "query?query=media_center_problems_open")["result"], log
        )
        assert {one["metric"]["severity"]: one["value"][1] for one in found}["high"] == "1"
        targets = eventually(
            lambda: [
                one
                for one in asked(port, "targets")["activeTargets"]
                if one["labels"].get("device") == "SW-9"
            ],
            log,
        )
        assert targets[0]["labels"]["site"] == measured.site.slug
        fired = eventually(lambda: posted, tmp_path / "am.log")
    names = {one["labels"]["alertname"] for group in fired for one in group["alerts"]}
    assert "MediaCenterProblemsOpen" in names
    assert {group["token"] for group in fired} == {"Bearer am-secret"}
