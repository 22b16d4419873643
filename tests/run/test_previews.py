"""What is known of the pictures that a report shows is read as versions before wrote it, too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from rmbg_eval import Settings, evaluate
from rmbg_eval.run.drawing import load
from rmbg_eval.run.previews import CasePreviews


def test_what_versions_before_kept_is_shown(case_set: Path, tmp_path: Path) -> None:
    settings = Settings(cases=str(case_set), models=["grabcut"], out=str(tmp_path / "out"))
    run = evaluate(settings)
    drawn = load(run).cases["pet", "rex"]
    index = next((run.settings.out_folder / "assets").glob("case-pet-rex*.json"))
    about = json.loads(index.read_text())
    for name in ("true_alpha", "profiles", "histogram", "disagreement"):
        about.pop(name)
    about["card"] = about["original"]
    about["models"]["grabcut"].pop("full")
    about["models"]["grabcut"]["card"] = about["original"]
    index.write_text(json.dumps(about))
    assert load(run).cases["pet", "rex"] == drawn


@pytest.mark.parametrize("steps", [[], [1.5], [-0.1], [float("nan")]])
def test_shares_that_no_picture_has_are_not_read(steps: list[float]) -> None:
    assert CasePreviews(histogram={"a": [0.0, 1.0]}).histogram == {"a": (0, 1)}
    with pytest.raises(ValidationError):
        CasePreviews(histogram={"a": steps})
