"""What the monitoring floor tells the floor above, in the past tense, inside the transaction.

A receiver writes rows in the same transaction and reaches for nothing outside.

- `outage_opened(outage)`: a device lost enough polls in a row. `outage.is_silenced` says that a
  parent is down too, so that nobody needs to be woken for this one.
- `outage_reassigned(outage)`: the parent is back and the device is still down: its outage is its
  own from now on.
- `outage_closed(outage)`: the device answers again; `outage.ended_at` is its first answer.
- `problem_opened(problem)`: something is wrong with a device that answers.
- `problem_cleared(problem)`: it is over; `problem.cleared_at` says since when.
- `violation_opened(violation)`: a rule is broken on a device and was not before, or the waiver that
  allowed it has ended.
- `violation_resolved(violation)`: the rule passes again.
- `resource_quarantined(violation, closure=Closure)`: the violation has taken a resource off the
  calendar, from `closure.during.lower` on.
- `waiver_asked(waiver)`: somebody else than who asked must say yes or no.
- `waiver_decided(waiver)`: somebody else has said yes or no; `waiver.status` says which.
"""

from blinker import Namespace

_monitoring = Namespace()

outage_opened = _monitoring.signal("outage_opened")
outage_reassigned = _monitoring.signal("outage_reassigned")
outage_closed = _monitoring.signal("outage_closed")
problem_opened = _monitoring.signal("problem_opened")
problem_cleared = _monitoring.signal("problem_cleared")
violation_opened = _monitoring.signal("violation_opened")
violation_resolved = _monitoring.signal("violation_resolved")
resource_quarantined = _monitoring.signal("resource_quarantined")
waiver_asked = _monitoring.signal("waiver_asked")
waiver_decided = _monitoring.signal("waiver_decided")
