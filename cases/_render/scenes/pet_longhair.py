"""A cream long-haired rabbit on a beige sofa: fur and background of nearly one colour."""

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
from materials import Material, srgb
from shapes import capsule, carve, ellipsoid, grid, melt, solid, tube
from strands import roots, taper
from studio import Studio

ABOUT = About(
    "pet",
    "longhair",
    "Cream long-haired rabbit on a beige sofa",
    "米色沙发上的奶油色长毛兔",
    size=(1600, 1200),
    seed=41,
    samples=12,
)
CM = 0.01
"""The rabbit is measured in centimetres: it looks along -x, y is its side, z up from the seat."""
FLIP = np.array([1.0, -1, 1])
TURN = np.radians(24)
EYE, EYE_RADIUS = np.array([-13.0, -3.15, 19.3]), 1.05
GAZE = unit(np.array([-0.45, -1.0, 0.1]))
NOSE = np.array([-17.45, 0, 16.6])
EAR, EAR_LENGTH, EAR_WIDTH = np.array([-9.3, -1.9, 21.0]), 10.0, 2.1
EAR_UP = unit(np.array([0.42, -0.30, 1.0]))
CREAM, PALE, TAN = srgb("#e2bf8b"), srgb("#f0d9b4"), srgb("#a8763f")
PINK, DARK = srgb("#cfa08e"), srgb("#2a1812")
_AHEAD = np.array([-0.75, -0.65, 0.2])
EAR_FRAME = frame(_AHEAD - (_AHEAD @ EAR_UP) * EAR_UP, EAR_UP)
EYE_FRAME = frame(GAZE, np.array([0.1, 0.0, 1.0]))


def _near(p: np.ndarray) -> np.ndarray:
    """Points folded to the side that the camera sees (y < 0)."""
    return np.concatenate([p[..., :1], -np.abs(p[..., 1:2]), p[..., 2:]], -1)


def _ear(q: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Distance to the ear (cm), and where on it: across (-1 … 1), up (0 … 1), to the front."""
    across, up, front = np.moveaxis((q - EAR) @ EAR_FRAME.T, -1, 0)
    t = np.clip(up / EAR_LENGTH, 0, 1)
    width = EAR_WIDTH * np.sqrt(np.clip(1 - (1.55 * t - 0.55) ** 2, 0.05, 1))
    front = front - 0.16 * across**2 + 0.02 * (up - 3) ** 2 / 4
    edge = np.maximum(0.9 * (np.abs(across) - width), np.maximum(up - EAR_LENGTH, -up - 1))
    sheet = np.abs(front) - 0.22 - 0.5 * ramp(up, 2.5, -0.5)
    h = np.maximum(0.4 - np.abs(edge - sheet), 0) / 0.4
    return np.maximum(edge, sheet) + h * h * 0.1 - 0.1, across / width, t, front


def _body(p: np.ndarray) -> np.ndarray:
    """Signed distance of the skin, metres."""
    p = p / CM
    q = _near(p)
    d = ellipsoid((7.5, 0, 9.0), (11, 7.6, 8.6))(p)
    d = melt(d, ellipsoid((9, -4.5, 5.2), (6.5, 4, 5.2))(q), 2.5)
    d = melt(d, ellipsoid((-4.5, 0, 9.5), (6.2, 5.8, 8.0))(p), 5.0)
    d = melt(d, capsule((-5, 0, 12), (-10, 0, 17.5), 5.0, 3.8)(p), 2.0)
    d = melt(d, ellipsoid((-11.2, 0, 18.2), (4.9, 3.7, 4.1))(p), 1.5)
    d = melt(d, capsule((-11.5, 0, 18.2), (-15.2, 0, 16.5), 3.2, 2.0)(p), 1.5)
    d = melt(d, ellipsoid((-15.3, -0.85, 15.7), (1.9, 1.35, 1.5))(q), 0.9)
    d = melt(d, ellipsoid((-12.2, -1.6, 15.6), (2.6, 2.0, 2.2))(q), 1.5)
    d = melt(d, capsule((-6, -2.8, 4.5), (-11.5, -2.6, 1.1), 2.0, 1.3)(q), 1.2)
    d = melt(d, ellipsoid(EYE, (1.32, 1.32, 1.32))(q), 0.9)
    slit = np.maximum(_slit(q) - 0.1, -((q - EYE) @ GAZE))
    d = carve(d, np.maximum(slit, np.linalg.norm(q - EYE, axis=-1) - 2.2), 0.15)
    return melt(d, _ear(q)[0], 1.0) * CM


def _slit(q: np.ndarray) -> np.ndarray:
    """Signed distance (cm) to the opening between the lids."""
    across, up, _ = np.moveaxis((q - EYE) @ EYE_FRAME.T, -1, 0)
    return (np.hypot(across / 0.98, up / 0.8) - 1) * 0.85


def _lid(p: np.ndarray) -> np.ndarray:
    """The lids' rim, metres."""
    q = p / CM
    ball = np.linalg.norm(q - EYE, axis=-1)
    shell = np.maximum(ball - 1.25, EYE_RADIUS + 0.01 - ball)
    return carve(shell, np.maximum(_slit(q), -((q - EYE) @ GAZE)), 0.1) * CM


def _nose(p: np.ndarray) -> np.ndarray:
    """The small nose between the lips, metres."""
    q = _near(p / CM)
    d = ellipsoid(NOSE + np.array((0.35, -0.35, 0.1)), (0.5, 0.55, 0.4))(q)
    d = melt(d, ellipsoid(NOSE + np.array((0.35, 0, -0.15)), (0.5, 0.4, 0.5))(q), 0.3)
    return (
        carve(
            d,
            capsule(NOSE + np.array((-0.1, -0.3, 0.12)), NOSE + np.array((0.2, -0.8, 0.3)), 0.1)(q),
            0.15,
        )
        * CM
    )


def _pose(p: np.ndarray) -> np.ndarray:
    """The rabbit turned towards the camera; metres."""
    c, s = np.cos(TURN), np.sin(TURN)
    x, y = p[..., 0], p[..., 1]
    return np.stack([c * x - s * y, s * x + c * y, p[..., 2]], -1)


def _seen() -> np.ndarray:
    """The way to the camera before the pose."""
    return unit(np.array([-np.sin(TURN), -np.cos(TURN), 0.18]))


def _fur(s: Studio, thing, count: int, guard: bool):
    """Strands `(N, K, 3)`, radii and colours of one layer, before the pose."""
    rng, steps = s.rng, 9

    def density(p: np.ndarray, n: np.ndarray) -> np.ndarray:
        q = _near(p / CM)
        seen = ramp(n @ _seen(), -0.4, -0.15)
        eye = np.maximum(ramp(_slit(q), 0.1, 0.3), np.linalg.norm(q - EYE, axis=1) > 2.2)
        _, across, _, front = _ear(q)
        bare = 1 - 0.45 * (q[:, 2] > 22.5) * ramp(front, 0.0, 0.2) * ramp(np.abs(across), 0.9, 0.7)
        face = 0.6 + 0.4 * ramp(q[:, 0], -9, -12)
        twice = (p[:, 0] < -0.03) & (p[:, 2] > 0.125) & (thing.name == "trunk")
        return seen * eye * bare * face * ~twice * (_nose(p) > 0.0003)

    root, normal = roots(thing, count, rng, density)
    p = root / CM
    q = _near(p)
    far, across, up, _ = _ear(q)
    ear = ramp(far, 0.5, 0.1) * ramp(q[:, 2], 21.0, 22.2)
    face = ramp(p[:, 0], -10.2, -12.6) * ramp(p[:, 2], 13.2, 14.6) * (1 - ear)
    mane = blob(q, (-8.5, -2.5, 17.0), (3.4, 6, 6), 0.4) * (1 - face) * (1 - ear)
    top = blob(p, (-9.5, 0, 22.3), (2.2, 2.2, 2.2), 0.4) * (1 - ear)
    paw = ramp(p[:, 2], 3.8, 2.2) * ramp(p[:, 0], -6.5, -8.5)
    side = -np.where(p[:, 1] > 0, -1.0, 1.0)

    length = 5.2 + 0.9 * mane - 1.2 * top + 0.8 * ramp(p[:, 2], 12, 6)
    length = length * (1 - face) + face * (0.75 + 1.6 * ramp(p[:, 0], -13.2, -11.0))
    rim = ramp(np.abs(across), 0.55, 0.95)
    length = length * (1 - ear) + ear * (0.5 + 1.3 * rim + 1.6 * ramp(up, 0.7, 1.0) * rim)
    length = length * (1 - paw) + paw * 1.1
    length = np.minimum(length, 0.45 + 1.1 * np.clip(np.linalg.norm(q - EYE, axis=1) - 1.1, 0, 9))
    length = length * rng.uniform(0.7, 1.1, count) * (1.0 if guard else 0.72) * CM

    one = np.ones(count)
    flow = np.stack([0.75 * one, 0.25 * side, -0.8 * one], 1)
    flow = flow + ramp(p[:, 2], 13, 17)[:, None] * np.array([0.3, 0, 0.5])
    out = unit(p - (NOSE + np.array((-1.0, 0, 0.8))))
    flow = flow + face[:, None] * (out - flow)
    flow = flow + mane[:, None] * (np.stack([0.6 * one, 0.45 * side, -0.55 * one], 1) - flow)
    flow = flow + top[:, None] * (np.stack([-0.5 * one, 0.5 * side, 0.7 * one], 1) - flow)
    edge = np.sign(across)[:, None] * EAR_FRAME[0] * rim[:, None]
    upward = (EAR_UP + 0.7 * edge) * np.stack([one, np.where(side < 0, 1, -1), one], 1)
    flow = flow + ear[:, None] * (upward - flow)
    swirl = lattice_noise(root, 0.05, 5)[:, None] * np.cross(normal, flow)
    lift = 0.42 + 0.1 * mane + 0.25 * top - 0.22 * face - 0.3 * ear
    lift = lift + 0.1 * lattice_noise(root, 0.03, 6)
    direction = comb(normal, flow + 0.25 * swirl, lift)
    weight = (1 - ear) * (1 - 0.8 * face) * (1 - 0.6 * top)
    points = clumped(
        root, direction, length, rng, steps=steps, stray=0.1 if guard else 0.2,
        bend=np.stack([0.25 * weight, 0 * one, -1.15 * weight], 1),
        wave=0.0012 if guard else 0.002, turns=1.6, tufts=count // 90, pull=0.6, fine=count // 14,
    )  # fmt: skip
    floor = rng.uniform(0.0008, 0.012, (count, 1))  # what would sink in lies on the seat
    points[..., 2] = np.maximum(points[..., 2], floor)

    tan = 0.75 * ear * ramp(up, 0.5, 1.0) + 0.5 * blob(p, (-16.6, 0, 16.5), (1.6, 1.6, 1.5), 0.6)
    tan = np.clip(tan + 0.13 * lattice_noise(root, 0.05, 7) + rng.normal(0, 0.07, count), 0, 1)
    low = np.array(CREAM) + tan[:, None] * (np.array(TAN) - CREAM)
    tip = np.array(PALE) + tan[:, None] * (np.array(TAN) - PALE)
    radius = taper(steps, *((7e-5, 1.5e-5) if guard else (5e-5, 2e-5)))
    return points, radius, shade(0.85 * low, low, tip, steps)


def _boucle(name: str, tone: str) -> Material:
    """Looped upholstery, loops some 2 mm wide."""
    m = Material(name, srgb(tone), Roughness=0.95, Sheen_Weight=0.3)
    where = m.coordinates()
    loop = m.add("ShaderNodeTexVoronoi", {"feature": "SMOOTH_F1"}, Scale=420.0, Vector=where)
    fine = m.noise(where, 900, 4, 0.7)
    m.bump(fine, 0.0008, 0.5)
    m.bump(m.math("SUBTRACT", 1.0, loop.outputs["Distance"]), 0.0012, 0.6)
    dark = tuple(0.55 * c for c in srgb(tone))
    speck = m.mix(m.between(fine, 0, 0.5), srgb(tone), dark)
    m.put(m.bsdf, Base_Color=m.mix(m.math("MULTIPLY", loop.outputs["Distance"], 0.6), speck, dark))
    return m


def _sofa() -> None:
    """Seat and back of a sofa, the seam between the back's cushions with its welts, a pillow."""
    linen = _boucle("linen", "#c9bca5")
    x, y = np.meshgrid(np.linspace(-1.1, 1.1, 260), np.linspace(-0.75, 0.3, 130))
    where = np.stack([x, y, 0 * x], -1)
    wrinkle = 0.003 * lattice_noise(where * (1, 1.8, 1), 0.10, 3) - 0.0035
    front = -0.35 * ramp(y, -0.32, -0.5)
    grid("seat", where + np.stack([0 * x, 0 * x, wrinkle + front], -1), linen.data, subdivide=1)
    for side in (-1, 1):  # two back cushions, bulging, with round corners
        u, v = np.meshgrid(np.linspace(-1, 1, 120), np.linspace(-1, 1, 90))
        x, z = (
            0.16 + side * 0.41 + 0.40 * u,
            0.27 + 0.27 * v + 0.01 * lattice_noise(np.stack([u, v, 0 * u], -1), 0.8, 11 + side),
        )
        puff = 0.10 * ((1 - u**8) * (1 - v**6)) ** 0.5 + 0.02 * (1 - u**2)
        crease = 0.004 * lattice_noise(np.stack([x, 0 * x, 0.6 * z], -1), 0.12, 4 + side)
        shape = np.stack([x, 0.37 + 0.12 * z - puff - crease, z], -1)
        grid("cushion", shape, linen.data, subdivide=1)
        rim = np.stack([np.interp(np.linspace(0, 4, 161), range(5), c)
                        for c in ((-1, 1, 1, -1, -1), (-1, -1, 1, 1, -1))], -1)  # fmt: skip
        x, z = 0.16 + side * 0.41 + 0.40 * rim[:, 0], 0.27 + 0.27 * rim[:, 1]
        tube("welt", np.stack([x, 0.365 + 0.12 * z, z], -1), 0.005, linen.data)
    frame = Material("frame", srgb("#9c8f7a"), Roughness=0.95)
    wall = np.array([[[-3, 0.5, -1], [3, 0.5, -1]], [[-3, 0.5, 2], [3, 0.5, 2]]], float)
    grid("frame", wall, frame.data)
    u, v = np.meshgrid(np.linspace(-1, 1, 80), np.linspace(-1, 1, 80))
    fat = 0.07 * np.sqrt(np.clip((1 - u**4) * (1 - v**4), 0, 1))
    pinch = 1 - 0.06 * (1 - np.abs(v)) * np.abs(u) ** 3
    shape = np.stack([0.21 * u * pinch, -fat, 0.21 * v * (1 - 0.06 * (1 - np.abs(u)) * v**2)], -1)
    shape = shape + 0.004 * lattice_noise(shape, 0.07, 21)[..., None] * (0, 1, 0)
    pillow = grid("pillow", shape, _boucle("wool", "#b5a182").data, subdivide=1)
    pillow.location, pillow.rotation_euler = (0.34, 0.17, 0.19), (-0.35, 0.25, -0.12)


def _whiskers(s: Studio) -> np.ndarray:
    """`(N, 24, 3)` whiskers of the lips; metres, posed."""
    root, way, length = [], [], []
    for side in (-1, 1):
        for row in range(3):
            for k in range(3):
                root.append([-16.2 + 0.6 * k, side * 2.0, 16.1 - 0.5 * row])
                way.append([-0.55 + 0.3 * k, side * 0.8, 0.22 - 0.42 * row])
                length.append(6.2 + 0.5 * k)
    root, way, length = np.array(root) * CM, np.array(way), np.array(length) * CM
    return _pose(whiskers(s.rng, root, way, length, (0.1, 0, -0.4), _body))


def _look(s: Studio, points: Points, fur: list[np.ndarray], hairs: np.ndarray) -> None:
    """The observation points."""

    def shown(*where: object) -> np.ndarray:
        return pixels(s, _pose(np.array(where, float) * CM))

    mask = covered(s, *fur)
    unit_px = s.size[1] / 100
    # The first four can be seen: the others are within 10 levels of the sofa, and no picture tells
    # whether a matte has them.
    free = free_paths(s, hairs, mask)[:4]
    points.add("whiskers", "strands", "The whiskers are kept", "胡须保留",
               lines=free, expected=len(free), tolerance=1)  # fmt: skip
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)[:, None]
    oval = np.cos(turn) * EYE_FRAME[0] * 0.6 + np.sin(turn) * EYE_FRAME[1] * 0.5
    points.add("eye", "opaque", "The eye with its highlight is opaque", "眼睛与眼神光完全不透明",
               polygon=shown(*(EYE + GAZE * EYE_RADIUS + oval)))  # fmt: skip
    bridge = drop(np.linspace((-12.2, 0, 22.6), (-17.0, 0, 17.0), 14) * CM, _body) / CM
    points.add("face", "unbroken", "Forehead and nose are unbroken", "额头与鼻梁轮廓没有断裂",
               lines=[shown(*(bridge - (-0.25, 0, 0.4)))], expected=0)  # fmt: skip
    rims = []
    for edge in (-1, 1):
        t = np.linspace(0.2, 0.85, 8)[:, None]
        lean = edge * 0.85 * EAR_WIDTH * np.sqrt(1 - (1.55 * t - 0.55) ** 2)
        depth = 0.16 * lean**2 - 0.02 * (t * EAR_LENGTH - 3) ** 2 / 4
        line = EAR + t * EAR_LENGTH * EAR_FRAME[1] + lean * EAR_FRAME[0] + depth * EAR_FRAME[2]
        rims.append(shown(*line))
    points.add("ear", "unbroken", "The near ear is whole", "近侧耳朵轮廓没有断裂",
               lines=rims, expected=0)  # fmt: skip
    along, patch = shown((9, 0, 17))[0], (18 * unit_px, 9 * unit_px)
    points.add("back", "in-between", "The fur along the back is graded", "背部长毛有灰度过渡",
               box=edge_box(mask, along, (0, -1), patch),
               expected=1, tolerance=0.5)  # fmt: skip
    along, patch = shown((-8, 0, 10.5))[0], (9 * unit_px, 12 * unit_px)
    points.add("chest", "in-between", "The fur of the chest is graded", "胸前长毛有灰度过渡",
               box=edge_box(mask, along, (-1, 0), patch),
               expected=1, tolerance=0.5)  # fmt: skip
    points.add("sofa", "transparent", "The sofa above the back is gone", "背部上方的沙发已去除",
               polygon=shown((2, 0, 27), (14, 0, 27), (14, 0, 31), (2, 0, 31)))  # fmt: skip
    x = round(shown((3, 0, 1))[0, 0])
    y = np.flatnonzero(mask[:, x])[-1] + 2.2 * unit_px
    points.add("shadow", "transparent", "The shadow on the seat is gone", "坐垫上的阴影已消失",
               box=(x - 9 * unit_px, y, 18 * unit_px, 2.5 * unit_px))  # fmt: skip


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    _sofa()
    hide = skin("skin", 0.7, 0.1)

    def paint(p: np.ndarray) -> np.ndarray:
        q = _near(p / CM)
        _, across, _, front = _ear(q)
        pink = (q[:, 2] > 21.5) * ramp(front, 0.0, 0.15) * ramp(np.abs(across), 1.0, 0.8)
        dark = ramp(_slit(q), 0.4, 0.15) * (np.linalg.norm(q - EYE, axis=1) < 2)
        tone = 0.6 * np.array(CREAM) + pink[:, None] * (np.array(PINK) - 0.6 * np.array(CREAM))
        return tone + dark[:, None] * (np.array(DARK) - tone)

    head = body("head", _body, (-0.19, -0.08, 0.125), (-0.03, 0.08, 0.33), 0.0018, hide.data)
    trunk = body("trunk", _body, (-0.16, -0.12, -0.01), (0.21, 0.12, 0.19), 0.004, hide.data)
    wool, fur = pelt("fur", 0.4, 0.06), []
    for thing, count in ((head, 60_000), (trunk, 75_000)):
        painted(thing, paint)
        for guard, share in ((False, 0.5), (True, 0.5)):
            strand, radius, colours = _fur(s, thing, int(share * count), guard)
            fur.append(_pose(strand))
            s.subject(coat("fur", fur[-1], radius, colours, wool))
        s.subject(posed(thing, _pose))

    tones = [(0.0, srgb("#060404")), (0.5, srgb("#060404")), (0.62, srgb("#1d0d07")),
             (0.9, srgb("#2c150b")), (1.0, srgb("#0a0605"))]  # fmt: skip
    rim = Material("lid", srgb("#4a2f28"), Roughness=0.4)
    for flip in (np.ones(3), FLIP):
        lid = solid("lid", _lid, (EYE - 1.5) * CM, (EYE + 1.5) * CM, 0.0006, rim.data)
        s.subject(posed(lid, lambda p, f=flip: _pose(p * f)))
        at, look = _pose(EYE * flip * CM), _pose(GAZE * flip)
        s.subject(eyeball("eye", at, look, EYE_RADIUS * CM, tones))
    pink = Material("nose", srgb("#b98074"), Roughness=0.4, Subsurface_Weight=0.2)
    pink.bump(pink.noise(pink.coordinates(), 1500, 3), 0.0002, 0.6)
    low, high = (NOSE - (1, 1.5, 1.2)) * CM, (NOSE + np.array((1.5, 1.5, 1.2))) * CM
    s.subject(posed(solid("nose", _nose, low, high, 0.0005, pink.data), _pose))
    hairs = _whiskers(s)
    tones = np.broadcast_to(np.array(srgb("#f7f3ea")), (*hairs.shape[:2], 3))
    s.subject(coat("whisker", hairs, taper(24, 1.4e-4, 2.5e-5), tones, pelt("whisker", 0.25)))

    s.world("interior", strength=0.35, turn=200)
    s.softbox((-1.3, -0.7, 0.95), (-0.02, 0, 0.12), size=(0.8, 1.0), watts=32, kelvin=5600)
    s.softbox((1.2, -0.9, 0.5), (0, 0, 0.1), size=(0.9, 0.9), watts=5, kelvin=4800)
    s.softbox((0.5, 0.25, 1.1), (0.0, 0, 0.15), size=(0.9, 0.25), watts=14, kelvin=5200)
    s.camera((0.0, -1.55, 0.32), (-0.005, 0, 0.149), mm=113, f_stop=7, focus=(-0.06, -0.08, 0.16))
    _look(s, points, fur, hairs)
