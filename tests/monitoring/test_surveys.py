"""Surveys of networks: opt-in, bounded and gentle; what answers is told, whatever it is."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from config.database import db, transaction
from config.errors import Refusal
from config.settings import BadSettings, load
from monitoring import credentials, surveys
from monitoring.credentials import Keyring
from monitoring.errors import BadSurvey, SurveyGoesOn, SurveyOver, SurveysOff
from monitoring.models import Candidate, Survey, SurveyEnd
from monitoring.probes import surveying
from monitoring.probes.logins import SnmpCommunity, SshLogin
from monitoring.probes.surveying import Fault, Pace
from monitoring.surveys import NewSurvey
from rental import journal, units
from tests import build
from tests.monitoring.agents import hostile, table_agent
from tests.monitoring.survey_world import (
    ALLOWED,
    KEYS,
    LAB,
    NETWORK,
    QUICK,
    SWITCH,
    USER,
    a_network,
    a_switch,
    ask,
    the_logins,
)
from tests.ports import free_port


def found() -> list[Candidate]:
    db.session.rollback()
    return db.session.query(Candidate).order_by(Candidate.id).all()


def site_id() -> int:
    return units.sites()[0].id


def run(pace: Pace = QUICK, keyring: Keyring = KEYS) -> int:
    return surveys.run_waiting(site_id(), keyring, ALLOWED, pace)


def test_what_answers_is_told_with_the_login_that_opened_it(house: Any, tmp_path: Path) -> None:
    with a_network(tmp_path) as port:
        survey_id = ask(port=port).id
        assert run() == 6
    told = [
        (each.address, each.credential and each.credential.name, each.fault) for each in found()
    ]
    assert told == [
        ("127.0.0.2", "user", None),
        ("127.0.0.3", "lab", None),
        ("127.0.0.5", None, "garbled"),
        ("127.0.0.6", "user", None),
    ]
    real, switch = found()[0], found()[1]
    assert (real.sys_name, real.sys_descr) == ("test-agent", "Thiết bị thử")
    assert (switch.sys_name, switch.sys_descr) == ("SW-LAB.example.vn", SWITCH)
    assert (switch.object_id, switch.sys_services) == ("1.3.6.1.4.1.9.1.1208", 2)
    survey = surveys.get(survey_id)
    assert (survey.ended, survey.asked, survey.total) == (SurveyEnd.DONE, 6, 6)
    assert [entry.verb for entry in journal.of(survey)] == ["survey_asked"]
    assert run() == 0, "nothing waits any more"


def test_who_refuses_every_user_is_told_as_such(tmp_path: Path) -> None:
    stranger = {1: SnmpCommunity("wrong"), 2: USER.__class__("stranger")}
    with a_network(tmp_path) as port:
        told = surveying.look(["127.0.0.2", "127.0.0.4"], port, stranger, QUICK)
    assert [(each.address, each.fault) for each in told] == [("127.0.0.2", Fault.UNREADABLE)]


def test_an_agent_that_tells_nothing_of_itself_is_no_device() -> None:
    with hostile(table_agent({"1.3.6.1.4.1.9.9.1.0": b"\x02\x01\x01"})) as mute:
        told = surveying.look(["127.0.0.1"], mute.port, {1: SnmpCommunity("x")}, QUICK)
    assert [each.fault for each in told] == [Fault.NOTHING]


@pytest.mark.parametrize("octets", [b"\x00\x1b[31m<script>\xff", b"x" * 4000, b""])
def test_what_a_hostile_agent_says_can_be_kept(house: Any, octets: bytes) -> None:
    table = a_switch() | {"1.3.6.1.2.1.1.5.0": b"\x04\x82" + len(octets).to_bytes(2) + octets}
    with hostile(table_agent(table)) as agent:
        ask("127.0.0.1/32", agent.port, None)
        run()
    for each in found():
        assert len(each.sys_name or "") <= 255
        assert "\x00" not in (each.sys_name or "")


class _Crowd:
    """Counts who waits for an answer at the same moment."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.lock = threading.Lock()

    def came(self) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def left(self) -> None:
        with self.lock:
            self.now -= 1


def test_no_more_are_asked_at_once_than_the_pace_allows() -> None:
    crowd, port = _Crowd(), free_port()
    answers = table_agent(a_switch())

    def reply(raw: bytes) -> bytes | None:
        crowd.came()
        # Long enough for more to come, were they let; it is left before the answer is.
        time.sleep(0.1)
        crowd.left()
        return answers(raw)

    servers = [hostile(reply, at=(f"127.0.0.{n}", port)) for n in range(2, 9)]
    for server in servers:
        server.__enter__()
    pace = Pace(in_flight=2, per_second=1000, timeout=20.0)
    told = surveying.look(
        [f"127.0.0.{n}" for n in range(2, 9)], port, {1: SnmpCommunity("x")}, pace
    )
    for server in servers:
        server.__exit__(None, None, None)
    assert len(told) == 7
    assert crowd.most <= 2


def test_questions_begin_one_behind_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(round(seconds, 3))

    async def three() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "time", lambda: 100.0)
        turnstile = surveying._Turnstile(per_second=40)
        for _each in range(3):
            await turnstile.wait()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    asyncio.run(three())
    assert waits == [0, 0.025, 0.05]


REFUSED: list[tuple[str, str]] = [
    ("192.0.2.0/24", "is not among the networks that may be surveyed: 127.0.0.0/24."),
    ("127.0.0.0/21", "has more than 1024 addresses"),
    ("0.0.0.0/0", "has more than 1024 addresses"),
    ("::/0", "has more than 1024 addresses"),
    ("127.0.0.0/23", "is not among the networks"),
    ("2001:db8::/120", "is not among the networks"),
    ("127.0.0.0/33", "is no network"),
    ("camera.local", "is no network"),
    ("", "is no network"),
    ("127.0.0.0/24; reboot", "is no network"),
]


@pytest.mark.parametrize(("network", "said"), REFUSED)
def test_a_network_that_may_not_be_surveyed_is_refused(house: Any, network: str, said: str) -> None:
    with pytest.raises(BadSurvey) as refused:
        ask(network)
    assert said in refused.value.message
    assert db.session.query(Survey).count() == 0


def test_nothing_may_be_surveyed_unless_somebody_allows_it(house: Any) -> None:
    with pytest.raises(SurveysOff), transaction():
        surveys.ask(NewSurvey(build.a_site(), NETWORK, the_logins()), (), by=None)


def test_a_survey_has_some_credentials_for_snmp_and_a_port(house: Any) -> None:
    with transaction():
        site, good = build.a_site(), the_logins()
        ssh = credentials.add("ssh", SshLogin("root", "x"), KEYS)
    for logins, port in ([], 161), ([ssh], 161), (good * 2, 161), (good, 0):
        with pytest.raises(BadSurvey), transaction():
            surveys.ask(NewSurvey(site, NETWORK, logins, port), ALLOWED, by=None)


@pytest.mark.parametrize(
    ("network", "count"),
    [("192.0.2.0/22", 1022), ("192.0.2.7/32", 1), ("192.0.2.6/31", 2), ("2001:db8::/118", 1023)],
)
def test_addresses_are_those_that_devices_may_have(network: str, count: int) -> None:
    assert len(list(surveys.addresses(ip_network(network, strict=False)))) == count


def test_the_settings_name_networks_or_the_service_does_not_start() -> None:
    assert load().surveyable == ()
    allowed = load(survey_networks="192.0.2.0/24, 2001:db8::/64").surveyable
    assert [str(each) for each in allowed] == ["192.0.2.0/24", "2001:db8::/64"]
    for wrong in ("192.0.2.7/24", "everything"):
        with pytest.raises(BadSettings, match="MEDIA_CENTER_SURVEY_NETWORKS"):
            load(survey_networks=wrong)


def test_the_same_network_is_the_same_survey_and_another_one_waits(house: Any) -> None:
    first = ask().id
    assert ask().id == first
    with pytest.raises(SurveyGoesOn, match=r"127\.0\.0\.0/29"):
        ask("127.0.0.8/29")


def test_of_many_who_ask_at_once_all_see_one_survey(house: Any) -> None:
    with transaction():
        build.a_site()
        the_logins()
    start = Barrier(4)

    def press() -> int:
        with house.app_context():
            start.wait(10)
            return ask().id

    with ThreadPoolExecutor(4) as pool:
        ids = {each.result(30) for each in [pool.submit(press) for _ in range(4)]}
    assert len(ids) == 1


def test_a_worker_of_a_site_that_may_not_ask_ends_the_survey(house: Any) -> None:
    survey_id = ask().id
    assert surveys.run_waiting(site_id(), KEYS, (ip_network("192.0.2.0/24"),), QUICK) == 0
    assert surveys.get(survey_id).ended is SurveyEnd.NOT_ALLOWED


def test_a_survey_whose_credentials_do_not_open_asks_nobody(house: Any) -> None:
    survey_id = ask().id
    assert run(keyring=Keyring(b"x" * 32)) == 0
    assert surveys.get(survey_id).ended is SurveyEnd.LOCKED


def test_a_fault_of_ours_ends_the_survey_and_is_told(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey_id = ask().id

    def broken(*_words: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(surveying, "look", broken)
    with pytest.raises(RuntimeError):
        run()
    assert surveys.get(survey_id).ended is SurveyEnd.BROKE_OFF


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.02)


def asked(survey_id: int) -> int:
    db.session.rollback()
    return surveys.get(survey_id).asked


def test_whoever_cancels_ends_it_at_once_and_the_worker_stops(house: Any) -> None:
    survey_id = ask("127.0.0.0/24", free_port()).id
    here = site_id()

    def work() -> int:
        with house.app_context():
            return surveys.run_waiting(here, KEYS, ALLOWED, Pace(per_second=60))

    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(work)
        until(lambda: asked(survey_id) > 0)
        with transaction():
            surveys.cancel(surveys.get(survey_id), by=None)
        count = worker.result(60)
    survey = surveys.get(survey_id)
    assert survey.ended is SurveyEnd.CANCELLED
    assert 0 < count < survey.total
    assert survey.asked <= count
    with pytest.raises(SurveyOver), transaction():
        surveys.cancel(survey, by=None)
    assert ask().id != survey_id, "the next one may begin"


WORKER = """
import sys
from config.settings import Settings
from monitoring import surveys
from monitoring.probes.surveying import Pace
from portal.app import create_app
from tests.monitoring.survey_world import ALLOWED, KEYS
app = create_app(Settings(database_url=sys.argv[1], data=sys.argv[2], log_level="ERROR"))
with app.app_context():
    surveys.run_waiting(int(sys.argv[3]), KEYS, ALLOWED, Pace(per_second=60))
"""


def test_a_killed_worker_leaves_a_survey_that_the_next_one_goes_on_with(
    house: Any, tmp_path: Path
) -> None:
    port = free_port()
    with hostile(table_agent(a_switch()), at=("127.0.0.3", port)):
        with transaction():
            build.a_site()
            login = credentials.add("any", SnmpCommunity(LAB), KEYS)
        survey_id = ask("127.0.0.0/24", port, [login]).id
        url = db.engine.url.render_as_string(hide_password=False)
        command = [sys.executable, "-W", "ignore", "-c", WORKER, url, str(tmp_path), str(site_id())]
        worker = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        until(lambda: asked(survey_id) > 0 or worker.poll() is not None)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(10)
        before = asked(survey_id)
        assert 0 < before < 254
        rest: list[int] = []
        # PostgreSQL frees the lock of the dead in a moment.
        until(lambda: bool(rest.append(run(Pace(per_second=500))) or rest[-1]))
    assert rest[-1] == 254 - before
    survey = surveys.get(survey_id)
    assert (survey.ended, survey.asked) == (SurveyEnd.DONE, 254)
    assert [each.address for each in found()] == ["127.0.0.3"]


def test_old_surveys_are_forgotten_with_what_they_found(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveys, "KEPT", 2)
    ids = []
    for _each in range(4):
        ids.append(ask().id)
        with transaction():
            surveys.cancel(surveys.get(ids[-1]), by=None)
    assert [survey.id for survey in surveys.recent()] == [ids[3], ids[2]]
    with pytest.raises(Refusal):
        surveys.get(ids[0])
