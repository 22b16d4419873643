"""Cases in S3: from moto's server, which runs in an environment of its own, as its pins are others.

`MOTO_SERVER` says where the program is, unless it is on the path.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from pictures import refused
from test_remote import check_run_of, lay_out

from rmbg_eval.cases.folder import load_cases
from rmbg_eval.errors import CaseError

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
    for name, data in lay_out(here, "pet/0.png", "pet/hündin 1+2 %41.png"):
        files.pipe_file(f"shop/catalogue/{name}", data)
    files.call_s3("put_object", Bucket="shop", Key="catalogue/pet/")  # as consoles make folders
    yield files, here
    files.rm("shop", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_run_of_a_bucket_is_that_of_the_folder(
    storage: tuple[Any, Path], tmp_path: Path, use_models: Callable[..., None]
) -> None:
    files, here = storage
    check_run_of("s3://shop/catalogue", use_models, tmp_path)
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
    with refused(CaseError, "nothing-here"):
        load_cases("s3://nothing-here/catalogue")
