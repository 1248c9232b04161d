"""Does the tests of devices that operators asked for, where the devices can be reached."""

from config import logs
from config.database import db, transaction
from monitoring import device_tests
from portal import jobs, keys
from portal.jobs import queue
from rental import units

log = logs.get(__name__)


def defer(site: str) -> None:
    """Put the site's job into its queue, in the transaction of the session."""
    link = db.session.connection().connection.driver_connection
    jobs.defer(link, "test_devices", site)  # type: ignore[arg-type]


@queue.task(name="test_devices")
def test_devices(site: str) -> None:
    """Test the devices of a site that somebody waits for."""
    with transaction():
        site_id = units.site(site).id
    finished = device_tests.run_waiting(site_id, keys.keyring(jobs.settings_here()))
    if finished:
        log.info("devices tested", site=site, count=finished)
