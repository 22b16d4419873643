"""Fur by regions: roots, combing and colour from fields over the body, seen by the camera.

A body is a signed distance; what differs over it (length, direction, colour, density) is
said by weights from 0 to 1, made of `blob` and `ramp`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import bpy
import numpy as np
from materials import Colour, Material
from mathutils import Vector
from scipy.ndimage import binary_closing
from shapes import Distance, grid, solid
from strands import grow, strands
from studio import Studio

Field = Callable[[np.ndarray], np.ndarray]


def ramp(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 at `low`, 1 at `high` (which may be the lesser), smooth between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def blob(
    p: np.ndarray, centre: Sequence[float], radii: Sequence[float], soft: float = 0.3
) -> np.ndarray:
    """Weight of an ellipsoid: 1 inside, 0 outside, falling over the share `soft` of its radius."""
    k = np.linalg.norm((p - np.asarray(centre, float)) / np.asarray(radii, float), axis=-1)
    return ramp(k, 1 + soft, 1 - soft)


def unit(v: np.ndarray) -> np.ndarray:
    """Vectors of length 1."""
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12)


def frame(forward: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Rows right, up, forward: unit, square, `forward` kept."""
    forward = unit(forward)
    right = unit(np.cross(forward, up))
    return np.stack([right, np.cross(right, forward), forward])


def comb(normal: np.ndarray, flow: np.ndarray, lift: np.ndarray | float) -> np.ndarray:
    """Unit directions that lie along `flow` on the skin and rise from it; `lift` 0 flat … 1 up."""
    flat = unit(flow - (flow * normal).sum(-1, keepdims=True) * normal)
    angle = np.broadcast_to(np.asarray(lift, float) * np.pi / 2, len(normal))[:, None]
    return np.cos(angle) * flat + np.sin(angle) * normal


def drop(p: np.ndarray, distance: Distance, rounds: int = 6, step: float = 1e-4) -> np.ndarray:
    """Points moved along the gradient onto the surface of a body."""
    p = np.array(p, float)
    for _ in range(rounds):
        slope = [distance(p + d) - distance(p - d) for d in step * np.eye(3)]
        slope = np.stack(slope, -1) / (2 * step)
        p = p - distance(p)[:, None] * slope / np.maximum((slope**2).sum(-1), 0.2)[:, None]
    return p


def lattice_noise(p: np.ndarray, size: float, seed: int) -> np.ndarray:
    """Smooth noise over space with features of `size` metres, about 0, mostly within ±1."""
    rng = np.random.default_rng(seed)
    wave = rng.normal(0, 1, (12, 3)) * 2.2 / size
    phase = rng.uniform(0, 2 * np.pi, 12)
    return np.sin(p @ wave.T + phase).sum(-1) / np.sqrt(12 / 2) / 1.5


def coat(
    name: str,
    points: np.ndarray,
    radius: np.ndarray,
    colours: np.ndarray,
    material: bpy.types.Material,
) -> bpy.types.Object:
    """Strands, `(N, K, 3)`, with a scene-linear colour, `(N, K, 3)`, at each of their points."""
    thing = strands(name, points, radius, material)
    layer = thing.data.attributes.new("colour", "FLOAT_COLOR", "POINT")
    rgba = np.concatenate([colours, np.ones((*colours.shape[:2], 1))], -1)
    layer.data.foreach_set("color", np.ascontiguousarray(rgba, np.float32).ravel())
    return thing


def pelt(name: str, roughness: float = 0.35, vary: float = 0.1) -> bpy.types.Material:
    """Material of a `coat`: Principled Hair whose reflected colour is that of the strand."""
    material = Material(name)
    colour = material.add("ShaderNodeAttribute", {"attribute_name": "colour"})
    info = material.add("ShaderNodeHairInfo")
    shade = material.add("ShaderNodeHueSaturation", Hue=0.5, Saturation=1.0, Fac=1.0)
    value = material.between(info.outputs["Random"], 1 - vary, 1 + vary)
    material.put(shade, Color=colour.outputs["Color"], Value=value)
    node = material.add("ShaderNodeBsdfHairPrincipled", {"parametrization": "COLOR"})
    material.put(node, Color=shade, Roughness=roughness, Radial_Roughness=0.5)
    material.put(node, Random_Roughness=0.2, Random=info.outputs["Random"])
    material.put(material.output, Surface=node.outputs[0])
    return material.data


def skin(name: str, roughness: float = 0.6, scatter: float = 0.0) -> Material:
    """Material of a `painted` mesh."""
    material = Material(name, Roughness=roughness, Subsurface_Weight=scatter)
    colour = material.add("ShaderNodeAttribute", {"attribute_name": "colour"})
    material.put(material.bsdf, Base_Color=colour.outputs["Color"])
    return material


def painted(thing: bpy.types.Object, paint: Field) -> bpy.types.Object:
    """Give a mesh the colours `paint(vertices)`, `(N, 3)` scene-linear."""
    where = local(thing)
    layer = thing.data.attributes.new("colour", "FLOAT_COLOR", "POINT")
    rgba = np.concatenate([paint(where), np.ones((len(where), 1))], 1)
    layer.data.foreach_set("color", np.ascontiguousarray(rgba, np.float32).ravel())
    return thing


def local(thing: bpy.types.Object) -> np.ndarray:
    """`(N, 3)` vertices of a mesh as stored."""
    found = np.empty(3 * len(thing.data.vertices))
    thing.data.vertices.foreach_get("co", found)
    return found.reshape(-1, 3)


def body(name: str, distance: Distance, *box: object) -> bpy.types.Object:
    """`shapes.solid` with its normals outwards, so that fur can grow from it."""
    thing = solid(name, distance, *box)
    where = local(thing)
    normal = np.empty(where.size)
    thing.data.vertex_normals.foreach_get("vector", normal)
    out = distance(where + 1e-4 * normal.reshape(-1, 3)) - distance(where)
    if np.median(out) < 0:
        thing.data.flip_normals()
    return thing


def posed(thing: bpy.types.Object, pose: Field) -> bpy.types.Object:
    """Bend a mesh: its vertices go to `pose(vertices)`."""
    thing.data.vertices.foreach_set("co", pose(local(thing)).ravel())
    thing.data.update()
    return thing


def shade(
    root: Colour | np.ndarray, middle: Colour | np.ndarray, tip: Colour | np.ndarray, steps: int
) -> np.ndarray:
    """`(N, steps, 3)` colours along strands from three, each `(3,)` or `(N, 3)`."""
    t = np.linspace(0, 1, steps)[None, :, None]
    root, middle, tip = (np.atleast_2d(c)[:, None, :] for c in (root, middle, tip))
    low = np.clip(t / 0.5, 0, 1)
    high = np.clip((t - 0.55) / 0.35, 0, 1)
    return (root + low * (middle - root)) * (1 - high) + high * tip


def clumped(
    root: np.ndarray,
    direction: np.ndarray,
    length: np.ndarray,
    rng: np.random.Generator,
    *,
    tufts: int,
    pull: float,
    fine: int = 0,
    **options: object,
) -> np.ndarray:
    """`strands.grow` with tufts in tufts: `fine` small clumps inside `tufts` large ones."""
    whole = grow(root, direction, length, rng, clumps=tufts, clump=pull, **options)
    if fine:
        from scipy.spatial import cKDTree

        t = np.linspace(0, 1, whole.shape[1])[None, :, None]
        guide = rng.choice(len(root), min(fine, len(root)), replace=False)
        near = guide[cKDTree(root[guide]).query(root)[1]]
        whole = whole + 0.55 * t**1.3 * rng.uniform(0.3, 1, (len(root), 1, 1)) * (
            whole[near] - whole
        )
    return whole


def pixels(s: Studio, points: np.ndarray) -> np.ndarray:
    """`studio.project` for `(…, 3)` points at once."""
    p = np.asarray(points, float)
    v = s.project([(0, 0, 0)])  # makes sure that the camera is up to date
    assert v.shape == (1, 2)
    camera = s.scene.camera
    view = np.array(camera.matrix_world.inverted())
    width, height = s.size
    seen = p @ view[:3, :3].T + view[:3, 3]
    across = camera.data.sensor_width / camera.data.lens / max(width, height)
    return np.stack(
        [
            width / 2 - seen[..., 0] / seen[..., 2] / across,
            height / 2 + seen[..., 1] / seen[..., 2] / across,
        ],
        -1,
    )


def covered(s: Studio, *points: np.ndarray, close: int = 6) -> np.ndarray:
    """`(H, W) bool`: roughly where strands or vertices `(…, 3)` stand in the picture."""
    width, height = s.size
    mask = np.zeros((height, width), bool)
    for some in points:
        x, y = np.rint(pixels(s, some).reshape(-1, 2)).astype(int).T
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        mask[y[inside], x[inside]] = True
    padded = np.pad(mask, 2 * close)
    return binary_closing(padded, iterations=close)[2 * close : -2 * close, 2 * close : -2 * close]


def outside(path: np.ndarray, mask: np.ndarray, margin: float = 5, tip: float = 0.85):
    """The last part of a pixel path that lies in the picture and off the mask, or None.

    It starts `margin` px after the mask's edge and ends at the share `tip` of the path.
    """
    many = np.stack([np.interp(np.linspace(0, tip, 200), np.linspace(0, 1, len(path)), c)
                     for c in path.T], 1)  # fmt: skip
    x, y = np.rint(many).astype(int).T
    inside = (x >= 0) & (x < mask.shape[1]) & (y >= 0) & (y < mask.shape[0])
    if not inside.all():
        return None
    on = np.flatnonzero(mask[y, x])
    free = many[on[-1] + 1 :] if len(on) else many
    if len(free) < 2:
        return None
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(free, axis=0), axis=1))])
    free = free[run >= margin]
    return free[:: max(1, len(free) // 6)] if len(free) > 8 else None


def whiskers(
    rng: np.random.Generator,
    root: np.ndarray,
    way: np.ndarray,
    length: np.ndarray,
    sag: Sequence[float],
    distance: Distance,
) -> np.ndarray:
    """`(N, 24, 3)` whiskers of `length` from near the skin along `way`, bent by about `sag`."""
    way = unit(way + rng.normal(0, 0.07, way.shape))
    length = length * rng.uniform(0.87, 1.1, len(way))
    bend = np.asarray(sag) * rng.uniform(0.6, 1.3, (len(way), 1))
    return grow(drop(root, distance), way, length, rng, steps=24, bend=bend, stray=0.0)


def edge_box(
    mask: np.ndarray, at: Sequence[float], way: tuple[int, int], size: Sequence[float]
) -> tuple[float, float, float, float]:
    """A box (x, y, width, height) about the mask's last pixel from `at` straight along `way`."""
    x, y = np.rint(at).astype(int)
    if way[0]:
        x = np.flatnonzero(mask[y])[0 if way[0] < 0 else -1]
    else:
        y = np.flatnonzero(mask[:, x])[0 if way[1] < 0 else -1]
    return x - size[0] / 2, y - size[1] / 2, size[0], size[1]


def free_paths(s: Studio, whiskers: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    """The pixel paths of those whiskers that stand clear of the mask for 25 px or more."""
    found = [outside(path, mask) for path in pixels(s, whiskers)]
    return [path for path in found if path is not None and np.ptp(path, 0).max() > 25]


def eyeball(
    name: str,
    at: Sequence[float],
    look: np.ndarray,
    radius: float,
    tones: Sequence[tuple[float, Colour]],
) -> bpy.types.Object:
    """A wet eye that looks along `look`; `tones` are colours over the distance from the pupil's
    middle in shares of the radius."""
    lens = Material("eye", Roughness=0.12, Coat_Weight=1.0, Coat_Roughness=0.01, Coat_IOR=1.4)
    lens.put(lens.bsdf, Specular_IOR_Level=0.3)
    where = lens.coordinates()
    flat = lens.add("ShaderNodeVectorMath", {"operation": "MULTIPLY"}, _0=where, _1=(1, 1, 0))
    away = lens.add("ShaderNodeVectorMath", {"operation": "LENGTH"}, _0=flat).outputs["Value"]
    ray = lens.noise(lens.stretched(where, (900, 900, 120)), 1.0, 4)
    share = lens.math("MULTIPLY", away, 1 / radius)
    ring = lens.math("ADD", share, lens.between(ray, -0.05, 0.05))
    lens.put(lens.bsdf, Base_Color=lens.ramp(ring, *tones))
    turn = np.linspace(0, np.pi, 65)[:, None]
    around = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    x, y = np.sin(turn) * np.cos(around), np.sin(turn) * np.sin(around)
    ball = np.stack([x, y, np.cos(turn) + 0 * around], -1) * radius
    thing = grid(name, ball, lens.data, closed=(False, True))
    thing.rotation_euler = Vector(look).to_track_quat("Z", "Y").to_euler()
    thing.location = at
    return thing
