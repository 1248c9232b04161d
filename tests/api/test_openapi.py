"""The API describes itself, wholly and validly."""

import re
from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator

from portal.api import openapi
from portal.api.openapi import PREFIX
from portal.idempotency import HEADER

HOME = Path(__file__).parent.parent.parent
REFERENCE = (HOME / "docs" / "reference" / "api.md").read_text()


def routes(app):
    """Every method and path of the API, whatever described it or not."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PREFIX):
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                yield method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


def test_the_description_is_valid_openapi_3_1(centre):
    told = centre.nobody.get("/openapi.json").json
    assert told["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(told).iter_errors()) == []


def test_every_route_is_described(service):
    with service.app_context():
        paths = openapi.document(service)["paths"]
    described = {(m.upper(), path) for path, methods in paths.items() for m in methods}
    assert described == set(routes(service))


def test_every_route_stands_in_the_reference(service):
    missing = [
        f"{method} {path}"
        for method, path in routes(service)
        if f"`{method} {path.removeprefix(PREFIX)}`" not in REFERENCE
    ]
    assert missing == []


def test_every_post_that_writes_takes_an_idempotency_key(service):
    for rule, method, call in openapi.calls(service):
        if method == "post":
            view = service.view_functions[rule.endpoint]
            # A checkout commits before it asks Stripe; asked again it gives the same page.
            # A device that asks again is looked at again.
            writes = not rule.rule.endswith(("/quotes", "/preview", "/checkout", "/authorize"))
            assert is_once(view) == writes, call.summary


def is_once(view):
    while view is not None:
        if view.__code__.co_name == "guarded" and "_claim" in view.__code__.co_names:
            return True
        view = getattr(view, "__wrapped__", None)
    return False


def test_operations_have_names_of_their_own(service):
    with service.app_context():
        paths = openapi.document(service)["paths"]
    names = [each["operationId"] for methods in paths.values() for each in methods.values()]
    assert len(names) == len(set(names))


def test_times_and_keys_are_described(service):
    with service.app_context():
        told = openapi.document(service)
    line = told["components"]["schemas"]["LineBody"]
    assert line["properties"]["starts_at"]["format"] == "date-time"
    assert line["additionalProperties"] is False
    post = told["paths"][f"{PREFIX}/bookings"]["post"]
    assert HEADER in [each["name"] for each in post["parameters"]]
    assert {"201", "400", "401", "403", "404", "409", "413", "422"} <= set(post["responses"])
