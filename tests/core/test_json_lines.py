"""JSON a line at a time."""

from __future__ import annotations

import json

from pydantic import BaseModel

from rmbg_eval.core.json_lines import compact, in_lines, line_each


class Two(BaseModel):
    name: str
    rows: tuple[int, ...]


def test_a_model_in_lines_is_that_model() -> None:
    two = Two(name='"é\n', rows=(1, 2, 3))

    def lines_of(name: str):
        value = getattr(two, name)
        return line_each(map(compact, value)) if name == "rows" else [compact(value)]

    text = "".join(in_lines(two, lines_of))
    assert Two.model_validate_json(text) == two
    assert text.endswith("[\n1,\n2,\n3\n]\n}\n")
    assert json.loads("".join(line_each([]))) == []
