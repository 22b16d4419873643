"""The demonstration: real IS-Net, made a little worse on purpose, and a gate that sees it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from commands import call
from junit_reader import read
from PIL import Image

from rmbg_eval import Run, Settings, evaluate, load_cases, load_model
from rmbg_eval.ci.outputs import build_files
from rmbg_eval.compare.comparison import Comparison
from rmbg_eval.core.images import Cutout, Picture
from rmbg_eval.core.paths import resource
from rmbg_eval.models.runtimes import open_openvino
from rmbg_eval.models.weights import ISNET_MEDIUM
from rmbg_eval.predictions.stages import stored_alpha

CASES = ("pet/chelsea", "portrait/astronaut", "portrait/curls", "product/mug")
SLOPPY = ("pet/chelsea", "portrait/curls")
"""Those whose alpha is cut in two, one with a truth and one without."""
_FLOAT16 = 10


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four reference cases, shrunk to 384 px so that measuring them takes no time."""
    folder = tmp_path_factory.mktemp("demonstration")
    for case in load_cases(resource("cases")).cases:
        if case.name in CASES:
            there = folder / case.category / case.id
            there.mkdir(parents=True)
            picture = Image.fromarray(case.picture().rgb)
            shrunk = 384 / max(picture.size)
            size = round(picture.width * shrunk), round(picture.height * shrunk)
            picture.resize(size, Image.Resampling.LANCZOS).save(there / "image.png")
            if case.alpha:
                alpha = Image.open(case.alpha).convert("L")
                alpha.resize(size, Image.Resampling.LANCZOS).save(there / "alpha.png")
    return folder


def degraded(weights: bytes, share: float) -> bytes:
    """The graph with every number of its larger fp16 weights off by about `share` of itself."""
    data = bytearray(weights)
    chance = np.random.default_rng(0)
    for start, end in _weights(data):
        values = np.frombuffer(bytes(data[start:end]), np.float16).astype(np.float32)
        noise = chance.standard_normal(values.size, dtype=np.float32)
        data[start:end] = (values * (1 + np.float32(share) * noise)).astype(np.float16).tobytes()
    return bytes(data)


def _weights(data: bytearray) -> Iterator[tuple[int, int]]:
    """Where the raw fp16 tensors lie: ModelProto.graph (7), .initializer (5), .raw_data (9)."""
    (graph,) = [value for number, value in _fields(data, 0, len(data)) if number == 7]
    for number, tensor in _fields(data, *graph):
        if number == 5:
            parts = dict(_fields(data, *tensor))
            if parts.get(2) == _FLOAT16 and parts[9][1] - parts[9][0] > 1000:
                yield parts[9]


def _fields(data: bytearray, place: int, end: int) -> Iterator[tuple[int, object]]:
    """The fields of a protobuf message: numbers as they are, the rest as (start, end)."""

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place, value, shift = place + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while place < end:
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            length = {1: 8, 5: 4}.get(key & 7) or varint()
            yield key >> 3, (place, place + length)
            place += length


class Maker:
    """Runs IS-Net over the cases, with other weights or another post-processing."""

    def __init__(self, folder: Path, cases: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, patch
        self.settings = Settings(cases=str(cases), models=["ours"], out=str(folder / "run"))
        self.base, self.out = folder / "baseline", folder / "compare"

    def run(self, weights: Path, sloppy: tuple[str, ...] = ()) -> Run:
        model = load_model("ours=isnet", "cpu")
        model._open = partial(open_openvino, weights, "output")
        pipeline = f"{model.info.pipeline}; alpha cut at 0.5 on {', '.join(sloppy) or 'none'}"
        sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
        model.info = model.info.model_copy(update={"pipeline": pipeline, "weights_sha256": sha256})
        whole = model.postprocess

        def postprocess(output: np.ndarray, picture: Picture) -> Cutout:
            made = whole(output, picture)
            if picture.name not in sloppy:
                return made
            return replace(made, alpha=(made.alpha > 0.5).astype(np.float32))

        model.postprocess = postprocess
        self.patch.setattr("rmbg_eval.run.evaluate.load_model", lambda *_: model)
        return evaluate(self.settings, on_save=build_files)

    def compare(self) -> tuple[int, dict[str, str]]:
        """Exit status, and the state of every case."""
        code, _ = call(
            "compare", self.base, self.settings.out_folder, "--out", self.out, "--no-page"
        )
        found = Comparison.model_validate_json((self.out / "comparison.json").read_bytes())
        return code, {pair.name: pair.state for pair in found.pairs}

    def named(self) -> tuple[set[str], set[str]]:
        """The cases that junit.xml fails, and those that summary.md names at all."""
        root = read((self.out / "junit.xml").read_text("utf-8"))
        failed = {
            f"{test.get('classname').removeprefix('ours.')}/{test.get('name')}"
            for test in root.iter("testcase")
            if len(test) and test[0].tag in ("failure", "error")
        }
        summary = (self.out / "summary.md").read_text("utf-8")
        return failed, {name for name in CASES if f"`{name}`" in summary}

    def approve(self) -> int:
        return call("approve", self.settings.out_folder, "--to", self.base, "--yes")[0]


def test_a_gate_sees_exactly_the_cases_that_got_worse(
    cases: Path, tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = weights / "weights" / ISNET_MEDIUM.name
    maker = Maker(tmp_path, cases, monkeypatch)
    first = maker.run(good)
    assert first.failures == ()
    assert maker.approve() == 0
    assert maker.compare() == (0, dict.fromkeys(CASES, "same"))

    # The weights are 0.3 % off, as by another rounding: every file differs and no case does. On two
    # cases alpha is cut in two: exactly these are found.
    slightly = tmp_path / "slightly.onnx"
    slightly.write_bytes(degraded(good.read_bytes(), 0.003))
    second = maker.run(slightly, SLOPPY)
    assert all(
        was.cutout_sha256 != now.cutout_sha256
        for was, now in zip(first.predictions, second.predictions, strict=True)
    )
    code, states = maker.compare()
    assert code == 1
    assert states == {
        "portrait/curls": "worse",
        "pet/chelsea": "changed",
        "portrait/astronaut": "same",
        "product/mug": "same",
    }
    assert maker.named() == (set(SLOPPY), set(SLOPPY))
    assert maker.approve() == 0
    assert maker.compare() == (0, dict.fromkeys(CASES, "same"))

    # Another 10 % off the weights and nothing else: what moves far enough to be seen is found.
    worse = tmp_path / "worse.onnx"
    worse.write_bytes(degraded(good.read_bytes(), 0.1))
    maker.run(good)
    assert maker.approve() == 0
    kept = {p.case: stored_alpha(maker.settings.out_folder / p.cutout) for p in _made(maker)}
    maker.run(worse)
    code, states = maker.compare()
    assert code == 1
    for p in _made(maker):
        moved = np.abs(stored_alpha(maker.settings.out_folder / p.cutout) - kept[p.case]).mean()
        if moved > 0.005:
            assert states[f"{p.category}/{p.case}"] != "same", moved
    failed, _ = maker.named()
    assert failed == {name for name, state in states.items() if state in ("worse", "changed")}
    assert maker.approve() == 0
    assert maker.compare()[0] == 0


def _made(maker: Maker) -> tuple:
    return Run.load(maker.settings.out_folder).predictions
