"""A perfume bottle of thick clear glass, amber liquid in it, on pale stone, as in a catalogue."""

from __future__ import annotations

import bpy
import numpy as np
from case import About, Points
from materials import Material, srgb
from shapes import curve, grid, lathe, mesh
from studio import Studio

ABOUT = About(
    "product",
    "bottle",
    "Glass perfume bottle, half see-through",
    "半透明的玻璃香水瓶",
    size=(1200, 1600),
    seed=31,
    most=192,
    shines=True,
)
# The bottle stands on z = 0, its label towards -y (metres).
HALF, CORNER = (0.0310, 0.0175), 0.0085  # half width and half depth of the body, its edges' radius
BODY, SHOULDER, BASE = 0.0860, 0.0062, 0.0025  # height, rounding of shoulder and base
SIDE, FLOOR, CEILING = 0.0052, 0.0125, 0.0790  # glass at the sides; the hollow's floor and top
LEVEL, CLIMB = 0.0560, 0.0009  # the liquid's level and how far it climbs the glass
NECK, NECK_TOP, BORE = 0.0078, 0.0960, 0.0050  # the neck's radius and height; its bore's radius
COLLAR = (0.0102, 0.0868, 0.0950)  # radius, bottom and top of the sprayer's collar
CAP = (0.0152, 0.0953, 0.1290)  # radius, bottom and top of the cap
GLASS, LIQUID, PLASTIC = 1.51, 1.37, 1.46  # indices of refraction
TURN = np.radians(17)
ARC, STRAIGHT = 38, 18  # corners of a section's four roundings, and of its four sides
AROUND = 4 * (ARC + STRAIGHT)


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    set_table(s)
    things = [*vessel(), *sprayer(), *print_label()]
    for thing in things:
        thing.rotation_euler[2] = TURN
        thing.location[2] = 0.0002  # what the stone's grain lifts it
    s.subject(*things)

    s.world("studio", strength=0.16, turn=60)
    # Key: a bank behind to the left, whose light the liquid hands on to the table.
    s.softbox((-0.42, 0.50, 0.62), (0, 0, 0.05), size=(0.22, 0.22), watts=24, kelvin=5600)
    # A tall strip at the right draws the edge of glass and cap; a weak bank fills from the front.
    s.softbox((0.50, -0.10, 0.22), (0, 0, 0.07), size=(0.10, 0.60), watts=2.6, kelvin=5200)
    s.softbox((-0.55, -0.35, 0.30), (0, 0, 0.07), size=(0.16, 0.50), watts=2.0, kelvin=5800)
    s.softbox(
        (0.1, 1.15, 0.9), (0, 1.9, 0.25), size=(0.5, 0.5), watts=16, kelvin=5400, visible=False
    )
    # Eight interfaces in front of what is behind bottle, liquid and tube, as many within walls.
    s.scene.cycles.max_bounces = s.scene.cycles.transmission_bounces = 16
    s.exposure(0.15)
    s.camera((0.0, -0.585, 0.150), (0.006, 0, 0.0585), mm=100, f_stop=11, focus=(0, -0.012, 0.06))
    observe(s, points, things[0])


def set_table(s: Studio) -> None:
    """A slab of honed limestone and, two metres behind, a wall of soft plaster."""
    stone = Material("limestone", Roughness=0.4, Specular_IOR_Level=0.45)
    where = stone.coordinates()
    cloud = stone.noise(where, 9, 6, 0.62)
    vein = stone.noise(stone.stretched(where, (1, 2.2, 1), (0, 0, 0.5)), 5, 8, 0.7)
    tone = stone.ramp(cloud, (0.3, srgb("#bfb4a3")), (0.7, srgb("#ded5c7")))
    faint = stone.ramp(vein, (0.47, (1, 1, 1)), (0.5, (0.74, 0.69, 0.62)), (0.53, (1, 1, 1)))
    fossil = stone.ramp(
        stone.noise(where, 260, 4, 0.7), (0.38, (0.62, 0.57, 0.50)), (0.46, (1,) * 3)
    )
    tone = stone.mix(0.9, tone, faint, "MULTIPLY")
    tone = stone.mix(0.85, tone, fossil, "MULTIPLY")
    grit = stone.noise(where, 900, 4, 0.7)
    stone.put(stone.bsdf, Base_Color=tone, Roughness=stone.between(grit, 0.25, 0.5))
    stone.bump(stone.math("ADD", grit, stone.noise(where, 60, 3)), 0.0003, 0.35)
    slab = np.array([[[-0.9, -0.6, 0], [0.9, -0.6, 0]], [[-0.9, 0.75, 0], [0.9, 0.75, 0]]], float)
    edge = np.array(
        [[[-0.9, 0.75, 0], [0.9, 0.75, 0]], [[-0.9, 0.75, -0.9], [0.9, 0.75, -0.9]]], float
    )
    grid("slab", slab, stone.data)
    grid("edge", edge, stone.data)
    plaster = Material("plaster", Roughness=0.9)
    shade = plaster.noise(plaster.coordinates(), 2.5, 5, 0.6)
    plaster.put(
        plaster.bsdf, Base_Color=plaster.ramp(shade, (0.3, srgb("#a9a39b")), (0.7, srgb("#b8b2a8")))
    )
    wall = np.array([[[-5, 1.9, -2], [5, 1.9, -2]], [[-5, 1.9, 4], [5, 1.9, 4]]], float)
    grid("wall", wall, plaster.data)


def section(inset: float, round_: float = 0.0, radius: float = 0.0) -> np.ndarray:
    """`(AROUND, 2)`: the body's outline `inset` metres in from its widest; by the share `round_`
    it is a circle of `radius` instead."""
    a, b = HALF[0] - inset, HALF[1] - inset
    r = max(CORNER - inset, 0.0012)
    arcs = []
    for k, (x, y) in enumerate([(1, 1), (-1, 1), (-1, -1), (1, -1)]):
        angle = np.linspace(k, k + 1, ARC) * np.pi / 2
        arcs.append(np.stack([x * (a - r) + r * np.cos(angle), y * (b - r) + r * np.sin(angle)], 1))
    pieces = []
    for arc, after in zip(arcs, arcs[1:] + arcs[:1], strict=True):
        pieces += [arc, np.linspace(arc[-1], after[0], STRAIGHT + 2)[1:-1]]
    turn = (np.arange(AROUND) + STRAIGHT / 2) / AROUND * 2 * np.pi
    circle = radius * np.stack([np.cos(turn), np.sin(turn)], 1)
    return (1 - round_) * np.concatenate(pieces) + round_ * circle


def stack(levels: list[tuple[float, np.ndarray]]) -> np.ndarray:
    """`(levels, AROUND, 3)` of (height, outline) pairs."""
    return np.array([np.column_stack([flat, np.full(AROUND, z)]) for z, flat in levels])


def quarter(radius: float, count: int = 12) -> np.ndarray:
    """`(count, 2)`: sine and 1 - cosine of a rounding, times its radius."""
    e = np.linspace(0, np.pi / 2, count)
    return radius * np.stack([np.sin(e), 1 - np.cos(e)], 1)


def vessel() -> list[bpy.types.Object]:
    """Glass and liquid. Each interface is one surface: air-glass, glass-liquid, liquid-air."""
    outer = [
        (0.0012 * (1 - k) ** 2, section(0, 1, 0.0002 + 0.012 * k)) for k in np.linspace(0, 0.9, 6)
    ]
    outer += [(0.0004, section(BASE + 0.002)), (0.0001, section(BASE + 0.0006))]
    outer += [(z_in, section(BASE - out)) for out, z_in in quarter(BASE)]
    outer += [(z, section(0)) for z in np.linspace(0.004, BODY - SHOULDER - 0.001, 24)]
    outer += [(BODY - SHOULDER + up, section(d)) for up, d in quarter(SHOULDER, 18)]
    for k in np.linspace(0.06, 1, 14):  # the top slopes up to the neck
        up = 0.0008 * k + 0.0014 * np.clip((k - 0.8) / 0.2, 0, 1) ** 2
        outer.append((BODY + up, section(SHOULDER + 0.001 * k, k**0.9, NECK)))
    outer += [(z, section(0, 1, NECK)) for z in np.linspace(BODY + 0.004, NECK_TOP, 5)]

    # The hollow, from its floor up: a dish with rounded edges, walls, a vaulted top, the bore.
    corner = 0.0055
    hollow = [
        (FLOOR - 0.0009 * (1 - k**2), section(0, 1, 0.0002 + 0.0085 * k))
        for k in np.linspace(0, 1, 7)
    ]
    hollow += [(FLOOR + z, section(SIDE + corner - out)) for out, z in quarter(corner, 14)]
    walls = np.linspace(FLOOR + corner + 0.001, LEVEL + CLIMB, 26)
    wet = hollow + [(z, section(SIDE)) for z in walls]
    dry = [(z, section(SIDE)) for z in np.linspace(LEVEL + CLIMB, CEILING - 0.007, 10)]
    dry += [(CEILING - 0.007 + up, section(SIDE + d)) for up, d in quarter(0.0055, 14)[1:]]
    for k in np.linspace(0.1, 1, 14):
        dry.append((CEILING - 0.0015 + 0.003 * k**2, section(SIDE + 0.0055, k**0.9, BORE)))
    dry += [(z, section(0, 1, BORE)) for z in np.linspace(CEILING + 0.003, NECK_TOP, 4)]

    glass = interface("glass", GLASS, (0.992, 0.996, 0.992))
    shell = outer + dry[::-1]
    body = grid("glass", stack(shell), glass.data, closed=(False, True))
    # The liquid: wetted wall, and its surface that climbs the glass over some 2 mm.
    d = np.concatenate([np.linspace(0, 0.004, 22), [0.006, 0.008]])
    top = [(LEVEL + CLIMB * np.exp(-x / 0.0011), section(SIDE + x)) for x in d[1:]]
    top += [(LEVEL, section(SIDE + 0.008, k, 0.0002)) for k in np.linspace(0.2, 1, 5)]
    liquid = interface("liquid", LIQUID / GLASS, (1, 1, 1))
    up = liquid.add(
        "ShaderNodeSeparateXYZ", Vector=liquid.add("ShaderNodeNewGeometry").outputs["True Normal"]
    )
    facing = liquid.math("ABSOLUTE", up.outputs[2])
    height = liquid.add("ShaderNodeSeparateXYZ", Vector=liquid.coordinates()).outputs[2]
    surface = liquid.math(
        "MULTIPLY",
        liquid.math("GREATER_THAN", facing, 0.25),
        liquid.math("GREATER_THAN", height, LEVEL - 0.0005),
    )
    ior = liquid.add("ShaderNodeMapRange", Value=surface, _3=LIQUID / GLASS, _4=LIQUID)
    liquid.put(liquid.bsdf, IOR=ior)
    # Amber: through 2 cm pass nine tenths of red light, half of green, hardly any blue.
    dye = liquid.add("ShaderNodeVolumeAbsorption", Color=(0.973, 0.84, 0.01, 1), Density=180.0)
    liquid.put(liquid.output, Volume=dye)
    juice = grid("liquid", stack(wet + top), liquid.data, closed=(False, True))
    return [outwards(body), outwards(juice)]


def interface(name: str, ior: float, tint: tuple[float, float, float]) -> Material:
    """A smooth boundary between two clear media; `ior` is inside over outside."""
    m = Material(name)
    m.tree.nodes.remove(m.bsdf)
    m.bsdf = m.add("ShaderNodeBsdfGlass", Color=(*tint, 1), Roughness=0.0, IOR=ior)
    m.put(m.output, Surface=m.bsdf)
    return m


def outwards(thing: bpy.types.Object) -> bpy.types.Object:
    """The object with all its faces turned out of the volume they enclose."""
    volume = 0.0
    for p in thing.data.polygons:
        volume += p.center.dot(p.normal) * p.area
    if volume < 0:
        thing.data.flip_normals()
    return thing


def sprayer() -> list[bpy.types.Object]:
    """Gilt collar, black lacquered cap, and the dip tube."""
    gilt = Material("gilt", srgb("#e3c28c"), Metallic=1.0, Roughness=0.14)
    rub = gilt.noise(gilt.stretched(gilt.coordinates(), (30, 30, 400)), 4, 4, 0.6)
    gilt.put(gilt.bsdf, Roughness=gilt.between(rub, 0.08, 0.24))
    radius, low, high = COLLAR
    hem = curve([(NECK, low + 0.0002), (radius - 0.0004, low), (radius, low + 0.0005),
        (radius, low + 0.0011), (radius - 0.0005, low + 0.0018), (radius - 0.0006, low
        + 0.003), (radius - 0.0006, high - 0.0012), (radius - 0.0009, high - 0.0003),
        (NECK, high)], 90)  # fmt: skip
    collar = lathe("collar", hem, gilt.data, segments=160)

    lacquer = Material("cap", srgb("#0d0d0f"), Roughness=0.28, Coat_Weight=1.0, Coat_Roughness=0.04)
    lacquer.bump(lacquer.noise(lacquer.coordinates(), 500, 2), 0.00004, 0.2)
    radius, low, high = CAP
    e = np.linspace(0, np.pi / 2, 14)
    rim, top = 0.0006, 0.0016
    profile = [(0.0003, low + 0.004), (radius - 0.0016, low + 0.004), (radius - 0.0016, low)]
    profile += [(radius - rim + rim * np.sin(x), low + rim - rim * np.cos(x)) for x in e]
    profile += [(radius, z) for z in np.linspace(low + 0.002, high - top - 0.001, 8)]
    profile += [(radius - top + top * np.cos(x), high - top + top * np.sin(x)) for x in e]
    profile += [(r, high + 0.0001) for r in np.linspace(radius - top - 0.0015, 0.0002, 6)]
    cap = lathe("cap", profile, lacquer.data, segments=200)

    straw = interface("tube", PLASTIC / LIQUID, (0.97, 0.97, 0.97))
    height = straw.add("ShaderNodeSeparateXYZ", Vector=straw.coordinates()).outputs[2]
    dry = straw.math("GREATER_THAN", height, LEVEL)
    straw.put(
        straw.bsdf, IOR=straw.add("ShaderNodeMapRange", Value=dry, _3=PLASTIC / LIQUID, _4=PLASTIC)
    )
    path = curve([(0, 0, NECK_TOP), (0.0002, 0, 0.06), (0.0022, 0.0008, 0.035),
        (0.0075, 0.0020, FLOOR + 0.0012)], 60)  # fmt: skip
    a = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    ring = np.stack([np.cos(a), np.sin(a), 0 * a], 1)
    walls = [path[:, None] + r * ring for r in (0.0013, 0.0008)]
    cells = np.concatenate([walls[0], walls[1][::-1]])
    return [collar, cap, outwards(grid("tube", cells, straw.data, closed=(True, True)))]


def print_label() -> list[bpy.types.Object]:
    """What is printed on the front, in dark enamel."""
    ink = Material("ink", srgb("#17120e"), Roughness=0.35).data
    things = []
    for text, size, z in (
        ("AMBRE", 0.0074, 0.0465),
        ("N° 07", 0.0042, 0.0385),
        ("EAU DE PARFUM", 0.0027, 0.0262),
        ("50 ml  ·  1.7 fl. oz.", 0.0021, 0.0212),
    ):
        letters = bpy.data.curves.new("text", "FONT")
        letters.body, letters.size, letters.align_x = text, size, "CENTER"
        letters.space_character, letters.resolution_u = 1.3, 8
        thing = bpy.data.objects.new("text", letters)
        bpy.context.scene.collection.objects.link(thing)
        bpy.context.view_layer.update()
        whole = bpy.data.meshes.new_from_object(thing)
        bpy.data.objects.remove(thing)
        where = np.array([(v.co[0], -HALF[1] - 0.00003, z + v.co[1]) for v in whole.vertices])
        things.append(
            mesh("text", where, [list(p.vertices) for p in whole.polygons], ink, smooth=False)
        )
    x, z = np.meshgrid([-0.009, 0.009], [0.0338, 0.0346])
    rule = np.stack([x, 0 * x - HALF[1] - 0.00003, z], -1)
    return [*things, grid("rule", rule, ink)]


def observe(s: Studio, points: Points, glass: bpy.types.Object) -> None:
    """The observation points."""
    c, t = np.cos(TURN), np.sin(TURN)

    def at(*local: tuple[float, float, float]) -> np.ndarray:
        return s.project([(x * c - y * t, x * t + y * c, z) for x, y, z in local])

    def front(x0: float, x1: float, z0: float, z1: float) -> np.ndarray:
        y = -HALF[1]
        return at((x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1))

    radius, low, high = CAP
    cap = s.project([(x, -0.8 * radius, z) for x, z in ((-0.008, low + 0.004), (0.008,
        low + 0.004), (0.008, high - 0.004), (-0.008, high - 0.004))])  # fmt: skip
    points.add("cap", "opaque", "The cap is opaque, highlights included",
               "瓶盖（含高光）完全不透明", polygon=cap)  # fmt: skip
    points.add("liquid", "semi-transparent", "The liquid is half see-through",
               "瓶中香水保持半透明", polygon=front(-0.020, 0.020, 0.0288, 0.0326),
               tolerance=0.08)  # fmt: skip
    points.add("shoulder", "semi-transparent",
               "The clear glass over it is nearly see-through", "液面以上的透明瓶肩接近全透",
               polygon=front(-0.020, -0.004, 0.0600, 0.0690))  # fmt: skip
    points.add("print", "opaque", "The printed letters and rule are not lost",
               "瓶身印字与横线没有丢失", lines=[at((-0.0085, -HALF[1], 0.0342), (0.0085,
               -HALF[1], 0.0342))])  # fmt: skip
    # A few pixels inside the outermost corners of the glass, level by level, and of the cap.
    inset, whole = 5.0, s.vertices(glass)
    sides = []
    for side in (-1, 1):
        line = []
        for z in np.linspace(0.020, 0.070, 10):
            seen = s.project(whole[np.abs(whole[:, 2] - z) < 0.002])
            line.append(seen[np.argmax(side * seen[:, 0])] - (side * inset, 0))
        sides.append(np.array(line))
        x = side * 0.97 * radius
        sides.append(s.project([(x, 0, low + 0.003), (x, 0, high - 0.003)]))
    points.add("contour", "unbroken", "The bottle's outer contour has no breaks",
               "瓶身外轮廓没有断裂", lines=sides)  # fmt: skip
    crossing = []
    for side in (-1, 1):
        x, y = s.project([(side * radius, 0, 0.112)])[0]
        crossing.append(np.array([(x - 18 * side, y), (x + 18 * side, y)]))
    points.add("cap-edge", "soft-band", "The cap's edge is sharp", "瓶盖边缘清晰锐利",
               lines=crossing, tolerance=2)  # fmt: skip
    away = np.array([0.42, -0.50]) / np.hypot(0.42, 0.50)  # from the key light
    across = np.array([-away[1], away[0]])
    shade = [
        away * d + across * w
        for d, w in ((0.042, -0.010), (0.042, 0.012), (0.062, 0.012), (0.062, -0.010))
    ]
    points.add("shadow", "transparent", "Shadow and glow on the stone are gone",
               "石面上的投影和光斑已去除", polygon=s.project([(*p, 0) for p in shade]))  # fmt: skip
