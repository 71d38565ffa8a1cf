"""Makes gguf.json: what Python's `gguf` makes of blocks of every quantized type that is read here.

    pip install gguf==0.19.0 numpy
    python3 test/goldens/make_gguf.py

Run once; the file is kept. Blocks are random bytes from a seed, but for their half-float scales: those are ordinary
ones, and in the first blocks zero, minus zero, negative, subnormal, the smallest, the largest, infinite, not a number.
F32, F16 and BF16 are random bytes as they are. `bytes` and `floats` (f32, little-endian) are base64.
"""

import base64
import json
from importlib.metadata import version
from pathlib import Path

import gguf
import numpy as np

HERE = Path(__file__).resolve().parent

# Bytes of a block, and where in it the half-float scales lie.
TYPES = {
    "F32": (4, []),
    "F16": (2, []),
    "BF16": (2, []),
    "Q8_0": (34, [0]),
    "Q4_0": (18, [0]),
    "Q4_1": (20, [0, 2]),
    "Q5_0": (22, [0]),
    "Q5_1": (24, [0, 2]),
    "Q4_K": (144, [0, 2]),
    "Q5_K": (176, [0, 2]),
    "Q6_K": (210, [208]),
}
SPECIAL = [0x0000, 0x8000, 0xBC00, 0x0001, 0x83FF, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00]


def blocks(rng, size, scales, count):
    raw = rng.integers(0, 256, size=(count, size), dtype=np.uint8)
    for n, place in enumerate(scales):
        ordinary = rng.normal(scale=0.02, size=count).astype(np.float16).view(np.uint16)
        # Each special scale once; beside a minimum, the other one is ordinary, then both are special.
        first = n * len(SPECIAL)
        ordinary[first : first + len(SPECIAL)] = SPECIAL
        both = len(scales) * len(SPECIAL)
        if len(scales) == 2:
            ordinary[both : both + len(SPECIAL)] = np.roll(SPECIAL, n * 3)
        raw[:, place : place + 2] = ordinary.view(np.uint8).reshape(count, 2)
    return raw


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def main():
    rng = np.random.default_rng(20261123)
    cases = {}
    for name, (size, scales) in TYPES.items():
        small = len(scales) == 0
        count = 256 if small else 34 if len(scales) == 2 else 14
        if size > 100:
            count = 31 if len(scales) == 2 else 12
        raw = blocks(rng, size, scales, count)
        with np.errstate(all="ignore"):
            floats = gguf.dequantize(raw.reshape(1, -1), gguf.GGMLQuantizationType[name])
        assert floats.dtype == np.float32
        cases[name] = {"bytes": text(raw), "floats": text(floats)}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(case)}" for name, case in cases.items())
    out = f'{{\n"gguf": {json.dumps(version("gguf"))},\n"seed": 20261123,\n"cases": {{\n{lines}\n}}\n}}\n'
    (HERE / "gguf.json").write_text(out)
    print(len(out), "bytes")


main()
