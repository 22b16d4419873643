"""A cream crocheted top with a fringe, laid flat on a herringbone floor of oak."""

from __future__ import annotations

import bpy
import numpy as np
from case import About, Points
from materials import Material, srgb, wood
from mathutils import Matrix
from scipy.ndimage import distance_transform_edt
from shapes import curve, mesh
from studio import Studio
from textile import chain, cords, field, frame, fuzz, pixels, resample, within, yarn

ABOUT = About(
    "garment",
    "lace",
    "Crocheted top with a fringe on oak herringbone",
    "人字拼橡木地板上的镂空钩针流苏上衣",
    size=(1200, 1600),
    seed=5,
    samples=16,
    truth_samples=64,
)
MESH, ROW = 0.0185, 0.0115
"""How wide and how high an arch of the net is."""
CORD = 0.00155
"""Half the width of a crocheted chain; its yarns have half that radius."""
BODY, BAND = -0.235, -0.165
"""Where the body's hem is and where, above it, the net begins."""


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    _parquet(s)
    s.world("studio", strength=0.25, turn=40)
    s.softbox((-1.5, 0.75, 1.0), (0, 0, 0), size=(0.8, 1.0), watts=34, kelvin=5600)
    s.softbox((1.4, -0.6, 1.7), (0, 0, 0), size=(1.4, 1.4), watts=6, kelvin=5000)
    s.camera((0.0, -0.06, 2.35), (0.0, -0.015, 0), mm=85, f_stop=8)

    cotton = yarn("cotton", "#d8c7a6", "#f3e8d2", fibre=1400.0)
    net, edge = [], []
    layers = {}
    for side in (-1, 1):
        lay = layers[side] = _Lay(s, side)
        outline = np.concatenate([resample(e, 0.003) for e in _edges(side)])
        for path in _net(outline, side):
            net.extend(chain(lay(path), CORD))
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
        v, u = np.meshgrid(np.linspace(-0.36, 0.36, 145), np.linspace(-0.4, 0.4, 161), indexing="ij")
        where = np.stack([u, v], -1)
        rng = np.random.default_rng(ABOUT.seed)
        self.drift = np.stack([0.0035 * field(where, 0.14, rng) for _ in range(2)], -1)
        rng = s.rng
        self.drift += np.stack([0.0010 * field(where, 0.03, rng) for _ in range(2)], -1)
        self.high = 0.0015 * field(where, 0.06, rng)

    def __call__(self, path: np.ndarray, high: float | np.ndarray = 0.0) -> np.ndarray:
        """`(N, 3)` world coordinates of `(N, 2)` places on the pattern."""
        from scipy.ndimage import map_coordinates

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
        ((-0.13, 0.03), (-0.07, -0.22), 0.014, 0.012),
        ((0.150, 0.05), (0.035, -0.09), 0.013, 0.011),
        ((0.10, -0.10), (0.13, -0.24), 0.012, 0.009),
        ((0.19, 0.20), (0.255, 0.10), 0.012, 0.010),
        ((-0.17, 0.10), (-0.24, 0.16), 0.012, 0.010),
    ):
        a, b = np.array(a), np.array(b)
        along = (b - a) / np.linalg.norm(b - a)
        t = (path - a) @ along / np.linalg.norm(b - a)
        off = (path - a) @ (along[1], -along[0])
        ends = np.clip(1.25 - 2.5 * np.abs(t - 0.5), 0, 1)
        ends = ends * ends * (3 - 2 * ends)
        lift += tall * ends * np.exp(-((off / wide) ** 2))
        pull += (-0.35 * tall * ends * np.tanh(off / wide))[:, None] * (along[1], -along[0])
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


def _bars(outline: np.ndarray, side: int) -> list[np.ndarray]:
    """The band above the hem: rows of close trebles between chains."""
    found = []
    shift = 0.0 if side > 0 else 0.0021
    rows = np.linspace(BODY + 0.002, BAND, 5)
    for low, high in zip(rows[:-1], rows[1:], strict=True):
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
            way = np.cumsum(aim + s.rng.normal(0, 0.13) + 0.35 * (t - 0.5) * s.rng.normal()
                            + 0.16 * np.sin(9 * t * s.rng.uniform(0.6, 1.4) + s.rng.uniform(0, 6)))
            flat = np.stack([x + s.rng.normal(0, 0.0012) + way * length / 60,
                             y - 0.004 - t * length], 1)  # fmt: skip
            high = lay(foot[None])[0, 2] * (1 - t) ** 2 + 0.0013 + s.rng.uniform(0, 0.0016) * t
            path = lay(flat)
            path[:, 2] = high
            yarns.append(path)
    return knots, yarns


def _parquet(s: Studio) -> None:
    """Oak blocks in herringbone, each its own piece of wood, lacquered silk-matt."""
    long, wide, gap = 0.36, 0.09, 0.0005
    woods = [wood(f"oak {k}", light=a, dark=b) for k, (a, b) in enumerate(
        (("#a97c4f", "#6d4526"), ("#9a6d42", "#5f3b20"), ("#b58a5c", "#7a5030"), ("#8f643c", "#59371f"))
    )]  # fmt: skip
    for m in woods:
        m.put(m.bsdf, Coat_Weight=0.5, Coat_Roughness=0.22)
    joint = Material("joint", srgb("#20150d"), Roughness=0.9)
    mesh("joint", [(-2, -2, -0.002), (2, -2, -0.002), (2, 2, -0.002), (-2, 2, -0.002)],
         [(0, 1, 2, 3)], joint.data)  # fmt: skip
    faces = [(0, 1, 2, 3), (7, 6, 5, 4), (0, 4, 5, 1), (1, 5, 6, 2), (2, 6, 7, 3), (3, 7, 4, 0)]
    skew = Matrix.Rotation(np.radians(45 + 2), 4, "Z")
    for column in range(-4, 5):
        for k in range(-12, 13):
            for upright in (0, 1):
                # Laid in steps of one width: the level block, and the upright one at its end.
                x = (k + 2 * (long / wide) * column / 2) * wide
                y = (k - 2 * (long / wide) * column / 2) * wide
                x, y = (x + long, y + wide - long) if upright else (x, y)
                if np.hypot(x, y) > 1.0:
                    continue
                slip = s.rng.uniform(-3, 3, 3)
                low = np.array([gap, gap, -0.01])
                high = np.array([long - gap, wide - gap, s.rng.normal(0, 0.00012)])
                box = np.array([[(low, high)[i][0], (low, high)[j][1], (low, high)[h][2]]
                                for h in (1, 0) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))])
                m = woods[s.rng.integers(len(woods))]
                block = mesh("block", box + slip, faces, m.data, smooth=False)
                bevel = block.modifiers.new("bevel", "BEVEL")
                bevel.width, bevel.segments = 0.0008, 2
                turn = Matrix.Rotation(np.pi / 2, 4, "Z") if upright else Matrix()
                if upright:
                    x += wide
                block.matrix_world = (
                    skew @ Matrix.Translation((x, y, 0)) @ turn @ Matrix.Translation(tuple(-slip))
                )


def _points(
    s: Studio, points: Points, top: _Lay, yarns: np.ndarray, fringe: list[np.ndarray]
) -> None:
    """What is to be looked at."""
