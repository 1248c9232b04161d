"""Refunds and disputes: money goes back once, and never more than came in."""

import pytest

from billing import card_events, ledger, payments, refunds
from billing.errors import CardsRefused, OverRefund, WrongPaymentState
from billing.models import DisputeStatus, InvoiceStatus, PaymentMethod, RefundStatus
from billing.money import Money
from billing.refunds import NewRefund
from config.errors import Invalid
from tests.billing.card_steps import deliver_all, the_payment
from tests.billing.steps import paid_by_transfer


def credited(invoice, minor):
    """Something of a paid invoice is in the balance again."""
    ledger.release(ledger.of_invoice(invoice)[0], by=None, reason="thử")
    return Money(minor)


def test_a_refund_goes_back_to_the_card_once(open_invoice, stripe, gateway, paid):
    refund = refunds.request(
        the_payment(), NewRefund(credited(open_invoice, 70_000), "hủy một phần"), by=None
    )
    assert refund.method is PaymentMethod.CARD
    claimed = refunds.claim_card()
    assert claimed is refund
    assert refunds.send(refund.id, gateway)
    # The answer was lost: asked again, Stripe gives back nothing more.
    again = gateway.refund(paid, 70_000, refund.id)
    assert again.id == refund.reference
    assert len(stripe.refunds) == 1
    deliver_all(stripe, gateway)
    assert refund.status is RefundStatus.SUCCEEDED
    assert the_payment().refunded == Money(70_000)


def test_a_refund_that_fails_is_balance_again(open_invoice, stripe, gateway, paid):
    stripe.refund_status = "pending"
    refund = refunds.request(
        the_payment(), NewRefund(credited(open_invoice, 70_000), "hủy một phần"), by=None
    )
    refunds.claim_card()
    refunds.send(refund.id, gateway)
    assert refund.status is RefundStatus.REQUESTED
    assert refunds.claim_card() is None
    stripe.end_refund(refund.reference, "failed")
    deliver_all(stripe, gateway)
    assert refund.status is RefundStatus.FAILED
    assert refund.failure == "lost_or_stolen_card"
    assert the_payment().refunded == Money(0)


def test_an_unreachable_stripe_leaves_the_refund_waiting(open_invoice, stripe, gateway, paid):
    refund = refunds.request(
        the_payment(), NewRefund(credited(open_invoice, 70_000), "hủy một phần"), by=None
    )
    refunds.claim_card()
    stripe.broken = 9
    assert not refunds.send(refund.id, gateway)
    assert refund.status is RefundStatus.REQUESTED
    assert refunds.claim_card() is refund


def test_a_refund_beyond_the_payment_is_refused_here_and_there(open_invoice, stripe, gateway, paid):
    payment = the_payment()
    with pytest.raises(OverRefund):
        refunds.request(payment, NewRefund(Money(1), "còn trong hóa đơn"), by=None)
    whole = credited(open_invoice, payment.amount_minor + 1)
    with pytest.raises(OverRefund):
        refunds.request(payment, NewRefund(whole, "quá số đã thu"), by=None)
    with pytest.raises(CardsRefused):
        gateway.refund(paid, payment.amount_minor + 1, 9_999)
    assert payment.refunded == Money(0)


def test_a_transfer_is_given_back_by_hand_with_the_banks_number(open_invoice, desk):
    payment = payments.receive(open_invoice.unit, paid_by_transfer(9_000), by=desk)
    with pytest.raises(Invalid):
        refunds.request(payment, NewRefund(Money(1), "thẻ?", PaymentMethod.CARD), by=desk)
    refund = refunds.request(payment, NewRefund(Money(4_000), "trả thừa"), by=desk)
    with pytest.raises(Invalid):
        refunds.settle(refund, " ", by=desk)
    refunds.settle(refund, "FT99", by=desk)
    dropped = refunds.request(payment, NewRefund(Money(5_000), "trả thừa"), by=desk)
    refunds.drop(dropped, by=desk, reason="đơn vị dùng cho hóa đơn sau")
    assert ledger.balance(open_invoice.unit) == Money(5_000)
    with pytest.raises(WrongPaymentState):
        refunds.settle(dropped, "FT100", by=desk)
    with pytest.raises(WrongPaymentState):
        payments.reverse(payment, by=desk, reason="đã hoàn một phần")


def test_what_was_given_back_elsewhere_opens_the_invoice(open_invoice, stripe, gateway, paid):
    stripe.give_back(paid, 500_000, {})
    deliver_all(stripe, gateway)
    assert open_invoice.status is InvoiceStatus.OPEN
    assert open_invoice.left == Money(500_000)
    assert the_payment().refunded == Money(500_000)


def test_a_dispute_lost_takes_the_money_and_one_won_does_not(open_invoice, stripe, gateway, paid):
    won, lost = stripe.dispute(paid, 100_000), stripe.dispute(paid, 200_000)
    deliver_all(stripe, gateway)
    assert len(card_events.disputes()) == 2
    assert open_invoice.status is InvoiceStatus.PAID
    stripe.close(won, "won")
    stripe.close(lost, "lost")
    deliver_all(stripe, gateway)
    assert card_events.disputes() == []
    assert {one.status for one in card_events.disputes(only_open=False)} == {
        DisputeStatus.WON,
        DisputeStatus.LOST,
    }
    assert open_invoice.left == Money(200_000)
