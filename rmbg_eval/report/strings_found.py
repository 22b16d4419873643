"""The words of what was measured, in English and Chinese; part of `STRINGS`."""

from __future__ import annotations

FOUND: dict[str, tuple[str, str]] = {
    # key: (English, 中文)
    "summary": ("What was measured", "测量结果汇总"),
    "measures": ("All measures of this case", "此案例的全部指标"),
    "all_categories": ("All categories", "全部类别"),
    "points": ("Observation points", "观察点"),
    "points_passed": ("Observation points passed", "通过的观察点"),
    "points_note": (
        "A point passes where what was measured is within its tolerance of what is expected. "
        "What could not be measured counts neither way.",
        "测量值与期望值之差在容差内即为通过。无法测量的不计入。",
    ),
    "points_of": ("{passed} of {all}", "通过 {passed} / {all}"),
    "point_measured": (
        "{measured}, expected {expected} ± {tolerance} ({unit})",
        "测得 {measured}，期望 {expected} ± {tolerance}（{unit}）",
    ),
    "point.passed": ("✓ passed", "✓ 通过"),
    "point.failed": ("✕ failed", "✕ 未通过"),
    "point.unmeasured": ("○ not measurable", "○ 无法测量"),
    "required": ("required", "必须通过"),
    "unmeasured": ("{count} not measurable", "{count} 个无法测量"),
    "better.higher": ("higher is better", "越高越好"),
    "better.lower": ("lower is better", "越低越好"),
    "better.no_score": ("no score", "非评分"),
    "best": ("★ best", "★ 最佳"),
    "scored": ("over {count}", "基于 {count} 个"),
    "left_out": ("{count} left out: {reason}", "{count} 个未计入：{reason}"),
    "differences": ("Differences between models", "模型间差异"),
    "difference_clear": (
        "{metric}: {one} − {other} = {mean} on average {over}; the middle difference is {middle} "
        "(95 % interval {low} to {high})",
        "{metric}：{one} − {other} 平均 {mean}，{over}；差异的中位数为 {middle}"
        "（95% 区间 {low} 至 {high}）",
    ),
    "difference_unclear": (
        "{metric}: no clear difference between {one} and {other}: {mean} on average {over}; the "
        "middle difference is {middle} (95 % interval {low} to {high})",
        "{metric}：{one} 与 {other} 无明显差异：平均 {mean}，{over}；差异的中位数为 {middle}"
        "（95% 区间 {low} 至 {high}）",
    ),
    "difference_few": (
        "{metric}: {one} − {other} = {mean} on average {over}, too few to say whether that is "
        "clear",
        "{metric}：{one} − {other} 平均 {mean}，{over}：数量太少，无法判断差异是否明显",
    ),
    "over_cases": ("over {cases} cases", "基于 {cases} 个案例"),
    "over_groups": (
        "over {cases} cases of {groups} shoots",
        "基于 {groups} 次拍摄的 {cases} 个案例",
    ),
    "flattered": (
        "{model} is known to have been trained on {data}: {count} cases are from it, and figures "
        "on them flatter it.",
        "已知 {model} 用 {data} 训练过：其中 {count} 个案例来自该数据集，相关数据会偏高。",
    ),
    "fact.width": (
        "{name} falls from 0.92 to 0.08 over {width} px",
        "{name} 在 {width} 像素内由 0.92 降到 0.08",
    ),
    "fact.no_fall": ("{name} does not fall from 0.92 to 0.08", "{name} 未由 0.92 降到 0.08"),
    "fact.apart": (
        "{mean} apart on average, and by more than 0.5 in {far} of the pixels",
        "平均相差 {mean}，相差超过 0.5 的像素占 {far}",
    ),
    "alt.profile": (
        "Alpha along a line across the edge “{point}” of {case} (α₀: the truth): {facts}",
        "{case} 中穿过“{point}”边缘的透明度曲线（α₀ 为真值）：{facts}",
    ),
    "alt.histogram": (
        "Share of in-between pixels in {case} (α₀: the truth): {facts}",
        "{case} 中半透明像素的份额（α₀ 为真值）：{facts}",
    ),
    "alt.error": (
        "Where the alpha of {case} by {model} is wrong: {more} of the pixels too opaque (orange), "
        "{less} too transparent (purple), by more than 0.1",
        "{model} 对 {case} 的透明度误差：过于不透明（橙）占 {more}，过于透明（紫）占 {less}"
        "（误差超过 0.1）",
    ),
    "alt.spot": ("{case}, “{point}”: the original there", "{case}，“{point}”处的原图"),
    "alt.spot_cut": (
        "{case}, “{point}”: what {model} left there",
        "{case}，“{point}”处 {model} 的结果",
    ),
    "verdict": ("Verdict", "结论"),
    "verdict.one": (
        "{model} passes {passed} of {all} observation points.",
        "{model} 通过 {all} 个观察点中的 {passed} 个。",
    ),
    "verdict.best": (
        "{model} passes the most observation points: {passed} of {all}.",
        "{model} 通过的观察点最多：{all} 个中通过 {passed} 个。",
    ),
    "verdict.alike": (
        "{model} pass the same share of the observation points: {passed} of {all}.",
        "{model} 通过观察点的比例相同：{all} 个中通过 {passed} 个。",
    ),
    "verdict.weakest": (
        "Weakest of {model}: {category}, {passed} of {all}.",
        "{model} 最弱的类别：{category}，{all} 个中通过 {passed} 个。",
    ),
    "verdict.no_points": (
        "These {cases} cases have no observation points to pass: look at the pictures, and at "
        "where the models are least sure.",
        "这 {cases} 个案例没有观察点：请查看图片，以及模型最不确定之处。",
    ),
    "and": (" and ", " 和 "),
    "verdict_note": (
        "Observation points passed of those measured, and the mean colour difference ΔE2000 within "
        "3 px of the true edge over white, with the cases that it is over. ★: clearly the most "
        "points. Seconds: median inference.",
        "通过的观察点数 / 可测量的观察点数，以及真实边缘 3 像素内、白底合成的平均色差 ΔE2000"
        "（及其案例数）。★：通过数明显最多。秒数为推理时间中位数。",
    ),
    "all_points": ("All", "全部"),
    "seconds_short": ("Seconds", "秒数"),
    "edge_colour": ("ΔE {value} over {count}", "ΔE {value}，{count} 个"),
    "no_points_short": ("no points", "无观察点"),
    "worst": ("Worst first", "最差的结果"),
    "look_first_heading": ("Look here first", "请先看这里"),
    "worst_note": (
        "Failed points, farthest from what was expected first, one of each case before a second. "
        "Left the original, right the result.",
        "未通过的观察点，偏离最大者在前，每个案例先列一个。左为原图，右为结果。",
    ),
    "look_first_note": (
        "The cases with the highest values, at their hardest edge; the original, then the result.",
        "数值最高的案例及其最难处理的边缘。左为原图，右为结果。",
    ),
    "look_first": ("highest {metric}", "{metric} 最高"),
    "alt.disagreement": (
        "Where the models' alphas of {case} differ: {facts}",
        "各模型对 {case} 的透明度差异：{facts}",
    ),
    "alt.bars": (
        "{metric} by category, a dot for each case. Means: {best}",
        "各类别的 {metric}，每点为一个案例。均值：{best}",
    ),
}
