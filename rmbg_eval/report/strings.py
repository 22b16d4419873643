"""Every word of the report that is not a picture's or a model's own, in English and Chinese."""

from __future__ import annotations

from ..settings import Language
from .strings_compare import COMPARED
from .strings_found import FOUND

STRINGS: dict[str, tuple[str, str]] = {
    # key: (English, 中文)
    "title": ("Background removal report", "抠图效果报告"),
    "lead": (
        "The same picture: the original on the left, every model's transparent result beside it. "
        "Nothing is selected, retouched or cleaned.",
        "同一张图片：左边是原图，右边是各模型的透明结果。不挑选、不修饰、不清理。",
    ),
    "partial": (
        "This run was interrupted: the report is partial.",
        "本次运行被中断：报告不完整。",
    ),
    "made": ("Made {date}", "生成于 {date}"),
    "counts": (
        "{cases} cases in {categories} categories, {models} models",
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
    "category.portrait": ("Portrait", "人像特写"),
    "hard.portrait": (
        "Flying hair as bright as the backdrop is easily taken for noise.",
        "发丝与背景明暗接近，易误判为噪点。",
    ),
    "look.portrait": (
        "Is the shadow at the roots of the hair kept? Is the contour behind the ear unbroken?",
        "发丝根部是否保留阴影？耳后轮廓是否断裂？",
    ),
    "category.product": ("Product", "电商商品"),
    "hard.product": (
        "Highlights on the rim are easily taken for background; wood grain distracts.",
        "杯沿高光易被误判为背景，木纹干扰分割。",
    ),
    "look.product": (
        "Is the edge of the cup clean? Is there a grey rim left at the highlights?",
        "杯子边缘是否干净？高光区域是否残留灰边？",
    ),
    "category.pet": ("Pet", "宠物肖像"),
    "hard.pet": (
        "Fur close in colour to the background; the highlight on the nose is easily lost.",
        "毛发与背景色相近，鼻头高光易丢失。",
    ),
    "look.pet": (
        "Is the nose whole? Are all the whiskers there?",
        "鼻头是否完整？胡须是否一根不落？",
    ),
    "category.garment": ("Garment", "服装平铺"),
    "hard.garment": (
        "Folds blend with the carpet's texture; the dark collar is easily cut too far.",
        "衣料褶皱与地毯纹理混淆，领口暗部易过切。",
    ),
    "look.garment": (
        "Is the dark inside of the collar kept? Are the folds at the cuffs continuous?",
        "领口暗部是否保留？袖口褶皱是否连贯？",
    ),
    "category.still-life": ("Still life", "静物组合"),
    "hard.still-life": (
        "Cast shadows are easily taken for foreground; transparent lenses are hard to recognise.",
        "物体投影易被误判为前景，镜片透明区域难识别。",
    ),
    "look.still-life": (
        "Is the apple's shadow gone? Are the lenses fully transparent?",
        "苹果投影是否消失？镜片是否全透明？",
    ),
    "category.low-quality": ("Low-quality phone shot", "低质手机图"),
    "hard.low-quality": (
        "Little detail and much noise: models tend to cut conservatively.",
        "细节少、信噪比低，模型易“保守切割”。",
    ),
    "look.low-quality": (
        "Is the edge harsh? Are blurred parts smoothed too much?",
        "边缘是否生硬？模糊区域是否过度平滑？",
    ),
    "category.pictures": ("Pictures", "图片"),
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
    "picture": ("Picture", "图像"),
    "alpha": ("Alpha", "透明度"),
    "edge": ("Hardest edge", "最难边缘"),
    "numbers": ("Numbers", "数据"),
    "truth": ("truth", "真值"),
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
}


def text(key: str, lang: Language, **values: object) -> str:
    """The string `key` in `lang`, its `{placeholders}` filled in. KeyError if there is none."""
    return STRINGS[key][0 if lang == "en" else 1].format(**values)
