"""Numbers stay gapless while eight processes issue, some roll back and one is killed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from billing import invoices
from billing.models import Invoice, InvoiceStatus
from config.database import db
from rental import bookings
from tests import build
from tests.billing.steps import asked

HOME = Path(__file__).parents[2]
ISSUERS, DRAFTS = 8, 48
# Issues the drafts it is given; one in ten is rolled back after its number was taken, then again.
ISSUER = """
import random, sys
from config.database import db, transaction
from config.errors import Refusal
from config.settings import Settings
from portal.app import create_app
from billing import invoices

class Lost(Exception):
    pass

url, data, seed, *ids = sys.argv[1:]
chance = random.Random(int(seed))
app = create_app(Settings(database_url=url, data=data, log_level="ERROR"))
with app.app_context():
    print("ready", flush=True)
    for invoice_id in map(int, ids):
        while True:
            try:
                with transaction():
                    invoices.issue(invoices.get(invoice_id), by=None)
                    if chance.random() < 0.1:
                        raise Lost
            except Lost:
                continue
            except Refusal:
                pass
            break
"""


@pytest.fixture
def drafts(house, desk):
    """Drafts that wait to be issued, committed."""
    build.a_hall(code="H100", stock=DRAFTS)
    found = []
    for _ in range(DRAFTS):
        booking = asked("H100")
        bookings.confirm(booking, by=desk)
        found.append(invoices.draft_for(booking).id)
    db.session.commit()
    return found


@pytest.mark.slow
def test_eight_issuers_ten_per_cent_rolled_back_and_one_killed(drafts, database_url, tmp_path):
    def issuer(seed: int, ids: list[int]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", ISSUER, database_url, str(tmp_path), str(seed), *map(str, ids)],
            cwd=HOME, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    chance = random.Random(7)
    # Every draft is given to two of them, so that they also meet over one.
    shares = [chance.sample(drafts, DRAFTS // 4) for _ in range(ISSUERS)]
    running = [issuer(seed, share) for seed, share in enumerate(shares)]
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    killed = running[0]
    until = time.monotonic() + 20
    while time.monotonic() < until and not db.session.scalar(
        sa.select(sa.func.count(Invoice.id)).where(Invoice.number.is_not(None))
    ):
        db.session.rollback()
    os.kill(killed.pid, signal.SIGKILL)
    assert [each.wait(timeout=120) for each in running[1:]] == [0] * (ISSUERS - 1)
    killed.wait(timeout=10)
    db.session.rollback()
    # Whoever comes next goes on where they stopped.
    left = db.session.scalars(sa.select(Invoice).where(Invoice.status == InvoiceStatus.DRAFT)).all()
    for draft in left:
        invoices.issue(draft, by=None)
    numbers = db.session.scalars(sa.select(Invoice.number).order_by(Invoice.number)).all()
    assert numbers == list(range(1, DRAFTS + 1))
