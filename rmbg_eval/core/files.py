"""Files written whole or not at all, and names that are safe on every disk."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import sys
import tempfile
import time
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from os.path import realpath
from pathlib import Path
from stat import S_ISLNK
from typing import IO, TypeVar

from ..errors import OutputError, RmbgEvalError, printable, quoted, system_reason
from ..i18n import Message

Error = TypeVar("Error", bound=RmbgEvalError)


@contextmanager
def new_file(path: Path, named: Callable[[Path], Path] | None = None) -> Iterator[IO[bytes]]:
    """A file to write, under a temporary name until all is written; OutputError if it cannot be.

    `named`: gives the name that it then gets in place of `path`, from the file. Whoever looks
    sees the old file or the new one, never a half, however the process ends.
    """
    scratch = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=unfinished_prefix(), delete=False
        ) as file:
            scratch = Path(file.name)
            yield file
        scratch.chmod(0o666 & ~_UMASK)
        replace(scratch, named(scratch) if named else path)
    except BaseException as error:  # also Ctrl-C between the two steps
        if scratch:
            with suppress(OSError):  # of a disk that is gone, which is told already
                scratch.unlink()
        if isinstance(error, OSError):
            raise cannot_write(path, error) from None
        raise


def replace(source: Path, target: Path) -> None:
    """`os.replace`, which Windows refuses as long as somebody has `target` open: tried again for a
    second there."""
    for wait in (0.01, 0.04, 0.15, 0.3, 0.5):
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if _SYSTEM != "win32":
                raise
            time.sleep(wait)
    os.replace(source, target)


_SYSTEM = sys.platform


def try_to_write(folder: Path) -> None:
    """Make a folder if need be; OSError where nothing can be written into it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def write_atomic(path: Path, data: bytes | str | Iterable[str]) -> None:
    """Write `data`, whole or in pieces, by `new_file`."""
    with new_file(path) as file:
        for piece in [data] if isinstance(data, bytes | str) else data:
            file.write(utf8(piece, path) if isinstance(piece, str) else piece)


def utf8(text: str, path: Path) -> bytes:
    """A text for the file `path`; OutputError for a name in it that is bytes and no text."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        name = re.split('["\n]', text[max(0, error.start - 200) : error.start])[-1]
        name += re.split('["\n]', text[error.start : error.start + 100])[0]
        raise OutputError(
            Message(
                "{file} could not be written: {text} in it is not Unicode",
                file=printable(str(path)),
                text=printable(name),
            ),
            Message("Give what is called so a name in UTF-8."),
        ) from None


MAX_TOML = 1 << 20
"""Bytes of a TOML file, at most: none that a person writes has as many."""


def read_bounded(
    path: Path, most: int, file: str, refusal: type[RmbgEvalError], remedy: Message
) -> bytes:
    """The bytes of a regular file that has at most `most` of them, whole MiB, whoever it is from;
    a `refusal`, which calls it `file`, for anything else. `remedy`: which file to give."""
    problem = None
    try:
        if not path.exists():
            problem = Message("There is no file {file}", file=file)
        elif not path.is_file():  # a pipe would be waited on for ever
            problem = Message("{file} is not a regular file", file=file)
        elif path.stat().st_size > most:
            problem = Message("{file} is larger than {most} MiB", file=file, most=most >> 20)
        else:
            return path.read_bytes()
    except OSError as error:
        problem = Message(
            "{file} could not be read: {reason}", file=file, reason=system_reason(error)
        )
        remedy = Message("Check its permissions.")
    raise refusal(problem, remedy) from None


def unfinished_prefix() -> str:
    """What the name of a file begins with while this process writes it."""
    return f".new-{os.getpid()}-{_HOST}-"


def _host() -> str:
    """This machine, or this container of it, where processes have numbers of their own: a folder
    may be on storage that others write to as well."""
    name = platform.node()
    with suppress(OSError):
        name += os.readlink("/proc/self/ns/pid")
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


_HOST = _host()
_LONG_AGO = 24 * 3600
"""Seconds after which no machine is still writing a file."""


def remove_unfinished(folder: Path) -> None:
    """Remove what killed processes left half written below `folder`; living ones keep theirs, and
    so do those of other machines for a day."""
    names = (Path(below, name) for below, _, names in os.walk(folder) for name in names)
    for path in (path for path in names if path.name.startswith(".new-")):
        _, owner, *rest = path.name.split("-")
        with suppress(OSError):
            if len(rest) > 1 and rest[0] != _HOST:
                gone = time.time() - path.stat().st_mtime > _LONG_AGO
            else:
                gone = not is_process(owner)
            if gone:
                path.unlink()


def is_process(number: str) -> bool:
    """Whether a process of this number, which a file's name may give, runs on this machine."""
    import psutil  # not for those who only read a finished run

    with suppress(OverflowError):
        return number.isdecimal() and psutil.pid_exists(int(number))
    return False


def remove_below(folder: Path, kept: Callable[[Path], bool]) -> None:
    """Remove every file below `folder` that is not `kept`; OutputError if one cannot be.

    Folders stay, whatever their names, and so does what lies where links lead, be `folder` one.
    """
    for path in [path for path in _files_below(folder) if not kept(path)]:
        remove(path)


def remove(path: Path) -> None:
    """Remove a file, if it is there; OutputError if it cannot be."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from None


def _files_below(folder: Path) -> Iterator[Path]:
    """As os.walk has them, but that no list of a folder's names is made: it may have many."""
    left = [] if folder.is_symlink() else [folder]
    while left:
        with suppress(OSError), os.scandir(left.pop()) as entries:
            for entry in entries:
                path = Path(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    left.append(path)
                elif not entry.is_symlink() or not path.is_dir():
                    yield path


def in_names(root: Path, names: Callable[[], Iterable[str]]) -> Callable[[Path], bool]:
    """Whether a path is one of the files that are called so from `root`: also one whose name has
    another case, where the disk takes both for one. Of each name there is a hash in memory."""
    import numpy as np  # not for those who only read a finished run

    hashes = array("q"), array("q")
    for name in names():
        for own, text in zip(hashes, (name, folded(name)), strict=True):
            own.append(hash(text))
    exact, alike = (array("q", np.sort(np.array(own, np.int64)).tobytes()) for own in hashes)

    @cache
    def by_folded() -> dict[str, str]:
        return {folded(name): name for name in names()}

    def check(path: Path) -> bool:
        name = path.relative_to(root).as_posix()
        if _has(exact, hash(name)):
            return True
        if not _has(alike, hash(folded(name))):
            return False
        other = by_folded().get(folded(name))
        try:
            return other is not None and path.samefile(root / other)
        except OSError:
            return False

    return check


def _has(numbers: array[int], number: int) -> bool:
    at = bisect_left(numbers, number)
    return at < len(numbers) and numbers[at] == number


def folded(name: str) -> str:
    """The same for two names that some disk takes for one: they differ in case or Unicode form.

    >>> folded("Rex") == folded("rex"), folded("Å") == folded("A\u030a")
    (True, True)
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def inside(folder: Path, name: str) -> bool:
    """Whether `folder / name` lies in `folder`, wherever links lead; `folder` itself may be one."""
    return inside_of(folder)(name)


def inside_of(folder: Path) -> Callable[[str], bool]:
    """The same of many names: where each folder below `folder` leads is looked up once."""
    whole = realpath(folder)

    def leads_inside(name: str) -> bool:
        return Path(realpath(folder / name)).is_relative_to(whole)

    of_folder = lru_cache(maxsize=4096)(leads_inside)

    def check(name: str) -> bool:
        parent, _, last = name.rpartition("/")
        special = last == ".." or name.startswith("/") or "\\" in name or ":" in name
        try:
            if special or is_device(last) or _is_link(f"{folder}/{name}"):
                return leads_inside(name)
            return of_folder(parent)
        except ValueError:  # a NUL in it
            return False

    return check


def _is_link(path: str) -> bool:
    """As os.path.islink, but ValueError for what can be no path."""
    try:
        return S_ISLNK(os.lstat(path).st_mode)
    except OSError:
        return False


def user_path(given: Path | str, error: type[Error]) -> Path:
    """What a person gave as a path, `~` expanded; `error` for what can be none."""
    with suppress(RuntimeError, TypeError):  # no such user; what is neither a text nor a path
        if "\0" not in str(path := Path(given)):
            return path.expanduser()
    raise no_path(given, error)


def no_path(given: object, error: type[Error]) -> Error:
    """The `error` that what was given can be no path."""
    text = printable(given) if isinstance(given, str) else quoted(given)
    return error(
        Message("{path} can be no path on this machine", path=text),
        Message("Check the path."),
    )


def no_file(path: Path) -> bool:
    """Whether something is there that is no regular file: a pipe would be waited on for ever."""
    return path.exists() and not path.is_file()


def cannot_read(path: Path, error: OSError, remedy: Message) -> OutputError:
    """The OutputError that says why `path` could not be read. A library's own error may have
    several lines, and no number."""
    return OutputError(
        Message(
            "{path} cannot be read: {reason}",
            path=printable(str(path)),
            reason=system_reason(error),
        ),
        remedy,
    )


def cannot_write(path: Path, error: OSError) -> OutputError:
    """The OutputError that says why `path` could not be written, and what to do."""
    where = printable(str(path))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(
            Message("The disk is full: {file} could not be written", file=where),
            Message("Make room, and run the same again: what is done is kept."),
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError(
            Message(
                "{file} may not be written ({reason})", file=where, reason=system_reason(error)
            ),
            Message("Choose another folder with --out, or RMBG_EVAL_CACHE for the cache."),
        )
    if error.errno == errno.ENAMETOOLONG or (_SYSTEM == "win32" and len(str(path)) >= _LONGEST):
        return OutputError(
            Message("{file} is too long a path for this system", file=where),
            Message("Choose another folder, with a shorter path, or let Windows have long paths."),
        )
    return OutputError(
        Message("{file} could not be written: {reason}", file=where, reason=system_reason(error)),
        Message("Choose another folder."),
    )


_LONGEST = 260
"""Characters of a path on Windows, unless it is told that there may be more."""


def safe_name(text: str, alone: bool = True) -> str:
    """A file or folder name for `text`: letters, digits, `.`, `_`, `-`; another for every text.

    A hash is added wherever anything had to be replaced or cut, to what is a device on Windows,
    and where it is not `alone`: another name beside it differs in nothing but case. It has 32 bits;
    where the text was cut 64, for of names with a common beginning there may be many.

    >>> safe_name("isnet")
    'isnet'
    >>> safe_name("../a b")
    'a-b-2c2c791a'
    >>> safe_name("aux.1")
    'aux-1-352597b0'
    """
    whole = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", text)).strip("-.")
    plain = whole[:60].encode("utf-8", "surrogatepass")[:_MOST_BYTES].decode("utf-8", "ignore")
    if is_device(plain):
        plain = plain.replace(".", "-")
    elif alone and plain == text and plain and not _HASHED.search(plain):
        return plain
    hashed = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{plain or 'x'}-{hashed[: 16 if len(plain) < len(whole) else 8]}"


def is_device(name: str) -> bool:
    """Whether Windows takes the name for a device's: with any suffix."""
    return bool(_DEVICE.match(name))


def in_shell(text: str, otherwise: str) -> str:
    """A path or name as sh, PowerShell and cmd all take it; `otherwise` where one would not.

    >>> in_shell("reports/shop", "RUN"), in_shell("my shop", "RUN"), in_shell("$HOME", "RUN")
    ('reports/shop', '"my shop"', 'RUN')
    """
    if re.fullmatch(r"[\w./~:][\w./~:-]*", text):
        return text
    unsafe = text.startswith(("-", "~")) or text.endswith("\\") or re.search(r'["“”„$`!%]', text)
    return otherwise if unsafe or not text.isprintable() else f'"{text}"'


_MOST_BYTES = 180
"""Of a safe name: with a hash, and what a matte's name has after that, no more than 255."""
_HASHED = re.compile(r"-([0-9a-f]{8}){1,2}$", re.IGNORECASE)
_DEVICE = re.compile(r"(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])(\.|$)", re.IGNORECASE)


def sha256_file(path: Path) -> str | None:
    """SHA-256 of the file, or None if it is no regular one or cannot be read."""
    try:
        if not path.is_file():  # a pipe would be waited on for ever
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):  # also a NUL in the path
        return None


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


_UMASK = _umask()
"""Read once, at import: asking for it is changing it, which is not for threads."""
