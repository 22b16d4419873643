"""The words of a bench, in English and Chinese."""

from __future__ import annotations

from ..settings import Language

STRINGS: dict[str, tuple[str, str]] = {
    # key: (English, 中文)
    "combination": ("combination", "组合"),
    "load": ("load", "加载"),
    "latency": ("inference, median / p95", "推理（中位数 / p95）"),
    "forward": ("inference alone", "仅推理"),
    "end_to_end": ("decoding to PNG", "从解码到 PNG"),
    "ratio": ("ratio", "比值"),
    "memory": ("memory: device / process", "内存：设备 / 进程"),
    "per_second": ("{value}/s", "{value} 张/秒"),
    "stages": ("Seconds a picture by stage, median", "每张图片各阶段秒数（中位数）"),
    "speed": ("Speed and memory", "速度与内存"),
    "claims": ("What the article claims, and this machine", "文章的说法与本机实测"),
    "claim": ("claim", "说法"),
    "verdict": ("here", "本机"),
    "answer": ("answer", "回答"),
    "measured": ("measured", "已测量"),
    "not measurable here": ("not measurable here", "本机无法测量"),
    "random": (
        "With random weights: times and memory are true, the cut-outs mean nothing.",
        "使用随机权重：耗时与内存真实有效，抠图结果没有意义。",
    ),
    "claim.load": (
        "5 GB of weights load in 30–40 s, once; then the model is resident",
        "5 GB 权重首次加载 30–40 秒，之后常驻",
    ),
    "answer.load": (
        "{row}: {seconds} s from a fresh process to a model that is ready, imports included, for "
        "{size} MB of weights; nothing is loaded again after that",
        "{row}：从全新进程到模型就绪 {seconds} 秒（含导入），权重 {size} MB；之后不再加载",
    ),
    "claim.seconds": (
        "0.7–0.8 s a picture on an RTX 4090D",
        "RTX 4090D 上每张 0.7–0.8 秒",
    ),
    "answer.seconds": (
        "{row}: {seconds} s a picture, the sum of all stages, {infer} s of them inference; the "
        "device is {where}",
        "{row}：每张 {seconds} 秒（各阶段之和），其中推理 {infer} 秒；设备为 {where}",
    ),
    "claim.memory": ("GPU memory stays under 22 GB", "显存占用低于 22 GB"),
    "answer.memory": (
        "{row}: at most {size} GB of the device's memory",
        "{row}：设备内存峰值 {size} GB",
    ),
    "no_cuda": (
        "no CUDA device was measured; the process held at most {size} GB of memory",
        "没有测量 CUDA 设备；进程内存峰值 {size} GB",
    ),
    "claim.matmul": (
        "set_float32_matmul_precision('high') saves 15 %",
        "set_float32_matmul_precision('high') 节省 15 %",
    ),
    "answer.matmul": (
        "{row}: {high} s with 'high', {highest} s with 'highest', in turns: {saved} % saved",
        "{row}：交替测量，'high' {high} 秒，'highest' {highest} 秒：节省 {saved} %",
    ),
    "no_fp32": (
        "it concerns fp32 on torch, not compiled: measure with --dtype fp32",
        "只与 torch 上未编译的 fp32 有关：请用 --dtype fp32 测量",
    ),
    "claim.large": (
        "not for pictures over 4000 px whose every detail must stay: they are scaled to 1024",
        "不适合超过 4000 px 且须保留全部细节的图片：会缩放到 1024",
    ),
    "answer.large": (
        "{row}: a picture of {width}×{height} takes {seconds} s, its cut-out has {out}; the "
        "colours are the original's, but the alpha is computed by: {pipeline}",
        "{row}：{width}×{height} 的图片耗时 {seconds} 秒，结果为 {out}；颜色是原图的，"
        "而透明度的计算方式为：{pipeline}",
    ),
    "claim.serial": (
        "one picture after the other, so not for 100 pictures a second",
        "只能逐张处理，不适合每秒 100 张的流水线",
    ),
    "answer.serial": (
        "{row}: {value} pictures a second from decoding to the written PNG, stages overlapping",
        "{row}：从解码到写出 PNG 每秒 {value} 张（各阶段并行）",
    ),
    "no_row": (
        "no combination of the BiRefNet family was measured",
        "没有测量 BiRefNet 系列的任何组合",
    ),
    "not_large": ("it failed: {reason}", "失败：{reason}"),
    "no_size": ("the weights' size is not known", "权重大小未知"),
}


def text(key: str, lang: Language, **values: object) -> str:
    """The string `key` in `lang`, its `{placeholders}` filled in. KeyError if there is none."""
    return STRINGS[key][0 if lang == "en" else 1].format(**values)
