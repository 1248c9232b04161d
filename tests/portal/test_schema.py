"""The numbered migrations lead from nothing to what the models say."""

from pathlib import Path

import sqlalchemy as sa

from config import embedded
from portal import schema


def test_the_migrations_lead_from_empty_to_the_models_without_drift(database_url):
    engine = sa.create_engine(database_url)
    with engine.connect() as link:
        assert schema.drift(link) == []


def test_upgrading_twice_changes_nothing(database_url):
    engine = sa.create_engine(database_url)
    with engine.begin() as link:
        before = sa.inspect(link).get_table_names()
        schema.upgrade_on(link)
        assert sa.inspect(link).get_table_names() == before


def test_the_first_upgrade_can_be_taken_back(tmp_path: Path):
    with embedded.serve(tmp_path) as url:
        engine = sa.create_engine(url)
        with engine.begin() as link:
            schema.upgrade_on(link)
        with engine.begin() as link:
            schema.downgrade_on(link, "base")
            tables = sa.inspect(link).get_table_names()
        engine.dispose()
    assert [t for t in tables if not t.startswith("procrastinate_")] == ["alembic_version"]


def test_reasons_of_remediations_from_before_stay_as_they_were_written(database_url):
    engine = sa.create_engine(database_url)
    with engine.connect() as link, link.begin() as all_of_it:
        schema.downgrade_on(link, "0051-1")
        link.execute(sa.text("SET LOCAL session_replication_role = replica"))
        row = (
            "INSERT INTO remediation (id, device_id, violation_id, rule, playbook, variables,"
            " is_risky, status, planned_at, artefact, is_during_events, reason) VALUES"
            " (:id, 1, :id, 'L01', 'sshd_options', '{}', true, 'failed', now(), '[]', false, :said)"
        )
        for number, said in ((1, "it broke {L02}; 100 %(x)s"), (2, None)):
            link.execute(sa.text(row), {"id": number, "said": said})
        schema.upgrade_on(link)
        kept = link.scalars(sa.text("SELECT reasons FROM remediation ORDER BY id")).all()
        assert kept == [[{"template": "it broke {L02}; 100 %(x)s", "values": {}}], []]
        schema.downgrade_on(link, "0051-1")
        before = link.scalars(sa.text("SELECT reason FROM remediation ORDER BY id")).all()
        assert before == ["it broke {L02}; 100 %(x)s", None]
        all_of_it.rollback()
    engine.dispose()


def test_migrations_never_import_the_code():
    for path in (schema.MIGRATIONS / "versions").glob("*.py"):
        text = path.read_text()
        assert not any(
            f"{verb} {floor}" in text
            for verb in ("from", "import")
            for floor in ("config", "rental", "billing", "monitoring", "portal")
        )
