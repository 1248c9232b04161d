"""Pack a release on the control machine: what a host needs of the repository, and nothing else.

    pack.py REPOSITORY FOLDER

Writes FOLDER/RELEASE.tar.gz unless it is there and prints RELEASE, which is the version and a
digest of every path, content and executable bit: the same tree has the same name on any machine.
Exits 1 with a sentence where the tree is not built.
"""

import hashlib
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

FLOORS = ("config", "rental", "billing", "monitoring", "portal", "ansible/remedies")
FILES = (
    "pyproject.toml",
    "requirements.lock",
    "requirements-legacy-ssh.lock",
    "requirements-remedies.lock",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
)
LEFT_OUT = ("__pycache__", "node_modules")
BUILT = "portal/static/dist"


class NotBuiltError(Exception):
    """The repository has no built front end or catalogue; run `make setup` in it first."""


def members(repository: Path) -> Iterator[Path]:
    """The files of a release, in the order of their paths, relative to the repository."""
    found = [repository / name for name in FILES if (repository / name).is_file()]
    for floor in FLOORS:
        found += [path for path in (repository / floor).rglob("*") if path.is_file()]
    for path in sorted(found):
        inside = path.relative_to(repository)
        if not any(part in LEFT_OUT or part.startswith(".") for part in inside.parts):
            yield inside


def require_built(repository: Path) -> None:
    """Refuse a tree whose pages would lack their styles or their translations."""
    if not any((repository / BUILT).glob("*")):
        raise NotBuiltError(f"{BUILT} is empty: run `make setup` in {repository} first")
    for catalogue in (repository / "portal" / "translations").rglob("*.po"):
        if not catalogue.with_suffix(".mo").is_file():
            raise NotBuiltError(
                f"{catalogue} is not compiled: run `make setup` in {repository} first"
            )


def executable(path: Path) -> bool:
    """Whether the owner may run the file."""
    return bool(path.stat().st_mode & 0o100)


def name(repository: Path) -> str:
    """VERSION-DIGEST of the tree."""
    digest = hashlib.sha256()
    for inside in members(repository):
        path = repository / inside
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{inside.as_posix()}\0{executable(path):d}\0{content}\n".encode())
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    return f"{project['version']}-{digest.hexdigest()[:12]}"


def write(repository: Path, archive: Path) -> None:
    """Write the archive; its files belong to root, as the service must not change itself."""

    def owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        member.mode = 0o755 if member.mode & 0o100 else 0o644
        return member

    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(".partial")
    with tarfile.open(partial, "w:gz") as tar:
        for inside in members(repository):
            tar.add(repository / inside, inside.as_posix(), filter=owned_by_root)
    partial.replace(archive)


def main(repository: Path, folder: Path) -> str:
    """Pack `repository` into `folder` and return the release's name."""
    require_built(repository)
    release = name(repository)
    archive = folder / f"{release}.tar.gz"
    if not archive.exists():
        write(repository, archive)
    return release


if __name__ == "__main__":
    try:
        sys.stdout.write(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2])) + "\n")
    except NotBuiltError as wrong:
        sys.exit(str(wrong))
