"""What a long run will take, of a few pictures of all sizes; and how often the interval holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from commands import call
from fakes import FakeModel, save_picture
from hypothesis import given
from hypothesis import strategies as st

from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.scale.estimate import draw, estimate, scaled
from rmbg_eval.settings import Settings


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=90), st.integers(1, 30), st.integers())
def test_one_is_drawn_of_each_stratum_of_sizes(sizes: list[int], count: int, seed: int) -> None:
    drawn = draw(range(len(sizes)), sizes, count, seed)
    assert len({*drawn}) == len(drawn) == min(count, len(sizes))
    assert drawn == draw(range(len(sizes)), sizes, count, seed)
    order = sorted(range(len(sizes)), key=lambda place: sizes[place])
    for stratum, place in enumerate(drawn):
        assert abs(order.index(place) - (stratum + 0.5) * len(sizes) / len(drawn)) <= (
            len(sizes) / len(drawn) / 2 + 1
        )


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.integers(0, 10**6))
def test_the_estimate_is_in_its_interval(weights: list[float], more: int) -> None:
    count = len(weights) + more
    found = scaled(100.0, weights, count)
    assert found.value == pytest.approx(100.0 * count / len(weights))
    assert 0 <= found.low <= found.value * (1 + 1e-9)
    assert found.value <= found.high * (1 + 1e-9)
    if not more:  # all were tried
        assert found.low == found.high


def test_the_interval_holds_as_often_as_it_says() -> None:
    chance = np.random.default_rng(0)
    hits = 0
    for number in range(400):
        sizes = chance.lognormal(0, 0.8, 300)
        seconds = 0.3 + 0.3 * sizes * chance.lognormal(0, 0.3, 300)
        drawn = seconds[draw(range(300), [*sizes], 20, number)]
        found = scaled(drawn.sum(), [*drawn], 300)
        hits += found.low <= seconds.sum() <= found.high
    assert 0.88 <= hits / 400 <= 0.98


def test_nothing_is_kept_and_nothing_taken_from_the_cache(
    case_set: Path, tmp_path: Path, cache: Path, use_models: Callable[..., None]
) -> None:
    model = FakeModel()
    use_models(model)
    settings = Settings(cases=str(case_set), models=["fake"], out=str(tmp_path / "out"))
    found = estimate(settings, pictures=2)
    assert (found.pictures, found.tried, found.failed) == (3, 2, 0)
    assert found.seconds.value > found.start_seconds > 0
    assert found.folder_bytes.value > found.cache_bytes.value > 0
    assert len(model.inferred) == 3  # one to start up with
    assert not settings.out_folder.exists()
    assert not (cache / "predictions").exists()
    estimate(settings, pictures=2)
    assert len(model.inferred) == 6
    for few in ((), ("--pictures", 3)):
        status, text = call("estimate", "--cases", case_set, "--model", "fake", *few)
        assert status == 0
        assert "3 pictures; 3 tried" in text
        assert "by one process on this machine" in text
        assert "the run itself takes little longer" in text


def test_of_few_pictures_few_are_tried_and_that_is_told_before(
    tmp_path: Path, cache: Path, use_models: Callable[..., None]
) -> None:
    for number in range(25):
        save_picture(tmp_path / "cases" / f"{number}.png", number)
    model = FakeModel()
    use_models(model)
    settings = Settings(cases=str(tmp_path / "cases"), models=["fake"])
    steps = list[str]()
    found = estimate(settings, on_step=lambda step: steps.append(step.text))
    assert (found.pictures, found.tried, len(model.inferred)) == (25, 7, 8)
    assert steps[0] == "start-up, with one picture; then 7 of 25 are tried"
    _, text = call("estimate", "--cases", tmp_path / "cases", "--model", "fake")
    assert steps[0] in text
    assert "little longer" not in text


def test_what_is_once_for_all_is_not_counted_a_picture(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that planning (as to list finished cut-outs), inferring and drawing move on."""
    count, clock = 60, SimpleNamespace(now=0.0)
    for number in range(count):
        save_picture(tmp_path / "cases" / f"{number}.png", number)

    def takes(seconds: float) -> None:
        clock.now += seconds

    class Slow(FakeModel):
        def alpha(self, picture: Picture) -> Alpha:
            takes(1)
            return super().alpha(picture)

    def load_model(*_: object) -> FakeModel:
        takes(1000)
        return Slow()

    own = SimpleNamespace(perf_counter=lambda: clock.now)
    monkeypatch.setattr("rmbg_eval.scale.estimate.time", own)
    monkeypatch.setattr("rmbg_eval.run.evaluate.load_model", load_model)
    monkeypatch.setattr("rmbg_eval.run.evaluate.draw", lambda run, *_: takes(2 * len(run.cases)))
    settings = Settings(cases=str(tmp_path / "cases"), models=["fake"])
    found = estimate(settings, pictures=10)
    assert found.start_seconds == pytest.approx(1000)
    assert found.seconds.value == pytest.approx(1000 + 3 * count)
    monkeypatch.setattr("rmbg_eval.run.parts.ONE_FILE", count - 1)
    monkeypatch.setattr("rmbg_eval.run.sample.ROOM", 15)
    monkeypatch.setattr("rmbg_eval.run.sample.LEAST", 15)
    found = estimate(settings, pictures=10)
    assert found.seconds.value == pytest.approx(1000 + count + 2 * 15)
