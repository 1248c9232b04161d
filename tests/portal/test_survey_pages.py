"""Surveying a network on pages: off by default, followed live, chosen with check boxes."""

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.database import db, transaction
from monitoring import candidates, credentials, devices, surveys
from monitoring.models import Candidate, DeviceRole, SurveyEnd
from portal import clock as timetable
from portal import jobs, keys
from portal.rounds import surveys as rounds
from rental import units
from rental.models import Member, Role
from tests.monitoring.agents import hostile, table_agent
from tests.monitoring.survey_world import a_switch
from tests.portal.conftest import signed_in, token_of
from tests.portal.device_sheets import SECRET, a_house


@pytest.fixture
def operator(service: Flask, person: Any) -> Member:
    """Somebody who keeps the inventory."""
    a_house(service)
    return person(role=Role.OPERATOR)


@pytest.fixture
def browser(service: Flask, operator: Member) -> FlaskClient:
    """The operator's browser."""
    return signed_in(service, operator)


@pytest.fixture
def allowed(service: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that may survey loopback."""
    settings = service.extensions["settings"]
    wider = settings.model_copy(update={"survey_networks": "127.0.0.0/24"})
    monkeypatch.setitem(service.extensions, "settings", wider)


def post(browser: FlaskClient, path: str = "", **form: Any) -> Any:
    sent = {"csrf_token": token_of(browser), **form}
    return browser.post(f"/devices/surveys{path}", data=sent)


def begin(browser: FlaskClient, network: str = "127.0.0.0/29", port: int = 161) -> str:
    """Begin a survey with the community of the switches; where it is."""
    login = credentials.find("Switches")
    answer = post(browser, network=network, snmp_port=str(port), credential=str(login.id))
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return answer.location


def test_it_is_off_unless_an_administrator_allows_networks(browser: FlaskClient) -> None:
    page = browser.get("/devices/surveys?lang=en").get_data(as_text=True)
    assert "No network may be surveyed here." in page
    assert "MEDIA_CENTER_SURVEY_NETWORKS" in page
    assert 'name="network"' not in page
    refused = post(browser, network="127.0.0.0/29")
    assert refused.status_code == 409


@pytest.mark.usefixtures("allowed")
def test_the_button_puts_one_job_into_the_queue_of_the_site(browser: FlaskClient) -> None:
    assert begin(browser) == begin(browser)
    waiting = db.session.execute(
        db.text("SELECT queue_name, task_name, args FROM procrastinate_jobs")
    ).all()
    assert waiting == [("site-centre", "survey_networks", {"site": "centre"})]


def test_the_clock_looks_for_surveys_in_every_site(service: Flask) -> None:
    turns = {t.task: t.each_site for t in timetable.turns(service.extensions["settings"])}
    assert turns["survey_networks"] is True
    assert rounds.survey_networks.name in jobs.queue.tasks


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"network": "10.0.0.0/24"}, 422, "is not among the networks"),
        ({"network": "<b>"}, 422, "&lt;b&gt;” is no network"),
        ({"network": "127.0.0.0/29", "snmp_port": "x"}, 422, "is not a whole number"),
        ({"network": "127.0.0.0/29", "snmp_port": "0"}, 302, ""),
        ({"network": "127.0.0.0/29", "snmp_port": "70000"}, 422, "There is no port 70000"),
        ({"network": "127.0.0.0/29", "credential": ""}, 422, "Choose one to 4 SNMP credentials"),
        ({"network": "127.0.0.0/29", "credential": "999"}, 422, "There is no such credential"),
        ({"network": "127.0.0.0/29", "site": "moon"}, 422, "There is no site"),
    ],
)
def test_what_cannot_be_surveyed_comes_back_with_what_was_typed(
    browser: FlaskClient, form: dict[str, str], status: int, said: str
) -> None:
    login = str(credentials.find("Switches").id)
    browser.get("/?lang=en")
    answer = post(browser, **{"credential": login, "site": "centre", **form})
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert said in page
    if status != 302:
        assert f'value="{form["network"]}"'.replace("<b>", "&lt;b&gt;") in page


@pytest.mark.usefixtures("allowed")
def test_a_survey_is_followed_and_what_answered_is_added(
    service: Flask, browser: FlaskClient, operator: Member
) -> None:
    table = a_switch("<script>alert(1)</script>.vn")
    with hostile(table_agent(table), at=("127.0.0.3", 0)) as agent:
        where = begin(browser, port=agent.port)
        live = browser.get(f"{where}?lang=en").get_data(as_text=True)
        assert 'hx-trigger="every 1s"' in live
        assert "0 of 6 addresses asked" in live
        settings = service.extensions["settings"]
        surveys.run_waiting(units.site("centre").id, keys.keyring(settings), settings.surveyable)
    part = browser.get(where, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" not in part
    assert "every 1s" not in part
    assert "<script>alert" not in part
    assert "Cisco switch or router" in part
    assert "every address was asked" in part.lower()
    found = db.session.query(Candidate).one()
    form = {"candidate": str(found.id), f"name-{found.id}": "SW-CORE"}
    refused = post(browser, where.removeprefix("/devices/surveys") + "/devices", **form)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 409
    assert f'id="name-{found.id}-error"' in page, "the reason stands beside the name"
    assert 'value="SW-CORE"' in page
    form |= {f"name-{found.id}": "SW-TẦNG-3", f"role-{found.id}": "router"}
    done = post(browser, where.removeprefix("/devices/surveys") + "/devices", **form)
    assert (done.status_code, done.location) == (302, where)
    device = devices.find("SW-TẦNG-3")
    assert (device.address, device.snmp_port) == ("127.0.0.3", agent.port)
    assert (device.role, device.snmp_credential.name) == (DeviceRole.ROUTER, "Switches")
    page = browser.get(f"{where}?lang=en").get_data(as_text=True)
    assert "Added: 1 devices" in page
    assert f'href="/devices/{device.id}"' in page
    assert SECRET not in page
    told = browser.get(f"/devices/{device.id}/edit").get_data(as_text=True)
    assert operator.name in told
    again = post(browser, where.removeprefix("/devices/surveys") + "/devices")
    assert again.status_code == 422


@pytest.mark.usefixtures("allowed")
def test_a_survey_is_cancelled_once(browser: FlaskClient) -> None:
    where = begin(browser)
    path = where.removeprefix("/devices/surveys")
    assert post(browser, path + "/cancel").status_code == 302
    page = browser.get(f"{where}?lang=en").get_data(as_text=True)
    assert "It was cancelled." in page
    assert "every 1s" not in page
    assert "Nothing answered" in page
    assert post(browser, path + "/cancel").status_code == 409
    assert "Cancelled" in browser.get("/devices/surveys?lang=en").get_data(as_text=True)


@pytest.mark.usefixtures("allowed")
def test_another_network_waits_for_the_survey_that_goes_on(browser: FlaskClient) -> None:
    begin(browser)
    login = str(credentials.find("Switches").id)
    refused = post(browser, network="127.0.0.8/29", credential=login)
    assert refused.status_code == 409
    assert "127.0.0.0/29" in refused.get_data(as_text=True)


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("ended", [end for end in SurveyEnd if end is not SurveyEnd.DONE])
def test_every_end_is_said_in_a_sentence(browser: FlaskClient, ended: SurveyEnd) -> None:
    where = begin(browser)
    with transaction():
        survey = surveys.get(int(where.rpartition("/")[2]))
        survey.ended, survey.finished_at = ended, survey.asked_at
        db.session.add_all(
            Candidate(survey_id=survey.id, address=f"127.0.0.{n}", fault=fault)
            for n, fault in enumerate(("garbled", "unreadable", "nothing"), 1)
        )
    for language in ("vi", "en"):
        page = browser.get(f"{where}?lang={language}").get_data(as_text=True)
        assert 'type="checkbox"' not in page, "nothing here can be added"
        assert page.count('data-tone="warn"') >= 3
    assert len(candidates.of(surveys.get(survey.id))) == 3
    assert ip_network(survey.network)
    assert browser.get("/devices/surveys/99999").status_code == 404


@pytest.mark.usefixtures("allowed")
def test_the_journal_says_who_surveyed_which_network(
    service: Flask, browser: FlaskClient, operator: Member, person: Any
) -> None:
    begin(browser)
    director = signed_in(service, person(role=Role.DIRECTOR))
    page = director.get("/journal?lang=en").get_data(as_text=True)
    assert "survey of a network begun" in page
    assert "127.0.0.0/29" in page
    assert operator.name in page


@pytest.mark.usefixtures("allowed")
def test_the_job_does_the_survey_that_waits(browser: FlaskClient) -> None:
    where = begin(browser)
    db.session.remove()
    rounds.survey_networks(site="centre")
    survey = surveys.get(int(where.rpartition("/")[2]))
    assert (survey.ended, survey.asked) == (SurveyEnd.DONE, 6)


@pytest.mark.usefixtures("allowed")
def test_the_api_surveys_follows_and_adds(
    service: Flask, operator: Member, bearer: Callable[[Member], dict[str, str]]
) -> None:
    client, headers = service.test_client(), bearer(operator)

    def call(path: str = "", body: Any = None) -> Any:
        return client.post(f"/api/v1/surveys{path}", json=body, headers=headers)

    refused = call(body={"network": "10.0.0.0/24", "credentials": ["Switches"]})
    assert refused.status_code == 422
    assert call(body={"network": "127.0.0.0/29", "credentials": ["Gone"]}).status_code == 404
    with hostile(table_agent(a_switch()), at=("127.0.0.3", 0)) as agent:
        body = {"network": "127.0.0.0/29", "credentials": ["Switches"], "snmp_port": agent.port}
        begun = call(body=body)
        assert (begun.status_code, begun.json["ended"]) == (201, None)
        assert call(body=body).json["id"] == begun.json["id"]
        db.session.remove()
        rounds.survey_networks(site="centre")
    told = client.get(begun.headers["Location"], headers=headers).json
    assert (told["ended"], told["asked"], told["total"]) == ("done", 6, 6)
    (one,) = told["candidates"]
    assert (one["suggested_name"], one["suggested_role"]) == ("SW-LAB", "switch")
    assert (one["credential"], one["device"]) == ("Switches", None)
    where = f"/{told['id']}"
    chosen = [{"id": one["id"], "name": "SW-LAB", "role": "switch"}]
    added = call(f"{where}/devices", {"candidates": chosen})
    assert (added.status_code, added.json["items"][0]["address"]) == (201, "127.0.0.3")
    assert call(f"{where}/devices", {"candidates": chosen}).json["items"] == []
    assert call(f"{where}/cancel").status_code == 409
    assert call("/999/cancel").status_code == 404
    assert SECRET not in str(told)


def test_the_api_says_that_surveys_are_off(
    service: Flask, operator: Member, bearer: Callable[[Member], dict[str, str]]
) -> None:
    body = {"network": "127.0.0.0/29", "credentials": ["Switches"]}
    answer = service.test_client().post("/api/v1/surveys", json=body, headers=bearer(operator))
    assert answer.status_code == 409
    assert "No network may be surveyed here" in answer.json["detail"]
