"""A shop-window mannequin's head with neck: a melted solid, its paint, its lashes, its scalp.

All lengths in this file are millimetres, as one measures a face; `Head` gives metres.
The face looks along -y, +z is up, the origin is midway between the eyes, at their height.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import bpy
import numpy as np
from materials import Colour, Material
from scipy.ndimage import map_coordinates, zoom
from shapes import capsule, carve, curve, ellipsoid, melt, mesh
from skimage.measure import marching_cubes
from strands import roots, strands, taper

MM = 0.001
LOW, HIGH = (-110, -130, -262), (110, 125, 122)
"""The box of the solid; it is cut off under the collar."""
CRACK = ((15.5, -80, -3.5), (22, -83, -7.2), (31, -85, -9.2), (40, -80.5, -7.6), (47.5, -72, -3.2))
"""Where the closed lids meet, from the inner corner outwards."""
FOLD = ((17, -81, 1), (23, -83, 5.2), (31, -84, 6.8), (40, -79, 5.2), (48.5, -71, -0.5))
"""The fold above the upper lid."""
EAR = (69.5, 6.0, -13.0)
"""The opening of the ear, to which the ear's own axes are tied."""
EAR_BACK = np.array([0.38, 0.92, -0.10])
EAR_UP = np.array([0.10, 0.16, 0.98])
HELIX = ((7, -1), (2, 4), (-0.5, 12), (1.5, 22), (8, 29.5), (17, 31), (24.5, 26), (28, 16),
         (27.5, 5), (24, -6), (19, -15), (14, -23))  # fmt: skip
"""The ear's outer rim, in its own axes, from its root over the top down to the lobe."""
EAR_CENTRE = np.array([80.0, 17.0, -9.0])
BROW = ((12, -95, 22.0), (24, -92, 25.5), (38, -84, 28.0), (53, -67, 22.5))
"""The middle of the eyebrow, from its inner end."""


def cord(through: Sequence[Sequence[float]], radii: Sequence[float], count: int = 14):
    """Distance of a thick smooth curve through points, its radius going along with them."""
    whole = curve(np.column_stack([through, radii]), count)
    parts = [capsule(a[:3], b[:3], a[3], b[3]) for a, b in pairwise(whole)]

    def distance(p: np.ndarray) -> np.ndarray:
        found = parts[0](p)
        for part in parts[1:]:
            np.minimum(found, part(p), out=found)
        return found

    return distance


def _turned(degrees: float, axis: int) -> np.ndarray:
    a = np.radians(degrees)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    m = np.eye(3)
    m[i, i] = m[j, j] = np.cos(a)
    m[j, i], m[i, j] = np.sin(a), -np.sin(a)
    return m


def skull(p: np.ndarray) -> np.ndarray:
    """Cranium, cheekbones and jaw, without features; `p` has x ≥ 0 (one side)."""
    d = ellipsoid((0, 8, 33), (72, 90, 78))(p)
    d = melt(d, ellipsoid((0, -30, 38), (58, 61, 50))(p), 30)
    d = melt(d, ellipsoid((0, -38, -22), (55, 50, 58))(p), 25)
    d = melt(d, ellipsoid((42, -58, -25), (15, 20, 14), _turned(35, 2))(p), 26)
    d = melt(d, ellipsoid((0, -58, -70), (33, 35, 36))(p), 22)
    jaw = capsule((54, 2, -25), (44, -8, -64), 11, 10)(p)
    jaw = melt(jaw, capsule((44, -8, -64), (9, -80, -96), 10, 10)(p), 14)
    d = melt(d, jaw, 26)
    d = melt(d, ellipsoid((0, -38, -74), (42, 48, 26))(p), 18)
    d = melt(d, ellipsoid((28, -56, -50), (22, 28, 32), _turned(20, 2))(p), 20)
    return melt(d, ellipsoid((0, -83.5, -99), (13, 13.5, 12))(p), 16)


def eyes(d: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Sockets under a brow, and closed lids over the balls."""
    d = melt(d, cord(((6, -86, 17), (22, -85, 23), (40, -75, 26), (52, -60, 16)),
                     (4, 5, 5, 4))(p), 14)  # fmt: skip
    d = carve(d, ellipsoid((31, -97, 1), (20, 16, 13), _turned(20, 2))(p), 13)
    d = carve(d, ellipsoid((16, -96, 2), (7, 11, 10))(p), 9)
    lids = ellipsoid((31, -70.5, -2), (18.5, 15.4, 14.5), _turned(14, 2))(p)
    d = melt(d, lids, 5)
    d = carve(d, cord(FOLD, (0.4, 1.0, 1.2, 1.0, 0.4))(p), 3.5)
    d = melt(d, cord(np.add(CRACK, (0, 0.7, 1.6)), (0.5, 1.1, 1.2, 1.1, 0.6))(p), 2.5)
    return carve(d, cord(np.add(CRACK, (0, -0.4, 0)), (0.4, 0.7, 0.8, 0.7, 0.5))(p), 1.2)


def nose(d: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Bridge, tip, wings, nostrils, and the two ridges down to the lip."""
    d = melt(d, cord(((0, -84.5, 12), (0, -88, 0), (0, -98, -19), (0, -107.5, -37)),
                     (6, 5.0, 5.6, 6.6))(p), 10)  # fmt: skip
    d = melt(d, ellipsoid((0, -90, -30), (12, 14, 20))(p), 12)
    tip = ellipsoid((0, -109, -39.5), (8.0, 7.6, 7.2))(p)
    tip = melt(tip, capsule((0, -110, -43), (0, -96, -49.5), 3.4, 3.6)(p), 4)
    d = melt(d, tip, 7)
    wing = ellipsoid((11.2, -97.5, -42.5), (5.2, 9.6, 6.6), _turned(18, 2))(p)
    d = melt(d, wing, 6)
    d = carve(d, cord(((16, -101, -33), (18.3, -96, -38), (18.6, -92, -45), (15, -93, -50)),
                      (0.4, 0.6, 0.6, 0.4))(p), 4.5)  # fmt: skip
    d = carve(d, ellipsoid((6.3, -101.5, -50.5), (2.7, 6.0, 4.2), _turned(-24, 2))(p), 2)
    d = melt(d, capsule((3.4, -94, -52), (5.0, -97.2, -61), 2.0, 1.8)(p), 6)
    return carve(d, capsule((0, -101, -53), (0, -104.2, -60), 2.6, 3.0)(p), 3)


def lips(p: np.ndarray) -> np.ndarray:
    """Only the lips, closed; the cleft is where upper and lower meet."""
    upper = cord(((0, -96.8, -65.4), (4.5, -97.4, -64.2), (9.5, -95.8, -65.4), (16, -91.6, -68.4),
                  (23.0, -86, -71.2)), (4.9, 5.1, 4.7, 3.5, 1.2))(p)  # fmt: skip
    upper = melt(upper, ellipsoid((0, -97.4, -67.4), (5, 4.4, 3.4))(p), 2.5)
    lower = cord(((0, -93.8, -76.6), (7, -93.6, -76.6), (14, -90.8, -75.0), (22.2, -86, -71.6)),
                 (7.0, 6.8, 4.8, 1.2))(p)  # fmt: skip
    return melt(upper, lower, 0.9)


def ear(p: np.ndarray) -> np.ndarray:
    """The outer ear in its own axes: back, up, out."""
    q = (p - np.array(EAR)) @ _ear_axes().T / 0.92
    rise = (1.5, 3.5, 4.0, 3.5, 3, 3, 3.2, 3.6, 3.4, 2.6, 1.6, 0.5)
    rim = np.column_stack([HELIX, rise])
    d = ellipsoid((13.5, 6, 0.6), (15.5, 27, 2.6))(q)
    d = melt(d, ellipsoid((11, -22, 0), (7.6, 8.6, 2.6))(q), 5)
    d = melt(d, cord(((9, -13, 2.4), (16, -10, 2.8), (19.5, -1, 3.2), (18.5, 8, 2.6), (13, 17, 1)),
                     (2.6, 2.5, 2.4, 2.3, 1.6))(q), 2.5)  # fmt: skip
    d = melt(d, cord(((18.5, 8, 2.2), (18, 15, 1.4), (16.5, 22, 0.6)), (2.2, 2, 1.4), 6)(q), 2.5)
    d = melt(d, ellipsoid((7, 2, -8), (14, 20, 9))(q), 6)
    d = carve(d, ellipsoid((9, -3, 3.8), (8.2, 9.6, 6.6))(q), 2.5)
    d = melt(d, cord(rim, (1.6, 2.0, 2.4, 2.6, 2.7, 2.7, 2.7, 2.6, 2.5, 2.4, 2.3, 2.4), 22)(q), 1.6)
    d = melt(d, ellipsoid((-1, -5, 2.6), (3.4, 5.2, 2.8), _turned(-20, 2))(q), 3)
    return 0.92 * melt(d, ellipsoid((7.5, -14.5, 2.8), (3.2, 2.6, 2.4))(q), 2.5)


def _ear_axes() -> np.ndarray:
    """Rows: back, up, out."""
    axes = np.stack([EAR_BACK, EAR_UP, np.cross(EAR_BACK, EAR_UP)])
    return axes / np.linalg.norm(axes, axis=1, keepdims=True)


def neck(p: np.ndarray) -> np.ndarray:
    """Neck with its two big muscles, down to the collarbones."""
    d = cord(((0, 20, -20), (0, 20, -90), (0, 27, -150), (0, 33, -215)), (41, 40.5, 43, 54), 6)(p)
    d = melt(d, cord(((54, 24, -42), (42, 6, -95), (26, -14, -155), (10, -24, -208)),
                     (5, 5, 5, 5), 8)(p), 30)  # fmt: skip
    d = melt(d, cord(((22, 50, -60), (34, 52, -130), (80, 50, -190), (140, 48, -212)),
                     (14, 15, 18, 22), 8)(p), 34)  # fmt: skip
    d = melt(d, capsule((14, -26, -212), (140, 10, -205), 7, 8)(p), 18)
    d = melt(d, ellipsoid((0, 34, -290), (165, 78, 95))(p), 30)
    return melt(d, ellipsoid((0, -12, -122), (8, 8, 16))(p), 26)


def solid(p: np.ndarray) -> np.ndarray:
    """Signed distance of head and neck; both sides alike."""
    p = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    d = eyes(skull(p), p)
    d = melt(d, lips(p), 2.6)
    d = nose(d, p)
    d = melt(d, neck(p), 16)
    return melt(d, ear(p), 4)


def rough_field(wide: float) -> np.ndarray:
    """The distance on a lattice of `wide` millimetres in the box."""
    shape = [int(np.ceil((b - a) / wide)) + 1 for a, b in zip(LOW, HIGH, strict=True)]
    axes = [a + wide * np.arange(n) for a, n in zip(LOW, shape, strict=True)]
    return solid(np.stack(np.meshgrid(*axes, indexing="ij"), -1)).astype(np.float32)


def sculpt(step: float) -> tuple[np.ndarray, np.ndarray]:
    """`(N, 3)` vertices and `(M, 3)` faces; the fine lattice is only worked out at the surface."""
    wide = 5 * step
    rough = rough_field(wide)
    shape = rough.shape
    near = np.abs(rough) < 1.3 * wide
    size = [5 * (n - 1) + 1 for n in shape]
    fine = zoom(rough, [a / b for a, b in zip(size, shape, strict=True)], order=1)
    close = zoom(near.astype(np.uint8), [a / b for a, b in zip(size, shape, strict=True)], order=0)
    index = np.argwhere(close)
    for part in np.array_split(index, max(1, len(index) // 400_000)):
        fine[tuple(part.T)] = solid(part * step + np.array(LOW))
    vertices, faces, _, _ = marching_cubes(fine, 0.0, spacing=(step,) * 3)
    return vertices + np.array(LOW), faces[:, ::-1]


class Head:
    """The head as an object, painted, and what grows from it.

    `turn`, `tilt`, `nod` (degrees) move it against the shoulders, the neck following softly.
    """

    def __init__(
        self,
        skin: Colour,
        lip: Colour,
        rng: np.random.Generator,
        *,
        pose: tuple[float, float, float] = (0, 0, 0),
        step: float = 0.9,
    ) -> None:
        self.rng, self.angles = rng, pose
        self.field = rough_field(4.0)
        vertices, faces = sculpt(step)
        self.thing = mesh("head", vertices * MM, faces, _skin(skin).data)
        layer = self.thing.data.color_attributes.new("paint", "FLOAT_COLOR", "POINT")
        colours = np.ones((len(vertices), 4))
        colours[:, :3] = _paint(vertices, np.array(skin), np.array(lip))
        layer.data.foreach_set("color", colours.ravel())
        self.still = vertices * MM

    def settle(self) -> None:
        """Move the mesh into its pose; sample `scalp` before."""
        self.thing.data.vertices.foreach_set("co", self.pose(self.still).ravel())
        self.thing.data.update()

    def pose(self, p: np.ndarray) -> np.ndarray:
        """Points (metres) of the unmoved head where the pose puts them."""
        pivot = np.array([0, 0.025, -0.120])
        turn, tilt, nod = self.angles
        whole = _turned(turn, 2) @ _turned(tilt, 1) @ _turned(nod, 0)
        share = np.clip((p[..., 2:] + 0.190) / 0.110, 0, 1)
        share = share * share * (3 - 2 * share)
        return p + share * ((p - pivot) @ whole.T + pivot - p)

    def scalp(self, count: int, line: Sequence[tuple[float, float]], soft: float = 5):
        """Roots (metres, unmoved) and normals above a hairline of (y, z) in millimetres."""
        y, z = np.array(line, float).T

        def density(p: np.ndarray, _: np.ndarray) -> np.ndarray:
            above = p[:, 2] / MM - np.interp(p[:, 1] / MM, y, z)
            ear_free = np.linalg.norm((p / MM - EAR_CENTRE)[:, 1:], axis=1) > 36
            inside = np.abs(p[:, 0]) / MM < 60
            return np.clip(above / soft + 0.5, 0, 1) * (ear_free | inside)

        return roots(self.thing, count, self.rng, density)

    def ear_rim(self, inset: float, count: int = 40, side: int = 1) -> np.ndarray:
        """`(count, 3)`: along the left ear's rim from its top to the lobe, in the world, `inset`
        millimetres inside the middle line of the rim (negative: outside); right with side -1."""
        way = curve(HELIX, 60)[25:]
        centre = np.array([12.0, 4.0])
        way = way + inset * (centre - way) / np.linalg.norm(centre - way, axis=1, keepdims=True)
        axes = _ear_axes()
        p = np.array(EAR) + 0.92 * (way @ axes[:2] + 3.0 * axes[2])
        p = p[np.linspace(0, len(p) - 1, count).astype(int)] * (side, 1, 1)
        return self.pose(p * MM)

    def push_out(self, p: np.ndarray, margin: np.ndarray, ear: float = 0.0) -> np.ndarray:
        """Points (metres, unmoved) kept `margin` millimetres off the surface, and `ear`
        millimetres off the ears' axes."""
        q = (p / MM - np.array(LOW)) / 4.0
        d = map_coordinates(self.field, q.T, order=1, mode="nearest")
        slope = np.empty_like(q)
        for axis in range(3):
            ahead = q.copy()
            ahead[:, axis] += 0.8
            slope[:, axis] = map_coordinates(self.field, ahead.T, order=1, mode="nearest") - d
        slope /= np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-6)
        p = p + np.clip(margin - d, 0, 12)[:, None] * slope * MM
        if ear:
            off = p / MM - EAR_CENTRE
            far = np.hypot(off[:, 1], off[:, 2])
            near = (np.abs(p[:, 0]) / MM > 50) & (np.abs(p[:, 0]) / MM < 125) & (far < ear)
            p[near, 1:] += (off[near, 1:] / far[near, None]) * (ear - far[near, None]) * MM
        return p

    def lashes(self, material: bpy.types.Material, count: int = 85) -> bpy.types.Object:
        """Lashes on both closed lids."""
        path = curve(CRACK, count)
        path[:, 0] += self.rng.normal(0, 0.25, count)
        t = np.linspace(0, 1, 7)[None, :, None]
        fan = (path[:, :1] - 30) / 26
        out = np.concatenate([0.6 * fan, -0.80 + 0.5 * np.abs(fan), -0.42 + 0 * fan], 1)
        out += self.rng.normal(0, 0.06, out.shape)
        long = self.rng.uniform(6.5, 9.5, (count, 1, 1)) * (0.75 + 0.25 * fan[:, None])
        points = path[:, None] + long * (t * out[:, None] + t**2 * np.array([0.05, -0.1, 0.42]))
        both = np.concatenate([points, points * (-1, 1, 1)]) * MM
        return strands("lashes", self.pose(both), taper(7, 7e-5, 2e-5), material)

    def brows(self, material: bpy.types.Material, count: int = 230) -> bpy.types.Object:
        """Brows of short hairs that lie along the skin."""
        side = []
        for _ in range(2):
            t = self.rng.random(count)
            way = curve(BROW, 100)[(t * 99).astype(int)]
            along = np.gradient(curve(BROW, 100), axis=0)[(t * 99).astype(int)]
            along /= np.linalg.norm(along, axis=1, keepdims=True)
            up = np.array([0, 0, 1])
            p = way + up * (self.rng.uniform(-1, 1, count) * (2.6 - 2.0 * t))[:, None]
            rise = up * (0.45 - 0.5 * t)[:, None]
            heading = along + rise + self.rng.normal(0, 0.12, p.shape)
            steps = [p + heading * k * 1.4 for k in range(6)]
            side.append(np.stack(steps, 1))
        both = np.concatenate([side[0], side[1] * (-1, 1, 1)]) * MM
        flat = both.reshape(-1, 3)
        for _ in range(4):
            flat = self.push_in(self.push_out(flat, np.full(len(flat), 0.3)), 0.35)
        return strands(
            "brows", self.pose(flat.reshape(both.shape)), taper(6, 5e-5, 1.5e-5), material
        )

    def push_in(self, p: np.ndarray, most: float) -> np.ndarray:
        """Points (metres, unmoved) pulled to at most `most` millimetres off the surface."""
        q = p / MM
        d = solid(q)
        away = np.stack([solid(q + e) - d for e in 0.5 * np.eye(3)], 1)
        away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
        return p - np.maximum(d - most, 0)[:, None] * away * MM


def _paint(p: np.ndarray, skin: np.ndarray, lip: np.ndarray) -> np.ndarray:
    """`(N, 3)` linear colours: the make-up a mannequin is sprayed and painted with."""
    q = np.concatenate([np.abs(p[:, :1]), p[:, 1:]], 1)

    def soft(distance: np.ndarray, width: float) -> np.ndarray:
        return np.clip(0.5 - distance / width, 0, 1)[:, None]

    def spot(at: Sequence[float], radii: Sequence[float]) -> np.ndarray:
        return np.exp(-(((q - np.array(at)) / np.array(radii)) ** 2).sum(1))[:, None]

    colour = np.tile(skin, (len(q), 1))
    rosy = skin * (1.0, 0.72, 0.66)
    for share in (
        0.5 * spot((47, -62, -28), (22, 22, 15)),
        0.35 * spot((0, -113, -40), (14, 12, 10)),
        0.3 * spot((86, 20, -10), (10, 16, 26)),
        0.25 * spot((0, -92, -100), (18, 20, 12)),
    ):
        colour += share * (rosy - colour)
    shade = skin * (0.55, 0.42, 0.38)
    colour += 0.4 * spot((33, -84, 4), (19, 14, 8)) * (shade - colour)
    under = cord(BROW, (2.2, 2.5, 1.8, 0.6))(q)
    colour += 0.3 * soft(under - 0.8, 3) * (shade * 0.6 - colour)
    colour += 0.9 * soft(lips(q) - 0.7, 1.6) * (lip - colour)
    liner = cord(CRACK, (0.3, 0.6, 0.7, 0.8, 0.6), 24)(q)
    return colour + 0.85 * soft(liner - 0.4, 1.2) * (np.array([0.02, 0.014, 0.012]) - colour)


def _skin(base: Colour) -> Material:
    """Sprayed, matt skin-coloured lacquer, slightly uneven, with light going a little way in."""
    m = Material("skin", base, Roughness=0.45, Subsurface_Weight=0.35)
    m.put(m.bsdf, Subsurface_Radius=(1.0, 0.45, 0.25), Subsurface_Scale=0.004)
    paint = m.add("ShaderNodeVertexColor", {"layer_name": "paint"})
    where = m.coordinates()
    blotch = m.noise(where, 45, 5, 0.6)
    colour = m.mix(m.between(blotch, -0.25, 0.55), paint.outputs[0], (0.80, 0.62, 0.56), "MULTIPLY")
    pores = m.noise(where, 1500, 3, 0.6)
    m.put(m.bsdf, Base_Color=colour, Roughness=m.between(m.noise(where, 160, 4), 0.36, 0.56))
    m.bump(m.noise(where, 220, 3), 0.0005, 0.12)
    m.bump(pores, 0.0002, 0.25)
    return m
