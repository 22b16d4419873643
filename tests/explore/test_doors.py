"""The doors of the served page: which are shut, which ask for a token."""

from __future__ import annotations

import asyncio
import io
import json
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from multiprocessing.connection import wait
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest
from caches import new_cache
from PIL import Image
from playwright.sync_api import Browser
from served import served
from test_served_page import LONG, READY, result
from tornado.httpclient import HTTPClientError
from tornado.websocket import websocket_connect

from rmbg_eval.core.paths import packaged_picture
from rmbg_eval.errors import CaseError, ModelError, SettingsError
from rmbg_eval.explore.access import MOST_BODY, is_loopback
from rmbg_eval.explore.model_server import RemoteEngine
from rmbg_eval.explore.server import ModelProcess, serve, shell
from rmbg_eval.settings import Settings

PROTOCOL = "v1.kernel.websocket.jupyter.org"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all strangers of this file, none of whom writes to its operator's log."""
    folder = tmp_path_factory.mktemp("doors")
    log = folder / "log"
    with served(new_cache(folder / "cache"), "--model", "grabcut", log=log) as found:
        yield found
    assert log.read_text() == ""


def get(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    base = urlsplit(address)
    request = Request(f"http://{base.netloc}{path}", headers=headers, method=method)
    try:
        with urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


@pytest.mark.parametrize(
    "path",
    [
        "/voila/files/explore.ipynb",
        "/voila/files/../../pyproject.toml",
        "/files/explore.ipynb",
        "/explore.ipynb",
        "/static/../../../etc/passwd",
        "/voila/static/../../../../../../../../../../etc/passwd",
        "/voila/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/voila/static//etc/passwd",
        "/voila/templates/lab/static/../../../../../../etc/passwd",
        "/voila/templates/base/static/voila.js",
        "/voila/labextensions/anywidget/../../../../../../../etc/passwd",
        "/voila/labextensions/jupyterlab_pygments/package.json",
        "/voila/api/themes/x.css",
        "/voila/api/contents/",
        "/voila/tree",
        "/voila/render/explore.ipynb",
        "/api/contents",
        "/api/kernels",
        "/api/kernelspecs",
        "/api/sessions",
        "/api/terminals",
        "/result/aaaaaaaaaaaaaaaaaaaaaa/x.png",
        "/result/../../../../etc/passwd/x.png",
        "/login",
        "/logout",
    ],
)
def test_no_door_is_open_that_the_page_does_not_need(address: str, path: str) -> None:
    status, body = get(address, path)
    assert status in (403, 404)
    assert b"root:" not in body
    assert b"Traceback" not in body
    assert b"site-packages" not in body


def test_the_page_is_whole_before_its_kernel_is(address: str) -> None:
    base = urlsplit(address)
    with urlopen(f"http://{base.netloc}/", timeout=30) as answer:
        first = answer.read1(len(shell().encode()))
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert first.startswith(b"<!doctype html>")
    assert b"jupyter-config-data" not in first
    for leaked in (b"load_model(", b"import ", b"/work", b"site-packages"):
        assert leaked not in first.replace(b"important", b"")


def test_asking_whether_the_page_is_there_starts_no_kernel(address: str) -> None:
    base = urlsplit(address)
    with urlopen(Request(f"http://{base.netloc}/", method="HEAD"), timeout=30) as answer:
        assert answer.status == 200
        assert answer.read() == b""


CONTENTS: list[tuple[str, object]] = [
    ("execute_request", {"code": "print(1)", "silent": False}),
    ("comm_open", {"comm_id": "a", "target_name": "jupyter.widget", "data": {"state": 5}}),
    ("comm_open", {"comm_id": "b", "target_name": "nothing", "data": {}}),
    ("comm_open", {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}}),
    ("comm_msg", {"comm_id": "c", "data": {"method": "nothing"}}),
    ("comm_msg", {"comm_id": "c", "data": 5}),
    ("comm_msg", {"comm_id": "nothing", "data": {}}),
    ("comm_msg", {}),
    ("comm_info_request", 5),
]


def encoded(kind: str, content: object) -> bytes:
    """A message as a page sends it."""
    header = {"msg_id": "1", "msg_type": kind, "session": "s", "username": "", "version": "5.3"}
    parts = [b"shell", *(json.dumps(part).encode() for part in (header, {}, {}, content))]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return b"".join(n.to_bytes(8, "little") for n in (len(offsets), *offsets)) + b"".join(parts)


async def answers(
    address: str, message: str | bytes, protocols: list[str], session: int = 0
) -> list[bytes]:
    """What comes back until nothing has come for a moment."""
    address = f"{address}?session_id={session}"
    line = await websocket_connect(address, connect_timeout=30, subprotocols=protocols)
    await line.write_message(message, binary=isinstance(message, bytes))
    received: list[bytes] = []
    with suppress(TimeoutError):
        while (answer := await asyncio.wait_for(line.read_message(), 1.5)) is not None:
            received.append(answer if isinstance(answer, bytes) else answer.encode())
    line.close()
    return received


async def answers_to_all(address: str, messages: list[str | bytes]) -> list[list[bytes]]:
    """The same of messages that are sent side by side, each on a line of its own."""
    sent = enumerate(messages, 1)
    return await asyncio.gather(*(answers(address, each, [PROTOCOL], n) for n, each in sent))


def test_no_visitor_gets_a_traceback(address: str) -> None:
    base = urlsplit(address).netloc
    host, port = base.split(":")
    request = f"POST / HTTP/1.1\r\nHost: {base}\r\nContent-Length: {MOST_BODY + 1}\r\n\r\n"
    with socket.create_connection((host, int(port)), 10) as long:
        long.sendall(request.encode())
        assert b" 400 " in long.recv(100)
    with socket.create_connection((host, int(port)), 10) as leaving:
        leaving.sendall(f"GET / HTTP/1.1\r\nHost: {base}\r\n\r\n".encode())
        assert leaving.recv(100)
    kernel = re.search(rb'"kernelId": *"([\w-]+)"', get(address, "/")[1])
    assert kernel
    line = f"ws://{base}/api/kernels/{kernel[1].decode()}/channels"
    nonsense: list[str | bytes] = ["{{{", "{}", b"", b"\x00\x01", b"\xff" * 64]
    messages = [*nonsense, *(encoded(*each) for each in CONTENTS)]
    for answer in chain(*asyncio.run(answers_to_all(line, messages))):
        assert b"Traceback" not in answer
        assert b"site-packages" not in answer
    with pytest.raises(HTTPClientError, match="400"):
        asyncio.run(answers(line, "{}", []))
    for path in ("/logout", "/voila/static/%00", "/result/aaaaaaaaaaaaaaaaaaaaaa/%00"):
        assert get(address, path)[0] == 404
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        with pytest.raises(HTTPError, match="40[35]"):
            urlopen(Request(f"http://{base}/", method=method), timeout=30)
    info = asyncio.run(answers(line, encoded("comm_info_request", {}), [PROTOCOL]))
    assert any(b"comm_info_reply" in answer for answer in info)


def test_it_ends_in_silence_while_a_kernel_is_being_started(cache: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with served(cache, "--model", "grabcut", log=log, ended_by=signal.SIGTERM) as address:
        with urlopen(address, timeout=30) as page:
            assert page.read1(100)
        time.sleep(0.2)
    assert log.read_text() == ""


def test_another_sites_name_does_not_lead_here(address: str) -> None:
    assert get(address, "/", Host="evil.example")[0] == 403
    assert get(address, "/voila/static/voila.js", Host="evil.example:7860")[0] in (403, 404)


def test_a_picture_or_a_frame_of_another_site_starts_no_kernel(address: str) -> None:
    for what in ("image", "iframe", "script", "empty"):
        assert get(address, "/", **{"Sec-Fetch-Dest": what})[0] == 403


def test_a_token_is_asked_for(cache: Path, browser: Browser) -> None:
    options = ("--model", "grabcut", "--host", "0.0.0.0")
    with served(cache, *options) as address:
        assert "?token=" in address
        assert "//0.0.0.0" not in address
        local = urlsplit(address)._replace(netloc=f"127.0.0.1:{urlsplit(address).port}").geturl()
        bare = local.partition("?")[0]
        for path in ("/", "/?token=wrong-wrong-wrong", "/result/aaaaaaaaaaaaaaaaaaaaaa/x.png"):
            status, body = get(bare, path)
            assert b"Explorer" not in body, path
            assert b"Jupyter" not in body, path
            assert b"new_password" not in body, "Jupyter's login offers to set one"
            assert status == 403, path
        assert get(bare, "/", method="HEAD")[0] == 403
        context = browser.new_context(locale="en-GB")
        page = context.new_page()
        page.goto(bare)
        assert "此页面需要令牌" in page.inner_text("main")
        page.fill("[name=token]", parse_qs(urlsplit(local).query)["token"][0])
        page.click("button")
        page.wait_for_selector(".rx-drop")
        page.goto(f"{bare}login?next=%2F")  # as the address bar completes it
        page.wait_for_selector(READY, timeout=LONG)
        page.set_input_files(".rx-file", packaged_picture("chelsea"))
        assert Image.open(io.BytesIO(result(page))).mode == "RGBA"
        link = page.get_attribute("img.rx-cutout", "src")
        assert get(bare, f"/{link}")[0] in (200, 403)
        assert not get(bare, f"/{link}")[1].startswith(b"\x89PNG")
        context.close()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False)],
)
def test_what_only_this_machine_can_reach(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"host": "example"}, "'example' is no address of this machine"),
        ({"token": "short"}, "12 are needed"),
        ({"models": ["nonesuch"]}, "There is no model 'nonesuch'"),
        (
            {"models": [f"folder:{Path(__file__).parent}?refine=guided"]},
            "cut-outs of known pictures",
        ),
        ({"cases": "/nonesuch"}, "There is no folder /nonesuch"),
        ({"port": 0, "host": "203.0.113.7"}, "cannot be listened to"),
    ],
)
def test_what_cannot_be_served_is_said(given: dict, message: str) -> None:
    usual = {"host": "127.0.0.1", "port": 7860, "token": None, "add_to": "", "say": print}
    settings = Settings(models=given.get("models", ["grabcut"]), cases=given.get("cases", ""))
    given = {name: value for name, value in given.items() if name in usual}
    with pytest.raises((SettingsError, ModelError, CaseError), match=message):
        serve(settings, **{**usual, **given})


def test_a_model_process_that_was_killed_is_started_again(tmp_path: Path) -> None:
    address = str(tmp_path / "models")
    keeper = ModelProcess(address, ["grabcut"], "auto", "auto")
    try:
        for _ in range(2):
            *_, states = RemoteEngine(address).watch()
            assert states[0].stage == "ready"
            killed = keeper._process
            killed.kill()
            wait([killed.sentinel], 10)
    finally:
        keeper.end()
    assert not keeper._process.is_alive()
