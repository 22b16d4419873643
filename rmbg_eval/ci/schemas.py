"""The JSON schemas of run.json, comparison.json and decisions.json, for other readers.

`python -m rmbg_eval.ci.schemas DIR` writes them; `docs/` has those of this version.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ..compare.comparison import Comparison
from ..core.files import write_atomic
from ..decisions.record import Decisions
from ..run.record import Run


def schemas() -> dict[str, dict[str, Any]]:
    """By file name: JSON Schema 2020-12, as pydantic makes it of the records."""
    return {
        "run.schema.json": _schema(Run),
        "comparison.schema.json": _schema(Comparison),
        "decisions.schema.json": _schema(Decisions),
    }


def write(folder: Path) -> None:
    """Write every schema into `folder`; OutputError if that cannot be."""
    for name, schema in schemas().items():
        write_atomic(folder / name, json.dumps(schema, indent=1, ensure_ascii=False) + "\n")


def _schema(record: type[Run] | type[Comparison] | type[Decisions]) -> dict[str, Any]:
    return record.model_json_schema(mode="serialization")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
