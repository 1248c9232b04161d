"""Messages reach real programs, are tried again, arrive after a kill, and keep secrets."""

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import outages, received_alerts
from monitoring.alerts import deliveries
from monitoring.models import ChannelState, Delivery, DeliveryStatus, DeviceStatus
from portal.models import Notice
from portal.rounds import alerts as rounds
from rental.models import Role
from tests import build
from tests.monitoring.policy_world import a_switch
from tests.portal.alert_world import (
    NOW,
    a_policy,
    an_outage,
    listening,
    looked,
    queued,
    settings,
)


def test_a_webhook_gets_signed_facts_under_a_key_that_stays(service):
    with listening() as noc:
        policy = a_policy(noc.url)
        an_outage(name="SW-<1>")
        looked(NOW, policy)
        noc.answers = [(503, b"try later")]
        kept = settings(telegram_url=noc.url)
        rounds.work(kept, policy)
        failed = db.session.scalars(sa.select(Delivery).filter_by(channel="noc")).one()
        assert (failed.status, failed.attempts) == (DeliveryStatus.QUEUED, 1)
        assert failed.problem == "the webhook answers 503: try later"
        failed.due_at = clock.now()
        db.session.commit()
        rounds.work(kept, policy)
        hooks = [one for one in noc.seen if one[0] == "/hook"]
    assert len(hooks) == 2
    (_, first, body), (_, second, _) = hooks
    assert first["Idempotency-Key"] == second["Idempotency-Key"] == f"delivery-{failed.id}"
    digest = hmac.new(b"k" * 20, body, hashlib.sha256).hexdigest()
    assert first["X-Media-Center-Signature"] == f"sha256={digest}"
    told = json.loads(body)
    assert told["alerts"][0]["device"] == "SW-<1>"
    assert "SW-<1>" in told["subject"]
    db.session.refresh(failed)
    assert (failed.status, failed.problem) == (DeliveryStatus.SENT, None)


def test_telegram_is_told_and_its_token_stays_secret(service, caplog):
    with listening() as telegram:
        policy = a_policy(telegram.url)
        an_outage(name="ENC-01")
        looked(NOW, policy)
        telegram.answers = [(200, b'{"ok":true}'), (401, b'{"ok":false}')]
        rounds.work(settings(telegram_url=telegram.url), policy)
        db.session.execute(sa.update(Delivery).values(due_at=clock.now()))
        db.session.commit()
        rounds.work(settings(telegram_url=telegram.url), policy)
        asked = [one for one in telegram.seen if one[0].startswith("/bot")]
    assert asked[0][0] == "/bot123:geheim/sendMessage"
    message = json.loads(asked[-1][2])
    assert message["chat_id"] == "-1001"
    assert "ENC-01" in message["text"]
    # Nobody listens there any more.
    outages.open_(a_switch(status=DeviceStatus.DOWN), NOW, {})
    looked(NOW, policy)
    rounds.work(settings(telegram_url=telegram.url), policy)
    problems_ = " ".join(one.problem or "" for one in queued())
    assert "Telegram does not answer" in problems_
    assert "geheim" not in problems_ + caplog.text


def test_a_redirect_is_not_followed(service):
    with listening() as noc:
        policy = a_policy(noc.url)
        an_outage()
        looked(NOW, policy)
        noc.answers = [(302, b""), (302, b"")]
        rounds.work(settings(telegram_url=noc.url), policy)
        assert "/elsewhere" not in [path for path, *_ in noc.seen]
    told = {one.channel: one.problem for one in queued()}
    assert "302" in (told["noc"] or "")
    assert "302" in (told["chat"] or "")


def test_mail_goes_into_the_outbox_in_the_language_of_its_reader(service):
    reader = build.desk(role=Role.OPERATOR, locale="en")
    an_outage(name="UPS-01")
    looked(NOW)
    rounds.work(settings(), a_policy())
    notice = db.session.scalars(sa.select(Notice).filter_by(recipient=reader.email)).one()
    assert notice.subject == "HIGH: UPS-01, does not answer"
    assert "/alerts" in notice.body
    mail = db.session.scalars(sa.select(Delivery).filter_by(receiver=reader.email)).one()
    assert mail.status is DeliveryStatus.SENT


def test_what_no_channel_takes_for_two_days_is_given_up_and_seen(service):
    an_outage()
    looked(NOW)
    (first,) = [one for one in queued() if one.channel == "noc"]
    with clock.standing_at(first.created_at + timedelta(days=2, minutes=1)):
        with transaction():
            assert deliveries.claim(first.id) is not None
        rounds.deliver(first, settings(), a_policy())
    assert first.status is DeliveryStatus.FAILED
    state = db.session.get(ChannelState, "noc")
    assert state is not None
    assert "does not answer" in (state.problem or "")
    operator = build.desk(role=Role.OPERATOR)
    deliveries.again(first, by=operator)
    assert first.status is DeliveryStatus.QUEUED


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 15), (2, 30), (3, 60), (7, 960), (8, 1800), (5000, 1800)]
)
def test_pauses_grow_to_half_an_hour(attempts, seconds):
    assert deliveries.wait_after(attempts) == timedelta(seconds=seconds)


def test_alertmanager_hears_all_that_stands_again_and_again(service):
    with listening() as alertmanager:
        policy = a_policy(alertmanager.url)
        outage = an_outage(name="SW-9")
        received_alerts.take_in(
            [received_alerts.Alert("f1", {"alertname": "X", "severity": "page"}, {}, NOW, None)]
        )
        looked(NOW, policy)
        (channel,) = [one for one in policy.channels if one.kind == "alertmanager"]
        assert rounds.push(channel, NOW)
        with transaction():
            outages.close(outage, NOW + timedelta(minutes=1))
        looked(NOW + timedelta(minutes=1), policy)
        assert rounds.push(channel, NOW + timedelta(minutes=1))
        bodies = [json.loads(body) for path, _, body in alertmanager.seen if "v2" in path]
    first, second = bodies
    # What came from an Alertmanager does not go back to one.
    assert [one["labels"]["alertname"] for one in first] == ["MediaCenterOutage"]
    assert first[0]["labels"]["device"] == "SW-9"
    assert first[0]["endsAt"] > first[0]["startsAt"]
    assert second[0]["endsAt"] == (NOW + timedelta(minutes=1)).isoformat()


KILLED = """
import os, signal, sys, threading
from portal.app import create_app
from config.settings import Settings
from monitoring.alerts import channels
from tests.portal.alert_world import a_policy, settings
from portal.rounds import alerts as rounds

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

after = sys.argv[1] == "after"
real = channels.webhook
def webhook(*args, **named):
    if after:
        real(*args, **named)
    die()
channels.webhook = webhook
app = create_app(Settings())
with app.app_context():
    rounds.work(settings(telegram_url=sys.argv[2]), a_policy(sys.argv[2]))
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_message_whose_worker_was_killed_arrives_under_the_same_key(
    service, database_url, tmp_path, moment
):
    with listening() as noc:
        policy = a_policy(noc.url)
        an_outage()
        looked(NOW, policy)
        db.session.execute(sa.delete(Delivery).where(Delivery.channel != "noc"))
        db.session.commit()
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, moment, noc.url],
            env={**os.environ, "DATABASE_URL": database_url, "MEDIA_CENTER_DATA": str(tmp_path)},
            capture_output=True,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-2000:]
        (delivery,) = queued()
        assert delivery.status is DeliveryStatus.QUEUED
        # Another worker takes it up once the claim is over.
        assert rounds.work(settings(telegram_url=noc.url), policy) == 0
        with clock.standing_at(clock.now() + timedelta(minutes=3)):
            assert rounds.work(settings(telegram_url=noc.url), policy) == 1
        keys = {headers["Idempotency-Key"] for _, headers, _ in noc.seen}
    assert keys == {f"delivery-{delivery.id}"}
    assert len(noc.seen) == (1 if moment == "before" else 2)
