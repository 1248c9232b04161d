"""Why something is as it is, in the language of the page."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext

from config.errors import filled
from portal.pages.states import PLATFORMS


def reasons_said(reasons: Iterable[Mapping[str, Any]]) -> str:
    """Sentences that were kept with their values (`monitoring.reasons`), one after the other."""
    return " ".join(_said(each["template"], each["values"]) for each in reasons)


def _said(template: str, values: Mapping[str, str]) -> str:
    shown = {key: str(PLATFORMS.get(word, word)) for key, word in values.items()}
    return filled(gettext(template), shown)
