"""Cards, webhooks, payments and refunds over HTTP, against a Stripe that speaks it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from billing import invoices, ledger, payments, refunds
from billing.models import CardEvent, InvoiceStatus, Payment, Refund, RefundStatus
from billing.money import Money
from config.database import db, transaction
from portal.app import create_app
from portal.rounds.card_refunds import send_card_refunds
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind, Role
from rental.period import Period
from tests import build, stripe_fake
from tests.billing.steps import STARTS
from tests.portal.conftest import signed_in, token_of
from tests.stripe_fake import StripeFake, signature


@pytest.fixture
def stripe():
    fake = StripeFake()
    server = stripe_fake.served(fake)
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(service, stripe):
    """The service with Stripe's secrets."""
    settings = service.extensions["settings"].model_copy(
        update={
            "stripe_key": SecretStr(stripe_fake.KEY),
            "stripe_webhook_secret": SecretStr(stripe_fake.SECRET),
            "stripe_api": stripe.address,
        }
    )
    return create_app(settings, TESTING=True)


@pytest.fixture
def payer(person):
    return person(email="payer@example.com")


@pytest.fixture
def invoice_id(service, payer):
    """An open invoice of the payer's unit."""
    return opened(payer)


def opened(payer):
    with transaction():
        build.a_hall(code="H100")
        period = Period(STARTS, STARTS + timedelta(hours=4))
        wanted = RequestedBooking(
            payer.unit, "Hội thảo", EventKind.SEMINAR, [WantedLine("H100", 1, period)]
        )
        booking = bookings.request(wanted, by=payer)
        bookings.confirm(booking, by=build.desk())
        return invoices.issue(invoices.draft_for(booking), by=None).id


def send(app, event, *, at=0, secret=stripe_fake.SECRET, header=None):
    payload = event if isinstance(event, bytes) else json.dumps(event).encode()
    signed = signature(payload, int(time.time()) + at, secret) if header is None else header
    return app.test_client().post(
        "/webhooks/stripe", data=payload, headers={"Stripe-Signature": signed}
    )


def begin(app, member, invoice_id, **fields):
    client = signed_in(app, member)
    token = token_of(client)
    return client.post(f"/invoices/{invoice_id}/checkout", data={"csrf_token": token, **fields})


def the_session(stripe):
    return next(iter(stripe.sessions))


def test_without_secrets_there_is_no_button_and_a_clear_answer(service, payer, invoice_id, bearer):
    client = signed_in(service, payer)
    assert b'id="card"' not in client.get(f"/invoices/{invoice_id}").data
    answer = client.post(f"/api/v1/invoices/{invoice_id}/checkout", headers=bearer(payer))
    assert answer.status_code == 409
    assert "VietQR" in answer.json["detail"]
    assert service.test_client().post("/webhooks/stripe").status_code == 409


def test_a_member_is_led_to_stripe_and_what_it_pays_is_taken_in(shop, stripe, payer, invoice_id):
    answer = begin(shop, payer, invoice_id)
    assert answer.status_code == 303
    assert answer.location == f"{stripe.address}/pay/{the_session(stripe)}"
    assert begin(shop, payer, invoice_id).location == answer.location
    intent = stripe.pay(the_session(stripe))
    for event in stripe.events:
        assert send(shop, event).json == {"outcome": "applied"}
        assert send(shop, event).json == {"outcome": "known"}
    db.session.expire_all()
    assert invoices.get(invoice_id).status is InvoiceStatus.PAID
    assert db.session.scalars(sa.select(Payment.reference)).all() == [intent]
    page = signed_in(shop, payer).get(f"/invoices/{invoice_id}")
    assert b'id="card"' not in page.data


def test_the_page_allows_forms_to_lead_to_stripe_only_where_cards_are_on(shop, service, payer):
    policy = signed_in(shop, payer).get("/").headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1" in policy
    policy = signed_in(service, payer).get("/").headers["Content-Security-Policy"]
    assert "form-action 'self';" in policy


def test_another_unit_begins_nothing(shop, stripe, person, invoice_id, bearer):
    stranger = person()
    answer = shop.test_client().post(
        f"/api/v1/invoices/{invoice_id}/checkout", headers=bearer(stranger)
    )
    assert answer.status_code == 404
    assert stripe.sessions == {}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"at": -301}, 400),
        ({"at": 0, "secret": "whsec_other"}, 400),
        ({"header": ""}, 400),
        ({"header": "t=1,v1=zzz"}, 400),
    ],
    ids=["stale", "another secret", "unsigned", "rubbish"],
)
def test_what_stripe_did_not_sign_is_refused_and_nothing_is_written(shop, stripe, sent, status):
    event = stripe.told("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent"})
    answer = send(shop, event, **sent)
    assert answer.status_code == status
    assert answer.json is None or "detail" in answer.json
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CardEvent)) == 0


@pytest.mark.parametrize(
    "payload",
    [b"", b"no json", b"[]", b'{"id": "evt_1"}', b'{"object": "event", "data": {}}', b"\xff\xfe"],
)
def test_what_is_signed_and_no_event_is_refused(shop, payload):
    assert send(shop, payload).status_code == 400
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CardEvent)) == 0


def test_a_huge_body_is_refused(shop):
    assert send(shop, b"x" * 1_000_001).status_code == 413


def test_while_stripe_does_not_answer_the_event_is_not_answered_and_comes_again(
    shop, stripe, payer, invoice_id
):
    begin(shop, payer, invoice_id)
    stripe.pay(the_session(stripe))
    stripe.broken = 3
    assert send(shop, stripe.events[0]).status_code == 503
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CardEvent)) == 0
    assert send(shop, stripe.events[0]).json == {"outcome": "applied"}


@pytest.mark.slow
def test_one_event_told_eight_times_at_once_counts_once(shop, stripe, payer, invoice_id):
    begin(shop, payer, invoice_id)
    stripe.pay(the_session(stripe))
    events = stripe.events * 4

    def once(event):
        with shop.app_context():
            return send(shop, event).json["outcome"]

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(once, events))
    assert sorted(outcomes) == ["applied"] * 2 + ["known"] * 6
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 1


def test_a_refund_is_asked_for_by_finance_and_sent_by_the_worker(
    shop, stripe, payer, person, invoice_id
):
    begin(shop, payer, invoice_id)
    stripe.pay(the_session(stripe))
    for event in stripe.events:
        send(shop, event)
    finance = signed_in(shop, person(role=Role.FINANCE))
    payment = db.session.scalars(sa.select(Payment)).one()
    path = f"/payments/{payment.id}"
    token = token_of(finance)
    form = {"csrf_token": token, "amount": "50.000", "reason": "trả thừa", "method": "card"}
    assert finance.post(f"{path}/refunds", data=form).status_code == 422
    (allocation,) = payment.allocations
    finance.post(
        f"{path}/allocations/{allocation.id}/release",
        data={"csrf_token": token, "reason": "giảm giá"},
    )
    assert finance.post(f"{path}/refunds", data=form).status_code == 302
    with shop.app_context():
        send_card_refunds()
        send_card_refunds()
    db.session.expire_all()
    refund = db.session.scalars(sa.select(Refund)).one()
    assert (refund.status, len(stripe.refunds)) == (RefundStatus.SUCCEEDED, 1)
    text = finance.get(path).get_data(as_text=True)
    assert "Đã chi trả" in text
    assert refund.reference in text


@pytest.mark.parametrize(
    "typed", ["1.500,000", "1,5", "1.5", "mười", "-5", "1.50.000", "1e3", "", "9" * 14, "١٢٣"]
)
def test_an_amount_that_could_be_read_two_ways_is_refused(service, person, payer, typed):
    finance = signed_in(service, person(role=Role.FINANCE))
    form = {
        "csrf_token": token_of(finance),
        "unit": payer.unit.slug,
        "amount": typed,
        "reference": "FT1",
    }
    assert finance.post("/payments", data=form).status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 0


@pytest.mark.parametrize("typed", ["1500000", "1.500.000", "1,500,000 đ", "1 500 000"])
def test_money_without_an_invoice_is_balance_and_pays_one(
    service, person, payer, invoice_id, typed
):
    finance = signed_in(service, person(role=Role.FINANCE))
    token = token_of(finance)
    form = {"csrf_token": token, "unit": payer.unit.slug, "amount": typed, "reference": "FT1"}
    answer = finance.post("/payments", data=form)
    assert ledger.balance(payer.unit) == Money(1_500_000)
    assert "1.500.000" in finance.get(answer.location).get_data(as_text=True)
    finance.post(f"/invoices/{invoice_id}/balance", data={"csrf_token": token})
    db.session.expire_all()
    assert invoices.get(invoice_id).paid == Money(1_500_000)


def test_a_surplus_is_refused_unless_it_is_to_be_kept(service, person, payer, invoice_id):
    finance = signed_in(service, person(role=Role.FINANCE))
    form = {
        "csrf_token": token_of(finance),
        "method": "transfer",
        "amount": str(invoices.get(invoice_id).total_minor + 5_000),
        "reference": "FT1",
    }
    assert finance.post(f"/invoices/{invoice_id}/payments", data=form).status_code == 422
    form["surplus"] = "keep"
    assert finance.post(f"/invoices/{invoice_id}/payments", data=form).status_code == 302
    assert ledger.balance(payer.unit) == Money(5_000)
    # The invoice names what paid it, and of how much.
    text = finance.get(f"/invoices/{invoice_id}").get_data(as_text=True)
    assert f"−{invoices.get(invoice_id).total.text()}" in text
    assert f"trong {Money(invoices.get(invoice_id).total_minor + 5_000).text()}" in text


def test_the_api_receives_allocates_reverses_and_refunds(
    service, person, payer, invoice_id, bearer
):
    finance, client = bearer(person(role=Role.FINANCE)), service.test_client()

    def call(path, **body):
        return client.post(f"/api/v1/{path}", json=body, headers=finance)

    amount = {"minor": 700_000, "currency": "VND"}
    made = call("payments", unit=payer.unit.slug, method="transfer", amount=amount, reference="FT1")
    assert made.status_code == 201
    assert made.json["unspent"] == amount
    payment = made.json["id"]
    part = {"minor": 200_000, "currency": "VND"}
    paid = call(f"payments/{payment}/allocations", invoice=invoice_id, amount=part)
    assert [one["amount"] for one in paid.json["allocations"]] == [part]
    over = {"minor": 500_001, "currency": "VND"}
    assert call(f"payments/{payment}/refunds", amount=over, reason="thừa").status_code == 422
    back = call(f"payments/{payment}/refunds", amount=part, reason="thừa")
    settled = call(f"refunds/{back.json['id']}/settle", reference="FT2")
    assert settled.json["status"] == "succeeded"
    assert call(f"payments/{payment}/reverse", reason="nhầm").status_code == 409
    balance = client.get(f"/api/v1/units/{payer.unit.slug}/balance", headers=bearer(payer))
    assert balance.json["balance"] == {"minor": 300_000, "currency": "VND"}
    listed = client.get("/api/v1/payments?unspent=true", headers=finance)
    assert [one["id"] for one in listed.json["items"]] == [payment]


def test_a_killed_round_repeats_the_refund_and_gives_it_once(shop, stripe, payer, invoice_id):
    begin(shop, payer, invoice_id)
    stripe.pay(the_session(stripe))
    for event in stripe.events:
        send(shop, event)
    with transaction():
        payment = db.session.scalars(sa.select(Payment)).one()
        ledger.release(payment.allocations[0], by=None, reason="thử")
        refund = refunds.request(payment, refunds.NewRefund(Money(30_000), "trả thừa"), by=None)
        refund_id = refund.id
    with transaction():
        refunds.claim_card()
    # Stripe did it; the worker died before it could write that down.
    gateway = shop.extensions["card_gateway"]
    gateway.refund(payment.reference, 30_000, refund_id)
    with shop.app_context():
        send_card_refunds()
    db.session.expire_all()
    assert refunds.get(refund_id).status is RefundStatus.SUCCEEDED
    assert sum(one["amount"] for one in stripe.refunds.values()) == 30_000
    assert payments.get(payment.id).refunded == Money(30_000)
