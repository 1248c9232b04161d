"""`config/logins/*.yml`: the logins that devices leave the factory with, by maker."""

from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from config import documents

FOLDER = documents.HOME / "logins"


class FactoryLogin(BaseModel):
    """What a maker ships; published, and so no secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vendor: Annotated[str, Field(min_length=2, max_length=80)]
    user: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[!-9;-~]+$")]
    password: Annotated[str, Field(max_length=64, pattern=r"^[ -~]*$")]
    source: Annotated[str, Field(min_length=1)]


class LoginFile(BaseModel):
    """One file of `config/logins`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    logins: tuple[FactoryLogin, ...]


@cache
def known() -> tuple[FactoryLogin, ...]:
    """All of them, in the order of files; a restart reads them anew."""
    files = documents.read_folder(FOLDER, LoginFile)
    return tuple(login for file in files for login in file.logins)


def of_vendor(vendor: str | None) -> FactoryLogin | None:
    """The factory login of a device of this maker, if one is known."""
    spoken = (vendor or "").casefold()
    return next((one for one in known() if one.vendor.casefold() in spoken), None)
