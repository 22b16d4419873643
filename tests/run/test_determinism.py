"""The same inputs on one machine give the same bytes, wherever in memory they happen to lie."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from caches import new_cache, share
from fakes import FakeModel, disc, save_picture, save_truth

from rmbg_eval import Run, Settings, evaluate
from rmbg_eval.compare.baseline import approve
from rmbg_eval.measure.matting import gradient_magnitude
from rmbg_eval.measure.region import distance
from rmbg_eval.measure.subject import Subject
from rmbg_eval.measure.table import measure
from rmbg_eval.run.plan import metrics_of

_TIMES = ("started", "wall_seconds")


def moved(array: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """The same array somewhere else in memory, aligned to nothing but its own items."""
    room = np.empty(array.size + 64, array.dtype)
    start = int(chance.integers(64))
    copy = room[start : start + array.size].reshape(array.shape)
    copy[...] = array
    return copy


def test_distance_is_the_same_to_the_bit_wherever_the_mask_lies() -> None:
    chance = np.random.default_rng(0)
    mask = disc()[1] > 127
    first = distance(mask)
    for _ in range(50):
        assert np.array_equal(distance(moved(mask, chance)), first)


def test_distance_is_the_nearest_float_to_the_true_one() -> None:
    mask = np.zeros((90, 70), bool)
    mask[3, 5] = True
    y, x = np.mgrid[:90, :70]
    assert np.array_equal(distance(mask), np.sqrt((y - 3.0) ** 2 + (x - 5.0) ** 2).astype("f4"))


def test_every_measure_is_the_same_to_the_bit_wherever_its_arrays_lie() -> None:
    chance = np.random.default_rng(0)
    rgb, truth = disc(1, (200, 160))
    alpha = np.roll(truth, 3, 1).astype(np.float32) / np.float32(255)
    exact = truth.astype(np.float32) / np.float32(255)
    metrics = metrics_of(Settings())
    arrays = alpha, rgb, rgb, exact, np.roll(rgb, 1, 0)
    first = measure(Subject(*arrays), metrics)
    assert sum(value is not None for value, _ in first.values()) > 30
    for _ in range(15):
        assert measure(Subject(*(moved(a, chance) for a in arrays)), metrics) == first


@pytest.mark.parametrize("shape", [(2, 2), (3, 5), (12, 17)])
def test_a_gradient_is_the_same_to_the_bit_wherever_it_is_put(shape: tuple[int, int]) -> None:
    alpha = np.random.default_rng(0).random(shape, np.float32)
    kept = [(gradient_magnitude(alpha), bytearray(16 * n)) for n in range(200)]
    assert len({each.tobytes() for each, _ in kept}) == 1


def twice(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluate with two empty caches and compare all that is left, byte for byte."""
    made = []
    for number in range(2):
        cache = new_cache(tmp_path / f"cache{number}")
        if (tmp_path / "weights").exists():
            share(cache / "weights", tmp_path / "weights")
        monkeypatch.setenv("RMBG_EVAL_CACHE", str(cache))
        there = settings.model_copy(update={"out": str(tmp_path / f"out{number}")})
        run = evaluate(there)
        assert run.failures == ()
        assert not any(p.cached for p in run.predictions)
        made.append((there.out_folder, run))
    (one, first), (other, second) = made
    assert first.outcome() == second.outcome()
    for p in first.predictions:
        assert (one / p.cutout).read_bytes() == (other / p.cutout).read_bytes()
    assert without_times(one) == without_times(other)


def without_times(folder: Path) -> str:
    run = json.loads((folder / "run.json").read_text("utf-8"))
    for name in _TIMES:
        del run[name]
    del run["settings"]["out"]
    for prediction in run["predictions"]:
        del prediction["seconds"], prediction["peak_memory_bytes"]
    return json.dumps(run, indent=1)


def test_a_run_is_the_same_to_the_byte_but_for_times(
    case_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice(Settings(cases=str(case_set), models=["grabcut"]), tmp_path, monkeypatch)


def test_isnet_is_the_same_to_the_byte_and_says_how_it_ran(
    real_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_picture(tmp_path / "cases" / "c" / "x.png", 1, (320, 240))
    save_truth(tmp_path / "cases" / "c" / "x.alpha.png", (320, 240))
    share(tmp_path / "weights", real_weights)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    settings = Settings(cases=str(tmp_path / "cases"), models=["isnet", "isnet-quint8"])
    twice(settings, tmp_path, monkeypatch)
    run = Run.load(tmp_path / "out0")
    assert run.machine.threads == {"OMP_NUM_THREADS": "2"}
    assert run.machine.cores >= 1
    assert [p.dtype for p in run.predictions] == [m.info.dtype for m in run.models]


def test_a_baseline_made_on_another_day_is_the_same_but_for_its_date(
    case_set: Path, tmp_path: Path, use_models: Callable[..., None]
) -> None:
    use_models(FakeModel())
    for name in ("a", "b"):
        settings = Settings(cases=str(case_set), models=["fake"], out=str(tmp_path / name))
        evaluate(settings)
        approve(settings.out_folder, tmp_path / f"baseline-{name}")
    one, other = (
        (tmp_path / f"baseline-{name}" / "run.json").read_text("utf-8").splitlines()
        for name in ("a", "b")
    )
    assert [line for line in one if line not in other] == [
        line for line in one if line.startswith('"started"')
    ]
