"""`--stability`: other inferences, counted apart, kept, and told among the reasons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeModel, save_picture, save_truth

from rmbg_eval import Settings, evaluate
from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.core.progress import Step
from rmbg_eval.predictions.stages import stored_alpha
from rmbg_eval.run.record import Run

SHIFT, SCALE = "instability_shift", "instability_scale"


class Left(FakeModel):
    """It keeps the left half, whatever the picture; larger ones are too much for it."""

    def alpha(self, picture: Picture) -> Alpha:
        if picture.size != (96, 64):
            raise ValueError("no such size")
        alpha = np.zeros((64, 96), np.float32)
        alpha[:, :40] = 1
        return alpha


@pytest.fixture
def asked(tmp_path: Path) -> Settings:
    save_picture(tmp_path / "cases" / "pet" / "rex.png")
    return Settings(
        cases=str(tmp_path / "cases"), models=["fake", "left"], out=str(tmp_path / "out"),
        stability=3,
    )  # fmt: skip


def values(run: Run, model: str) -> dict[str, tuple[float | None, str]]:
    (key,) = (p.key for p in run.predictions if p.model == model)
    return {
        m.metric: (m.value, str(m.reason or ""))
        for m in run.measurements.of_key(key)
        if m.metric.startswith("instability")
    }


def test_each_perturbation_is_measured_kept_and_told(
    asked: Settings, use_models: Callable[..., None], tmp_path: Path
) -> None:
    fake, left = FakeModel("fake"), Left("left", weights="1" * 64)
    use_models(fake, left)
    steps: list[Step] = []
    run = evaluate(asked, steps.append)
    steady, other = values(run, "fake"), values(run, "left")
    assert [*steady] == [*other] == ["instability_mirror", SHIFT, SCALE]
    assert steady["instability_mirror"][0] == 0 == steady[SHIFT][0]
    assert 0 < (steady[SCALE][0] or 0) < 0.05
    # Columns 0 to 39 against 56 to 95: of the 38 within 10 of either outline, 11 and 11 differ.
    assert other["instability_mirror"][0] == pytest.approx(22 / 38)
    assert other[SHIFT][1].startswith("the picture moved by 8 px failed: ValueError: no such size")

    signs = {each.model: [sign.measure for sign in each.signs] for each in run.risks}
    assert signs["left"][-1] == "instability_mirror"
    assert "instability_mirror" not in signs["fake"]
    told = next(each for each in run.risks if each.model == "left").signs[-1]
    assert str(told.text).endswith("where the picture is mirrored")
    assert (told.weight, told.place) == (0, (0, 0, 16, 16))  # one where the two differ

    cost = {model.info.name: model.stability for model in run.models}
    assert (cost["fake"].inferences, cost["left"].inferences) == (3, 2)
    assert cost["fake"].seconds > 0
    assert any("left · shifted by 8, 2 of 3 more" in step.text for step in steps)
    assert all(len(p.seconds) <= 6 for p in run.predictions)

    count = len(fake.inferred)
    again = evaluate(asked)
    assert len(fake.inferred) == count == 4, "what is kept is not inferred again"
    assert again.outcome() == run.outcome()
    plain = evaluate(asked.model_copy(update={"stability": 0}))
    assert [p.cutout_sha256 for p in plain.predictions] == [
        p.cutout_sha256 for p in run.predictions
    ]
    assert plain.models[0].stability is None
    assert not values(plain, "fake")
    assert {r.model: r.value for r in plain.risks} == {r.model: r.value for r in run.risks}
    assert stored_alpha(tmp_path / "out" / plain.predictions[0].cutout).shape == (64, 96)


def test_finished_cut_outs_say_why_they_have_none(asked: Settings, tmp_path: Path) -> None:
    save_truth(tmp_path / "done" / "rex.png")
    models = [f"done=folder:{tmp_path / 'done'}"]
    run = evaluate(asked.model_copy(update={"models": models, "stability": 1}))
    (found,) = values(run, "done").values()
    assert found == (None, "finished cut-outs cannot be made again of a changed picture")
    assert run.models[0].stability.inferences == 0
