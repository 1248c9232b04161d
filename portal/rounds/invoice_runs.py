"""Does invoice runs: one invoice a transaction, so that a killed worker leaves whole ones."""

from billing import invoice_runs
from billing.invoice_runs import StepRefused
from config import logs
from config.database import transaction
from portal.jobs import queue

log = logs.get(__name__)


@queue.task(name="run_invoices")
def run_invoices() -> None:
    """Go on with the run that waits, if one does."""
    work()


def work(run_id: int | None = None) -> int:
    """Write invoices until no unit waits that nobody else works on; how many were written."""
    written = 0
    while True:
        row_id = 0
        try:
            with transaction():
                claimed = invoice_runs.claim(run_id)
                if claimed is None:
                    break
                row_id = claimed.id
                written += invoice_runs.step(claimed)
        except StepRefused as refused:
            log.warning("not invoiced", unit=row_id, reason=refused.refusal.message)
            with transaction():
                invoice_runs.note_failure(row_id, refused)
    with transaction():
        for run in invoice_runs.finish(run_id):
            log.info("invoice run through", run=run.id)
    return written
