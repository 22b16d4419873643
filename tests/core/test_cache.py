"""The store believes only what is whole and unaltered, and never gives one thing for another."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from itertools import product

import pytest
from pictures import ordinary_user, public_folder, put, refused
from pydantic import TypeAdapter

from rmbg_eval.core import cache as module
from rmbg_eval.core.cache import Entry, MeasureCache, Store
from rmbg_eval.core.paths import cache_folder
from rmbg_eval.errors import OutputError

PNG = b"\x89PNG and so on"
KEY = Store.key("a" * 64, "isnet")


def entry(png=PNG):
    return Entry(
        cutout_sha256=hashlib.sha256(png).hexdigest(),
        width=640,
        height=480,
        notes=("grey",),
        seconds={"infer": 0.123456789, "decode": 1e-9},
        peak_memory_bytes=None,
    )


@pytest.fixture
def store(tmp_path):
    kept = Store(tmp_path / "predictions")
    kept.put(KEY, entry(), PNG)
    return kept


def files(store):
    return {path.suffix: path for path in store.folder.rglob("*") if path.is_file()}


def test_gives_back_what_was_put(store):
    assert store.get(KEY) == (entry(), PNG)


def test_has_nothing_under_another_key_or_before_anything_was_put(store, tmp_path):
    assert store.get(Store.key("b" * 64, "isnet")) is None
    assert Store(tmp_path / "nowhere").get(KEY) is None


def test_the_last_one_put_counts(store):
    store.put(KEY, entry(b"another"), b"another")
    assert store.get(KEY) == (entry(b"another"), b"another")


# (what happened to the .png, what to the .json; None: it is gone)
DAMAGE = {
    "picture-gone": (None, "kept"),
    "json-gone": ("kept", None),
    "picture-cut": (PNG[:-1], "kept"),
    "picture-empty": (b"", "kept"),
    "picture-altered": (b"X" + PNG[1:], "kept"),
    "json-empty": ("kept", b""),
    "json-cut": ("kept", b'{"cutout_sha256": "'),
    "json-not-utf-8": ("kept", b"\xff\xfe"),
    "json-of-another-kind": ("kept", b"[]"),
    "json-of-an-earlier-version": ("kept", b'{"cutout_sha256": "0"}'),
    "json-of-a-later-version": ("kept", "one more key"),
}


@pytest.mark.parametrize(("png", "json"), DAMAGE.values(), ids=DAMAGE)
def test_what_is_damaged_is_not_believed_and_can_be_put_again(png, json, store):
    for suffix, change in ((".png", png), (".json", json)):
        path = files(store)[suffix]
        if change is None:
            path.unlink()
        elif change == "one more key":
            put(path, path.read_text().replace("{", '{"more": 1, ', 1))
        elif change != "kept":
            put(path, change)
    assert store.get(KEY) is None
    store.put(KEY, entry(), PNG)
    assert store.get(KEY) == (entry(), PNG)


def test_killed_between_the_two_files_there_is_nothing(tmp_path, monkeypatch):
    """The picture is written first: whenever the JSON is there, all of it is."""
    store, written = Store(tmp_path), []

    def write_once(path, data):
        if written:
            raise KeyboardInterrupt
        written.append(path.suffix)
        put(path, data)

    monkeypatch.setattr(module, "write_atomic", write_once)
    with pytest.raises(KeyboardInterrupt):
        store.put(KEY, entry(), PNG)
    assert written == [".png"]
    assert store.get(KEY) is None


def test_a_cache_that_is_emptied_meanwhile_keeps_what_comes_after(tmp_path, monkeypatch):
    def emptied(dir, **options):
        if next(left, None) is not None:
            shutil.rmtree(dir)
        return make(dir=dir, **options)

    make, left = tempfile.NamedTemporaryFile, iter(range(2))
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", emptied)
    store, measured = Store(tmp_path / "predictions"), MeasureCache(tmp_path / "measurements")
    store.put(KEY, entry(), PNG)
    assert store.get(KEY) == (entry(), PNG)
    left = iter(range(2))
    measured.put(KEY, "found")
    assert measured.get(KEY) == "found"


def test_the_key_tells_pictures_models_and_decoders_apart(monkeypatch):
    keys = set()
    for decoder, picture, model in product(("1", "2"), ("a" * 64, "b" * 64), ("isnet", "isnet2")):
        monkeypatch.setattr(module, "DECODER", decoder)
        keys.add(Store.key(picture, model))
        assert Store.key(picture, model) in keys, "and it is the same each time"
    assert len(keys) == 8
    assert all(len(key) == 64 and key.isalnum() for key in keys)


def test_what_was_measured_is_believed_while_not_a_byte_of_it_is_another(tmp_path):
    kept, key, numbers = (
        MeasureCache(tmp_path),
        MeasureCache.key("mad", 1),
        TypeAdapter(list[float]),
    )
    assert kept.get(key) is None
    assert kept.read(key, numbers) is None
    kept.put(key, "[0.25,\n1]")
    assert kept.get(key) == "[0.25,\n1]"
    assert kept.read(key, numbers) == [0.25, 1]
    assert kept.read(key, TypeAdapter(str)) is None
    assert kept.get(MeasureCache.key("mad", 2)) is kept.get(MeasureCache.key("mad1")) is None
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    whole = path.read_bytes()
    for at in range(len(whole)):
        for other in (b"", b"0", b"1", b"\n", b"\xff"):
            put(path, changed := whole[:at] + other + whole[at + 1 :])
            assert (kept.get(key) is None) == (changed != whole)


def test_lies_in_the_cache_folder_that_the_environment_names(tmp_path, monkeypatch):
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(tmp_path / "mine"))
    assert Store.default().folder == tmp_path / "mine" / "predictions"
    monkeypatch.setenv("RMBG_EVAL_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "rmbg_eval"
    monkeypatch.delenv("XDG_CACHE_HOME")
    for home in ("HOME", "USERPROFILE"):  # the other is Windows'
        monkeypatch.setenv(home, str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "rmbg_eval"


@pytest.mark.parametrize("where", ["read-only", "file"])
def test_a_cache_that_cannot_be_written_is_an_output_error(where):
    with public_folder() as folder:
        if where == "file":
            put(folder / "cache", "words")
        folder.chmod(0o555)
        store = Store(folder / "cache")
        with ordinary_user(), refused(OutputError, "cache"):
            store.put(KEY, entry(), PNG)
        assert store.get(KEY) is None
