"""What a provider of e-invoices can do. A real one is a module beside `file_provider`."""

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from billing.errors import ProviderUnreachable

__all__ = ["Answer", "Document", "DocumentKind", "Provider", "ProviderUnreachable", "Verdict"]


class DocumentKind(StrEnum):
    """What is handed in."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True)
class Document:
    """An issued document as it is handed in.

    `key` is symbol and number (`1C26TMC-00000042`), the idempotency key; `day` the tax date;
    `content` UTF-8 XML.
    """

    key: str
    kind: DocumentKind
    day: date
    content: bytes

    @property
    def sha256(self) -> str:
        """The digest of the content, 64 hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


class Verdict(StrEnum):
    """What a provider says of a document. Unknown means that it never came: hand it in again."""

    ACCEPTED = "accepted"
    PENDING = "pending"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict with the provider's receipt, or with the reason of a refusal.

    `reason` may hold `{places}` that `values` fill, so that pages say it in their language.
    """

    verdict: Verdict
    receipt: str = ""
    reason: str = ""
    values: tuple[tuple[str, str], ...] = ()


class Provider(Protocol):
    """A provider of e-invoices. Both calls raise ProviderUnreachable where it may work later."""

    @property
    def name(self) -> str:
        """As the setting names it."""

    def submit(self, document: Document) -> Answer:
        """Hand a document in; under the same key and content again, the same answer."""

    def ask(self, document: Document) -> Answer:
        """How a document stands that was handed in."""
