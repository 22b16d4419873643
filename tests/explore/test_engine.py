"""Models that are loaded once, in sight, and take one picture at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import get_args

import pytest
from fakes import FakeModel, disc

from rmbg_eval import Picture
from rmbg_eval.errors import ModelError, WeightsError
from rmbg_eval.explore.engine import LocalEngine, Stage, Turn
from rmbg_eval.i18n import Message

RGB = disc(1)[0]


@pytest.fixture
def engine_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., LocalEngine]:
    """`engine_of(fake, …)`: an engine with these models."""

    def make(*models: FakeModel) -> LocalEngine:
        table = {model.info.name: model for model in models}
        monkeypatch.setattr("rmbg_eval.explore.engine.model_from", lambda spec, *_: table[spec])
        return LocalEngine(list(table))

    return make


def test_every_stage_of_loading_is_told_in_order(engine_of) -> None:
    go = threading.Event()

    class Slow(FakeModel):
        def fetch(self, say: Callable[[str], None]) -> None:
            go.wait(10)
            say("10 of 20 MB")
            time.sleep(0.05)

    engine = engine_of(Slow("slow"), FakeModel("next"))
    seen = []
    for states in engine.watch():
        seen.append(states)
        go.set()
    assert [state.stage for state in seen[-1]] == ["ready", "ready"]
    order = [get_args(Stage).index(states[0].stage) for states in seen]
    assert order == sorted(order)
    assert any(states[0].text == "10 of 20 MB" for states in seen)
    assert seen[-1][0].seconds > 0


def test_one_model_that_cannot_be_had_leaves_the_other(engine_of) -> None:
    class Absent(FakeModel):
        def fetch(self, say: Callable[[str], None]) -> None:
            raise WeightsError(Message("No weights"), Message("Get some."))

    engine = engine_of(Absent("absent"), FakeModel("here"))
    *_, last = engine.watch()
    assert [state.stage for state in last] == ["failed", "ready"]
    assert str(last[0].failure.problem) == "No weights"
    with pytest.raises(ModelError, match="No weights"):
        engine.remove("absent", "raw", lambda: Picture("a", RGB), lambda step: None)
    assert engine.remove("here", "raw", lambda: Picture("a", RGB), lambda step: None).png


def test_unknown_models_and_folders_are_refused(engine_of, tmp_path) -> None:
    engine = engine_of(FakeModel())
    with pytest.raises(ModelError, match="'other' is not served here"):
        engine.remove("other", "raw", lambda: Picture("a", RGB), lambda step: None)
    with pytest.raises(ModelError, match="No model was named"):
        LocalEngine([])


def test_a_folder_of_cutouts_is_no_model_for_new_pictures(tmp_path) -> None:
    with pytest.raises(ModelError, match="cut-outs of known pictures only"):
        LocalEngine([f"Studio=folder:{tmp_path}"])


def test_colours_are_estimated_where_that_is_asked_for(engine_of) -> None:
    engine = engine_of(FakeModel())
    raw, clean = (
        engine.remove("fake", how, lambda: Picture("a", RGB), lambda step: None)
        for how in ("raw", "blur-fusion")
    )
    assert raw.png != clean.png
    assert "blur-fusion" in clean.pipeline


def test_who_comes_first_is_served_first_and_knows_its_place() -> None:
    turn, order, told = Turn(), [], {name: [] for name in "abc"}
    begun = threading.Event()

    def visit(name: str) -> None:
        with turn.taken(told[name].append):
            begun.set()
            order.append(name)
            if name == "a":
                while len(turn._waiting) < 3:
                    time.sleep(0.005)

    threads = []
    for name in "abc":
        threads.append(threading.Thread(target=visit, args=(name,)))
        threads[-1].start()
        begun.wait(5)
        time.sleep(0.02)
    for thread in threads:
        thread.join(5)
    assert order == list("abc")
    assert told["a"] == []
    assert told["b"][0] == 1
    assert told["c"][0] == 2


def test_who_leaves_the_queue_holds_nobody_up() -> None:
    turn, served = Turn(), []

    def leave(before: int) -> None:
        raise ConnectionError

    with turn.taken(lambda before: None):
        with pytest.raises(ConnectionError), turn.taken(leave):
            served.append("left")
        after = threading.Thread(target=lambda: _take(turn, served))
        after.start()
    after.join(5)
    assert served == ["after"]


def _take(turn: Turn, served: list[str]) -> None:
    with turn.taken(lambda before: None):
        served.append("after")


def test_an_error_in_the_middle_frees_the_turn(engine_of) -> None:
    class Fails(FakeModel):
        def preprocess(self, picture: Picture) -> Picture:
            if picture.name == "bad":
                raise RuntimeError("boom")
            return picture

    engine = engine_of(Fails())
    with pytest.raises(RuntimeError):
        engine.remove("fake", "raw", lambda: Picture("bad", RGB), lambda step: None)
    assert engine.remove("fake", "raw", lambda: Picture("good", RGB), lambda step: None).png
