"""What every record is: checked as it is made, and not changed afterwards."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A record: it takes no name that it does not know, and stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)
