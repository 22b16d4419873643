"""A folder of cases at a URL: the same cases as in a folder here, copied as they are read."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest
from fakes import FakeModel, save_picture, save_truth
from pictures import refused
from systems import WINDOWS, ignores_case, strange_names

from rmbg_eval.cases.folder import load_cases
from rmbg_eval.cases.manifest import write_manifest
from rmbg_eval.core import remote
from rmbg_eval.core.decoding import read_bytes
from rmbg_eval.core.remote import bring, mirror, sha256_of
from rmbg_eval.errors import CaseError, ImageError, RmbgEvalError, SettingsError
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.settings import Settings

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
LocalFileSystem = pytest.importorskip("fsspec.implementations.local").LocalFileSystem
URL = "memory://shop/catalogue"


class Counted:
    """The storage, and which of its files were read."""

    def __init__(self) -> None:
        self.files = fsspec.filesystem("memory")
        self.read: list[str] = []

    def put(self, name: str, data: bytes) -> None:
        self.files.pipe_file(f"/shop/catalogue/{name}", data)


def lay_out(here: Path, *names: str) -> Iterator[tuple[str, bytes]]:
    """Pictures of these names, and a case with a truth and a point; each file with its content."""
    for number, name in enumerate(names):
        save_picture(here / name, number)
    ada = here / "portrait" / "ada"
    save_picture(ada / "image.png", 9)
    save_truth(ada / "alpha.png")
    point = '[[points]]\nid = "sky"\nkind = "transparent"\nbox = [0, 0, 8, 8]\n'
    (ada / "case.toml").write_text(point)
    (here / "pet" / "notes.txt").write_text("no picture")
    for path in here.rglob("*"):
        if path.is_file():
            yield path.relative_to(here).as_posix(), path.read_bytes()


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Two pictures, a case with a truth and a point, and what is no picture."""
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(tmp_path / "cache"))
    there = Counted()
    there.files.store.clear()
    here = tmp_path / "here" / "catalogue"
    for name, data in lay_out(here, "pet/0.png", "pet/1.png"):
        there.put(name, data)
    opened = type(there.files)._open

    def count(self: object, path: str, *arguments: object, **named: object) -> object:
        there.read.append(path.removeprefix("/shop/catalogue/"))
        return opened(self, path, *arguments, **named)

    monkeypatch.setattr(type(there.files), "_open", count)
    return there


def check_run_of(url: str, use_models: Callable[..., None], tmp_path: Path) -> None:
    """That a run of the URL, in `out1`, is that of the folder."""
    use_models(FakeModel())
    here, there = (
        evaluate(Settings(cases=cases, models=["fake"], out=str(tmp_path / f"out{number}")))
        for number, cases in enumerate([str(tmp_path / "here" / "catalogue"), url])
    )
    assert here.skipped == there.skipped
    assert here.cases == there.cases
    assert len(there.cases) == 3
    assert list(here.measurements) == list(there.measurements)
    assert here.points == there.points
    assert there.settings.cases == url
    assert not there.failures


def test_a_run_of_a_url_is_that_of_the_folder(
    storage: Counted, tmp_path: Path, use_models: Callable[..., None]
) -> None:
    check_run_of(URL, use_models, tmp_path)
    # Each file was read once, however often it was used.
    assert sorted(storage.read) == sorted(
        ["pet/0.png", "pet/1.png", *(f"portrait/ada/{n}" for n in
         ("alpha.png", "case.toml", "image.png"))]
    )  # fmt: skip


@strange_names
@pytest.mark.parametrize("name", ["50%20off.png", "caf\udce9.png"])
def test_a_table_of_a_folder_by_its_url_has_names_of_any_kind(name: str, tmp_path: Path) -> None:
    save_picture(tmp_path / "cases" / "pet" / name)
    write_manifest(tmp_path / "m.parquet", load_cases(f"file://{tmp_path}/cases"))
    (case,) = load_cases(tmp_path / "m.parquet").cases
    assert case.picture().rgb.size


def test_a_table_of_a_url_is_read_without_listing(
    storage: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "m.parquet"
    case_set = load_cases(URL)
    write_manifest(file, case_set)
    rows = pq.read_table(file).to_pylist()
    assert rows[0]["image"] == f"{URL}/portrait/ada/image.png"
    assert rows[0]["alpha"] == f"{URL}/portrait/ada/alpha.png"
    assert rows[1]["bytes"] == storage.files.info("/shop/catalogue/pet/0.png")["size"]
    assert rows[1]["mtime"] is None
    # On another machine, say: nothing is listed, and what is read is read once.
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(tmp_path / "another"))
    monkeypatch.setattr(type(storage.files), "find", None)
    storage.read.clear()
    for _ in range(2):
        listed = load_cases(file)
        assert [case.name for case in listed.cases] == [case.name for case in case_set.cases]
        assert listed.skipped == case_set.skipped
        assert all(case.picture().rgb.size for case in listed.cases)
        assert listed.cases[0].truth() is not None
    assert sorted(storage.read) == [
        "pet/0.png", "pet/1.png", "portrait/ada/alpha.png", "portrait/ada/image.png"
    ]  # fmt: skip
    # What has another size by now is not what was listed.
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(tmp_path / "third"))
    storage.put("pet/0.png", b"x")
    with refused(ImageError, "when it was listed"):
        load_cases(file).cases[1].read()


def test_nothing_but_case_tomls_is_copied_by_listing(storage: Counted) -> None:
    case_set = load_cases(URL)
    assert [case.name for case in case_set.cases] == ["portrait/ada", "pet/0", "pet/1"]
    assert storage.read == ["portrait/ada/case.toml"]
    sizes = {case.name: case.image.stat().st_size for case in case_set.cases}
    assert sizes["pet/0"] == storage.files.info("/shop/catalogue/pet/0.png")["size"]
    case_set.cases[1].read()
    load_cases(URL)
    case_set.cases[1].read()
    assert storage.read.count("pet/0.png") == 1


def test_where_the_disk_ignores_case_the_second_of_two_names_is_left_out_and_told(
    storage: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put("pet/Rex.png", b"one")
    storage.put("pet/rex.png", b"other")
    assert bool(mirror(URL)[1]) == ignores_case(tmp_path)
    path = remote._path

    def lowered(root: Path, name: str) -> Path | None:
        found = path(root, name)
        return found and found.with_name(found.name.lower())

    monkeypatch.setattr(remote, "_path", lowered)
    for _ in range(2):
        root, skipped = mirror(URL)
        assert [str(each) for each in skipped] == [
            "pet/rex.png: on this disk it has the name of another file"
        ]
        assert (root / "pet" / "rex.png").is_file()


def test_what_is_kept_is_checked_and_what_was_replaced_is_read_again(storage: Counted) -> None:
    case = load_cases(URL).cases[1]
    first = case.read()
    damaged = bytearray(first)
    damaged[50] ^= 1
    case.image.write_bytes(damaged)
    assert case.read() == first
    assert storage.read.count("pet/0.png") == 2
    other = storage.files.cat_file("/shop/catalogue/pet/1.png")
    storage.put("pet/0.png", other)
    assert load_cases(URL).cases[1].read() == other
    storage.files.rm_file("/shop/catalogue/pet/0.png")
    assert [case.name for case in load_cases(URL).cases] == ["portrait/ada", "pet/1"]


def test_a_picture_that_was_replaced_in_an_archive_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(tmp_path / "cache"))
    for number in range(2):
        with ZipFile(tmp_path / "set.zip", "w") as archive:
            data = save_picture(tmp_path / "rex.bmp", number).read_bytes()
            archive.writestr("cases/pet/rex.bmp", data)
        (case,) = load_cases(f"zip://cases::file://{tmp_path}/set.zip").cases
        assert case.read() == data


def test_of_a_storage_that_tells_sizes_alone_pictures_are_read_after_each_listing(
    storage: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As web servers' lists of files."""
    found = type(storage.files).find
    monkeypatch.setattr(type(storage.files), "find", lambda *a, **k: {
        name: {"name": name, "size": about["size"], "type": "file"}
        for name, about in found(*a, **k).items()
    })  # fmt: skip
    case = load_cases(URL).cases[1]
    first = case.read()
    assert case.read() == first
    assert storage.read.count("pet/0.png") == 1
    storage.put("pet/0.png", first[:50] + bytes([first[50] ^ 1]) + first[51:])
    assert load_cases(URL).cases[1].read() != first


def test_names_lead_nowhere_else(storage: Counted, tmp_path: Path) -> None:
    hostile = [
        "../out.png",
        "pet/../../out.png",
        "pet/./x.png",
        "a\\b.png",
        "pet//z.png",
        "n\0.png",
    ]
    hostile += ["x" * 300 + ".png", "pet/1.png/deeper.png"]
    for name in hostile:
        storage.files.store[f"/shop/catalogue/{name}"] = storage.files.store[
            "/shop/catalogue/pet/0.png"
        ]
    root, skipped = mirror(URL)
    told = [str(each) for each in skipped]
    assert len(told) >= 5
    assert all("\0" not in text for text in told)
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {"remote-cases"}
    names = {path.relative_to(root).as_posix() for path in root.rglob("*.png")}
    assert names >= {"pet/0.png", "pet/1.png"}
    assert not any("out" in name for name in names)


def test_what_cannot_be_had_is_a_failed_case(
    storage: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = load_cases(URL).cases
    storage.files.rm_file("/shop/catalogue/pet/0.png")
    with refused(ImageError, "could not be read"):
        cases[1].read()
    assert sha256_of(cases[1].image) is None
    monkeypatch.setattr(remote, "MAX_BYTES", 10)
    with pytest.raises(ImageError, match="more than 10 bytes"):
        cases[2].read()


@pytest.mark.parametrize(
    ("url", "kind", "problem"),
    [
        ("memory://none", CaseError, "memory://none: No such file"),
        ("memory://empty", CaseError, "no pictures in memory://empty"),
        ("zip://::none.zip", CaseError, "none.zip: No such file"),
        ("zip://::memory://notes.zip", CaseError, "BadZipFile: File is not a zip file"),
        ("nonsense://bucket", SettingsError, "cannot be read"),
        ("ftp://ada:secret@host/cases", SettingsError, "name or password"),
    ],
)
def test_a_url_that_cannot_be_read_says_why(
    url: str, kind: type[RmbgEvalError], problem: str, storage: Counted
) -> None:
    storage.files.makedirs("/empty", exist_ok=True)
    storage.files.pipe_file("/notes.zip", b"words")
    with refused(kind, problem) as caught:
        load_cases(url)
    assert "secret" not in str(caught.value)


def test_folders_that_cannot_be_listed_are_told_and_names_are_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Web(LocalFileSystem):
        """Like a web server's pages: names are links, and a folder may be refused."""

        protocol = "http"

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return path.removeprefix("http://")

        def ls(self, path: str, detail: bool = False, **named: object) -> list[Any]:
            if path.endswith("garment"):
                raise PermissionError(13, "Permission denied", path)
            there = super().ls(unquote(path), detail=True)
            for about in there:
                about["name"] = quote(about["name"], safe="/:")
            return there if detail else [about["name"] for about in there]

        def open(self, path: str, *arguments: object, **named: object) -> Any:
            return super().open(unquote(path), *arguments, **named)

    save_picture(tmp_path / "shop" / "pet" / "发 #1%20.png")
    save_picture(tmp_path / "shop" / "garment" / "1.png")
    monkeypatch.setitem(sys.modules["fsspec.registry"]._registry, "http", Web)
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(tmp_path / "cache"))
    case_set = load_cases(f"http://{(tmp_path / 'shop').as_posix()}")
    assert [case.id for case in case_set.cases] == ["发 #1%20"]
    assert case_set.cases[0].picture().rgb.size
    (told,) = case_set.skipped
    assert str(told) == "garment: Permission denied"


def test_a_folder_of_that_name_elsewhere_is_none_of_ours(tmp_path: Path) -> None:
    path = save_picture(tmp_path / "remote-cases" / "x" / "pet" / "0.png")
    bring(path)
    assert read_bytes(path)
    os.remove(path)
    bring(path)


def test_a_damaged_checksum_is_none(storage: Counted) -> None:
    root, _ = mirror(URL)
    path = root / "pet" / "0.png"
    before = sha256_of(path)
    for checksum in root.parent.rglob("*0.png*"):
        if checksum != path:
            checksum.write_bytes(b"\xff\xfe")
    assert sha256_of(path) == before


def test_what_is_kept_is_hashed_once(storage: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    path = mirror(URL)[0] / "pet" / "0.png"
    before, hashed = sha256_of(path), list[object]()
    digest = hashlib.file_digest
    monkeypatch.setattr(
        hashlib, "file_digest", lambda file, *how: hashed.append(file) or digest(file, *how)
    )
    assert sha256_of(path) == before
    assert len(hashed) == 1


def test_a_file_is_read_once_for_as_long_as_nothing_of_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = tmp_path / "a.bin", tmp_path / "b.bin"
    path.write_bytes(b"one")
    digest, hashed = hashlib.file_digest, list[object]()
    monkeypatch.setattr(
        hashlib, "file_digest", lambda file, *how: hashed.append(file) or digest(file, *how)
    )
    assert sha256_of(path) == sha256_of(path)
    assert len(hashed) == 2  # it has changed just now, and may again
    monkeypatch.setattr(remote, "_SETTLED", 0.01)
    time.sleep(0.05)
    assert {sha256_of(path) for _ in range(3)} == {hashlib.sha256(b"one").hexdigest()}
    assert len(hashed) == 3
    status = path.stat()
    changes = [(b"two", False), (b"six", True)]  # of the same size and time
    if WINDOWS:  # it does not tell when else a file was changed
        del changes[0]
    for data, replaced in changes:
        (other if replaced else path).write_bytes(data)
        os.utime(other if replaced else path, ns=(status.st_atime_ns, status.st_mtime_ns))
        if replaced:
            os.replace(other, path)
        time.sleep(0.05)
        assert {sha256_of(path) for _ in range(3)} == {hashlib.sha256(data).hexdigest()}
    path.unlink()
    assert sha256_of(path) is None
    assert len(hashed) == 3 + len(changes)
