"""A shiba, frontal, before deep-green cloth: dense two-layer fur, wet nose, white whiskers."""

from __future__ import annotations

import numpy as np
from case import About, Points
from fur import (
    blob,
    body,
    clumped,
    coat,
    comb,
    covered,
    drop,
    edge_box,
    eyeball,
    frame,
    free_paths,
    lattice_noise,
    painted,
    pelt,
    pixels,
    posed,
    ramp,
    shade,
    skin,
    unit,
    whiskers,
)
from materials import Material, cloth, srgb
from scipy.spatial import cKDTree
from shapes import capsule, carve, curve, ellipsoid, grid, melt, solid, tube
from strands import roots, taper
from studio import Studio

ABOUT = About(
    "pet",
    "shiba",
    "Shiba with whiskers before deep-green cloth",
    "深绿布景前的柴犬正面照",
    size=(1280, 1600),
    seed=23,
)
CM = 0.01
"""The dog is measured in centimetres: x to its left, -y where it looks, z up, 0 mid-skull."""
EYE, EYE_RADIUS = np.array([2.9, -4.75, 0.9]), 1.15
FLIP = np.array([-1.0, 1, 1])
GAZE, NOSE = unit(np.array([0.2, -1.0, 0.02])), np.array([0, -11.2, -2.7])
EAR, EAR_HEIGHT, EAR_WIDTH = np.array([3.9, 1.8, 5.2]), 6.5, 2.75
RED, DARK, PALE = srgb("#a85a1e"), srgb("#1c120d"), srgb("#d09a5c")
CREAM, WHITE, BLACK = srgb("#e9cda2"), srgb("#f2e0c4"), srgb("#0c0b0c")
EYE_FRAME = frame(GAZE, np.array([-0.32, 0.1, 1.0]))
EAR_UP = unit(np.array([0.2, -0.06, 1.0]))
EAR_FRAME = frame(np.array([0.3, -1.0, 0.0]), EAR_UP)


def _almond(q: np.ndarray, grow: float = 0.0) -> np.ndarray:
    """Signed distance (cm) to the slit between the lids, at `q` with x folded to one side."""
    across, up, _ = np.moveaxis((q - EYE) @ EYE_FRAME.T, -1, 0)
    found = []
    for half, sag, side in ((1.08, 0.68, 1), (1.08, 0.46, -1)):
        radius = (half**2 + sag**2) / (2 * sag)
        found.append(np.hypot(across, up + side * (radius - sag)) - radius)
    return carve(np.maximum(*found), np.full_like(across, 9.0), 0.1) - grow


def _ear(q: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Distance to the ear, and where on it: across (-1 … 1), up (0 … 1), depth to the front."""
    across, up, front = np.moveaxis((q - EAR) @ EAR_FRAME.T, -1, 0)
    lean = across - 0.035 * (up - 2) ** 2 / 4
    width = EAR_WIDTH * (1 - np.clip(up / EAR_HEIGHT, 0, 1.2) ** 1.45)
    width = width - 1.1 * np.clip(0.6 - up, 0, 3)
    edge = np.maximum(0.9 * (np.abs(lean) - width), -up - 0.5)
    thick = 0.3 + 0.5 * ramp(up, 3.5, 0)
    sheet = np.abs(front - 0.11 * lean**2 + 0.2) - thick
    h = np.maximum(0.7 - np.abs(edge - sheet), 0) / 0.7
    far = np.maximum(edge, sheet) + h * h * 0.7 / 4
    return far - 0.2, lean / np.maximum(width, 0.3), up / EAR_HEIGHT, front - 0.11 * lean**2 + 0.2


def _body(p: np.ndarray) -> np.ndarray:
    """Signed distance of the skin, metres."""
    p = p / CM
    q = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    d = ellipsoid((0, 1.5, 1.9), (6.3, 7, 4.9))(p)
    d = melt(d, ellipsoid((2.3, -2.6, 2.2), (3.2, 2.9, 2.7))(q), 1.8)
    d = melt(d, ellipsoid((3.9, 0.2, -2.0), (3.3, 4.6, 3.6))(q), 2.4)
    d = melt(d, capsule((0, -3.5, -1.7), (0, -9.5, -2.8), 3.5, 1.95)(p), 1.8)
    d = melt(d, capsule((0, -2, -4.5), (0, -8.7, -5.7), 2.8, 1.3)(p), 1.2)
    d = melt(d, ellipsoid((1.35, -8.7, -3.9), (1.75, 2.3, 1.75))(q), 0.9)
    d = melt(d, capsule((0, 4, -4), (0, 9, -16), 6.6, 9.0)(p), 3.0)
    d = melt(d, ellipsoid((0, 8, -25), (12.5, 10.5, 14))(p), 4.0)
    d = melt(d, ellipsoid(EYE, (1.47, 1.47, 1.47))(q), 0.9)
    slit = np.maximum(_almond(q, 0.1), -((q - EYE) @ GAZE))
    d = carve(d, np.maximum(slit, np.linalg.norm(q - EYE, axis=-1) - 2.5), 0.2)
    return melt(d, _ear(q)[0], 1.5) * CM


def _lid(q: np.ndarray) -> np.ndarray:
    """Lids of the dog's left eye, metres."""
    q = q / CM
    ball = np.linalg.norm(q - EYE, axis=-1)
    shell = np.maximum(ball - 1.42, EYE_RADIUS + 0.01 - ball)
    front = (q - EYE) @ GAZE
    return carve(shell, np.maximum(_almond(q), -front), 0.12) * CM


def _nose(p: np.ndarray) -> np.ndarray:
    """The leather of the nose, metres."""
    p = p / CM
    q = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    d = ellipsoid(NOSE + np.array((0, 0.55, 0.3)), (1.45, 1.15, 0.9))(p)
    d = melt(d, ellipsoid(NOSE + np.array((0.95, 0.8, 0.0)), (0.95, 1.05, 0.85))(q), 0.5)
    d = melt(d, ellipsoid(NOSE + np.array((0, 0.6, -0.6)), (0.55, 0.8, 0.75))(p), 0.5)
    d = carve(d, ellipsoid(NOSE + np.array((0.78, 0.0, -0.12)), (0.34, 0.75, 0.27))(q), 0.25)
    d = carve(
        d,
        capsule(NOSE + np.array((0.95, 0.1, -0.2)), NOSE + np.array((1.6, 0.7, -0.38)), 0.17)(q),
        0.2,
    )
    line = capsule(NOSE + np.array((0, -0.45, 0.0)), NOSE + np.array((0, -0.1, -1.5)), 0.1)(p)
    return carve(d, line, 0.2) * CM


def _leather(p: np.ndarray) -> np.ndarray:
    """Weight of the nose with its nostrils filled: no hair, dark skin beneath."""
    return blob(p / CM, NOSE + np.array((0, 0.9, -0.05)), (1.75, 1.7, 0.95), 0.05)


def _pose(p: np.ndarray) -> np.ndarray:
    """The head tilted a little to its right; metres."""
    angle = np.radians(-5.5) * ramp(p[..., 2], -0.17, -0.05)
    x, z = p[..., 0], p[..., 2] + 0.06
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([c * x - s * z, p[..., 1], s * x + c * z - 0.06], -1)


def _cream(p: np.ndarray) -> np.ndarray:
    """Share of cream hair (urajiro): muzzle, cheeks, brows, throat, chest, inner ear; `p` cm."""
    q = np.abs(p * (1, 0, 0)) + p * (0, 1, 1)
    share = [
        blob(q, (2.4, -7.6, -3.6), (2.2, 4.2, 2.3), 0.25),
        blob(q, (4.6, -3.2, -3.1), (2.4, 4.2, 2.5), 0.5),
        0.75 * blob(q, (1.9, -5.6, 3.0), (0.9, 3, 0.6), 0.7),
        blob(p, (0, -7, -6.5), (5.5, 7, 2.6), 0.3),
        blob(p, (0, -2, -18), (7.5, 12, 13), 0.3),
    ]
    _, across, up, front = _ear(q)
    inner = ramp(front, 0.05, 0.3) * ramp(np.abs(across), 0.95, 0.7) * ramp(up, 0.15, 0.3)
    return np.max([*share, 0.8 * inner * (q[:, 2] > 5)], 0)


def _fur(s: Studio, thing, count: int, guard: bool):
    """Strands `(N, K, 3)`, radii and colours of one layer, before the pose."""
    rng, steps = s.rng, 9
    lips = cKDTree(np.concatenate([_lips(), _lips() * FLIP]) * CM)

    def density(p: np.ndarray, n: np.ndarray) -> np.ndarray:
        q = np.abs(p * (1, 0, 0)) / CM + p * (0, 1, 1) / CM
        seen = ramp(n[:, 1], 0.45, 0.2)  # the back is not seen
        eye = ramp(_almond(q), 0.1, 0.3) + (np.linalg.norm(q - EYE, axis=1) > 2.6)
        nose = (_nose(p) > 0.0006) & (_leather(p) < 0.5)
        _, across, _, front = _ear(q)
        bare = 1 - 0.4 * (q[:, 2] > 6.2) * ramp(front, 0.1, 0.3) * ramp(np.abs(across), 0.9, 0.6)
        lip = lips.query(p)[0] > 0.0014
        low = ramp(p[:, 2], -0.27, -0.24) * (0.35 + 0.65 * ramp(p[:, 2], -0.14, -0.07))
        return seen * np.clip(eye, 0, 1) * nose * bare * lip * low

    root, normal = roots(thing, count, rng, density)
    p = root / CM
    q = np.abs(p * (1, 0, 0)) + p * (0, 1, 1)
    side = np.sign(p[:, :1])
    far, across, _, front = _ear(q)
    ear = ramp(far, 0.5, 0.1) * ramp(q[:, 2], 5.6, 6.6)
    inner = ear * ramp(front, 0.05, 0.25)
    muzzle = ramp(p[:, 1], -5.2, -7.6) * ramp(p[:, 2], -8, -6)
    cheek = blob(q, (6.5, 0.5, -3.4), (3.0, 5, 3.6), 0.45)
    neck = ramp(p[:, 2], -4.5, -8.5) * (1 - muzzle) * ramp(p[:, 1], -7, -4)
    chest = ramp(p[:, 2], -10, -15)
    length = 1.5 + 1.5 * cheek + 1.9 * neck + 0.7 * chest
    length = length * (1 - ear) + ear * (0.65 + 1.2 * inner * ramp(across, 0.2, -0.9))
    length = length * (1 - muzzle) + muzzle * (0.55 + 0.25 * ramp(p[:, 1], -9, -7))
    eye_far = np.clip(_almond(q), 0, 3)
    length = np.minimum(length, 0.45 + 0.55 * eye_far + 5 * (eye_far > 2.5))
    length = length * rng.uniform(0.75, 1.1, count) * (1.0 if guard else 0.62) * CM
    flow = unit(p - (NOSE + np.array((0, -1.5, 0.6))))
    flow = flow + cheek[:, None] * np.stack([0.3 * side[:, 0], 0 * cheek, -0.55 + 0 * cheek], 1)
    down = np.stack([0.35 * p[:, 0] / 8, -0.25 + 0 * ear, -1 + 0 * ear], 1)
    flow = flow * (1 - neck[:, None]) + neck[:, None] * down
    upward = EAR_UP * np.concatenate([side, np.ones_like(side), np.ones_like(side)], 1)
    upward = upward + inner[:, None] * EAR_FRAME[0] * (side, 1, 1)[0] * 0.8
    flow = flow * (1 - ear[:, None]) + ear[:, None] * upward
    swirl = lattice_noise(root, 0.03, 5)[:, None] * np.cross(normal, flow)
    lift = 0.28 + 0.2 * cheek + 0.1 * neck - 0.08 * muzzle - 0.08 * ear + 0.2 * inner
    lift = lift + 0.08 * lattice_noise(root, 0.02, 6)
    direction = comb(normal, flow + 0.12 * swirl, lift)
    points = clumped(
        root, direction, length, rng, steps=steps, stray=0.10 if guard else 0.22,
        bend=np.stack([0 * ear, 0 * ear, -0.25 * (1 - ear)], 1), wave=0.0003 if guard else 0.0008,
        tufts=count // 45, pull=0.45, fine=count // 9,
    )  # fmt: skip
    tone = _cream(p) + 0.12 * lattice_noise(root, 0.008, 7) + rng.normal(0, 0.13, count)
    cream = ramp(tone, 0.3, 0.7)[:, None]
    sesame = ramp(p[:, 1] + 0.8 * q[:, 2], -2.0, 6.0) * (0.25 + 0.6 * (rng.random(count) < 0.4))
    sesame = sesame * (0.4 + 0.6 * ramp(lattice_noise(root, 0.05, 8), -0.6, 0.6))
    red = np.array(RED) * (1 + 0.18 * lattice_noise(root, 0.03, 9))[:, None]
    tip = red * (1 - sesame[:, None]) + np.array(DARK) * sesame[:, None]
    pale = np.array(CREAM) + ramp(p[:, 1], -4, -8)[:, None] * (np.array(WHITE) - CREAM)
    tones = np.stack([0.3 * np.array(PALE) + 0.7 * red, red, tip])
    mixed = tones * (1 - cream) + pale * cream
    radius = taper(steps, *((5.5e-5, 1.2e-5) if guard else (4e-5, 1.5e-5)))
    return points, radius, shade(*mixed, steps)


def _lips() -> np.ndarray:
    """The line between the lips on the dog's left, cm."""
    through = [(0, -11.2, -3.9), (0, -11.0, -5.0), (1.0, -10.4, -5.7), (2.3, -8.8, -5.75),
               (3.5, -6.6, -5.1), (4.4, -4.9, -4.0)]  # fmt: skip
    return drop(curve(through, 60) * CM, _body) / CM


def _eyes(s: Studio) -> None:
    """Two wet eyes with brown irises, and their dark lids."""
    tones = [(0.0, BLACK), (0.38, BLACK), (0.5, srgb("#2c1409")), (0.82, srgb("#47230f")),
             (0.92, srgb("#120805")), (1.0, srgb("#2a201c"))]  # fmt: skip
    rim = Material("lid", srgb("#171110"), Roughness=0.32)
    rim.bump(rim.noise(rim.coordinates(), 900, 3), 0.0003, 0.6)
    for flip in (np.ones(3), FLIP):
        lid = solid("lid", _lid, (EYE - 1.7) * CM, (EYE + 1.7) * CM, 0.0006, rim.data)
        s.subject(posed(lid, lambda p, f=flip: _pose(p * f)))
        ahead = unit(_pose((EYE + GAZE) * flip * CM) - _pose(EYE * flip * CM))
        look = unit(0.35 * ahead + 0.65 * np.array([0, -1, 0.05]))  # mostly at the camera
        s.subject(eyeball("eye", _pose(EYE * flip * CM), look, EYE_RADIUS * CM, tones))


def _whiskers(s: Studio) -> np.ndarray:
    """`(N, 24, 3)` white whiskers of the muzzle, the cheeks and the brows; metres, posed."""
    root, way, length = [], [], []
    for side in (1, -1):
        for row, count in ((-2.9, 3), (-3.5, 4), (-4.1, 3)):
            for k in range(count):
                root.append([side * 3, -9.3 + 0.75 * k, row])
                way.append([side * 1.0, -0.38 + 0.16 * k, 0.34 * (row + 3.55) / 0.6 + 0.03])
                length.append(7.5 + 0.9 * k)
        root += [[side * 8, -2.6, -3.2], [side * 8, -2.3, -3.6], [side * 2.2, -6.5, 3.4]]
        way += [[side * 1, -0.5, -0.12], [side * 1, -0.5, -0.35], [side * 0.6, -0.7, 1.0]]
        length += [6.5, 6.0, 4.5]
    root, way, length = np.array(root) * CM, np.array(way), np.array(length) * CM
    return _pose(whiskers(s.rng, root, way, length, (0, 0.55, -0.28), _body))


def _look(s: Studio, points: Points, fur: list[np.ndarray], hairs: np.ndarray) -> None:
    """The observation points."""

    def shown(*where: object) -> np.ndarray:
        return pixels(s, _pose(np.array(where, float) * CM))

    mask = covered(s, *fur)
    free = free_paths(s, hairs, mask)
    points.add("whiskers", "strands", "No whisker is missing", "胡须一根不落",
               lines=free, expected=len(free), tolerance=1)  # fmt: skip
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)[:, None]
    oval = np.cos(turn) * (1, 0, 0) + np.sin(turn) * (0, 0, 1)
    points.add("nose", "opaque", "The nose is whole", "鼻头完整",
               polygon=shown(*(NOSE + oval * (1.35, 0, 0.7) + (0, 0.3, 0))))  # fmt: skip
    points.add("nose-highlight", "opaque", "The highlight on the nose is kept", "鼻头高光没有丢失",
               polygon=shown(*(NOSE + oval * (0.9, 0, 0.3) + (0, 0.2, 0.45))))  # fmt: skip
    for name, side, en, zh in (("left", -1, "left", "左"), ("right", 1, "right", "右")):
        eye = EYE * (side, 1, 1) + GAZE * (side, 1, 1) * EYE_RADIUS
        points.add(f"eye-{name}", "opaque", f"The {en} eye is opaque", f"{zh}眼完全不透明",
                   polygon=shown(*(eye + oval * (0.6, 0, 0.3))))  # fmt: skip
    rims = []
    for side, edge in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        up = np.linspace(0.22, 0.8, 8)[:, None] * EAR_HEIGHT
        width = EAR_WIDTH * (1 - (up / EAR_HEIGHT) ** 1.45)
        lean = 0.86 * edge * width + 0.035 * (up - 2) ** 2 / 4
        rims.append(shown(*((EAR + up * EAR_FRAME[1] + lean * EAR_FRAME[0]) * (side, 1, 1))))
    points.add("ears", "unbroken", "The outline of the ears is unbroken", "耳朵轮廓没有断裂",
               lines=rims, expected=0)  # fmt: skip
    points.add("between-ears", "transparent", "The cloth between the ears is gone",
               "双耳之间的背景已去除",
               polygon=shown((-1.6, 2, 9.6), (1.6, 2, 9.6), (2, 2, 11), (-2, 2, 11)))  # fmt: skip
    size = np.array(s.size) / 100
    row, patch = shown((0, 0, -1.5))[0], size * (7, 8)
    points.add("cheek", "in-between", "The cheek's fluff is graded", "脸颊绒毛有灰度过渡",
               box=edge_box(mask, row, (-1, 0), patch), expected=1, tolerance=0.5)  # fmt: skip
    points.add("green", "no-fringe", "No green left in the fur's edge", "毛发边缘没有残留绿色",
               box=edge_box(mask, row, (1, 0), patch))  # fmt: skip
    x, y = shown((EAR + EAR_HEIGHT * EAR_FRAME[1] + 0.18 * EAR_FRAME[0]) * FLIP)[0]
    points.add("ear-tip", "in-between", "The hair at the ear's tip is graded", "耳尖毛发有灰度过渡",
               box=(x - 3 * size[0], y - 3 * size[1], 6 * size[0], 6 * size[1]),
               expected=1, tolerance=0.5)  # fmt: skip


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    x, z = np.meshgrid(np.linspace(-0.9, 0.9, 320), np.linspace(-0.8, 0.8, 90))
    fold = x + 0.05 * np.sin(2.1 * z + 3 * x) + 0.06 * z
    depth = 0.030 * np.sin(17 * fold) + 0.018 * np.sin(41 * fold + 1.5 * z) + 0.01 * np.sin(9 * z)
    drape = cloth("drape", srgb("#12402c"), thread=0.0009, sheen=0.5)
    grid("drape", np.stack([x, 0.75 + depth, z], -1), drape.data, subdivide=1)

    hide = skin("skin", 0.6)

    def paint(p: np.ndarray) -> np.ndarray:
        share = _cream(p / CM)[:, None]
        tone = 0.45 * (np.array(RED) * (1 - share) + np.array(CREAM) * share)
        q = np.abs(p * (1, 0, 0)) / CM + p * (0, 1, 1) / CM
        dark = ramp(_almond(q), 0.45, 0.2) * (np.linalg.norm(q - EYE, axis=1) < 2.2)
        dark = np.maximum(dark, np.maximum(ramp(_nose(p), 0.003, 0.001), _leather(p)))
        _, across, _, front = _ear(q)
        bare = (q[:, 2] > 6) * ramp(front, 0.1, 0.3) * ramp(np.abs(across), 0.95, 0.8)
        tone = tone * (1 - bare[:, None]) + np.array(srgb("#8a5f48")) * bare[:, None]
        return tone * (1 - dark[:, None]) + np.array(DARK) * 0.5 * dark[:, None]

    head = body("head", _body, (-0.09, -0.12, -0.09), (0.09, 0.1, 0.15), 0.0018, hide.data)
    bust = body("bust", _body, (-0.15, -0.06, -0.28), (0.15, 0.2, -0.08), 0.005, hide.data)
    wool, fur = pelt("fur"), []
    for thing, count in ((head, 80_000), (bust, 36_000)):
        painted(thing, paint)
        for guard, share in ((False, 0.55), (True, 0.45)):
            strand, radius, colours = _fur(s, thing, int(share * count), guard)
            fur.append(_pose(strand))
            s.subject(
                coat("fur", fur[-1], radius * (1.35 if thing is bust else 1.0), colours, wool)
            )
        s.subject(posed(thing, _pose))
    _eyes(s)
    leather = Material("leather", srgb("#0b0a0b"), Roughness=0.4, Coat_Weight=0.5)
    leather.put(leather.bsdf, Coat_Roughness=0.18)
    pebble = leather.add("ShaderNodeTexVoronoi", {"feature": "SMOOTH_F1"}, Scale=1100.0)
    leather.put(pebble, Vector=leather.coordinates())
    leather.bump(pebble.outputs["Distance"], 0.0004, 0.7)
    low, high = (NOSE - (2.2, 1, 2)) * CM, (NOSE + np.array((2.2, 2.2, 1.8))) * CM
    s.subject(posed(solid("nose", _nose, low, high, 0.0006, leather.data), _pose))
    for flip in (np.ones(3), FLIP):
        s.subject(tube("lip", _pose(_lips() * flip * CM), 0.0011, leather.data, segments=8))
    hairs = _whiskers(s)
    tones = np.broadcast_to(np.array(srgb("#f7f3ea")), (*hairs.shape[:2], 3))
    s.subject(coat("whisker", hairs, taper(24, 1.7e-4, 2.5e-5), tones, pelt("whisker", 0.25)))

    s.world("studio", strength=0.25, turn=40)
    s.softbox((-0.95, -0.75, 0.8), (0, -0.03, -0.02), size=(0.6, 0.7), watts=34, kelvin=5500)
    s.softbox((1.1, -0.8, 0.1), (0, 0, -0.05), size=(0.9, 1.2), watts=5, kelvin=5200)
    s.softbox((0.75, 0.6, 0.65), (0.02, 0, 0.0), size=(0.25, 0.9), watts=19, kelvin=5900)
    s.softbox((-0.8, 0.62, 0.35), (-0.02, 0, 0.0), size=(0.2, 0.9), watts=14, kelvin=5900)
    s.camera((0.03, -1.42, 0.03), (0, 0, -0.012), mm=150, f_stop=9, focus=(0, -0.06, 0.0))
    s.exposure(0.1)
    _look(s, points, fur, hairs)
