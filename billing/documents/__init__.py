"""Documents as people and machines get them: PDF by typst, and the draft XML."""

from billing.documents.error_notice import error_notice_pdf, error_notice_xml
from billing.documents.pdf import Look, credit_note_pdf, invoice_pdf
from billing.documents.receipt import receipt_pdf
from billing.documents.xml import credit_note_xml, invoice_xml

__all__ = [
    "Look",
    "credit_note_pdf",
    "credit_note_xml",
    "error_notice_pdf",
    "error_notice_xml",
    "invoice_pdf",
    "invoice_xml",
    "receipt_pdf",
]
