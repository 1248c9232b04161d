"""What Alertmanager sends: proven by a token, taken in once, whatever comes twice or late."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from config import clock
from config.database import db
from monitoring import received_alerts
from monitoring.models import ReceivedAlert
from monitoring.rules import Severity
from rental.models import Role
from tests.monitoring.policy_world import a_switch
from tests.portal.conftest import signed_in

TOKEN = "am-secret-token"
BEGAN = "2026-11-26T08:00:00.123456789Z"
ENDED = "2026-11-26T09:00:00+07:00"


@pytest.fixture(autouse=True)
def token(service, monkeypatch):
    """The installation has a token for Alertmanager."""
    settings = service.extensions["settings"]
    changed = settings.model_copy(update={"alertmanager_token": SecretStr(TOKEN)})
    monkeypatch.setitem(service.extensions, "settings", changed)


def an_alert(**over):
    """An alert as Alertmanager writes it."""
    return {
        "status": "firing",
        "labels": {"alertname": "MediaCenterDeviceDown", "severity": "high", "device": "SW-7"},
        "annotations": {"vi": "Thiết bị SW-7 mất <b>kết nối</b>.", "en": "SW-7 is gone."},
        "startsAt": BEGAN,
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": "a1b2c3d4e5f60718",
        **over,
    }


def send(service, *alerts, token=TOKEN, **over):
    group = {"version": "4", "status": "firing", "receiver": "x", "alerts": list(alerts), **over}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return service.test_client().post("/webhooks/alertmanager", json=group, headers=headers)


def rows() -> list[ReceivedAlert]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(ReceivedAlert).order_by(ReceivedAlert.starts_at)))


def test_an_alert_is_kept_once_and_shown_until_it_ends(service, person):
    device = a_switch(name="SW-7")
    db.session.commit()
    for _ in range(3):
        assert send(service, an_alert()).json == {"firing": 1, "resolved": 0}
    (row,) = rows()
    assert (row.device_id, row.severity, row.ends_at) == (device.id, Severity.HIGH, None)
    operator = signed_in(service, person(role=Role.OPERATOR))
    page = operator.get("/devices/troubles").text
    assert "Thiết bị SW-7 mất &lt;b&gt;kết nối&lt;/b&gt;." in page
    over = an_alert(status="resolved", startsAt="2026-11-26T01:00:00Z", endsAt=ENDED)
    assert send(service, over).status_code == 200
    assert len(rows()) == 2
    assert send(service, an_alert(status="resolved", endsAt="2026-11-26T10:00:00Z")).json == {
        "firing": 0,
        "resolved": 1,
    }
    assert received_alerts.firing() == []
    assert "MediaCenterDeviceDown" not in operator.get("/devices/troubles").text


def test_an_end_that_came_first_is_not_undone_by_a_late_beginning(service):
    ended = an_alert(status="resolved", endsAt="2026-11-26T10:00:00Z")
    send(service, ended)
    send(service, an_alert())
    assert [row.ends_at is not None for row in rows()] == [True]
    # In one group as well.
    send(service, an_alert(fingerprint="bb"), {**ended, "fingerprint": "bb"})
    assert received_alerts.firing() == []


@pytest.mark.parametrize("wrong", [None, "", "am-secret", TOKEN + "x", "ạ"])
def test_nothing_is_taken_in_without_the_token(service, wrong):
    assert send(service, an_alert(), token=wrong).status_code == 401
    assert rows() == []


def test_without_a_token_in_the_settings_nothing_is_taken_in(service, monkeypatch):
    settings = service.extensions["settings"].model_copy(update={"alertmanager_token": None})
    monkeypatch.setitem(service.extensions, "settings", settings)
    assert send(service, an_alert(), token="").status_code == 401
    assert send(service, an_alert(), token="None").status_code == 401


@pytest.mark.parametrize(
    "over",
    [
        {"alerts": "x"},
        {"version": "3"},
        {"alerts": [an_alert(startsAt="yesterday")]},
        {"alerts": [an_alert(startsAt="2026-11-26T08:00:00")]},
        {"alerts": [an_alert(fingerprint="../../etc")]},
        {"alerts": [an_alert(labels={"a": 1})]},
        {"alerts": [an_alert(labels={"a": "\x00"})]},
        {"alerts": [an_alert(status="maybe")]},
        {"alerts": [an_alert()] * 1001},
    ],
)
def test_a_group_that_cannot_be_read_is_refused_whole(service, over):
    group = {"version": "4", "alerts": [an_alert()], **over}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = service.test_client().post("/webhooks/alertmanager", json=group, headers=headers)
    assert answer.status_code == 422
    assert answer.json["detail"]
    assert rows() == []


def test_a_body_that_is_no_json_is_refused(service):
    answer = service.test_client().post(
        "/webhooks/alertmanager",
        data=b"\xff\xfe not json",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    assert answer.status_code == 422


def test_an_end_before_its_beginning_ends_at_its_beginning(service):
    alert = received_alerts.Alert("cc", {"alertname": "x"}, {}, clock.now(), None)
    received_alerts.take_in([replace(alert, ends_at=alert.starts_at - timedelta(hours=1))])
    db.session.commit()
    (row,) = rows()
    assert row.ends_at == row.starts_at
    assert row.severity is Severity.MEDIUM
