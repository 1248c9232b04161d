"""What a request bears, as values: JSON bodies and forms into pydantic models, local times."""

import json
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import request
from pydantic import BaseModel
from werkzeug.datastructures import MultiDict

from config.errors import Invalid
from portal.problems import Malformed

Model = TypeVar("Model", bound=BaseModel)


class NotATime(Invalid):
    """A time is written like 2026-12-01T09:00."""


def _no_number(name: str) -> float:
    raise Malformed(f"{name} is not a number of JSON.")


def _require_whole(values: Any) -> None:
    """Refuse half a character: it is no UTF-8 and cannot be kept."""
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError as wrong:
        raise Invalid("A text holds half of a character; send it whole.") from wrong


def body(model: type[Model]) -> Model:
    """The JSON body as `model`; raises Malformed, or ValidationError that names each field."""
    raw = request.get_data(cache=True)
    if not request.is_json and raw:
        raise Malformed("Send the body as JSON, with Content-Type: application/json.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Malformed(f"The body is not UTF-8: byte {wrong.start} cannot be read.") from wrong
    try:
        values = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as wrong:
        raise Malformed from wrong
    if "\\ud" in text.lower():  # an escaped surrogate, which may lack its other half
        _require_whole(values)
    if not isinstance(values, dict):
        raise Malformed("Send one JSON object.")
    return model.model_validate(values)


def form(model: type[Model], given: MultiDict[str, str] | None = None) -> Model:
    """The posted form as `model`: empty fields are left out, repeated ones become lists."""
    posted = request.form if given is None else given
    values: dict[str, Any] = {}
    for name in posted:
        every = [value.strip() for value in posted.getlist(name)]
        if name == "csrf_token" or not any(every):
            continue
        values[name] = every if len(every) > 1 else every[0]
    return model.model_validate(values)


def local_time(text: str, zone: ZoneInfo) -> datetime:
    """What an `<input type="datetime-local">` sent, as the instant it means in `zone`."""
    try:
        typed = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise NotATime from wrong
    return typed if typed.tzinfo else typed.replace(tzinfo=zone)
