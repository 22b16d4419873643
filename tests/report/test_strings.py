"""Every word there, in both languages, and used."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from rmbg_eval.cases.categories import CATEGORIES
from rmbg_eval.report import said, strings
from rmbg_eval.report.strings import STRINGS, text
from rmbg_eval.web import TEMPLATES

PACKAGE = Path(strings.__file__).parent
TEXTS = [*TEMPLATES.glob("*.j2"), *PACKAGE.rglob("*.j2"), *PACKAGE.rglob("*.py")]


@pytest.mark.parametrize("key", STRINGS)
def test_both_languages_say_the_same_things(key: str) -> None:
    fields = [
        {field for _, field, _, _ in string.Formatter().parse(line) if field}
        for line in STRINGS[key]
    ]
    assert all(line.strip() for line in STRINGS[key])
    assert fields[0] == fields[1]


@pytest.mark.parametrize("key", STRINGS)
def test_chinese_is_chinese(key: str) -> None:
    unchanged = {"done_of", "panel.result"}
    assert key in unchanged or re.search(r"[\u4e00-\u9fff]", text(key, "zh", **_values(key)))


@pytest.mark.parametrize("category", CATEGORIES)
def test_each_category_has_its_texts(category: str) -> None:
    known = CATEGORIES[category]
    assert {known.title, known.difficulty, known.look} <= set(said.MEASURED)


def test_templates_and_code_ask_for_keys_that_exist() -> None:
    asked = {
        key
        for path in TEXTS
        for key in re.findall(r"""\b(?:_|text)\(\s*"([a-z_.]+)"(?! ~)""", path.read_text("utf-8"))
    }
    assert len(asked) > 40
    assert asked <= set(STRINGS)


def test_no_string_is_left_over() -> None:
    everything = "".join(
        path.read_text("utf-8")
        for path in [*TEXTS, PACKAGE.parent / "core" / "images.py"]
        if not path.name.startswith("strings")
    )
    made = ("note.", "backdrop.", "filter.", "state.", "sort.")
    made += (
        "compared.",
        "verdict.",
        "mode.",
        "kind.",
        "point.",
        "better.",
        "alt.",
    )
    unused = [k for k in STRINGS if not k.startswith(made) and f'"{k}"' not in everything]
    notes = [k for k in STRINGS if k.startswith("note.") and f'"{k[5:]}"' not in everything]
    assert unused + notes == []


def test_decoding_notes_have_a_text() -> None:
    images = (PACKAGE.parent / "core" / "images.py").read_text("utf-8")
    notes = re.findall(r'notes\.append\("([a-z0-9-]+)"\)', images)
    assert len(notes) >= 6
    assert {f"note.{note}" for note in notes} <= set(STRINGS)


def _values(key: str) -> dict[str, str]:
    fields = {name for _, name, _, _ in string.Formatter().parse(STRINGS[key][0]) if name}
    return dict.fromkeys(fields, "x")
