"""Which background remover is good enough on your own pictures, and where does it fail?

    >>> from rmbg_eval import Report, Settings, evaluate
    >>> run = evaluate(Settings(out="reports/mine"))   # doctest: +SKIP
    >>> Report(run).overview()                           # doctest: +SKIP

Importing this loads no model runtime, and a name's module only when the name is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cases.case import Case as Case
    from .cases.case import CaseSet as CaseSet
    from .cases.folder import load_cases as load_cases
    from .ci.outputs import build_files as build_files
    from .compare.comparison import Comparison as Comparison
    from .compare.folder import compare_folders as compare_folders
    from .core.images import Cutout as Cutout
    from .core.images import Picture as Picture
    from .core.progress import Step as Step
    from .decisions.frames import acceptance_frame as acceptance_frame
    from .decisions.frames import decisions_frame as decisions_frame
    from .decisions.frames import ranking_frame as ranking_frame
    from .errors import RmbgEvalError as RmbgEvalError
    from .measure.record import Measurement as Measurement
    from .models.protocol import Model as Model
    from .models.table import load_model as load_model
    from .predictions.prediction import Prediction as Prediction
    from .predictions.stages import predict as predict
    from .report import Report as Report
    from .report.comparison_page import ComparisonReport as ComparisonReport
    from .report.live import notebook_progress as notebook_progress
    from .run.charts import plot_measure as plot_measure
    from .run.charts import plot_points as plot_points
    from .run.charts import plot_time as plot_time
    from .run.evaluate import evaluate as evaluate
    from .run.folder import load_run as load_run
    from .run.frames import measurements_frame as measurements_frame
    from .run.frames import points_frame as points_frame
    from .run.frames import predictions_frame as predictions_frame
    from .run.record import Run as Run
    from .settings import CompareSettings as CompareSettings
    from .settings import Settings as Settings

__version__ = "0.1.0"
"""Of this package; what is installed, built and recorded has it from here."""

_MODULES = {
    "Case": "cases.case",
    "CaseSet": "cases.case",
    "CompareSettings": "settings",
    "Comparison": "compare.comparison",
    "ComparisonReport": "report.comparison_page",
    "Cutout": "core.images",
    "Measurement": "measure.record",
    "Model": "models.protocol",
    "Picture": "core.images",
    "Prediction": "predictions.prediction",
    "Report": "report",
    "RmbgEvalError": "errors",
    "Run": "run.record",
    "Settings": "settings",
    "Step": "core.progress",
    "acceptance_frame": "decisions.frames",
    "build_files": "ci.outputs",
    "compare_folders": "compare.folder",
    "decisions_frame": "decisions.frames",
    "evaluate": "run.evaluate",
    "load_cases": "cases.folder",
    "load_model": "models.table",
    "load_run": "run.folder",
    "measurements_frame": "run.frames",
    "notebook_progress": "report.live",
    "plot_measure": "run.charts",
    "plot_points": "run.charts",
    "plot_time": "run.charts",
    "points_frame": "run.frames",
    "predict": "predictions.stages",
    "predictions_frame": "run.frames",
    "ranking_frame": "decisions.frames",
}
"""The public names, each with the module that defines it."""

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value = globals()[name] = getattr(import_module(f".{_MODULES[name]}", __name__), name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"Any", "TYPE_CHECKING", "import_module"})
