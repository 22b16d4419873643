"""Every word of the comparison's page that is not a case's own, in both languages."""

from __future__ import annotations

COMPARED: dict[str, tuple[str, str]] = {
    # key: (English, 中文)
    "compared": ("What changed", "变化对比"),
    "compared.lead": (
        "The same pictures in two runs: BASE on the left, NEW beside it, and where their alpha "
        "differs. The worst comes first.",
        "两次运行中的同一批图片：左边是 BASE，旁边是 NEW，以及两者透明度的差异。最差的排在最前。",
    ),
    "compared.stopped": (
        "The gate stops ({level}): {count} of {all}.",
        "门禁未通过（{level}）：{all} 项中有 {count} 项。",
    ),
    "compared.passed": (
        "The gate lets all {all} pass ({level}).",
        "门禁通过（{level}）：共 {all} 项。",
    ),
    "compared.runs": ("BASE {base} → NEW {new}", "对比：BASE {base} → NEW {new}"),
    "compared.notes": ("How the runs themselves differ", "两次运行本身的差异"),
    "compared.none": ("in nothing that is recorded", "记录中没有差异"),
    "compared.by_category": ("By category", "按类别"),
    "compared.counts": (
        "Cases by what became of them; none of them is left out.",
        "按结果统计的案例数，无一遗漏。",
    ),
    "compared.unchanged": ("Unchanged: {count}", "无变化：{count} 项"),
    "compared.values": ("Measures and points", "指标与观察点"),
    "compared.values_note": (
        "Worst first. Every tolerance has its reason; what nothing judges is shown all the same.",
        "最差的在前。每个容差都有理由；不参与评判的数值同样列出。",
    ),
    "compared.base": ("BASE", "基准 BASE"),
    "compared.new": ("NEW", "新结果 NEW"),
    "compared.difference": ("Difference", "差异"),
    "compared.verdict": ("Verdict", "判定"),
    "compared.map": (
        "Alpha, NEW minus BASE: orange is more opaque, purple less, white the same; full colour "
        "from a quarter of the range on.",
        "透明度之差（NEW 减 BASE）：橙色更不透明，紫色更透明，白色无变化；"
        "相差四分之一量程以上为全色。",
    ),
    "compared.slide": (
        "BASE to the left, NEW to the right of where the slider is",
        "滑块左侧为 BASE，右侧为 NEW",
    ),
    "compared.crop": (
        "Where alpha moved most: x {x}, y {y}, {width}×{height} px, every pixel as it is",
        "透明度变化最大处：x {x}，y {y}，{width}×{height} 像素，逐像素显示",
    ),
    "compared.no_pictures": (
        "Pictures are shown of the first {count} only.",
        "仅前 {count} 项附有图片。",
    ),
    "compared.matte": ("alpha only: a baseline keeps no colours", "仅透明度：基准不保存颜色"),
    "compared.allowed": ("allowed ±{allowed}: {reason}", "容差 ±{allowed}：{reason}"),
    "alt.compared": ("{which} of {case}, {model}", "{case} 的 {which}，{model}"),
    "state.failed": ("failed", "失败"),
    "state.missing": ("missing", "缺失"),
    "state.worse": ("worse", "变差"),
    "state.changed": ("changed", "有变化"),
    "state.new": ("new", "新增"),
    "state.still-failed": ("still failed", "仍然失败"),
    "state.better": ("better", "变好"),
    "state.same": ("same", "相同"),
    "verdict.worse": ("worse", "变差"),
    "verdict.changed": ("changed", "有变化"),
    "verdict.better": ("better", "变好"),
    "verdict.same": ("same", "相同"),
    "verdict.not judged": ("not judged", "不评判"),
}
