"""One database, PostgreSQL: the declarative base, aware UTC columns and `transaction()`."""

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Enum, MetaData, Select, func, orm, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware going in, aware UTC coming out. A naive time is a programming error."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  # SQLAlchemy's signature
    ) -> datetime | None:
        """Refuse naive times before they reach a row."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: give it a zone")
        return value.astimezone(UTC)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  # SQLAlchemy's signature
    ) -> datetime | None:
        """Give every time back in UTC, whatever zone the connection speaks."""
        return value.astimezone(UTC) if value is not None else None


class Base(DeclarativeBase):
    """What every table inherits: aware times and named constraints."""

    # Passed as a registry: `type_annotation_map` on the class breaks Flask-SQLAlchemy 3.1.
    registry = orm.registry(
        type_annotation_map={
            datetime: UtcDateTime,
            dict[str, Any]: JSONB,
            list[Any]: JSONB,
            # Stored as the word itself, so that SQL and people read the same.
            enum.Enum: Enum(
                enum.Enum,
                native_enum=False,
                create_constraint=False,
                length=24,
                values_callable=lambda kind: [member.value for member in kind],
            ),
        },
        metadata=MetaData(naming_convention=NAMES),
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True)


# Beyond it nobody counts: a list says "more than", and its next page is there all the same.
COUNTED = 10_000


def bounded_count(query: Select[Any], beyond: int = 0) -> int:
    """How many rows a query has, so that a list's count does not grow with its history.

    Exact up to 10 000, or up to `beyond` where a page lies further back; else one more than that.
    """
    most = max(COUNTED, beyond) + 1
    counted = select(func.count()).select_from(query.order_by(None).limit(most).subquery())
    return db.session.scalar(counted) or 0


@contextmanager
def transaction() -> Iterator[None]:
    """Commit what the block did, or nothing of it. Edges open it; services only add and flush."""
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
