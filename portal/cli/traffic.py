"""`traffic`: seals a month's counters of a circuit from a file."""

from pathlib import Path

import click

from billing import traffic as metered_traffic
from billing import traffic_charges, traffic_files
from config.database import transaction
from portal.cli import options
from portal.cli.attached import with_records
from portal.pages.reading import month
from portal.pages.traffic import line_of
from rental import bookings


@click.command()
@click.argument("reference")
@click.argument("line", type=int)
@click.argument("of_month", metavar="MONTH")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@options.data
def traffic(reference: str, line: int, of_month: str, path: Path, data: Path | None) -> None:
    """Seal the counters in PATH (CSV) of MONTH (2026-11) for LINE (from 1) of booking REFERENCE."""
    readings = traffic_files.readings_of(path.read_bytes())
    with with_records(data):
        with transaction():
            circuit = line_of(bookings.get(reference), line)
            evidence = metered_traffic.take_in(circuit, month(of_month), readings, by=None)
        rate = traffic_charges.mbps(evidence.index_bps)
        click.echo(
            f"{evidence.state.value}: {rate} Mbps, {evidence.measured} of {evidence.expected} "
            f"buckets measured, seal {evidence.seal}"
        )
