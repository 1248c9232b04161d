"""Everything a document prints, as JSON values: frozen at issue, made on the fly for a draft."""

from collections.abc import Sequence
from typing import Any

from billing import buyers, invoice_lines, transfers, vat, words
from billing.models import Correction, CreditNote, CreditNoteLine, ErrorNotice, Invoice, InvoiceLine
from billing.seller import seller
from billing.vat import Taxed
from rental.models import Unit

CORRECTING = {Correction.ADJUSTS: "adjustment", Correction.REPLACES: "replacement"}


def of_invoice(invoice: Invoice) -> dict[str, Any]:
    """Seller, buyer, lines, groups, totals and the payment reference of an invoice."""
    booking = invoice.booking
    taken_off = invoice_lines.deducted(invoice)
    return {
        "kind": _kind(invoice),
        "seller": seller().model_dump(mode="json"),
        "buyer": _buyer(invoice.unit),
        "reference": invoice.reference,
        "bill": transfers.bill(invoice),
        "booking": booking.reference if booking else None,
        "event": booking.title if booking else None,
        "currency": invoice.currency,
        "lines": [_line(line) for line in invoice.lines],
        "vat": _groups(invoice.lines),
        "net": invoice.net_minor,
        "vat_total": invoice.vat_minor,
        "total": invoice.total_minor,
        "words": words.amount_in_vietnamese(invoice.total_minor),
        "advances": [
            {"number": one.number, "day": one.day.isoformat(), "total": one.minor}
            for one in taken_off
        ],
        "advanced": sum(one.minor for one in taken_off),
        **({"corrects": _corrects(invoice, invoice.corrects)} if invoice.corrects else {}),
    }


def of_error_notice(notice: ErrorNotice) -> dict[str, Any]:
    """Seller, buyer and the invoice that a notice of form 04/SS speaks of."""
    invoice = notice.invoice
    frozen = invoice.snapshot or of_invoice(invoice)
    return {
        "seller": frozen["seller"],
        "buyer": frozen["buyer"],
        "invoice": invoice.display_number,
        "symbol": invoice.symbol,
        "number": invoice.number,
        "invoice_date": invoice.tax_date.isoformat() if invoice.tax_date else None,
    }


def of_credit_note(note: CreditNote) -> dict[str, Any]:
    """The same of a credit note; parties are those that stand on its invoice."""
    invoice = note.invoice
    frozen = invoice.snapshot or of_invoice(invoice)
    return {
        "kind": "credit_note",
        "seller": frozen["seller"],
        "buyer": frozen["buyer"],
        "reference": invoice.reference,
        "invoice": invoice.display_number,
        "invoice_date": invoice.tax_date.isoformat() if invoice.tax_date else None,
        "reason": note.reason,
        "currency": note.currency,
        "lines": [_credited(line) for line in note.lines],
        "vat": _groups(note.lines),
        "net": note.net_minor,
        "vat_total": note.vat_minor,
        "total": note.total_minor,
        "words": words.amount_in_vietnamese(note.total_minor),
    }


def _kind(invoice: Invoice) -> str:
    """What the document is: what corrects another says so before anything else."""
    return CORRECTING[invoice.correction] if invoice.correction else invoice.kind.value


def _corrects(invoice: Invoice, origin: Invoice) -> dict[str, Any]:
    agreed = invoice.agreement_on
    return {
        "how": invoice.correction.value if invoice.correction else None,
        "symbol": origin.symbol,
        "number": origin.number,
        "date": origin.tax_date.isoformat() if origin.tax_date else None,
        "reason": invoice.correction_reason,
        "agreement": invoice.agreement,
        "agreement_on": agreed.isoformat() if agreed else None,
    }


def _buyer(unit: Unit) -> dict[str, Any]:
    return {
        "slug": unit.slug,
        "name": buyers.line(unit.invoice_name or unit.name),
        "tax_code": unit.tax_code,
        "personal_id": unit.personal_id,
        "budget_code": unit.budget_code,
        "address": buyers.line(unit.address) or None,
        "email": unit.invoice_email or unit.email,
    }


def _line(line: InvoiceLine) -> dict[str, Any]:
    return {
        "position": line.position,
        "description": line.description,
        "description_en": line.description_en,
        "explanation": line.explanation,
        "explanation_en": line.explanation_en,
        "measure": line.measure.value if line.measure else None,
        "quantity": f"{line.quantity.normalize():f}",
        "unit_price": line.unit_price_minor,
        "tax_inclusive": line.tax_inclusive,
        "net": line.net_minor,
        "vat": line.vat_minor,
        "vat_code": line.vat_code.value,
        "service": line.service,
    }


def _credited(line: CreditNoteLine) -> dict[str, Any]:
    """The part that is given back: one piece, without the words that explain the whole price."""
    return {
        **_line(line.invoice_line),
        "explanation": "",
        "explanation_en": "",
        "measure": None,
        "quantity": "1",
        "unit_price": line.net_minor,
        "net": line.net_minor,
        "vat": line.vat_minor,
    }


def _groups(lines: Sequence[InvoiceLine | CreditNoteLine]) -> list[dict[str, Any]]:
    taxed = [
        Taxed(
            line.net,
            line.vat,
            line.vat_code if isinstance(line, InvoiceLine) else line.invoice_line.vat_code,
        )
        for line in lines
    ]
    return [
        {
            "code": group.code.value,
            "label": group.code.label,
            "percent": group.code.percent,
            "net": group.net.minor,
            "vat": group.vat.minor,
        }
        for group in vat.groups(taxed)
    ]
