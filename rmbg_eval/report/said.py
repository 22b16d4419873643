"""In Chinese, what other modules say in English: units, regions, reasons, failures and remedies.

Those modules know no language. Their sentences are matched whole, the parts that vary by name;
what has no Chinese here stays as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..cases.categories import CATEGORIES, LOOSE
from ..measure.kinds import KINDS
from ..settings import Language
from .said_compare import COMPARED, PLAIN
from .strings import Words

_NAME = "(?P<name>.+)"
_AGAIN = "请重新复制或下载，或在看图软件中打开后另存。"

MEASURED: dict[str, str] = {
    "alpha, 0 to 1": "透明度，0 至 1",
    "alpha², 0 to 1": "透明度²，0 至 1",
    "clicks": "次点击",
    "count": "个",
    "px": "像素",
    "px²": "像素²",
    "score, 0 to 1": "得分，0 至 1",
    "share": "份额",
    "share, 0 to 1": "份额，0 至 1",
    "thousands": "千",
    "ΔE2000": "ΔE2000",
    "boundary (2 % of the diagonal)": "边界（对角线的 2%）",
    "boundary (1 px to 1/300 of height + width)": "边界（1 像素至高宽之和的 1/300）",
    "contour at 0.5": "0.5 处的轮廓",
    "edge band (3 px)": "边缘带（3 像素）",
    "in-between pixels": "半透明像素",
    "unknown region (10 px)": "未知区域（10 像素）",
    "whole image": "整幅图像",
    "should be transparent": "应透明",
    "should be opaque": "应不透明",
    "should be as see-through as it is": "应保持其半透明程度",
    "should have its soft band": "应保留柔和过渡带",
    "should fall off smoothly": "应平滑过渡",
    "in-between pixels should be recovered": "半透明像素应保留",
    "should be unbroken": "应连续不断裂",
    "every strand should be there": "细丝应一根不落",
    "should have no colour fringe": "应无色边",
    "Portrait": "人像特写",
    "Flying hair as bright as the backdrop is easily taken for noise.": (
        "发丝与背景明暗接近，易误判为噪点。"
    ),
    "Is the shadow at the roots of the hair kept? Is the contour behind the ear unbroken?": (
        "发丝根部是否保留阴影？耳后轮廓是否断裂？"
    ),
    "Product": "电商商品",
    "Highlights on the rim are easily taken for background; wood grain distracts.": (
        "杯沿高光易被误判为背景，木纹干扰分割。"
    ),
    "Is the edge of the cup clean? Is there a grey rim left at the highlights?": (
        "杯子边缘是否干净？高光区域是否残留灰边？"
    ),
    "Pet": "宠物肖像",
    "Fur close in colour to the background; the highlight on the nose is easily lost.": (
        "毛发与背景色相近，鼻头高光易丢失。"
    ),
    "Is the nose whole? Are all the whiskers there?": "鼻头是否完整？胡须是否一根不落？",
    "Garment": "服装平铺",
    "Folds blend with the carpet's texture; the dark collar is easily cut too far.": (
        "衣料褶皱与地毯纹理混淆，领口暗部易过切。"
    ),
    "Is the dark inside of the collar kept? Are the folds at the cuffs continuous?": (
        "领口暗部是否保留？袖口褶皱是否连贯？"
    ),
    "Still life": "静物组合",
    "Cast shadows are easily taken for foreground; transparent lenses are hard to recognise.": (
        "物体投影易被误判为前景，镜片透明区域难识别。"
    ),
    "Is the apple's shadow gone? Are the lenses fully transparent?": (
        "苹果投影是否消失？镜片是否全透明？"
    ),
    "Low-quality phone shot": "低质手机图",
    "Little detail and much noise: models tend to cut conservatively.": (
        "细节少、信噪比低，模型易“保守切割”。"
    ),
    "Is the edge harsh? Are blurred parts smoothed too much?": (
        "边缘是否生硬？模糊区域是否过度平滑？"
    ),
    "Pictures": "图片",
    "Alpha against the truth": "透明度与真值",
    "Matting errors, alpha and truth as they are. Unknown region: within 10 px of both sides of "
    "the true edge. Sums compare models on one picture, not pictures with each other.": (
        "抠图误差，透明度与真值均原样使用。未知区域：真实边缘两侧 10 像素以内。求和类指标"
        "只能在同一图片上比较模型。"
    ),
    "Shape against the truth": "形状与真值",
    "Segmentation measures; the truth is cut at 0.5. Another family than the matting errors.": (
        "分割指标；真值以 0.5 为阈值。与抠图误差不属同一类。"
    ),
    "What a customer sees": "客户看到的颜色",
    "ΔE2000 between the cut-out and the true one over the same background, in sRGB display "
    "values; 1 is just seen side by side, 3 at a glance. Edge band: within 3 px of both sides of "
    "the true edge.": (
        "同一背景上抠图结果与真实结果的 ΔE2000，按 sRGB 显示值合成；1 为并排刚"
        "可见，3 为一眼可见。边缘带：真实边缘两侧 3 像素以内。"
    ),
    "Where to look": "值得细看之处",
    "These need no truth. They point to where to look; none is a score.": (
        "无需真值。它们提示该看哪里，并非评分。"
    ),
    "Hair, blur and glass belong here, doubt does not": (
        "发丝、虚化和玻璃应为半透明，犹豫不决则不应"
    ),
    "How soft edges are; a blurred picture has soft edges too": (
        "边缘的柔和程度；模糊图片的边缘本就柔和"
    ),
    "Where edges are softest; hair counts as wide": "边缘最柔和处；发丝也算宽",
    "How much of the edge's colour is the old background's: about a third where the picture's "
    "colours are kept; texture misleads it": (
        "边缘颜色中旧背景所占份额：保留原图颜色时约三分之一；纹理会造成误判"
    ),
    "Pieces far smaller than the largest: crumbs, or real single hairs": (
        "远小于主体的碎片：残渣，也可能是真实发丝"
    ),
    "Their area": "其面积",
    "Holes far smaller than the largest piece: moth holes, or real gaps": (
        "远小于主体的小孔：漏洞，也可能是真实缝隙"
    ),
    "Narrow gaps that cut into the contour; slits between fingers count too": (
        "切入轮廓的窄缝；手指间的缝隙也会计入"
    ),
    "Mean difference from the other models; they can agree and be wrong": (
        "与其他模型的平均差异；一致也可能都错"
    ),
    "Mean difference from the mirrored picture's alpha; a steady model can be wrong": (
        "与镜像图片结果的平均差异；稳定也可能是错的"
    ),
}
"""Units, regions, families and explanations of measures; what a kind of point asks for; categories
and what they say."""

REASONS: dict[str, str] = {
    "the case has no truth": "此案例没有真值",
    "the case has no true foreground": "此案例没有真实前景颜色",
    "the truth has no edge: it is all transparent or all opaque": "真值没有边缘：全透明或全不透明",
    "no other model has a cut-out of this picture": "没有其他模型的抠图结果可比",
    "the mirrored picture was not inferred": "未对镜像图片推理",
    "finished cut-outs cannot be made again of a mirrored picture": "现成的抠图无法对镜像图片重做",
    "alpha has no contour at 0.5": "透明度没有 0.5 处的轮廓",
    "no pixel is nearly opaque, or none nearly transparent": "没有近乎不透明或近乎透明的像素",
    "no pixel is at least half opaque": "没有不透明度达到一半的像素",
    "no pixel of the truth is at least half opaque": "真值中没有不透明度达到一半的像素",
    "no in-between pixel has an opaque and a transparent colour that differ": (
        "没有半透明像素两侧的前景色与背景色可区分"
    ),
    "every pixel of the truth is at least half opaque": "真值的每个像素不透明度都达到一半",
    "its region leaves the picture": "区域超出图片范围",
    "the region holds no pixel's centre": "区域内没有像素中心",
    "the truth has no in-between pixel in the region": "该区域的真值没有半透明像素",
    "the truth has no edge in the region": "该区域的真值没有边缘",
    "the truth has nothing along line (?P<number>.+)": "真值在第 {number} 条线上没有内容",
    "the truth cannot be used: (?P<why>.+)": "真值无法使用：{why}",
    "the true foreground cannot be used: (?P<why>.+)": "真实前景颜色无法使用：{why}",
    "the prediction failed: (?P<why>.+)": "预测失败：{why}",
    "the prediction failed": "预测失败",
    "it could not be measured: (?P<why>.+)": "无法测量：{why}",
    "(?P<why>.+), and the point does not say what is expected": "{why}，而观察点没有给出期望值",
    "in the truth, (?P<why>.+)": "真值中，{why}",
    "alpha does not fall from 0.92 to 0.08 on (?P<some>.+) of (?P<all>.+) lines": (
        "{all} 条线中有 {some} 条的透明度未由 0.92 降到 0.08"
    ),
    "alpha falls by no more than (?P<fall>.+) on a line across the edge": (
        "穿过边缘的线上透明度只下降了 {fall}"
    ),
    "not asked for": "未要求",
}
"""Why there is no value: what to match, and the Chinese of it."""

FAILURES: tuple[tuple[str, str, str], ...] = (
    (rf"{_NAME} is empty \(0 bytes\)", "{name} 是空文件（0 字节）", "请重新复制或下载图片。"),
    (
        rf"{_NAME} is not a picture that can be read",
        "{name} 不是可识别的图片",
        "请另存为 JPEG 或 PNG。",
    ),
    (rf"{_NAME} is damaged or cut short .*", "{name} 已损坏或不完整", _AGAIN),
    (
        rf"{_NAME} unpacks to more than (?P<most>\S+) pixels",
        "{name} 超过 {most} 像素",
        "请缩小图片。",
    ),
    (rf"{_NAME} has more than (?P<most>\S+) pixels", "{name} 超过 {most} 像素", "请缩小图片。"),
    (
        rf"{_NAME} has a side below (?P<least>\d+) pixels",
        "{name} 有一边小于 {least} 像素",
        "请使用原图，而非缩略图。",
    ),
    (
        rf"{_NAME} has sides that differ more than (?P<most>\d+)-fold",
        "{name} 长宽相差超过 {most} 倍",
        "请裁剪图片。",
    ),
    (rf"{_NAME} has (?P<n>\d+) frames or pages", "{name} 含 {n} 帧或页", "请导出其中一张。"),
    (
        rf"{_NAME} is already transparent in (?P<share>\S+) of its pixels",
        "{name} 已有 {share} 的像素是透明的",
        "请使用带背景的原图；现成的抠图请用 --model folder:DIR 评测。",
    ),
    (
        rf"{_NAME} holds \S+ numbers .*",
        "{name} 是 32 位整数或浮点图片，其白色没有定义",
        "请导出为 8 位或 16 位。",
    ),
    (
        rf"{_NAME} has (?P<size>\S+) bytes; (?P<most>\S+) are allowed",
        "{name} 有 {size} 字节，上限为 {most}",
        "请另存为 JPEG 或 PNG。",
    ),
    (rf"{_NAME} is not a regular file", "{name} 不是普通文件", "请把图片文件本身放入文件夹。"),
    (rf"{_NAME} does not exist", "{name} 不存在", "请检查文件名，以及其中的链接是否有效。"),
    (rf"{_NAME} may not be read", "没有读取 {name} 的权限", "请授予读取权限（chmod u+r）。"),
    (
        rf"{_NAME} could not be read: (?P<why>.+)",
        "无法读取 {name}：{why}",
        "请检查文件及其所在磁盘。",
    ),
    (
        rf"{_NAME} leads out of the case set",
        "{name} 指向案例集之外",
        "请把文件本身复制到文件夹中。",
    ),
    (
        r"The (?:truth|foreground).* has (?P<size>\S+) pixels, the picture (?P<other>\S+)",
        "真值或前景为 {size} 像素，图片为 {other} 像素",
        "请提供与图片同尺寸的文件：不会自动缩放。",
    ),
    (r"There was not enough memory for this picture", "内存不足，无法处理这张图片", "请缩小图片。"),
    (
        rf"{_NAME} has colours but no alpha channel",
        "{name} 有颜色但没有透明通道",
        "请将抠图存为 RGBA（PNG 或 WebP），或将蒙版存为灰度图。",
    ),
    (
        rf"{_NAME} is not the picture whose sha256 case\.toml gives",
        "{name} 与 case.toml 中的 sha256 不符",
        "请恢复原图，或更正 sha256。",
    ),
    (
        rf"There is no cut-out of {_NAME} in (?P<folder>.+)",
        "{folder} 中没有 {name} 的抠图",
        "请在该文件夹中保存 {name}.png（RGBA 或灰度蒙版）。",
    ),
    (
        r"The cut-out has (?P<size>\S+) pixels, the picture (?P<other>\S+)",
        "抠图为 {size} 像素，图片为 {other} 像素",
        "请按图片原尺寸导出抠图：不会自动缩放。",
    ),
    (
        r"Alpha must .+; received (?P<what>.+)",
        "模型给出的透明度不符合约定：{what}",
        "模型的输出或激活函数与所声明的不符。",
    ),
    (
        rf"{_NAME} returned (?P<what>.+); one H×W plane is expected",
        "{name} 给出 {what}，应为单个 H×W 平面",
        "请指明哪个输出是蒙版：onnx:PATH?…&output=NAME。",
    ),
    (
        rf"{_NAME} returned (?P<what>.+); alpha lies in \[0, 1\]",
        "{name} 给出 {what}，而透明度应在 [0, 1] 之内",
        "若模型输出为 logits，请在 onnx: 规格中加 activation=sigmoid。",
    ),
    (
        r"GrabCut found no two colour distributions in this picture \((?P<why>.+)\)",
        "GrabCut 在图中找不到两种颜色分布（{why}）",
        "主体颜色须与边缘处不同。",
    ),
    (
        r"The mask is flat, so it cannot be stretched",
        "蒙版处处相同，无法拉伸",
        "请使用 official 流程。",
    ),
)
"""Why a picture failed: what to match, the Chinese of the problem, and of the remedy."""


def measured(english: str, lang: Language) -> Words:
    """A unit or a region, in both languages."""
    return Words(english, MEASURED.get(english, english), lang)


def category(name: str, lang: Language) -> Words:
    """What a category is called: one of the table in both languages, another by its folder."""
    if name == LOOSE:
        return measured("Pictures", lang)
    known = CATEGORIES.get(name)
    return measured(known.title, lang) if known else Words(name, name, lang)


def kind(name: str, lang: Language) -> Words:
    """What a kind of point asks for, in both languages; its name where it is not known here."""
    return measured(KINDS[name].title, lang) if name in KINDS else Words(name, name, lang)


def reason(english: str, lang: Language) -> Words:
    """Why there is no value, or what became of a case, in both languages."""
    return Words(english, _chinese(english), lang)


def failure(problem: str, remedy: str, lang: Language) -> tuple[Words, Words]:
    """A problem and its remedy, in both languages."""
    for pattern, chinese, advice in FAILURES:
        if found := re.fullmatch(pattern, problem, re.DOTALL):
            said, then = (line.format(**found.groupdict()) for line in (chinese, advice))
            return Words(problem, said, lang), Words(remedy, then, lang)
    return Words(problem, problem, lang), Words(remedy, remedy, lang)


_AS_THEY_ARE = {**MEASURED, **PLAIN}
_SENTENCES = {**REASONS, **COMPARED}


@lru_cache(maxsize=4096)
def _chinese(english: str) -> str:
    if english in _AS_THEY_ARE:
        return _AS_THEY_ARE[english]
    for pattern, chinese in _SENTENCES.items():
        if found := re.fullmatch(pattern, english, re.DOTALL):
            parts = {key: _chinese(part) for key, part in found.groupdict().items()}
            return chinese.format(**parts)
    for pattern, chinese, advice in FAILURES:
        if found := re.fullmatch(rf"{pattern}(?P<remedy>\. .+)?", english, re.DOTALL):
            parts = found.groupdict()
            said = chinese.format(**parts)
            return f"{said}。{advice.format(**parts)}" if parts["remedy"] else said
    return english
