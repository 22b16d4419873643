"""A dark-skinned mannequin with a short curly wig, at dusk before a street of defocused lights."""

from __future__ import annotations

import numpy as np
from case import About, Points
from head import MM, Head
from knitwear import collar, fuzz, pullover, yarn
from materials import Material, hair, srgb
from shapes import mesh
from strands import strands, taper
from studio import Studio

ABOUT = About(
    "portrait",
    "curls",
    "Mannequin with dark curls before the blurred lights of a street",
    "深色卷发模特头像，背景是虚化的街灯",
    size=(1200, 1600),
    seed=34,
)
HAIRLINE = ((-100, 66), (-78, 60), (-62, 54), (-48, 38), (-30, 22), (-12, 20), (8, 24), (30, 8),
            (50, -12), (75, -30), (120, -40))  # fmt: skip
"""(y, z) of the scalp's edge in millimetres."""
LOCKS, EACH, STEPS = 1250, 30, 46
NEAR = np.array([-np.sin(np.radians(34)), -np.cos(np.radians(34)), 0.0])
"""From the head to the camera: the mannequin's right side is near."""
RIGHT = np.array([-NEAR[1], NEAR[0], 0.0])
AWAY = 1.72


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    head = Head(srgb("#8f5f44"), srgb("#7c3134"), s.rng, pose=(10, -5, -5))
    curls, loose = _wig(s, head)
    dark = hair("dark brown", 0.80, redness=0.45, roughness=0.28, vary=0.3)
    s.subject(strands("curls", curls, taper(STEPS, 6.0e-5, 3.5e-5), dark.data))
    s.subject(strands("loose", loose, taper(STEPS, 1.9e-4, 1.2e-4), dark.data))
    s.subject(head.lashes(dark.data), head.brows(dark.data))
    head.settle()
    s.subject(head.thing)
    wool = srgb("#b9803a")
    body = s.subject(pullover(head.pose, yarn("body knit", wool, 300, 120), s.rng))
    roll = s.subject(collar(head.pose, yarn("collar knit", wool, 84, 46), s.rng))
    s.subject(fuzz(body, 30_000, wool, s.rng), fuzz(roll, 18_000, wool, s.rng))
    s.world("night", strength=0.25, turn=200)
    s.softbox((1.05, -0.75, 0.40), (0, 0, 0), size=(0.5, 0.8), watts=34, kelvin=4300)
    s.softbox((-0.75, 1.0, 0.5), (0, 0, 0), size=(0.25, 0.9), watts=26, kelvin=7500)
    s.softbox((0.9, 0.9, 0.7), (0, 0, 0.05), size=(0.3, 0.5), watts=14, kelvin=3600)
    s.softbox((-1.5, -1.2, 0.2), (0, 0, 0), size=(1.2, 1.2), watts=6, kelvin=6000)
    s.scene.cycles_curves.shape = "RIBBONS"
    s.scene.cycles.max_bounces = 6
    _street(s)
    middle = np.array([0.004, 0.02, -0.036])
    s.camera(tuple(middle + AWAY * NEAR + (0, 0, 0.02)), tuple(middle), mm=105, f_stop=3.2,
             focus=(-0.045, -0.060, 0))  # fmt: skip
    _look(s, points, head, curls, loose, s.project(s.vertices(roll)))


def _wig(s: Studio, head: Head) -> tuple[np.ndarray, np.ndarray]:
    """Strands of helical locks, short at the sides, and a few loose thick ones, in the world."""
    rng = s.rng
    root, normal = head.scalp(LOCKS, HAIRLINE, soft=8)
    height = np.clip((root[:, 2] / MM - 5) / 75, 0, 1)
    ahead = np.clip(-root[:, 1] / 0.08, 0, 1)
    length = (0.024 + 0.070 * height**0.8) * rng.uniform(0.75, 1.2, LOCKS)
    go = normal * 0.9 + np.array([0, 0, 0.45]) + ahead[:, None] * np.array([0, -0.35, 0.1])
    go += rng.normal(0, 0.33, (LOCKS, 3))
    axis = _axis(head, root, go, length, STEPS)
    radius = rng.uniform(0.0028, 0.0052, LOCKS) * (0.55 + 0.45 * height)
    turns = length / rng.uniform(0.010, 0.015, LOCKS)
    lock = np.repeat(np.arange(LOCKS), EACH)
    frizz = rng.random(len(lock)) < 0.10
    spread = np.where(frizz, 0.0032, 0.0011)[:, None, None]
    t = np.linspace(0, 1, STEPS)[None, :, None]
    offset = rng.normal(0, 1, (len(lock), 1, 3)) * spread * (0.5 + 0.9 * t)
    phase = rng.normal(0, 1, len(lock)) * np.where(frizz, 0.9, 0.22)
    wide = rng.normal(1, np.where(frizz, 0.35, 0.10))
    hand = rng.choice([-1, 1], LOCKS)
    curled = _coil(axis[lock], radius[lock] * wide, turns[lock] * hand[lock],
                   phase + rng.uniform(0, 6.28, LOCKS)[lock])  # fmt: skip
    start = root[lock] + rng.normal(0, 0.0020, (len(lock), 3))
    grip = np.clip(1 - 4 * t, 0, 1)
    curled = curled + offset
    curled = curled + grip * (start[:, None] - curled)
    few = rng.choice(np.flatnonzero(height > 0.55), 24, replace=False)
    outward = go[few] + rng.normal(0, 0.45, (24, 3))
    lean = _axis(head, root[few], outward, np.full(24, 0.125), STEPS)
    loose = _coil(lean, np.full(24, 0.0042), rng.uniform(3, 5, 24), rng.uniform(0, 6, 24))
    return head.pose(curled), head.pose(loose)


def _axis(head: Head, root, go, length, steps: int) -> np.ndarray:
    """`(N, steps, 3)`: the middle lines of locks that stand off the head and then droop."""
    p, path = root, [root]
    margin = np.linspace(1.0, 7.0, steps)
    for k in range(1, steps):
        t = k / (steps - 1)
        ahead = go / np.linalg.norm(go, axis=1, keepdims=True) + np.array([0, 0, -1.05]) * t**1.5
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        p = p + ahead * (length / (steps - 1))[:, None]
        p = head.push_out(p, np.full(len(p), margin[k]), ear=36)
        path.append(p)
    return np.stack(path, 1)


def _coil(axis: np.ndarray, radius, turns, phase) -> np.ndarray:
    """A helix round each `(N, K, 3)` line, opening from its root."""
    t = np.linspace(0, 1, axis.shape[1])
    along = np.gradient(axis, axis=1)
    along /= np.maximum(np.linalg.norm(along, axis=2, keepdims=True), 1e-9)
    side = np.cross(along, np.array([0.36, 0.48, 0.8]))
    side /= np.maximum(np.linalg.norm(side, axis=2, keepdims=True), 1e-9)
    other = np.cross(along, side)
    angle = 2 * np.pi * turns[:, None] * t + phase[:, None]
    swing = radius[:, None] * np.clip(4 * t, 0, 1) * (1.1 - 0.3 * t)
    return (
        axis
        + (swing * np.cos(angle))[..., None] * side
        + (swing * np.sin(angle))[..., None] * other
    )


def _street(s: Studio) -> None:
    """Dusk behind: sky and house fronts, windows, lamps, strings of bulbs, cars."""
    rng, glow = s.rng, Material("glow").data
    flat: list[tuple] = []  # depth behind the head, right, up, width, height, colour, corners

    def put(depth, right, up, wide, high, colour, strength, corners=4) -> None:
        colour = tuple(strength * c for c in srgb(colour))
        flat.append((depth, right, up, wide, high, colour, corners))

    put(17, 0, 1.0, 16, 12, "#33506f", 0.30)
    put(16.5, 0, -2.6, 16, 4.2, "#2a2c33", 0.16)
    for x, w, top, tone in ((-2.9, 2.6, 3.4, "#5a4a42"), (-0.7, 1.7, 1.5, "#3d4452"),
                            (1.0, 1.6, 2.3, "#6a5645"), (2.9, 2.1, 3.6, "#46505a")):  # fmt: skip
        put(15 + 0.1 * x, x, top / 2 - 1.6, w, top + 3, tone, 0.16)
        for column in np.arange(-w / 2 + 0.25, w / 2 - 0.1, 0.42):
            for row in np.arange(-1.4, top - 0.4, 0.62):
                if rng.random() < 0.42:
                    tint = rng.choice(["#ffc98a", "#ffdfb0", "#ffb066", "#cfe3ff"])
                    put(14.4, x + column, row, 0.22, 0.34, tint, rng.uniform(0.4, 2.2))
    for x, y, w in ((-1.55, -1.0, 0.9), (1.35, -0.9, 1.2), (0.2, -1.3, 0.8)):
        put(12, x, y, w, 0.5, rng.choice(["#ffb870", "#ffd9a8", "#7fd0d8"]), 1.3)
    for sag, start, end, depth in ((0.35, (-2.2, 1.5), (0.4, 1.35), 8.5),
                                   (0.30, (0.2, 1.30), (2.3, 1.75), 8.5),
                                   (0.25, (-2.0, 0.85), (1.9, 1.05), 11.0)):  # fmt: skip
        for u in np.linspace(0, 1, 13):
            x = start[0] + u * (end[0] - start[0])
            z = start[1] + u * (end[1] - start[1]) - 4 * sag * u * (1 - u)
            put(depth, x, z, 0.075, 0.075, "#ffc070", rng.uniform(16, 30), 16)
    for _ in range(46):
        tint = rng.choice(
            ["#ffb45e", "#ffd49a", "#ff5a3c", "#ff3a2e", "#8fc7ff", "#58d6a8", "#fff0d8"]
        )
        size = rng.uniform(0.06, 0.13)
        put(rng.uniform(6, 13), rng.uniform(-2, 2), rng.uniform(-1.7, 0.55), size, size, tint,
            rng.uniform(3, 16), 16)  # fmt: skip
    for _ in range(60):
        put(rng.uniform(4.6, 6.2), rng.choice([-1, 1]) * rng.uniform(0.55, 1.2),
            rng.uniform(-0.2, 1.3), 0.11, 0.06, rng.choice(["#1d2a1c", "#2b3a22", "#3d4626"]), 0.25,
            8)  # fmt: skip
    vertices, faces, colours = [], [], []
    for depth, right, up, wide, high, colour, corners in flat:
        turn = 2 * np.pi * (np.arange(corners) + 0.5) / corners
        grow = 0.5 if corners > 4 else np.sqrt(0.5)
        across, over = right + grow * wide * np.cos(turn), up + grow * high * np.sin(turn)
        faces.append(np.arange(corners) + len(vertices))
        for a, b in zip(across, over, strict=True):
            vertices.append(-depth * NEAR + a * RIGHT + (0, 0, b))
        colours += [(*colour, 1)] * corners
    thing = mesh("street", np.array(vertices), faces, glow, smooth=False)
    layer = thing.data.color_attributes.new("light", "FLOAT_COLOR", "POINT")
    layer.data.foreach_set("color", np.ravel(colours))
    tree = glow.node_tree
    light, paint = tree.nodes.new("ShaderNodeEmission"), tree.nodes.new("ShaderNodeVertexColor")
    paint.layer_name = "light"
    tree.links.new(paint.outputs[0], light.inputs[0])
    tree.links.new(light.outputs[0], tree.nodes["Material Output"].inputs[0])
    glow.cycles.emission_sampling = "NONE"


def _look(s: Studio, points: Points, head: Head, curls, loose, roll) -> None:
    """The observation points."""
    crown = s.project(curls[::9, 12:].reshape(-1, 3))
    left, top = np.quantile(crown, 0.002, 0)
    right = np.quantile(crown[:, 0], 0.998)
    points.add("curls", "in-between", "The curls' rim stays graded", "卷发边缘保留半透明层次",
               box=(left - 20, top - 30, right - left + 40, 210), tolerance=0.5)  # fmt: skip
    points.add("fringe", "no-fringe", "No coloured light clings to the curls",
               "卷发边缘没有残留背景灯光颜色",
               box=(left - 20, top - 30, right - left + 40, 210), tolerance=3)  # fmt: skip
    points.add("jaw", "unbroken", "The jaw's outline is unbroken", "下颌轮廓没有断裂",
               lines=[_inside(s, head)])  # fmt: skip
    lines = _clear(s, curls, loose)
    points.add("flyaways", "strands", "Single loose curls survive", "单根散落的卷发没有丢失",
               lines=lines, expected=len(lines), tolerance=len(lines) // 3)  # fmt: skip
    scalp = np.array([(-58, -20, 80), (-62, 10, 84), (-66, 20, 60), (-66, -8, 52)]) * MM
    points.add("roots", "opaque", "Inside, the hair is opaque", "头发内部完全不透明",
               polygon=s.project(head.pose(scalp)))  # fmt: skip
    points.add("ear", "unbroken", "The ear's outline is unbroken", "耳廓轮廓没有断裂",
               lines=[s.project(head.ear_rim(1.8, side=-1))[4:-3]])  # fmt: skip
    inner = s.project(head.ear_rim(7, side=-1))
    outer = s.project(head.ear_rim(-10, side=-1))
    across = [np.stack([inner[k], outer[k]]) for k in (26, 29, 31, 33)]  # below the hair
    points.add("ear-edge", "soft-band", "The ear's edge is as soft as in the photo",
               "耳朵边缘的过渡宽度与照片一致", lines=across)  # fmt: skip
    points.add("ear-fall", "smooth-fall", "Alpha falls smoothly from ear to street",
               "从耳朵到街景，不透明度平滑下降", lines=across)  # fmt: skip
    rim = np.quantile(roll[:, 1], 0.08)
    edge = []
    for y in rim + np.array([16, 34, 52]):
        x = roll[np.abs(roll[:, 1] - y) < 4, 0].min()
        edge.append(np.array([(x + 30, y), (x - 30, y)]))
    points.add("collar", "soft-band", "The collar's edge stays a soft band",
               "衣领边缘保留柔和过渡带", lines=edge)  # fmt: skip
    chin = s.project(head.pose(np.array([(0, -96, -104)]) * MM))[0]
    points.add("gap", "transparent", "The street under the chin is gone", "下巴下方的街景完全透明",
               box=(chin[0] + 60, chin[1] + 30, 130, 110))  # fmt: skip


def _inside(s: Studio, head: Head) -> np.ndarray:
    """A line just inside the face's far outline, from cheekbone to chin, in pixels."""
    face = head.thing.data.vertices
    p = np.empty(3 * len(face))
    face.foreach_get("co", p)
    flat, heights = p.reshape(-1, 3)[::5], np.linspace(-0.030, -0.095, 9)
    line = []
    for z in heights:
        row = flat[np.abs(flat[:, 2] - z) < 0.0015]
        seen = s.project(row[row[:, 1] < 0])
        line.append(seen[np.argmax(seen[:, 0])] - (9, 0))
    return np.array(line)


def _clear(s: Studio, curls: np.ndarray, loose: np.ndarray) -> list[np.ndarray]:
    """Those stretches of the loose strands, in pixels, that run outside the mass of hair."""
    cell, (width, height) = 10, s.size
    mass = s.project(curls[::6, ::2].reshape(-1, 3))
    edges = [np.arange(0, width + cell, cell), np.arange(0, height + cell, cell)]
    filled = np.histogram2d(*mass.T, bins=edges)[0]
    found = []
    for path in loose:
        flat = s.project(path)
        index = np.clip((flat / cell).astype(int), 0, np.array(filled.shape) - 1)
        alone = filled[tuple(index.T)] <= 4
        alone &= (flat > 8).all(1) & (flat < np.array(s.size) - 8).all(1)
        start = 0 if alone.all() else len(alone) - np.argmin(alone[::-1])
        run = flat[start:-1]
        if len(run) > 4 and np.linalg.norm(np.diff(run, axis=0), axis=1).sum() > 60:
            found.append(run)
    return found
