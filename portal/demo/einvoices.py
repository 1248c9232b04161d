"""What the demo's provider of e-invoices said: it took all but two of the documents.

Sample: no file is written for those that it took. The last but one is refused for a person to look
at; the last one is tried again by the worker, which writes it into the folder.
"""

from dataclasses import dataclass

from billing.einvoice import submissions
from billing.einvoice.overview import Asked, unsettled
from billing.einvoice.provider import Answer, Document, ProviderUnreachable, Verdict
from config.errors import Refusal

REFUSED = "Mã số thuế của người mua chưa được kích hoạt trên hệ thống thử nghiệm."
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Sample:
    """Takes whatever it is handed."""

    name: str = "sample"

    def submit(self, document: Document) -> Answer:
        """A receipt without anything behind it."""
        return Answer(Verdict.ACCEPTED, receipt=f"MAU-{document.key}")

    def ask(self, document: Document) -> Answer:
        """As when it was handed in."""
        return self.submit(document)


def add() -> None:
    """Hand in all documents of the demo."""
    waiting = len(unsettled(Asked(), MOST))
    provider = Sample()
    for place in range(waiting):
        submission_id = submissions.claim()
        if submission_id is None:
            return
        answer: Answer | Refusal
        handed = submissions.prepare(submission_id)
        answer = submissions.reach_out(handed, provider)
        if place == waiting - 2:
            answer = Answer(Verdict.REFUSED, reason=REFUSED)
        elif place == waiting - 1:
            answer = ProviderUnreachable()
        submissions.note(submission_id, answer, provider)
