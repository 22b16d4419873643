"""A knitted pullover with a ribbed roll-neck for a bust (see head.py), and the fuzz on it.

Lengths are millimetres unless a name says otherwise; the objects made are in metres.
"""

from __future__ import annotations

from collections.abc import Callable

import bpy
import numpy as np
from head import MM, cord, neck
from materials import Colour, Material
from shapes import Distance, curve, ellipsoid, grid, melt
from strands import grow, roots, strands, taper

Pose = Callable[[np.ndarray], np.ndarray]
MIDDLE = np.array([0, 30, -330.0])
"""A point inside the chest from which all of the pullover can be seen."""
WIDEST = 62.0
"""How far from the neck's middle the inside of the collar lies at the most."""


def torso(p: np.ndarray) -> np.ndarray:
    """Signed distance of shoulders, chest and upper arms under the neck."""
    p = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    d = melt(neck(p), ellipsoid((0, 30, -370), (140, 84, 150))(p), 30)
    arm = cord(((138, 40, -252), (162, 40, -300), (172, 42, -450)), (33, 36, 40), 6)
    return melt(d, arm(p), 30)


def _bare(p: np.ndarray) -> np.ndarray:
    """Signed distance of the neck, both sides."""
    return neck(np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1))


def _reach(distance: Distance, start: np.ndarray, ray: np.ndarray, far: float) -> np.ndarray:
    """Where rays, walked inwards from `far`, first meet the surface: `(…, 3)`."""
    t = np.full(ray.shape[:-1], far)
    for _ in range(32):
        t = t - 0.95 * distance(start + t[..., None] * ray)
    return start + t[..., None] * ray


def _tuck(p: np.ndarray) -> np.ndarray:
    """Points of the body, drawn in where the collar lies around the nape and its sides."""
    middle = np.array([0, 26.0])
    out = p[..., :2] - middle
    far = np.linalg.norm(out, axis=-1, keepdims=True)
    share = np.clip((p[..., 2:] + 225) / 25, 0, 1) * np.clip((WIDEST + 30 - far) / 18, 0, 1)
    share = share * np.clip((out[..., 1:] + 10) / 30, 0, 1)
    out = out * (1 - share * (1 - np.minimum(far, WIDEST + 3) / far))
    return np.concatenate([middle + out, p[..., 2:]], -1)


def pullover(
    pose: Pose, wool: Material, rng: np.random.Generator, tucked: bool = False
) -> bpy.types.Object:
    """The body of the pullover, from under the collar down past the frame.

    `tucked`: it goes on up the neck under the collar; otherwise the collar has to hide its end.
    """
    top = 20 if tucked else 24
    turn = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    down = np.radians(np.linspace(top, 112, 150))
    ray = np.stack(
        [
            np.outer(np.sin(down), np.cos(turn)),
            np.outer(np.sin(down), np.sin(turn)),
            np.repeat(np.cos(down)[:, None], len(turn), 1),
        ],
        -1,
    )
    points = _reach(lambda p: torso(p) - 5, MIDDLE, ray, 320)
    fold = _folds(points, rng)
    points = points + fold[..., None] * ray
    points = _tuck(points) if tucked else points
    return grid("pullover", pose(points * MM), wool.data, closed=(False, True))


def _folds(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Soft creases, in millimetres, of knit that hangs from the shoulders."""
    fold = np.zeros(p.shape[:-1])
    for size in (90, 55, 34):
        way = rng.normal(size=3) * (1, 1, 0.5)
        way /= np.linalg.norm(way)
        bent = 14 * np.sin(p @ rng.normal(size=3) / 60)
        fold += size / 28 * np.sin((p @ way + bent) * 2 * np.pi / size + rng.uniform(0, 6))
    return fold * 0.55


def collar(pose: Pose, wool: Material, rng: np.random.Generator, ribs: int = 84):
    """The roll-neck: up the neck, over, and down outside, ribbed."""
    turn = np.linspace(0, 2 * np.pi, ribs * 10, endpoint=False)
    # height and distance from the neck along a cut through the folded collar
    cut = [(-178, 1.0), (-160, 1.0), (-147, 1.5), (-141.5, 3.2), (-140, 6.0), (-142, 9.0),
           (-150, 11.5), (-165, 13.0), (-182, 13.5), (-200, 13.5), (-208, 11),
           (-206, 7)]  # fmt: skip
    height, off = curve(cut, 70).T
    wobble = 2.2 * np.sin(2 * turn + 1) + 1.2 * np.sin(5 * turn + 2.2) + 0.7 * np.sin(11 * turn)
    z = height[:, None] + 0.8 * wobble + 7 * np.sin(turn)
    few = slice(None, None, 10)
    ray = np.stack([np.cos(turn), np.sin(turn), 0 * turn], -1) * np.ones((len(height), 1, 1))
    start = np.stack([0 * z, 26 + 0 * z, z], -1)
    skin = _reach(_bare, start[:, few], ray[:, few], 110)
    base = np.minimum(np.linalg.norm(skin - start[:, few], axis=-1), WIDEST)
    base = np.stack([np.interp(turn, turn[few], row, period=2 * np.pi) for row in base])
    rib = np.abs(np.cos(turn * ribs / 2)) ** 0.7 * 2.0
    slack = 1.6 * np.sin(3 * turn + 0.06 * height[:, None]) + 1.0 * np.sin(7 * turn + 1.3)
    radius = base + off[:, None] + (rib + slack) * np.clip(off / 6, 0.2, 1)[:, None]
    points = start + radius[..., None] * ray
    return grid("collar", pose(points * MM), wool.data, closed=(False, True))


def yarn(name: str, base: Colour, across: float, along: float) -> Material:
    """Stocking stitch: `across` stitches round the piece and `along` rows down it."""
    m = Material(name, base, Roughness=0.9, Sheen_Weight=0.5, Sheen_Roughness=0.5)
    split = m.add("ShaderNodeSeparateXYZ", Vector=m.coordinates("UV"))
    u = m.math("MULTIPLY", split.outputs[0], across)
    leg = m.math("PINGPONG", u, 0.5)
    v = m.math("ADD", m.math("MULTIPLY", split.outputs[1], along), m.math("MULTIPLY", leg, 1.3))
    row = m.math("ABSOLUTE", m.math("SINE", m.math("MULTIPLY", v, np.pi)))
    two = m.math("ABSOLUTE", m.math("SINE", m.math("MULTIPLY", u, 2 * np.pi)))
    height = m.math("MULTIPLY", m.math("POWER", row, 0.6), m.math("POWER", two, 0.5))
    where = m.coordinates()
    fibre = m.noise(where, 2200, 3, 0.7)
    stain = m.noise(where, 14, 4)
    dark = tuple(0.35 * c for c in base)
    tone = m.mix(height, dark, base)
    tone = m.mix(m.between(stain, 0.0, 0.4), tone, tuple(1.25 * c for c in base))
    m.put(m.bsdf, Base_Color=m.mix(m.between(fibre, 0, 0.5), tone, dark))
    m.bump(height, 0.0022, 0.9)
    m.bump(fibre, 0.0006, 0.5)
    return m


def fuzz(
    thing: bpy.types.Object, count: int, colour: Colour, rng: np.random.Generator
) -> bpy.types.Object:
    """Loose fibres that stand off a knitted piece."""
    p, n = roots(thing, count, rng)
    m = Material("fuzz", tuple(1.2 * c for c in colour), Roughness=0.9, Sheen_Weight=0.4)
    length = rng.uniform(0.0015, 0.005, count)
    points = grow(p, n, length, rng, steps=5, stray=0.8, wave=0.0004, turns=1)
    return strands(f"{thing.name} fuzz", points, taper(5, 3.0e-5, 1.5e-5), m.data)
