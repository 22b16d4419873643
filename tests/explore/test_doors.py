"""The doors of the served page: which are shut, which ask for a token."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from PIL import Image
from playwright.sync_api import Browser
from served import served
from test_served_page import LONG, READY, result, visit

from rmbg_eval.core.paths import packaged_picture
from rmbg_eval.errors import ModelError, SettingsError
from rmbg_eval.explore.model_server import RemoteEngine
from rmbg_eval.explore.server import ModelProcess, is_loopback, serve, shell
from rmbg_eval.settings import Settings


def get(address: str, path: str, **headers: str) -> tuple[int, bytes]:
    base = urlsplit(address)
    request = Request(f"http://{base.netloc}{path}", headers=headers)
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


def test_another_sites_name_does_not_lead_here(address: str) -> None:
    assert get(address, "/", Host="evil.example")[0] == 403
    assert get(address, "/voila/static/voila.js", Host="evil.example:7860")[0] in (403, 404)


def test_a_token_is_asked_for(cache: Path, browser: Browser) -> None:
    options = ("--model", "grabcut", "--host", "0.0.0.0")
    with served(cache, *options) as address:
        assert "?token=" in address
        local = address.replace("0.0.0.0", "127.0.0.1")
        bare = local.partition("?")[0]
        for path in ("/", "/?token=wrong-wrong-wrong", "/result/aaaaaaaaaaaaaaaaaaaaaa/x.png"):
            status, body = get(bare, path)
            assert b"Explorer" not in body, path
            assert status in (200, 403), path  # the form that asks for it
        context = browser.new_context(locale="en-GB")
        page = context.new_page()
        visit(page, local)
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
        ({"port": 0, "host": "203.0.113.7"}, "cannot be listened to"),
    ],
)
def test_what_cannot_be_served_is_said(given: dict, message: str) -> None:
    usual = {"host": "127.0.0.1", "port": 7860, "token": None, "add_to": "", "say": print}
    settings = Settings(models=given.pop("models", ["grabcut"]))
    with pytest.raises((SettingsError, ModelError), match=message):
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
            killed.join(10)
    finally:
        keeper.end()
    assert not keeper._process.is_alive()
