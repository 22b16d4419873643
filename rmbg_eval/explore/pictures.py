"""The pictures of one visitor: uploads as they arrive, in memory only, bounded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from PIL import Image

from ..cases.case import Case
from ..core.decoding import decode
from ..core.images import Picture, encode
from ..errors import ImageError, printable
from ..i18n import Message

MOST_UPLOAD = 64 << 20
"""Bytes of one picture."""
MOST_KEPT = 256 << 20
"""Bytes of all encoded pictures of a visitor; the ones not used for longest go first."""
PREVIEW_SIDE = 2048
"""Pixels of the longer side of what is shown for a file the browser cannot show."""


@dataclass
class Upload:
    """A picture on its way here, or here."""

    name: str
    size: int
    data: bytearray = field(default_factory=bytearray)

    def add(self, offset: int, part: bytes | memoryview) -> bool:
        """Append `part`; whether the picture is complete. ImageError if it is not what follows."""
        if offset != len(self.data) or len(self.data) + len(part) > self.size:
            raise self.not_whole()
        self.data += part
        return len(self.data) == self.size

    def not_whole(self) -> ImageError:
        """What is said of it then."""
        return ImageError(
            Message("{name} did not arrive whole", name=printable(self.name)),
            Message("Choose the picture again."),
        )


class Pictures:
    """Encoded pictures by id, and the pixels of the one that was used last."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._uploads: OrderedDict[str, Upload] = OrderedDict()
        self._decoded: tuple[str, Picture] | None = None
        self._lock = threading.RLock()

    def begin(self, id: str, name: str, size: int) -> None:
        """Expect the picture `id` of `size` bytes; ImageError if it is too large or empty."""
        shown = printable(name)
        if not size:
            raise ImageError(
                Message("{name} is empty (0 bytes)", name=shown),
                Message("Copy or download the picture again."),
            )
        if size > MOST_UPLOAD:
            raise ImageError(
                Message(
                    "{name} has {size} bytes; {most} are allowed",
                    name=shown,
                    size=f"{size:,}",
                    most=f"{MOST_UPLOAD:,}",
                ),
                Message("Save it as JPEG."),
            )
        with self._lock:
            self._uploads[id] = Upload(name, size)
            while len(self._uploads) > 1 and self._reserved() > self._most:
                self.forget(next(iter(self._uploads)))

    def add(self, id: str, offset: int, part: bytes | memoryview) -> bool:
        """Append to the picture `id`; whether it is complete."""
        with self._lock:
            return self._upload(id).add(offset, part)

    def put(self, id: str, case: Case) -> str:
        """Take the picture of a case; its file name."""
        data = case.read()
        with self._lock:
            self.begin(id, case.image.name, len(data))
            self.add(id, 0, data)
        return case.image.name

    def picture(self, id: str) -> Picture:
        """The pixels of the picture `id`; ImageError for what cannot be used."""
        with self._lock:
            if self._decoded and self._decoded[0] == id:
                return self._decoded[1]
            upload = self._upload(id)
            if len(upload.data) != upload.size:
                raise upload.not_whole()
            self._uploads.move_to_end(id)
            self._decoded = None  # before the next one needs the memory
        shown = printable(upload.name)
        picture = decode(bytes(upload.data), shown, upload.name)
        with self._lock:
            if id in self._uploads:
                self._decoded = id, picture
        return picture

    def encoded(self, id: str) -> tuple[str, bytes]:
        """Name and bytes of the picture `id`, as they came."""
        with self._lock:
            upload = self._upload(id)
            return upload.name, bytes(upload.data)

    def forget(self, id: str) -> None:
        """Drop the picture `id`, if it is there."""
        with self._lock:
            self._uploads.pop(id, None)
            if self._decoded and self._decoded[0] == id:
                self._decoded = None

    def _reserved(self) -> int:
        return sum(upload.size for upload in self._uploads.values())

    def _upload(self, id: str) -> Upload:
        try:
            return self._uploads[id]
        except KeyError:
            raise ImageError(
                Message("The picture is no longer kept: others came after it"),
                Message("Choose it again."),
            ) from None


def preview(picture: Picture) -> bytes:
    """A JPEG of the picture, at most PREVIEW_SIDE on its longer side, for a browser to show."""
    image = Image.fromarray(picture.rgb)
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    return encode(image, "JPEG", quality=90)
