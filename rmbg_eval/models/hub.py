"""Checkpoints of the BiRefNet family: a local folder, or the Hugging Face hub at a pinned revision.

Only `.safetensors` is ever taken from either: no code, no pickles. Once it is on this machine the
network is not asked again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from ..errors import WeightsError, printable, reason_of
from ..i18n import Message
from .weights import hash_of

SUFFIX = ".safetensors"
FILE = f"model{SUFFIX}"
_PICKLES = (".pth", ".pt", ".bin", ".ckpt")


@dataclass(frozen=True)
class Checkpoint:
    """Where a checkpoint is, and what it has to be."""

    repository: str
    revision: str
    """Commit of the hub repository, or `main` where none is pinned."""
    sha256: str | None = None
    """Of the weights; None where they are not pinned."""
    gated: bool = False
    """Whether the hub gives it only to accounts that have accepted its licence."""
    folder: Path | None = None
    """Local folder to be used instead of the hub."""
    file: str = FILE
    """What the weights are called in it."""

    def local(self, path: Path) -> Checkpoint:
        """The same from `path`: a folder that holds `FILE`, or a file of weights itself."""
        if path.suffix == SUFFIX:
            return replace(self, folder=path.parent, file=path.name)
        return replace(self, folder=path)

    @property
    def there(self) -> bool:
        """Whether the weights are on this machine."""
        return self.find() is not None

    @property
    def words(self) -> str:
        """Where the weights are from, for the report."""
        if self.folder is not None:
            file = "" if self.file == FILE else f"{printable(self.file)} in "
            return f"{file}the folder {printable(self.folder.resolve().name)}"
        return f"{self.repository} at revision {printable(self.revision)}"

    def find(self) -> Path | None:
        """The file of the weights if it is on this machine."""
        if self.folder is not None:
            path = self.folder / self.file
            return path if path.is_file() else None
        if find_spec("huggingface_hub") is None:
            return None
        hub = _hub()
        found = hub.try_to_load_from_cache(self.repository, FILE, revision=self.revision)
        return Path(found) if isinstance(found, str) else None

    def fetch(self, say: Callable[[str], None]) -> Path:
        """The file of the weights, from the hub if need be; WeightsError says what to do."""
        path = self.find()
        if path is not None:
            return path
        if self.folder is not None:
            raise self._not_in(self.folder)
        say(f"Fetching {self.repository} (some hundred MB, once)")
        return self._download()

    def _not_in(self, folder: Path) -> WeightsError:
        """That the file is not there, and what to do about other weights that are."""
        there = [folder] if folder.is_file() else sorted(folder.glob("*.*"))
        safe = [printable(path.name) for path in there if path.suffix == SUFFIX]
        pickled = [path for path in there if path.suffix in _PICKLES]
        file, place = printable(self.file), printable(str(folder.absolute()))
        problem = Message("There is no {file} in {folder}", file=file, folder=place)
        remedy = Message(
            "Give the folder of the checkpoint: it holds {file} and config.json.", file=FILE
        )
        if self.file != FILE:  # it was named
            remedy = Message("Check the path.")
        if others := safe or [printable(path.name) for path in pickled]:
            problem = Message(
                "There is no {file} in {folder}, but {others}",
                file=file, folder=place, others=others,
            )  # fmt: skip
            remedy = Message("Name the file itself; shards, joined into one.")
        if pickled and not safe:
            path = pickled[0]
            remedy = Message(
                "What is pickled may run code, and is not opened here: save it, by "
                "safetensors.torch.save_file(torch.load({name}, weights_only=True), {file}), of a "
                "training checkpoint the part that is the weights, and name that file.",
                name=repr(printable(str(path))),
                file=repr(printable(str(path.with_suffix(SUFFIX)))),
            )
        return WeightsError(problem, remedy)

    def _download(self) -> Path:
        page = f"huggingface.co/{self.repository}"
        hub = _hub()
        from huggingface_hub import errors

        try:
            return Path(hub.hf_hub_download(self.repository, FILE, revision=self.revision))
        except errors.GatedRepoError:
            problem = Message(
                "{repository} is given only to those who have accepted its licence",
                repository=self.repository,
            )
            remedy = Message("Accept it at {page}, then run: hf auth login.", page=page)
        except errors.RevisionNotFoundError:
            problem = Message(
                "{repository} has no revision {revision}",
                repository=self.repository,
                revision=printable(self.revision),
            )
            remedy = Message("See which there are at {page}.", page=page)
        except errors.RepositoryNotFoundError:
            problem = Message(
                "The hub shows no {repository} to this account", repository=self.repository
            )
            remedy = Message(
                "Open {page} to see whether it is there; to log in, run: hf auth login.", page=page
            )
        except errors.EntryNotFoundError as error:
            if isinstance(error, errors.LocalEntryNotFoundError):
                problem = Message(
                    "{repository} is not on this machine, and the hub cannot be reached",
                    repository=self.repository,
                )
                remedy = Message(
                    "Connect to the network, or fetch {file} from {page} on another machine "
                    "and name its folder: MODEL:FOLDER.",
                    file=FILE,
                    page=page,
                )
            else:
                problem = Message(
                    "{repository} has no {file} at revision {revision}",
                    repository=self.repository,
                    file=FILE,
                    revision=printable(self.revision),
                )
                remedy = Message("See what it holds at {page}.", page=page)
        except OSError as error:
            problem = Message(
                "{repository} could not be fetched: {reason}",
                repository=self.repository,
                reason=reason_of(error),
            )
            remedy = Message(
                "Check the network and the space on the disk, then run the same again."
            )
        raise WeightsError(problem, remedy) from None

    def verified(self, path: Path) -> str:
        """The SHA-256 of the weights in `path`; WeightsError if it is not the pinned one."""
        found = hash_of(path)
        if self.folder is None and self.sha256 and found != self.sha256:
            raise WeightsError(
                Message(
                    "The weights of {repository} on this machine are not the pinned ones "
                    "(SHA-256 {received}…, expected {expected}…)",
                    repository=self.repository,
                    received=found[:12],
                    expected=self.sha256[:12],
                ),
                Message("Remove {path} and run the same again.", path=printable(str(path))),
            )
        return found


def _hub() -> ModuleType:
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    import huggingface_hub
    from huggingface_hub.utils import logging

    logging.set_verbosity_error()  # what it would log, the error says
    return huggingface_hub
