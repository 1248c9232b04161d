"""Web workers die by SIGKILL while everybody books, confirms, changes, invoices, pays and credits.

Whatever was cut off happened wholly or not at all; nothing deadlocks; every ledger still agrees.
"""

import http.client
import os
import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event

import psycopg
import pytest

from tests.api.conftest import booking, line
from tests.api.serving import Client, served
from tests.api.test_http_races import OVERSOLD, START, asked, deadlocks

pytestmark = pytest.mark.slow

SECONDS = 8
LONGEST = 120
CUT_OFF = (http.client.HTTPException, OSError, ValueError)

# Each query finds what may not be.
BROKEN = {
    "sold beyond the stock": OVERSOLD,
    "a live booking without its stock": """
        SELECT b.reference, b.status, l.quantity, o.quantity FROM booking b
        JOIN line l ON l.booking_id = b.id
        LEFT JOIN occupancy o ON o.line_id = l.id AND o.resource_id = l.resource_id
        WHERE b.status IN ('requested', 'confirmed', 'handed_over')
          AND o.quantity IS DISTINCT FROM l.quantity""",
    "stock held for a booking that is over": """
        SELECT b.reference, b.status FROM occupancy o JOIN line l ON l.id = o.line_id
        JOIN booking b ON b.id = l.booking_id
        WHERE b.status IN ('declined', 'cancelled', 'expired')""",
    "a confirmed line without exactly one charge": """
        SELECT b.reference, l.id, count(c.id) FROM booking b JOIN line l ON l.booking_id = b.id
        LEFT JOIN charge c ON c.line_id = l.id AND c.kind = 'rental' AND c.reversed_at IS NULL
        WHERE b.status IN ('confirmed', 'handed_over') GROUP BY b.reference, l.id
        HAVING count(c.id) <> 1""",
    "a charge for other pieces than the line has": """
        SELECT b.reference, c.amount_minor, l.quantity FROM charge c JOIN line l ON l.id = c.line_id
        JOIN booking b ON b.id = l.booking_id
        WHERE c.reversed_at IS NULL AND c.kind = 'rental' AND b.status = 'confirmed'
          AND c.amount_minor <> c.unit_price_minor * c.quantity""",
    "a charge that nobody owes": """
        SELECT b.reference, b.status FROM charge c JOIN booking b ON b.id = c.booking_id
        WHERE c.reversed_at IS NULL AND c.invoice_id IS NULL
          AND b.status IN ('requested', 'declined', 'cancelled', 'expired')""",
    "a gap in the numbers": """
        SELECT n.symbol, n.last, count(i.*) FROM number_counter n
        LEFT JOIN (SELECT symbol, year, number FROM invoice WHERE number IS NOT NULL
                   UNION ALL SELECT symbol, year, number FROM credit_note) i
          USING (symbol, year)
        GROUP BY n.symbol, n.last HAVING count(i.*) <> n.last OR max(i.number) <> n.last""",
    "an invoice that its lines do not make": """
        SELECT i.id FROM invoice i LEFT JOIN invoice_line l ON l.invoice_id = i.id
        GROUP BY i.id HAVING i.total_minor <> coalesce(sum(l.net_minor + l.vat_minor), 0)""",
    "an issued document without its way to the provider, or with another's number": """
        SELECT n.symbol, n.number FROM
          (SELECT id, NULL::integer AS note_id, symbol, number FROM invoice
           WHERE number IS NOT NULL
           UNION ALL SELECT NULL, id, symbol, number FROM credit_note) n
        LEFT JOIN submission s ON s.invoice_id = n.id OR s.credit_note_id = n.note_id
        WHERE s.key IS DISTINCT FROM n.symbol || '-' || lpad(n.number::text, 8, '0')""",
    "money that its slips do not make": """
        SELECT i.id FROM invoice i WHERE
          i.paid_minor <> (SELECT coalesce(sum(amount_minor), 0) FROM payment
                           WHERE invoice_id = i.id)
          OR i.credited_minor <> (SELECT coalesce(sum(total_minor), 0) FROM credit_note
                                  WHERE invoice_id = i.id)
          OR i.paid_minor > i.total_minor""",
    "a deed without its line in the journal": """
        SELECT b.reference, b.status FROM booking b WHERE NOT EXISTS (
          SELECT FROM journal_entry j WHERE j.subject = 'booking' AND j.subject_id = b.id
            AND j.verb = b.status)""",
    "a first answer that was never given": "SELECT key FROM first_answer WHERE status IS NULL",
}


class Crowd:
    """Members and staff who each do whatever comes to mind, and try again when cut off."""

    def __init__(self, port, tokens):
        self.port, self.tokens, self.over = port, tokens, Event()
        self.references, self.invoices, self.told = [], [], Counter()

    def live(self, seed):
        chance = random.Random(seed)
        links = {}
        while not self.over.is_set():
            deed = chance.choice((self.ask, self.ask, self.move, self.move, self.bill, self.settle))
            with suppress(*CUT_OFF):
                deed(chance, links)
                continue
            self.told["cut off"] += 1
            links.clear()

    def call(self, links, who, method, path, body=None, **headers):
        link = links.setdefault(who, Client(self.port, self.tokens[who]))
        status, answer = link.call(method, path, body, **headers)
        self.told[status] += 1
        assert status < 500, answer
        return status, answer

    def lines(self, chance):
        begins = START + timedelta(hours=chance.randrange(40))
        times = {
            "starts_at": begins.isoformat(),
            "ends_at": (begins + timedelta(hours=chance.choice((2, 4)))).isoformat(),
        }
        codes = chance.sample(["MIC", "CABLE", "H100", "H50"], 2)
        return [line(code, quantity=1, **times) for code in codes]

    def ask(self, chance, links):
        body = booking(lines=self.lines(chance))
        key = {"Idempotency-Key": f"{chance.random()}"}
        who = chance.choice(("member", "stranger"))
        status, answer = self.call(links, who, "POST", "/bookings", body, **key)
        if status == 201:
            self.references.append(answer["reference"])

    def move(self, chance, links):
        if not self.references:
            return
        place = f"/bookings/{chance.choice(self.references[-12:])}"
        move = chance.choice(("confirm", "confirm", "confirm", "cancel", "change", "change"))
        if move == "change":
            self.call(links, "desk", "PATCH", place, {"lines": self.lines(chance)})
        else:
            self.call(links, "desk", "POST", f"{place}/{move}")

    def bill(self, chance, links):
        if self.references:
            place = f"/bookings/{chance.choice(self.references[-12:])}/invoice"
            status, answer = self.call(links, "finance", "POST", place)
            if status == 201:
                self.invoices.append(answer)

    def settle(self, chance, links):
        if not self.invoices:
            return
        invoice = chance.choice(self.invoices[-8:])
        place, part = f"/invoices/{invoice['id']}", {"minor": 1000, "currency": "VND"}
        if chance.random() < 0.5:
            slip = f"FT{chance.randrange(10**9)}"
            body = {"method": "transfer", "amount": part, "reference": slip}
            self.call(links, "finance", "POST", f"{place}/payments", body)
        else:
            body = {"reason": "hoãn", "amount": part}
            self.call(links, "finance", "POST", f"{place}/credit-notes", body)


def _children(of):
    """The processes that this one began, from any of its threads."""
    tasks = Path(f"/proc/{of}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _workers(port):
    """The worker processes of the server on this port: children of a child of ours."""
    for master in _children(os.getpid()):
        if f"--port\0{port}".encode() in Path(f"/proc/{master}/cmdline").read_bytes():
            return _children(master)
    return []


def test_killed_workers_leave_every_ledger_in_agreement(centre, database_url, tmp_path):
    before, killed = deadlocks(database_url), 0
    with psycopg.connect(database_url.replace("+psycopg", "")) as link:
        link.execute("UPDATE resource SET tariff = 'camera' WHERE kind = 'equipment'")
    with served(database_url, tmp_path) as port:
        crowd = Crowd(port, centre.tokens)
        with ThreadPoolExecutor(12) as pool:
            people = [pool.submit(crowd.live, seed) for seed in range(12)]
            until, done = time.monotonic() + SECONDS, 0
            # On a busy machine a new worker takes long to begin: it is let do something first.
            while time.monotonic() < until or (killed < 3 and time.monotonic() < until + LONGEST):
                time.sleep(1.2)
                if crowd.told[201] > done and (workers := _workers(port)):
                    done = crowd.told[201]
                    os.kill(random.Random(killed).choice(workers), signal.SIGKILL)
                    killed += 1
            crowd.over.set()
            for person in people:
                person.result(60)
    assert killed >= 3
    assert crowd.told["cut off"]
    # Between the kills the work went on.
    assert crowd.told[201] >= killed
    assert crowd.invoices
    broken = {what: asked(database_url, query) for what, query in BROKEN.items()}
    assert {what: rows[:3] for what, rows in broken.items() if rows} == {}
    assert deadlocks(database_url) == before
