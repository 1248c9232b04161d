"""How an invoice is paid by transfer: the reference a bank carries, and the VietQR code."""

from billing import vietqr
from billing.models import Invoice

# No separators: banks drop, move or double them.
_SEPARATORS = str.maketrans("", "", "- ")


def bill(invoice: Invoice) -> str:
    """The invoice's reference as a transfer carries it: `IV4T9QW2M7`."""
    return invoice.reference.translate(_SEPARATORS)


def code(invoice: Invoice) -> str | None:
    """The VietQR text that pays what is left to the account frozen at issue.

    None for a draft and where nothing is to be paid: `vietqr.svg(code)` draws it.
    """
    if invoice.snapshot is None or not invoice.is_owed:
        return None
    bank = invoice.snapshot["seller"]["bank"]
    text = bill(invoice)
    return vietqr.payload(bank["bin"], bank["account"], invoice.left.minor, text, f"TT {text}")
