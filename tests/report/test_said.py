"""What other modules say in English, in Chinese: measures, failures, comparisons."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from rmbg_eval import measure
from rmbg_eval.cases.categories import CATEGORIES
from rmbg_eval.compare.tolerances import DEFAULTS, POINT
from rmbg_eval.measure.kinds import KINDS
from rmbg_eval.measure.table import FAMILIES, TABLE
from rmbg_eval.report import said


@pytest.mark.parametrize("english", [*said.MEASURED, *(k for k in said.REASONS if "(?P" not in k)])
def test_units_regions_and_reasons_are_said_in_chinese(english: str) -> None:
    words = said.measured(english, "zh") if english in said.MEASURED else said.reason(english, "zh")
    assert words.en == english
    assert words.zh != english or english in ("ΔE2000",)


def test_every_unit_and_region_has_its_chinese() -> None:
    there = {m.unit for m in TABLE} | {m.region for m in TABLE}
    there |= {text for kind in KINDS.values() for text in (kind.unit, kind.title)}
    there |= {text for c in CATEGORIES.values() for text in (c.title, c.difficulty, c.look)}
    there |= {text for family in FAMILIES for text in (family.title, family.note)}
    there |= {metric.explanation for metric in TABLE if metric.explanation} | {"Pictures"}
    assert there == set(said.MEASURED)


def test_a_reason_in_a_reason_is_said_in_chinese_too() -> None:
    english = "the prediction failed: a.jpg is empty (0 bytes). Copy or download the picture again."
    assert said.reason(english, "zh") == (
        "预测失败：a.jpg 是空文件（0 字节）。请重新复制或下载图片。"
    )
    assert said.reason("something new", "zh") == "something new"


def test_every_reason_that_is_written_out_in_the_measures_has_its_chinese() -> None:
    found = []
    for path in Path(measure.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if name in ("Undefined", "NoEdge") and node.args:
                found.append(_sample(node.args[0]))
    known_here = [text for text in found if text]
    assert len(known_here) > 10
    assert [text for text in known_here if said.reason(text, "zh") == text] == []


def _sample(node: object) -> str:
    """A string as written, with a number for each part that varies."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) else "7" for part in node.values
        )
    return ""


@pytest.mark.parametrize(
    ("problem", "remedy", "chinese", "then"),
    [
        (
            "There is no cut-out of pet/rex in shop",
            "Save it as pet/rex.png (RGBA, or a grey matte) there.",
            "shop 中没有 pet/rex 的抠图",
            "请在该文件夹中保存 pet/rex.png（RGBA 或灰度蒙版）。",
        ),
        (
            "Alpha must lie in [0, 1]; received (9, 9) float32, -3 … 7",
            "The model's output or its activation is not what was declared.",
            "模型给出的透明度不符合约定：(9, 9) float32, -3 … 7",
            "模型的输出或激活函数与所声明的不符。",
        ),
        ("ValueError: {0}", "Report it.", "ValueError: {0}", "Report it."),
    ],
)
def test_a_failure_and_what_to_do(problem: str, remedy: str, chinese: str, then: str) -> None:
    said_problem, said_remedy = said.failure(problem, remedy, "zh")
    assert (said_problem, said_remedy) == (chinese, then)
    assert (said_problem.en, said_remedy.en) == (problem, remedy)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "point lens: passed → failed (0.02 → 0.4 alpha, 0 to 1; in the truth, alpha has no "
            "contour at 0.5), and 2 more; the cut-out is the same to the bit, so the truth, the "
            "point or the measure is not",
            "观察点 lens：通过 → 未通过（0.02 → 0.4 透明度，0 至 1；真值中，透明度没有 0.5 处的轮廓"
            "），另有 2 项；抠图逐位相同，所以变化的是真值、观察点或指标",
        ),
        (
            "point ear: passed → not measured (0.9 → – share; the truth has no edge in the region)",
            "观察点 ear：通过 → 未测量（0.9 → – 份额；该区域的真值没有边缘）",
        ),
        ("point ear: failed → passed (1 → 0.5 px)", "观察点 ear：未通过 → 通过（1 → 0.5 像素）"),
        ("point ear 3 → 9.5 (allowed ±1)", "观察点 ear 3 → 9.5（容差 ±1）"),
        ("point ear: the point is in BASE only", "观察点 ear：观察点仅在 BASE 中"),
        (
            "mad_unknown 0.1 → 0.2 (allowed ±0.005), and 3 more",
            "mad_unknown 0.1 → 0.2（容差 ±0.005），另有 3 项",
        ),
        (
            "mad: it can no longer be measured: the case has no truth",
            "mad：已无法测量：此案例没有真值",
        ),
        (
            "mad: not measured in BASE: the case has no truth",
            "mad：在 BASE 中未测量：此案例没有真值",
        ),
        (
            "alpha moved by 0.3 (worst 16 px square; allowed ±0.04); no truth says whether it is "
            "better",
            "透明度变化 0.3（变化最大的 16 像素方块；容差 ±0.04）；没有真值可判断是否更好",
        ),
        (
            "it failed in both: a.jpg is empty (0 bytes). Copy or download the picture again.",
            "两次均失败：a.jpg 是空文件（0 字节）。请重新复制或下载图片。",
        ),
        (
            "6 cases in NEW only: pet/a, pet/b, pet/c, pet/d, pet/e and 1 more",
            "仅 NEW 中有的案例（6 个）：pet/a, pet/b, pet/c, pet/d, pet/e 等，另有 1 个",
        ),
        (
            "1 model in BASE only: isnet; a label keeps two versions of one model comparable: "
            "LABEL=SPEC",
            "仅 BASE 中有的模型（1 个）：isnet；给同一模型的两个版本起相同的标签即可比较："
            "LABEL=SPEC",
        ),
        ("isnet · dtype: fp32 → bf16", "isnet · dtype: fp32 → bf16"),
    ],
)
def test_a_sentence_and_all_its_parts(english: str, chinese: str) -> None:
    words = said.reason(english, "zh")
    assert words == chinese
    assert words.en == english


@pytest.mark.parametrize("reason", sorted({t.reason for t in DEFAULTS.values()} | {POINT}))
def test_every_tolerance_says_why_in_chinese(reason: str) -> None:
    assert re.search("[一-鿿]", said.reason(reason, "zh"))
