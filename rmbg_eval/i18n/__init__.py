"""Text as data: what is said and the values in it, made a language's at the edge.

Modules make a `Message` with its English sentence, which is also what catalogues know it by. Only
the terminal and the pages ask for a language; the languages are the .po files in `catalogues/`.
"""

from __future__ import annotations

from .catalogue import languages, tag
from .message import LANGUAGE, N_, Message, Named, and_more, join

__all__ = ["LANGUAGE", "N_", "Message", "Named", "and_more", "join", "languages", "tag"]
