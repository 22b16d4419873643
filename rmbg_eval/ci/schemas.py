"""The JSON schemas of run.json, comparison.json and decisions.json, for other readers.

`python -m rmbg_eval.ci.schemas DIR` writes them; `docs/` has those of this version.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ..compare.comparison import Comparison
from ..core.files import write_atomic
from ..decisions.record import Decisions
from ..run.record import Run


def schemas() -> dict[str, dict[str, Any]]:
    """By file name: JSON Schema 2020-12, as pydantic makes it of the records."""
    records: dict[str, type[BaseModel]] = {
        "run.schema.json": Run,
        "comparison.schema.json": Comparison,
        "decisions.schema.json": Decisions,
    }
    return {
        name: _first_paragraphs(record.model_json_schema(mode="serialization"))
        for name, record in records.items()
    }


def write(folder: Path) -> None:
    """Write every schema into `folder`; OutputError if that cannot be."""
    for name, schema in schemas().items():
        write_atomic(folder / name, json.dumps(schema, indent=1, ensure_ascii=False) + "\n")


def _first_paragraphs(schema: Any) -> Any:
    """Without the examples for Python that descriptions of records end with."""
    if isinstance(schema, list):
        return [_first_paragraphs(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value.partition("\n\n>>>")[0]
        if key == "description" and isinstance(value, str)
        else _first_paragraphs(value)
        for key, value in schema.items()
    }


if __name__ == "__main__":
    write(Path(sys.argv[1]))
