"""A finished run that no model was needed for."""

from __future__ import annotations

from datetime import UTC, datetime

from rmbg_eval import Prediction, Settings
from rmbg_eval.core.machine import Machine
from rmbg_eval.models.info import ModelInfo
from rmbg_eval.run.record import CaseRecord, ModelRun, Run

KEY = ("portrait", "ada")


def run_of(*predictions: Prediction, **changes: object) -> Run:
    """A run of two models over one case, as run.json would hold it."""
    models = tuple(
        ModelRun(
            info=ModelInfo(
                name=name,
                title=f"Model {name}",
                licence="CC BY-NC 4.0",
                pipeline="as it is",
                runtime="Test 1",
                device="none",
                dtype="bf16",
            )
        )
        for name in ("a", "b")
    )
    record = CaseRecord(
        category="portrait",
        id="ada",
        title={"en": "Ada", "zh": "阿达"},
        licence="CC0-1.0",
        author=None,
        source=None,
        has_truth=False,
    )
    run = Run(
        complete=True,
        settings=Settings(models=["a", "b"]),
        started=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        wall_seconds=2.0,
        machine=Machine(
            commit="c0ffee",
            dirty=True,
            versions={"numpy": "2", "rmbg_eval": "0.1.0"},
            system="Linux",
            processor="Test",
            cores=2,
            memory_bytes=2**30,
        ),
        cases=(record,),
        skipped=("notes.txt: not a picture by its name",),
        models=models,
        predictions=predictions,
        measurements=(),
    )
    return run.model_copy(update=changes)
