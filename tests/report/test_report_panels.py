"""The panels of a report as one asks for them: which cases and models they are of."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from fakes import disc
from PIL import Image
from runs import run_of
from test_overview import many
from test_present import done, failed

from rmbg_eval import Report
from rmbg_eval.core.anchors import case_anchor
from rmbg_eval.errors import SettingsError
from rmbg_eval.i18n import Message
from rmbg_eval.run.record import Run


def at(folder: Path, run: Run, **changes: object) -> Run:
    """The run, in a folder."""
    settings = run.settings.model_copy(update={"out": str(folder), **changes})
    return run.model_copy(update={"settings": settings})


def several(*passed: float) -> Run:
    """A run of so many cases, each with its point's value in both models."""
    made = [
        done(model, case=f"c{number}", width=96, height=64)
        for number in range(len(passed))
        for model in "ab"
    ]
    return many({"a": [*passed], "b": [*passed]}).model_copy(update={"predictions": tuple(made)})


def test_beyond_so_many_cases_those_with_most_misses_have_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rmbg_eval.report.MOST_CASES", 1)
    report = Report(at(tmp_path, several(1.0, 0.0, 1.0)))
    shown = report.category("portrait").plain
    assert [f"c{number}" in shown for number in range(3)] == [False, True, False]


def test_only_the_models_asked_for_are_compared_in_their_order(tmp_path: Path) -> None:
    report = Report(at(tmp_path, run_of(done("a"), done("b"))))
    assert repr(report.case("portrait/ada")).splitlines() == [
        "portrait/ada", "  a  nothing measured", "  b  nothing measured",
    ]  # fmt: skip
    both = report.compare("portrait/ada", ["b", "a"])
    assert repr(both).splitlines()[1:] == ["  b  nothing measured", "  a  nothing measured"]
    heads = both.plain.index(">b<"), both.plain.index(">a<")
    assert heads[0] < heads[1]
    assert ">a<" not in report.compare("portrait/ada", "b").plain
    assert repr(report.categories()) == "<1 categories>"
    lost = [failed(model, Message(f"{model} broke")) for model in "ab"]
    report = Report(at(tmp_path, run_of(*lost)))
    alone, both = (report.compare("portrait/ada", models).plain for models in ("b", ["b", "a"]))
    assert "b broke" in alone
    assert "a broke" not in alone
    assert both.index("b broke") < both.index("a broke")


def test_what_the_run_does_not_have_is_named_with_what_it_has(tmp_path: Path) -> None:
    report = Report(at(tmp_path, run_of(done("a"))))
    assert repr(report).startswith("<Report on the Run of 1 case × 2 models, ")
    for name in ("zzz", 5, ("portrait", "ada"), None):
        told = rf"no case {re.escape(repr(name))} .*Name one of these: portrait/ada\."
        with pytest.raises(SettingsError, match=told):
            report.case(name)
    for name in ("zzz", 5, ["portrait"]):
        told = rf"no category {re.escape(repr(name))} .*Name one of these: portrait\."
        with pytest.raises(SettingsError, match=told):
            report.category(name)
    for models in ("c", ["c"], 3, [["a"]], [None]):
        with pytest.raises(SettingsError, match="no model .*Name one of these: a, b"):
            report.compare("portrait/ada", models)


def test_each_of_many_cases_has_a_page_that_leads_back_to_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rmbg_eval.run.previews.MANY", 2)
    run = several(1.0, 0.0)
    cutout = tmp_path / "cutouts" / "a" / "portrait" / "ada.png"
    cutout.parent.mkdir(parents=True)
    Image.fromarray(np.dstack(disc())).save(cutout)
    report = Report(at(tmp_path, run, layout="folder"))
    for case in ("c0", "c1"):
        anchor = case_anchor("portrait", case)
        page = (tmp_path / "pages" / f"{anchor}.html").read_text("utf-8")
        assert f'href="../index.html#{anchor}"' in page
        assert 'href="../report.css"' in page
        assert f'id="{anchor}"' in page
        assert 'src="../assets/' in page
        assert 'href="../cutouts/a/portrait/ada.png"' in page
        assert f'"pages/{anchor}.html' in report.category("portrait").html
    Report(at(tmp_path / "few", run))
    assert not (tmp_path / "few" / "pages").exists()
