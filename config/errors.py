"""The refusals that every floor speaks: five families, each mapped once by the portal.

A refusal is an answer, not an accident: its message says what happened and what to do next.
The docstring of a class is its default message.
"""

import re
from collections.abc import Mapping
from typing import Any

PLACE = re.compile(r"\{([a-z_]+)\}")


def filled(template: str, values: Mapping[str, object]) -> str:
    """The template with its `{places}` filled; a list is parted by commas.

    A place without a value, and braces inside a value, stay as they are written.
    """

    def text(place: re.Match[str]) -> str:
        value = values.get(place[1], place[0])
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)

    return PLACE.sub(text, template)


class Refusal(Exception):  # noqa: N818  # a refusal is an answer, not an error
    """The request was refused."""

    def __init__(
        self,
        template: str | None = None,
        *,
        words: Mapping[str, object] | None = None,
        **details: Any,
    ) -> None:
        """Keep the sentence people read and the facts that machines read.

        `template` is a constant that the catalogue translates; its `{places}` are filled from the
        details. `details` are JSON values; the portal adds them to the problem document. `words`
        fill places that are no facts for machines, or stand there in another form.
        """
        self.template = template or (type(self).__doc__ or "").strip()
        self.details = details
        self.values: dict[str, object] = {**details, **(words or {})}
        self.message = filled(self.template, self.values)
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
