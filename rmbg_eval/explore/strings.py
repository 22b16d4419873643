"""Every word of the page that is not a picture's or a model's own, in English and Chinese."""

from __future__ import annotations

from ..cases.categories import CATEGORIES, LOOSE
from ..report import said

STRINGS: dict[str, tuple[str, str]] = {
    # key: (English, 中文)
    "title": ("Remove a background", "抠图"),
    "lead": (
        "Nothing leaves this server, and nothing stays on it.",
        "图片只在这台服务器上处理，处理后不保留。",
    ),
    "other_language": ("中文", "English"),
    "connecting": ("Starting…", "正在启动…"),
    "full": (
        "There are as many visitors as this server takes. Reload the page in a few minutes.",
        "访问人数已达上限，请几分钟后刷新页面。",
    ),
    "stage.waiting": ("Loading {model}…", "正在加载 {model}…"),
    "stage.weights": ("Loading {model}: weights… {text}", "正在加载 {model}：权重… {text}"),
    "stage.loading": (
        "Loading {model}: checking the weights, building the network…",
        "正在加载 {model}：校验权重、构建网络…",
    ),
    "stage.warming": ("Loading {model}: first inference…", "正在加载 {model}：首次推理…"),
    "ready": ("Ready: {models}", "就绪：{models}"),
    "and": (", ", "、"),
    "models_failed": (
        "{model} could not be loaded. {problem}",
        "{model} 无法加载。{problem}",
    ),
    "models_gone": (
        "The models are not there just now. Reload the page in a moment.",
        "模型暂时不可用，请稍后刷新页面。",
    ),
    "drop": ("Drop a picture, click, or paste", "拖入、点击选择或粘贴图片"),
    "drop_hint": (
        "JPEG, PNG, WebP, HEIC, AVIF, TIFF up to 64 MB; several at once",
        "JPEG、PNG、WebP、HEIC、AVIF、TIFF，最大 64 MB，可多选",
    ),
    "chosen": ("Chosen: {name} ({size})", "已选择：{name}（{size}）"),
    "chosen_case": ("Chosen: {name}", "已选择：{name}"),
    "case": ("Or a case", "或选择案例"),
    "case_none": ("none", "无"),
    "model": ("Model", "模型"),
    "second_model": ("Beside it", "对比模型"),
    "second_none": ("none", "无"),
    "foreground": ("Colours at the edge", "边缘颜色"),
    "foreground.raw": ("as they are", "保持原样"),
    "foreground.blur-fusion": ("decontaminated: blur-fusion", "去除背景色：blur-fusion"),
    "foreground.pymatting": ("decontaminated: pymatting", "去除背景色：pymatting"),
    "remove": ("Remove background", "生成透明背景"),
    "remove_all": ("Remove {count} backgrounds", "生成 {count} 张透明背景"),
    "busy": ("⏳ Working…", "⏳ 处理中…"),
    "queued": ("{before} before you…", "前面还有 {before} 位…"),
    "doing.preprocess": ("Preparing…", "预处理…"),
    "doing.infer": ("Computing alpha…", "计算透明度…"),
    "doing.postprocess": ("To full size…", "还原到原始尺寸…"),
    "doing.encode": ("Writing the PNG…", "写入 PNG…"),
    "original": ("Original", "原图预览"),
    "result": ("Result", "处理结果"),
    "result_by": ("Result · {model}", "处理结果 · {model}"),
    "panel_original": (
        "Original. Plus and minus zoom, arrows move, 0 fits.",
        "原图。按加减号缩放，方向键移动，0 适合窗口。",
    ),
    "panel_result": (
        "Result. Plus and minus zoom, arrows move, 0 fits.",
        "处理结果。按加减号缩放，方向键移动，0 适合窗口。",
    ),
    "empty_original": ("Your picture appears here", "图片将显示在这里"),
    "empty_result": ("The result appears here", "结果将显示在这里"),
    "done": ("done", "已处理"),
    "transparent": ("transparent background", "透明背景"),
    "pixels": ("{width} × {height} px", "{width} × {height} 像素"),
    "seconds": ("{all} s, inference {infer} s", "{all} 秒，推理 {infer} 秒"),
    "save": ("Save PNG", "保存 PNG"),
    "right_click": ("or right-click the picture to save it", "或右键点击图片保存"),
    "right_click_lab": ("or Shift + right-click the picture", "或按住 Shift 右键点击图片"),
    "long_press": ("or touch and hold the picture", "或长按图片保存"),
    "save_all": ("Save all as ZIP", "全部保存为 ZIP"),
    "item.chosen": ("waiting", "等待"),
    "item.here": ("waiting", "等待"),
    "item.busy": ("working…", "处理中…"),
    "item.done": ("done", "已处理"),
    "item.failed": ("not possible", "无法处理"),
    "zoom_in": ("Zoom in", "放大"),
    "zoom_out": ("Zoom out", "缩小"),
    "fit": ("Fit", "适合窗口"),
    "zoom_hint": (
        "Drag to move; two fingers, Ctrl + wheel or double-click zoom; all panels move together.",
        "拖动移动；双指、Ctrl + 滚轮或双击缩放；各面板同步。",
    ),
    "view": ("What is shown", "显示内容"),
    "view.result": ("Result", "结果"),
    "view.alpha": ("Alpha", "透明度"),
    "backdrop": ("Backdrop", "背景"),
    "backdrop.checker": ("checkerboard", "棋盘格"),
    "backdrop.white": ("white", "白"),
    "backdrop.black": ("black", "黑"),
    "backdrop.grey": ("grey", "灰"),
    "backdrop.green": ("green", "绿"),
    "line": ("Draw a line", "画线"),
    "line_ends": ("From x, y to x, y", "起点 x、y 到终点 x、y"),
    "profile": ("Alpha along the line", "沿线透明度"),
    "band": (
        "{model}: {pixels} px from alpha 0.92 to 0.08",
        "{model}：透明度从 0.92 到 0.08 为 {pixels} 像素",
    ),
    "no_band": (
        "{model}: alpha does not fall from 0.92 to 0.08 along this line",
        "{model}：透明度沿此线没有从 0.92 降到 0.08",
    ),
    "histogram": ("How much of the picture has which alpha (logarithmic)", "透明度直方图（对数）"),
    "shares": (
        "{model}: {clear} transparent, {between} in between, {opaque} opaque",
        "{model}：透明 {clear}，半透明 {between}，不透明 {opaque}",
    ),
    "add_title": ("Add to my case set", "加入我的案例集"),
    "add_note": (
        "Keeps the original on the server, as a case for reports to come.",
        "将原图保存在服务器上，作为以后评测的案例。",
    ),
    "add": ("Add", "加入"),
    "added": ("Added: {path}", "已加入：{path}"),
    "category": ("Category", "类别"),
    "too_large": ("The file has {size}; {most} are allowed.", "文件大小为 {size}，上限为 {most}。"),
    "too_large_remedy": ("Save it as JPEG, or make it smaller.", "请另存为 JPEG 或缩小图片。"),
    "lost": ("The connection to the server was lost.", "与服务器的连接已断开。"),
    "lost_remedy": (
        "Sessions end when they are not used for a while. Reload the page and choose again.",
        "长时间未使用时会话会结束。请刷新页面后重新选择图片。",
    ),
    "reload": ("Reload", "刷新"),
    "unforeseen": ("That did not work.", "处理失败。"),
    "unforeseen_remedy": (
        "This was not foreseen. Try once more, or another picture.",
        "出现意外错误。请重试，或换一张图片。",
    ),
    "alt_original": ("{name}: the original", "{name}：原图"),
    "alt_result": (
        "{name}, background removed by {model}",
        "{name}，由 {model} 去除背景",
    ),
    "alt_alpha": (
        "Alpha by {model}, black transparent, white opaque",
        "{model} 的透明度图，黑为透明，白为不透明",
    ),
    "no_script": (
        "This page needs JavaScript.",
        "此页面需要启用 JavaScript。",
    ),
    **{
        f"category.{name}": (words.en, words.zh)
        for name in (*CATEGORIES, LOOSE)
        for words in [said.category(name, "en")]
    },
}


def table() -> dict[str, dict[str, str]]:
    """All strings, as the page takes them."""
    return {key: {"en": english, "zh": chinese} for key, (english, chinese) in STRINGS.items()}
