"""A mannequin's head in side light, its ash-blond wig blown by wind before a light-grey paper."""

from __future__ import annotations

import bpy
import numpy as np
from case import About, Points
from head import MM, Head
from knitwear import collar, fuzz, pullover, yarn
from materials import Material, hair, srgb
from scipy.spatial import cKDTree
from shapes import grid
from strands import strands, taper
from studio import Studio

ABOUT = About(
    "portrait",
    "bust",
    "Shop-window mannequin, side light, hair flying before light grey",
    "侧光下的橱窗模特头像，发丝飞散，浅灰背景",
    size=(1200, 1600),
    seed=21,
)
HAIRLINE = ((-100, 68), (-78, 62), (-62, 57), (-48, 40), (-30, 22), (-12, 17), (8, 22), (30, 16),
            (50, 8), (75, 0), (120, -4))  # fmt: skip
"""(y, z) of the scalp's edge in millimetres: pinned up high at the nape."""
WIND = np.array([0.50, 0.80, 0.36])
"""From in front, on the face's far side, and from below, in the head's own axes."""
STRANDS, STEPS, LOCKS, WISPS = 44_000, 22, 300, 26
SEEN = (0, 2, 5)
"""Which of the wisps that fly alone can be seen: the others are within 8 levels of the wall, and no
picture tells whether a matte has them."""


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    head = Head(srgb("#d8ac90"), srgb("#a8504c"), s.rng, pose=(-8, 4, 3))
    flying, wisps = _wig(s, head)
    ash, brown = _ash(), hair("lashes", 0.85)
    s.subject(strands("hair", flying, taper(STEPS, 6.5e-5, 3.5e-5), ash))
    s.subject(strands("wisps", wisps, taper(STEPS, 2.6e-4, 1.7e-4), ash))
    s.subject(head.lashes(brown.data), head.brows(brown.data))
    head.settle()
    s.subject(head.thing)
    wool = srgb("#3d7380")
    knit = yarn("body knit", wool, 300, 120)
    body = s.subject(pullover(head.pose, knit, s.rng, tucked=True))
    roll = s.subject(collar(head.pose, yarn("collar knit", wool, 84, 46), s.rng))
    s.subject(fuzz(body, 30_000, wool, s.rng), fuzz(roll, 18_000, wool, s.rng))
    s.scene.cycles_curves.shape = "RIBBONS"
    s.scene.cycles.max_bounces = 8
    _set(s)
    _look(s, points, head, flying, wisps, s.project(s.vertices(roll)))


def _ash() -> bpy.types.Material:
    """Ash-blond synthetic hair with darker roots, every strand a little different."""
    m = Material("ash blond")
    info = m.add("ShaderNodeHairInfo")
    tone = m.ramp(info.outputs["Intercept"], (0.0, srgb("#6f6257")), (0.35, srgb("#b3a697")),
                  (1.0, srgb("#c9beb0")))  # fmt: skip
    lowlight = m.ramp(info.outputs["Random"], (0.0, srgb("#6d5d4e")), (0.75, (1, 1, 1)))
    node = m.add("ShaderNodeBsdfHairPrincipled", {"parametrization": "COLOR"},
                 Color=m.mix(0.75, tone, lowlight, "MULTIPLY"), Roughness=0.34,
                 Radial_Roughness=0.45, Random_Roughness=0.25)  # fmt: skip
    m.put(node, Random=info.outputs["Random"])
    m.put(m.output, Surface=node.outputs[0])
    return m.data


def _set(s: Studio) -> None:
    """Paper backdrop, light from the side, camera."""
    paper = Material("paper", srgb("#cfcecb"), Roughness=0.95)
    paper.bump(paper.noise(paper.coordinates(), 3, 3), 0.01, 0.15)
    wall = np.array([[[-4, 1.5, -2], [4, 1.5, -2]], [[-4, 1.5, 3], [4, 1.5, 3]]], float)
    grid("backdrop", wall, paper.data)
    s.world("interior", strength=0.07, turn=40)
    s.softbox((-1.15, -0.45, 0.45), (0, 0, 0), size=(0.8, 1.0), watts=34, kelvin=5200)
    s.softbox((1.0, 0.8, 0.55), (0.05, 0, 0), size=(0.25, 1.1), watts=17, kelvin=5900)
    s.softbox((1.5, -1.3, 0.1), (0, 0, -0.05), size=(1.2, 1.2), watts=4.5, kelvin=5600)
    s.softbox((-0.9, 0.6, 0.9), (0.5, 1.5, 0.1), size=(0.8, 0.8), watts=15, kelvin=5600)
    turn = np.radians(31)
    near = np.array([np.sin(turn), -np.cos(turn)])
    middle = np.array([0.045, 0.045])
    at = middle + 1.72 * near
    s.camera((*at, 0.01), (*middle, -0.018), mm=105, f_stop=8, focus=(0.035, -0.075, 0))


def _wig(s: Studio, head: Head) -> tuple[np.ndarray, np.ndarray]:
    """The strands, and a few thicker wisps, in the world."""
    root, normal = head.scalp(STRANDS, HAIRLINE, soft=9)
    guide = s.rng.choice(STRANDS, LOCKS, replace=False)
    lock = cKDTree(root[guide]).query(root)[1]
    fine = s.rng.choice(STRANDS, 9 * LOCKS, replace=False)
    thread = cKDTree(root[fine]).query(root)[1]
    own = s.rng.normal(0, 1, (LOCKS, 3)) * (0.15, 0.10, 0.24)
    long = s.rng.uniform(0.13, 0.25, LOCKS)
    free = s.rng.random(STRANDS) < 0.06
    stray = np.where(free[:, None], 0.26, 0.05) * s.rng.normal(0, 1, (STRANDS, 3))
    length = long[lock] * s.rng.uniform(0.6, 1.08, STRANDS)
    paths = _blow(s, head, root, normal, own[lock] + stray, length)
    t = np.linspace(0, 1, STEPS)[None, :, None]
    bound = np.where(free, 0.05, 1)[:, None, None] * s.rng.uniform(0.45, 1, (STRANDS, 1, 1))
    paths += 0.62 * bound * t**1.2 * (paths[guide][lock] - paths)
    paths += 0.70 * bound * t * (paths[fine][thread] - paths)
    paths += _wave(s, LOCKS, length)[lock] * np.where(free, 0.5, 1)[:, None, None]
    few = s.rng.choice(STRANDS, WISPS, replace=False)
    loose = np.stack([s.rng.normal(0, 0.15, WISPS), s.rng.normal(0, 0.1, WISPS),
                      np.linspace(-0.55, 0.75, WISPS)], 1)  # fmt: skip
    long = s.rng.uniform(0.20, 0.29, WISPS)
    wisps = _blow(s, head, root[few], normal[few], loose, long)
    return head.pose(paths), head.pose(wisps + 1.6 * _wave(s, WISPS, long))


def _wave(s: Studio, count: int, length: np.ndarray) -> np.ndarray:
    """`(count, STEPS, 3)` metres of sway, one for each lock, growing towards the tip."""
    t = np.linspace(0, 1, STEPS)[None, :, None]
    turns = s.rng.uniform(0.8, 2.2, (count, 1, 1))
    phase = s.rng.uniform(0, 2 * np.pi, (count, 1, 2))
    up, side = np.array([-0.2, -0.3, 0.93]), np.array([0.83, -0.55, 0])
    high = s.rng.uniform(0.004, 0.011, (count, 1, 1)) * t**1.1
    swing = np.sin(2 * np.pi * turns * t + phase) - np.sin(phase)
    return high * (swing[..., :1] * up + 0.7 * swing[..., 1:] * side)


def _blow(s: Studio, head: Head, root, normal, bias, length) -> np.ndarray:
    """`(N, STEPS, 3)`: combed back along the scalp, then carried by the wind."""
    p, margin = root.copy(), s.rng.uniform(0.6, 9.0, len(root))
    phase = s.rng.uniform(0, 2 * np.pi, 3)
    way = s.rng.normal(0, 20, (3, 3)) + 16 * np.eye(3)
    path = [p]
    for k in range(1, STEPS):
        t = k / (STEPS - 1)
        gust = np.sin(p @ way + phase)
        go = np.clip(3 * t, 0.25, 1) * WIND + bias * np.clip(2 * t, 0.2, 1) + 0.20 * t * gust
        go += normal * 0.8 * max(0.0, 1 - 5 * t) + np.array([0, 0, -0.30]) * t**2
        go += np.array([0, 0.9, 0.15]) * max(0.0, 1 - 2.5 * t)
        go /= np.linalg.norm(go, axis=1, keepdims=True)
        p = p + go * (length / (STEPS - 1))[:, None]
        p = head.push_out(p, margin, ear=37)
        path.append(p)
    return np.stack(path, 1)


def _look(s: Studio, points: Points, head: Head, flying, wisps, roll) -> None:
    """The observation points."""
    width, height = s.size
    tips = s.project(flying[::40, -6:].reshape(-1, 3))
    left, top = np.quantile(tips, 0.60, 0)[0], np.quantile(tips, 0.02, 0)[1]
    right, low = np.minimum(np.quantile(tips, 0.998, 0), (width - 4, height))
    points.add("hair", "in-between", "Flying hair keeps its soft grey", "飞散的发丝保留半透明灰度",
               box=(left, top, right - left, low - top), tolerance=0.5)  # fmt: skip
    lines = [line for k, line in enumerate(_clear(s, flying, wisps)) if k in SEEN]
    points.add("flyaways", "strands", "Single flyaway hairs survive", "单根飞丝没有丢失",
               lines=lines, expected=len(lines), tolerance=len(lines) // 3)  # fmt: skip
    scalp = np.array([(46, -48, 78), (60, -12, 84), (66, 18, 66), (66, -8, 48)]) * MM
    points.add("roots", "opaque", "Hair roots keep their shadow", "发丝根部保留阴影，不透明",
               polygon=s.project(head.pose(scalp)))  # fmt: skip
    points.add("ear", "unbroken", "The ear's outline is unbroken", "耳廓轮廓没有断裂",
               lines=[s.project(head.ear_rim(1.8))[4:-3]])  # fmt: skip
    inner, outer = s.project(head.ear_rim(7)), s.project(head.ear_rim(-9))
    across = [np.stack([inner[k], outer[k]]) for k in (12, 17, 22, 27)]
    points.add("ear-edge", "soft-band", "The ear's edge is as soft as in the photo",
               "耳朵边缘的过渡宽度与照片一致", lines=across)  # fmt: skip
    points.add("ear-fall", "smooth-fall", "Alpha falls smoothly from ear to backdrop",
               "从耳朵到背景，不透明度平滑下降", lines=across)  # fmt: skip
    edge = []
    rim = np.quantile(roll[:, 1], 0.08)
    for y in rim + np.array([10, 22, 34]):
        x = roll[np.abs(roll[:, 1] - y) < 4, 0].max()
        edge.append(np.array([(x - 28, y), (x + 26, y)]))
    points.add("collar", "soft-band", "The collar's edge stays a soft band",
               "衣领边缘保留柔和过渡带", lines=edge)  # fmt: skip
    lobe = s.project(head.ear_rim(0))[-1]
    points.add("gap", "transparent", "Backdrop between hair and shoulder is gone",
               "头发与肩膀之间的背景完全透明",
               box=(lobe[0] + 80, lobe[1] + 60, 130, max(60, rim - lobe[1] - 100)))  # fmt: skip
    points.add("fringe", "no-fringe", "No grey fringe on the hair", "发丝边缘没有背景灰边",
               box=(left, top, right - left, low - top), tolerance=2.7)  # fmt: skip


def _clear(s: Studio, flying: np.ndarray, wisps: np.ndarray) -> list[np.ndarray]:
    """Those stretches of the wisps, in pixels, that run outside the mass of hair."""
    cell, (width, height) = 18, s.size
    mass = s.project(flying[::12].reshape(-1, 3))
    edges = [np.arange(0, width + cell, cell), np.arange(0, height + cell, cell)]
    filled = np.histogram2d(*mass.T, bins=edges)[0]
    found = []
    for path in wisps:
        flat = s.project(path)
        index = np.clip((flat / cell).astype(int), 0, np.array(filled.shape) - 1)
        alone = (filled[tuple(index.T)] <= 2) & (flat > 8).all(1)
        alone &= (flat < np.array(s.size) - 8).all(1)
        start = len(alone) - np.argmin(alone[::-1]) if not alone.all() else 0
        run = flat[start:-1]
        if len(run) > 2 and np.linalg.norm(np.diff(run, axis=0), axis=1).sum() > 70:
            found.append(run)
    return found
