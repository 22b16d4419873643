"""A clothbound book lying on its back: x from spine to fore-edge, y from tail to head."""

from __future__ import annotations

import bpy
import numpy as np
from materials import Material, srgb
from shapes import curve, grid, mesh, tube

WIDTH, LENGTH, THICK, BOARD = 0.156, 0.224, 0.027, 0.0026
SQUARE = 0.0035  # how far the boards stand out over the leaves


def book(rng: np.random.Generator) -> list[bpy.types.Object]:
    """Case, leaves, headbands, gold blocking and ribbon, at the origin."""
    cloth = Material("bookcloth", Roughness=0.8, Sheen_Weight=0.12, Sheen_Roughness=0.4)
    where = cloth.coordinates()
    weave = [
        cloth.add("ShaderNodeTexWave", {"bands_direction": axis}, Vector=where, Scale=420.0,
                  Distortion=1.0, Detail=1.0).outputs["Fac"]
        for axis in "XY"
    ]  # fmt: skip
    weave = cloth.math("MULTIPLY", *weave)
    worn = cloth.noise(where, 130, 8, 0.75)
    tone = cloth.mix(cloth.between(weave, 0.0, 0.6), srgb("#0c2c36"), srgb("#1f4a56"))
    rub = cloth.ramp(worn, (0.52, (0, 0, 0)), (0.8, (1, 1, 1)))
    cloth.put(cloth.bsdf, Base_Color=cloth.mix(cloth.math("MULTIPLY", rub, 0.5), tone,
                                               srgb("#6c8a8c")))  # fmt: skip
    cloth.bump(weave, 0.0002, 0.6)
    cloth.bump(cloth.noise(where, 28, 4), 0.0008, 0.12)

    # The case's mid-surface in section: lower board, round spine with its joints, upper board.
    h, mid = BOARD / 2, THICK / 2
    edge = np.linspace(0, 1, 60)
    edge = WIDTH - (WIDTH - 0.016) * (1 - np.cos(np.pi / 2 * edge)) ** 0.8
    upper = np.stack([edge, np.full(60, THICK - h)], 1)
    joint = [
        (0.012, THICK - h - 0.0006),
        (0.0085, THICK - h - 0.0019),
        (0.0045, THICK - h - 0.0007),
    ]
    half = np.vstack([upper, joint, [(0.0005, THICK - h - 0.002), (-0.0035, mid + 0.006)]])
    section = np.vstack([half, [(-0.0045, mid)], (half * (1, -1) + (0, THICK))[::-1]])
    section = curve(section, 400)
    along = np.gradient(section, axis=0)
    normal = np.stack([along[:, 1], -along[:, 0]], 1)
    normal /= -np.linalg.norm(normal, axis=1, keepdims=True)
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(section, axis=0), axis=1))])
    y = LENGTH / 2 * np.sin(np.linspace(-np.pi / 2, np.pi / 2, 160))
    away = np.minimum(run, run[-1] - run)[:, None]
    away = np.minimum(away, (LENGTH / 2 - np.abs(y))[None])
    full = h * (1 - np.clip(1 - away / 0.0011, 0, 1) ** 3) ** (1 / 3)
    case = []
    for side in (1, -1):
        xz = section[:, None] + side * full[..., None] * normal[:, None]
        z = xz[..., 1] + lift(xz[..., 0], y[None]) * (xz[..., 1] > mid)
        cells = np.stack([xz[..., 0], np.broadcast_to(y, z.shape), z], -1)
        case.append(grid("case", cells, cloth.data))

    paper = Material("leaves", Roughness=0.85, Subsurface_Weight=0.2)
    paper.put(paper.bsdf, Subsurface_Radius=(0.002, 0.0015, 0.001))
    tan = paper.noise(paper.stretched(paper.coordinates(), (20, 20, 900)), 4, 4)
    edge_tone = paper.ramp(tan, (0.3, srgb("#bda67c")), (0.65, srgb("#e6d8b8")))
    foxed = paper.noise(paper.coordinates(), 60, 4)
    foxing = paper.ramp(foxed, (0.55, (1, 1, 1)), (0.75, (0.72, 0.6, 0.42)))
    paper.put(paper.bsdf, Base_Color=paper.mix(1.0, edge_tone, foxing, "MULTIPLY"))
    leaves = grid("leaves", leaf_edges(rng), paper.data, closed=(False, True), smooth=False)

    band = Material("headband", srgb("#8e2a25"), Roughness=0.6)
    ends = [
        tube("headband", curve([(0.001, side, BOARD + 0.003), (-0.0015, side, mid),
                                (0.001, side, THICK - BOARD - 0.003)], 24), 0.0011, band.data)
        for side in (-LENGTH / 2 + SQUARE, LENGTH / 2 - SQUARE)
    ]  # fmt: skip
    gold = Material("gold", srgb("#d2a24c"), Metallic=0.75, Roughness=0.4)
    wear = gold.noise(gold.coordinates(), 700, 4, 0.7)
    foil = gold.ramp(wear, (0.3, srgb("#7a6233")), (0.48, srgb("#e9c67a")))
    gold.put(gold.bsdf, Roughness=gold.between(wear, 0.3, 0.65), Base_Color=foil)
    return [*case, leaves, *ends, *blocking(gold.data), ribbon()]


def lift(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How far the upper board has warped up at a place, in metres: most at the tail's corner."""
    out = np.clip((x - 0.02) / (WIDTH - 0.02), 0, 1) ** 2
    return out * (0.0014 + 0.0012 * np.clip(-y / LENGTH * 2, -0.4, 1))


def leaf_edges(rng: np.random.Generator) -> np.ndarray:
    """`(levels, perimeter, 3)`: the cut edges of 130 leaves, no two quite flush."""
    low, high = (0.002, -LENGTH / 2 + SQUARE), (WIDTH - SQUARE, LENGTH / 2 - SQUARE)
    a = np.linspace(0, 1, 90, endpoint=False)
    u = np.concatenate([a, np.ones(90), 1 - a, np.zeros(90)])
    v = np.concatenate([np.zeros(90), a, np.ones(90), 1 - a])
    outline = np.stack([low[0] + u * (high[0] - low[0]), low[1] + v * (high[1] - low[1])], 1)
    normal = np.stack([(u == 1) * 1.0 - (u == 0), (v == 1) * 1.0 - (v == 0)], 1)
    leaves, levels = 130, []
    top, bottom = THICK - BOARD + 0.0002, BOARD - 0.0002
    wave = np.cumsum(rng.normal(0, 1, (leaves, 3)), 0)
    wave -= np.linspace(0, 1, leaves)[:, None] * wave[-1]
    swell = np.outer(np.arange(len(u)) / 28, np.arange(1, 4)) + rng.uniform(0, 6.3, 3)
    swell = np.sin(swell)
    pitch = (top - bottom) / leaves
    for n in range(leaves):
        share = n / leaves
        sway = 0.00006 * (swell @ wave[n])
        out = rng.normal(0, 0.00009) - 0.00035 * (n % 16 == 0)  # sections of 16 leaves
        out = out + 0.00005 * swell @ rng.normal(0, 1, 3)
        hollow = 0.0022 * ((2 * share - 1) ** 2 - 1) * (u == 1)  # of the fore-edge
        for level, inset in ((0.0, 0.00022), (0.12, 0.0), (0.85, 0.0)):
            z = bottom + (n + level) * pitch + sway * np.sin(np.pi * share)
            z = z + lift(outline[:, 0], outline[:, 1]) * share**2
            xy = outline + normal * (out + hollow - inset)[:, None]
            levels.append(np.column_stack([xy, z]))
    return np.array(levels)


def blocking(gold: bpy.types.Material) -> list[bpy.types.Object]:
    """Gold on the upper board: a double rule and a title."""
    things = []

    def laid(name: str, flat: np.ndarray, faces: list) -> None:
        z = THICK + lift(flat[:, 0], flat[:, 1]) + 0.00004
        things.append(mesh(name, np.column_stack([flat, z]), faces, gold, smooth=False))

    for inset, wide in ((0.0125, 0.0007), (0.0148, 0.0003)):
        x0, x1, y1 = 0.012 + inset, WIDTH - inset, LENGTH / 2 - inset
        corners = np.array([(x0, -y1), (x1, -y1), (x1, y1), (x0, y1), (x0, -y1)])
        t = np.linspace(0, 4, 401)
        centre = np.stack([np.interp(t, range(5), corners[:, k]) for k in (0, 1)], 1)
        inner = centre + np.sign(np.array([(x0 + x1) / 2, 0]) - centre) * wide
        rows = np.arange(400)
        quads = np.stack([rows, rows + 1, rows + 402, rows + 401], 1)
        laid("rule", np.vstack([centre, inner]), quads.tolist())
    for text, size, y in (
        ("ORCHARD", 0.0145, 0.045),
        ("NOTES", 0.0145, 0.026),
        ("F. L.", 0.007, -0.07),
    ):
        letters = bpy.data.curves.new("title", "FONT")
        letters.body, letters.size, letters.align_x = text, size, "CENTER"
        letters.space_character = 1.25
        letters.resolution_u = 6
        thing = bpy.data.objects.new("title", letters)
        bpy.context.scene.collection.objects.link(thing)
        bpy.context.view_layer.update()
        whole = bpy.data.meshes.new_from_object(thing)
        middle = np.array([(WIDTH + 0.012) / 2, y])
        flat = middle + [v.co[:2] for v in whole.vertices]
        laid("title", flat, [list(p.vertices) for p in whole.polygons])
        bpy.data.objects.remove(thing)
    return things


def ribbon() -> bpy.types.Object:
    """The marker: out of the leaves at the tail, over the lower board and down to the table."""
    silk = Material("silk", srgb("#a8231f"), Roughness=0.38, Anisotropic=0.5, Sheen_Weight=0.3)
    silk.bump(silk.noise(silk.stretched(silk.coordinates("UV"), (8, 900, 1)), 1, 2), 0.0001, 0.5)
    y = -LENGTH / 2
    path = curve(
        [(0.124, y + 0.03, 0.0118), (0.125, y + 0.004, 0.0118), (0.1258, y - 0.005, 0.0090),
         (0.127, y - 0.012, 0.0050), (0.132, y - 0.022, 0.0036), (0.141, y - 0.031, 0.0062),
         (0.153, y - 0.035, 0.0040), (0.166, y - 0.033, 0.0046)], 90,
    )  # fmt: skip
    t = np.linspace(0, 1, 90)
    ahead = np.gradient(path, axis=0)
    side = np.cross(ahead, np.array([0, 0, 1.0]) + 0.35 * np.sin(7 * t)[:, None] * (1, 0, 0))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    across = np.linspace(-0.003, 0.003, 7)
    points = path[:, None] + across[None, :, None] * side[:, None]
    points[-12:] += ahead[-12:, None] / np.linalg.norm(ahead[-1]) * across[None, :, None] * 0.7
    thing = grid("ribbon", points, silk.data, subdivide=1)
    thing.modifiers.new("thick", "SOLIDIFY").thickness = 0.0003
    return thing
