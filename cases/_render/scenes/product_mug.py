"""A white glazed cup by a window on a busy, lacquered oak table that mirrors its foot."""

from __future__ import annotations

import bpy
import numpy as np
from case import About, Points
from materials import Material, glaze, srgb
from shapes import curve, grid, lathe
from studio import Studio

ABOUT = About(
    "product",
    "mug",
    "White glazed cup on lacquered wood",
    "漆面木桌上的白色陶瓷杯",
    seed=11,
)
CAMERA = (0.012, -0.56, 0.192)
WALL, TEA = 0.0034, 0.0815  # the wall's thickness, the tea's level (m)
HANDLE_TURN = np.radians(-24)
WINDOW, FAR = np.radians(163), 0.95  # where the window stands, seen from above, from +x; how far
PANE, BAR = (0.235, 0.265), 0.045  # the pitch of its panes, and the bars between
PLANK, PLANK_LENGTH, RING = 0.083, 1.1, 0.0036  # width and length of a plank, growth of a year
# The cup outside, from foot ring to lip: radius and height.
OUTSIDE = [(0.0290, 0.0006), (0.0305, 0.0024), (0.0345, 0.0072), (0.0412, 0.0150),
    (0.0450, 0.0250), (0.0462, 0.0360), (0.0452, 0.0500), (0.0425, 0.0630), (0.0396,
    0.0755), (0.0380, 0.0850), (0.0379, 0.0895)]  # fmt: skip


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    room(s)
    flat = np.array([[[-1.1, -1.1, 0], [1.1, -1.1, 0]], [[-1.1, 0.46, 0], [1.1, 0.46, 0]]], float)
    grid("table", flat, planks().data)
    cup(s)
    window(s)
    s.world("interior", strength=0.11, turn=120)
    s.softbox((0.75, 0.55, 0.42), (0, 0, 0.05), size=(0.14, 0.9), watts=6, kelvin=4600)
    s.softbox(
        (0.5, -1.1, 0.9), (0, 0, 0.05), size=(0.9, 0.9), watts=2.5, kelvin=5000, visible=False
    )
    s.exposure(0.55)
    s.camera(CAMERA, (0.013, 0, 0.040), mm=85, f_stop=9, focus=(0, -0.034, 0.06))
    observe(s, points)


def window(s: Studio) -> None:
    """A casement of two by three panes beside the table: what the glaze mirrors."""
    out = np.array([np.cos(WINDOW), np.sin(WINDOW)])
    along = np.array([-out[1], out[0]])
    for column in (-0.5, 0.5):
        for row in range(3):
            x, y = FAR * out + PANE[0] * column * along
            at = (x, y, 0.16 + PANE[1] * row)
            towards = (x - out[0], y - out[1], at[2])
            s.softbox(at, towards, size=(PANE[0] - BAR, PANE[1] - BAR), watts=9, kelvin=5900)


def room(s: Studio) -> None:
    """What is far out of focus behind the table: floor, wall, a low shelf of books."""
    wall = np.array([[[-6, 3.2, -1], [6, 3.2, -1]], [[-6, 3.2, 4], [6, 3.2, 4]]], float)
    grid("wall", wall, Material("wall", srgb("#7d8580"), Roughness=0.9).data)
    floor = np.array(
        [[[-6, -3, -0.75], [6, -3, -0.75]], [[-6, 3.2, -0.75], [6, 3.2, -0.75]]], float
    )
    grid("floor", floor, Material("floor", srgb("#6a5a4a"), Roughness=0.5).data)
    tones = ("#39443f", "#6d6250", "#23292d", "#a39a88", "#52342c", "#434a3c", "#8f7c58", "#4b5157")
    left = -1.1
    while left < 1.2:  # books and boxes on a low shelf
        wide, high = s.rng.uniform(0.02, 0.06), s.rng.uniform(0.19, 0.29)
        back = Material("back", srgb(str(s.rng.choice(tones))), Roughness=0.7).data
        bpy.ops.mesh.primitive_cube_add(size=1, location=(left + wide / 2, 2.1, -0.42 + high / 2))
        bpy.context.object.scale = (wide * 0.94, 0.2, high)
        bpy.context.object.data.materials.append(back)
        left += wide
    s.softbox((-0.6, 1.0, 1.6), (0, 2.2, 0), size=(0.8, 0.8), watts=22, kelvin=5200, visible=False)


def planks() -> Material:
    """A table top of oak planks: each cut from its own log, sanded, stained and lacquered.

    The year rings are those of a log along x whose pith wanders under the board, so that the
    cut shows cathedrals in the middle of a plank and straight grain at its sides.
    """
    m = Material("oak", Roughness=0.45, Coat_Weight=1.0, Coat_IOR=1.55)
    turn = m.stretched(m.coordinates(), (1, 1, 1), (0, 0, np.radians(-27)))
    apart = m.add("ShaderNodeSeparateXYZ", Vector=turn)
    x, y = apart.outputs[0], apart.outputs[1]

    def chance(value):
        return m.add("ShaderNodeTexWhiteNoise", {"noise_dimensions": "1D"}, W=value)

    def place(fine_x: float, fine_y: float):
        across = (m.math("MULTIPLY", x, fine_x), m.math("MULTIPLY", y, fine_y))
        return m.add(
            "ShaderNodeCombineXYZ", X=across[0], Y=across[1], Z=m.math("MULTIPLY", log, 7.3)
        )

    def around(value, size):
        return m.math("MULTIPLY", m.math("SUBTRACT", value, 0.5), size)

    rows = m.math("DIVIDE", y, PLANK)
    row = m.math("FLOOR", rows)
    run = m.math("ADD", m.math("DIVIDE", x, PLANK_LENGTH), chance(row).outputs["Value"])
    log = m.math("ADD", m.math("MULTIPLY", row, 3.7), m.math("FLOOR", run))
    luck = m.add("ShaderNodeSeparateColor", Color=chance(log).outputs["Color"])
    tone_luck = chance(m.math("ADD", log, 0.5)).outputs["Value"]

    # The distance from the pith, in years.
    beside = m.math("MULTIPLY", m.math("SUBTRACT", m.math("FRACT", rows), 0.5), PLANK)
    a = m.math("ADD", beside, around(luck.outputs[0], 0.07))
    a = m.math("ADD", a, around(m.noise(place(2.2, 10), 1.0, 3), 0.034))
    b = m.math(
        "ADD",
        m.math("MULTIPLY", luck.outputs[1], 0.03),
        around(m.noise(place(1.7, 8), 1.3, 3), 0.03),
    )
    b = m.math("ADD", b, m.math("MULTIPLY", x, around(luck.outputs[2], 0.22)))
    b = m.math("ADD", b, 0.012)
    radius = m.math("SQRT", m.math("ADD", m.math("MULTIPLY", a, a), m.math("MULTIPLY", b, b)))
    fibre = m.noise(place(14, 800), 1.0, 5, 0.65)
    years = m.math("DIVIDE", radius, RING)
    uneven = m.add("ShaderNodeTexNoise", {"noise_dimensions": "1D"}, W=years, Scale=0.7, Detail=1.0)
    years = m.math("ADD", years, around(uneven.outputs[0], 2.0))
    years = m.math("ADD", years, around(fibre, 0.55))
    season = m.math("FRACT", years)
    rings = m.ramp(
        season,
        (0.0, srgb("#b5814a")),
        (0.3, srgb("#a06c38")),
        (0.66, srgb("#774821")),
        (0.92, srgb("#412310")),
        (1.0, srgb("#7d5029")),
        kind="LINEAR",
    )
    harvest = chance(m.math("FLOOR", years)).outputs["Value"]
    tone = m.mix(m.between(harvest, 0.0, 0.45), rings, srgb("#8a5b2e"))

    # Vessels: short dark dashes, most of them in the spring wood; rays: short light flecks.
    vessel = m.noise(place(130, 2900), 1.0, 1, 0.5)
    early = m.ramp(
        season, (0.0, (1, 1, 1)), (0.42, (0.25,) * 3), (0.9, (0.12,) * 3), (1, (1, 1, 1))
    )
    pore = m.math("MULTIPLY", m.ramp(vessel, (0.56, (0, 0, 0)), (0.64, (1, 1, 1))), early)
    tone = m.mix(1.0, tone, m.ramp(fibre, (0.3, (0.5,) * 3), (0.68, (1.15,) * 3)), "MULTIPLY")
    streak = m.ramp(m.noise(place(5, 300), 1.0, 3), (0.3, (0.7,) * 3), (0.7, (1.2,) * 3))
    tone = m.mix(1.0, tone, streak, "MULTIPLY")
    tone = m.mix(m.math("MULTIPLY", pore, 0.85), tone, srgb("#2c170a"))
    curl = m.noise(place(26, 7), 1.0, 2)
    tone = m.mix(1.0, tone, m.ramp(curl, (0.25, (0.78,) * 3), (0.75, (1.1,) * 3)), "MULTIPLY")
    stain = m.ramp(
        tone_luck, (0.0, (0.40, 0.36, 0.33)), (0.5, (0.66, 0.62, 0.6)), (1, (0.95, 0.92, 0.9))
    )
    tone = m.mix(1.0, tone, stain, "MULTIPLY")

    # The joints: a line of dirt, and a slight dip that the lacquer follows.
    edge = m.math(
        "MULTIPLY",
        m.math("SUBTRACT", 0.5, m.math("ABSOLUTE", m.math("SUBTRACT", m.math("FRACT", rows), 0.5))),
        PLANK,
    )
    end = m.math(
        "MULTIPLY",
        m.math("SUBTRACT", 0.5, m.math("ABSOLUTE", m.math("SUBTRACT", m.math("FRACT", run), 0.5))),
        PLANK_LENGTH,
    )
    joint = m.math("MINIMUM", edge, end)
    dirt = m.add("ShaderNodeMapRange", Value=joint, _1=0.0002, _2=0.0006, _3=0.92, _4=0.0)
    tone = m.mix(dirt, tone, srgb("#170c06"))
    dip = m.add("ShaderNodeMapRange", Value=joint, _1=0.0, _2=0.0014, _3=0.0, _4=1.0)
    m.put(m.bsdf, Base_Color=tone, Roughness=m.between(fibre, 0.35, 0.6))
    peel = m.noise(m.coordinates(), 260, 2)
    relief = m.math("ADD", m.math("MULTIPLY", dip, 3.0), m.math("MULTIPLY", peel, 0.12))
    relief = m.math("SUBTRACT", relief, m.math("MULTIPLY", pore, 0.10))
    relief = m.math("ADD", relief, m.math("MULTIPLY", m.noise(place(2, 60), 1.0, 2), 0.9))
    coat = m.add("ShaderNodeBump", Height=relief, Distance=0.00012, Strength=0.8)
    rubbed = m.noise(m.coordinates(), 14, 5, 0.6)
    m.put(m.bsdf, Coat_Normal=coat, Coat_Roughness=m.between(rubbed, 0.02, 0.15))
    m.bump(m.math("SUBTRACT", fibre, pore), 0.0002, 0.5)
    return m


def cup(s: Studio) -> None:
    """The cup, its handle, and the tea in it."""
    white = glaze("white", base=(0.82, 0.81, 0.785), roughness=0.035)
    white.put(white.bsdf, Subsurface_Weight=0.0)
    outside = curve(OUTSIDE, 150)
    low = [(0.0003, 0.0035), (0.0235, 0.0035), (0.0248, 0.0028), (0.0256, 0.0004),
        (0.0268, 0.0), (0.0281, 0.0)]  # fmt: skip
    angle = np.linspace(0, np.pi, 14)[1:-1]
    lip = np.stack(
        [outside[-1, 0] - WALL / 2 * (1 - np.cos(angle)), outside[-1, 1] + 0.0025 * np.sin(angle)],
        1,
    )
    inside = curve([(x - WALL, z) for x, z in OUTSIDE[:3:-1]] + [(0.036, 0.0145),
        (0.027, 0.0085), (0.012, 0.0068), (0.0003, 0.0066)], 90)  # fmt: skip
    profile = np.vstack([low, outside, lip, inside])
    s.subject(lathe("cup", profile, white.data, segments=256))

    path = [(0.0375, 0.0725), (0.0480, 0.0765), (0.0625, 0.0745), (0.0715, 0.0620),
            (0.0700, 0.0450), (0.0590, 0.0312), (0.0460, 0.0254), (0.0380, 0.0242)]  # fmt: skip
    path = curve(path, 140)
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    flare = 1 + 0.55 * np.exp(-run / 0.0035) + 0.9 * np.exp(-(run[-1] - run) / 0.007)
    ahead = np.gradient(path, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    across = np.stack([ahead[:, 1], -ahead[:, 0]], 1)
    a = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    thick, wide = 0.0040 * flare[:, None] * np.cos(a), 0.0062 * flare[:, None] * np.sin(a)
    flat = path[:, None] + thick[..., None] * across[:, None]
    c, t = np.cos(HANDLE_TURN), np.sin(HANDLE_TURN)
    x = np.stack([flat[..., 0] * c - wide * t, flat[..., 0] * t + wide * c, flat[..., 1]], -1)
    s.subject(grid("handle", x, white.data, closed=(False, True)))

    tea = Material("tea", Roughness=0.015, IOR=1.34)
    radius = float(np.interp(TEA, inside[::-1, 1], inside[::-1, 0]))
    off = tea.add("ShaderNodeVectorMath", {"operation": "LENGTH"}, _0=tea.coordinates())
    shallow = tea.math("DIVIDE", off.outputs["Value"], float(np.hypot(radius, TEA)))
    rim = (0.0015 + TEA**2) ** 0.5 / float(np.hypot(radius, TEA))
    colour = tea.ramp(tea.add("ShaderNodeMapRange", Value=shallow, _1=rim - 0.02,
        _2=1.003), (0.0, srgb("#3d1406")), (0.72, srgb("#5c2209")), (0.93,
        srgb("#9a4a16")), (1.0, srgb("#d9a060")))  # fmt: skip
    tea.put(tea.bsdf, Base_Color=colour)
    r = np.concatenate(
        [np.linspace(0.0003, radius - 0.006, 12), np.linspace(radius - 0.0058, radius, 40)]
    )
    # Water wets glaze: the meniscus climbs about 1.6 mm over its capillary length of 2.7 mm.
    rise = 0.0016 * np.exp(-(radius - r) / 0.0016)
    s.subject(lathe("tea", np.stack([r, TEA + rise], 1), tea.data, segments=192))


def mirror_of_window() -> np.ndarray:
    """The outline of the spot on the belly's upper half where the camera sees the window mirrored:
    `(2 N, 3)`, down its left and up its right side."""
    out = np.array([np.cos(WINDOW), np.sin(WINDOW), 0])
    along = np.array([-out[1], out[0], 0])
    angle = np.linspace(-np.pi, 0, 2000)
    wall = curve(OUTSIDE, 400)
    left, right = [], []
    for z in np.linspace(0.052, 0.074, 8):
        k = int(np.argmin(np.abs(wall[:, 1] - z)))
        slope = (wall[k + 1, 0] - wall[k - 1, 0]) / (wall[k + 1, 1] - wall[k - 1, 1])
        round_ = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
        p = round_ * wall[k, 0] + (0, 0, z)
        n = (round_ - (0, 0, slope)) / np.hypot(1, slope)
        ray = p - CAMERA
        ray /= np.linalg.norm(ray, axis=1, keepdims=True)
        ray -= 2 * (ray * n).sum(1, keepdims=True) * n
        far = (FAR - p @ out) / np.where(ray @ out > 0.01, ray @ out, np.inf)
        hit = p + far[:, None] * ray
        seen = (np.abs(hit @ along) < PANE[0]) & (hit[:, 2] > 0.05) & (hit[:, 2] < 0.80) & (far > 0)
        if seen.any():
            left.append(p[seen][0])
            right.append(p[seen][-1])
    return np.array(left + right[::-1])


def observe(s: Studio, points: Points) -> None:
    """The observation points."""
    camera = np.arctan2(CAMERA[1], CAMERA[0])
    distance = np.hypot(*CAMERA[:2])

    def on(radius: float, angle: float, z: float) -> tuple[float, float, float]:
        return (radius * np.cos(angle), radius * np.sin(angle), z)

    def contour(z: float, side: int) -> np.ndarray:
        """A 36 px line across the cup's contour at a height; side -1 is left."""
        radius = float(np.interp(z, *np.array(OUTSIDE).T[::-1]))
        at = s.project([on(radius, camera + side * np.arccos(radius / distance), z)])[0]
        return at + np.array([(-18 * side, 0), (18 * side, 0)])

    spot = mirror_of_window()
    spot = spot.mean(0) + (spot - spot.mean(0)) * 0.9
    points.add("highlight", "opaque",
               "The window's highlight on the glaze stays opaque", "釉面上的窗户高光保持不透明",
               polygon=s.project(spot))  # fmt: skip
    points.add("body", "opaque", "The white side of the cup is not holed", "白色杯身没有破洞",
               polygon=s.project([on(0.0455, camera + a, z) for a, z in ((-0.2,
               0.024), (0.6, 0.024), (0.6, 0.06), (-0.2, 0.06))]))  # fmt: skip
    lip = [contour(0.088, -1), contour(0.086, 1), contour(0.05, -1)]
    points.add("lip", "soft-band", "The edge of lip and side is clean and sharp",
               "杯沿和杯壁边缘干净利落", lines=lip, tolerance=2)  # fmt: skip
    x, y = lip[0].mean(0)
    points.add("fringe", "no-fringe", "No wood colour and no grey rim along the lip",
               "杯沿没有木色或灰边残留", box=(x - 24, y - 20, 60, 90))  # fmt: skip
    c, t = np.cos(HANDLE_TURN), np.sin(HANDLE_TURN)
    gap = [(0.0515, 0.0640), (0.0600, 0.0650), (0.0635, 0.0590), (0.0630, 0.0480),
        (0.0580, 0.0410), (0.0515, 0.0390)]  # fmt: skip
    points.add("handle", "transparent", "The gap in the handle is open", "杯把内的空隙完全透明",
               polygon=s.project([(x * c, x * t, z) for x, z in gap]))  # fmt: skip
    foot = [on(0.030, np.radians(a), -0.006) for a in (-118, -90, -62)]
    foot += [on(0.038, np.radians(a), -0.020) for a in (-62, -90, -118)]
    points.add("reflection", "transparent",
               "The foot's reflection in the lacquer is gone", "漆面上的杯底倒影已去除",
               polygon=s.project(foot))  # fmt: skip
    away = -np.array([np.cos(WINDOW), np.sin(WINDOW)])
    across = np.array([away[1], -away[0]])
    shade = [
        away * d + across * w
        for d, w in ((0.05, -0.012), (0.085, -0.012), (0.085, 0.012), (0.05, 0.012))
    ]
    points.add("shadow", "transparent", "The cup's shadow is gone", "杯子的投影已去除",
               polygon=s.project([(*p, 0) for p in shade]))  # fmt: skip
