"""Everything that is said is in every language; what a language is, is one file."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest
from runs import run_of

from rmbg_eval import web
from rmbg_eval.cases.categories import CATEGORIES
from rmbg_eval.compare.tolerances import DEFAULTS
from rmbg_eval.errors import Failure, ImageError
from rmbg_eval.i18n import LANGUAGE, Message, catalogue, extraction, languages, tag
from rmbg_eval.measure.kinds import KINDS
from rmbg_eval.measure.table import FAMILIES, TABLE
from rmbg_eval.predictions.prediction import Prediction
from rmbg_eval.report import frame
from rmbg_eval.report.context import Context
from rmbg_eval.report.overview import Overview
from rmbg_eval.run.previews import Previews

SAID = cache(extraction.said)
"""It takes a second; whatever becomes of catalogues, the code says the same."""


@pytest.fixture(autouse=True)
def said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "said", SAID)


def test_every_message_of_the_code_is_in_every_catalogue() -> None:
    """If not: python -m rmbg_eval.i18n.extraction; then translate what is empty."""
    found = [wrong for lang in languages()[1:] for wrong in extraction.mistakes(lang)]
    assert found == []
    assert len(SAID()) > 400


@pytest.fixture
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the catalogues, to be added to."""
    folder = tmp_path / "catalogues"
    shutil.copytree(catalogue.FOLDER, folder)
    monkeypatch.setattr(catalogue, "FOLDER", folder)
    forget()
    yield folder
    forget()


def forget() -> None:
    for cached in (catalogue.languages, catalogue.catalogue, frame.environment, web.style):
        cached.cache_clear()


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        ('msgstr "此案例没有真值"', 'msgstr ""', "no translation of 'the case has no truth'"),
        ('msgid "the case has no truth"', 'msgid "nobody says this"', "nothing says"),
        ('msgstr "没有案例 {name}"', 'msgstr "没有案例 {nome}"', "placeholders"),
        ('msgstr "没有案例 {name}"', 'msgstr "没有案例"', "placeholders"),
        ('msgid "px"', '#, fuzzy\nmsgid "px"', "no translation of 'px'"),
    ],
)
def test_a_catalogue_that_lags_behind_is_told(
    catalogues: Path, before: str, after: str, wrong: str
) -> None:
    path = catalogues / "zh.po"
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")
    assert any(wrong in mistake for mistake in extraction.mistakes("zh"))


def test_bringing_a_catalogue_up_to_date_keeps_what_is_right(catalogues: Path) -> None:
    path = catalogues / "zh.po"
    before = path.read_text("utf-8")
    path.write_text(before + '\nmsgid "nobody says this"\nmsgstr "x"\n', "utf-8")
    extraction.update("zh")
    assert path.read_text("utf-8") == before


@pytest.mark.parametrize(
    ("suffix", "source", "texts"),
    [
        (
            ".py",
            'x = Message("a " "b {n}", many="c {n}", n=1), N_("d"), Message(e)',
            ["d", ("a b {n}", "c {n}")],
        ),
        (".j2", '{{ _("a {b}", b=2) }}<p title="{{ _("c") }}">{{ d }}', ["a {b}", "c"]),
        (".js", 'const x = [_("a"), say(node, _(`b`), { c })]; // _("d")', ["a", "b"]),
    ],
)
def test_messages_are_found_in_every_kind_of_source(
    suffix: str, source: str, texts: list[object]
) -> None:
    assert sorted(extraction.texts(source, suffix), key=str) == sorted(texts, key=str)


def test_a_language_is_one_file(catalogues: Path) -> None:
    header = (catalogues / "en.po").read_text("utf-8").replace("Language: en", "Language: tlh")
    (catalogues / "tlh.po").write_text(
        f"{header}\n"
        'msgid "English"\nmsgstr "tlhIngan Hol"\n\n'
        'msgid "{name} is empty (0 bytes)"\nmsgstr "chIm {name}"\n',
        "utf-8",
    )
    forget()
    assert languages() == ("en", "tlh", "zh")
    assert LANGUAGE.everywhere() == {"en": "English", "tlh": "tlhIngan Hol", "zh": "中文"}
    assert [tag(lang) for lang in languages()] == ["en", "tlh", "zh-CN"]
    error = ImageError(Message("{name} is empty (0 bytes)", name="a.jpg"), Message("Copy it."))
    assert error.problem.to("tlh") == "chIm a.jpg"
    assert error.remedy.to("tlh") == "Copy it."
    page = report(Failure.of(error))
    assert 'value="tlh" checked' in page
    assert "<span>tlhIngan Hol</span>" in page
    assert '<span lang="tlh"> a: chIm a.jpg.</span>' in page
    assert '.rmbg[data-lang="tlh"] span[lang]:not([lang="tlh"])' in page


def report(failure: Failure) -> str:
    """The beginning of a report in the made-up language, with one failure."""
    failed = Prediction(category="pet", case="rex", model="a", failure=failure)
    run = run_of(failed)
    settings = run.settings.model_copy(update={"lang": "tlh"})
    context = Context(run.model_copy(update={"settings": settings}), Previews({}))
    overview = frame.render("overview", Overview(context).view(), "tlh")
    return frame.head("x", "tlh", "single") + overview + frame.foot("tlh", "single")


def test_what_tables_say_is_marked_for_the_catalogues() -> None:
    """If not: write N_("…") around it."""
    texts = {text for m in TABLE for text in (m.unit, m.region, m.explanation) if text}
    texts |= {text for family in FAMILIES for text in (family.title, family.note)}
    texts |= {text for kind in KINDS.values() for text in (kind.title, kind.unit)}
    texts |= {tolerance.reason for tolerance in DEFAULTS.values()}
    for category in CATEGORIES.values():
        texts |= {category.title, category.difficulty, category.look}
    assert texts <= SAID().keys()
