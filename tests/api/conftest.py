"""The Centre as an API client meets it: the whole service, a small catalogue, one caller a role."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from config.database import db, transaction
from config.settings import Settings
from portal import tokens
from portal.api.openapi import ProblemAnswer
from portal.app import create_app
from rental.models import Part, Role
from tests.build import a_hall, a_member, a_site, a_unit, equipment
from tests.conftest import wipe

DAY = "2030-03-05"


def at(clock_time: str, day: str = DAY) -> str:
    """`at("09:00")`: that hour of the test's Tuesday, in Ho Chi Minh City."""
    return f"{day}T{clock_time}:00+07:00"


@pytest.fixture(scope="session")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The assembled service."""
    settings = Settings(
        database_url=database_url, data=tmp_path_factory.mktemp("api"), log_level="ERROR"
    )
    return create_app(settings)


@dataclass
class Caller:
    """Somebody with a token. Every answer is held against the model that documents it."""

    app: Flask
    token: str | None

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = dict(more.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        client = self.app.test_client()
        found = client.open(f"/api/v1{path}", method=method, headers=headers, **more)
        self._hold_against_its_description(method, found)
        return found

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        if body is not None:
            more["json"] = body
        return self.call("POST", path, **more)

    def patch(self, path: str, body: Any, **more: Any) -> TestResponse:
        return self.call("PATCH", path, json=body, **more)

    def _hold_against_its_description(self, method: str, found: TestResponse) -> None:
        assert found.status_code < 500, found.get_data(as_text=True)
        if found.status_code >= 400:
            assert found.mimetype == "application/problem+json"
            problem = ProblemAnswer.model_validate(found.json)
            assert problem.status == found.status_code
            assert problem.detail
            assert (problem.conflicts is not None) == (found.status_code == 409)
            return
        endpoint = self.app.url_map.bind("").match(found.request.path, method=method)[0]
        call = self.app.view_functions[endpoint].call
        assert found.status_code == call.status
        if isinstance(call.answer, str):
            assert found.mimetype == call.answer
        elif call.is_list:
            assert set(found.json) == {"items", "total"}
            for item in found.json["items"]:
                call.answer.model_validate_json(json.dumps(item))
        else:
            call.answer.model_validate_json(found.get_data())


@dataclass
class Centre:
    """What stands in the database, and who may call."""

    app: Flask
    tokens: dict[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Caller:
        if name == "nobody":
            return Caller(self.app, None)
        try:
            return Caller(self.app, self.tokens[name])
        except KeyError:
            raise AttributeError(name) from None


def booking(**over: Any) -> dict[str, Any]:
    """A body that is accepted: H100 on a Tuesday morning."""
    return {
        "title": "Họp báo thường kỳ",
        "event_kind": "conference",
        "lines": [line()],
        **over,
    }


def line(resource: str = "H100", **over: Any) -> dict[str, Any]:
    """One line of it."""
    return {
        "resource": resource,
        "quantity": 1,
        "starts_at": at("09:00"),
        "ends_at": at("11:00"),
        **over,
    }


def _people() -> dict[str, str]:
    centre = a_unit(slug="centre", is_centre=True)
    unit_a, unit_b = a_unit(slug="unit-a"), a_unit(slug="unit-b")
    members = {
        "member": a_member(unit=unit_a),
        "head": a_member(unit=unit_a, role=Role.HEAD),
        "stranger": a_member(unit=unit_b),
        **{
            role.value: a_member(unit=centre, role=role)
            for role in (
                Role.DESK, Role.FINANCE, Role.OPERATOR, Role.DIRECTOR, Role.ADMINISTRATOR,
            )
        },
    }  # fmt: skip
    return {name: tokens.issue(member) for name, member in members.items()}


def _catalogue() -> None:
    site = a_site(slug="hcmc")
    hall = a_hall(site=site, code="H100", seats=100, name="Hội trường 100")
    a_hall(site=site, code="H50", seats=50, name="Hội trường 50", turnaround_after_minutes=30)
    cable = equipment(site=site, code="CABLE", stock=20)
    equipment(site=site, code="MIC", stock=7, name="Micrô không dây")
    kit = equipment(site=site, code="KIT", stock=3)
    whole = a_hall(site=site, code="WHOLE", seats=150)
    db.session.add_all(
        [Part(whole=kit, part=cable, quantity=3), Part(whole=whole, part=hall, quantity=1)]
    )
    db.session.flush()


@pytest.fixture
def centre(service: Flask, database_url: str) -> Iterator[Centre]:
    """The Centre on an empty database that is wiped after the test."""
    with service.app_context(), transaction():
        people = _people()
        _catalogue()
    yield Centre(service, people)
    wipe(database_url)


def requested(caller, **over):
    """A booking that the caller asked for."""
    found = caller.post("/bookings", booking(**over))
    assert found.status_code == 201, found.json
    return found.json


def free_at_ten(centre, code="H100"):
    """How many are free in the first minute after ten."""
    found = centre.member.get(
        "/availability", query_string={"from": at("10:00"), "to": at("10:01"), "resource": code}
    )
    return found.json["resources"][0]["segments"][0]["free"]
