"""What decoding had to do to a picture, and what a cut-out is like, in messages that need no
decoder."""

from __future__ import annotations

from ..i18n import Message

NOTES = {
    "exif-rotated": Message("turned upright as its EXIF says"),
    "opaque-alpha-dropped": Message("opaque alpha channel dropped"),
    "alpha-dropped": Message("alpha channel dropped, at most 1 % transparent in the mean"),
    "reduced-16-bit": Message("reduced from 16 to 8 bits"),
    "grey": Message("a grey picture"),
    "cmyk": Message("converted from CMYK"),
    "icc-converted": Message("converted to sRGB from its ICC profile"),
    "icc-unreadable": Message("ICC profile not usable, taken as sRGB"),
}
"""By the keys that run.json had before schema version 3."""

MULTIPLIED = Message(
    "colours look multiplied by alpha (premultiplied), which makes edges dark: save with straight "
    "alpha"
)
MASK = Message(
    "alpha is 0 or 1 of 255 everywhere, which nobody sees: if that is a mask of 0 and 1, give it "
    "times 255"
)
OF_CUTOUTS = (MULTIPLIED, MASK)
"""Of a cut-out: nothing is undone."""

SOME = {note: Message("of some cut-outs, {what}", what=note) for note in OF_CUTOUTS}
"""A model's warning of each: how many are known when all are made."""
