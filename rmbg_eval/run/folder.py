"""The run folder: one process at a time, written atomically, and never begun among other files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..cases.in_memory import FOLDER as PICTURES
from ..core.files import (
    cannot_read,
    cannot_write,
    in_names,
    inside,
    remove,
    remove_below,
    user_path,
    write_atomic,
)
from ..core.paths import resource
from ..core.records import FOLDER as RECORDS
from ..core.records import columns
from ..errors import OutputError, printable
from ..i18n import Message
from .csv_files import write_csv
from .parts import Files, in_parts, remove_others, there, without_records, write
from .record import Run

_BEFORE = {RECORDS, PICTURES}
"""What is written before run.json, beside an executed notebook."""
MATTES = "mattes"
"""The folder of a baseline that holds its mattes."""
PAGES = "pages"
"""The folder of the pages that cases have of their own, in the layout `folder`."""
_GENERATOR = b'content="rmbg_eval"'


def claim(out: Path, record: str, remedy: Message) -> None:
    """Make the folder `out` if need be. OutputError where it cannot be, or holds other files and no
    `record` of this program, run.json or comparison.json: what is in it might be overwritten. Also
    as `refuse_links` says."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        names = sorted(path.name for path in out.iterdir())
    except OSError as error:
        raise cannot_write(out, error) from None
    refuse_links(out)
    if record in names and _says(out / record, b'"schema_version"', 64):
        return
    for name in names:
        if not name.startswith(".") and not name.endswith(".ipynb") and name not in _BEFORE:
            raise OutputError(
                Message(
                    "{folder} holds other files ({file})",
                    folder=printable(str(out)),
                    file=printable(name),
                ),
                remedy,
            )


def refuse_links(out: Path) -> None:
    """OutputError where a folder in that of a run or a comparison is a link that leads out: what is
    written there would lie elsewhere."""
    try:
        left = next((name for name in _below(out) if not inside(out, name)), None)
    except OSError as error:
        raise cannot_write(out, error) from None
    if left:
        raise OutputError(
            Message("{file} lies elsewhere: a link leads there", file=printable(str(out / left))),
            Message("Remove the link, or give another folder with --out."),
        )


def _below(out: Path) -> Iterator[str]:
    """The folders that a run or a comparison writes into, and those of cut-outs, by model and
    category, in them; of files, which are replaced, none need be asked."""
    yield from ("assets", PAGES, RECORDS, PICTURES, "cutouts")
    for pattern in ("cutouts/*", "cutouts/*/*"):
        yield from (path.relative_to(out).as_posix() for path in out.glob(pattern))


@contextmanager
def run_folder(out: Path) -> Iterator[Path]:
    """The run folder, made if need be, for this process alone; OutputError if that cannot be. Its
    path is absolute: a model may change the folder that this process works in."""
    out = out.absolute()
    claim(
        out,
        "run.json",
        Message("Give a new or empty folder with --out, or one that holds a run."),
    )
    notebooks = resource("notebooks")
    if notebooks.exists() and out.samefile(notebooks):
        raise OutputError(
            Message("{folder} holds the notebooks themselves", folder=printable(str(out))),
            Message("Give another folder with --out."),
        )
    if (out / MATTES).exists():
        raise OutputError(
            Message("{folder} holds a baseline", folder=printable(str(out))),
            Message("Give another folder with --out; rmbg-eval approve makes a run the baseline."),
        )
    with locked(out):
        yield out


@contextmanager
def locked(out: Path, name: str = ".lock", wait: float = 0) -> Iterator[None]:
    """The folder, made if need be, for this process alone; OutputError if another has it, for so
    many seconds. `name`: of the file in it that says so."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / name, timeout=wait)
        lock.acquire()
    except Timeout:
        raise OutputError(
            Message("Another command is writing to {folder}", folder=printable(str(out))),
            Message("Wait for it, or give another folder."),
        ) from None
    except OSError as error:
        raise cannot_write(out, error) from None
    try:
        yield
    finally:
        lock.release()


def save(out: Path, run: Run) -> None:
    """Write run.json, of many cases with its files of records, and measurements.csv of a complete
    run of few. A page or table of what run.json said before goes first: whoever is interrupted
    before the next one has none, and no other run's."""
    remove_pages(out)
    if run.complete and not in_parts(len(run.cases), run.shard):
        write_csv(out / "measurements.csv", run)
    else:
        remove(out / "measurements.csv")
    write_run(out, run)


def write_run(folder: Path, run: Run) -> None:
    """Write run.json; of many cases, its files of records before it."""
    files: Files = {}
    if in_parts(len(run.cases), run.shard):
        files = there(folder, run) or write(folder, run)
        run = without_records(run, files)
    elif run.records is not None:
        run = run.model_copy(update={"records": None})
    write_atomic(folder / "run.json", run.lines())
    if run.complete:  # until then, what is read of an earlier run may be in the others
        remove_others(folder, files)


def remove_pages(out: Path) -> None:
    """Remove index.html and the pages of cases, where they are of this program."""
    page = out / "index.html"
    if not page.is_symlink() and _says(page, _GENERATOR, 2048):
        remove(page)
    remove_below(out / PAGES, lambda path: not _says(path, _GENERATOR, 2048))


def _says(path: Path, mark: bytes, within: int) -> bool:
    """Whether the first bytes of a file say that this program has made it; OutputError where it
    cannot be read: what is no other's is not taken for one."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return mark in file.read(within)
    except OSError as error:
        raise cannot_read(path, error, Message("Check its permissions.")) from None


def prune(out: Path, run: Run) -> None:
    """Remove cut-outs of earlier runs that are no part of this one, and their pictures that were
    in memory."""
    ours = in_names(out, lambda: (name for (name,) in columns(run.predictions, "cutout") if name))
    remove_below(out / "cutouts", lambda path: path.suffix != ".png" or ours(path))
    own = Path(run.settings.cases).name
    for folder in (out / PICTURES).glob("[0-9a-f]" * 16):
        if folder.name != own:
            remove_below(folder, lambda path: path.name not in ("image.png", "alpha.png"))


def load_run(path: str | Path) -> Run:
    """A finished run: of its folder or its run.json, wherever that lies now and from wherever it is
    asked for. OutputError as of `Run.load`.

    >>> from rmbg_eval import load_run
    >>> run = load_run("reports/latest")
    >>> [model.info.name for model in run.models], len(run.cases)
    (['isnet', 'grabcut'], 2)
    """
    folder = user_path(path, OutputError).absolute()
    return Run.load(folder.parent if folder.name == "run.json" else folder)
