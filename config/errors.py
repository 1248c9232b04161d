"""The refusals that every floor speaks: five families, each mapped once by the portal.

A refusal is an answer, not an accident: its message says what happened and what to do next.
The docstring of a class is its default message.
"""

from typing import Any


class Refusal(Exception):  # noqa: N818  # a refusal is an answer, not an error
    """The request was refused."""

    def __init__(self, message: str | None = None, **details: Any) -> None:
        """Keep the message people read and the facts that machines read.

        `details` are JSON values; the portal adds them to the problem document.
        """
        self.message = message or (type(self).__doc__ or "").strip()
        self.details = details
        super().__init__(self.message)


class NotFound(Refusal):
    """There is no such record, or it is not yours to see."""


class NotAllowed(Refusal):
    """Your role does not allow this; ask a colleague whose role does."""


class Conflict(Refusal):
    """Somebody else was quicker, or the state has changed; look again and retry."""


class Invalid(Refusal):
    """The values do not fit a rule; correct them and send the request again."""


class Unreachable(Refusal):
    """A system outside the service did not answer; try again in a moment."""
