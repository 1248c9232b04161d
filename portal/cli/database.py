"""`upgrade`, `backup` and `restore`: the database as a whole."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import click
from sqlalchemy import make_url

from config import embedded
from config.errors import Conflict, Invalid, Unreachable
from config.settings import Settings
from portal import schema
from portal.app import create_app
from portal.cli import options
from portal.cli.attached import with_database


class ProgramFailed(Unreachable):
    """PostgreSQL's own program failed; its message says why."""


class NotABackup(Invalid):
    """The file is not a backup that `media-center backup` made."""


class NothingToKeep(Invalid):
    """The database holds nothing; look at DATABASE_URL or at the data folder."""


class NoSuchFolder(Invalid):
    """The folder of the file does not exist or cannot be written; make it first."""


class NotEmpty(Conflict):
    """The database is not empty; restore into an empty one, or add --replace to lose this one."""


def _program(name: str) -> str:
    """The wheel's program where it is, as it is new enough for any server; else the system's."""
    own = embedded.PROGRAMS / name
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        raise ProgramFailed(f"{name} is not installed; install postgresql-client.")
    return found


def _told(settings: Settings) -> tuple[str, dict[str, str]]:
    """The database as PostgreSQL's programs want it; the password goes by the environment."""
    url = make_url(settings.database_url or "")
    plain = url.set(drivername="postgresql", password=None).render_as_string()
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    return plain, {**os.environ, **password}


def _run(settings: Settings, name: str, *arguments: str) -> None:
    """Run a program of PostgreSQL."""
    plain, environment = _told(settings)
    done = subprocess.run(
        [_program(name), "--dbname", plain, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ProgramFailed(f"{name}: {done.stderr.strip()}")


# A partition's constraints cannot be dropped one by one, as `pg_restore --clean` would; and those
# that were made after the backup stand in no backup.
DROP_PARTITIONED = b"""BEGIN;
DO $$ DECLARE parted regclass; BEGIN
    FOR parted IN SELECT oid FROM pg_class WHERE relkind = 'p' AND NOT relispartition
        AND relnamespace = 'public'::regnamespace
    LOOP EXECUTE format('DROP TABLE %s CASCADE', parted); END LOOP;
END $$;
"""


def _replace(settings: Settings, file: Path) -> None:
    """Put the backup in the place of what is there: all of it or, whatever breaks, nothing."""
    plain, environment = _told(settings)
    obey = [_program("psql"), "--dbname", plain, "--no-psqlrc", "--quiet", "--file=-"]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            [*obey, "--set", "ON_ERROR_STOP=1", "--output", os.devnull],
            env=environment,
            stdin=subprocess.PIPE,
            stderr=said,
        ) as psql,
    ):
        refused = _speak(file, psql)
        psql.wait()
        said.seek(0)
        complaint = said.read().decode(errors="replace").strip()
    if psql.returncode:
        raise ProgramFailed(f"psql: {complaint}")
    if refused is not None:
        raise ProgramFailed(f"pg_restore: {refused}")


def _speak(file: Path, psql: subprocess.Popen[bytes]) -> str | None:
    """Write the backup as statements of one transaction; what is wrong with it, if anything.

    Only a whole backup is committed: the end of the input without COMMIT undoes everything.
    """
    script = [_program("pg_restore"), "--no-owner", "--clean", "--if-exists", "--file=-", str(file)]
    refused = None
    # psql leaves at the first error, and says itself what it was.
    with contextlib.suppress(BrokenPipeError), psql.stdin or contextlib.nullcontext() as typed:
        if typed is not None:
            typed.write(DROP_PARTITIONED)
            typed.flush()
            told = subprocess.run(script, stdout=typed, stderr=subprocess.PIPE, check=False)
            if told.returncode == 0:
                typed.write(b"COMMIT;\n")
            else:
                refused = told.stderr.decode(errors="replace").strip() or "it broke off"
    return refused


def _require_something(settings: Settings) -> None:
    """A mistyped data folder must not end in an empty backup."""
    with create_app(settings).app_context():
        if schema.is_empty():
            raise NothingToKeep


def _begin(partial: Path) -> None:
    """An empty file that only its owner reads."""
    try:
        partial.touch(mode=0o600)
    except OSError as wrong:
        raise NoSuchFolder(f"{partial.parent}: {wrong.strerror}; choose another place.") from wrong


@click.command()
@options.data
def upgrade(data: Path | None) -> None:
    """Bring the database to the shape this version needs."""
    with with_database(data) as settings:
        schema.upgrade(create_app(settings))
    click.echo("The database is up to date.")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@options.data
def backup(file: Path, data: Path | None) -> None:
    """Write the whole database into FILE. Keep the keys of the data folder with it."""
    if file.exists():
        raise Conflict(f"{file} exists already; choose another name.")
    partial = file.with_name(f"{file.name}.partial")
    with with_database(data) as settings:
        _require_something(settings)
        try:
            _begin(partial)
            _run(settings, "pg_dump", "--format=custom", "--file", str(partial))
            partial.rename(file)
        finally:
            partial.unlink(missing_ok=True)
    click.echo(f"{file}: {file.stat().st_size} bytes. The keys in {settings.data} belong to it.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Drop what the database holds now.")
@options.data
def restore(file: Path, *, replace: bool, data: Path | None) -> None:
    """Fill the database from FILE: all of it or nothing."""
    with file.open("rb") as opened:
        if opened.read(5) != b"PGDMP":
            raise NotABackup(f"{file} is not a backup that `media-center backup` made.")
    with with_database(data) as settings:
        app = create_app(settings)
        with app.app_context():
            if not replace and not schema.is_empty():
                raise NotEmpty
        if replace:
            _replace(settings, file)
        else:
            how = ("--single-transaction", "--no-owner", "--exit-on-error")
            _run(settings, "pg_restore", *how, str(file))
        schema.upgrade(app)
    click.echo(f"Restored from {file}.")
