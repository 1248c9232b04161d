"""The Centre as the API's own tests build it."""

from tests.api.conftest import centre, service

__all__ = ["centre", "service"]
