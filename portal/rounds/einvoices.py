"""Hands issued documents in to the provider of e-invoices: each claimed, committed, handed in."""

from billing.einvoice import adapters, submissions
from billing.einvoice.provider import Answer, Provider, ProviderUnreachable
from billing.models import SubmissionStatus
from config import logs
from config.database import transaction
from config.errors import Refusal
from portal.jobs import queue, settings_here

log = logs.get(__name__)

# In one round; the next comes in ten seconds.
MOST = 500


@queue.task(name="submit_einvoices")
def submit_einvoices() -> None:
    """Hand in what is due. A round killed in between repeats the same document under its key."""
    accepted = work(adapters.provider(settings_here()))
    if accepted:
        log.info("e-invoices accepted", count=accepted)


def work(provider: Provider, most: int = MOST) -> int:
    """Hand in what is due until nothing is, or the provider is silent; how many it accepted."""
    accepted = 0
    for _ in range(most):
        with transaction():
            submission_id = submissions.claim()
        if submission_id is None:
            break
        answer = _answer(submission_id, provider)
        with transaction():
            status = submissions.note(submission_id, answer, provider)
        accepted += status is SubmissionStatus.ACCEPTED
        if isinstance(answer, ProviderUnreachable):
            log.warning("the provider of e-invoices is silent", problem=answer.message)
            break
    return accepted


def _answer(submission_id: int, provider: Provider) -> Answer | Refusal:
    """What the provider says; whatever breaks is kept with its document, and the others go on."""
    try:
        with transaction():
            handed = submissions.prepare(submission_id)
        return submissions.reach_out(handed, provider)
    except Exception as broken:
        log.exception("an e-invoice could not be handed in", submission=submission_id)
        return Refusal(submissions.BROKEN, problem=type(broken).__name__)
