"""A Stripe that speaks HTTP beside the ledger, and what happens there."""

import json
import time

import sqlalchemy as sa

from billing import card_events, checkouts
from billing.models import Payment
from config.database import db
from tests.stripe_fake import signature


def begun(invoice, gateway, amount=None):
    checkout = checkouts.prepare(invoice, amount, by=None)
    session = checkouts.begin(checkout, gateway, back="https://centre.example/i/1", email=None)
    return checkouts.opened(checkout.id, session)


def deliver(event, gateway):
    """As the webhook does: read, fetch, take in."""
    payload = json.dumps(event).encode()
    told = gateway.told(payload, signature(payload, int(time.time())))
    return card_events.take_in(told, card_events.fetched(told, gateway))


def deliver_all(stripe, gateway):
    return [deliver(event, gateway) for event in stripe.events]


def the_payment():
    return db.session.scalars(sa.select(Payment)).one()
