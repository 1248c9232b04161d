"""What a rule may demand of an endpoint that speaks TLS, as operators write it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

# Oldest first, as OpenSSL names them.
VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


class TlsDemand(BaseModel):
    """What every secure endpoint of a device must show; at least one is given.

    `days_left`: the certificate is valid now and for more than so many days. `chain`: an authority
    vouches for it and it names the host; `where_needed` leaves out what is marked as the device's
    own certificate. `oldest`: no older version of TLS is offered. `sound`: neither its key nor its
    digest is weak.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    days_left: Annotated[int, Field(ge=0, le=3650)] | None = None
    chain: Literal["where_needed", "always"] | None = None
    oldest: Literal["TLSv1.2", "TLSv1.3"] | None = None
    sound: Literal[True] | None = None

    @model_validator(mode="after")
    def _demands_something(self) -> "TlsDemand":
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise ValueError("give one of days_left, chain, oldest, sound")
        return self
