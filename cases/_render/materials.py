"""Materials as node trees. Colours are scene-linear unless `srgb()` made them."""

from __future__ import annotations

import bpy
import numpy as np

Colour = tuple[float, float, float]


def srgb(text: str) -> Colour:
    """The scene-linear colour of `#rrggbb`."""
    x = np.array([int(text[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return tuple(np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4))


class Material:
    """A material under construction: `add` makes nodes, `bsdf` is its Principled BSDF.

    `add("ShaderNodeTexNoise", Scale=5.0, Vector=other)` sets inputs by their names (a space
    is written `_`) to a value, or links them to a node's first output or to a socket.
    Settings of the node itself are given in `set`.
    """

    def __init__(self, name: str, base: Colour = (0.8, 0.8, 0.8), **inputs: object) -> None:
        self.data = bpy.data.materials.new(name)
        self.data.use_nodes = True
        self.tree = self.data.node_tree
        self.bsdf = self.tree.nodes["Principled BSDF"]
        self.output = self.tree.nodes["Material Output"]
        self.put(self.bsdf, Base_Color=(*base, 1), **inputs)

    def add(self, kind: str, set: dict[str, object] | None = None, **inputs: object):
        """A new node."""
        node = self.tree.nodes.new(kind)
        for key, value in (set or {}).items():
            setattr(node, key, value)
        self.put(node, **inputs)
        return node

    def put(self, node: bpy.types.Node, **inputs: object) -> None:
        """Set or link inputs of a node, by name."""
        for key, value in inputs.items():
            slot = (
                node.inputs[int(key[1:])] if key[0] == "_" else node.inputs[key.replace("_", " ")]
            )
            if isinstance(value, bpy.types.Node):
                value = next(o for o in value.outputs if o.enabled)
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, slot)
            else:
                slot.default_value = value

    def coordinates(self, kind: str = "Object") -> bpy.types.NodeSocket:
        """Where on the object the shading point is: Object, UV or Generated."""
        return self.add("ShaderNodeTexCoord").outputs[kind]

    def stretched(self, where: object, scale: Colour, turn: Colour = (0, 0, 0)):
        """Coordinates scaled and turned (radians)."""
        return self.add("ShaderNodeMapping", Vector=where, Scale=scale, Rotation=turn)

    def noise(self, where: object, scale: float, detail: float = 4, rough: float = 0.5):
        """Fractal noise, 0 to 1 about 0.5."""
        node = self.add(
            "ShaderNodeTexNoise", Vector=where, Scale=scale, Detail=detail, Roughness=rough
        )
        return node.outputs[0]

    def ramp(self, value: object, *stops: tuple[float, Colour], kind: str = "EASE"):
        """Colours over a value."""
        node = self.add("ShaderNodeValToRGB", Fac=value)
        ramp = node.color_ramp
        ramp.interpolation = kind
        while len(ramp.elements) < len(stops):
            ramp.elements.new(0.5)
        for element, (at, colour) in zip(ramp.elements, stops, strict=True):
            element.position, element.color = at, (*colour, 1)
        return node.outputs[0]

    def between(self, value: object, low: float, high: float):
        """The value, 0 to 1, mapped linearly to low … high."""
        return self.add("ShaderNodeMapRange", Value=value, To_Min=low, To_Max=high)

    def math(self, operation: str, a: object, b: object = 0.0):
        """A scalar operation, MULTIPLY, ADD, …"""
        return self.add("ShaderNodeMath", {"operation": operation}, _0=a, _1=b)

    def mix(self, share: object, a: object, b: object, kind: str = "MIX"):
        """Colours a and b mixed by `share` of b."""
        node = self.add("ShaderNodeMix", {"data_type": "RGBA", "blend_type": kind})
        a, b = ((*c, 1) if isinstance(c, tuple) and len(c) == 3 else c for c in (a, b))
        self.put(node, _0=share, _6=a, _7=b)
        return node.outputs[2]

    def bump(self, height: object, distance: float, strength: float = 1.0):
        """Relief of `distance` metres, joined to the surface; earlier relief is kept beneath."""
        node = self.add("ShaderNodeBump", Height=height, Distance=distance, Strength=strength)
        before = self.bsdf.inputs["Normal"].links
        if before:
            self.put(node, Normal=before[0].from_socket)
        self.put(self.bsdf, Normal=node)


def hair(
    name: str, melanin: float, redness: float = 0.3, roughness: float = 0.3, vary: float = 0.15
) -> Material:
    """Hair or fur by the Principled Hair BSDF (Chiang 2016); melanin 0 white … 1 black."""
    material = Material(name)
    node = material.add("ShaderNodeBsdfHairPrincipled", {"parametrization": "MELANIN"})
    material.put(
        node,
        Melanin=melanin,
        Melanin_Redness=redness,
        Roughness=roughness,
        Radial_Roughness=0.4,
        Random_Roughness=0.2,
    )
    material.put(node, **{"Random_Color": vary})
    info = material.add("ShaderNodeHairInfo")
    material.put(node, Random=info.outputs["Random"])
    material.put(material.output, Surface=node.outputs[0])
    return material


def wood(
    name: str, *, light: str = "#b98a5a", dark: str = "#6b4326", scale: float = 1.0
) -> Material:
    """A planed, oiled board with grain along x."""
    m = Material(name)
    where = m.coordinates()
    warp = m.noise(m.stretched(where, (1.2 * scale, 6 * scale, 6 * scale)), 1.5, 3)
    along = m.stretched(where, (0.9 * scale, 14 * scale, 14 * scale))
    bent = m.add("ShaderNodeVectorMath", {"operation": "MULTIPLY_ADD"}, _0=warp, _1=(0.6,) * 3)
    m.put(bent, _2=along)
    rings = m.add(
        "ShaderNodeTexWave",
        {"wave_type": "RINGS", "rings_direction": "X", "wave_profile": "SAW"},
        Vector=bent,
        Scale=0.55,
        Distortion=5.0,
        Detail=3.0,
        Detail_Scale=1.2,
    )
    tone = m.ramp(rings.outputs["Fac"], (0.0, srgb(light)), (0.7, srgb(dark)), (1.0, srgb(light)))
    fibre = m.noise(m.stretched(where, (9 * scale, 420 * scale, 420 * scale)), 1.0, 5, 0.7)
    tone = m.mix(m.between(fibre, 0.0, 0.9), tone, srgb(dark), "MULTIPLY")
    blotch = m.noise(where, 3 * scale, 3)
    tone = m.mix(m.between(blotch, 0.0, 0.5), tone, srgb(dark))
    m.put(m.bsdf, Base_Color=tone, Roughness=m.between(fibre, 0.32, 0.55))
    m.bump(fibre, 0.0004 / scale, 0.6)
    return m


def glaze(name: str, base: Colour = (0.86, 0.85, 0.82), roughness: float = 0.06) -> Material:
    """Glazed ceramic: a body with a little scatter under a glossy, slightly uneven coat."""
    m = Material(name, base, Roughness=0.35, Coat_Weight=1.0, Coat_Roughness=roughness)
    m.put(m.bsdf, Subsurface_Weight=0.15, Subsurface_Radius=(0.004, 0.003, 0.002))
    where = m.coordinates()
    m.bump(m.noise(where, 30, 2), 0.0006, 0.25)
    speck = m.noise(where, 900, 2)
    m.put(m.bsdf, Base_Color=m.ramp(speck, (0.0, tuple(0.9 * c for c in base)), (0.42, base)))
    return m


def glass(
    name: str, ior: float = 1.5, tint: Colour = (1, 1, 1), roughness: float = 0.0
) -> Material:
    """Clear glass. Through it, the truth's alpha falls: what is seen behind is background."""
    return Material(name, tint, Transmission_Weight=1.0, IOR=ior, Roughness=roughness)


def metal(name: str, base: Colour = (0.9, 0.9, 0.9), roughness: float = 0.15) -> Material:
    """Bare metal with fine scratches."""
    m = Material(name, base, Metallic=1.0, Roughness=roughness)
    scratch = m.noise(m.stretched(m.coordinates(), (1, 40, 40)), 60, 4, 0.7)
    m.put(m.bsdf, Roughness=m.between(scratch, 0.7 * roughness, 1.6 * roughness))
    return m


def cloth(
    name: str, base: Colour, *, thread: float = 0.0006, roughness: float = 0.85, sheen: float = 0.4
) -> Material:
    """Woven cloth by UV-free weave relief; `thread` is the width of a thread in metres."""
    m = Material(name, base, Roughness=roughness, Sheen_Weight=sheen, Sheen_Roughness=0.4)
    where = m.coordinates()
    pitch = np.pi / thread
    both = []
    for axis in "XYZ"[:2]:
        wave = m.add("ShaderNodeTexWave", {"bands_direction": axis}, Vector=where, Scale=pitch / 20)
        m.put(wave, Distortion=0.6, Detail=1.0, Detail_Scale=2.0)
        both.append(wave.outputs["Fac"])
    weave = m.math("MULTIPLY", *both)
    m.bump(weave, thread / 2, 0.7)
    stain = m.noise(where, 5, 4)
    m.put(m.bsdf, Base_Color=m.mix(m.between(stain, 0.0, 0.35), base, tuple(0.6 * c for c in base)))
    return m
