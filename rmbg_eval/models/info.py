"""What a report says of a model. Loads with pydantic alone."""

from __future__ import annotations

import hashlib

from ..core.choices import Foreground, kind
from ..core.frozen import Frozen
from ..i18n import N_, Message

NOT_STATED = N_("not stated")
PROGRAMS_OWN = N_("the program's own")
ON_ITS_PAGE = N_("see its page on the hub")


class ModelInfo(Frozen):
    """What a report says of a model: enough to run the same again."""

    name: str
    """Label or spec: unique within a run."""
    title: str
    licence: str
    weights_sha256: str | None = None
    weights_from: str | None = None
    """Repository and revision, or folder, where there are several it could be."""
    pipeline: str
    """Every step from RGB to alpha, in words."""
    runtime: str
    """Library and version that computes it."""
    device: str
    dtype: str
    foreground: Foreground = "raw"
    """How the colours under a soft alpha were estimated; `pipeline` has the words."""
    trained_on: tuple[str, ...] = ()
    """Published data sets it is known to have been trained on: figures on them flatter it."""

    @property
    def finished(self) -> bool:
        """Whether its cut-outs were made elsewhere: of those nothing was timed."""
        return self.runtime == "none"

    @property
    def licence_words(self) -> Message | str:
        """The licence, in the reader's language where it is a sentence of this package's."""
        ours = self.licence in (NOT_STATED, PROGRAMS_OWN, ON_ITS_PAGE)
        return Message(self.licence) if ours else self.licence

    @property
    def licence_named(self) -> Message | str:
        """The same where no heading says that it is the licence."""
        if self.licence == NOT_STATED:
            return Message("licence not stated")
        words = self.licence_words
        return Message("licence: {words}", words=words) if isinstance(words, Message) else words

    @property
    def identity(self) -> str:
        """Hash of all that decides the alpha; the name and the licence do not."""
        weights = self.weights_sha256 or self.weights_from
        fields = (weights, self.pipeline, self.runtime, kind(self.device), self.dtype)
        return hashlib.sha256(repr(fields).encode()).hexdigest()
