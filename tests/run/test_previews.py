"""What is known of the pictures that a report shows is read as versions before wrote it, too."""

from __future__ import annotations

import json
from pathlib import Path

from rmbg_eval import Settings, evaluate
from rmbg_eval.run.drawing import load


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
