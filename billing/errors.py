"""The refusals of the billing floor."""

from config.errors import Conflict, Invalid, NotAllowed, NotFound, Unreachable


class CurrencyMismatch(Invalid):
    """Amounts of two currencies cannot be added; convert one of them first."""


class BadTransferCode(Invalid):
    """The VietQR code cannot be made or read; check bank, account, amount and text."""


class NoPrice(Invalid):
    """No tariff in force prices this resource; ask finance to add a rate for it or its kind."""


class PriceRefused(NoPrice):
    """There is a price, but not for what is asked; correct the line."""


class AttendeesMissing(PriceRefused):
    """This is priced per attendee; say how many will come."""


class TooLongForPrice(PriceRefused):
    """This is not rented out for so long; shorten the line or split it."""


class UnknownAddOn(PriceRefused):
    """That add-on cannot be had with this resource; choose one that is offered."""


class BadDiscount(Invalid):
    """A discount takes a percentage or an amount off, for a reason; correct it."""


class OverDiscount(Invalid):
    """The discounts come to more than the price; take less off."""


class UnknownDiscount(NotFound):
    """There is no such discount."""


class SecondPersonNeeded(Conflict):
    """Whoever proposes a discount cannot approve it; ask a colleague who may."""


class DiscountDecided(Conflict):
    """A colleague has decided this discount already; look at the booking again."""


class NoVatRate(Invalid):
    """No VAT rate is on record for this service on that day; add it to config/vat."""


class NoBuckets(Invalid):
    """No traffic was measured, so there is no percentile; a missing bucket is not zero."""


class BadAmount(Invalid):
    """The amount must be a whole number of đồng above zero."""


class InvoiceNotFound(NotFound):
    """There is no such invoice, or it is not yours to see."""


class NothingToInvoice(Conflict):
    """Nothing is left to invoice: the charges are on an invoice already, or there are none."""


class BadAdvance(Invalid):
    """An advance asks for a part of what is left to invoice of a confirmed booking; correct it."""


class WrongInvoiceState(Conflict):
    """The invoice has moved on; look at it again."""


class OverPayment(Invalid):
    """The amount is more than what is open on the invoice."""


class PaymentRepeated(Conflict):
    """This payment is on record already: same invoice, same reference, same amount."""


class NoReceipt(NotFound):
    """The payment has no receipt: only cash gets one; the bank's slip stands for a transfer."""


class PaymentNotFound(NotFound):
    """There is no such payment, or it is not yours to see."""


class WrongPaymentState(Conflict):
    """The payment has moved on; look at it again."""


class OverAllocation(Invalid):
    """The amount is more than what is left of the payment or open on the invoice."""


class OverRefund(Invalid):
    """The refund is more than what is left of the payment."""


class RefundNotFound(NotFound):
    """There is no such refund."""


class CardsUnreachable(Unreachable):
    """Stripe does not answer; nothing was charged. Try again in a moment, or pay by transfer."""


class CardsRefused(Invalid):
    """Stripe refused; take another way to pay."""


class CardsOff(Conflict):
    """Payment by card is not set up here; pay by transfer or VietQR, or ask the administrator."""


class CardAmount(Invalid):
    """The amount does not fit a payment by card; pay by transfer, or by card in parts."""


class BadSignature(Invalid):
    """The signature is missing, wrong or older than five minutes; nothing was read."""


class BadEvent(Invalid):
    """What was sent is signed, but is no event that can be read; nothing was written."""


class MonthClosed(Conflict):
    """The month is closed; date it in the open period."""


class BadClosing(Conflict):
    """The month cannot be closed or opened like this; look at the list again."""


class RunGoesOn(Conflict):
    """An invoice run goes on already; wait until it is through, then look at what is left."""


class UnknownRun(NotFound):
    """There is no such invoice run."""


class OverCredit(Invalid):
    """The credit is more than what is left of the invoice."""


class SeriesExhausted(Conflict):
    """The number series is full (99 999 999 a year); open another series."""


class InvoicedAlready(Conflict):
    """The booking is on an issued invoice; credit that invoice first, then change the booking."""


class CreditNoteNotFound(NotFound):
    """There is no such credit note, or it is not yours to see."""


class UnknownProposal(NotFound):
    """There is no such proposal."""


class DecidedAlready(Conflict):
    """A colleague has decided this proposal already; look at the list again."""


class BadProposal(Invalid):
    """The proposal cannot be decided like this; correct the amount or say why."""


class BadPause(Invalid):
    """Reminders cannot be paused like this; say why and until when."""


class NotPaused(Conflict):
    """Nothing is paused any more; look at the invoice again."""


class BadWriteOff(Invalid):
    """The write-off cannot be proposed or decided like this; say why."""


class NotByYourself(NotAllowed):
    """You proposed this yourself; another person decides it."""


class UnknownWriteOff(NotFound):
    """There is no such proposal to write off."""


class UnitOverdue(Invalid):
    """The unit owes too much for too long to ask for anything new; pay it, or ask the desk."""


class BadGrace(Invalid):
    """The unit cannot be let go on like this; say why and until when."""


class UnknownGrace(Conflict):
    """No leave to go on booking stands any more; look at the unit again."""


class BadStatement(Invalid):
    """The statement cannot be drawn for these days; choose a first and a last day."""


class BadTraffic(Invalid):
    """The traffic cannot be reckoned; correct the file and send it again."""


class UnknownUse(NotFound):
    """There is no such unbilled use; look at the list."""


class UseDecided(Conflict):
    """A colleague has decided this use already, or a booking covers it; look at it again."""


class BadUse(Invalid):
    """The use cannot be decided so; look at what was entered."""


class NotMetered(Invalid):
    """The line is not metered: only a circuit with terms in config/metering is."""


class TrafficSealed(Conflict):
    """The month is sealed already with other counters; withdraw that evidence first."""


class UnknownTraffic(NotFound):
    """There is no such evidence of traffic, or it is not yours to see."""


class BadBankFile(Invalid):
    """The bank's file cannot be read; fetch it from the bank again and send it unchanged."""


class UnknownMapping(Invalid):
    """Nobody has said yet what the columns of this account's CSV files mean; say it first."""


class StatementKnown(Conflict):
    """This very file was taken in before; nothing was added."""


class UnknownEntry(NotFound):
    """There is no such booking of the bank, or it is not yours to see."""


class EntryDecided(Conflict):
    """A colleague has decided on this booking of the bank already; look at it again."""


class BadMatch(Invalid):
    """The booking cannot be matched like this; choose invoices of one unit that are owed."""


class ProviderUnreachable(Unreachable):
    """The provider of e-invoices does not answer; it is tried again."""


class UnknownProvider(Invalid):
    """No adapter has this name; correct MEDIA_CENTER_EINVOICE_PROVIDER."""


class UnknownSubmission(NotFound):
    """The document is not issued, or has no e-invoice record; `media-center doctor` tells which."""


class SubmittedAlready(Conflict):
    """The provider has accepted this document already; nothing is handed in again."""


class WrongBuyer(Invalid):
    """Who the invoice is made out to is wrong; correct the unit's invoicing details."""


class BadCorrection(Invalid):
    """The invoice cannot be corrected in this way; correct what is named."""


class ErrorNoticeNotFound(NotFound):
    """There is no such notice; look it up at its invoice."""


class UnknownMonth(NotFound):
    """There is no such month of a circuit, or it is not yours to see."""


class BadReconciliation(Conflict):
    """The month cannot be reconciled like this; look at it again."""


class AdjustedAlready(Conflict):
    """This adjustment was issued already; look at the invoice again."""
