"""The worker's round of endpoints takes a hall's gear off the calendar for its TLS, and back on."""

from pathlib import Path

import pytest
from flask import Flask

from config.database import db
from monitoring import endpoints
from monitoring.endpoints import NewEndpoint
from monitoring.probes.reached import EndpointKind
from portal import rounds
from tests import build
from tests.monitoring.endpoint_servers import DAY, Authority, saying, served
from tests.monitoring.policy_world import open_closures
from tests.monitoring.tls_world import PAGE, Worn, an_encoder, kept, lines


def test_a_round_judges_what_it_has_just_seen(
    service: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    vouching = tmp_path / "authorities.pem"
    vouching.write_text(authority.pem)
    here = service.extensions["settings"]
    allowed = {"probe_own_addresses": True, "probe_authorities": vouching}
    monkeypatch.setitem(service.extensions, "settings", here.model_copy(update=allowed))
    worn = Worn(authority.server("127.0.0.1", -DAY))
    device = an_encoder(resource=build.a_circuit())
    with served(saying(PAGE), worn) as port:
        new = NewEndpoint("Trang", EndpointKind.HTTP, port, is_secure=True, timeout_seconds=10)
        page = endpoints.add(device, new, by=None)
        db.session.commit()
        rounds.endpoints.reach_endpoints(device.site.slug)
        assert {*kept(device).values()} == {"fail"}
        assert lines(device, "X04")[0].startswith("Trang: the certificate ended on ")
        assert len(open_closures(device)) == 1
        worn.context = authority.server("127.0.0.1")
        endpoints.ask_now(page)
        db.session.commit()
        rounds.endpoints.reach_endpoints(device.site.slug)
    assert {*kept(device).values()} == {"pass"}
    assert open_closures(device) == []
