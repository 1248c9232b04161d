"""What invoice and credit note have in common: net, tax and total in one currency."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from billing.money import Money


class Totals:
    """Columns and amounts of a document with tax."""

    currency: Mapped[str] = mapped_column(String(3), default="VND")
    net_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    vat_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    total_minor: Mapped[int] = mapped_column(BigInteger, default=0)

    @property
    def net(self) -> Money:
        """Without tax."""
        return Money(self.net_minor, self.currency)

    @property
    def vat(self) -> Money:
        """The tax."""
        return Money(self.vat_minor, self.currency)

    @property
    def total(self) -> Money:
        """Net and tax."""
        return Money(self.total_minor, self.currency)
