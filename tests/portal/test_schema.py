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


def test_migrations_never_import_the_code():
    for path in (schema.MIGRATIONS / "versions").glob("*.py"):
        text = path.read_text()
        assert not any(
            f"{verb} {floor}" in text
            for verb in ("from", "import")
            for floor in ("config", "rental", "billing", "monitoring", "portal")
        )
