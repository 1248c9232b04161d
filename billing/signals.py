"""What the billing floor tells the floors above, in the past tense and inside the transaction.

- `invoice_issued(invoice)`: it has its number and is owed.
- `invoice_voided(invoice)`: nobody owes it any more; its charges wait for another invoice.
- `payment_recorded(payment, invoice=Invoice)`: money was received; `invoice.status` says whether
  anything is left.
- `payment_reversed(payment)`: it was recorded by mistake, or the bank took it back; what it paid is
  open again.
- `payment_disputed(dispute)`: a payer asks its bank to take a card payment back.
- `credit_note_issued(credit_note, invoice=Invoice)`: something was taken off an issued invoice.
- `write_off_proposed(write_off)`: somebody wants to give an invoice up; another person decides.
- `write_off_decided(write_off)`: it was given up (`approved`), or is collected further (`refused`).
"""

from blinker import Namespace

_billing = Namespace()

invoice_issued = _billing.signal("invoice_issued")
invoice_voided = _billing.signal("invoice_voided")
payment_recorded = _billing.signal("payment_recorded")
payment_reversed = _billing.signal("payment_reversed")
payment_disputed = _billing.signal("payment_disputed")
credit_note_issued = _billing.signal("credit_note_issued")
write_off_proposed = _billing.signal("write_off_proposed")
write_off_decided = _billing.signal("write_off_decided")
