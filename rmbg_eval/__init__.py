"""Which background remover is good enough on your own pictures, and where does it fail?

    >>> from rmbg_eval import Report, Settings, evaluate
    >>> run = evaluate(Settings(out="reports/mine"))   # doctest: +SKIP
    >>> Report(run).header()                           # doctest: +SKIP

Importing this loads no model runtime: those are imported by the model that needs them.
"""

from .cases.case import Case, CaseSet
from .cases.folder import load_cases
from .compare.comparison import Comparison
from .compare.folder import compare_folders
from .core.images import Cutout, Picture
from .core.progress import Step
from .errors import RmbgEvalError
from .measure import Measurement
from .models import Model, load_model
from .predict.stages import Prediction, predict
from .report import Report
from .report.comparing import ComparisonReport
from .report.live import notebook_progress
from .run.evaluate import evaluate
from .run.record import Run
from .settings import CompareSettings, Settings

__all__ = [
    "Case",
    "CaseSet",
    "CompareSettings",
    "Comparison",
    "ComparisonReport",
    "Cutout",
    "Measurement",
    "Model",
    "Picture",
    "Prediction",
    "Report",
    "RmbgEvalError",
    "Run",
    "Settings",
    "Step",
    "compare_folders",
    "evaluate",
    "load_cases",
    "load_model",
    "notebook_progress",
    "predict",
]
