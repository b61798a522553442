"""The generators of random programs for `fuzz.py`."""
