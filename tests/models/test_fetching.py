"""Fetching weights, and what a stranger's model must then be known by."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeModel, save_picture, some_cases

from rmbg_eval.errors import ModelError, WeightsError
from rmbg_eval.explore.remove import remove_background
from rmbg_eval.models.decontamination import Decontaminated
from rmbg_eval.models.fetching import fetch
from rmbg_eval.models.function import check_identity, model_of
from rmbg_eval.predictions.cutouts import make_cutouts
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.settings import Settings


class Offline(FakeModel):
    """Its weights cannot be had, which its makers did not think of."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def fetch(self, say) -> None:
        raise self._error


def known_by(identity: object) -> FakeModel:
    model = FakeModel()
    model.identity = lambda name: identity
    return model


def test_what_fetching_raises_is_told_in_words_with_its_place() -> None:
    fault = (
        r"^fake cannot be fetched: OSError: no route, in test_fetching\.py:\d+\. "
        r"See that the network can be reached, or correct the model's fetch\(\)\.$"
    )
    with pytest.raises(ModelError, match=fault):
        fetch(Offline(OSError("no route.")), print)
    with pytest.raises(WeightsError, match="gone"):
        fetch(Offline(WeightsError("gone", "Ask.")), print)


@pytest.mark.parametrize("identity", [None, "", " ", 7])
def test_a_model_without_an_identity_is_refused_by_name(identity: object) -> None:
    fault = r"FakeModel is no model: its identity\(\) is .*Let it be a text that no other model has"
    bare = known_by(identity)
    for model in (bare, model_of("Mine", bare), Decontaminated(bare, "blur-fusion")):
        with pytest.raises(ModelError, match=fault):
            check_identity(model, "pet/rex")


def test_an_identity_that_is_raised_for_is_the_pictures_failure() -> None:
    model = FakeModel()
    model.identity = {}.__getitem__
    check_identity(model, "pet/rex")


def test_nothing_is_made_with_a_model_that_cannot_be_fetched_or_known(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    some_cases(cases, 1)
    picture = save_picture(tmp_path / "a.png")
    settings = Settings(cases=cases, out=tmp_path / "out")
    for model, fault in (
        (known_by(None), "its identity.. is None"),
        (Offline(KeyError("x")), "fake cannot be fetched"),
    ):
        with pytest.raises(ModelError, match=fault):
            evaluate(settings, models=model)
        with pytest.raises(ModelError, match=fault):
            [*make_cutouts(model, [picture], tmp_path / "made")]
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "made").exists()
    with pytest.raises(ModelError, match="fake cannot be fetched"):
        remove_background(Offline(KeyError("x")), picture)
