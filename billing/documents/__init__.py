"""Documents as people and machines get them: PDF by typst, and the draft XML."""

from billing.documents.pdf import credit_note_pdf, invoice_pdf
from billing.documents.xml import invoice_xml

__all__ = ["credit_note_pdf", "invoice_pdf", "invoice_xml"]
