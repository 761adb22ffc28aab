"""Measurements of the function against `fake_aws`: `python -m benchmarks`."""

import sys
from pathlib import Path

# `lambda/` is no package of this repository: the function's zip is made of this folder and must hold nothing else.
if (_SOURCE := str(Path(__file__).parent.parent / "lambda")) not in sys.path:
    sys.path.insert(0, _SOURCE)
