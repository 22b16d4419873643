"""Cases in S3: from moto's server, which runs in an environment of its own, as its pins are others.

`MOTO_SERVER` says where the program is, unless it is on the path.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeModel, save_picture, save_truth
from pictures import check_message

from rmbg_eval.cases.folder import load_cases
from rmbg_eval.errors import CaseError
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.settings import Settings

s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed: pip install s3fs")
_PROGRAM = os.environ.get("MOTO_SERVER") or shutil.which("moto_server")
pytestmark = pytest.mark.skipif(
    _PROGRAM is None,
    reason="moto's server is not there: python -m venv DIR && DIR/bin/pip install 'moto[server]', "
    "then MOTO_SERVER=DIR/bin/moto_server",
)
_MANY = 1100
"""More than S3 lists at once."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where it listens."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("moto") / "log"
    with log.open("wb") as file:
        program = subprocess.Popen(
            [str(_PROGRAM), "-H", "127.0.0.1", "-p", str(port)], stdout=file, stderr=file
        )
    try:
        for _ in range(300):
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            assert program.poll() is None, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        program.kill()
        program.wait()


@pytest.fixture
def storage(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Any, Path]]:
    """An empty bucket, the access to which is in the environment; and the cases, as a folder."""
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "ada",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "RMBG_EVAL_CACHE": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem()
    files.mkdir("shop")
    here = tmp_path / "here" / "catalogue"
    save_picture(here / "pet" / "0.png", 0)
    save_picture(here / "pet" / "hündin 1+2 %41.png", 1)
    save_picture(here / "portrait" / "ada" / "image.png", 9)
    save_truth(here / "portrait" / "ada" / "alpha.png")
    point = '[[points]]\nid = "sky"\nkind = "transparent"\nbox = [0, 0, 8, 8]\n'
    (here / "portrait" / "ada" / "case.toml").write_text(point)
    for path in here.rglob("*"):
        if path.is_file():
            key = f"shop/catalogue/{path.relative_to(here).as_posix()}"
            files.pipe_file(key, path.read_bytes())
    files.call_s3("put_object", Bucket="shop", Key="catalogue/pet/")  # as consoles make folders
    yield files, here
    files.rm("shop", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_run_of_a_bucket_is_that_of_the_folder(
    storage: tuple[Any, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, here = storage
    monkeypatch.setattr("rmbg_eval.run.evaluate.load_model", lambda *_: FakeModel())
    one, other = (
        evaluate(Settings(cases=cases, models=["fake"], out=str(tmp_path / f"out{number}")))
        for number, cases in enumerate([str(here), "s3://shop/catalogue"])
    )
    assert len(one.cases) == 3
    assert not other.failures
    assert one.cases == other.cases
    assert one.skipped == other.skipped
    assert list(one.measurements) == list(other.measurements)
    assert one.points == other.points
    assert "secret" not in (tmp_path / "out1" / "run.json").read_text()
    # What was replaced is read again.
    files.pipe_file(
        "shop/catalogue/pet/0.png", files.cat_file("shop/catalogue/portrait/ada/image.png")
    )
    names = {case.name: case for case in load_cases("s3://shop/catalogue").cases}
    assert names["pet/0"].read() == (here / "portrait" / "ada" / "image.png").read_bytes()


def test_more_is_listed_than_one_answer_has(storage: tuple[Any, Path]) -> None:
    files, here = storage
    data = (here / "pet" / "0.png").read_bytes()
    files.pipe({f"shop/many/{number:04}.png": data for number in range(_MANY)})
    assert len(load_cases("s3://shop/many").cases) == _MANY


def test_a_bucket_that_is_not_there_says_so(storage: tuple[Any, Path]) -> None:
    with pytest.raises(CaseError, match="nothing-here") as caught:
        load_cases("s3://nothing-here/catalogue")
    check_message(caught.value)
