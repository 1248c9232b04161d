"""What a survey found: what each may be added as, which are known, and adding the chosen ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from config.database import db
from monitoring import device_batches
from monitoring.device_batches import Planned
from monitoring.devices import NewDevice
from monitoring.errors import BadSurvey, CandidateTaken
from monitoring.models import Candidate, Device, DeviceRole, Survey
from monitoring.probes.profiles import shelf
from monitoring.suggestions import Suggestion, Told, suggest
from rental import journal
from rental.models import Member


@dataclass(frozen=True, slots=True)
class Looked:
    """A candidate, what it is suggested as, and the device of the inventory that it is already."""

    candidate: Candidate
    suggestion: Suggestion
    known: Device | None

    @property
    def can_be_added(self) -> bool:
        """Whether it may be chosen."""
        return self.known is None and self.candidate.fault is None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an operator makes of a candidate."""

    name: str
    role: DeviceRole


def of(survey: Survey) -> list[Looked]:
    """What answered, in the sequence of addresses; raises nothing for what agents say."""
    links = (joinedload(Candidate.credential), joinedload(Candidate.device))
    query = sa.select(Candidate).where(Candidate.survey_id == survey.id).options(*links)
    found = db.session.scalars(query.order_by(Candidate.id)).all()
    known = _known(survey, [each.address for each in found])
    return [
        Looked(each, _suggestion(each), each.device or known.get(each.address)) for each in found
    ]


def _known(survey: Survey, addresses: Sequence[str]) -> dict[str, Device]:
    """Devices in use at these addresses and the survey's port."""
    query = sa.select(Device).where(
        Device.address.in_(addresses),
        Device.snmp_port == survey.snmp_port,
        Device.retired_at.is_(None),
    )
    return {device.address: device for device in db.session.scalars(query)}


def _suggestion(candidate: Candidate) -> Suggestion:
    told = Told(
        candidate.address,
        candidate.sys_name,
        candidate.sys_descr,
        candidate.object_id,
        candidate.sys_services,
    )
    return suggest(told, shelf().profiles)


def add(survey: Survey, chosen: Mapping[int, Chosen], *, by: Member | None) -> list[Device]:
    """Put the chosen candidates (by id) into the inventory, all of them or none.

    Those that are there already, by a press before, are left out. Raises BadSurvey, BadDevice,
    CandidateTaken.
    """
    db.session.execute(sa.select(Survey.id).where(Survey.id == survey.id).with_for_update())
    device_batches.lock({each.name for each in chosen.values()})
    looked = {each.candidate.id: each for each in of(survey)}
    if not chosen or not chosen.keys() <= looked.keys():
        raise BadSurvey("Choose at least one of the devices that were found.")
    wanted = [looked[each] for each in chosen if looked[each].candidate.device_id is None]
    planned = [_planned(survey, each, chosen[each.candidate.id]) for each in wanted]
    _refuse_doubles([each.new.name for each in planned])
    try:
        with db.session.begin_nested():
            device_batches.take_in(planned, by=by)
    except IntegrityError as taken:
        raise CandidateTaken from taken
    added = [
        db.session.scalars(sa.select(Device).where(Device.name == each.new.name)).one()
        for each in planned
    ]
    for each, device in zip(wanted, added, strict=True):
        each.candidate.device_id = device.id
    names = [device.name for device in added]
    journal.record(survey, "survey_added", by=by, network=survey.network, devices=names)
    db.session.flush()
    return added


def _planned(survey: Survey, looked: Looked, chosen: Chosen) -> Planned:
    candidate, suggestion = looked.candidate, looked.suggestion
    if looked.known is not None:
        raise CandidateTaken(
            "{address} is {name} already; leave it out.",
            address=candidate.address,
            name=looked.known.name,
        )
    if candidate.fault is not None or candidate.credential is None:
        raise BadSurvey(
            "{address} cannot be read with a credential that is kept here; leave it out.",
            address=candidate.address,
        )
    return Planned(
        NewDevice(
            chosen.name.strip(),
            candidate.address,
            survey.site,
            chosen.role,
            suggestion.platform,
            snmp_port=survey.snmp_port,
            snmp_credential=candidate.credential,
            vendor=suggestion.vendor,
        )
    )


def _refuse_doubles(names: Sequence[str]) -> None:
    taken = set(db.session.scalars(sa.select(Device.name).where(Device.name.in_(names))))
    for name in names:
        if name in taken or names.count(name) > 1:
            raise CandidateTaken(
                "The name {name} stands there twice, or a device has it already; choose another.",
                name=name,
            )
