"""The login a device left the factory with: tried when asked, once, and judged by X02."""

import asyncio
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import endpoints, factory_logins, login_conditions, policy, violations
from monitoring.errors import BadEndpoint, FactoryLoginRecent, FactoryLoginUnknown, InUse
from monitoring.models import Device, Endpoint, FactoryTry, TryResult
from monitoring.probes import factory
from monitoring.probes.reached import EndpointKind, Goal, Rules
from monitoring.rules import Result
from monitoring.verdicts import Evidence, LoginTried
from rental.models import Booking, BookingStatus, JournalEntry
from tests import build
from tests.monitoring.endpoint_servers import Authority, saying, served, silent
from tests.monitoring.login_pages import PASSWORD, USER, LoginPage
from tests.monitoring.policy_world import open_closures
from tests.monitoring.tls_world import PAGE, an_encoder, kept, lines, watched
from tests.ports import free_port

HOME = Path(__file__).parents[2]
HOUR = timedelta(hours=1)
OWN = Rules(allows_own=True)
RULES = policy.load()
WORKER = """
import sys
from config.settings import Settings
from monitoring import factory_logins
from portal.app import create_app
from tests.monitoring.test_factory_logins import OWN, RULES
app = create_app(Settings(database_url=sys.argv[1], data=sys.argv[2], log_level="ERROR"))
with app.app_context():
    factory_logins.run_waiting(int(sys.argv[3]), OWN, RULES)
"""


def attempted(port: int, password: str = PASSWORD, **over: object) -> factory.Attempt:
    goal = Goal(EndpointKind.HTTP, "127.0.0.1", port, path="/setup?a=1", seconds=1.0, **over)
    return asyncio.run(factory.attempt(goal, USER, password, OWN))


@pytest.mark.parametrize("way", ["basic", "md5", "sha256", "old", "long", "many", "bytes"])
def test_a_login_is_sent_once_in_the_way_that_the_page_asks_for(way: str) -> None:
    page = LoginPage(way)
    with served(page) as port:
        assert attempted(port).result == "accepted"
        assert len(page.sent) == 1
        assert attempted(port, "other").result == "refused"
    assert len(page.sent) == 2


def test_a_page_over_tls_is_asked_with_tls(tmp_path: Path) -> None:
    page = LoginPage("sha256")
    with served(page, Authority(tmp_path).server("127.0.0.1", is_signed=False)) as port:
        assert attempted(port, is_secure=True).result == "accepted"
        assert attempted(port).result == "unclear"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (saying(PAGE), "the page asks for no login by HTTP: status 200"),
        (saying(b"\x00\xff garbage\r\n\r\n"), "the page asks for no login by HTTP: status 0"),
        (LoginPage("bearer"), "its way to sign in is not known: Bearer"),
        (LoginPage("int"), "its way to sign in is not known: Digest"),
        (LoginPage(status=500), "status 500 after it"),
        (LoginPage(status=302), "status 302 after it"),
        (silent, "no answer within 2 s"),
    ],
)
def test_what_is_not_clear_is_said(answer: object, told: str) -> None:
    with served(answer) as port:
        found = attempted(port)
    assert found.result == "unclear"
    assert found.told.startswith(told)
    if isinstance(answer, LoginPage) and answer.status == 200:
        assert answer.sent == [], "nothing is sent that was not asked for"


def test_nothing_listens() -> None:
    told = attempted(free_port()).told
    assert told.startswith(("not reachable: ", "nothing listens"))


def a_page(port: int, **over: object) -> Endpoint:
    """The page of an encoder of Axis, on a circuit of its own."""
    with transaction():
        device = an_encoder(vendor="AXIS Communications")
        return watched(device, **{"port": port, "kind": EndpointKind.HTTP, **over})


def ask(page: Endpoint) -> FactoryTry:
    with transaction():
        return factory_logins.ask(endpoints.get(page.id), by=None)


def run(device: Device) -> int:
    made = factory_logins.run_waiting(device.site_id, OWN, RULES)
    db.session.expire_all()
    return made


def a_day_passes() -> None:
    with transaction():
        db.session.execute(sa.update(FactoryTry).values(tried_at=clock.now() - timedelta(days=2)))


def test_a_device_that_takes_it_is_closed_until_a_later_try_is_refused(house: object) -> None:
    login = LoginPage()
    with served(login) as port:
        page = a_page(port)
        device = page.device
        assert run(device) == 0, "nothing is tried by itself"
        ask(page)
        assert run(device) == 1
        assert kept(device) == {"X02": Result.FAIL}
        [line] = lines(device, "X02")
        assert line.startswith("Web: the factory login of root opens it")
        violation = violations.find_open(device, "X02")
        [closure] = open_closures(device)
        assert violation is not None
        assert closure.cause == violation.cause
        # Nobody tries it again today, and nothing of it stands in the journal but the name.
        with pytest.raises(FactoryLoginRecent):
            ask(page)
        assert run(device) == 0
        login.password = "changed"
        a_day_passes()
        ask(page)
        assert run(device) == 1
    assert kept(device) == {"X02": Result.PASS}
    assert open_closures(device) == []
    assert violations.find_open(device, "X02") is None
    assert len(login.sent) == 2
    told = db.session.scalars(
        sa.select(JournalEntry).where(JournalEntry.verb == "factory_login_asked")
    ).all()
    assert [entry.details for entry in told] == [{"name": "Web", "user": "root"}] * 2


def test_two_who_ask_and_two_who_work_send_one_login(house: object) -> None:
    login = LoginPage("md5")
    with served(login) as port:
        page = a_page(port)
        device_id, site_id = page.device_id, page.device.site_id
        assert ask(page).id == ask(page).id
        app, both = house, Event()

        def work(_: int) -> int:
            both.wait(5)
            with app.app_context():
                return factory_logins.run_waiting(site_id, OWN, RULES)

        with ThreadPoolExecutor(2) as pool:
            going = [pool.submit(work, number) for number in range(2)]
            both.set()
            assert sorted(each.result(60) for each in going) == [0, 1]
    assert len(login.sent) == 1
    assert kept(db.session.get_one(Device, device_id)) == {"X02": Result.FAIL}


def test_a_worker_that_dies_with_the_login_under_way_leaves_it_sent_once(
    house: object, tmp_path: Path
) -> None:
    worker: list[subprocess.Popen[bytes]] = []
    login = LoginPage(on_login=lambda: os.kill(worker[0].pid, signal.SIGKILL))
    with served(login) as port:
        page = a_page(port, timeout_seconds=10)
        device = page.device
        ask(page)
        url = db.engine.url.render_as_string(hide_password=False)
        command = [sys.executable, "-W", "ignore", "-c", WORKER, url, str(tmp_path)]
        worker.append(subprocess.Popen([*command, str(device.site_id)], cwd=HOME))
        assert worker[0].wait(60) == -signal.SIGKILL
        assert run(device) == 0
    assert len(login.sent) == 1
    tried = factory_logins.latest(page)
    assert tried is not None
    assert tried.tried_at is not None
    assert tried.result is None
    factory_logins.judge(device, RULES)
    db.session.commit()
    assert kept(device) == {"X02": Result.UNKNOWN}


@pytest.mark.parametrize(
    ("over", "vendor", "refusal"),
    [
        ({"kind": EndpointKind.TCP}, "Axis", BadEndpoint),
        ({"host": "192.0.2.9"}, "Axis", BadEndpoint),
        ({}, "Nobody Ltd", FactoryLoginUnknown),
        ({}, "", FactoryLoginUnknown),
    ],
)
def test_where_nothing_can_be_tried_it_is_said(
    house: object, over: dict[str, object], vendor: str, refusal: type[Exception]
) -> None:
    page = a_page(80, **over)
    with transaction():
        page.device.vendor = vendor or None
    with pytest.raises(refusal):
        ask(page)
    assert db.session.scalars(sa.select(FactoryTry)).all() == []


def test_the_day_of_a_try_is_the_centres() -> None:
    night = datetime(2030, 1, 9, 19, 30, tzinfo=UTC)
    tried = LoginTried("Web", "root", night, night + HOUR, "refused")
    verdict = login_conditions.factory_login("refused", Evidence("generic", logins=(tried,)))
    assert verdict.lines == ("Web: the factory login of root was refused on 2030-01-10",)


def test_nothing_is_tried_while_an_event_uses_the_device(house: object) -> None:
    login, now = LoginPage(), clock.now()
    with served(login) as port:
        page = a_page(port)
        device = page.device
        ask(page)
        with transaction():
            booking = build.a_booking(
                device.resource, starts_at=now - HOUR, status=BookingStatus.HANDED_OVER
            )
        # It was asked for before the event began, and waits for its end.
        assert run(device) == 0
        assert login.sent == []
        with transaction():
            db.session.execute(sa.delete(FactoryTry))
        with pytest.raises(InUse):
            ask(page)
        with transaction():
            db.session.get_one(Booking, booking.id).status = BookingStatus.RETURNED
        ask(page)
        assert run(device) == 1
    tried = factory_logins.latest(page)
    assert tried is not None
    assert tried.result is TryResult.ACCEPTED
