"""Folders for what only one run may read; those of workers that were killed are cleared away."""

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HELD = "held"
# A folder whose worker died before it held it is empty; nobody is in a hurry.
OLD_SECONDS = 3600


@contextmanager
def private_folder(prefix: str) -> Iterator[Path]:
    """A new folder of ours alone; deleted at the end, or by `clear_left` after our death."""
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / f"{HELD}.new").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Whoever sees it under its name finds it locked, as long as we live.
            (folder / f"{HELD}.new").rename(folder / HELD)
            yield folder


def clear_left(prefix: str) -> int:
    """Delete folders of workers that were killed; how many there were."""
    found = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        if _is_ours(folder) and _is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)
            found += 1
    return found


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False  # it is gone
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _is_left(folder: Path) -> bool:
    try:
        with (folder / HELD).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except BlockingIOError:
        return False
    except OSError:
        try:
            return time.time() - folder.stat().st_mtime > OLD_SECONDS
        except OSError:
            return False  # it is gone
