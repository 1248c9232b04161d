"""Surveys of networks: asked for, followed live, and what answered put into the inventory."""

from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from config import clock
from config.database import db, transaction
from config.errors import Conflict, Invalid, NotFound, Refusal
from config.settings import Settings
from monitoring import candidates, credentials, surveys
from monitoring.candidates import Chosen
from monitoring.models import Credential, CredentialKind, DeviceRole, Survey, SurveyEnd
from monitoring.probes.surveying import Fault
from monitoring.surveys import Allowed, NewSurvey
from portal import jobs
from portal.access import current_member, may
from portal.pages import reading
from portal.pages.sentences import spoken
from rental import units

pages = Blueprint("surveys", __name__, url_prefix="/devices/surveys")

# How it ended: tone, and the sentence.
ENDS: dict[SurveyEnd, tuple[str, Any]] = {
    SurveyEnd.DONE: ("good", lazy_gettext("Every address was asked.")),
    SurveyEnd.CANCELLED: (
        "warn",
        lazy_gettext("It was cancelled. What had answered until then is listed."),
    ),
    SurveyEnd.NOT_ALLOWED: (
        "bad",
        lazy_gettext(
            "The worker of this site may not survey this network. Set "
            "MEDIA_CENTER_SURVEY_NETWORKS there too, restart it, and begin anew."
        ),
    ),
    SurveyEnd.LOCKED: (
        "bad",
        lazy_gettext(
            "None of the credentials can be opened with the keys of the worker. Restore the key "
            "that they are sealed with, or enter them again."
        ),
    ),
    SurveyEnd.BROKE_OFF: (
        "bad",
        lazy_gettext("It broke off by a fault of ours. The log of the worker says why."),
    ),
}
FAULTS = {
    Fault.GARBLED.value: lazy_gettext("Answers, but does not speak SNMP as it should."),
    Fault.UNREADABLE.value: lazy_gettext("Speaks SNMP, but refuses the users that were tried."),
    Fault.NOTHING.value: lazy_gettext("Answers, but tells nothing of itself: look at its view."),
}


@dataclass(slots=True)
class TypedSurvey:
    """The form as it was typed."""

    network: str = ""
    site: str = ""
    snmp_port: str = "161"
    credentials: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def _allowed() -> Allowed:
    settings: Settings = current_app.extensions["settings"]
    return settings.surveyable


def _index(typed: TypedSurvey, status: int = 200) -> tuple[str, int]:
    found = surveys.recent()
    page = render_template(
        "devices/surveys.html",
        typed=typed,
        surveys=found,
        counted=surveys.counted(found),
        networks=[str(network) for network in _allowed()],
        most=surveys.MOST_CREDENTIALS,
        sites=[(site.slug, site.name) for site in units.sites()],
        logins=[one for one in credentials.all_() if one.kind is not CredentialKind.SSH],
    )
    return page, status


@pages.get("")
@may("manage devices")
def index() -> tuple[str, int]:
    """The form, and the surveys there were."""
    return _index(TypedSurvey())


@pages.post("")
@may("manage devices")
def begin() -> Response | tuple[str, int]:
    """Ask for a survey; whoever asks for the same while it goes on sees that one."""
    form = request.form
    typed = TypedSurvey(
        form.get("network", "")[:60],
        form.get("site", ""),
        form.get("snmp_port", "161"),
        form.getlist("credential"),
    )
    try:
        with transaction():
            new = NewSurvey(
                units.site(typed.site or None),
                typed.network,
                _chosen_logins(typed),
                reading.integer(form, "snmp_port") or 161,
            )
            survey = surveys.ask(new, _allowed(), by=current_member())
            link = db.session.connection().connection.driver_connection
            jobs.defer(link, "survey_networks", survey.site.slug)  # type: ignore[arg-type]
            survey_id = survey.id
    except (Invalid, Conflict, NotFound) as refusal:
        typed.errors.append(spoken(refusal))
        return _index(typed, 409 if isinstance(refusal, Conflict) else 422)
    return redirect(url_for(".show", survey_id=survey_id))


def _chosen_logins(typed: TypedSurvey) -> list[Credential]:
    ids = [reading.integer({"credential": each}, "credential") for each in typed.credentials]
    return [credentials.get(each) for each in dict.fromkeys(ids) if each is not None]


@dataclass(slots=True)
class TypedChoice:
    """What was typed beside the candidates, and what is wrong with it."""

    chosen: set[int] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    roles: dict[int, str] = field(default_factory=dict)
    wrong: dict[int, str] = field(default_factory=dict)
    refusal: str | None = None


def _show(survey: Survey, typed: TypedChoice, status: int = 200) -> tuple[str, int]:
    looked = candidates.of(survey)
    tone, said = ENDS[survey.ended] if survey.ended is not None else ("info", "")
    page = render_template(
        "devices/_survey.html" if reading.is_partial() else "devices/survey.html",
        survey=survey,
        looked=looked,
        choosable=sum(each.can_be_added for each in looked),
        typed=typed,
        chooses_all=request.args.get("choose") == "all",
        tone=tone,
        said=said,
        faults=FAULTS,
        waited=(clock.now() - survey.asked_at).total_seconds(),
    )
    return page, status


@pages.get("/<int:survey_id>")
@may("manage devices")
def show(survey_id: int) -> tuple[str, int]:
    """One survey: how far it is, and what answered."""
    return _show(surveys.get(survey_id), TypedChoice())


@pages.post("/<int:survey_id>/cancel")
@may("manage devices")
def cancel(survey_id: int) -> Response:
    """End it now."""
    with transaction():
        surveys.cancel(surveys.get(survey_id), by=current_member())
    return redirect(url_for(".show", survey_id=survey_id))


@pages.post("/<int:survey_id>/devices")
@may("manage devices")
def add(survey_id: int) -> Response | tuple[str, int]:
    """Add the chosen candidates, all of them or none and the reason."""
    typed = _typed()
    try:
        with transaction():
            chosen = {
                each: Chosen(
                    typed.names.get(each, ""),
                    reading.word(request.form, f"role-{each}", DeviceRole) or DeviceRole.OTHER,
                )
                for each in sorted(typed.chosen)
            }
            added = candidates.add(surveys.get(survey_id), chosen, by=current_member())
            count = len(added)
    except (Invalid, Conflict) as refusal:
        _put_beside(typed, refusal)
        return _show(surveys.get(survey_id), typed, 409 if isinstance(refusal, Conflict) else 422)
    flash(
        _("Added: %(count)s devices. They are polled from the next round on.", count=count), "good"
    )
    return redirect(url_for(".show", survey_id=survey_id))


def _typed() -> TypedChoice:
    form = request.form
    typed = TypedChoice({int(each) for each in form.getlist("candidate") if each.isdecimal()})
    for name, text in form.items():
        kind, _dash, number = name.partition("-")
        if number.isdecimal():
            if kind == "name":
                typed.names[int(number)] = text.strip()
            elif kind == "role":
                typed.roles[int(number)] = text
    return typed


def _put_beside(typed: TypedChoice, refusal: Refusal) -> None:
    """The reason beside the name it is about, else above the list."""
    name = refusal.details.get("name")
    about = [each for each in typed.chosen if name and typed.names.get(each) == name]
    for each in about:
        typed.wrong[each] = spoken(refusal)
    if not about:
        typed.refusal = spoken(refusal)
