"""BiRefNet, and the checkpoints that are published of it: network, weights, pipelines."""

from .family import ENTRIES as ENTRIES
