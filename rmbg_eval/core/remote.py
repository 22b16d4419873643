"""Pictures on other storage: listed once, copied to the cache one by one as they are read.

`<cache>/remote-cases/<hash of the URL>/<its last part>/` mirrors what a URL lists. A file there is
a hole of the right size until somebody reads it: then it is copied, and beside it `.<name>.sha256`
says what was copied, which is checked whenever it is used again. `listing.json` says which version
of each file was meant; one of another version than before is a hole again, and so is each, at
every listing, of a storage that tells nothing that changes with a file. All may be deleted at any
time. Of a listing that is kept elsewhere, as a table, the files are those of the mirror where that
has the same listing; else each is such a hole once it is asked for, below a folder that is named
after the URL and the listing.

fsspec, and what it needs for a protocol, is imported for a URL alone.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from ..errors import (
    CaseError,
    ImageError,
    SettingsError,
    StorageError,
    printable,
    raised,
    system_reason,
)
from ..i18n import N_, Message
from .files import folded, safe_name, sha256_file, write_atomic
from .paths import cache_folder

MAX_BYTES = 1 << 29
"""Of a picture file, at most."""
_FOLDER = "remote-cases"
_SOURCE, _LISTING = "source.json", "listing.json"
_SMALL = (".toml",)
"""What is read while the folder is: copied at once."""


def is_url(text: str) -> bool:
    """
    >>> [is_url(text) for text in ("s3://bucket/cases", "cases", "C:/cases", "a::s3://b")]
    [True, False, False, True]
    """
    return re.match(r"[A-Za-z][A-Za-z0-9+.:-]*://", text) is not None


def mirror(url: str) -> tuple[Path, list[Message]]:
    """The folder in the cache that stands for `url`, as that is now, and what was left out of it.

    SettingsError for a URL that cannot be used; CaseError where nothing can be listed there.
    """
    files, base = _file_system(url)
    type(files).clear_instance_cache()  # an archive, once opened, is listed as it was then
    files, base = _file_system(url)
    root = _root(cache_folder(), url, base)
    home = root.parent
    skipped: list[Message] = []
    versions: dict[str, str] = {}
    first: dict[str, Path] = {}
    try:
        root.mkdir(parents=True, exist_ok=True)
        before, this = _listing(home), secrets.token_hex(8)
        for name, about in _list(files, base, skipped):
            path = _path(root, name)
            if path is None:
                skipped.append(_skip(name, N_("its name can be no path here")))
                continue
            if _same(path, first.setdefault(folded(name), path)):
                skipped.append(_skip(name, N_("on this disk it has the name of another file")))
                continue
            version = _version(about, this)
            size = int(about.get("size") or 0)
            try:
                if before.get(name) != version or not path.is_file():
                    _hollow(path, size)
            except OSError as error:
                skipped.append(_skip(name, system_reason(error)))
                continue
            versions[name] = version
        for name in before.keys() - versions.keys():
            path = _path(root, name)
            if path and not _same(path, first.get(folded(name), path)):
                _sum_of(path).unlink(missing_ok=True)
                path.unlink(missing_ok=True)
        write_atomic(home / _LISTING, json.dumps(versions).encode())
        _tell(root, url)
        for name in versions:
            if name.endswith(_SMALL):
                with suppress(ImageError):
                    bring(root / name)
    except OSError as error:  # also what a protocol's library says of its server
        raise _not_listed(url, error) from None
    return root, skipped


@dataclass(frozen=True)
class Source:
    """What the files below a folder of the cache stand for."""

    root: Path
    url: str
    listing: str
    """A hash of what was listed there."""

    def name_of(self, path: Path) -> str | None:
        """The file's name from the URL; None of one that stands for nothing there."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else None

    def versions(self) -> dict[str, str]:
        """By the name of each file from the URL, what changes where its content does; nothing for a
        listing that is kept elsewhere."""
        return _listing(self.root.parent)


def source_of(path: Path) -> Source | None:
    """Of the URL that a file, or a folder above it, stands for; None for any other path."""
    if (told := _told_of(path)) is None:
        return None
    home, about = told
    url, listing = str(about["url"]).rstrip("/"), about.get("listing") or _listing_hash(home)
    return Source(home / about["name"], url, listing) if listing else None


def stand_in(url: str, listing: str, name: str, size: int) -> Path | None:
    """The path that stands for the file `name` below `url`, of so many bytes, as a listing has it;
    None where that can be no path here. `bring` copies it.

    SettingsError for a URL that cannot be used; OSError where the cache cannot be written.
    """
    root = _root_of(url, listing, cache_folder())
    path = _path(root, name)
    if path is not None and not path.exists() and not (root.parent / _LISTING).exists():
        _hollow(path, size)
    return path


@cache
def _root_of(url: str, listing: str, kept: Path) -> Path:
    """The folder that stands for `url` as it was listed then, in the cache folder `kept`."""
    _, base = _file_system(url)
    mirrored = _root(kept, url, base)
    if _listing_hash(mirrored.parent) == listing:
        return mirrored
    root = _root(kept, f"{url}\n{listing}", base)
    _tell(root, url, listing)
    return root


def _root(kept: Path, named: str, base: str) -> Path:
    """The folder for the storage's folder `base`, in one that is named after `named`."""
    hashed = hashlib.sha256(named.rstrip("/").encode()).hexdigest()[:16]
    return kept / _FOLDER / hashed / safe_name(base.rpartition("/")[2])


def _tell(root: Path, url: str, listing: str = "") -> None:
    """Write beside a folder what it stands for."""
    about = {"url": url, "name": root.name, "listing": listing}
    write_atomic(root.parent / _SOURCE, json.dumps(about).encode())


def _told_of(path: Path) -> tuple[Path, dict[str, Any]] | None:
    """The folder in the cache that `path` lies in, and what `_tell` wrote there; None for a path
    elsewhere."""
    if not stands_in(path):
        return None
    try:
        home = cache_folder() / _FOLDER
        home /= path.relative_to(home).parts[0]
        about = json.loads((home / _SOURCE).read_bytes())
        return (home, about) if {"url", "name"} <= about.keys() else None
    except (ValueError, OSError, LookupError, AttributeError):  # some other folder of that name
        return None


def _listing_hash(home: Path) -> str:
    try:
        return hashlib.sha256((home / _LISTING).read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


def stands_in(path: Path) -> bool:
    """Whether a path may stand for a file at a URL, which reading it would ask for."""
    return _FOLDER in path.parts


def bring(path: Path) -> str | None:
    """Copy the file that `path` stands for, unless it is here whole: its SHA-256; nothing, and
    None, for any other path.

    StorageError where it cannot be had, ImageError where it is larger than any picture or not of
    the size that was listed.
    """
    if (told := _told_of(path)) is None:
        return None
    home, about = told
    try:
        name = path.relative_to(home / about["name"])
    except ValueError:
        return None
    if ".." in name.parts or not path.is_file():
        return None
    listed = path.stat().st_size
    with suppress(OSError):
        kept = _sum_of(path).read_bytes()
        listed = 0  # what is here is no hole
        if (sha256 := sha256_file(path)) and sha256.encode() == kept:
            return sha256
    try:
        files, base = _file_system(about["url"])
        with files.open(f"{base}/{_encoded(files, name.as_posix())}", "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except Exception as error:  # each protocol has its own
        raise StorageError(
            Message(
                "{name} could not be read: {reason}",
                name=printable(path.name),
                reason=printable(f"{type(error).__name__}: {error}")[:200],
            ),
            Message("Check the storage and your access to it, and run the same again."),
        ) from None
    if len(data) > MAX_BYTES:
        raise ImageError(
            Message(
                "{name} has more than {most} bytes",
                name=printable(path.name),
                most=f"{MAX_BYTES:,}",
            ),
            Message("Save it as JPEG or PNG."),
        )
    if listed and len(data) != listed:
        raise ImageError(
            Message(
                "{name} had {listed} bytes when it was listed, and has {size}",
                name=printable(path.name),
                listed=listed,
                size=len(data),
            ),
            Message("Run again; where the cases are in a table, list them again first."),
        )
    sha256 = hashlib.sha256(data).hexdigest()
    write_atomic(path, data)
    write_atomic(_sum_of(path), sha256)
    return sha256


def sha256_of(path: Path) -> str | None:
    """SHA-256 of the file, or of the one that it stands for; None as `sha256_file`.

    A file is read once for as long as nothing of it changes. Of one that has changed just now that
    is not known: a change right after it may have the same time.
    """
    try:
        now = path.stat()
        changed = max(now.st_mtime, now.st_ctime)
        if not changed < time.time() - _SETTLED:
            return _hashed(path)
        return _hashed_as(path, (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns,
                                 now.st_ctime_ns))  # fmt: skip
    except (ImageError, OSError, ValueError):
        return None


_SETTLED = 2.0
"""Seconds: the times of files are no coarser anywhere."""


@lru_cache(maxsize=2**15)
def _hashed_as(path: Path, state: tuple[int, ...]) -> str:
    """The hash of a file whose size, times and place on the disk were `state` before."""
    return _hashed(path)


def _hashed(path: Path) -> str:
    sha256 = bring(path) or sha256_file(path)
    if sha256 is None:  # perhaps not the next time
        raise OSError
    return sha256


def _file_system(url: str) -> tuple[Any, str]:
    """fsspec's file system, and the folder in it."""
    if re.search("://[^/]*@", url):
        raise SettingsError(
            Message("A URL with a name or password would be written into run.json"),
            Message("Give them as the storage's own library reads them: from the environment."),
        )
    try:
        import fsspec
    except ImportError:
        raise SettingsError(
            Message("To read cases from a URL, fsspec is needed"),
            Message('Install it: pip install "rmbg-eval[scale]".'),
        ) from None
    try:
        files, base = fsspec.core.url_to_fs(url)  # of an archive, opens it
    except (ImportError, ValueError, TypeError) as error:
        raise SettingsError(
            Message(
                "{url} cannot be read: {reason}",
                url=printable(url),
                reason=printable(str(error))[:200],
            ),
            Message("Install what fsspec needs for it, as s3fs for s3://, or correct the URL."),
        ) from None
    except Exception as error:
        raise _not_listed(url, _as_os_error(error)) from None
    return files, base.rstrip("/")


def _list(files: Any, base: str, skipped: list[Message]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every file below `base` that is not hidden, by its name from there, sorted; a folder that
    cannot be listed becomes one of `skipped`."""
    try:
        files.invalidate_cache()
        there = _walk(files, base, skipped) if _is_generic(files) else files.find(base, detail=True)
        if not there:
            files.ls(base, detail=False)  # says why, unless the folder is empty
    except Exception as error:
        raise _as_os_error(error) from None
    for full, about in sorted(there.items()):
        name = full[len(base) :].lstrip("/") if full.startswith(base) else full
        name = unquote(name) if _is_web(files) else name
        if not name or name.endswith("/"):  # no file: how consoles of S3 make a folder
            continue
        if not any(part.startswith(".") for part in name.split("/") if part not in (".", "..")):
            yield name, about


def _is_generic(files: Any) -> bool:
    """Whether `find` is fsspec's own, which leaves out in silence what cannot be listed."""
    from fsspec import AbstractFileSystem
    from fsspec.asyn import AsyncFileSystem

    of = type(files)
    if issubclass(of, AsyncFileSystem):
        return bool(of._find is AsyncFileSystem._find)
    return bool(of.find is AbstractFileSystem.find)


def _walk(files: Any, base: str, skipped: list[Message]) -> dict[str, dict[str, Any]]:
    """What `find` finds; a folder below `base` that cannot be listed becomes one of `skipped`."""
    found: dict[str, dict[str, Any]] = {}
    folders = [base]
    while folders:
        folder = folders.pop()
        try:
            there = files.ls(folder, detail=True)
        except Exception as error:
            if folder == base:
                raise
            name, reason = folder.removeprefix(base).lstrip("/"), _as_os_error(error)
            skipped.append(_skip(name, system_reason(reason)))
            continue
        for about in there:
            name = about["name"].rstrip("/")
            if about["type"] != "directory":
                found[about["name"]] = about
            elif name != folder:
                folders.append(name)
    return found


def _as_os_error(error: Exception) -> OSError:
    """What a protocol's library raises, each its own, as the one kind."""
    if not isinstance(error, OSError):
        return OSError(None, raised(error, 200))
    if isinstance(error, FileNotFoundError) and not error.strerror:  # it has the path alone
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return error


def _is_web(files: Any) -> bool:
    """Whether names are parts of a web page's links there, with their signs in hundredths."""
    return "http" in ([files.protocol] if isinstance(files.protocol, str) else files.protocol)


def _encoded(files: Any, name: str) -> str:
    return quote(name) if _is_web(files) else name


def _path(root: Path, name: str) -> Path | None:
    """Where a file of that name lies in the mirror; None where that would be elsewhere."""
    parts = name.split("/")
    odd = {"", ".", ".."}
    if odd & {*parts} or "\0" in name or "\\" in name or PurePosixPath(name).is_absolute():
        return None
    path = root.joinpath(*parts)
    return path if path.parts == (*root.parts, *parts) else None


def _same(path: Path, other: Path) -> bool:
    """Whether two paths that differ lead to one file, as where the disk ignores case."""
    try:
        return path is not other and path.samefile(other)
    except OSError:
        return False


_TELLING = (
    "ETag", "etag", "md5Hash", "LastModified", "mtime", "created", "updated",  # S3, GCS, disks
    "last_modified", "last_write_time", "CRC", "sha", "modify", "modificationTime", "blob_id",
    # Azure, SMB, ZIP, GitHub, FTP, HDFS, Hugging Face
)  # fmt: skip
"""What a listing of one storage or another says that changes where a file's content does."""


def _version(about: dict[str, Any], listing: str) -> str:
    """What changes where a file's content does: where nothing is told, with every `listing`."""
    told = [str(about[name]) for name in _TELLING if about.get(name) is not None] or [listing]
    return " ".join([str(about.get("size", "")), *told])


def _hollow(path: Path, size: int) -> None:
    """A file of so many bytes that takes none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sum_of(path).unlink(missing_ok=True)
    with path.open("wb") as file:
        file.truncate(min(size, MAX_BYTES + 1))


def _sum_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.sha256")


def _listing(home: Path) -> dict[str, str]:
    try:
        versions = json.loads((home / _LISTING).read_bytes())
        return {str(name): str(version) for name, version in versions.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _skip(name: str, reason: str) -> Message:
    return Message("{name}: {reason}", name=printable(name), reason=Message(reason))


def _not_listed(url: str, error: OSError) -> CaseError:
    return CaseError(
        Message(
            "Nothing can be listed at {url}: {reason}",
            url=printable(url),
            reason=system_reason(error) or os.strerror(error.errno or 0),
        ),
        Message("Check the URL and your access to it."),
    )
