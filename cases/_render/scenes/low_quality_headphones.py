"""Headphones on a knitted throw by the bedside lamp, snapped by a phone slightly out of focus."""

from __future__ import annotations

import bpy
import numpy as np
from case import About, Points
from materials import Material, metal, srgb
from mathutils import Euler, Matrix, Vector
from scipy.ndimage import gaussian_filter
from shapes import curve, grid, tube
from strands import grow, knit, strands, taper
from studio import Studio

ABOUT = About(
    "low-quality",
    "headphones",
    "Headphones on the bed, a phone's snapshot in lamp light",
    "床上的耳机，灯光下手机随拍",
    size=(1200, 900),
    seed=21,
)
EAR_X, EAR_Y, EAR_Z = 0.058, 0.92, 1.1
"""Where an ear cup's baffle is, and how oval the cup is (front to back, up and down)."""
BAND_WIDE, BAND_LOW, BAND_HIGH = 0.080, 0.078, 0.160
POSE = (
    Matrix.Translation((0.0, 0.02, 0.0415))
    @ Euler((np.radians(-97), 0, np.radians(-32)), "XYZ").to_matrix().to_4x4()
)
"""The headphones lie on the edge of their cups, the band back on the throw."""

LAMP = (-0.62, 0.40, 0.78)
"""The bedside lamp."""


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    _throw(s)
    leather = _leather("leather", "#7a4322")
    dark = _leather("dark leather", "#17130f")
    shell = Material("shell", srgb("#2c2a29"), Roughness=0.42)
    shell.bump(shell.noise(shell.coordinates(), 2600, 2), 0.00005, 0.5)
    shell.put(shell.bsdf, Roughness=shell.between(shell.noise(shell.coordinates(), 60), 0.34, 0.52))
    steel = metal("steel", (0.62, 0.60, 0.57), 0.24)
    cups = {side: _cup(s, side, np.radians(swivel), shell.data, steel.data, dark)
            for side, swivel in ((-1, 9), (1, -14))}  # fmt: skip
    _band(s, leather, dark, steel.data)
    wire = _cable(s, steel.data)

    s.world("interior", strength=0.16, turn=40)
    s.softbox(LAMP, (0, 0.03, 0.03), size=(0.26, 0.26), watts=17, kelvin=3100)
    s.softbox((0.5, -0.9, 1.1), (0, 0, 0), size=(1.2, 1.0), watts=5, kelvin=3700)
    s.camera((0.03, -0.285, 0.262), (-0.008, 0.006, 0.012), mm=36, f_stop=9, focus=(0, -0.02, 0.04))
    s.exposure(-0.05)
    _points(s, points, cups, wire)


def _throw(s: Studio) -> None:
    """A chunky knit of two-ply wool over a duvet, flat under the headphones, folds around."""
    v, u = np.meshgrid(np.linspace(-0.42, 0.75, 240), np.linspace(-0.6, 0.6, 240), indexing="ij")
    x, y = u, v
    soft = gaussian_filter(s.rng.normal(0, 1, u.shape), 22)
    fold = gaussian_filter(s.rng.normal(0, 1, u.shape), 9)
    apart = np.clip((np.hypot(x / 1.1, (y - 0.03) / 1.0) - 0.13) / 0.16, 0, 1)
    apart = apart**2 * (3 - 2 * apart)
    z = apart * (0.016 * soft / soft.std() + 0.004 * fold / fold.std())
    ridge = np.exp(-(((y - 0.30 - 0.25 * x) / 0.030) ** 2)) * 0.035
    z = z + ridge * apart - 0.004
    bed = np.stack([x, y, z], -1)
    under = Material("under", srgb("#5f564b"), Roughness=0.95)
    grid("duvet", bed - [0, 0, 0.004], under.data)
    yarns = knit(bed, 165, 128, 0.0024, rng=s.rng, uneven=0.07)
    wool = Material("wool", srgb("#b7ab98"), Roughness=0.9, Sheen_Weight=0.5, Sheen_Roughness=0.5)
    where = wool.coordinates()
    tone = wool.ramp(wool.noise(where, 7, 5), (0.3, srgb("#a2937d")), (0.7, srgb("#c9bfae")))
    fleck = wool.noise(where, 1400, 3, 0.7)
    wool.put(wool.bsdf, Base_Color=wool.mix(wool.between(fleck, 0.0, 0.8), tone, srgb("#7d7060")))
    strands("throw", yarns, np.full(yarns.shape[1], 0.00135), wool.data)
    flat = yarns.reshape(-1, 3)
    root = flat[s.rng.choice(len(flat), 26000)]
    away = s.rng.normal(0, 1, root.shape) + np.array([0, 0, 0.9])
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    fuzz = grow(root, away, s.rng.uniform(0.002, 0.006, len(root)), s.rng, steps=5,
                bend=(0, 0, -0.4), stray=0.5)  # fmt: skip
    strands("fuzz", fuzz, taper(5, 0.00004, 0.00002), wool.data)


def _cup(
    s: Studio, side: int, swivel: float, shell: bpy.types.Material, steel: bpy.types.Material,
    leather: bpy.types.Material,
) -> list[bpy.types.Object]:  # fmt: skip
    """Housing, machined plate, cushion and fork of one ear; `side` is -1 left, 1 right.
    Returns what makes up its outline."""
    turn = Matrix.Rotation(swivel, 4, "Y")
    middle = Matrix.Translation((side * (EAR_X + 0.012), 0, 0))
    pose = POSE @ middle @ turn @ middle.inverted()
    case = [(0.020, 0.0), (0.0405, 0.0), (0.0425, 0.0008), (0.0432, 0.0025), (0.0432, 0.0095),
            (0.0428, 0.0102), (0.0420, 0.0104), (0.0420, 0.0112), (0.0428, 0.0114),
            (0.0432, 0.0121), (0.0430, 0.0160), (0.0418, 0.0210), (0.0392, 0.0248),
            (0.0362, 0.0266), (0.0345, 0.0270), (0.0338, 0.0268), (0.0336, 0.0258)]  # fmt: skip
    plate = [(0.0336, 0.0256), (0.0333, 0.0262), (0.0326, 0.0264), (0.0240, 0.0268),
             (0.0236, 0.0264), (0.0232, 0.0268), (0.0100, 0.0272), (0.0001, 0.0273)]  # fmt: skip
    for name, profile, material in (("case", case, shell), ("plate", plate, _machined())):
        part = s.subject(grid(name, _turned(profile, side), material, closed=(False, True)))
        part.matrix_world = pose
        _bevelled(part)
    inside = [(0.0001, -0.0005), (0.012, -0.001), (0.022, -0.0025), (0.026, -0.004)]
    mesh = Material("grille cloth", srgb("#0d0c0c"), Roughness=0.95)
    mesh.bump(mesh.add("ShaderNodeTexVoronoi", Vector=mesh.coordinates(), Scale=900.0), 0.0006)
    s.subject(grid("inside", _turned(inside, side), mesh.data, closed=(False, True)))
    s.subjects[-1].matrix_world = pose
    s.subject(grid("cushion", _cushion(s, side), leather, closed=(True, True), subdivide=1))
    s.subjects[-1].matrix_world = pose
    outline = [s.subjects[-4], s.subjects[-1]]

    angle = np.linspace(-0.06, np.pi + 0.06, 50)
    x = np.full(50, side * (EAR_X + 0.013))
    fork = np.stack([x, 0.0445 * np.cos(angle), 0.0545 * np.sin(angle)], 1)
    s.subject(_strap("fork", fork, 0.0075, 0.0030, steel, across=(1, 0, 0)))
    for y in (-1, 1):
        pivot = np.array([[x[0], y * 0.037, 0], [x[0], y * 0.0465, 0]])
        s.subject(tube("pivot", curve(pivot, 6), 0.0052, steel, segments=32))
        _bevelled(s.subjects[-1])
    for part in s.subjects[-3:]:
        part.matrix_world = POSE
    return outline


def _turned(profile: list[tuple[float, float]], side: int) -> np.ndarray:
    """An ear cup's profile of (radius, outward) turned about x, oval."""
    radius, out = np.array(profile).T
    angle = np.linspace(0, 2 * np.pi, 160, endpoint=False) * -side
    x = np.repeat(side * (EAR_X + out)[:, None], 160, 1)
    y = EAR_Y * np.outer(radius, np.cos(angle))
    return np.stack([x, y, EAR_Z * np.outer(radius, np.sin(angle))], -1)


def _cushion(s: Studio, side: int) -> np.ndarray:
    """A ring of foam in thin leather, which wrinkles towards its inner and outer seams."""
    around = np.linspace(0, 2 * np.pi, 260, endpoint=False) * -side
    across = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    c, d = np.cos(across), np.sin(across)
    ring = 0.0308 + 0.0118 * np.sign(c) * np.abs(c) ** 0.72
    depth = -0.0090 + 0.0100 * np.sign(d) * np.abs(d) ** 0.80
    noise = s.rng.normal(0, 1, (260, 48))
    fine = gaussian_filter(noise, (1.6, 7), mode="wrap")
    wide = gaussian_filter(noise[::-1], (7, 9), mode="wrap")
    seam = np.clip(np.abs(c) * 1.3 - 0.35, 0, 1)
    swell = 0.00042 * fine / fine.std() * seam + 0.00045 * wide / wide.std()
    r = ring + swell * c
    x = side * (EAR_X + depth + swell * d)
    return np.stack(
        [x, EAR_Y * r * np.cos(around)[:, None], EAR_Z * r * np.sin(around)[:, None]], -1
    )


def _arc(low: float, high: float, count: int, lift: float = 0.0) -> np.ndarray:
    """The headband's line between two angles from the right (0) over the top (pi)."""
    a = np.linspace(low, high, count)
    c, d = np.cos(a), np.sin(a)
    wide, tall = BAND_WIDE + lift, BAND_HIGH - BAND_LOW + lift
    x = wide * np.sign(c) * np.abs(c) ** 0.86
    return np.stack([x, 0 * a, BAND_LOW + tall * np.abs(d) ** 0.92], 1)


def _band(s: Studio, leather, dark, steel: bpy.types.Material) -> None:
    """A spring of steel in a leather band with stitched edges, and the sliders."""
    ends = 0.30
    parts = []
    path = _arc(ends, np.pi - ends, 120, 0.0015)
    swell = np.clip(np.minimum(np.arange(120), np.arange(119, -1, -1)) / 26, 0, 1)
    width = 0.024 + 0.011 * swell**0.7
    parts.append(_strap("band", path, width, 0.0065, leather, bumps=s.rng, power=0.5))
    inner = _arc(ends + 0.15, np.pi - ends - 0.15, 100, -0.0045)
    parts.append(_strap("pad", inner, 0.029, 0.0085, dark, bumps=s.rng, power=0.8))
    thread = Material("thread", srgb("#c9a777"), Roughness=0.8)
    for y in (-1, 1):
        for k in range(4, 114, 2):
            hop = path[k : k + 3 : 2] + np.array([0, y * (width[k] / 2 - 0.0028), 0])
            up = hop - [0, 0, 0.06]
            up[:, 1] = 0
            up /= np.linalg.norm(up, axis=1, keepdims=True)
            a, b = hop[0] + up[0] * 0.0030, hop[1] + up[1] * 0.0030
            stitch = np.array([a, a + (b - a) * 0.12 + up[0] * 0.0004,
                               a + (b - a) * 0.68 + up[0] * 0.0004, a + (b - a) * 0.8])  # fmt: skip
            parts.append(tube("stitch", stitch, 0.00055, thread.data, segments=8))
    for side in (-1, 1):
        end = _arc(ends, ends, 1)[0] * [side, 1, 1]
        low = np.array([side * (EAR_X + 0.013), 0, 0.052])
        mid = np.array([side * (BAND_WIDE - 0.0005), 0, 0.080])
        rod = curve([low, mid, end + np.array([0, 0, 0.012])], 30)
        parts.append(_strap("slider", rod, 0.0095, 0.0028, steel))
        cap = _arc(ends - 0.03, ends + 0.13, 24, 0.0012) * [side, 1, 1]
        parts.append(_strap("cap", cap, 0.0262, 0.0088, steel, power=0.35))
    s.subject(*parts)
    for part in parts:
        part.matrix_world = POSE


def _cable(s: Studio, steel: bpy.types.Material) -> np.ndarray:
    """A thin braided cable from the left cup over the throw, and its plug; the cable's line."""
    m = Material("braid", srgb("#2b2725"), Roughness=0.75, Sheen_Weight=0.3)
    m.bump(m.add("ShaderNodeTexVoronoi", Vector=m.coordinates(), Scale=1400.0), 0.0004)
    start, way = _at([-(EAR_X + 0.012), 0, -0.046]), _at([0, 0, -1.0]) - _at([0, 0, 0])
    ground = [(-0.130, -0.060), (-0.122, -0.092), (-0.085, -0.098), (-0.040, -0.086),
              (0.005, -0.094), (0.040, -0.112), (0.085, -0.108), (0.125, -0.088)]  # fmt: skip
    hang = [start, start + 0.014 * way + [0, 0, -0.004], start + 0.032 * way + [0, 0, -0.026]]
    path = curve([*hang, *((a, b, 0.0032) for a, b in ground)], 300)
    s.subject(tube("cable", path, 0.00165, m.data, segments=14))
    s.subject(tube("relief", path[:14], np.linspace(0.0036, 0.0022, 14), m.data, segments=20))
    ahead = (path[-1] - path[-4]) / np.linalg.norm(path[-1] - path[-4])
    ahead[2] = 0.0
    end = path[-1] + [0, 0, 0.001]
    for name, shape, material in (
        ("grip", [(-0.010, 0.0021), (0.0, 0.0026), (0.0012, 0.0036), (0.019, 0.0036),
                  (0.020, 0.0030)], m.data),
        ("plug", [(0.019, 0.0029), (0.0215, 0.0029), (0.0216, 0.00175), (0.0262, 0.00175),
                  (0.0264, 0.0015), (0.0269, 0.0015), (0.0271, 0.00175), (0.0300, 0.00175),
                  (0.0302, 0.0015), (0.0307, 0.0015), (0.0309, 0.00175), (0.0325, 0.00175),
                  (0.0333, 0.0012), (0.0346, 0.0016), (0.0356, 0.0003)], steel),
    ):  # fmt: skip
        along, radius = np.array(shape).T
        s.subject(tube(name, end + along[:, None] * ahead, radius, material, segments=32))
        _bevelled(s.subjects[-1])
    return path


def _at(local: list[float]) -> np.ndarray:
    """A point of the headphones in the world."""
    return np.array(POSE @ Vector(local))


def _points(s: Studio, points: Points, cups: dict[int, list], wire: np.ndarray) -> None:
    """What is to be looked at: the left cup's blurred edge, the cable, gap, shadow, dark."""
    left = s.project(np.concatenate([s.vertices(part) for part in cups[-1]]))

    def rim(degrees: float, out: float) -> np.ndarray:
        """The left cup's outline where it faces a direction, moved outwards by `out` pixels."""
        d = np.array([np.cos(np.radians(degrees)), -np.sin(np.radians(degrees))])
        return left[np.argmax(left @ d)] + out * d

    across = [np.array([rim(a, -20), rim(a, 26)]) for a in (-15, -50, -85, 145)]
    points.add("soft-edge", "soft-band", "The edge stays as soft as the picture",
               "边缘与照片一样柔和，不生硬", lines=across, tolerance=3)  # fmt: skip
    points.add("blurred-edge", "in-between", "The blur is not smoothed away", "模糊过渡未被抹平",
               polygon=np.array([rim(a, o) for o, turn in ((-14, 1), (14, -1))
                                 for a in range(-90, -9, 10)[::turn]]),
               tolerance=0.5)  # fmt: skip
    inner = [
        np.array([rim(a, -9) for a in some]) for some in (range(-100, 0, 5), range(120, 165, 5))
    ]
    points.add(
        "contour", "unbroken", "The cup's outline is unbroken", "耳罩轮廓连续不断", lines=inner
    )
    flat = s.project(wire)
    spans = ((50, 95), (105, 150), (160, 205), (215, 260))
    points.add("cable", "strands", "The thin cable is there from cup to plug",
               "细线从耳罩到插头完整",
               lines=[flat[a:b:5] for a, b in spans], expected=4, tolerance=0)  # fmt: skip
    hollow = [[-0.042, 0, 0.060], [-0.030, 0, 0.045], [-0.025, 0, 0.07], [-0.034, 0, 0.095],
              [-0.045, 0, 0.095]]  # fmt: skip
    ground = [_at(p) * [1, 1, 0] for p in hollow]
    points.add("inside", "transparent", "The bed shows inside the headband", "头梁围出的空隙透明",
               polygon=s.project(ground))  # fmt: skip
    top = _at([EAR_X + 0.027, 0.0, 0.0])
    ray = top - LAMP
    shade = top - ray * top[2] / ray[2]
    around = [(-0.012, -0.008), (0.012, -0.008), (0.012, 0.008), (-0.012, 0.008)]
    spot = [(shade[0] + x, shade[1] + y, 0) for x, y in around]
    points.add("shadow", "transparent", "The shadow on the throw is gone", "毯子上的投影已消失",
               polygon=s.project(spot))  # fmt: skip
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    bowl = [_at([-EAR_X, 0.016 * np.cos(a), 0.02 * np.sin(a)]) for a in angle]
    points.add("dark-inside", "opaque", "The dark inside of the cup is kept",
               "耳罩内的暗部完整保留", polygon=s.project(bowl))  # fmt: skip


def _strap(
    name: str, path: np.ndarray, width: float | np.ndarray, thick: float,
    material: bpy.types.Material, *, across: tuple[float, float, float] = (0, 1, 0),
    power: float = 0.45, bumps: np.random.Generator | None = None,
) -> bpy.types.Object:  # fmt: skip
    """A flat band with rounded edges along a path, ends closed; `bumps` makes it uneven."""
    path = np.concatenate([path[:1], path[:1], path, path[-1:], path[-1:]])
    tangent = np.gradient(path[2:-2], axis=0)
    tangent = np.concatenate([tangent[:1]] * 2 + [tangent] + [tangent[-1:]] * 2)
    normal = np.cross(tangent, across)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    a = np.linspace(0, 2 * np.pi, 56, endpoint=False)
    u = np.sign(np.cos(a)) * np.abs(np.cos(a)) ** power
    v = np.sign(np.sin(a)) * np.abs(np.sin(a)) ** power
    size = np.ones(len(path))
    size[[0, -1]], size[[1, -2]] = 0.0, 0.96
    width = np.broadcast_to(width, len(path) - 4)
    width = np.concatenate([width[:1]] * 2 + [width] + [width[-1:]] * 2) * size
    deep = thick * size[:, None] * np.ones(56)
    if bumps:
        lumps = gaussian_filter(bumps.normal(0, 1, deep.shape), (3, 4), mode=("nearest", "wrap"))
        deep = deep + 0.0006 * lumps / lumps.std() * size[:, None]
    points = path[:, None] + (width[:, None] / 2 * u)[..., None] * np.array(across, float)
    points = points + (deep / 2 * v)[..., None] * normal[:, None]
    return grid(name, points, material, closed=(False, True))


def _bevelled(part: bpy.types.Object) -> None:
    """Sharp creases stay sharp under smooth shading."""
    modifier = part.modifiers.new("edges", "EDGE_SPLIT")
    modifier.split_angle = np.radians(38)


def _leather(name: str, colour: str) -> bpy.types.Material:
    """Thin, slightly worn leather: pebbled, shinier where it is rubbed."""
    base = srgb(colour)
    m = Material(name, base, Roughness=0.45, Specular_IOR_Level=0.45)
    where = m.coordinates()
    cells = m.add("ShaderNodeTexVoronoi", {"feature": "DISTANCE_TO_EDGE"}, Vector=where)
    m.put(cells, Scale=620.0, Randomness=1.0)
    m.bump(m.math("MINIMUM", cells.outputs[0], 0.25), 0.0009, 0.35)
    m.bump(m.noise(where, 160, 4), 0.0006, 0.35)
    worn = m.noise(where, 34, 5)
    m.put(m.bsdf, Roughness=m.between(worn, 0.34, 0.62))
    tone = m.mix(m.between(worn, 0.0, 0.7), base, tuple(0.45 * c for c in base))
    m.put(m.bsdf, Base_Color=tone)
    return m.data


def _machined() -> bpy.types.Material:
    """Turned aluminium: fine rings about the cup's axis."""
    m = Material("machined", (0.36, 0.34, 0.32), Metallic=1.0, Roughness=0.3)
    rings = m.add("ShaderNodeTexWave", {"wave_type": "RINGS", "rings_direction": "X"}, Scale=900.0)
    m.put(rings, Vector=m.stretched(m.coordinates(), (1, 1 / EAR_Y, 1 / EAR_Z)), Distortion=0.3)
    m.bump(rings.outputs["Fac"], 0.00006, 0.6)
    m.put(m.bsdf, Anisotropic=0.6)
    return m.data
