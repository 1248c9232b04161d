"""The least a web service can do: Flask, one SQLAlchemy Core insert, no sign-in, no rules.

Served by the same gunicorn beside the service, so that what the service adds can be seen.
"""

import os
from datetime import datetime

import sqlalchemy as sa
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

TABLE = """
CREATE TABLE IF NOT EXISTS bare_booking (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    resource_id integer NOT NULL,
    title text NOT NULL,
    during tstzrange NOT NULL,
    EXCLUDE USING gist (int4range(resource_id, resource_id, '[]') WITH &&, during WITH &&)
)
"""
INSERT = """
INSERT INTO bare_booking (resource_id, title, during)
VALUES ({0}resource{1}, {0}title{1}, tstzrange({0}starts_at{1}, {0}ends_at{1})) RETURNING id
"""


def create_app() -> Flask:
    """One route that inserts what it is sent."""
    app = Flask("bare")
    address = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(address, pool_size=10)
    insert = sa.text(INSERT.format(":", ""))

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "ok"}

    @app.post("/bookings")
    def book() -> ResponseReturnValue:
        sent = request.get_json()
        line = sent["lines"][0]
        row = {
            "resource": int(line["resource"][1:]),
            "title": sent["title"],
            "starts_at": datetime.fromisoformat(line["starts_at"]),
            "ends_at": datetime.fromisoformat(line["ends_at"]),
        }
        try:
            with engine.begin() as link:
                number = link.execute(insert, row).scalar_one()
        except sa.exc.IntegrityError:
            return Response(status=409)
        return {"id": number}, 201

    return app
