"""How members prove who they are: API tokens, and the attempts that went wrong."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from rental.models import Member


class ApiToken(Base):
    """A token of the JSON API. Only its SHA-256 is kept: the token is random, not a password."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    # Coarse, to the hour: a call of the API must not cost a write.
    last_used_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship(lazy="joined", innerjoin=True)


class SignInAttempt(Base):
    """Failed sign-ins of one e-mail from one address; an empty e-mail counts the address alone."""

    __tablename__ = "sign_in_attempt"

    email: Mapped[str] = mapped_column(String(200), primary_key=True)
    address: Mapped[str] = mapped_column(String(45), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(default=now, index=True)
    # Before this instant no password is looked at.
    free_at: Mapped[datetime] = mapped_column(default=now)
