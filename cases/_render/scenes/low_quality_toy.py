"""An old teddy bear in a dim room at dusk, snapped by a phone held not quite still."""

from __future__ import annotations

import bpy
import numpy as np
from case import About, Points
from materials import Material, cloth, hair, srgb
from scipy.ndimage import gaussian_filter
from shapes import capsule, curve, ellipsoid, grid, melt, solid, tube
from strands import grow, knit, roots, strands, taper
from studio import Studio

ABOUT = About(
    "low-quality",
    "toy",
    "Teddy bear in a dim room, hand-held phone",
    "昏暗房间里的泰迪熊，手机手持拍摄",
    size=(1200, 900),
    seed=22,
)
FUR = 110_000
YARN = 0.0016
"""Radius of the scarf's wool."""
WALE = 0.0065
"""From ridge to ridge of the sofa's wide corduroy."""
LAMP = (-0.75, -0.30, 0.80)
"""A floor lamp at the end of the sofa."""
NECK = np.array([0, 0, 0.17])
TILT = 0.10
NOD = np.array([[np.cos(TILT), 0, np.sin(TILT)], [0, 1, 0], [-np.sin(TILT), 0, np.cos(TILT)]])
"""The head leans to one side: `NOD @ q + NECK` is a point q of the head in the world."""


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    _room(s)
    _sofa(s)
    skin = Material("backing", srgb("#2a1609"), Roughness=0.9)
    low, high = (-0.17, -0.22, -0.01), (0.17, 0.10, 0.34)
    bear = s.subject(solid("bear", _bear, low, high, 0.003, skin.data))
    bear.data.flip_normals()  # outwards, where the fur grows
    _fur(s, bear)
    _face(s)
    tail, fringe = _scarf(s)

    s.world("night", strength=0.06, turn=200)
    s.softbox(LAMP, (0, -0.05, 0.15), size=(0.3, 0.3), watts=25, kelvin=2900)
    s.softbox((1.3, -0.9, 1.1), (0, 0, 0.15), size=(0.9, 1.3), watts=14, kelvin=7500)
    s.softbox((0.35, 0.9, 0.9), (0, 0, 0.2), size=(0.3, 0.3), watts=9, kelvin=3000)
    s.camera((0.10, -0.77, 0.305), (0.026, -0.04, 0.131), mm=44, f_stop=4.5, focus=(0, -0.08, 0.2))
    s.exposure(0.0)
    _points(s, points, bear, tail, fringe)


def _bear(p: np.ndarray) -> np.ndarray:
    """Signed distance of the stuffed body under the fur, sitting on z = 0."""
    body = ellipsoid((0, 0, 0.098), (0.074, 0.062, 0.098))(p)
    q = (p - NECK) @ NOD
    head = ellipsoid((0, -0.008, 0.066), (0.069, 0.060, 0.060))(q)
    head = melt(head, ellipsoid((0, -0.060, 0.050), (0.033, 0.026, 0.026))(q), 0.016)
    for side in (-1, 1):
        ear = ellipsoid((side * 0.054, 0.004, 0.118), (0.027, 0.013, 0.027))(q)
        bowl = ellipsoid((side * 0.053, -0.013, 0.118), (0.018, 0.012, 0.018))(q)
        ear = np.maximum(ear, -bowl)
        head = melt(head, ear, 0.008)
    whole = melt(body, head, 0.012)
    for side, out in ((-1, 0.116), (1, 0.104)):
        arm = capsule((side * 0.062, -0.004, 0.160), (side * out, -0.056, 0.080), 0.027, 0.0235)(p)
        whole = melt(whole, arm, 0.010)
        foot = np.array([side * 0.080, -0.165, 0.046])
        leg = capsule((side * 0.040, -0.020, 0.040), (side * 0.076, -0.140, 0.034), 0.040, 0.032)(p)
        leg = melt(leg, ellipsoid(foot, (0.032, 0.020, 0.046))(p), 0.012)
        whole = melt(whole, leg, 0.010)
    return whole


def _fur(s: Studio, bear: bpy.types.Object) -> None:
    """Worn mohair: curled, clumped, combed down; short on the muzzle, none on the soles."""

    def muzzle(p: np.ndarray) -> np.ndarray:
        off = (p - NECK) @ NOD - [0, -0.068, 0.050]
        near = np.linalg.norm(off / [0.036, 0.036, 0.030], axis=1)
        return np.clip((1.25 - near) / 0.35, 0, 1)

    def density(p: np.ndarray, n: np.ndarray) -> np.ndarray:
        sole = (p[:, 1] < -0.168) & (n[:, 1] < -0.55)
        x, y, z = ((p - NECK) @ NOD).T
        nose = np.hypot(x / 0.015, (z - 0.0575) / 0.0115) < 1
        mouth = (np.abs(x) < 0.0022) & (z < 0.055) & (z > 0.036)
        eyes = np.hypot(np.abs(x) - 0.0265, z - 0.078) < 0.0125
        bare = sole | ((y < -0.03) & (nose | mouth | eyes)) | (p[:, 2] < 0.002)
        worn = 0.75 + 0.25 * np.sin(60 * p[:, 0]) * np.sin(47 * p[:, 2] + 1)
        return np.where(bare, 0.0, worn)

    root, normal = roots(bear, FUR, s.rng, density)
    short = muzzle(root)
    length = np.where(root[:, 2] > 0.2, 0.0135, 0.0175) - 0.007 * short
    length = length * s.rng.uniform(0.6, 1.25, FUR)
    length = np.where(s.rng.random(FUR) < 0.02, 1.5 * length, length)
    comb = np.stack([0.35 * root[:, 0] / 0.1, 0 * length, -0.75 + 0.4 * short], 1)
    whole = grow(root, normal + 0.25 * comb, length, s.rng, steps=9, bend=0.7 * comb, stray=0.30,
                 wave=0.0014, turns=1.6, clumps=3200, clump=0.7)  # fmt: skip
    whole[..., 2] = np.maximum(whole[..., 2], 0.001)
    pale = s.rng.random(FUR) < short
    for name, some, melanin in (("fur", ~pale, 0.46), ("muzzle", pale, 0.25)):
        coat = hair(name, melanin, 0.45, roughness=0.42, vary=0.3)
        s.subject(strands(name, whole[some], taper(9, 0.00015, 0.00005), coat.data))


def _front(x: float, z: float) -> np.ndarray:
    """Where the face is at x and z of the head, seen from the front; in the world."""
    y = np.linspace(-0.14, 0.0, 1400)
    ray = np.stack([np.full(1400, x), y, np.full(1400, z)], 1) @ NOD.T + NECK
    return ray[np.argmax(_bear(ray) < 0)]


def _face(s: Studio) -> None:
    """Glass eyes, a nose and mouth of black silk thread, felt soles."""
    black = Material("eye", srgb("#070504"), Roughness=0.04, Coat_Weight=1.0, Coat_Roughness=0.03)
    thread = Material("silk", srgb("#0d0908"), Roughness=0.45)
    for x in (-0.0265, 0.0265):
        at = _front(x, 0.077) - [0, 0.004, 0]
        ball = ellipsoid(at, (0.0088, 0.0072, 0.0088))
        s.subject(solid("eye", ball, at - 0.01, at + 0.01, 0.0006, black.data))
    for k in np.linspace(-1, 1, 17):
        tall = 0.0165 * (1 - 0.62 * abs(k) ** 1.3)
        path = [_front(0.0125 * k, z) - [0, 0.0064 - 0.002 * abs(k), 0]
                for z in np.linspace(0.066, 0.066 - tall, 7)]  # fmt: skip
        jitter = s.rng.normal(0, 0.0002, (7, 3))
        s.subject(tube("nose", np.array(path) + jitter, 0.0012, thread.data, segments=10))
    lines = [[(0, 0.051), (0.0004, 0.045), (0, 0.0395)],
             [(0, 0.0395), (-0.008, 0.0350), (-0.017, 0.0370)],
             [(0, 0.0395), (0.008, 0.0350), (0.017, 0.0370)]]  # fmt: skip
    for line in lines:
        path = [_front(x, z) - [0, 0.0058, 0] for x, z in curve(line, 14)]
        s.subject(tube("mouth", np.array(path), 0.0012, thread.data, segments=10))
    felt = cloth("felt", srgb("#8a6a48"), thread=0.0004)
    for side in (-1, 1):
        centre = np.array([side * 0.080, -0.1795, 0.046])
        pad = ellipsoid(centre, (0.0265, 0.0062, 0.0385))
        s.subject(solid("sole", pad, centre - 0.045, centre + 0.045, 0.0012, felt.data))


def _scarf(s: Studio) -> tuple[np.ndarray, np.ndarray]:
    """A knitted scarf about the neck, one end over the arm and down on the seat, with a fringe;
    returns that end's outer edge, `(M, 3)`, and the fringe's yarns, `(N, K, 3)`."""
    wool = Material("wool", srgb("#7d1a1c"), Roughness=0.85, Sheen_Weight=0.6)
    where = wool.coordinates()
    fleck = wool.between(wool.noise(where, 900, 3), 0, 0.7)
    tone = wool.mix(fleck, srgb("#8c2022"), srgb("#4a0c10"))
    wool.put(wool.bsdf, Base_Color=tone)
    a = np.linspace(0, 2 * np.pi, 90)
    v = np.linspace(-1, 1, 14)
    wide = 0.062 + 0.011 * (1 - v**2)[:, None] + 0.002 * np.sin(5 * a)
    drop = 0.180 - 0.010 * np.sin(-a) * -1 + 0.004 * np.sin(3 * a + 1)
    ring = np.stack([wide * np.cos(a), 0.92 * wide * np.sin(a) - 0.006,
                     drop + 0.017 * v[:, None] + 0 * a], -1)  # fmt: skip
    yarns = [knit(ring, 6, 74, YARN, rng=s.rng, steps=10)]
    way = curve([(0.018, -0.076, 0.182), (0.050, -0.090, 0.156), (0.092, -0.102, 0.129),
                 (0.126, -0.114, 0.096), (0.146, -0.122, 0.050), (0.157, -0.131, 0.013),
                 (0.178, -0.148, 0.005), (0.198, -0.164, 0.0045)], 80)  # fmt: skip
    ahead = np.gradient(way, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    lean = curve([(0.5, -0.2, 0.8), (0.75, -0.1, 0.6), (1, 0.1, 0.1), (0.8, 0.6, 0)], 80)
    across = lean - (lean * ahead).sum(1, keepdims=True) * ahead
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    half = 0.024 + 0.002 * np.sin(np.linspace(0, 5, 80))
    ripple = 0.003 * np.sin(3 * np.pi * v)[:, None] * np.linspace(0.2, 1, 80)
    tail = way + v[:, None, None] * half[:, None] * across + ripple[..., None] * [0, 0, 1]
    tail[..., 2] = np.maximum(tail[..., 2], 0.004)
    yarns.append(knit(tail[::-1], 8, 46, YARN, rng=s.rng, steps=10))
    for some in yarns:
        s.subject(strands("scarf", some, np.full(some.shape[1], 0.6 * YARN), wool.data))
    flat = np.concatenate([y.reshape(-1, 3) for y in yarns])
    root = flat[s.rng.choice(len(flat), 9000)]
    away = s.rng.normal(0, 1, root.shape)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    fuzz = grow(root, away, s.rng.uniform(0.002, 0.005, len(root)), s.rng, steps=5, stray=0.5,
                bend=(0, 0, -0.4))  # fmt: skip
    s.subject(strands("fuzz", fuzz, taper(5, 0.00004, 0.00002), wool.data))

    count = 9
    share = np.linspace(-0.95, 0.95, count)
    start = way[-1] + share[:, None] * half[-1] * across[-1]
    t = np.linspace(0, 1, 16)
    turned = ahead[-1] + 0.45 * share[:, None] * across[-1] + s.rng.normal(0, 0.16, (count, 3))
    turned[:, 2] = 0
    ends = start[:, None] + 0.036 * t[:, None] * turned[:, None]
    sway = s.rng.normal(0, 0.003, (count, 1, 3)) * np.sin(np.pi * t)[:, None] * [1, 1, 0]
    ends = ends + sway
    ends[..., 2] = np.linspace(0.0045, 0.0022, 16)
    s.subject(strands("fringe", ends, np.full(16, 0.8 * YARN), wool.data))
    return tail[-1], ends


def _points(
    s: Studio, points: Points, bear: bpy.types.Object, tail: np.ndarray, fringe: np.ndarray
) -> None:
    """What is to be looked at: blurred fur and wool, the fringe, gaps, shadow, the dark side."""
    skin = s.vertices(bear)
    head = s.project(skin[((skin - NECK) @ NOD)[:, 2] > 0.03])
    arm = s.project(skin[(skin[:, 0] < -0.06) & (skin[:, 2] > 0.08) & (skin[:, 2] < 0.16)])

    def rim(flat: np.ndarray, degrees: float, out: float) -> np.ndarray:
        """The outline where it faces a direction, moved outwards by `out` pixels."""
        d = np.array([np.cos(np.radians(degrees)), -np.sin(np.radians(degrees))])
        return flat[np.argmax(flat @ d)] + out * d

    points.add("blurred-fur", "in-between", "The blurred fur is not smoothed away",
               "模糊的绒毛未被抹平", tolerance=0.5,
               polygon=np.array([rim(head, a, o) for o, turn in ((-6, 1), (40, -1))
                                 for a in range(100, 185, 12)[::turn]]))  # fmt: skip
    points.add(
        "ear",
        "unbroken",
        "The ear's outline is unbroken",
        "耳朵轮廓连续不断",
        lines=[np.array([rim(head, a, -14) for a in range(108, 184, 8)])],
    )
    points.add(
        "arm",
        "smooth-fall",
        "The arm fades out smoothly",
        "手臂边缘平滑过渡",
        lines=[np.array([rim(arm, a, -20), rim(arm, a, 75)]) for a in (150, 165)],
    )
    edge = s.project(tail)
    across = []
    for k in (44, 48, 52):
        d = (edge[k + 2] - edge[k - 2])[::-1] * [1, -1] / np.linalg.norm(edge[k + 2] - edge[k - 2])
        d = d * np.sign(d[0])
        across.append(np.array([edge[k] - 24 * d, edge[k] + 28 * d]))
    points.add("soft-edge", "soft-band", "The scarf's edge stays as soft as the picture",
               "围巾边缘与照片一样柔和，不生硬", lines=across, tolerance=3)  # fmt: skip
    apart = [yarn for k, yarn in enumerate(fringe) if k not in (5, 6)]  # with a gap beside them
    yarns = [s.project(yarn[3:14]) for yarn in apart]
    points.add("fringe", "strands", "The fringe's yarns are there", "围巾流苏保留", lines=yarns,
               expected=len(yarns), tolerance=2)  # fmt: skip

    def patch(at: np.ndarray, wide: float, deep: float) -> np.ndarray:
        corners = [(-wide, -deep), (wide, -deep), (wide, deep), (-wide, deep)]
        return s.project([at + np.array([x, y, 0]) for x, y in corners])

    points.add(
        "between-feet",
        "transparent",
        "The sofa shows between the feet",
        "两脚之间的空隙透明",
        polygon=patch(np.array([0, -0.165, 0.002]), 0.012, 0.012),
    )
    points.add(
        "shadow",
        "transparent",
        "The shadow on the sofa is gone",
        "沙发上的投影已消失",
        polygon=patch(np.array([0.235, -0.06, 0.002]), 0.018, 0.016),
    )
    side = [NOD @ [0.052 + 0.009 * np.cos(a), -0.035, 0.058 + 0.016 * np.sin(a)] + NECK
            for a in np.linspace(0, 2 * np.pi, 12, endpoint=False)]  # fmt: skip
    points.add(
        "dark-side",
        "opaque",
        "The dark side of the head is kept",
        "头部暗侧完整保留",
        polygon=s.project(side),
    )


def _sofa(s: Studio) -> None:
    """A seat and a back cushion of worn grey-green corduroy, sunk under the bear."""
    tweed = Material("corduroy", srgb("#4d5348"), Roughness=0.9, Sheen_Weight=0.5)
    where = tweed.coordinates()
    fleck = tweed.noise(where, 420, 3, 0.7)
    tweed.put(tweed.bsdf, Base_Color=tweed.mix(tweed.between(fleck, 0.1, 0.95), srgb("#3a4038"),
                                               srgb("#7b7c6c")))  # fmt: skip
    wale = tweed.add("ShaderNodeTexWave", Vector=where, Scale=np.pi / 10 / WALE, Distortion=0.5)
    groove = tweed.ramp(wale.outputs["Fac"], (0.0, (0.35,) * 3), (0.5, (1.0,) * 3))
    nap = tweed.mix(tweed.between(tweed.noise(where, 9, 4), 0.2, 0.8), tweed.bsdf.inputs[
        "Base Color"].links[0].from_socket, srgb("#2f352f"))  # fmt: skip
    tweed.put(tweed.bsdf, Base_Color=tweed.mix(1.0, nap, groove, "MULTIPLY"))
    tweed.bump(wale.outputs["Fac"], 0.0016)
    tweed.bump(fleck, 0.0012, 0.6)
    y, x = np.meshgrid(np.linspace(-0.55, 0.35, 160), np.linspace(-0.9, 0.9, 260), indexing="ij")
    soft = gaussian_filter(s.rng.normal(0, 1, x.shape), 14)
    away = np.clip((np.hypot(x, y + 0.05) - 0.2) / 0.2, 0, 1)
    z = 0.006 * soft / soft.std() * away + 0.012 * np.clip(np.hypot(x, y) - 0.2, 0, 0.3) * away
    z = z - 0.06 * np.clip((-0.30 - y) / 0.20, 0, 1) ** 2
    grid("seat", np.stack([x, y, z], -1), tweed.data)
    for side, lean in ((-0.36, 0.04), (0.36, -0.02)):

        def cushion(p: np.ndarray, side: float = side, lean: float = lean) -> np.ndarray:
            q = p - [side, 0.215, 0.115]
            x, y, z = q[..., 0], q[..., 1] - 0.22 * q[..., 2], q[..., 2] + lean * q[..., 0]
            k = np.abs(np.stack([x / 0.355, y / 0.105, z / 0.140]))
            return ((k**5).sum(0) ** 0.2 - 1) * 0.1 + 0.004 * np.sin(9 * x) * z

        low, high = (side - 0.42, 0.03, -0.06), (side + 0.42, 0.42, 0.30)
        solid("cushion", cushion, low, high, 0.012, tweed.data, subdivide=1)


def _room(s: Studio) -> None:
    """What is far behind: a wall, a shelf of books, a string of small lamps."""
    wall = np.array([[[-4, 2.6, -1], [4, 2.6, -1]], [[-4, 2.6, 3], [4, 2.6, 3]]], float)
    grid("wall", wall, Material("wall", srgb("#6b5644"), Roughness=0.9).data)
    plank = Material("plank", srgb("#5a3a22"), Roughness=0.5)
    x = -1.1
    colours = "#7c2f28 #c9b48a #2f4a5a #8f7a3a #3f5a3f #a5643a #d8cfc0 #3a2f3f".split()
    books = [Material(f"book {c}", srgb(c), Roughness=0.7).data for c in colours]
    while x < 0.05:
        wide, tall = s.rng.uniform(0.02, 0.055), s.rng.uniform(0.20, 0.30)
        _box(x, x + wide, 2.25, 2.45, 0.17, 0.17 + tall, books[s.rng.integers(len(books))])
        x += wide + 0.002
    _box(-1.3, 0.2, 2.2, 2.55, 0.14, 0.17, plank.data)
    glow = Material("bulb", (0, 0, 0))
    glow.put(glow.bsdf, Emission_Color=(1.0, 0.50, 0.18, 1), Emission_Strength=7.0)
    for k in range(15):
        u = k / 14
        at = np.array([0.05 + 1.35 * u, 2.3, 0.50 - 0.70 * u * (1 - u) + s.rng.normal(0, 0.02)])
        solid("bulb", ellipsoid(at, (0.011,) * 3), at - 0.016, at + 0.016, 0.004, glow.data)


def _box(
    x0: float, x1: float, y0: float, y1: float, z0: float, z1: float, material: bpy.types.Material
) -> None:
    """A board or a book, closed above and below."""
    ring = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    levels = [np.c_[ring, np.full(4, z)] for z in (z0, z1)]
    middle = [np.repeat(level.mean(0)[None], 4, 0) for level in levels]
    surface = np.stack([middle[0], levels[0], levels[1], middle[1]])
    grid("box", surface, material, closed=(False, True), smooth=False)
