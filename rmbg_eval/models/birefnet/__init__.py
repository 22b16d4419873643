"""RMBG-2.0 and the BiRefNet family, natively: network, weights, pipelines."""
