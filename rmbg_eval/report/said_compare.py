"""In Chinese, what a comparison says in English: states, notes, tolerances; part of `said`."""

from __future__ import annotations

from ..compare.tolerances import POINT

PLAIN: dict[str, str] = {
    "sums grow with the picture: 5 % of it, or 50 pixels' worth of alpha": (
        "总和随图片大小增长：5%，或相当于 50 个像素的透明度"
    ),
    "an eighth of a stored level of alpha (1/255) over the whole image, or 5 %": (
        "整幅图像平均八分之一级透明度（1/255），或 5%"
    ),
    "one stored level of alpha (1/255), or 5 %": "一级透明度（1/255），或 5%",
    "one stored level (1/255) more on an error of 1/16, or 5 %": (
        "误差为 1/16 时再差一级（1/255），或 5%"
    ),
    "papers on segmentation print three digits": "分割论文只印三位小数",
    "its band is thin: a pixel here and there moves it": "边界带很窄，个别像素即可使其变动",
    "a corner more or less is found at every turn: 5 %": "多边形顶点数本会略有出入：5%",
    "a tenth of what is just seen (1 ΔE2000)": "刚可见色差（1 ΔE2000）的十分之一",
    "half of what is just seen (1 ΔE2000)": "刚可见色差（1 ΔE2000）的一半",
    "what is just seen (1 ΔE2000)": "刚可见的色差（1 ΔE2000）",
    "a quarter of a stored level of alpha (1/255) over the whole image": (
        "整幅图像平均四分之一级透明度（1/255）"
    ),
    "ten stored levels over a square of 16 px: less is not seen": (
        "16 像素方块内平均十级：更小则看不出"
    ),
    POINT: "观察点自身的容差",
    "model": "模型",
    "case": "案例",
    "measure": "指标",
    "category": "类别",
    "point": "观察点",
    "passed": "通过",
    "failed": "未通过",
    "not measured": "未测量",
    "not judged": "不评判",
    "no score": "非评分",
    "worst 16 px square": "变化最大的 16 像素方块",
    "within the tolerances": "在容差之内",
    "the cut-out is the same to the bit": "抠图逐位相同",
    "it is in BASE only": "仅在 BASE 中",
    "it is in NEW only: approve NEW to keep it as what is right": (
        "仅在 NEW 中：若结果正确，请批准（approve）NEW"
    ),
    "its picture is another one than in BASE: approve NEW to keep what is right": (
        "图片与 BASE 中的不同：若结果正确，请批准（approve）NEW"
    ),
    "alpha could not be compared": "透明度无法比较",
    "no truth says whether it is better": "没有真值可判断是否更好",
    "shown, not judged: the measures against the truth say whether it is better": (
        "仅供参考，不评判：好坏由与真值对照的指标判断"
    ),
    "the point is new": "新增的观察点",
    "the point is in BASE only": "观察点仅在 BASE 中",
    "the point is defined otherwise than in BASE": "观察点的定义与 BASE 中不同",
}
"""What is said as it stands here."""

COMPARED: dict[str, str] = {
    r"(?P<what>.+); the cut-out is the same to the bit, so the truth, the point or the measure is "
    r"not": "{what}；抠图逐位相同，所以变化的是真值、观察点或指标",
    r"(?P<what>.+); no truth says whether it is better": "{what}；没有真值可判断是否更好",
    r"(?P<what>.+), and (?P<count>\d+) more": "{what}，另有 {count} 项",
    r"point (?P<name>\S+): (?P<was>passed|failed|not measured) → "
    r"(?P<now>passed|failed|not measured) \((?P<more>.+)\)": (
        "观察点 {name}：{was} → {now}（{more}）"
    ),
    r"(?P<was>\S+) → (?P<now>\S+) (?P<unit>[^;]+); (?P<why>.+)": "{was} → {now} {unit}；{why}",
    r"(?P<was>[\d.e+–-]+) → (?P<now>[\d.e+–-]+) (?P<unit>[^;(]+)": "{was} → {now} {unit}",
    r"alpha moved by (?P<far>\S+) \((?P<region>[^;]+); (?P<allowed>.+)\)": (
        "透明度变化 {far}（{region}；{allowed}）"
    ),
    r"allowed ±(?P<allowed>\S+)": "容差 ±{allowed}",
    r"point (?P<name>\S+) (?P<was>\S+) → (?P<now>\S+) \((?P<allowed>.+)\)": (
        "观察点 {name} {was} → {now}（{allowed}）"
    ),
    r"(?P<name>[a-z0-9_]+) (?P<was>\S+) → (?P<now>\S+) "
    r"\((?P<allowed>not judged|allowed ±\S+)\)": "{name} {was} → {now}（{allowed}）",
    r"point (?P<name>\S+): (?P<why>.+)": "观察点 {name}：{why}",
    r"it failed in both: (?P<why>.+)": "两次均失败：{why}",
    r"it failed in BASE: (?P<why>.+)": "在 BASE 中失败：{why}",
    r"not measured in BASE: (?P<why>.+)": "在 BASE 中未测量：{why}",
    r"it can no longer be measured: (?P<why>.+)": "已无法测量：{why}",
    r"the sizes differ: (?P<now>\S+) pixels, (?P<was>\S+) in BASE": (
        "尺寸不同：{now} 像素，BASE 中为 {was}"
    ),
    r"the alphas could not be compared: (?P<why>.+)": "透明度无法比较：{why}",
    r"(?P<run>BASE|NEW) was interrupted: it holds only part of what it was to do": (
        "{run} 被中断：只完成了一部分"
    ),
    r"BASE has schema version (?P<was>\d+), NEW (?P<now>\d+): what only one of them keeps is not "
    r"compared": "BASE 的格式版本为 {was}，NEW 为 {now}：仅一方保存的内容不比较",
    r"(?P<what>.+); a label keeps two versions of one model comparable: LABEL=SPEC": (
        "{what}；给同一模型的两个版本起相同的标签即可比较：LABEL=SPEC"
    ),
    r"(?P<what>.+); what only one run has is not compared": "{what}；仅一方有的不比较",
    r"(?P<count>\d+) (?P<kind>model|case|measure)s? in (?P<run>BASE|NEW) only: (?P<names>.+)": (
        "仅 {run} 中有的{kind}（{count} 个）：{names}"
    ),
    r"(?P<names>.+) and (?P<count>\d+) more": "{names} 等，另有 {count} 个",
    r"the tolerances name the (?P<kind>category|case|point) (?P<name>.+), which neither run has": (
        "容差文件提到的{kind} {name} 在两次运行中都没有"
    ),
    r"(?P<name>[a-z0-9_]+): (?P<why>it can no longer be measured: .+|not measured in BASE: .+)": (
        "{name}：{why}"
    ),
    r"(?P<first>the point is [^;]+); (?P<second>.+)": "{first}；{second}",
}
"""What to match whole, and the Chinese of it; the parts that vary are said in Chinese likewise."""
