"""What the code says: every message in Python, templates and scripts, found by extraction.

`python -m rmbg_eval.i18n.extraction` brings the catalogues up to date: new messages come in without
a translation, those that nothing says any more go. With `--check` nothing is written; the exit
status is 1 where a catalogue lacks one, has one too many, or differs in its placeholders.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from . import catalogue
from .message import PLACE

PACKAGE = Path(__file__).parents[1]
_MARKS = ("Message", "N_")
Text = str | tuple[str, str]
"""An English sentence; or for one, and for another number."""


def texts(source: str, suffix: str) -> Iterator[Text]:
    """The messages in the source of a file, by its suffix: .py, .j2 or .js."""
    if suffix == ".py":
        yield from _python(ast.parse(source))
        return
    method = {".j2": "jinja2.ext:babel_extract", ".js": "javascript"}[suffix]
    for _, text, _, _ in extract(method, BytesIO(source.encode()), {"_": None}):
        yield text if isinstance(text, str) else (text[0], text[1])


def _python(tree: ast.AST) -> Iterator[Text]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            text = node.args[0]
            if node.func.id in _MARKS and isinstance(text, ast.Constant) and text.value:
                many = [k.value for k in node.keywords if k.arg == "many"]
                plural = many and isinstance(many[0], ast.Constant)
                one = str(text.value)
                yield (one, str(many[0].value)) if plural else one  # type: ignore[attr-defined]


@cache
def script_texts(source: str) -> dict[str, dict[str, str]]:
    """For a page's script: what it says, by language, then by the English of it."""
    said = [text for text in texts(source, ".js") if isinstance(text, str)]
    return {
        lang: {text: catalogue.translation(text, None, 0, lang) for text in said}
        for lang in catalogue.languages()
        if lang != catalogue.SOURCE
    }


def said() -> dict[str, Text]:
    """Everything that the package says, by the English of it, in the order of its files."""
    found: dict[str, Text] = {}
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in (".py", ".j2", ".js") and path.is_file():
            for text in texts(path.read_text("utf-8"), path.suffix):
                one = text if isinstance(text, str) else text[0]
                found[one] = text if isinstance(text, tuple) else found.get(one, text)
    return found


def mistakes(lang: str) -> list[str]:
    """What is wrong with a language's catalogue."""
    there, wanted = _read(lang), said()
    wrong = []
    for one, text in wanted.items():
        message = there.get(one)
        if message is None or not all(_forms(message.string)) or message.fuzzy:
            wrong.append(f"{lang}: no translation of {one!r}")
            continue
        if (message.id if isinstance(message.id, str) else tuple(message.id)) != text:
            wrong.append(f"{lang}: another plural than {text!r}")
        both = text if isinstance(text, tuple) else (text,)
        names = {name for each in both for name in PLACE.findall(each)}
        wrong += [
            f"{lang}: other placeholders than in {one!r}"
            for form in _forms(message.string)
            if not names - {"n"} <= set(PLACE.findall(form)) <= names
        ]
    keys = [m.id if isinstance(m.id, str) else m.id[0] for m in there if m.id]
    return wrong + [f"{lang}: nothing says {key!r}" for key in keys if key not in wanted]


def update(lang: str) -> None:
    """Write a language's catalogue anew, in the order of the messages' own letters."""
    there, fresh = _read(lang), Catalog(locale=_read(lang).locale_identifier, fuzzy=False)
    for one, text in said().items():
        message = there.get(one)
        fresh.add(text, message.string if message and not message.fuzzy else "").flags.clear()
    buffer = BytesIO()
    write_po(buffer, fresh, width=100, omit_header=True, sort_output=True, no_location=True)
    path = catalogue.FOLDER / f"{lang}.po"
    header = path.read_text("utf-8").partition("\n\n")[0]
    path.write_text(
        f"{header}\n\n{buffer.getvalue().decode()}".rstrip("\n") + "\n", "utf-8", newline="\n"
    )


def _read(lang: str) -> Catalog:
    with (catalogue.FOLDER / f"{lang}.po").open("rb") as file:
        return read_po(file, ignore_obsolete=True)


def _forms(given: object) -> list[str]:
    return [given or ""] if isinstance(given, str) else list(given or [""])  # type: ignore[call-overload]


def main(check: bool) -> int:
    """Update or check every catalogue but the source's own; the exit status."""
    wrong = []
    for lang in catalogue.languages():
        if lang != catalogue.SOURCE:
            if not check:
                update(lang)
            wrong += mistakes(lang)
    print("\n".join(wrong) or f"{len(said())} messages, all translated")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
