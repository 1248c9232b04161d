"""Surveys of networks over the API: begun, followed, cancelled, and what answered added."""

from typing import Any

from flask import Blueprint, Response, current_app, url_for
from pydantic import Field

from config.database import db
from config.settings import Settings
from monitoring import candidates, credentials, surveys
from monitoring.candidates import Chosen, Looked
from monitoring.errors import UnknownCredential
from monitoring.models import Credential, DeviceRole, Platform, Survey, SurveyEnd
from monitoring.surveys import NewSurvey
from portal import jobs
from portal.access import current_member, may
from portal.api.calls import Call, answer, offers
from portal.api.device_answers import DeviceAnswer, device_as_json
from portal.api.fields import LARGEST_ID, Answer, Body, Slug, Text, Word
from portal.api.instants import local, local_or_none
from portal.idempotency import once
from rental import units

room = Blueprint("api_surveys", __name__)


class SurveyBody(Body):
    """A network within what the settings allow, and the names of SNMP credentials."""

    network: Text = Field(min_length=1, max_length=43, examples=["192.0.2.0/24"])
    credentials: list[Word] = Field(min_length=1, max_length=surveys.MOST_CREDENTIALS)
    snmp_port: int = Field(default=161, ge=1, le=65535)
    site: Slug | None = None


class CandidateAnswer(Answer):
    """An address that answered, what it says, and what it is suggested as."""

    id: int
    address: str
    credential: str | None
    sys_name: str | None
    sys_descr: str | None
    object_id: str | None
    fault: str | None = Field(description="garbled, unreadable or nothing: it cannot be added.")
    device: str | None = Field(description="The device of the inventory that it is already.")
    suggested_name: str
    suggested_role: DeviceRole
    suggested_platform: Platform
    device_type: str | None


class SurveyAnswer(Answer):
    """One survey: how far it is, how it ended, what answered."""

    id: int
    site: str
    network: str
    snmp_port: int
    asked_at: str
    finished_at: str | None
    ended: SurveyEnd | None
    total: int
    asked: int
    candidates: list[CandidateAnswer]


class ChosenBody(Body):
    """A candidate to add, under a name."""

    id: int = Field(ge=1, le=LARGEST_ID)
    name: Text = Field(min_length=1, max_length=80)
    role: DeviceRole = DeviceRole.OTHER


class ChosenCandidates(Body):
    """Those to add, all of them or none."""

    candidates: list[ChosenBody] = Field(min_length=1, max_length=surveys.MOST_ADDRESSES)


class AddedDevices(Answer):
    """The devices that were added."""

    items: list[DeviceAnswer]


def _credential(name: str) -> Credential:
    found = credentials.find(name)
    if found is None:
        raise UnknownCredential
    return found


def _candidate(looked: Looked) -> dict[str, Any]:
    one, suggestion = looked.candidate, looked.suggestion
    return {
        "id": one.id,
        "address": one.address,
        "credential": one.credential.name if one.credential else None,
        "sys_name": one.sys_name,
        "sys_descr": one.sys_descr,
        "object_id": one.object_id,
        "fault": one.fault,
        "device": looked.known.name if looked.known else None,
        "suggested_name": suggestion.name,
        "suggested_role": suggestion.role,
        "suggested_platform": suggestion.platform,
        "device_type": suggestion.type,
    }


def _as_json(survey: Survey) -> dict[str, Any]:
    return {
        "id": survey.id,
        "site": survey.site.slug,
        "network": survey.network,
        "snmp_port": survey.snmp_port,
        "asked_at": local(survey.asked_at),
        "finished_at": local_or_none(survey.finished_at),
        "ended": survey.ended,
        "total": survey.total,
        "asked": survey.asked,
        "candidates": [_candidate(each) for each in candidates.of(survey)],
    }


@room.post("/surveys")
@may("manage devices")
@offers(Call("Survey a network", "devices", answer=SurveyAnswer, status=201, refusals=(404, 409)))
@once
def begin_survey(body: SurveyBody) -> Response:
    """A worker of the site does it. The same network again is the survey that goes on."""
    settings: Settings = current_app.extensions["settings"]
    kept = [_credential(name) for name in dict.fromkeys(body.credentials)]
    new = NewSurvey(units.site(body.site), body.network, kept, body.snmp_port)
    survey = surveys.ask(new, settings.surveyable, by=current_member())
    link = db.session.connection().connection.driver_connection
    jobs.defer(link, "survey_networks", survey.site.slug)  # type: ignore[arg-type]
    where = url_for("api_surveys.survey", survey_id=survey.id)
    return answer(_as_json(survey), 201, location=where)


@room.get("/surveys/<int:survey_id>")
@may("manage devices")
@offers(Call("One survey", "devices", answer=SurveyAnswer, refusals=(404,)))
def survey(survey_id: int) -> Response:
    """How far it is, and what answered so far."""
    return answer(_as_json(surveys.get(survey_id)))


@room.post("/surveys/<int:survey_id>/cancel")
@may("manage devices")
@offers(Call("Cancel a survey", "devices", answer=SurveyAnswer, refusals=(404, 409)))
@once
def cancel_survey(survey_id: int) -> Response:
    """It ends at once; what answered stays."""
    found = surveys.get(survey_id)
    surveys.cancel(found, by=current_member())
    return answer(_as_json(found))


@room.post("/surveys/<int:survey_id>/devices")
@may("manage devices")
@offers(
    Call("Add what a survey found", "devices", answer=AddedDevices, status=201, refusals=(404, 409))
)
@once
def add_candidates(survey_id: int, body: ChosenCandidates) -> Response:
    """All of them or none; those that were added before are left out."""
    chosen = {each.id: Chosen(each.name, each.role) for each in body.candidates}
    added = candidates.add(surveys.get(survey_id), chosen, by=current_member())
    return answer({"items": [device_as_json(device) for device in added]}, 201)
