"""A quill, a brass hand bell and an old letter on slate, lit by a window from the left."""

from __future__ import annotations

import bpy
import numpy as np
from case import About, Points
from feather import VANE, Feather, feather
from materials import Material, srgb
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from shapes import curve, grid, lathe
from strands import grow, strands, taper
from studio import Studio

ABOUT = About(
    "still-life",
    "feather",
    "Feather, brass bell and handmade paper on slate",
    "石板上的羽毛、黄铜铃和手工纸",
    seed=31,
)
BELL, MOUTH = (0.100, 0.095), 0.036  # where the bell stands, the radius of its mouth
SHEET, SHEET_AT, SHEET_TURN = (0.150, 0.192), (-0.066, 0.050), 17  # the letter (m, degrees)
WINDOW = (-0.95, 0.62, 0.80)


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    slate(s)
    sheet = letter(s)
    bell(s)
    path = curve(
        [(-0.188, -0.076, 0.0016), (-0.147, -0.0825, 0.008), (-0.077, -0.082, 0.0185),
         (0.008, -0.065, 0.0225), (0.088, -0.031, 0.0155), (0.145, 0.010, 0.0055)], 160,
    )  # fmt: skip
    plume = feather(path, s.rng, roll=0.10)
    s.subject(*plume.parts)

    s.world("interior", strength=0.16, turn=150)
    s.softbox(WINDOW, (0, 0, 0), size=(0.38, 0.6), watts=36, kelvin=5900)
    s.softbox((0.9, -0.5, 0.8), (0, 0, 0.02), size=(0.7, 0.9), watts=2.4, kelvin=4300)
    s.exposure(0.3)
    s.camera((0.03, -0.68, 0.585), (-0.014, 0.011, 0.016), mm=77, f_stop=13, focus=(0, -0.09, 0.01))
    observe(s, points, sheet, plume)


def slate(s: Studio) -> None:
    """A cleft slab: thin layers broken away in terraces, dust in the hollows."""
    size = 620
    x, y = np.meshgrid(np.linspace(-0.8, 0.8, size), np.linspace(-0.55, 0.85, size))

    def field(soft: float) -> np.ndarray:
        rough = gaussian_filter(s.rng.normal(0, 1, x.shape), soft, mode="wrap")
        return rough / rough.std()

    level = 1.1 * field(34) + 0.35 * field(9)
    step = np.floor(level) + 1 / (1 + np.exp(-(level - np.floor(level) - 0.5) * 26))
    z = 0.00055 * step + 0.00009 * field(3)
    z = z - np.percentile(z, 97)
    m = Material("slate")
    where = m.coordinates()
    streak = m.noise(m.stretched(where, (1, 2.2, 1), (0, 0, 0.5)), 9, 8, 0.62)
    grain = m.noise(where, 260, 8, 0.75)
    tone = m.ramp(streak, (0.3, srgb("#23272b")), (0.55, srgb("#33383c")), (0.75, srgb("#4a4b49")))
    chalk = m.ramp(grain, (0.56, (0, 0, 0)), (0.74, (1, 1, 1)))
    tone = m.mix(m.math("MULTIPLY", chalk, 0.35), tone, srgb("#77766f"))
    m.put(m.bsdf, Base_Color=tone, Roughness=m.between(grain, 0.22, 0.62))
    m.bump(grain, 0.0006, 0.45)
    m.bump(m.noise(m.stretched(where, (1, 2.5, 1)), 60, 6, 0.6), 0.0012, 0.35)
    grid("slate", np.stack([x, y, z], -1), m.data)


def bell(s: Studio) -> None:
    """A cast brass hand bell with a turned handle, polished long ago and handled since."""
    outside = curve([(MOUTH, 0.0004), (MOUTH + 0.0004, 0.0022), (0.0335, 0.0065), (0.0292, 0.014),
                     (0.0262, 0.024), (0.0246, 0.034), (0.0222, 0.0415), (0.0165, 0.0465),
                     (0.0085, 0.0485)], 90)  # fmt: skip
    for height in (0.0068, 0.0345, 0.0372):  # turned rings
        outside[:, 0] += 0.0007 * np.exp(-(((outside[:, 1] - height) / 0.0008) ** 2))
    handle = curve([(0.0062, 0.0492), (0.0060, 0.0515), (0.0088, 0.0535), (0.0086, 0.0555),
                    (0.0048, 0.0580), (0.0042, 0.0625), (0.0056, 0.0700), (0.0080, 0.0800),
                    (0.0084, 0.0865), (0.0062, 0.0930), (0.0046, 0.0962), (0.0072, 0.0985),
                    (0.0068, 0.1005), (0.0044, 0.1020), (0.0070, 0.1062), (0.0066, 0.1105),
                    (0.0030, 0.1135), (0.0002, 0.1140)], 160)  # fmt: skip
    inside = [(MOUTH - 0.0022, 0.0004), (0.0285, 0.012), (0.022, 0.036), (0.0002, 0.044)]
    profile = np.vstack([inside[::-1], outside, handle])
    m = Material("brass", Metallic=1.0)
    where = m.coordinates()
    print_ = m.noise(where, 75, 6, 0.7)
    fine = m.noise(m.stretched(where, (1, 1, 30)), 130, 3, 0.7)
    tarnish = m.ramp(m.noise(where, 42, 8, 0.72), (0.46, (0, 0, 0)), (0.68, (1, 1, 1)))
    tone = m.mix(m.math("MULTIPLY", tarnish, 0.75), (0.80, 0.56, 0.24), (0.38, 0.22, 0.085))
    rough = m.math("ADD", m.between(print_, 0.02, 0.26), m.math("MULTIPLY", tarnish, 0.16))
    m.put(m.bsdf, Base_Color=tone, Roughness=m.math("ADD", rough, m.math("MULTIPLY", fine, 0.08)))
    m.bump(m.noise(where, 34, 3), 0.0012, 0.12)
    m.bump(fine, 0.00004, 0.5)
    thing = s.subject(lathe("bell", profile.tolist(), m.data, segments=160, subdivide=1))
    thing.location = (*BELL, 0)


def letter(s: Studio):
    """A deckle-edged sheet once folded in three, its ends rising; returns where a place of it
    (shares of width and height from the lower left) is in the world."""
    wide, high = SHEET
    columns, rows = 240, 320
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))

    def ragged(count: int) -> np.ndarray:
        noise = sum(a * gaussian_filter1d(s.rng.normal(0, 1, count), soft) * soft**0.5
                    for a, soft in ((0.0006, 22), (0.0005, 6), (0.0005, 1.6)))  # fmt: skip
        return noise

    def near(share: np.ndarray) -> np.ndarray:
        return np.clip(1 - share / 0.05, 0, 1)

    x = (u - 0.5) * wide + ragged(rows)[:, None] * near(u) + ragged(rows)[:, None] * near(1 - u)
    y = (v - 0.5) * high + ragged(columns)[None] * near(v) + ragged(columns)[None] * near(1 - v)

    def rise(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        def fold(d: np.ndarray, soft: float = 0.006) -> np.ndarray:
            return (d + np.hypot(d, soft)) / 2

        z = 0.0012 + 0.030 * fold(v - 0.68) + 0.26 * fold(v - 0.70) ** 2 + 0.022 * fold(0.33 - v)
        z = (
            z
            + 0.0022 * np.exp(-np.abs(v - 0.68) / 0.05)
            + 0.0016 * np.exp(-np.abs(v - 0.33) / 0.05)
        )
        corner = np.clip((u - 0.55) * 1.2 + (v - 0.62) * 1.3, 0, 1)
        z = z + 0.034 * corner**2 + 0.006 * np.clip(0.25 - u, 0, 1) * np.clip(0.4 - v, 0, 1) / 0.1
        return (
            z
            + 0.0007 * np.sin(9 * u + 3 * v) * np.sin(7 * v + 1)
            + 0.0004 * np.sin(31 * u - 12 * v)
        )

    z = rise(u, v)
    cockle = gaussian_filter(s.rng.normal(0, 1, u.shape), 7)
    z = z + 0.00022 * cockle / cockle.std()
    turn = np.radians(SHEET_TURN)

    def place(x, y, z) -> np.ndarray:
        return np.stack([SHEET_AT[0] + x * np.cos(turn) - y * np.sin(turn),
                         SHEET_AT[1] + x * np.sin(turn) + y * np.cos(turn), z], -1)  # fmt: skip

    sheet = place(x, y, z)
    thing = grid("letter", sheet, paper(s))
    thing.modifiers.new("thick", "SOLIDIFY").thickness = 0.00028
    # Fibres stand out of the torn edges.
    rim = np.concatenate([sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1]])
    inner = np.concatenate([sheet[4], sheet[-5], sheet[:, 4], sheet[:, -5]])
    pick = s.rng.integers(0, len(rim), 2600)
    away = rim[pick] - inner[pick]
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    hairs = grow(rim[pick] - 0.0004 * away, away, s.rng.gamma(2.0, 0.00035, 2600) + 0.0004, s.rng,
                 steps=5, stray=0.55)  # fmt: skip
    fibre = Material("fibre", srgb("#d8c7a2"), Roughness=0.8)
    s.subject(thing, strands("fibres", hairs, taper(5, 3e-5, 1e-5), fibre.data))
    return lambda u, v: place(
        (u - 0.5) * wide, (v - 0.5) * high, rise(np.asarray(u), np.asarray(v))
    )


def paper(s: Studio) -> bpy.types.Material:
    """Rag paper, browned to its edges and folds, with iron-gall ink."""
    m = Material("paper", Roughness=0.85)
    picture = m.add("ShaderNodeTexImage", {"image": ink(s)})
    m.put(picture, Vector=m.coordinates("UV"))
    where = m.coordinates()
    cloud = m.noise(where, 22, 6, 0.6)
    tone = m.ramp(cloud, (0.3, srgb("#c5ab7b")), (0.6, srgb("#dfcda6")), (0.8, srgb("#e6d8b8")))
    fibre = m.noise(m.stretched(where, (1, 0.25, 1), (0, 0, 0.7)), 1100, 4, 0.7)
    tone = m.mix(m.between(fibre, 0.0, 0.4), tone, srgb("#b79a68"))
    fleck = m.ramp(m.noise(where, 800, 2), (0.70, (1, 1, 1)), (0.76, (0.55, 0.42, 0.28)))
    tone = m.mix(1.0, tone, fleck, "MULTIPLY")
    tone = m.mix(1.0, tone, picture.outputs["Color"], "MULTIPLY")
    m.put(m.bsdf, Base_Color=tone)
    m.bump(m.noise(where, 420, 6, 0.65), 0.0004, 0.5)
    m.bump(m.noise(where, 55, 3), 0.001, 0.25)
    glow = m.add("ShaderNodeBsdfTranslucent", Color=tone)
    m.put(m.output, Surface=m.add("ShaderNodeMixShader", Fac=0.15, _1=m.bsdf, _2=glow))
    return m.data


def ink(s: Studio) -> bpy.types.Image:
    """What the ink and the years leave of the paper's colour: lines of a slanting round hand."""
    width, height = 1580, 2060  # 10 pixels a millimetre
    sheet = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(sheet)
    rng = s.rng
    x_height, slant = 27.0, 0.48
    for line in range(15):
        base = 330 + 104 * line + rng.normal(0, 4)
        x = 190 + (330 if line == 0 else 0) + rng.normal(0, 8)
        end = 900 if line in (0, 14) else width - 190 - rng.uniform(0, 120)
        load = rng.uniform(0.75, 1)
        while x < end:
            for letter_ in range(rng.integers(2, 9)):
                kind = rng.random()
                tall = x_height * (2.5 if kind < 0.2 or (letter_ == 0 and kind < 0.4) else 1)
                if kind > 0.88:
                    tall = -1.5 * x_height
                step = x_height * rng.uniform(0.65, 1.05)
                loop = step * rng.uniform(0.25, 0.6)
                t = np.linspace(0, 1, 60)
                up = tall * (1 - np.cos(2 * np.pi * t)) / 2
                if abs(tall) == x_height and kind > 0.5:  # m, n, u: two low arches
                    up = tall * np.abs(np.sin(2 * np.pi * t)) ** 0.8 * rng.uniform(0.85, 1.05)
                px = x + step * t + loop * np.sin(2 * np.pi * t) + slant * up
                py = base - up + rng.normal(0, 0.8)
                falling = np.clip(np.gradient(py) * 0.6, 0, 1)
                for a, b, w in zip(px, py, 1.5 + 2.4 * falling, strict=True):
                    draw.ellipse((a - w, b - w, a + w, b + w), fill=int(255 * load))
                x += step
                load = max(load - 0.006, 0.55)
            x += x_height * rng.uniform(0.7, 1.3)
            if rng.random() < 0.15:
                load = 1.0
    mark = gaussian_filter(np.asarray(sheet, float) / 255, 0.8)
    mottle = gaussian_filter(rng.normal(0, 1, mark.shape), 3)
    mark = np.clip(mark * (0.92 + 0.12 * mottle / mottle.std()), 0, 1)
    y, x = np.mgrid[0:height, 0:width]
    edge = np.minimum(np.minimum(x, width - x), np.minimum(y, height - y)) / 10.0
    age = 0.32 * np.exp(-edge / 7)
    for fold in (0.32, 0.67):
        age += 0.22 * np.exp(-np.abs(y / height - fold) / 0.004) * rng.uniform(0.7, 1)
    ring = np.hypot(x - 1250, y - 1660) / 10  # left by a cup
    age += 0.17 * np.exp(-(((ring - 24) / 1.2) ** 2)) + 0.04 * (ring < 24)
    whole = np.ones((height, width, 4), np.float32)
    brown, black = np.array([0.66, 0.47, 0.28]), np.array([0.055, 0.035, 0.028])
    paper_ = 1 - age[..., None] * (1 - brown)
    whole[..., :3] = paper_ + mark[..., None] * (black - paper_)
    image = bpy.data.images.new("ink", width, height, float_buffer=True, is_data=True)
    image.pixels.foreach_set(np.ascontiguousarray(whole[::-1]).ravel())
    image.pack()
    return image


def observe(s: Studio, points: Points, sheet, plume: Feather) -> None:
    """The observation points."""
    seen = s.project
    window = np.array(WINDOW)
    outer, shaft = plume.edge[1], plume.shaft  # the vane that is nearer to the camera

    def between(share: float, first: float, last: float) -> np.ndarray:
        """Places in the vane: a share of the way from its edge to the shaft."""
        at = np.linspace(first, last, 12)
        edge = outer[(at * (len(outer) - 1)).astype(int)]
        root = shaft[((VANE[0] + at * (VANE[1] - VANE[0])) * (len(shaft) - 1)).astype(int)]
        return edge + share * (root - edge)

    rim = np.vstack([between(-0.12, 0.25, 0.9), between(0.35, 0.25, 0.9)[::-1]])
    points.add("barbs", "in-between", "The ends of the barbs are half transparent",
               "羽枝末端半透明", polygon=seen(rim), tolerance=0.5)  # fmt: skip
    low, high = np.percentile(seen(plume.down), (8, 92), axis=0)
    points.add("down", "in-between", "The down is fine and half transparent",
               "绒羽细腻、半透明", box=(*low, *(high - low)), tolerance=0.5)  # fmt: skip
    quill = shaft[3 : int(0.14 * len(shaft))]
    points.add("quill", "unbroken", "The bare quill is whole to its nib", "羽根完整到笔尖",
               lines=[seen(quill[::3])])  # fmt: skip
    ends = [(0.0, 0.30), (0.0, 0.55), (1.0, 0.42), (1.0, 0.62)]
    lines = []
    for u, v in ends:
        beyond = np.sign(u - 0.5)
        lines.append(seen([sheet(u - 0.05 * beyond, v), sheet(u + 0.05 * beyond, v)]))
    points.add("deckle", "soft-band", "The torn edge of the paper is soft by its fibres",
               "手工纸毛边过渡自然", lines=lines, tolerance=3)  # fmt: skip
    page = [sheet(u, v) for u, v in ((0.15, 0.4), (0.85, 0.4), (0.85, 0.8), (0.15, 0.8))]
    points.add("ink", "opaque", "Paper and ink are opaque", "纸面与墨迹完全不透明",
               polygon=seen(page))  # fmt: skip
    foot = np.array([*BELL, 0])
    eye = np.array(s.scene.camera.location)
    side = np.array([*BELL, 0.026])
    half = (window - side) / np.linalg.norm(window - side)
    half = half + (eye - side) / np.linalg.norm(eye - side)
    half[2] = 0
    glint = seen(side + 0.025 * half / np.linalg.norm(half))[0]
    points.add("brass-highlight", "opaque", "The highlight on the brass is opaque",
               "黄铜高光完全不透明", box=(*(glint - 15), 30, 30))  # fmt: skip
    near = (eye - foot) * (1, 1, 0)
    near /= np.linalg.norm(near)
    across = np.array([-near[1], near[0], 0])
    glow = [foot + k * near + w * across for k, w in
            ((MOUTH + 0.005, -0.012), (MOUTH + 0.005, 0.012), (MOUTH + 0.013, 0.008),
             (MOUTH + 0.013, -0.008))]  # fmt: skip
    points.add("bell-reflection", "transparent", "The bell's reflection on the slate is gone",
               "石板上铃铛的倒影已消失", polygon=seen(glow))  # fmt: skip
    away = (foot - window) * (1, 1, 0)
    away /= np.linalg.norm(away)
    across = np.array([-away[1], away[0], 0])
    cast = [foot + k * away + w * across for k, w in
            ((MOUTH + 0.008, -0.014), (MOUTH + 0.008, 0.014), (MOUTH + 0.026, 0.012),
             (MOUTH + 0.026, -0.012))]  # fmt: skip
    points.add("bell-shadow", "transparent", "The bell's shadow is gone", "铃铛的投影已消失",
               polygon=seen(cast))  # fmt: skip
    apart = [(0.030, 0.055, 0), (0.055, 0.055, 0), (0.055, 0.085, 0), (0.030, 0.085, 0)]
    points.add("gap", "transparent", "The slate between letter and bell is gone",
               "信纸与铃铛之间的石板已去除", polygon=seen(apart))  # fmt: skip
