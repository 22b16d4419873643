"""Decoding strangers' picture files: the only module that knows EXIF, modes and ICC profiles."""

from __future__ import annotations

import io
import logging
import os
import re
import stat
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, TiffImagePlugin, UnidentifiedImageError

from ..errors import ImageError, printable, reason_of, system_reason
from ..i18n import Message
from . import libtiff
from .images import (
    RGB,
    Alpha,
    Cutout,
    Picture,
    check_rgb,
    dequantise,
    is_grey,
    opaque_matte,
    without_rounding,
)
from .notes import NOTES
from .remote import MAX_BYTES, bring

Deep = NDArray[np.uint16]
"""Values of 16 bits a channel, `(H, W, channels)`."""

# Pillow tells of damaged metadata, which no pixel depends on, without naming the file.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())

DECODER = "6"
"""Raised whenever the same file would decode to other pixels: part of every cache key."""

SUFFIXES = frozenset(
    ".jpg .jpeg .jfif .png .webp .tif .tiff .bmp .gif .heic .heif .hif .avif .ppm .pgm".split()
)
"""Names that are taken for pictures when a folder is read."""

MAX_PIXELS = 89_478_485
"""Pillow's own bound, beyond which it suspects a decompression bomb."""
HARDLY = 0.01
"""Of a picture, how much may be transparent, all pixels together: a window's round corners, or an
editor's rounding. With more it is taken for a cut-out."""
MIN_SIDE = 32
MAX_ASPECT = 20
MAX_SCANNED = 1 << 33
"""Pixels of all scans of a JPEG together: each scan is a pass over them all, and can have a hundred
bytes. Cameras and web services write a dozen."""
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]", re.DOTALL)
"""Of a JPEG, with a length after it; what is coded has none."""
_END = b"\xff\xd9"
_HUFFMAN = (b"\xff\xc0", b"\xff\xc1", b"\xff\xc2")
"""Frames whose code says where it ends; one of arithmetic code reads on."""
_JPEGS = ("JPEG", "MPO")
_MORE = bytes(range(1, 250, 3))
"""That is coded: no marker is in it."""

# Nothing that starts another program (EPS calls Ghostscript) and nothing exotic.
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "PPM")
_IN_PLAIN_TEXT = (b"P1", b"P2", b"P3")
"""PPM in plain text, which nothing but textbooks has: of one MB of it that is comments Pillow takes
minutes."""
_STILL_FORMATS = ("MPO", "HEIF")
"""Formats whose further images belong to the first (gain map, depth, burst), not to a film."""
_LEVELS = 32
"""Pages of a TIFF, at most, of which some may be smaller versions: each is half of another."""


def read_bytes(path: Path) -> bytes:
    """The bytes of the regular file `path`; ImageError for anything else, or an absurd size."""
    bring(path)
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(
                Message("{name} is not a regular file", name=_name(path)),
                Message("Put the picture itself into the folder."),
            )
        if status.st_size > MAX_BYTES:
            raise ImageError(
                Message(
                    "{name} has {size} bytes; {most} are allowed",
                    name=_name(path),
                    size=f"{status.st_size:,}",
                    most=f"{MAX_BYTES:,}",
                ),
                Message("Save it as JPEG or PNG."),
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise ImageError(
            Message("{name} does not exist", name=_name(path)),
            Message("Check the name, and whether a link in it is broken."),
        ) from None
    except PermissionError:
        raise ImageError(
            Message("{name} may not be read", name=_name(path)),
            Message("Give yourself permission to read it (chmod u+r)."),
        ) from None
    except OSError as error:
        raise ImageError(
            Message(
                "{name} could not be read: {reason}",
                name=_name(path),
                reason=system_reason(error),
            ),
            Message("Check the file and the disk it is on."),
        ) from None
    if not data:
        raise ImageError(
            Message("{name} is empty (0 bytes)", name=_name(path)),
            Message("Copy or download the picture again."),
        )
    return data


def decode(data: bytes, file: str, name: str = "", drop_alpha: bool = False) -> Picture:
    """Decode the bytes of the picture `file`, which becomes the picture `name`.

    EXIF rotation is applied, an embedded ICC profile is converted to sRGB,
    grey, palette, CMYK and 16-bit pictures become 8-bit RGB; each is noted.

    Raises ImageError, naming `file`, for what is no still, opaque picture of
    sensible size: a transparent picture's colours under its transparency are
    undefined, so it cannot be judged as an original (unless `drop_alpha` says they are).
    """
    image = _open(data, file)
    notes: list[Message] = []
    try:
        image, _ = _loaded(image, data, file, notes)
        image = _without_alpha(image, file, notes, drop_alpha)
        if image.mode in ("I", "F"):
            raise _undefined_white(image.mode, file)
        if image.mode in ("1", "L"):
            notes.append(NOTES["grey"])
        elif image.mode == "CMYK":
            notes.append(NOTES["cmyk"])
        image = _to_srgb(image, notes)
        rgb = np.asarray(image)
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # Pillow's decoders raise whatever a broken file makes them raise
        raise _undecodable(file, error) from None
    check_rgb(rgb)
    return Picture(name or file, rgb, tuple(notes))


def decode_cutout(data: bytes, name: str) -> tuple[RGB | None, Alpha]:
    """Decode a finished cut-out or a matte.

    Returns the colours in sRGB, as an embedded ICC profile says, or None
    where the file is a grey matte, and the alpha `(H, W) float32` as stored:
    nothing is stretched or thresholded. Both are upright, as EXIF says.
    Raises ImageError for a picture that is neither.
    """
    image = _open(data, name)
    try:
        if image.format == "TIFF":
            image = _CutoutTiff(io.BytesIO(data))
        image, deep = _loaded(image, data, name, [])
        if _has_alpha(image):
            rgba = image.convert("RGBA")
            pixels = np.asarray(rgba)
            colours = pixels[..., :3]
            alpha = dequantise((pixels if deep is None else deep)[..., -1])
            if image.info.get("icc_profile") and opaque_matte(colours, alpha) is None:
                colours = np.asarray(_to_srgb(rgba.convert(_opaque_mode(image)), []))
            return colours, alpha
        if image.mode == "F":
            return None, _fractions(np.asarray(image), name)
        if image.mode == "I":
            raise _undefined_white(image.mode, name)
        grey = np.asarray(image.convert("RGB"))
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # as in decode()
        raise _undecodable(name, error) from None
    if not is_grey(grey):
        raise ImageError(
            Message("{name} has colours but no alpha channel", name=name),
            Message("Save the cut-out as RGBA (PNG or WebP), or the matte as a grey picture."),
        )
    return None, dequantise((grey if deep is None else deep)[..., 0])


def decode_own(data: bytes, name: str) -> Cutout:
    """Decode a cut-out that this package wrote, which has colours; ImageError for a mere matte."""
    rgb, alpha = decode_cutout(data, name)
    if rgb is None:
        raise ImageError(
            Message("{name} has no colours", name=name), Message("Delete it and run again.")
        )
    return Cutout(rgb, alpha)


def _fractions(values: Alpha, name: str) -> Alpha:
    """The alpha of a matte in floating point, of which 1 is white; ImageError for other numbers."""
    alpha = without_rounding(values, values.dtype)
    if alpha.min() >= 0 and alpha.max() <= 1:  # NaN is not
        return alpha
    raise ImageError(
        Message(
            "{name} holds floating-point numbers from {least} to {most}; of a matte 0 is "
            "transparent and 1 opaque",
            name=name,
            least=f"{alpha.min():.4g}",
            most=f"{alpha.max():.4g}",
        ),
        Message("Write it from 0 to 1, or with 8 or 16 bits a channel."),
    )


class _CutoutTiff(TiffImagePlugin.TiffImageFile):
    """A TIFF whose one channel beside grey or RGB is alpha, also where it does not say what it is:
    so GraphicsMagick writes cut-outs, and editors a saved selection. Pillow leaves that out."""

    def _setup(self) -> None:
        tags = self.tag_v2
        if tags.get(338) == (0,) and tags.get(262) in (1, 2) and tags.get(284, 1) == 1:
            tags[338] = (2,)  # "straight"
        super()._setup()


def decode_matte(data: bytes, name: str) -> Alpha:
    """The alpha `(H, W) float32` of a matte or a cut-out, as `decode_cutout` reads it, but that a
    grey picture which is opaque throughout is a matte."""
    rgb, alpha = decode_cutout(data, name)
    matte = opaque_matte(rgb, alpha)
    return alpha if matte is None else matte


def _open(data: bytes, name: str) -> Image.Image:
    """Identify the file and refuse what must not be decoded, before anything is decoded."""
    try:
        brands = data[8 : min(64, int.from_bytes(data[:4], "big"))]
        if data[4:8] == b"ftyp" and b"avif" not in brands and b"avis" not in brands:
            _register_heif()
            image = Image.open(io.BytesIO(data), formats=("HEIF",))
        else:
            if data.startswith(_IN_PLAIN_TEXT):
                raise UnidentifiedImageError
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
            if image.format == "PNG":  # whose checksums Pillow does not check while decoding
                Image.open(io.BytesIO(data), formats=("PNG",)).verify()
                scale = {"L;2": 85, "L;4": 17}.get("".join(map(_raw_mode, image.tile)))
                if scale and "transparency" in image.info:  # whose clear grey Pillow leaves small
                    image.info["transparency"] *= scale
        width, height = image.size
        if image.format == "TIFF":
            frames = _pages(Image.open(io.BytesIO(data), formats=("TIFF",)))
        else:
            frames = 1 if image.format in _STILL_FORMATS else getattr(image, "n_frames", 1)
    except Image.DecompressionBombError:
        raise ImageError(
            Message(
                "{name} unpacks to more than {most} pixels", name=name, most=f"{2 * MAX_PIXELS:,}"
            ),
            Message("Make it smaller."),
        ) from None
    except UnidentifiedImageError:
        raise ImageError(
            Message("{name} is not a picture that can be read", name=name),
            Message("Open it in a picture viewer and save it as PNG."),
        ) from None
    except Exception as error:  # as in decode()
        raise _undecodable(name, error) from None
    if width * height > MAX_PIXELS:
        problem = Message("more than {most} pixels", most=f"{MAX_PIXELS:,}")
        remedy = Message("Make it smaller.")
    elif min(width, height) < MIN_SIDE:
        problem = Message("a side below {least} pixels", least=MIN_SIDE)
        remedy = Message("Use the original, not a thumbnail.")
    elif max(width, height) > MAX_ASPECT * min(width, height):
        problem = Message("sides that differ more than {most}-fold", most=MAX_ASPECT)
        remedy = Message("Crop it.")
    elif (scans := _scans(image, data)) * width * height > MAX_SCANNED:
        problem = Message("{n} scans", n=scans)
        remedy = Message("Open it in a picture viewer and save it as PNG.")
    elif frames > 1:
        problem = Message("{n} frames or pages", n=frames)
        remedy = Message("Export the one to be judged.")
    else:
        return image
    raise ImageError(
        Message(
            "{name} ({width}×{height}) has {problem}",
            name=name,
            width=width,
            height=height,
            problem=problem,
        ),
        remedy,
    )


def _pages(image: Any) -> int:
    """How many pages a TIFF has, without smaller versions of one, as of a pyramid, and without what
    has no size, as the thumbnail that EXIF puts there."""
    pages = 1
    for page in range(1, _LEVELS):
        try:
            image.seek(page)
        except EOFError:
            return pages
        except Exception:
            if image.tell() != page:  # its tags are not read
                raise
        pages += 256 in image.tag_v2 and not image.tag_v2.get(254, 0) & 1
    return int(image.n_frames)


def _scans(image: Image.Image, data: bytes) -> int:
    """How many scans a JPEG has; 0 of another format."""
    jpeg = image.format in _JPEGS
    return sum(marker[0] == b"\xff\xda" for marker in _markers(data)) if jpeg else 0


def _markers(data: bytes) -> Iterator[re.Match[bytes]]:
    """Of a JPEG, its first image alone: to its end, where it has one."""
    at = 2
    while marker := _MARKER.search(data, at):
        yield marker
        if marker[0] == _END:
            return
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")


def _is_cut_short(image: Image.Image, data: bytes) -> bool:
    """Whether a JPEG that has its end marker lacks what comes before: libjpeg makes grey of it, or
    of a later scan nothing. Of one that ends so, what is put before the marker is part of the
    picture if it is cut short."""
    width, height = image.size
    last = np.asarray(image.crop((width - 1, height - 1, width, height)))
    if (last.min() < 127 or last.max() > 128) and _has_all_scans(data):
        return False
    *others, end = _markers(data)
    if end[0] != _END or not any(marker[0] in _HUFFMAN for marker in others):
        return False
    more = data[: end.start()] + _MORE + data[end.start() :]
    other = Image.open(io.BytesIO(more), formats=_JPEGS)
    return other.tobytes() != image.tobytes()


def _has_all_scans(data: bytes) -> bool:
    """Whether the scans of a JPEG go on to the last bit of every coefficient, as their heads say;
    one of which they do not need not be cut short: an encoder may leave them out."""
    left: dict[int, set[int]] = {}
    for marker in _markers(data):
        head = data[marker.end() + 2 : marker.end() + 64]
        if marker[0] in _HUFFMAN:
            left = {head[6 + 3 * number]: set(range(64)) for number in range(head[5])}
        elif marker[0] == b"\xff\xda":
            count = head[0]
            first, last, bits = head[1 + 2 * count :][:3]
            for component in left.keys() & set(head[1 : 1 + 2 * count : 2]):
                left[component] -= set(range(first, last + 1)) if bits & 15 == 0 else set()
            if not any(left.values()):  # most JPEGs have one scan, and are not gone through
                return True
    return False


def _without_alpha(image: Image.Image, name: str, notes: list[Message], drop: bool) -> Image.Image:
    """`image` without an alpha channel, which must be opaque but for a hundredth unless `drop`."""
    if _has_alpha(image):
        opaque = _opaque_mode(image)
        image = image.convert("RGBA")
        missing = 255 - np.asarray(image)[..., 3]
        if missing.mean() > HARDLY * 255 and not drop:
            share = np.count_nonzero(missing) / missing.size
            raise ImageError(
                Message(
                    "{name} is already transparent, wholly or in part, in {share} of its pixels",
                    name=name,
                    share=f"{share:.1%}",
                ),
                Message(
                    "Give the original picture with its background; finished cut-outs are judged "
                    "with --model folder:DIR."
                ),
            )
        notes.append(NOTES["alpha-dropped" if missing.any() else "opaque-alpha-dropped"])
        image = image.convert(opaque)
    return image


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info


def _opaque_mode(image: Image.Image) -> str:
    return "L" if image.mode in ("LA", "L", "1") else "RGB"


def _to_srgb(image: Image.Image, notes: list[Message]) -> Image.Image:
    """`image` in RGB, its embedded profile, if any, converted to sRGB."""
    data = image.info.get("icc_profile")
    if image.mode in ("P", "1", "YCbCr", "HSV", "RGBX"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    if data:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
            space = profile.profile.xcolor_space.strip()
            if space != {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}[image.mode]:
                raise ValueError(f"a {space} profile in a {image.mode} picture")
            if (profile.profile.profile_description or "").startswith("sRGB"):
                return image.convert("RGB")
            converted = ImageCms.profileToProfile(
                image,
                profile,
                _srgb(),
                ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
            assert converted is not None  # only with inPlace=True
            notes.append(NOTES["icc-converted"])
            return converted
        except (ImageCms.PyCMSError, OSError, ValueError, KeyError, TypeError):
            notes.append(NOTES["icc-unreadable"])
    return image.convert("RGB")


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.createProfile("sRGB")  # type: ignore[return-value]


@lru_cache(maxsize=1)
def _register_heif() -> None:
    import pi_heif  # 20 ms, and only where there is a HEIC

    pi_heif.register_heif_opener()


def _name(path: Path) -> str:
    return printable(path.name)


def _undefined_white(mode: str, name: str) -> ImageError:
    return ImageError(
        Message(
            "{name} holds {mode} numbers (signed, 32-bit integer or floating point), for which "
            "white is not defined",
            name=name,
            mode=mode,
        ),
        Message("Export it with 8 or 16 bits a channel, without signs."),
    )


def _loaded(
    image: Image.Image, data: bytes, name: str, notes: list[Message]
) -> tuple[Image.Image, Deep | None]:
    """`image` decoded and upright, an alpha straight, in 8 bits a channel; and where it has 16,
    those, `(H, W, channels)`, of which none is ink. ImageError for what `_upright` refuses."""
    if deep := _is_deep(image):
        notes.append(NOTES["reduced-16-bit"])
    if deep and image.mode in ("RGB", "RGBA", "CMYK") and not _is_read_in_eight(image):
        values = _sixteen_bit(image, data, name, notes)
    else:
        image = _upright(image, data, name, notes)
        if not image.mode.startswith("I;16"):
            straight = {"La": "LA", "RGBa": "RGBA"}.get(image.mode)
            return image.convert(straight) if straight else image, None
        values = np.asarray(image)[..., None]
    if (key := image.info.get("transparency")) is not None:
        clear = (values == key).all(-1, keepdims=True)
        values = np.concatenate((values, np.where(clear, 0, 65535).astype(np.uint16)), axis=-1)
    height, width, channels = values.shape
    mode = "CMYK" if image.mode == "CMYK" else ("L", "LA", "RGB", "RGBA")[channels - 1]
    reduced = Image.frombytes(mode, (width, height), _eight_bit(values))
    reduced.info["icc_profile"] = image.info.get("icc_profile")
    return reduced, None if mode == "CMYK" else values


def _upright(image: Image.Image, data: bytes, name: str, notes: list[Message]) -> Image.Image:
    """`image` decoded and turned; ImageError for what `_load_tiff` refuses, and for a JPEG of which
    a part is missing."""
    turned = _is_turned(image)
    if turned:
        notes.append(NOTES["exif-rotated"])
    if image.format == "TIFF":
        return _load_tiff(image, name)
    if image.format == "PPM" and image.mode == "I":  # of which Pillow makes white 65535
        return Image.fromarray(np.asarray(image).astype(np.uint16))
    if image.format in _JPEGS and _is_cut_short(image, data):
        raise _undecodable(name, ValueError("its data end before the picture does"))
    return ImageOps.exif_transpose(image) if turned else image


def _sixteen_bit(image: Any, data: bytes, name: str, notes: list[Message]) -> Deep:
    """The values of a picture that Pillow reads the higher byte of each of: it is read twice, once
    as if its bytes were the other way round."""
    raw = _raw_mode(image.tile[0])
    if raw.startswith("LA"):  # four bytes a pixel
        _read_as(image, "RGBA")
        return np.asarray(_upright(image, data, name, notes)).view(">u2")
    straight = raw.replace("a", "A")
    other = type(image)(io.BytesIO(data))
    _read_as(other, straight[:-1] + _OTHER_ORDER[straight[-1]])
    lower = np.asarray(_upright(other, data, name, []))
    del other  # before the next is decoded
    _read_as(image, straight)
    values = np.asarray(_upright(image, data, name, notes)).astype(np.uint16)
    values <<= 8
    values |= lower
    if raw != straight:  # premultiplied
        alpha = values[..., 3].astype(np.uint32)
        for channel in range(3):
            colour = (values[..., channel] * np.uint32(65535) + alpha // 2) // np.maximum(alpha, 1)
            values[..., channel] = np.minimum(colour, 65535)
    return values


_OTHER_ORDER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}


def _eight_bit(values: Deep) -> NDArray[np.uint8]:
    """`rint(values / 257)`, of whose sums none overflows."""
    levels = np.minimum(values, 65407)
    levels += 128
    levels //= 257
    return levels.astype(np.uint8)


def _read_as(image: Any, raw: str) -> None:
    """Have Pillow take what is stored for `raw`."""
    image.tile = [
        tile._replace(args=raw if isinstance(tile.args, str) else (raw, *tile.args[1:]))
        for tile in image.tile
    ]


def _raw_mode(tile: Any) -> str:
    """What Pillow takes a part of a picture for."""
    args = tile[3]
    return args[0] if args and isinstance(args, tuple) else args


def _is_deep(image: Any) -> bool:
    """Whether it is stored in more than 8 bits a channel, as is known until it is loaded."""
    return image.mode.startswith("I;16") or any(
        str(_raw_mode(tile)).endswith((";16B", ";16L", ";16N"))
        or (tile[0] == "ppm" and tile[3][1] > 255)
        for tile in getattr(image, "tile", ())
    )


def _is_read_in_eight(image: Any) -> bool:
    """Whether Pillow's decoder makes 8 bits of 16 whatever it is told: of PPM, and of a TIFF with
    one channel after the other, whose alpha it makes straight, too."""
    return image.format == "PPM" or (image.format == "TIFF" and image.tag_v2.get(284) == 2)


def _is_turned(image: Image.Image) -> bool:
    """Whether its EXIF says to turn it; one that cannot be read says nothing."""
    if image.format != "TIFF":  # of which Pillow turns the pixels, and forgets that it did
        image.load()  # what is wrong with these is not suppressed
    with suppress(Exception):
        return image.getexif().get(0x0112) in range(2, 9)
    return False


def _load_tiff(image: Any, name: str) -> Image.Image:
    """Decode a TIFF; ImageError for what libtiff calls an error, also where Pillow would go on, and
    for what Pillow takes for another order of bytes."""
    tags = image.tag_v2
    bits = tags.get(258, (1,))
    if 2 in tags.get(339, ()):  # which Pillow reads without their signs
        raise _undefined_white(f"int{max(bits)}", name)
    if image.mode == "F" and tags.get(262) == 0:  # which it does not turn over
        raise _undefined_white("F", name)
    unknown = max(bits) > 8 or 1 in tags.get(338, ())  # to Pillow, for a channel by itself
    unknown = unknown and any(tile[0] == "raw" for tile in image.tile)
    if tags.get(284) == 2 and (unknown or image.mode in ("LA", "La")):  # whose alpha it misplaces
        raise ImageError(
            Message("{name} has {bits} bits a channel, one channel after the other",
                    name=name, bits=max(bits)),
            Message("Save it with the channels interleaved, or as PNG."),
        )  # fmt: skip
    with libtiff.errors() as errors:
        try:
            image.load()
        except Exception:
            if not errors:
                raise
    if errors:
        raise _undecodable(name, ValueError(errors[0]))
    inverted = tags.get(262) == 0  # white is 0
    if not image.mode.startswith("I;16") or (bits[0] == 16 and not inverted):
        return image
    white = 2 ** bits[0] - 1
    values = (np.asarray(image).astype(np.uint32) * 65535 + white // 2) // white
    scaled = Image.fromarray((65535 - values if inverted else values).astype(np.uint16))
    scaled.info = image.info
    return scaled


def _undecodable(name: str, error: Exception) -> ImageError:
    return ImageError(
        Message(
            "{name} is damaged or cut short ({reason})",
            name=name,
            reason=reason_of(error),
        ),
        Message("Copy or download it again, or open it in a picture viewer and save it anew."),
    )
