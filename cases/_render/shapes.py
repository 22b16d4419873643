"""Meshes from numbers: turned on a lathe, swept along a path, melted from soft bodies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import bpy
import numpy as np
from scipy.interpolate import CubicSpline
from skimage.measure import marching_cubes

Distance = Callable[[np.ndarray], np.ndarray]
"""Signed distance: points `(…, 3)` → metres `(…)`, negative inside."""


def mesh(
    name: str,
    vertices: np.ndarray,
    faces: Sequence[Sequence[int]],
    material: bpy.types.Material | None = None,
    *,
    smooth: bool = True,
    subdivide: int = 0,
    uv: np.ndarray | None = None,
) -> bpy.types.Object:
    """An object of `(N, 3)` vertices and faces; `uv`, `(N, 2)`, goes to the vertices' corners."""
    data = bpy.data.meshes.new(name)
    data.from_pydata(np.asarray(vertices, float).tolist(), [], [list(map(int, f)) for f in faces])
    data.validate()
    data.polygons.foreach_set("use_smooth", [smooth] * len(data.polygons))
    if uv is not None:
        layer = data.uv_layers.new(name="uv")
        index = np.empty(len(data.loops), int)
        data.loops.foreach_get("vertex_index", index)
        layer.data.foreach_set("uv", np.asarray(uv, float)[index].ravel())
    thing = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(thing)
    if material:
        data.materials.append(material)
    if subdivide:
        modifier = thing.modifiers.new("subdivide", "SUBSURF")
        modifier.levels = modifier.render_levels = subdivide
    return thing


def grid(
    name: str,
    points: np.ndarray,
    material: bpy.types.Material | None = None,
    *,
    closed: tuple[bool, bool] = (False, False),
    **options: object,
) -> bpy.types.Object:
    """A surface through `(A, B, 3)` points, closed along either axis where asked; has UVs."""
    rows, columns = points.shape[:2]
    a = np.arange(rows if closed[0] else rows - 1)
    b = np.arange(columns if closed[1] else columns - 1)
    a, b = (x.ravel() for x in np.meshgrid(a, b, indexing="ij"))
    a1, b1 = (a + 1) % rows, (b + 1) % columns
    faces = np.stack([a * columns + b, a1 * columns + b, a1 * columns + b1, a * columns + b1], 1)
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    uv = np.stack([u.ravel(), v.ravel()], 1)
    return mesh(name, points.reshape(-1, 3), faces.tolist(), material, uv=uv, **options)


def lathe(
    name: str,
    profile: Sequence[tuple[float, float]],
    material: bpy.types.Material | None = None,
    *,
    segments: int = 128,
    **options: object,
) -> bpy.types.Object:
    """Turn a profile of (radius, height) about the z axis; bottom to top, outside then inside."""
    radius, height = np.array(profile, float).T
    angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    points = np.stack(
        [
            np.outer(radius, np.cos(angle)),
            np.outer(radius, np.sin(angle)),
            np.repeat(height[:, None], segments, 1),
        ],
        axis=-1,
    )
    return grid(name, points, material, closed=(False, True), **options)


def curve(points: Sequence[Sequence[float]], count: int, *, closed: bool = False) -> np.ndarray:
    """`(count, D)`: a smooth curve through the points, evenly spaced by their chords."""
    through = np.asarray(points, float)
    if closed:
        through = np.vstack([through, through[:1]])
    chord = np.linalg.norm(np.diff(through, axis=0), axis=1)
    at = np.concatenate([[0], np.cumsum(chord)])
    spline = CubicSpline(at, through, bc_type="periodic" if closed else "natural")
    return spline(np.linspace(0, at[-1], count, endpoint=not closed))


def tube(
    name: str,
    path: np.ndarray,
    radius: float | np.ndarray,
    material: bpy.types.Material | None = None,
    *,
    segments: int = 16,
    closed: bool = False,
    **options: object,
) -> bpy.types.Object:
    """A round tube along `(N, 3)` points; `radius` may vary along it. Ends are capped."""
    tangent = np.gradient(path, axis=0)
    if closed:
        tangent = np.roll(path, -1, 0) - np.roll(path, 1, 0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    side = _parallel(tangent)
    up = np.cross(tangent, side)
    angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    radius = np.broadcast_to(radius, len(path))[:, None, None]
    ring = np.cos(angle)[:, None] * side[:, None] + np.sin(angle)[:, None] * up[:, None]
    points = path[:, None] + radius * ring
    if not closed:
        points = np.concatenate([np.repeat(path[:1, None], segments, 1), points])
        points = np.concatenate([points, np.repeat(path[-1:, None], segments, 1)])
    return grid(name, points, material, closed=(closed, True), **options)


def _parallel(tangent: np.ndarray) -> np.ndarray:
    """`(N, 3)` unit vectors square to the tangents that twist as little as possible."""
    first = np.eye(3)[np.argmin(np.abs(tangent[0]))]
    found = [np.cross(tangent[0], first)]
    for t in tangent:
        s = found[-1] - t * (found[-1] @ t)
        found.append(s / np.linalg.norm(s))
    return np.array(found[1:])


def ellipsoid(centre: Sequence[float], radii: Sequence[float], turn: np.ndarray | None = None):
    """Signed distance (near the surface) of an ellipsoid, turned by a 3×3 matrix if given."""
    centre, radii = np.asarray(centre, float), np.asarray(radii, float)

    def distance(p: np.ndarray) -> np.ndarray:
        q = p - centre
        if turn is not None:
            q = q @ turn
        k0 = np.linalg.norm(q / radii, axis=-1)
        k1 = np.linalg.norm(q / radii**2, axis=-1)
        return k0 * (k0 - 1) / np.maximum(k1, 1e-9)

    return distance


def capsule(a: Sequence[float], b: Sequence[float], ra: float, rb: float | None = None) -> Distance:
    """Signed distance of a thick line from a to b, of radius `ra` at one end, `rb` at the other."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    rb = ra if rb is None else rb

    def distance(p: np.ndarray) -> np.ndarray:
        t = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        return np.linalg.norm(p - a - t[..., None] * (b - a), axis=-1) - (ra + t * (rb - ra))

    return distance


def melt(a: np.ndarray, b: np.ndarray, k: float) -> np.ndarray:
    """Union of two distances, blended over `k` metres (polynomial smooth minimum)."""
    h = np.maximum(k - np.abs(a - b), 0) / k
    return np.minimum(a, b) - h * h * k / 4


def carve(a: np.ndarray, b: np.ndarray, k: float) -> np.ndarray:
    """Distance a with b taken away, the rim rounded over `k` metres."""
    return -melt(-a, b, k)


def solid(
    name: str,
    distance: Distance,
    low: Sequence[float],
    high: Sequence[float],
    step: float,
    material: bpy.types.Material | None = None,
    **options: object,
) -> bpy.types.Object:
    """The surface where `distance` is zero within a box, on a lattice of `step` metres."""
    axes = [np.arange(a, b + step, step) for a, b in zip(low, high, strict=True)]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    vertices, faces, _, _ = marching_cubes(distance(lattice), 0.0, spacing=(step,) * 3)
    return mesh(name, vertices + np.asarray(low, float), faces[:, ::-1], material, **options)
