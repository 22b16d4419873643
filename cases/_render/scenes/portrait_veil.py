"""A mannequin under a bridal veil of dotted tulle, before a hedge in flower."""

from __future__ import annotations

import bpy
import numpy as np
from case import About, Points
from head import Head
from knitwear import collar, pullover
from materials import Material, hair, srgb
from shapes import curve, mesh, tube
from strands import strands, taper
from studio import Studio

ABOUT = About(
    "portrait",
    "veil",
    "Mannequin under a veil of dotted tulle before a hedge in flower",
    "花篱前披点纱头纱的模特",
    size=(1200, 1600),
    seed=41,
    most=400,
)
HAIRLINE = ((-100, 62), (-78, 58), (-62, 50), (-48, 33), (-30, 14), (-12, 6), (8, 4), (30, -8),
            (50, -22), (75, -34), (120, -40))  # fmt: skip
"""(y, z) of the scalp's edge in millimetres."""
BUN = np.array([0.0, 0.112, 0.030])
ROWS, COLUMNS = 150, 900
OPEN = np.radians(66)
"""Half the angle, seen from above, that the veil leaves open before the face."""
SHEER, DOT, DOT_PITCH = 0.17, 0.0012, 0.019
"""Share of light that one layer stops, seen square on; radius and distance of the dots (m)."""


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    head = Head(srgb("#e0b79c"), srgb("#b0565a"), s.rng, pose=(14, 3, -2))
    brown = hair("brown", 0.74, redness=0.4, roughness=0.26, vary=0.25)
    s.subject(strands("hair", _combed(s, head), taper(26, 9e-5, 7e-5), brown.data))
    s.subject(head.lashes(brown.data), head.brows(brown.data))
    head.settle()
    s.subject(head.thing)
    satin = Material("satin", srgb("#e9e2d6"), Roughness=0.34, Sheen_Weight=0.3)
    satin.bump(satin.noise(satin.coordinates(), 900, 2), 0.0002, 0.2)
    s.subject(pullover(head.pose, satin, s.rng, tucked=True))
    s.subject(collar(head.pose, satin, s.rng, ribs=96))
    sheet = veil(s)
    s.subject(mesh("veil", *_faces(sheet), tulle().data, uv=_cloth_uv(sheet)))
    ribbon = Material("ribbon", srgb("#f4efe6"), Roughness=0.4, Sheen_Weight=0.4)
    for edge in (sheet[:, 0], sheet[:, -1]):
        s.subject(tube("hem", edge, 0.0011, ribbon.data, segments=10))
    s.subject(*_comb(s, head))
    s.scene.cycles_curves.shape = "RIBBONS"
    s.scene.cycles.max_bounces = 8
    hedge(s)
    s.world("courtyard", strength=0.55, turn=150)
    s.softbox((-1.2, -0.9, 0.9), (0, 0, 0), size=(0.9, 1.0), watts=34, kelvin=5400)
    s.softbox((0.9, 0.9, 0.8), (0, 0.1, 0), size=(0.4, 1.0), watts=30, kelvin=5000)
    s.softbox((-0.9, 1.0, 0.5), (0, 0.1, -0.1), size=(0.3, 0.9), watts=14, kelvin=6000)
    s.softbox((1.3, 0.6, 2.2), (0.2, 2.3, 0), size=(0.5, 0.5), watts=190, kelvin=4800)
    s.camera((0.12, -2.05, 0.02), (0.030, 0, -0.082), mm=138, f_stop=5.6, focus=(0, -0.07, 0))
    s.exposure(0.2)
    _look(s, points, head, sheet)


def _combed(s: Studio, head: Head) -> np.ndarray:
    """`(N, 26, 3)`: sleek hair, drawn back over the head into a knot."""
    root, normal = head.scalp(40_000, HAIRLINE, soft=6)
    rng = s.rng
    knot = BUN + rng.normal(0, 0.012, (len(root), 3))
    far = np.linalg.norm(knot - root, axis=1)
    p, path = root, [root]
    lift = rng.uniform(0.6, 4.5, len(root))
    for k in range(1, 26):
        ahead = knot - p
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        ahead += 0.25 * normal * (1 - k / 25) ** 3 + 0.05 * rng.normal(0, 1, p.shape)
        p = p + ahead * (1.12 * far / 25)[:, None]
        p = head.push_out(p, lift * min(1.0, k / 3))
        path.append(p)
    return head.pose(np.stack(path, 1))


def _comb(s: Studio, head: Head) -> list:
    """Pearls on the comb that holds the veil."""
    pearl = Material("pearl", srgb("#efe7dc"), Roughness=0.22, Coat_Weight=0.6)
    things = []
    for k, x in enumerate(np.linspace(-0.052, 0.052, 13)):
        z = 0.1145 - 5.2 * x**2
        at = head.pose(np.array([x, 0.026 + 1.5 * x**2, z]))
        bpy.ops.mesh.primitive_uv_sphere_add(
            radius=0.0042 - 0.0012 * (k % 2), location=tuple(at), segments=32, ring_count=20
        )
        bpy.ops.object.shade_smooth()
        bpy.context.object.data.materials.append(pearl.data)
        things.append(bpy.context.object)
    return things


def veil(s: Studio) -> np.ndarray:
    """`(ROWS, COLUMNS, 3)`: the sheet, from the comb down; columns run round the back from one
    front edge to the other."""
    rng = s.rng
    t = np.linspace(0, 1, ROWS)[:, None]
    a = np.linspace(-np.pi + OPEN, np.pi - OPEN, COLUMNS)[None]  # 0 is behind
    side = np.abs(a) / (np.pi - OPEN)
    # a cut through the veil: distance from the head's middle and height, from comb to hem
    cut = [(0.010, 0.1200), (0.055, 0.1140), (0.088, 0.0850), (0.103, 0.0300), (0.120, -0.060),
           (0.158, -0.170), (0.205, -0.290), (0.235, -0.420)]  # fmt: skip
    far, high = curve(cut, ROWS).T
    grown = np.clip((t - 0.16) / 0.84, 0, 1)
    fold = np.zeros((1, COLUMNS))
    for count, size in ((7, 0.30), (11, 0.42), (17, 0.36), (29, 0.16), (47, 0.07)):
        fold = fold + size * np.sin(count * a + rng.uniform(0, 6.3))
    sway = np.sin(3 * a + 5.2 * t + 0.8) * 0.5 + np.sin(5 * a - 7.1 * t) * 0.3
    radius = far[:, None] + grown * (0.021 * fold + 0.016 * sway) + 0.0025 * fold * (t > 0.02)
    # gathered at the comb, it falls from the sides of the head; wind lifts one side
    wind = grown**1.6 * np.clip((a - 0.5) / 2.0, 0, 1)
    radius = radius * (1 + 0.80 * wind)
    turn = a + 0.10 * grown * np.sin(4 * a + 3 * t) - 0.10 * wind
    x = 0.88 * radius * np.sin(turn)
    y = 0.034 + 1.06 * radius * np.cos(turn)
    back = -0.035 * np.clip(side - 0.55, 0, 1) * (1 - grown)
    z = high[:, None] + 0.11 * wind + 0.012 * grown * np.sin(2 * a + 2.0) + 0 * a + back
    return np.stack([x, y, z], -1)


def _faces(sheet: np.ndarray) -> tuple[np.ndarray, list]:
    rows, columns = sheet.shape[:2]
    a, b = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    first = (a * columns + b).ravel()
    faces = np.stack([first, first + columns, first + columns + 1, first + 1], 1)
    return sheet.reshape(-1, 3), faces.tolist()


def _cloth_uv(sheet: np.ndarray) -> np.ndarray:
    """`(N, 2)`: where on the tulle, in pitches of its dots."""
    down = np.linalg.norm(np.diff(sheet, axis=0), axis=2).mean(1)
    v = np.concatenate([[0], np.cumsum(down)])[:, None]
    step = np.linalg.norm(np.diff(sheet[-1], axis=0), axis=1)
    u = np.concatenate([[0], np.cumsum(step)])[None]
    return np.stack(np.broadcast_arrays(u, v), -1).reshape(-1, 2) / DOT_PITCH


def tulle() -> Material:
    """Silk net too fine to be seen as one: each layer stops the more light, the more it is seen
    from the side. Woven dots stop nearly all."""
    m = Material("tulle")
    see = m.add("ShaderNodeNewGeometry")
    dot = m.add("ShaderNodeVectorMath", {"operation": "DOT_PRODUCT"}, _0=see.outputs["Normal"],
                _1=see.outputs["Incoming"])  # fmt: skip
    facing = m.math("MAXIMUM", m.math("ABSOLUTE", dot.outputs["Value"]), 0.10)
    thread = m.noise(m.stretched(m.coordinates("UV"), (2.2, 2.2, 2.2)), 1.0, 4, 0.6)
    clear = m.math("SUBTRACT", 1 - SHEER, m.math("MULTIPLY", m.math("SUBTRACT", thread, 0.5), 0.12))
    stops = m.math("SUBTRACT", 1.0, m.math("POWER", clear, m.math("DIVIDE", 1.0, facing)))
    split = m.add("ShaderNodeSeparateXYZ", Vector=m.coordinates("UV"))
    row = m.math("FLOOR", m.math("MULTIPLY", split.outputs[1], 2.0))
    odd = m.math("MULTIPLY", m.math("MODULO", row, 2.0), 0.5)
    across = m.math("SUBTRACT", m.math("FRACT", m.math("ADD", split.outputs[0], odd)), 0.5)
    over = m.math("MULTIPLY", split.outputs[1], 2.0)
    over = m.math("MULTIPLY", m.math("SUBTRACT", m.math("FRACT", over), 0.5), 0.5)
    away = m.math("SQRT", m.math("ADD", m.math("MULTIPLY", across, across),
                                 m.math("MULTIPLY", over, over)))  # fmt: skip
    size = DOT / DOT_PITCH
    spot = m.add("ShaderNodeMapRange", Value=away, _1=0.8 * size, _2=1.1 * size, _3=0.92, _4=0.0)
    stops = m.math("MAXIMUM", stops, spot)
    white = (*srgb("#f3efe8"), 1)
    front = m.add("ShaderNodeBsdfDiffuse", Color=white)
    through = m.add("ShaderNodeBsdfTranslucent", Color=white)
    silk = m.add("ShaderNodeMixShader", Fac=0.45, _1=front, _2=through)
    gap = m.add("ShaderNodeBsdfTransparent")
    m.put(m.output, Surface=m.add("ShaderNodeMixShader", Fac=stops, _1=gap, _2=silk))
    return m


def hedge(s: Studio) -> None:
    """A wall of leaves two metres behind, in sun and shade, with white and pink blossoms."""
    rng = s.rng
    ground = Material("ground", srgb("#10170c"), Roughness=1.0)
    flat = np.array([(-2, 2.9, -1.5), (2, 2.9, -1.5), (2, 2.9, 1.5), (-2, 2.9, 1.5)])
    mesh("dark", flat, [(0, 1, 2, 3)], ground.data)
    count = 15_000
    at = np.stack([rng.uniform(-1.15, 1.15, count), 2.25 + rng.exponential(0.16, count),
                   rng.uniform(-1.3, 1.3, count)], 1)  # fmt: skip
    at[:, 1] += 0.12 * np.sin(5 * at[:, 0] + 3 * at[:, 2]) + 0.08 * np.sin(11 * at[:, 2])
    size = rng.uniform(0.022, 0.046, count)
    shape = np.array([(0, 0, 0), (0.28, 0.35, 0.10), (0.24, 0.72, 0.08), (0, 1, -0.05),
                      (-0.24, 0.72, 0.08), (-0.28, 0.35, 0.10), (0, 0.5, -0.02)])  # fmt: skip
    tones = [srgb(c) for c in ("#3f6a26", "#55822f", "#2c5120", "#7a9c44", "#1f3f1c")]
    _scatter(s, "leaves", at, size, shape, [(0, 1, 6), (1, 2, 6), (2, 3, 6), (3, 4, 6),
             (4, 5, 6), (5, 0, 6)], tones, 0.38, droop=0.6)  # fmt: skip
    count = 150
    middle = np.stack([rng.uniform(-1.0, 1.0, count), 2.10 + rng.uniform(0, 0.1, count),
                       rng.uniform(-1.1, 1.1, count)], 1)  # fmt: skip
    middle[:, 1] += 0.12 * np.sin(5 * middle[:, 0] + 3 * middle[:, 2])
    petals = 16
    tint = rng.integers(0, 4, count)
    shape = np.array([(0, 0, 0), (0.45, 0.45, 0.18), (0.34, 0.92, 0.30), (0, 1.05, 0.26),
                      (-0.34, 0.92, 0.30), (-0.45, 0.45, 0.18)])  # fmt: skip
    for k, tone in enumerate(("#f2e8e4", "#e9a9b4", "#d86a86", "#f6d9c8")):
        these = np.repeat(middle[tint == k], petals, 0)
        size = np.tile(np.linspace(0.042, 0.016, petals), (tint == k).sum())
        _scatter(s, "blossom", these, size, shape, [(0, 1, 2, 3, 4, 5)], [srgb(tone)], 0.5)


def _scatter(s: Studio, name: str, at, size, shape, faces, tones, rough, droop: float = 0.0):
    """Copies of a leaf or petal, each turned its own way, in one object."""
    rng, count = s.rng, len(at)
    out = rng.normal((0, -0.9, -droop), 1, (count, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    face = rng.normal((0, -0.6, 0.8), 0.5, (count, 3))
    side = np.cross(out, face)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, out)
    axes = np.stack([side, out, up], 1)
    where = at[:, None] + size[:, None, None] * np.einsum("kj,njc->nkc", shape, axes)
    index = (np.arange(count) * len(shape))[:, None, None]
    if len({len(f) for f in faces}) != 1:
        raise ValueError("faces of one kind, please")
    index = (index + np.array(faces)[None]).reshape(-1, len(faces[0]))
    m = Material(name, Roughness=rough, Specular_IOR_Level=0.45)
    paint = m.add("ShaderNodeVertexColor", {"layer_name": "tone"})
    m.put(m.bsdf, Base_Color=paint.outputs[0], Subsurface_Weight=0.0)
    thing = mesh(name, where.reshape(-1, 3), index.tolist(), m.data)
    layer = thing.data.color_attributes.new("tone", "FLOAT_COLOR", "POINT")
    tone = np.array(tones)[rng.integers(0, len(tones), count)] * rng.uniform(0.6, 1.25, (count, 1))
    rgba = np.ones((count, len(shape), 4))
    rgba[..., :3] = tone[:, None]
    layer.data.foreach_set("color", rgba.ravel())
    return thing


def _look(s: Studio, points: Points, head: Head, sheet: np.ndarray) -> None:
    """The observation points."""
    seen = s.project(sheet.reshape(-1, 3)).reshape(*sheet.shape[:2], 2)

    def panel(hand: int, low: float, high: float, inner: float, share: float = 0.8) -> np.ndarray:
        """Veil alone beside the neck, between two heights (m), from `inner` metres from the middle
        so much of the way to its outline; hand -1 is left."""
        outline, edge = [], []
        for z in np.linspace(low, high, 6):
            x, y = s.project([(hand * inner, 0.03, z)])[0]
            row = seen[np.abs(seen[..., 1] - y) < 3]
            outer = row[np.argmax(hand * row[:, 0]), 0]
            edge.append((x, y))
            outline.append((x + share * (outer - x), y))
        return np.array(edge + outline[::-1])

    face = np.array([(-34, -62, -30), (-22, -80, -62), (20, -80, -62), (36, -66, -30),
                     (24, -96, 30), (-24, -96, 30)]) * 0.001  # fmt: skip
    points.add("face", "opaque", "The face is whole", "面部完整",
               polygon=s.project(head.pose(face[[0, 1, 2, 3, 4, 5]])))  # fmt: skip
    left, right = panel(-1, -0.125, -0.070, 0.082), panel(1, -0.125, -0.070, 0.082)
    # nearer to the outline, the folds let half of the light through: any grey would do
    points.add("veil-left", "semi-transparent", "The hedge shows through the veil, left",
               "左侧头纱透出花篱", tolerance=0.1,
               polygon=panel(-1, -0.125, -0.070, 0.082, 0.4))  # fmt: skip
    points.add("veil-right", "semi-transparent", "The hedge shows through the veil, right",
               "右侧头纱透出花篱", polygon=right, tolerance=0.1)  # fmt: skip
    points.add("folds", "in-between", "The folds of the veil stay graded", "头纱褶皱保留透明层次",
               polygon=right, expected=1, tolerance=0.5)  # fmt: skip
    (x0, y0), (x1, y1) = left.min(0), left.max(0)
    points.add("fringe", "no-fringe", "No green is left in the veil", "头纱中没有残留绿色",
               box=(x0 - 10, y0 - 10, x1 - x0 + 20, y1 - y0 + 20))  # fmt: skip
    inside = (seen > 6).all(-1) & (seen < np.array(s.size) - 6).all(-1)
    rows = np.flatnonzero(inside[:, 0] & inside[:, -1])
    rows = rows[(rows > 40) & (rows < 135)][::4]
    points.add("hem", "unbroken", "The ribbon along the veil's edge is unbroken",
               "头纱边缘的缎带没有断裂", lines=[seen[rows, 0], seen[rows, -1]])  # fmt: skip
    crown = seen[..., 1].min()
    points.add("hedge", "transparent", "The hedge over the head is gone", "头顶上方的花篱已去除",
               box=(0.25 * s.size[0], 20, 0.5 * s.size[0], crown - 60))  # fmt: skip
