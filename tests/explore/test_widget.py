"""The widget without a browser: what it answers to what a page says, and to what none would."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeModel, disc
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rmbg_eval import Picture
from rmbg_eval.core.decoding import decode_cutout
from rmbg_eval.core.paths import resource
from rmbg_eval.errors import CaseError, ModelError, SettingsError
from rmbg_eval.explore import Explorer, remove_background
from rmbg_eval.explore.engine import CutoutPng, State
from rmbg_eval.i18n import Message


class FakeEngine:
    """Computes with a fake model, at once, unless `go` is to be waited for."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.failure: Exception | None = None

    def watch(self) -> Iterator[list[State]]:
        yield [State("fake", "A fake", "none", "loading")]
        yield [State("fake", "A fake", "none", "ready")]

    def remove(
        self, model: str, foreground: str, picture: Callable[[], Picture], say: Callable
    ) -> CutoutPng:
        self.go.wait(10)
        if self.failure:
            raise self.failure
        result = remove_background(FakeModel(), picture(), lambda stage: say({"stage": stage}))
        return CutoutPng(result.name, result.seconds, result.pipeline, png=result.png)

    def png(self, made: CutoutPng) -> bytes:
        return made.png or b""


class Visitor:
    """Stands in for the page."""

    def __init__(self, **options: Any) -> None:
        self.engine = FakeEngine()
        self.widget = Explorer(engine=self.engine, **options)
        self.heard: list[tuple[dict, list[bytes]]] = []
        self.widget.send = lambda content, buffers=None: self.heard.append(
            (json.loads(json.dumps(content)), [bytes(b) for b in buffers or []])
        )

    def say(self, message: Any, *buffers: bytes) -> None:
        self.widget._handle_custom_msg(message, [memoryview(b) for b in buffers])

    def hears(self, type: str, **content: Any) -> tuple[dict, list[bytes]]:
        for _ in range(1000):
            for message, buffers in list(self.heard):
                if message["type"] == type and content.items() <= message.items():
                    return message, buffers
            time.sleep(0.01)
        raise AssertionError(f"no {type} {content} in {[m for m, _ in self.heard]}")

    def upload(self, data: bytes, id: str = "p1", name: str = "rex.png", **asked: Any) -> None:
        self.say({"type": "upload", "id": id, "name": name, "size": len(data)})
        half = len(data) // 2
        self.say({"type": "part", "id": id, "offset": 0}, data[:half])
        self.say({"type": "part", "id": id, "offset": half, **asked}, data[half:])


def png(seed: int = 1, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(disc(seed)[0]).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


REMOVE = {"type": "remove", "request": "r1", "id": "p1", "model": "fake", "foreground": "raw"}


def test_greets_with_what_there_is_and_tells_how_models_fare() -> None:
    visitor = Visitor()
    visitor.say({"type": "hello"})
    welcome, _ = visitor.hears("welcome")
    assert not welcome["served"]
    assert "pet/chelsea" in [case["name"] for case in welcome["cases"]]
    assert welcome["foregrounds"][:2] == ["raw", "blur-fusion"]
    told = [visitor.hears("models", models=[_told(stage)]) for stage in ("loading", "ready")]
    assert len(told) == 2


def _told(stage: str) -> dict:
    state = State("fake", "A fake", "none", stage)  # type: ignore[arg-type]
    return vars(state)


def test_four_steps() -> None:
    visitor = Visitor()
    visitor.upload(png())
    assert visitor.hears("received", count=0)
    picture, buffers = visitor.hears("picture")
    assert (picture["id"], picture["width"], picture["height"]) == ("p1", 96, 64)
    assert buffers == []
    visitor.say(REMOVE)
    result, (made,) = visitor.hears("result")
    assert result["name"] == "rex-cutout.png"
    rgb, alpha = decode_cutout(made, "")
    assert np.array_equal(rgb, disc(1)[0])
    assert np.array_equal(np.rint(alpha * 255).astype(np.uint8), rgb[..., 0])
    stages = [m["stage"] for m, _ in visitor.heard if m["type"] == "progress"]
    assert stages == ["preprocess", "infer", "postprocess", "encode"]


def test_a_preview_comes_for_what_the_browser_cannot_show() -> None:
    visitor = Visitor()
    visitor.upload(png(), preview=True)
    _, (shown,) = visitor.hears("picture")
    assert Image.open(io.BytesIO(shown)).size == (96, 64)


def test_a_case_is_opened_with_its_name_and_size() -> None:
    visitor = Visitor()
    visitor.say({"type": "case", "id": "p1", "name": "pet/chelsea", "preview": True})
    picture, (shown,) = visitor.hears("picture")
    assert picture["name"] == "chelsea.png"
    assert picture["size"] > 1000
    assert Image.open(io.BytesIO(shown)).size == (picture["width"], picture["height"])
    visitor.say({"type": "case", "id": "p2", "name": "../etc"})
    failed, _ = visitor.hears("failed", id="p2")
    assert "'../etc'" in failed["problem"]["en"]


@pytest.mark.parametrize(
    ("data", "chinese"),
    [
        (b"<svg onload=alert(1)>", "不是可识别的图片"),
        (png()[:200], "已损坏"),
        (png(mode="RGBA")[:50], ""),
    ],
    ids=["a script", "half a PNG", "a header"],
)
def test_what_is_no_picture_is_refused_in_both_languages(data: bytes, chinese: str) -> None:
    visitor = Visitor()
    visitor.upload(data)
    failed, _ = visitor.hears("failed", id="p1")
    assert "rex.png" in failed["problem"]["en"]
    assert chinese in failed["problem"]["zh"]
    assert failed["remedy"]["en"]
    visitor.upload(png(), id="p2")
    visitor.hears("picture", id="p2")


def test_a_second_upload_comes_in_while_the_first_is_computed() -> None:
    visitor = Visitor()
    visitor.upload(png())
    visitor.hears("picture", id="p1")
    visitor.engine.go.clear()
    visitor.say(REMOVE)
    visitor.upload(png(2), id="p2")
    visitor.hears("picture", id="p2")
    assert not [m for m, _ in visitor.heard if m["type"] == "result"]
    visitor.engine.go.set()
    visitor.say({**REMOVE, "request": "r2", "id": "p2"})
    _, (first,) = visitor.hears("result", request="r1")
    _, (second,) = visitor.hears("result", request="r2")
    assert first != second


def test_a_pong_tells_whether_what_was_asked_is_being_worked_on() -> None:
    visitor = Visitor()
    visitor.upload(png())
    visitor.hears("picture", id="p1")
    visitor.engine.go.clear()
    visitor.say(REMOVE)
    for request, working in (("r1", True), ("r0", False), (["r1"], False)):
        visitor.say({"type": "ping", "id": "ping", "of": request})
        assert visitor.heard[-1][0] == {"type": "pong", "id": "ping", "working": working}
    visitor.engine.go.set()
    visitor.hears("result", request="r1")
    visitor.widget._removing.submit(int).result()
    visitor.say({"type": "ping", "id": "ping", "of": "r1"})
    assert not visitor.heard[-1][0]["working"]


def test_a_model_that_fails_says_why_and_the_next_try_may_succeed() -> None:
    visitor = Visitor()
    visitor.upload(png())
    visitor.engine.failure = ModelError(Message("The model fell over"), Message("Help it up."))
    visitor.say(REMOVE)
    failed, _ = visitor.hears("failed", request="r1")
    assert failed["problem"]["en"] == "The model fell over."
    visitor.engine.failure = RuntimeError("/secret/path leaked")
    visitor.say({**REMOVE, "request": "r2"})
    failed, _ = visitor.hears("failed", request="r2")
    assert "secret" not in json.dumps(failed), "what was not foreseen stays here"
    visitor.engine.failure = None
    visitor.say({**REMOVE, "request": "r3"})
    visitor.hears("result", request="r3")


def test_adds_a_case_where_that_is_allowed_and_nowhere_else(tmp_path: Path) -> None:
    visitor = Visitor(add_to=str(tmp_path / "mine"))
    visitor.upload(png())
    visitor.hears("picture")
    visitor.say({"type": "add", "request": "a1", "id": "p1", "category": "pet"})
    added, _ = visitor.hears("added", request="a1")
    assert (Path(added["path"]) / "case.toml").is_file()
    strict = Visitor(add_to="")
    strict.upload(png())
    strict.say({"type": "add", "request": "a1", "id": "p1", "category": "pet"})
    assert "may not write" in strict.hears("failed", request="a1")[0]["problem"]["en"]


POINT = '[[points]]\nid = "drawn"\nkind = "opaque"\nbox = [1, 2, 9, 9]\n'


def test_a_point_is_measured_on_every_cut_out_and_written_to_the_case_that_was_added(
    tmp_path: Path,
) -> None:
    visitor = Visitor(add_to=str(tmp_path / "mine"))
    visitor.upload(png())
    visitor.hears("picture")
    visitor.say(REMOVE)
    _, (data,) = visitor.hears("result", request="r1")
    _, alpha = decode_cutout(data, "rex")
    visitor.say(
        {"type": "measure", "request": "m1", "id": "p1", "foreground": "raw", "toml": POINT}
    )
    (mark,) = visitor.hears("values", request="m1")[0]["marks"]
    assert mark["model"] == "fake"
    assert mark["value"].startswith(f"{100 * alpha[2:11, 1:10].mean():.0f}")
    write = {"type": "write", "id": "p1", "toml": POINT, "was": ""}
    visitor.say({**write, "request": "w1"})
    assert "no case" in visitor.hears("failed", request="w1")[0]["problem"]["en"]
    visitor.say({"type": "add", "request": "a1", "id": "p1", "category": "pet"})
    path = Path(visitor.hears("added", request="a1")[0]["path"]) / "case.toml"
    before = path.read_text("utf-8")
    for number, hostile in enumerate(
        [{"toml": ""}, {"toml": POINT * 2}, {"toml": "x = [" * 9000}, {"was": "x = ["}]
    ):
        visitor.say({**write, **hostile, "request": f"h{number}"})
        visitor.hears("failed", request=f"h{number}")
    assert path.read_text("utf-8") == before
    visitor.say({**write, "request": "w2"})
    visitor.hears("written", request="w2")
    assert path.read_text("utf-8") == f"{before}\n{POINT}"


def test_what_is_forgotten_cannot_be_used() -> None:
    visitor = Visitor()
    visitor.upload(png())
    visitor.hears("picture")
    visitor.say({"type": "forget", "id": "p1"})
    visitor.say(REMOVE)
    assert "no longer kept" in visitor.hears("failed", request="r1")[0]["problem"]["en"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)
_TYPES = ["hello", "ping", "upload", "part", "case", "remove", "forget", "add", "_remove", "send"]


@settings(max_examples=150)
@given(
    _JSON
    | st.fixed_dictionaries(
        {"type": st.sampled_from(_TYPES)},
        optional={
            key: _JSON
            for key in (
                "id",
                "request",
                "name",
                "size",
                "offset",
                "model",
                "foreground",
                "category",
            )
        },
    ),
    st.lists(st.binary(max_size=50), max_size=2),
)
def test_nothing_a_page_says_raises_or_leaks(message: Any, buffers: list[bytes]) -> None:
    visitor = _ONE
    visitor.heard.clear()
    visitor.say(message, *buffers)
    for heard, _ in list(visitor.heard):
        assert "Traceback" not in json.dumps(heard)


_ONE = Visitor(add_to="", cases="/nonesuch")


def test_what_cannot_be_used_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="There is no folder"):
        Explorer("grabcut", cases=str(tmp_path / "nowhere"))
    image = resource("cases") / "pet" / "shiba" / "image.jpg"
    (tmp_path / "table.csv").write_text(f"image\n{image}\n")
    Explorer("grabcut", cases=str(tmp_path / "table.csv"))
    with pytest.raises(SettingsError, match="lang"):
        Explorer("grabcut", lang="fr")
    with pytest.raises(ModelError, match="no model 'x'"):
        Explorer("x")
    explorer = Explorer(models=[lambda rgb: rgb[..., 0] / 255])
    assert [state.model for state in next(explorer._engine.watch())] == ["<lambda>"]
