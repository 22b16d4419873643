"""An apple, a clothbound book and a pair of glasses on linen, lit by a window from the left."""

from __future__ import annotations

import bpy
import numpy as np
from book import BOARD, LENGTH, SQUARE, THICK, WIDTH, book
from case import About, Points
from materials import Material, srgb
from mathutils import Matrix
from shapes import curve, grid, tube
from spectacles import (
    EYE,
    FOOT,
    HALF,
    RIM,
    bulge,
    lens_point,
    spectacles,
    temple,
    wrap,
)
from studio import Studio

ABOUT = About(
    "still-life",
    "apple",
    "Apple, book and glasses overlapping on linen",
    "亚麻布上交叠的苹果、书本和眼镜",
    seed=23,
    most=512,
)
# Where things stand on the table (metres) and how they are turned about the vertical (degrees).
BOOK, BOOK_TURN = (-0.087, 0.055), -24
APPLE, APPLE_TURN = (0.104, -0.030, 0.0), 200
GLASSES, GLASSES_TURN = (-0.083, -0.126), -20
WINDOW = (-1.3, 0.40, 0.78)
CAMERA = (0.045, -0.84, 0.43)
STEM = curve([(0.002, 0, 0.0525), (0.0025, 0.0005, 0.062), (0.0045, 0.0015, 0.073),
              (0.0090, 0.0025, 0.0835)], 40)  # fmt: skip


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    table(s)
    volume, frame = book(s.rng), spectacles()
    s.subject(*volume, *frame)
    place = Matrix.Translation((*BOOK, 0)) @ Matrix.Rotation(np.radians(BOOK_TURN), 4, "Z")
    at_book = move(volume, place)
    at_apple = apple(s)
    # The glasses stand on their rims, the temples' tips on the book.
    tip = temple(1)[-6] - (0, 0, FOOT + 0.002)
    rise = np.arcsin((THICK + 0.001 - tip[2]) / tip[1])
    place = Matrix.Rotation(rise, 4, "X") @ Matrix.Translation((0, 0, -FOOT))
    place = Matrix.Rotation(np.radians(GLASSES_TURN), 4, "Z") @ place
    at_glasses = move(frame, Matrix.Translation((*GLASSES, 0.0003)) @ place)

    s.world("interior", strength=0.11, turn=200)
    s.softbox(WINDOW, (0, 0, 0.03), size=(0.30, 0.5), watts=56, kelvin=5600)
    s.softbox((1.2, -0.7, 0.7), (0, 0, 0.05), size=(0.9, 0.9), watts=1.8, kelvin=4600)
    s.exposure(0.15)
    s.camera(CAMERA, (0.012, -0.006, 0.022), mm=88, f_stop=14, focus=(0, -0.07, 0.03))
    observe(s, points, at_book, at_apple, at_glasses)


def move(things: list[bpy.types.Object], place: Matrix):
    """Put objects made about the origin in their place; returns what does so with points."""
    for thing in things:
        thing.matrix_world = place
    turn = np.array(place)
    return lambda p: np.atleast_2d(np.asarray(p, float)) @ turn[:3, :3].T + turn[:3, 3]


def table(s: Studio) -> None:
    """Washed linen with slubs, soft ripples and the creases of its folding; a wall far behind."""
    x, y = np.meshgrid(np.linspace(-0.9, 0.9, 700), np.linspace(-0.6, 0.75, 520))
    z = np.zeros_like(x)
    for _ in range(26):  # ripples some 5 to 20 cm long, half a millimetre high
        k = s.rng.normal(0, 38, 2)
        z += 0.0004 * np.sin(k[0] * x + k[1] * y + s.rng.uniform(0, 6.3))
    for angle, off in ((4, 0.205), (91.5, 0.168), (96, -0.23)):  # ironed folds
        a = np.radians(angle)
        d = x * -np.sin(a) + y * np.cos(a) - off + 0.002 * np.sin(25 * (x + y))
        z += 0.0024 * np.exp(-np.abs(d) / 0.005) - 0.001 * np.exp(-((d / 0.03) ** 2))
    z -= z.reshape(-1)[np.argmin(x.ravel() ** 2 + y.ravel() ** 2)] + 0.0004
    m = Material("linen", Roughness=0.9, Sheen_Weight=0.25, Sheen_Roughness=0.5)
    where = m.coordinates()
    height = None
    tone = srgb("#c9c0b0")
    for axis, stretch in (("X", (1, 0.03, 1)), ("Y", (0.03, 1, 1))):
        slub = m.noise(m.stretched(where, stretch), 900, 2, 0.6)
        thick = m.ramp(slub, (0.36, (0.7,) * 3), (0.62, (1.05,) * 3))
        tone = m.mix(0.4, tone, thick, "MULTIPLY")
        wave = m.add("ShaderNodeTexWave", {"bands_direction": axis}, Vector=where)
        m.put(wave, Scale=330.0, Distortion=1.2, Detail=2.0, Detail_Scale=1.5)  # 1 mm threads
        high = m.math("ADD", wave.outputs["Fac"], slub)
        height = high if height is None else m.math("ADD", height, high)
    stain = m.ramp(m.noise(where, 7, 5), (0.3, (0.88, 0.86, 0.83)), (0.7, (1, 1, 1)))
    m.put(m.bsdf, Base_Color=m.mix(1.0, tone, stain, "MULTIPLY"))
    m.bump(height, 0.00035, 0.8)
    grid("linen", np.stack([x, y, z], -1), m.data)
    wall = np.array([[[-5, 2.2, -2], [5, 2.2, -2]], [[-5, 2.2, 4], [5, 2.2, 4]]], float)
    grid("wall", wall, Material("wall", srgb("#4b4a44"), Roughness=0.9).data)


def apple(s: Studio):
    """An apple with its hollows, five low ribs, lopsided shoulders, and a woody stem."""
    profile = curve(
        [(0.0003, 0.0065), (0.004, 0.006), (0.009, 0.0025), (0.0135, 0.0004), (0.019, 0.0012),
         (0.027, 0.008), (0.0338, 0.019), (0.0376, 0.033), (0.038, 0.043), (0.0362, 0.054),
         (0.031, 0.0632), (0.0235, 0.0683), (0.0165, 0.0688), (0.0105, 0.0655), (0.006, 0.059),
         (0.0027, 0.0545), (0.0003, 0.0535)], 180,
    )  # fmt: skip
    radius, height = profile.T
    angle = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    a, up = angle[None], (height / 0.069)[:, None]
    r = radius[:, None] * (1 + 0.014 * np.cos(2 * a + 0.6) + 0.008 * np.cos(3 * a + 2)
                           + (0.008 + 0.016 * (1 - up) ** 2) * np.cos(5 * a))  # fmt: skip
    z = height[:, None] + (r / 0.038) * (0.0032 * np.cos(a - 1.2) + 0.0012 * np.cos(5 * a)) * up**2
    z = z + 0.0012 * np.cos(5 * a) * (1 - up) ** 4 * (r > 0.008)
    x, y = r * np.cos(a) + 0.002 * up, r * np.sin(a)
    flesh = grid("apple", np.stack([x, y, z], -1), skin().data, closed=(False, True), subdivide=1)

    bark = Material("stem", Roughness=0.75)
    rough = bark.noise(bark.stretched(bark.coordinates(), (1, 1, 0.25)), 900, 4, 0.7)
    brown = bark.ramp(rough, (0.3, srgb("#3a2717")), (0.7, srgb("#84663c")))
    bark.put(bark.bsdf, Base_Color=brown)
    bark.bump(rough, 0.0005, 0.9)
    t = np.linspace(0, 1, 40)
    thick = 0.00115 + 0.0006 * (1 - t) ** 4 + 0.0011 * np.clip(t - 0.72, 0, 1) ** 1.3 / 0.19
    stem = tube("stem", STEM, thick, bark.data, segments=20, subdivide=1)
    s.subject(flesh, stem)
    place = Matrix.Rotation(np.radians(APPLE_TURN), 4, "Z")
    place = Matrix.Translation(APPLE) @ Matrix.Rotation(np.radians(7), 4, "X") @ place
    at = move([flesh, stem], place)
    low = at(np.stack([x, y, z], -1).reshape(-1, 3))[:, 2].min()
    return move([flesh, stem], Matrix.Translation((0, 0, -low)) @ place)


def skin() -> Material:
    """Yellow ground, red blush in streaks along the meridians, russet, lenticels, wax."""
    m = Material("skin", Roughness=0.42, Subsurface_Weight=0.12, Coat_Weight=0.55)
    m.put(m.bsdf, Subsurface_Radius=(0.006, 0.003, 0.001), Coat_IOR=1.42)
    where = m.coordinates()
    apart = m.add("ShaderNodeSeparateXYZ", Vector=where)
    flat = m.add("ShaderNodeCombineXYZ", X=apart.outputs[0], Y=apart.outputs[1])
    round_ = m.add("ShaderNodeVectorMath", {"operation": "NORMALIZE"}, _0=flat)
    around = m.add("ShaderNodeSeparateXYZ", Vector=round_)
    z = apart.outputs[2]

    def meridian(fine: float, long: float, detail: float = 5):
        across = m.add("ShaderNodeCombineXYZ", X=m.math("MULTIPLY", around.outputs[0], fine),
                       Y=m.math("MULTIPLY", around.outputs[1], fine),
                       Z=m.math("MULTIPLY", z, long))  # fmt: skip
        return m.noise(across, 1.0, detail, 0.62)

    sunny = m.math("MULTIPLY_ADD", around.outputs[0], 0.16)
    sunny.inputs[2].default_value = 0.5
    broad = m.noise(where, 26, 4)
    sunny = m.math("ADD", sunny, m.math("MULTIPLY", m.math("SUBTRACT", broad, 0.5), 0.8))
    sunny = m.math("ADD", sunny, m.math("MULTIPLY", m.math("SUBTRACT", z, 0.036), 2.2))
    streak = m.math("SUBTRACT", meridian(9, 22), 0.5)
    fine = m.math("SUBTRACT", meridian(34, 40, 3), 0.5)
    red = m.math("ADD", sunny, m.math("MULTIPLY", streak, 0.85))
    red = m.math("ADD", red, m.math("MULTIPLY", fine, 0.7))
    ground = m.mix(broad, srgb("#c9b44e"), srgb("#dfc163"))
    blush = m.ramp(red, (0.25, srgb("#dca24a")), (0.5, srgb("#b8452a")), (0.85, srgb("#7e141a")))
    tone = m.mix(m.ramp(red, (0.16, (0, 0, 0)), (0.54, (1, 1, 1))), ground, blush)
    # Green and russet in the stem's hollow: near the axis and high up.
    axis = m.add("ShaderNodeVectorMath", {"operation": "LENGTH"}, _0=flat).outputs["Value"]
    near = m.math("ADD", axis, m.math("MULTIPLY", meridian(7, 30), 0.014))
    hollow = m.ramp(near, (0.012, (1, 1, 1)), (0.026, (0, 0, 0)))
    tone = m.mix(m.math("MULTIPLY", hollow, 0.8), tone, srgb("#9a8a3f"))
    rust = m.ramp(near, (0.008, (1, 1, 1)), (0.0165, (0, 0, 0)))
    tone = m.mix(m.math("MULTIPLY", rust, 0.85), tone, srgb("#7a5630"))
    dots = m.add("ShaderNodeTexVoronoi", Vector=where, Scale=270.0)
    size = m.math("MULTIPLY", m.noise(where, 140, 1), 0.2)
    dot = m.math("LESS_THAN", dots.outputs["Distance"], size)
    ring = m.ramp(m.math("DIVIDE", dots.outputs["Distance"], size), (0.6, (1, 1, 1)), (1, (0,) * 3))
    tone = m.mix(m.math("MULTIPLY", ring, 0.8), tone, srgb("#e3c795"))
    dust = m.noise(where, 90, 6, 0.7)
    m.put(m.bsdf, Base_Color=tone, Roughness=m.between(dust, 0.3, 0.55))
    m.put(m.bsdf, Coat_Roughness=m.between(dust, 0.06, 0.26))
    m.bump(dot, 0.00006, 0.4)
    m.bump(m.noise(where, 420, 3), 0.00012, 0.35)
    m.bump(m.noise(where, 60, 2), 0.0008, 0.25)
    return m


def observe(s: Studio, points: Points, at_book, at_apple, at_glasses) -> None:
    """The observation points."""
    seen = s.project
    window, camera = np.array(WINDOW), np.array(CAMERA)

    def on_lens(side: int, share: float) -> np.ndarray:
        x, z = lens_point(share, np.linspace(0, 2 * np.pi, 24, endpoint=False))
        x = x + side * EYE
        return seen(at_glasses(np.stack([x, wrap(x) + bulge(x - side * EYE, z), z], 1)))

    def on_rim(side: int, start: float, end: float) -> np.ndarray:
        x, z = lens_point(1 + 0.5 * RIM / HALF[0], np.radians(np.linspace(start, end, 40)))
        x = x + side * EYE
        return seen(at_glasses(np.stack([x, wrap(x) - 0.002, z], 1)))

    def shadow(things: np.ndarray) -> np.ndarray:
        return window + (things - window) * (window[2] / (window[2] - things[:, 2:]))

    points.add("left-lens", "transparent", "The left lens is fully transparent",
               "左镜片全透明", polygon=on_lens(-1, 0.62), tolerance=0.08)  # fmt: skip
    points.add("right-lens", "transparent", "The right lens is fully transparent",
               "右镜片全透明", polygon=on_lens(1, 0.62), tolerance=0.08)  # fmt: skip
    points.add("frame", "opaque", "The frame is opaque all round", "镜框完全不透明",
               lines=[on_rim(-1, 60, 345), on_rim(1, -165, 120)])  # fmt: skip
    # The other temple lies before the book, where no cut-out could break it.
    points.add("temple", "unbroken", "The temple is not broken", "镜腿没有断裂",
               lines=[seen(at_glasses(temple(-1)[8:100:8]))])  # fmt: skip
    points.add("temple-shadow", "transparent", "The shadow of the glasses is gone",
               "眼镜和镜腿的投影已消失",
               lines=[seen(shadow(at_glasses(temple(1)[4:30:5])))])  # fmt: skip
    seat = np.array(APPLE)
    away = np.append(seat[:2] - window[:2], 0)
    away /= np.linalg.norm(away)
    across = np.array([-away[1], away[0], 0])
    corners = ((0.050, 0.02), (0.074, 0.017), (0.074, -0.017), (0.050, -0.02))
    cast = [seat + k * away + w * across for k, w in corners]
    points.add("apple-shadow", "transparent", "The apple's shadow is gone", "苹果的投影已消失",
               polygon=seen(cast))  # fmt: skip
    middle = np.array([*seat[:2], 0.036])
    half = (window - middle) / np.linalg.norm(window - middle)
    half = half + (camera - middle) / np.linalg.norm(camera - middle)
    shine = seen(middle + 0.037 * half / np.linalg.norm(half))[0]
    points.add("apple-highlight", "opaque", "The highlight on the apple is opaque",
               "苹果高光完全不透明", box=(*(shine - 18), 36, 36))  # fmt: skip
    points.add("stem", "unbroken", "The apple's stem is whole", "苹果柄完整无断裂",
               lines=[seen(at_apple(STEM[16:37:4]))])  # fmt: skip
    crossings = [((WIDTH - 0.004, y, BOARD), (WIDTH + 0.007, y, 0)) for y in (-0.070, -0.040)]
    head = LENGTH / 2
    crossings += [((x, head - 0.008, THICK), (x, head + 0.016, THICK)) for x in (0.05, 0.09)]
    points.add("book-edges", "soft-band", "The book's edges are as sharp as the focus",
               "书边软硬与对焦一致", lines=[seen(at_book(c)) for c in crossings],
               tolerance=2)  # fmt: skip
    fore = WIDTH - SQUARE
    corners = ((-0.095, 0.007), (-0.02, 0.007), (-0.02, 0.02), (-0.095, 0.02))
    pages = [(fore, y, z) for y, z in corners]
    points.add("pages", "opaque", "The leaves of the book are opaque", "书页切口完全不透明",
               polygon=seen(at_book(pages)))  # fmt: skip
    gap = [(WIDTH + 0.010, -0.095, 0), (WIDTH + 0.022, -0.095, 0), (WIDTH + 0.013, -0.05, 0)]
    points.add("gap", "transparent", "The linen between book and apple is gone",
               "书与苹果之间的桌布已去除", polygon=seen(at_book(gap)))  # fmt: skip
