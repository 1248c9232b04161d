"""Alerts come round: what stands is reviewed, messages are carried, Alertmanager hears of it."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from config import clock, logs
from config.database import db, transaction
from config.settings import Settings
from monitoring.alerts import channels, deliveries, review
from monitoring.alerts.channels import ChannelDown
from monitoring.alerts.policy import AlertPolicy, Channel, policy
from monitoring.models import Alert, Delivery
from portal import alert_messages, notices
from portal.jobs import queue, settings_here
from portal.notices import Reader

log = logs.get(__name__)

# In one round; the next comes in seconds.
MOST = 200
# So long after its end Alertmanager is told of it.
ENDED = timedelta(minutes=15)


@queue.task(name="review_alerts")
def review_alerts() -> None:
    """Bring the alerts in line with what stands, and queue what is due."""
    with transaction():
        found = review.review(clock.now(), policy(), clock.LOCAL)
    if found.opened or found.resolved or found.queued:
        log.info(
            "alerts reviewed", opened=found.opened, resolved=found.resolved, queued=found.queued
        )


@queue.task(name="deliver_alerts")
def deliver_alerts() -> None:
    """Carry what is due. A channel that is down does not hold up the others."""
    work(settings_here(), policy())


def work(settings: Settings, known: AlertPolicy, most: int = MOST) -> int:
    """Carry up to so many messages; how many were taken."""
    taken = 0
    for _ in range(most):
        with transaction():
            delivery = deliveries.claim()
        if delivery is None:
            break
        taken += deliver(delivery, settings, known)
    return taken


def deliver(delivery: Delivery, settings: Settings, known: AlertPolicy) -> bool:
    """Carry one claimed message and mark what came of it; whether it was taken."""
    channel = known.channel(delivery.channel)
    try:
        if channel is None:
            raise ChannelDown(f"config/alerts names no channel {delivery.channel}")
        if channel.kind == "email":
            _by_mail(delivery)
            return True
        _by_program(delivery, channel, settings)
    except ChannelDown as down:
        with transaction():
            deliveries.mark_failed(delivery, down.problem)
        log.warning("alert not delivered", delivery=delivery.id, problem=down.problem)
        return False
    except Exception as broken:
        # One message that breaks off must not stop the others; it is tried again and stays seen.
        db.session.rollback()
        with transaction():
            deliveries.mark_failed(delivery, f"broke off: {type(broken).__name__}")
        log.exception("an alert broke off", delivery=delivery.id)
        return False
    with transaction():
        deliveries.mark_sent(delivery)
    return True


def _by_mail(delivery: Delivery) -> None:
    """Into the outbox and marked in one transaction: never twice, never lost."""
    if "@" not in delivery.receiver:
        raise ChannelDown(f"nobody is there to write to: {delivery.receiver}")
    with transaction():
        subject, body = alert_messages.subject_and_body(delivery)
        reader = Reader(delivery.receiver, delivery.locale, delivery.member_id)
        notices.write_to(reader, subject, body)
        deliveries.mark_sent(delivery)


def _by_program(delivery: Delivery, channel: Channel, settings: Settings) -> None:
    subject, body = alert_messages.subject_and_body(delivery)
    told = alert_messages.for_programs(delivery)
    # Nothing of the database is held while the other side thinks.
    db.session.commit()
    if channel.kind == "webhook":
        secret = settings.alert_secret
        channels.webhook(
            channel.url or "",
            {**told, "subject": subject, "text": body},
            secret=secret.get_secret_value() if secret else None,
            key=told["key"],
        )
        return
    if settings.telegram_token is None:
        raise ChannelDown("MEDIA_CENTER_TELEGRAM_TOKEN is not set")
    channels.telegram(
        settings.telegram_url,
        settings.telegram_token.get_secret_value(),
        channel.chat or "",
        f"{subject}\n\n{body}" if len(delivery.facts) > 1 else body,
    )


@queue.task(name="push_alerts")
def push_alerts() -> None:
    """Tell every Alertmanager of the policy what stands and what ended lately."""
    for channel in policy().channels:
        if channel.kind == "alertmanager":
            push(channel, clock.now())


def push(channel: Channel, at: datetime) -> bool:
    """Say it all once more: Alertmanager forgets what is not repeated. Whether it was taken."""
    with transaction():
        rows = db.session.scalars(
            sa.select(Alert)
            .where(sa.or_(Alert.resolved_at.is_(None), Alert.resolved_at >= at - ENDED))
            # What came from an Alertmanager does not go back to one.
            .where(Alert.kind != "received", Alert.quiet.is_(None))
            .order_by(Alert.id)
        ).all()
        told = [alert_messages.for_alertmanager(row, at) for row in rows]
    problem = None
    try:
        channels.alertmanager(channel.url or "", told)
    except ChannelDown as down:
        problem = down.problem
        log.warning("alertmanager not told", channel=channel.name, problem=problem)
    with transaction():
        deliveries.note_channel(channel.name, problem)
    return problem is None
