"""Events of card payments: `python -m benchmarks.stripe_events [EVENTS]`.

So many events of paid, refunded and disputed payments, each fetched from a Stripe that speaks HTTP
and written in its own transaction, three times in three shuffled sequences over the same database
rows; then the ledgers are compared.
"""

import itertools
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from billing import card_events, charges, checkouts, invoices
from billing.models import Allocation, CardEvent, Checkout, Dispute, Invoice, Payment, Refund
from billing.money import Money
from billing.stripe_gateway import StripeGateway
from config import clock, embedded
from config.database import db, transaction
from config.settings import Settings
from portal import schema
from portal.app import create_app
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind
from rental.period import Period
from tests import build, stripe_fake
from tests.stripe_fake import StripeFake, signature

ROUNDS = 3
# Paid, refunded twice, disputed and closed: eight events a payment.
A_PAYMENT = 8


def billed(count: int) -> list[int]:
    """Open invoices of one unit, committed."""
    with transaction():
        build.a_hall(code="H100", stock=count)
        member, desk = build.a_member(), build.desk()
        starts_at = clock.now() + timedelta(days=30)
        period = Period(starts_at, starts_at + timedelta(hours=4))
        found = []
        for number in range(count):
            line = WantedLine("H100", 1, period)
            wanted = RequestedBooking(member.unit, f"Event {number}", EventKind.SEMINAR, [line])
            # The desk may go beyond a quota.
            booking = bookings.request(wanted, by=desk)
            bookings.confirm(booking, by=desk)
            charges.add_for(booking)
            found.append(invoices.issue(invoices.draft_for(booking), by=None).id)
    return found


def lived(stripe: StripeFake, gateway: StripeGateway, invoice_id: int) -> None:
    """A payment with everything in it."""
    with transaction():
        checkout = checkouts.prepare(invoices.get(invoice_id), None, by=None)
        session = checkouts.begin(checkout, gateway, back="https://centre.example", email=None)
        checkouts.opened(checkout.id, session)
    intent = stripe.pay(session.id)
    stripe.refund_status = "pending"
    for minor, ended in ((30_000, "succeeded"), (40_000, "failed")):
        _, refund = stripe.give_back(intent, minor, {})
        stripe.end_refund(refund["id"], ended)
    stripe.close(stripe.dispute(intent, 70_000), "lost")


def replayed(gateway: StripeGateway, events: list[dict[str, Any]]) -> float:
    """Every event as the webhook takes it; seconds."""
    began = time.perf_counter()
    for event in events:
        payload = json.dumps(event).encode()
        told = gateway.told(payload, signature(payload, int(time.time())))
        seen = card_events.fetched(told, gateway)
        with transaction():
            card_events.take_in(told, seen)
    return time.perf_counter() - began


def books() -> list[Any]:
    """Every figure of the ledger, without ids and times."""
    rows = db.session.execute(
        sa.select(
            Payment.reference, Payment.amount_minor, Payment.allocated_minor, Payment.refunded_minor
        ).order_by(Payment.reference)
    ).all()
    owed = db.session.execute(sa.select(Invoice.id, Invoice.paid_minor, Invoice.status)).all()
    return [list(map(tuple, rows)), sorted(map(tuple, owed))]


def forgotten() -> None:
    """The books as they were before the first event."""
    with transaction():
        for table in (Dispute, Refund, Allocation, Payment, CardEvent):
            db.session.execute(sa.delete(table))
        db.session.execute(sa.update(Checkout).values(status="open", intent=None))
        unpaid = {"status": "open", "paid_minor": 0, "paid_at": None}
        db.session.execute(sa.update(Invoice).values(**unpaid))


def main() -> None:
    """Print events a second of each round, and whether the ledgers are the same."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with tempfile.TemporaryDirectory(prefix="media-center-bench-") as folder:
        data = Path(folder) / "data"
        with embedded.serve(data, {"max_connections": "60"}) as url:
            app = create_app(Settings(database_url=url, data=data, log_level="ERROR"))
            schema.upgrade(app)
            stripe = StripeFake()
            server = stripe_fake.served(stripe)
            gateway = StripeGateway(stripe_fake.KEY, stripe_fake.SECRET, stripe.address)
            with app.app_context():
                for invoice_id in billed(-(-wanted // A_PAYMENT)):
                    lived(stripe, gateway, invoice_id)
                _rounds(lambda events: replayed(gateway, events), stripe.events[:wanted])
                db.session.remove()
                db.engine.dispose()
            server.shutdown()


def _rounds(replay: Callable[[list[dict[str, Any]]], float], events: list[dict[str, Any]]) -> None:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(
        f"{platform.machine()}, {os.cpu_count()} cores; load before: {load}; {len(events)} events"
    )
    ledgers = []
    for number in range(ROUNDS):
        shuffled = random.Random(number).sample(events, len(events))
        seconds = replay(shuffled)
        ledgers.append(books())
        print(f"round {number + 1}: {seconds:.1f} s, {len(events) / seconds:.0f} events a second")
        forgotten()
    print("same ledger:", all(one == other for one, other in itertools.pairwise(ledgers)))
    print(
        "invoices:", len(ledgers[0][1]), "received:", Money(sum(r[1] for r in ledgers[0][0])).text()
    )


if __name__ == "__main__":
    main()
