"""Python as those write it who check its types: mypy takes it as it is, and nothing runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rmbg_eval import (
    CompareSettings,
    ComparisonReport,
    Report,
    Run,
    Settings,
    Step,
    build_files,
    compare_folders,
    evaluate,
    load_cases,
    load_model,
    load_run,
    measurements_frame,
    plot_measure,
    plot_points,
)


def red(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (rgb[..., 0] / 255).astype(np.float32)


def shout(step: Step) -> None:
    print(step.text.upper())


def runs(folder: Path) -> Run:
    settings = Settings(cases=folder, models=["isnet"], out=folder / "run", rules="amazon")
    cases: str = settings.cases
    rgb = np.zeros((8, 8, 3), np.uint8)
    evaluate(settings, shout, build_files, models=red)
    evaluate(settings, models={"red": red, "isnet": load_model("isnet"), "grabcut": "grabcut"})
    evaluate(settings, models=lambda rgb: rgb[..., 0] / 255, pictures={"a": rgb, "b": (rgb, rgb)})
    build_files(cases, load_run(cases))
    return load_run(folder)


def charts(run: Run) -> list[str]:
    axes = plot_measure(run, run.main_measure)
    plot_points(run, "kind", ax=axes).set_title("kinds")
    measurements_frame(run).pivot_table("value", "category", ["metric", "model"])
    report = Report(run)
    panels = [report.overview(), report.compare("pet/rex", ["red"])]
    for prediction in run.failures:
        if prediction.failure is not None:
            print(prediction.name, prediction.failure.problem, prediction.failure.remedy)
    return [repr(panel) for panel in panels]


def comparison(base: Path) -> dict[str, list[int]]:
    settings = CompareSettings(base=base, new="reports/new", tolerances=base / "t.toml", out=base)
    found = compare_folders(settings, shout)
    ComparisonReport(found, settings).changes()
    for case in load_cases(base, "pet").cases:
        truth = case.truth()
        print(case.picture().rgb.shape, None if truth is None else truth.mean())
    return {pair.state: [len(pair.case)] for pair in found.pairs}
