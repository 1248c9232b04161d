"""What one call of the API takes and answers, said once: it is read, checked and documented by it.

A view names its body and query by annotation; `offers` parses them before the view runs:

    @room.post("/quotes")
    @may("request bookings")
    @offers(Call("Price a booking without writing it", "quotes", answer=Quote))
    def quote(body: QuoteBody) -> Response: ...
"""

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, request
from pydantic import BaseModel, ValidationError

from portal.api.fields import Body, Query
from portal.problems import Malformed

View = TypeVar("View", bound=Callable[..., Any])
Model = TypeVar("Model", bound=BaseModel)

# The largest booking (200 lines) needs a tenth of it.
LARGEST_BODY = 256 * 1024
NOT_JSON = {"json_invalid", "json_type"}
NO_OBJECT = {"model_type", "model_attributes_type", "dict_type"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the documentation shows it."""

    summary: str
    tag: str
    # A model, or the media type of an answer that is not JSON; None answers without a body.
    answer: type[BaseModel] | str | None
    status: int = 200
    # Refusals besides 401, 403 and 422, which any call may meet.
    refusals: tuple[int, ...] = ()
    body: type[Body] | None = None
    query: type[Query] | None = None
    # Sent as multipart/form-data, with a file in the part `file`.
    form: type[Query] | None = None
    is_body_optional: bool = False
    is_list: bool = False


def offers(call: Call) -> Callable[[View], View]:
    """Parse what the view's annotations name, and keep `call` for the documentation."""

    def bind(view: View) -> View:
        named = inspect.get_annotations(view)
        told = replace(
            call, body=named.get("body"), query=named.get("query"), form=named.get("form")
        )

        @wraps(view)
        def parsed(**path: Any) -> Any:
            if told.query is not None:
                path["query"] = read_query(told.query)
            if told.form is not None:
                path["form"] = read_form(told.form)
            if told.body is not None:
                path["body"] = read_body(told.body, optional=told.is_body_optional)
            return view(**path)

        parsed.call = told  # type: ignore[attr-defined]
        return cast("View", parsed)

    return bind


def read_body(model: type[Model], *, optional: bool = False) -> Model:
    """The JSON body as `model`; raises Malformed where it is no JSON object."""
    request.max_content_length = LARGEST_BODY
    raw = request.get_data()
    if optional and not raw:
        return model()
    if not request.is_json:
        raise Malformed("Send the body as JSON, with Content-Type: application/json.")
    try:
        return model.model_validate_json(raw)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_context=False, include_url=False)[0]
        if first["type"] in NOT_JSON:
            raise Malformed(f"The body is not valid JSON in UTF-8. {first['msg']}") from None
        if first["type"] in NO_OBJECT and not first["loc"]:
            raise Malformed("The body must be one JSON object: {…}.") from None
        raise


def read_form(model: type[Model]) -> Model:
    """The text parts of a multipart body as `model`; raises Malformed where it is none."""
    if request.mimetype != "multipart/form-data":
        raise Malformed("Send the file as multipart/form-data, in the part `file`.")
    # Kept as sent, so that an Idempotency-Key can tell another file from a repeat.
    request.get_data()
    given = {
        name: values if len(values) > 1 else values[0] for name, values in request.form.lists()
    }
    return model.model_validate(given)


def read_query(model: type[Model]) -> Model:
    """The query as `model`. A name given twice is a list, and refused where one is expected."""
    lists = {
        field.alias or name
        for name, field in model.model_fields.items()
        if getattr(field.annotation, "__origin__", None) is list
    }
    given: dict[str, Any] = {
        name: values if name in lists or len(values) > 1 else values[0]
        for name, values in request.args.lists()
    }
    return model.model_validate(given)


def answer(body: Any, status: int = 200, location: str | None = None) -> Response:
    """The body as compact JSON in UTF-8."""
    shown = Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        status,
        mimetype="application/json",
    )
    if location is not None:
        shown.headers["Location"] = location
    return shown
