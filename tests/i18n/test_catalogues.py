"""Everything that is said is in every language; what a language is, is one file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rmbg_eval.errors import ImageError
from rmbg_eval.i18n import LANGUAGE, Message, catalogue, extraction, languages, tag


def test_every_message_of_the_code_is_in_every_catalogue() -> None:
    """If not: python -m rmbg_eval.i18n.extraction; then translate what is empty."""
    found = [wrong for lang in languages()[1:] for wrong in extraction.mistakes(lang)]
    assert found == []
    assert len(extraction.said()) > 400


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
    catalogue.languages.cache_clear()
    catalogue.catalogue.cache_clear()


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
