"""`GET /api/v1/openapi.json`: the API described by the models that it is parsed with."""

import json
import re
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, current_app
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule

from portal.api.calls import Call, offers
from portal.api.fields import Answer
from portal.idempotency import HEADER

room = Blueprint("api_openapi", __name__)

PREFIX = "/api/v1"
REFERENCE = "#/components/schemas/{model}"
ALWAYS = (401, 403, 422)
VERSION = "1.0.0"
_PATH_PART = re.compile(r"<(?:(\w+):)?(\w+)>")


class ConflictAnswer(Answer):
    """One shortage: how much of a resource is free in a period, and how much is wanted."""

    resource: str
    starts_at: str
    ends_at: str
    free: int
    wanted: int


class FieldProblem(Answer):
    """One wrong field and what is expected there."""

    field: str
    message: str


class ProblemAnswer(BaseModel):
    """RFC 9457. `conflicts` stands in every 409, `errors` where fields are wrong."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = None
    conflicts: list[ConflictAnswer] | None = None
    errors: list[FieldProblem] | None = None


class OpenApiAnswer(BaseModel):
    """An OpenAPI 3.1 document."""

    openapi: str


def calls(app: Flask) -> Iterator[tuple[Rule, str, Call]]:
    """Every route of the API with its method and what it says of itself; KeyError without."""
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(PREFIX):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            call = getattr(app.view_functions[rule.endpoint], "call", None)
            if call is None:
                raise KeyError(f"{method} {rule.rule} describes no call")
            yield rule, method.lower(), call


def _schemas(told: list[tuple[Rule, str, Call]]) -> dict[str, Any]:
    asked: dict[type[BaseModel], None] = {}
    shown: dict[type[BaseModel], None] = {ProblemAnswer: None}
    for _, _, call in told:
        models = (call.body, call.query, call.form)
        asked |= {model: None for model in models if model is not None}
        if isinstance(call.answer, type):
            shown[call.answer] = None
    named: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in asked),
        *((model, "serialization") for model in shown),
    ]
    _, document = models_json_schema(named, ref_template=REFERENCE)
    schemas: dict[str, Any] = document["$defs"]
    return schemas


def _parameters(rule: Rule, method: str, call: Call, schemas: dict[str, Any]) -> list[Any]:
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer" if kind == "int" else "string"},
        }
        for kind, name in _PATH_PART.findall(rule.rule)
    ]
    if call.query is not None:
        model = schemas[call.query.__name__]
        for name, schema in model["properties"].items():
            entry = {"name": name, "in": "query", "schema": schema}
            if name in model.get("required", ()):
                entry["required"] = True
            found.append(entry)
    if method == "post":
        found.append(
            {
                "name": HEADER,
                "in": "header",
                "description": "A repeat with the same key gets the first answer.",
                "schema": {"type": "string", "maxLength": 200},
            }
        )
    return found


TOTAL = (
    "How many there are on all pages. Beyond 10 000 nobody counts: it is one more than was "
    "counted, and rises as pages do."
)


def _content(call: Call) -> dict[str, Any]:
    if call.answer is None:
        return {}
    if isinstance(call.answer, str):
        return {"content": {call.answer: {"schema": {"type": "string", "format": "binary"}}}}
    schema: dict[str, Any] = {"$ref": REFERENCE.format(model=call.answer.__name__)}
    if call.is_list:
        schema = {
            "type": "object",
            "required": ["items", "total"],
            "properties": {
                "items": {"type": "array", "items": schema},
                "total": {"type": "integer", "description": TOTAL},
            },
        }
    return {"content": {"application/json": {"schema": schema}}}


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(model=ProblemAnswer.__name__)}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {"schema": schema}},
    }


def _operation(rule: Rule, method: str, call: Call, schemas: dict[str, Any]) -> dict[str, Any]:
    refusals = {*ALWAYS, *call.refusals} | ({400, 413} if call.body or call.form else set())
    operation: dict[str, Any] = {
        "operationId": rule.endpoint.rpartition(".")[2].strip("_"),
        "summary": call.summary,
        "description": (current_app.view_functions[rule.endpoint].__doc__ or "").strip(),
        "tags": [call.tag],
        "parameters": _parameters(rule, method, call, schemas),
        "responses": {
            str(call.status): {"description": HTTPStatus(call.status).phrase, **_content(call)},
            **{str(status): _problem(status) for status in sorted(refusals)},
        },
    }
    if call.body is not None:
        operation["requestBody"] = {
            "required": not call.is_body_optional,
            "content": {
                "application/json": {"schema": {"$ref": REFERENCE.format(model=call.body.__name__)}}
            },
        }
    if call.form is not None:
        operation["requestBody"] = _multipart(schemas[call.form.__name__])
    return operation


def _multipart(form: dict[str, Any]) -> dict[str, Any]:
    """A file in the part `file`, the fields of the form in parts beside it."""
    file = {"type": "string", "format": "binary"}
    schema = {
        "type": "object",
        "required": ["file", *form.get("required", ())],
        "properties": {"file": file, **form["properties"]},
    }
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def document(app: Flask) -> dict[str, Any]:
    """The whole description, OpenAPI 3.1."""
    told = list(calls(app))
    schemas = _schemas(told)
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, call in told:
        path = _PATH_PART.sub(r"{\2}", rule.rule)
        paths.setdefault(path, {})[method] = _operation(rule, method, call, schemas)
    queries = {m.__name__ for _, _, call in told for m in (call.query, call.form) if m is not None}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Media Center",
            "version": VERSION,
            "description": "Rentals, invoices and device health on one record.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            # Queries are written out parameter by parameter; what they refer to stays.
            "schemas": {name: each for name, each in schemas.items() if name not in queries},
        },
    }


@cache
def _written(app: Flask) -> str:
    return json.dumps(document(app), ensure_ascii=False)


@room.get("/openapi.json")
@offers(Call("This description", "description", answer=OpenApiAnswer))
def openapi() -> Response:
    """For everybody: it says nothing that is not public."""
    return Response(_written(current_app._get_current_object()), mimetype="application/json")  # type: ignore[attr-defined]  # noqa: SLF001
