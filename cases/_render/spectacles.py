"""A pair of glasses: acetate front and temples, hinges, thin lenses one sees straight through."""

from __future__ import annotations

import bpy
import numpy as np
from materials import Material, metal, srgb
from mathutils import Matrix
from shapes import carve, curve, grid, lathe, melt, solid, tube

EYE, HALF, RIM = 0.0335, (0.0238, 0.0205), 0.0031  # lens centre, half width and height, rim
HINGE, TEMPLE = 0.0115, 0.142  # height of the hinges over the lens centres, length of a temple
FOOT = -HALF[1] - RIM
"""The lowest place of the rims."""


def spectacles() -> list[bpy.types.Object]:
    """Tortoise acetate front and temples, steel hinges, thin coated lenses.

    The lenses' centres are in the plane z = 0, the temples go along +y.
    """
    shell = Material("acetate", Roughness=0.16, Coat_Weight=0.6, Coat_Roughness=0.05)
    cloud = shell.noise(shell.stretched(shell.coordinates(), (1, 0.5, 1)), 85, 3, 0.55)
    amber = shell.ramp(cloud, (0.4, srgb("#160c07")), (0.56, srgb("#3a1e0d")),
                       (0.72, srgb("#9a5a20")))  # fmt: skip
    shell.put(shell.bsdf, Base_Color=amber)
    shell.bump(shell.noise(shell.coordinates(), 900, 3), 0.00006, 0.25)

    def front(p: np.ndarray) -> np.ndarray:
        x, y, z = np.moveaxis(p, -1, 0)
        y = y - wrap(x)
        hole = lens_distance(np.abs(x) - EYE, z)
        arch = 0.0075 - 0.0024 * (x / 0.011) ** 2
        bridge = np.where(np.abs(x) < 0.016, np.abs(z - arch) - 0.0026, 0.01)
        end = np.hypot(np.abs(x) - np.clip(np.abs(x), 0.055, 0.0655), z - HINGE) - 0.0034
        flat = melt(melt(hole - RIM, bridge, 0.004), end, 0.005)
        flat = carve(flat, hole, 0.0004)
        q = np.stack([flat + 0.0009, np.abs(y) - 0.0020 + 0.0009])
        d = np.minimum(q.max(0), 0) + np.linalg.norm(np.maximum(q, 0), axis=0) - 0.0009
        pad = np.stack([np.abs(x) - 0.0105, y - 0.0030, z + 0.0055], -1)
        pad = pad / (0.0016, 0.0034, 0.0062)
        return melt(d, (np.linalg.norm(pad, axis=-1) - 1) * 0.0016, 0.002)

    rims = solid(
        "front", front, (-0.071, -0.004, -0.026), (0.071, 0.022, 0.026), 0.00042, shell.data
    )
    steel = metal("steel", (0.72, 0.70, 0.66), 0.22)
    clear = lens_glass()
    things = [rims]
    for side in (-1, 1):
        path = temple(side)
        t = np.linspace(0, 1, len(path))[:, None]
        tall = 0.0026 - 0.0008 * t + 0.0008 * np.exp(-(((t - 0.9) / 0.08) ** 2))
        tall = tall * np.clip((1.0005 - t) / 0.02, 0, 1) ** 0.5
        tall *= np.clip((t + 0.0005) / 0.004, 0, 1) ** 0.5
        a = np.linspace(0, 2 * np.pi, 28, endpoint=False)
        ahead = np.gradient(path, axis=0)
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        up = np.cross(np.array([1.0, 0, 0]), ahead)
        box = (
            np.sign(np.cos(a)) * np.abs(np.cos(a)) ** 0.5,
            np.sign(np.sin(a)) * np.abs(np.sin(a)) ** 0.5,
        )
        ring = path[:, None] + (tall * 0.62 * box[0])[..., None] * np.array([1.0, 0, 0])
        ring = ring + (tall * box[1])[..., None] * up[:, None]
        things.append(grid("temple", ring, shell.data, closed=(False, True), subdivide=1))
        x = side * 0.0642
        for z in (-0.0016, 0, 0.0016):  # the hinge's barrels
            post = [
                (x, wrap(x) + 0.0034, HINGE + z - 0.0007),
                (x, wrap(x) + 0.0034, HINGE + z + 0.0007),
            ]
            things.append(tube("hinge", np.linspace(*post, 4), 0.0011, steel.data))
        for z in (-0.0022, 0.0022):  # rivets' heads on the front
            dot = lathe(
                "rivet",
                [(0.0001, 0.0004), (0.0006, 0.00035), (0.0009, 0.0001), (0.001, -0.0003)],
                steel.data,
                segments=24,
            )
            dot.data.transform(Matrix.Translation((side * 0.0615, wrap(0.0615) - 0.0020, HINGE + z))
                               @ Matrix.Rotation(np.pi / 2, 4, "X"))  # fmt: skip
            things.append(dot)
        share, angle = np.meshgrid(
            np.linspace(0.001, 1.0, 24),
            np.linspace(0, 2 * np.pi, 96, endpoint=False),
            indexing="ij",
        )
        x, z = lens_point(share, angle)
        things.append(
            grid(
                "lens",
                np.stack([x + side * EYE, wrap(x + side * EYE) + bulge(x, z), z], -1),
                clear.data,
                closed=(False, True),
            )
        )
    return things


def wrap(x):
    """How far the front bends back at `x` from its middle."""
    return x**2 / 0.7


def bulge(x, z):
    """The lens's curve before its rim, of 13 cm radius."""
    return (x**2 + z**2) / 0.26 - 0.0018


def lens_distance(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """About the distance from a lens's edge: a round shape, wider above than below."""
    wide = HALF[0] * (1 + 0.07 * np.clip(z / HALF[1], -1, 1))
    return ((np.abs(x / wide) ** 2.3 + np.abs(z / HALF[1]) ** 2.3) ** (1 / 2.3) - 1) * HALF[1]


def lens_point(share: np.ndarray | float, angle: np.ndarray | float):
    """x and z at a share of the way from a lens's centre to its edge."""
    c, t = np.cos(angle), np.sin(angle)
    r = (np.abs(c) ** 2.3 + np.abs(t) ** 2.3) ** (-1 / 2.3)
    z = share * r * t * HALF[1]
    return share * r * c * HALF[0] * (1 + 0.07 * z / HALF[1]), z


def temple(side: int) -> np.ndarray:
    """The middle of a temple from its hinge to its tip."""
    x = side * 0.0645
    return curve(
        [(x, 0.0095, HINGE), (x * 1.035, 0.05, HINGE - 0.0006), (x * 1.02, 0.092, HINGE - 0.002),
         (x * 1.0, 0.108, HINGE - 0.006), (x * 0.98, 0.126, HINGE - 0.019),
         (x * 0.965, TEMPLE, HINGE - 0.0335)], 120,
    )  # fmt: skip


def lens_glass() -> Material:
    """A thin lens with an anti-reflection coat: straight through, a trace of reflection."""
    m = Material("lens")
    facing = m.add("ShaderNodeLayerWeight", Blend=0.5).outputs["Facing"]
    coat = m.math("ADD", m.math("MULTIPLY", m.math("POWER", facing, 5.0), 0.8), 0.014)
    through = m.add("ShaderNodeBsdfTransparent", Color=(0.985, 0.99, 0.985, 1))
    shine = m.add("ShaderNodeBsdfAnisotropic", Color=(0.75, 0.95, 0.85, 1), Roughness=0.02)
    both = m.add("ShaderNodeMixShader", Fac=coat, _1=through, _2=shine)
    m.put(m.output, Surface=both)
    return m
