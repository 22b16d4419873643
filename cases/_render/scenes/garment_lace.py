"""A cream crocheted top with a fringe, laid flat on a herringbone floor of oak."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from case import About, Points
from gaps import bar, clearance, largest
from parquet import parquet
from scipy.ndimage import map_coordinates
from shapes import curve
from skimage.measure import points_in_poly
from studio import Studio
from textile import chain, cords, field, frame, fuzz, pixels, resample, within, yarn

ABOUT = About(
    "garment",
    "lace",
    "Crocheted top with a fringe on oak herringbone",
    "人字拼橡木地板上的镂空钩针流苏上衣",
    size=(1200, 1600),
    seed=5,
)
MESH, ROW = 0.0215, 0.0135
"""How wide and how high an arch of the net is."""
CORD = 0.00155
"""Half the width of a crocheted chain; its yarns have half that radius."""
BODY, BAND = -0.235, -0.165
"""Where the body's hem is and where, above it, the net begins."""


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    parquet(s)
    s.world("studio", strength=0.15, turn=40)
    s.softbox((-1.5, 0.75, 1.0), (0, 0, 0), size=(0.8, 1.0), watts=44, kelvin=5600)
    s.softbox((1.4, -0.6, 1.7), (0, 0, 0), size=(1.4, 1.4), watts=4, kelvin=5000)
    s.camera((0.0, -0.08, 2.15), (0.0, -0.035, 0), mm=85, f_stop=8)
    s.exposure(0.6)

    cotton = yarn("cotton", "#e3d5ba", "#f8f0de", fibre=1400.0)
    net, edge = [], []
    layers = {}
    for side in (-1, 1):
        lay = layers[side] = _Lay(s, side)
        outline = np.concatenate([resample(e, 0.003) for e in _edges(side)])
        for path in _net(outline, side):
            net.extend(chain(lay(path), CORD))
        net.extend(_joints(lay, outline, side))
        for path in _bars(outline, side):
            net.extend(chain(lay(path), 0.9 * CORD, strand=2))
    top = layers[1]
    for side, kinds in ((-1, ("neck",)), (1, ("neck", "rest"))):
        for k, path in enumerate(_edges(side)):
            if ("neck" if k == 0 else "rest") in kinds:
                for shift, high in ((0, 0), (0.0026, 0.0012)):
                    inward = frame(np.c_[path, 0 * path[:, :1]])[0][:, :2]
                    edge.extend(chain(layers[side](path - shift * inward, high), 1.25 * CORD))
    knots, fringe = _fringe(s, top)
    s.subject(cords("net", net, 0.52 * CORD, cotton.data))
    s.subject(cords("edge", [*edge, *knots], 0.62 * CORD, cotton.data))
    s.subject(cords("fringe", [y for f in fringe for y in chain(f, 0.0010, strand=2, pitch=5)],
                    0.0007, cotton.data))  # fmt: skip
    every = np.concatenate([*net, *edge, *(f for f in fringe)])
    root = every[s.rng.choice(len(every), 45000)]
    hair = fuzz(root, s.rng.normal(0, 1, root.shape), 0.0035, s.rng)
    hair[..., 2] = np.maximum(hair[..., 2], 0.0003)
    s.subject(cords("fuzz", list(hair), 0.00004, cotton.data))
    _points(s, points, top, np.concatenate([*net, *edge]), fringe)


def _edges(side: int) -> list[np.ndarray]:
    """The outline, neck first, then from the right neck clockwise; `(N, 2)` each, in metres."""
    deep = 0.085 if side > 0 else 0.022
    neck = curve([(-0.098, 0.262), (-0.07, 0.262 - 0.72 * deep), (0, 0.262 - deep),
                  (0.07, 0.262 - 0.72 * deep), (0.098, 0.262)], 70)  # fmt: skip

    def half(sign: int, drop: float) -> list[np.ndarray]:
        shoulder = curve([(0.098, 0.262), (0.19, 0.238), (0.300, 0.155 - drop)], 60)
        cuff = curve([(0.300, 0.155 - drop), (0.278, 0.092 - drop), (0.240, 0.048 - drop)], 30)
        under = curve([(0.240, 0.048 - drop), (0.208, 0.068), (0.176, 0.072)], 30)
        flank = curve([(0.176, 0.072), (0.170, 0.02), (0.178, -0.10), (0.192, BODY)], 60)
        return [p * (sign, 1) for p in (shoulder, cuff, under, flank)]

    hem = curve([(0.192, BODY), (0.1, BODY - 0.008), (0, BODY - 0.010), (-0.1, BODY - 0.008),
                 (-0.192, BODY)], 90)  # fmt: skip
    return [neck, *half(1, 0.0), hem, *(p[::-1] for p in half(-1, 0.012)[::-1])]


class _Lay:
    """How the flat pattern of the front (1) or back (-1) comes to lie on the floor."""

    def __init__(self, s: Studio, side: int) -> None:
        self.side = side
        v, u = np.meshgrid(
            np.linspace(-0.36, 0.36, 145), np.linspace(-0.4, 0.4, 161), indexing="ij"
        )
        where = np.stack([u, v], -1)
        rng = np.random.default_rng(ABOUT.seed)
        self.drift = np.stack([0.0035 * field(where, 0.14, rng) for _ in range(2)], -1)
        rng = s.rng
        self.drift += np.stack([0.0013 * field(where, 0.028, rng) for _ in range(2)], -1)
        self.high = 0.0015 * field(where, 0.06, rng)

    def __call__(self, path: np.ndarray, high: float | np.ndarray = 0.0) -> np.ndarray:
        """`(N, 3)` world coordinates of `(N, 2)` places on the pattern."""
        at = [(path[:, 1] + 0.36) / 0.005, (path[:, 0] + 0.4) / 0.005]
        bent = [map_coordinates(f, at, order=1, mode="nearest")
                for f in (self.drift[..., 0], self.drift[..., 1], self.high)]  # fmt: skip
        lift, pull = _folds(path)
        if self.side > 0:
            z = 0.0068 + np.maximum(bent[2], -0.002) + lift
        else:
            z = 0.0022 + 0.3 * np.maximum(bent[2], -0.001)
            pull = 0.6 * pull
        x, y = path[:, 0] + bent[0] + pull[:, 0], path[:, 1] + bent[1] + pull[:, 1]
        return np.stack([x, y, z + high], 1)


def _folds(path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Height and sideways pull of the few soft folds the top has been laid with."""
    lift, pull = np.zeros(len(path)), np.zeros((len(path), 2))
    for a, b, wide, tall in (
        ((-0.13, 0.03), (-0.07, -0.22), 0.016, 0.019),
        ((0.150, 0.05), (0.035, -0.09), 0.015, 0.017),
        ((0.10, -0.10), (0.13, -0.24), 0.013, 0.014),
        ((0.19, 0.20), (0.255, 0.10), 0.013, 0.015),
        ((-0.17, 0.10), (-0.24, 0.16), 0.013, 0.015),
    ):
        a, b = np.array(a), np.array(b)
        along = (b - a) / np.linalg.norm(b - a)
        t = (path - a) @ along / np.linalg.norm(b - a)
        off = (path - a) @ (along[1], -along[0])
        ends = np.clip(1.25 - 2.5 * np.abs(t - 0.5), 0, 1)
        ends = ends * ends * (3 - 2 * ends)
        lift += tall * ends * np.exp(-((off / wide) ** 2))
        pull += (-0.45 * tall * ends * np.tanh(off / wide))[:, None] * (along[1], -along[0])
    return lift, pull


def _net(outline: np.ndarray, side: int) -> list[np.ndarray]:
    """Rows of arches, each standing on the crowns of the row below; `(N, 2)` paths."""
    found = []
    shift = (0.0, 0.0) if side > 0 else (0.42 * MESH, 0.35 * ROW)
    t = np.arange(-0.34, 0.34, 0.0004)
    for k in range(48):
        phase = (t - shift[0]) / MESH + 0.5 * (k % 2)
        part = phase - np.floor(phase)
        y = BAND + (k - 0.06) * ROW + shift[1] + 1.10 * ROW * np.sin(np.pi * part) ** 0.75
        x = t + 0.10 * MESH * np.sin(2 * np.pi * part)
        found += within(np.stack([x, y], 1), outline, 12)
    return found


def _joints(lay: _Lay, outline: np.ndarray, side: int) -> list[np.ndarray]:
    """The stitch, two turns of yarn, that holds each arch to the crown below it; `(N, 3)`."""
    found = []
    shift = (0.0, 0.0) if side > 0 else (0.42 * MESH, 0.35 * ROW)
    turn = np.linspace(0, 4.4 * np.pi, 30)
    for k in range(48):
        for i in range(-16, 17):
            x = shift[0] + (i - 0.5 * (k % 2)) * MESH
            y = BAND + k * ROW + shift[1] + 0.0006
            if not points_in_poly([[x, y]], outline)[0]:
                continue
            lean = 0.35 * np.sin(1.7 * i + 2.3 * k)
            up = 0.0042 * (turn / turn[-1] - 0.5)
            flat = np.stack([x + 0.0021 * np.cos(turn) + lean * up, y + up], 1)
            found.append(lay(flat, 0.0004 + 0.0019 * np.sin(turn)))
    return found


def _bars(outline: np.ndarray, side: int) -> list[np.ndarray]:
    """The band above the hem: rows of close trebles between chains."""
    found = []
    shift = 0.0 if side > 0 else 0.0021
    rows = np.linspace(BODY - 0.012, BAND, 6)
    for low, high in pairwise(rows):
        t = np.arange(-0.24, 0.24, 0.0006)
        found += within(np.stack([t, high + 0 * t], 1), outline, 12)
        for k, x in enumerate(np.arange(-0.21, 0.21, 0.0048) + shift):
            if k % 4 == 3:
                continue
            y = np.linspace(low, high, 24)
            found += within(np.stack([x + 0.0006 * np.sin(40 * x * k + 300 * y), y], 1), outline, 8)
    return found


def _fringe(s: Studio, lay: _Lay) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Knots along the hem and the yarns, `(N, 3)` each, that hang from them."""
    knots, yarns = [], []
    hem = resample(_edges(1)[5], 0.0005)
    for at in np.linspace(0.012, 0.988, 27):
        foot = hem[int(at * (len(hem) - 1))]
        x, y = foot
        turn = np.linspace(0, 5 * np.pi, 50)
        wrap = np.stack([x + 0.0022 * np.sin(turn), y - 0.001 - 0.0055 * turn / turn[-1]], 1)
        knots.append(lay(wrap, -0.001 + 0.0014 * np.cos(turn)))
        aim = s.rng.normal(0, 0.10)
        for _ in range(4):
            length = s.rng.normal(0.062, 0.004)
            t = np.linspace(0, 1, 60)
            way = np.cumsum(
                aim
                + s.rng.normal(0, 0.13)
                + 0.35 * (t - 0.5) * s.rng.normal()
                + 0.16 * np.sin(9 * t * s.rng.uniform(0.6, 1.4) + s.rng.uniform(0, 6))
            )
            flat = np.stack([x + s.rng.normal(0, 0.0012) + way * length / 60,
                             y - 0.004 - t * length], 1)  # fmt: skip
            high = lay(foot[None])[0, 2] * (1 - t) ** 2 + 0.0013 + s.rng.uniform(0, 0.0016) * t
            path = lay(flat)
            path[:, 2] = high
            yarns.append(path)
    return knots, yarns


def _points(
    s: Studio, points: Points, top: _Lay, yarns: np.ndarray, fringe: list[np.ndarray]
) -> None:
    """What is to be looked at."""
    edges = _edges(1)

    def rim(k: int, low: float, high: float, out: float = 0.0013) -> np.ndarray:
        """Places along an edge, `out` metres outside its pattern; 0.0013 is the rim's middle."""
        path = edges[k]
        path = path - out * frame(np.c_[path, 0 * path[:, :1]])[0][:, :2]
        return top(path[int(low * len(path)) : int(high * len(path))])

    scale = pixels(s, np.array([[0, 0, 0], [0.1, 0, 0]]))
    scale = (scale[1, 0] - scale[0, 0]) / 0.1
    free = clearance(s, yarns) - 1.3 * CORD * scale
    holes = largest(free, s.project([(-0.13, 0.14, 0), (0.13, -0.15, 0)]), 9, 90)
    points.add(
        "holes",
        "transparent",
        "The floor in the holes of the net is gone",
        "镂空处的地板已去除",
        lines=[bar(*h) for h in holes],
    )
    x, y, clear = holes[0]
    ring = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    points.add(
        "hole",
        "transparent",
        "The largest hole is clear",
        "最大的镂空孔完全透明",
        polygon=np.stack([x + 0.6 * clear * np.cos(ring), y + 0.6 * clear * np.sin(ring)], 1),
    )
    collar = largest(free, s.project([(-0.06, 0.238, 0), (0.06, 0.200, 0)]), 4, 40)
    points.add(
        "collar-holes",
        "transparent",
        "The floor seen through the collar is gone",
        "领口内透出的地板已去除",
        lines=[bar(*h) for h in collar],
    )

    flank = rim(4, 0.15, 0.9)
    shade = np.concatenate([np.add(flank, (0.009, 0, 0)), np.add(flank[::-1], (0.034, -0.004, 0))])
    points.add(
        "shadow",
        "transparent",
        "The shadow beside the body is gone",
        "衣身旁的投影已消失",
        polygon=s.project(shade),
    )
    outline = [s.project(rim(k, 0.06, 0.94)[::3]) for k in (1, 2, 8, 9)]
    points.add(
        "sleeves",
        "unbroken",
        "Shoulders and cuffs run through unbroken",
        "肩部和袖口轮廓连贯",
        lines=outline,
        expected=0,
    )
    points.add(
        "rim",
        "opaque",
        "The crocheted rim is opaque",
        "钩边完全不透明",
        lines=[s.project(rim(k, 0.1, 0.9, 0.0018)[::3]) for k in (1, 9)],
        tolerance=0.05,
    )
    ends = [pixels(s, f)[20:57:4] for f in fringe]
    alone = [
        min(np.linalg.norm(e[:, None] - o[None], axis=2).min() for o in ends if o is not e)
        for e in ends
    ]
    best = np.argsort(alone)[::-1][:8]
    points.add(
        "fringe",
        "strands",
        "The yarns of the fringe are all there",
        "流苏一根不少",
        lines=[ends[k] for k in best],
        expected=len(best),
        tolerance=1,
    )

    across = []
    for k, at in ((1, 0.35), (1, 0.7), (9, 0.35), (9, 0.7)):
        mid, far = rim(k, 0, 1, 0.0016), rim(k, 0, 1, 0.017)
        n = int(at * len(mid))
        across.append(s.project([mid[n], far[n]]))
    points.add(
        "edge",
        "soft-band",
        "The rim ends within a few pixels",
        "钩边边缘过渡只有几个像素",
        lines=across,
    )
    for id, k, kind, en, zh in (
        (
            "fuzz",
            8,
            "in-between",
            "Loose fibres at the cuff stay half transparent",
            "袖口绒毛保持半透明",
        ),
        ("edge-colour", 9, "no-fringe", "No brown of the floor in the rim", "钩边不带地板棕色"),
    ):
        part = s.project(rim(k, 0.1, 0.9))
        low, high = part.min(0) - 14, part.max(0) + 14
        points.add(
            id,
            kind,
            en,
            zh,
            box=(*low, *(high - low)),
            **({"expected": 1, "tolerance": 0.5} if kind == "in-between" else {}),
        )
