"""What the service says of itself to Prometheus: bookings, invoices, notices and jobs.

Device metrics are monitoring's own text (thousands of samples a scrape); these few families are
asked of the database at each scrape by a collector, so that every web process answers the same.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from billing.models import Charge, Invoice, InvoiceStatus, Submission, SubmissionStatus
from config import clock
from config.database import db
from portal.models import Notice, NoticeStatus
from rental.models import Booking, BookingStatus

JOBS_WAITING = sa.text(
    "SELECT queue_name, count(*) FROM procrastinate_jobs"
    " WHERE status IN ('todo', 'doing') GROUP BY queue_name"
)


class ServiceCollector(Collector):
    """Asks the database of the current application context."""

    def collect(self) -> Iterator[Metric]:
        """Each family once, with a sample for every state, zero included."""
        yield _by_status(
            "media_center_bookings",
            "Bookings by status.",
            Booking.status,
            [status.value for status in BookingStatus],
        )
        yield _by_status(
            "media_center_invoices",
            "Invoices by status.",
            Invoice.status,
            [status.value for status in InvoiceStatus],
        )
        yield _gauge(
            "media_center_charges_unbilled",
            "Charges that no invoice has taken yet.",
            sa.select(sa.func.count())
            .select_from(Charge)
            .where(Charge.invoice_id.is_(None), Charge.reversed_at.is_(None)),
        )
        yield _by_status(
            "media_center_einvoices",
            "Issued documents by where they stand at the provider of e-invoices.",
            Submission.status,
            [status.value for status in SubmissionStatus],
        )
        yield _by_status(
            "media_center_notices",
            "Notices by status.",
            Notice.status,
            [status.value for status in NoticeStatus],
        )
        yield _oldest_wait()
        yield _jobs()


def _oldest_wait() -> GaugeMetricFamily:
    oldest = sa.select(sa.func.min(Notice.created_at)).where(Notice.status == NoticeStatus.QUEUED)
    waiting_since = db.session.scalar(oldest)
    return GaugeMetricFamily(
        "media_center_notice_oldest_wait_seconds",
        "How long the oldest unsent notice has waited.",
        value=(clock.now() - waiting_since).total_seconds() if waiting_since else 0.0,
    )


def _jobs() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "media_center_jobs_waiting", "Jobs waiting or running by queue.", labels=["queue"]
    )
    for queue, count in db.session.execute(JOBS_WAITING):
        family.add_metric([queue], count)
    return family


def _by_status(
    name: str, text: str, column: sa.orm.InstrumentedAttribute[object], states: list[str]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["status"])
    counted = {
        str(status): count
        for status, count in db.session.execute(sa.select(column, sa.func.count()).group_by(column))
    }
    for state in states:
        family.add_metric([state], counted.get(state, 0))
    return family


def _gauge(name: str, text: str, query: sa.Select[tuple[int]]) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=db.session.scalar(query) or 0)


def text(*, openmetrics: bool) -> str:
    """The families in Prometheus' text, or in OpenMetrics without its closing line."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServiceCollector())
    if openmetrics:
        whole: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call]
        return whole.decode().removesuffix("# EOF\n")
    return generate_latest(registry).decode()
