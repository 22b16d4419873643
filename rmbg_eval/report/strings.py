"""Every word of the report that is not a picture's or a model's own, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from ..settings import Language
from .strings_compare import COMPARED
from .strings_found import FOUND


class Words(str):
    """Text in both languages: as `str` the one the report is in, as HTML both.

    The page shows one of them at a time; `other` is the one that `str` is not. A notebook that is
    not trusted has no style and shows both, hence the space between them.
    """

    en: str
    zh: str
    lang: Language

    def __new__(cls, en: str, zh: str, lang: Language) -> Words:
        words = super().__new__(cls, en if lang == "en" else zh)
        words.en, words.zh, words.lang = en, zh, lang
        return words

    @property
    def other(self) -> str:
        return self.zh if self.lang == "en" else self.en

    def __html__(self) -> Markup:
        if self.en == self.zh:
            return escape(self.en)
        both = Markup('<span lang="en">{}</span><span lang="zh"> {}</span>')
        return both.format(self.en, self.zh)


STRINGS: dict[str, tuple[str, str]] = {
    # key: (English, 中文)
    "title": ("Background removal report", "抠图效果报告"),
    "partial": (
        "This run was interrupted: the report is partial.",
        "本次运行被中断：报告不完整。",
    ),
    "made": ("Made {date}", "生成于 {date}"),
    "counts": (
        "cases: {cases}, categories: {categories}, models: {models}",
        "{cases} 个案例，{categories} 个类别，{models} 个模型",
    ),
    "contents": ("Categories", "类别"),
    "models": ("Models", "模型"),
    "model": ("Model", "模型"),
    "licence": ("Licence", "许可证"),
    "runs_on": ("Runs on", "运行环境"),
    "done": ("Cases done", "完成案例"),
    "done_of": ("{done} of {all}", "{done} / {all}"),
    "median_infer": ("Inference, median", "推理时间（中位数）"),
    "median_total": ("All stages, median", "全部阶段（中位数）"),
    "load": ("Model load", "模型加载"),
    "peak_memory": ("Peak memory", "内存峰值"),
    "weights": ("Weights", "权重"),
    "no_weights": ("none", "无"),
    "not_measured": ("not measured", "未测量"),
    "models_note": (
        "Seconds are wall time on this machine; medians are over the cases done. Stages of "
        "different pictures overlap, so a run takes less than their sum. Peak memory is that of "
        "the whole process while the model ran.",
        "秒数为本机实际耗时，中位数取自已完成的案例。不同图片的各阶段相互重叠，因此总耗时小于各阶段之和。"
        "内存峰值为该模型运行期间整个进程的峰值。",
    ),
    "precision": (
        "{model} ran in {dtype}: its alpha differs from fp32 by at most {largest} of 255 levels, "
        "{mean} on average, over {cases} cases.",
        "{model} 以 {dtype} 运行：与 fp32 相比，透明度最大相差 {largest} 级（共 255 级），"
        "平均 {mean} 级，基于 {cases} 个案例。",
    ),
    "precision_unknown": (
        "{model} ran in {dtype}; its difference from fp32 was not measured: {reason}.",
        "{model} 以 {dtype} 运行；与 fp32 的差异未测量：{reason}。",
    ),
    "colours": ("foreground colours: {how}", "前景颜色：{how}"),
    "failures": ("What failed", "失败项"),
    "failures_count": (
        "{failed} of {all} predictions failed.",
        "共 {all} 个预测，其中 {failed} 个失败。",
    ),
    "no_failures": ("All {all} predictions succeeded.", "全部 {all} 个预测均成功。"),
    "all_models": ("all models", "所有模型"),
    "failed": ("Failed", "失败"),
    "difficulty": ("What is difficult", "处理难点"),
    "look": ("Look at", "观察点"),
    "empty": (
        "There are no cases of this category in this case set.",
        "此案例集中没有该类别的案例。",
    ),
    "deselected": (
        "This category was not asked for in this run.",
        "本次运行未选择该类别。",
    ),
    "original": ("Original", "原图"),
    "no_truth": ("No truth for this case", "此案例没有真值"),
    "no_edge": (
        "No model left any in-between alpha: there is no soft edge to show",
        "所有模型的结果都没有半透明像素：没有柔和边缘可显示",
    ),
    "edge_where": (
        "{width}×{height} px at x {x}, y {y}: where the models' alpha is most in between",
        "{width}×{height} 像素，位于 x {x}、y {y}：各模型半透明像素最集中处",
    ),
    "size": ("{width}×{height} px", "{width}×{height} 像素"),
    "by": ("by {author}", "作者：{author}"),
    "source": ("source: {source}", "来源：{source}"),
    "full_size": ("Full size: {path}", "完整尺寸：{path}"),
    "full_size_link": ("Full-size PNG", "完整尺寸 PNG"),
    "seconds_infer": ("inference {seconds}", "推理 {seconds}"),
    "seconds_all": ("all stages {seconds}", "全部阶段 {seconds}"),
    "kept": ("kept from an earlier run", "沿用先前运行的结果"),
    "mad": (
        "difference from truth (MAD, whole image): {value}",
        "与真值之差（MAD，整幅图像）：{value}",
    ),
    "in_between": ("{share} of the pixels in between", "半透明像素占 {share}"),
    **COMPARED,
    **FOUND,
    "alt.original": ("{case}: the original", "{case}：原图"),
    "alt.result": (
        "{case}, background removed by {model}: {opaque} of the pixels opaque, "
        "{between} in between",
        "{case}，由 {model} 去除背景：不透明像素 {opaque}，半透明像素 {between}",
    ),
    "alt.alpha": (
        "Alpha of {case} by {model}, black transparent, white opaque: {between} in between",
        "{model} 对 {case} 的透明度图，黑为透明，白为不透明：半透明像素 {between}",
    ),
    "alt.truth": ("True alpha of {case}", "{case} 的真实透明度"),
    "alt.edge_original": ("Magnified part of {case}, original", "{case} 原图局部放大"),
    "alt.edge": (
        "The same part, background removed by {model}",
        "同一局部，由 {model} 去除背景",
    ),
    "note.exif-rotated": ("turned upright as its EXIF says", "已按 EXIF 信息转正"),
    "note.opaque-alpha-dropped": ("opaque alpha channel dropped", "已去掉完全不透明的 alpha 通道"),
    "note.reduced-16-bit": ("reduced from 16 to 8 bits", "由 16 位降为 8 位"),
    "note.grey": ("a grey picture", "灰度图"),
    "note.cmyk": ("converted from CMYK", "由 CMYK 转换"),
    "note.icc-converted": (
        "converted to sRGB from its ICC profile",
        "已按 ICC 配置文件转换为 sRGB",
    ),
    "note.icc-unreadable": (
        "ICC profile not usable, taken as sRGB",
        "ICC 配置文件无法使用，按 sRGB 处理",
    ),
    "timings": ("Seconds, case by case", "逐案例耗时（秒）"),
    "case": ("Case", "案例"),
    "pixels": ("Pixels", "像素"),
    "stages_note": (
        "For each model: inference alone / all stages (decode, preprocess, infer, postprocess, "
        "encode), in seconds.",
        "每个模型：仅推理 / 全部阶段（解码、预处理、推理、后处理、编码），单位为秒。",
    ),
    "details": ("How this was made", "运行详情"),
    "parameter": ("Parameter", "参数"),
    "value": ("Value", "值"),
    "pipeline": ("Pipeline of {model}", "{model} 的处理流程"),
    "weights_of": ("Weights of {model}, SHA-256", "{model} 的权重 SHA-256"),
    "commit": ("Commit", "提交"),
    "dirty": ("{commit}, with uncommitted changes", "{commit}，含未提交的改动"),
    "no_commit": ("installed without a checkout", "并非从代码库运行"),
    "versions": ("Versions", "版本"),
    "machine": ("Machine", "机器"),
    "machine_value": ("{processor}, {cores} cores, {memory}", "{processor}，{cores} 核，{memory}"),
    "wall": ("The run took", "运行耗时"),
    "skipped": ("Files that are no case", "未作为案例的文件"),
    "none": ("none", "无"),
    "reference_cases": ("the reference cases of rmbg-eval", "rmbg-eval 自带的参考案例"),
    "all": ("all", "全部"),
    "language": ("Language", "语言"),
    "backdrop": ("Backdrop", "衬底"),
    "backdrop.checker": ("checkerboard", "棋盘格"),
    "backdrop.white": ("white", "白色"),
    "backdrop.black": ("black", "黑色"),
    "backdrop.grey": ("grey", "灰色"),
    "backdrop.photo": ("photograph", "照片"),
    "backdrop.colour": ("a colour", "自选颜色"),
    "search": ("Search", "搜索"),
    "filter.category": ("Category", "类别"),
    "filter.model": ("Model", "模型"),
    "filter.state": ("State", "状态"),
    "filter.sort": ("Order", "排序"),
    "filter.missed": ("Failed point", "未通过的观察点"),
    "state.failed": ("failed", "失败"),
    "state.done": ("done", "完成"),
    "state.passed": ("all points passed", "观察点全部通过"),
    "state.point-failed": ("a point failed", "有观察点未通过"),
    "sort.report": ("as in the report", "按报告顺序"),
    "sort.points_failed": ("most failed points first", "未通过观察点最多者优先"),
    "sort.largest": ("{metric}, largest first", "{metric}，最大者优先"),
    "sort.smallest": ("{metric}, smallest first", "{metric}，最小者优先"),
    "sort.seconds": ("slowest first", "最慢者优先"),
    "all_cases": ("All cases", "全部案例"),
    "nothing_left": (
        "No case is left. Press “All cases” to see them again.",
        "没有符合条件的案例。点击“全部案例”可恢复。",
    ),
    "panel.result": ("{model}, {how}", "{model}，{how}"),
    "panel.alpha": ("{model} · alpha", "{model} · 透明度"),
    "panel.error": (
        "{model} · error: orange too opaque, purple too transparent",
        "{model} · 误差：橙为过于不透明，紫为过于透明",
    ),
    "panel.edge": ("{model} · the same part", "{model} · 同一局部"),
    "truth": ("truth", "真值"),
    "true_cutout": ("True cut-out", "真实抠图"),
    "alt.true_cutout": ("{case} under its true alpha", "按真实透明度抠出的 {case}"),
    "true_alpha": ("True alpha", "真实透明度"),
    "previous": ("Previous", "上一个"),
    "next": ("Next", "下一个"),
    "compare": ("Compare", "对比方式"),
    "mode.side": ("side by side", "并排"),
    "mode.slider": ("slider", "滑块"),
    "mode.blend": ("blend", "混合"),
    "share": ("A to B", "A 到 B"),
    "show_points": ("show points", "显示观察点"),
    "fit": ("Fit", "适应窗口"),
    "close": ("Close", "关闭"),
    "stage": (
        "The pictures. Plus and minus zoom, Shift with arrows moves, 0 fits, arrows turn to "
        "another case.",
        "图片区。加减键缩放，Shift 加方向键移动，0 适应窗口，方向键切换案例。",
    ),
    "no_points": ("This case has no observation points.", "此案例没有观察点。"),
    "viewer_help": (
        "Wheel or pinch zooms, dragging moves, a double click goes closer. Keys: + − 0 1, arrows "
        "for the next case, Shift + arrows to move.",
        "滚轮或双指缩放，拖动平移，双击放大。按键：+ − 0 1，方向键切换案例，Shift + 方向键平移。",
    ),
    "preview": ("preview, smaller than the picture", "预览图，小于原尺寸"),
    "kind.original": ("Original", "原图"),
    "kind.result": ("Result", "结果"),
    "kind.alpha": ("Alpha", "透明度"),
    "kind.truth": ("True alpha", "真实透明度"),
    "kind.true-cutout": ("True cut-out", "真实抠图"),
    "kind.error": ("Error", "误差"),
    "kind.edge": ("Hardest edge", "最难边缘"),
    "kind.edge-original": ("Hardest edge, original", "最难边缘（原图）"),
}


def text(key: str, lang: Language, **values: object) -> Words:
    """The string `key`, its `{placeholders}` filled in, in both languages and first of all in
    `lang`. KeyError if there is none."""
    return words(STRINGS[key], lang, **values)


def words(both: tuple[str, str], lang: Language, **values: object) -> Words:
    """A pair of (English, Chinese), its `{placeholders}` filled in; Words in their own language."""
    en = {k: v.en if isinstance(v, Words) else v for k, v in values.items()}
    zh = {k: v.zh if isinstance(v, Words) else v for k, v in values.items()}
    return Words(both[0].format(**en), both[1].format(**zh), lang)


def join(separator: str, parts: Iterable[str], lang: Language) -> Words:
    """Words and plain text one after the other, in both languages."""
    kept = list(parts)
    en = separator.join(part.en if isinstance(part, Words) else part for part in kept)
    zh = separator.join(part.zh if isinstance(part, Words) else part for part in kept)
    return Words(en, zh, lang)
