"""Surveys of networks: asked for by an operator, done by a worker of the site, portion by portion.

Off unless the settings allow networks, in the web process and in the worker both. What was asked is
committed with every portion, so a worker that is killed leaves a survey that the next one goes on
with, and whoever cancels ends it at once: a worker that writes to an ended survey stops.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db, transaction
from monitoring import credentials
from monitoring.credentials import Keyring
from monitoring.errors import (
    BadSurvey,
    CredentialUnreadable,
    SurveyGoesOn,
    SurveyOver,
    SurveysOff,
    UnknownSurvey,
)
from monitoring.models import Candidate, Credential, CredentialKind, Survey, SurveyEnd
from monitoring.probes import surveying
from monitoring.probes.logins import SnmpCommunity, SnmpLogin, SnmpUser
from monitoring.probes.surveying import Pace
from rental import journal
from rental.models import Member, Site

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Allowed = Sequence[Network]

# A /22 of IPv4, a /118 of IPv6.
MOST_ADDRESSES = 1024
MOST_CREDENTIALS = 4
PORTION = 32
KEPT = 50
# With a site's id beside it: whoever holds this advisory lock does the site's survey.
SURVEY_LOCK = 0x4D43_0053


@dataclass(frozen=True, slots=True)
class NewSurvey:
    """What an operator asks for."""

    site: Site
    network: str
    credentials: Sequence[Credential]
    snmp_port: int = 161


def parsed(text: str) -> Network:
    """A network as it is typed, `192.0.2.0/24`; bits of a host are dropped. Raises BadSurvey."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError as wrong:
        raise BadSurvey(
            "“{network}” is no network; write it as 192.0.2.0/24.", network=text.strip()[:60]
        ) from wrong


def addresses(network: Network) -> Iterator[str]:
    """The addresses that devices may have there, in their sequence."""
    return (str(address) for address in network.hosts())


def permitted(text: str, allowed: Allowed) -> Network:
    """The network of a survey; raises SurveysOff, BadSurvey."""
    if not allowed:
        raise SurveysOff
    network = parsed(text)
    if network.num_addresses > MOST_ADDRESSES:
        raise BadSurvey(
            "{network} has more than {most} addresses; survey a smaller part, such as a /24.",
            network=str(network),
            most=MOST_ADDRESSES,
        )
    if not _is_within(network, allowed):
        raise BadSurvey(
            "{network} is not among the networks that may be surveyed: {allowed}.",
            network=str(network),
            allowed=[str(each) for each in allowed],
        )
    return network


def _is_within(network: Network, allowed: Allowed) -> bool:
    return any(
        network.version == each.version and network.subnet_of(each)  # type: ignore[arg-type]
        for each in allowed
    )


def ask(new: NewSurvey, allowed: Allowed, *, by: Member | None) -> Survey:
    """A survey that waits for a worker of the site; the same that goes on, if there is one.

    Raises SurveysOff, BadSurvey, or SurveyGoesOn for another network of the site.
    """
    network = permitted(new.network, allowed)
    _check(new)
    made = db.session.scalar(
        insert(Survey)
        .values(
            site_id=new.site.id,
            network=str(network),
            snmp_port=new.snmp_port,
            credential_ids=[each.id for each in new.credentials],
            asked_by_id=by.id if by else None,
            asked_at=clock.now(),
            total=sum(1 for _each in addresses(network)),
        )
        .on_conflict_do_nothing()
        .returning(Survey.id)
    )
    if made is None:
        return _the_same(new.site, network)
    survey = get(made)
    names = [each.name for each in new.credentials]
    journal.record(survey, "survey_asked", by=by, network=str(network), credentials=names)
    _forget_old()
    return survey


def _check(new: NewSurvey) -> None:
    if not 1 <= new.snmp_port <= 65535:
        raise BadSurvey("There is no port {port}; ports are 1 to 65535.", port=new.snmp_port)
    if not 1 <= len(new.credentials) <= MOST_CREDENTIALS:
        raise BadSurvey(
            "Choose one to {most} SNMP credentials: every address is asked with each.",
            most=MOST_CREDENTIALS,
        )
    if any(each.kind is CredentialKind.SSH for each in new.credentials):
        raise BadSurvey("A network is surveyed by SNMP; choose credentials for SNMP.")


def _the_same(site: Site, network: Network) -> Survey:
    going = db.session.scalar(
        sa.select(Survey).where(Survey.site_id == site.id, Survey.finished_at.is_(None))
    )
    if going is None:
        raise SurveyOver
    if going.network != str(network):
        raise SurveyGoesOn(network=going.network)
    return going


def get(survey_id: int) -> Survey:
    """The survey of this id; raises UnknownSurvey."""
    survey = db.session.get(Survey, survey_id)
    if survey is None:
        raise UnknownSurvey
    return survey


def recent(limit: int = 20) -> list[Survey]:
    """The newest surveys, with who asked for them."""
    query = sa.select(Survey).options(joinedload(Survey.site), joinedload(Survey.asked_by))
    return list(db.session.scalars(query.order_by(Survey.id.desc()).limit(limit)))


def counted(found: Sequence[Survey]) -> dict[int, int]:
    """How many devices answered in each of the surveys."""
    query = sa.select(Candidate.survey_id, sa.func.count()).where(
        Candidate.survey_id.in_([survey.id for survey in found])
    )
    return {row[0]: row[1] for row in db.session.execute(query.group_by(Candidate.survey_id))}


def _forget_old() -> None:
    kept = sa.select(Survey.id).order_by(Survey.id.desc()).limit(KEPT)
    db.session.execute(
        sa.delete(Survey).where(Survey.finished_at.is_not(None), Survey.id.not_in(kept))
    )


def cancel(survey: Survey, *, by: Member | None) -> None:
    """End it now; what was found so far stays. Raises SurveyOver."""
    if not _end(survey.id, SurveyEnd.CANCELLED):
        raise SurveyOver
    db.session.refresh(survey)
    journal.record(survey, "survey_cancelled", by=by, network=survey.network)


def _end(survey_id: int, how: SurveyEnd) -> bool:
    """End the survey if it goes on still; whether it did."""
    ended = db.session.execute(
        sa.update(Survey)
        .where(Survey.id == survey_id, Survey.finished_at.is_(None))
        .values(finished_at=clock.now(), ended=how)
        .returning(Survey.id)
    )
    return ended.scalar() is not None


def run_waiting(site_id: int, keyring: Keyring, allowed: Allowed, pace: Pace | None = None) -> int:
    """Do the site's survey that waits, or go on with it; how many addresses were asked.

    An edge: it commits each portion for itself. Who does it already keeps others out.
    """
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
        if not link.scalar(sa.select(sa.func.pg_try_advisory_lock(SURVEY_LOCK, site_id))):
            return 0
        try:
            return _run(site_id, keyring, allowed, pace or Pace())
        finally:
            link.execute(sa.select(sa.func.pg_advisory_unlock(SURVEY_LOCK, site_id)))


def _run(site_id: int, keyring: Keyring, allowed: Allowed, pace: Pace) -> int:
    with transaction():
        begun = _begin(site_id, keyring, allowed)
    if begun is None:
        return 0
    asked = 0
    left = islice(addresses(ipaddress.ip_network(begun.network)), begun.asked, None)
    try:
        while portion := list(islice(left, PORTION)):
            found = surveying.look(portion, begun.snmp_port, begun.logins, pace)
            with transaction():
                if not _keep(begun.survey_id, len(portion), found):
                    return asked
            asked += len(portion)
        with transaction():
            _end(begun.survey_id, SurveyEnd.DONE)
    except Exception:
        # Ended, or it would be begun again for ever; the job fails and its log says why.
        with transaction():
            _end(begun.survey_id, SurveyEnd.BROKE_OFF)
        raise
    return asked


@dataclass(frozen=True, slots=True)
class _Begun:
    """A survey as it is done, its logins opened: in a worker's memory only."""

    survey_id: int
    network: str
    snmp_port: int
    asked: int
    logins: dict[int, SnmpLogin]


def _begin(site_id: int, keyring: Keyring, allowed: Allowed) -> _Begun | None:
    survey = db.session.scalar(
        sa.select(Survey).where(Survey.site_id == site_id, Survey.finished_at.is_(None))
    )
    if survey is None:
        return None
    if not _is_within(ipaddress.ip_network(survey.network), allowed):
        _end(survey.id, SurveyEnd.NOT_ALLOWED)
        return None
    logins = _opened(survey, keyring)
    if not logins:
        _end(survey.id, SurveyEnd.LOCKED)
        return None
    if survey.begun_at is None:
        survey.begun_at = clock.now()
    return _Begun(survey.id, survey.network, survey.snmp_port, survey.asked, logins)


def _opened(survey: Survey, keyring: Keyring) -> dict[int, SnmpLogin]:
    """The logins in the sequence in which they are tried; those that do not open are left out."""
    logins: dict[int, SnmpLogin] = {}
    for credential_id in survey.credential_ids:
        row = db.session.get(Credential, credential_id)
        try:
            login = credentials.open_(row, keyring) if row is not None else None
        except CredentialUnreadable:
            continue
        if isinstance(login, SnmpCommunity | SnmpUser):
            logins[credential_id] = login
    return logins


def _keep(survey_id: int, count: int, found: Sequence[surveying.Found]) -> bool:
    """Write what a portion came to; False where the survey has ended meanwhile."""
    going = db.session.scalar(
        sa.update(Survey)
        .where(Survey.id == survey_id, Survey.finished_at.is_(None))
        .values(asked=Survey.asked + count)
        .returning(Survey.id)
    )
    if going is None:
        return False
    rows = [
        {
            "survey_id": survey_id,
            "address": each.address,
            "credential_id": each.login,
            "sys_name": each.name,
            "sys_descr": each.description,
            "object_id": each.object_id,
            "sys_services": each.services,
            "fault": each.fault.value if each.fault else None,
        }
        for each in found
    ]
    if rows:
        db.session.execute(insert(Candidate).on_conflict_do_nothing(), rows)
    return True
