"""Makes the goldens of value-weighted attention patterns, with numpy in f64.

    python3 test/goldens/make_attention.py [NAME ...]

Run once; the file is kept. From the goldens' own patterns and values and the files' output matrices:
A[head, dest, src] · ‖v[src] · W_O^head‖ (Kobayashi et al. 2020). Prompt 0 of each. See README.md here.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared"
FOLDERS = {"fable-4m": SHARED / "models" / "fable-4m"}
NAMES = ("fable-4m", "gpt2", "gpt_neo", "gpt_neox", "llama", "mistral", "qwen3", "gemma3_text")
# Names of the output matrix, and whether the file has it as [out, in].
OUTPUTS = {
    "gpt2": (("transformer.h.{}.attn.c_proj.weight", "h.{}.attn.c_proj.weight"), False),
    "gpt_neo": (("transformer.h.{}.attn.attention.out_proj.weight", "h.{}.attn.attention.out_proj.weight"), True),
    "gpt_neox": (("gpt_neox.layers.{}.attention.dense.weight",), True),
}
LLAMA = (("model.layers.{}.self_attn.o_proj.weight",), True)


def weights(folder: Path) -> dict[str, np.ndarray]:
    import torch  # bfloat16, which numpy doesn't have
    from safetensors.torch import load_file as load

    out: dict[str, np.ndarray] = {}
    for file in sorted(folder.glob("model*.safetensors")):
        out.update({name: t.to(torch.float64).numpy() for name, t in load(file).items()})
    return out


def golden(name: str) -> dict[str, np.ndarray]:
    own = load_file(HERE / f"{name}-hooks.safetensors")
    folder = FOLDERS.get(name, SHARED / "goldens" / name)
    shared = load_file(folder / "golden.safetensors")
    # Where the shared golden is of a model that was cast, ours has every hook.
    return {**shared, **own}


def main(names: list[str]) -> None:
    out: dict[str, np.ndarray] = {}
    for name in names:
        folder = FOLDERS.get(name, SHARED / "goldens" / name)
        config = json.loads((folder / "config.json").read_text())
        hooks, files = golden(name), weights(folder)
        candidates, transposed = OUTPUTS.get(config["model_type"], LLAMA)
        layer = 0
        while f"0.blocks.{layer}.attn.hook_pattern" in hooks:
            pattern = hooks[f"0.blocks.{layer}.attn.hook_pattern"].astype(np.float64)  # [h, t, s]
            v = hooks[f"0.blocks.{layer}.attn.hook_v"].astype(np.float64)  # [s, g, e]
            heads = pattern.shape[0]
            v = np.repeat(v, heads // v.shape[1], axis=1)  # [s, h, e]
            w = next(files[c.format(layer)] for c in candidates if c.format(layer) in files)
            w = (w.T if transposed else w).reshape(heads, v.shape[2], -1)  # [h, e, d]
            lengths = np.linalg.norm(np.einsum("she,hed->hsd", v, w), axis=-1)  # [h, s]
            out[f"{name}.{layer}.weighted"] = (pattern * lengths[:, None, :]).astype(np.float32)
            layer += 1
        out[f"{name}.ids"] = hooks["0.ids"].astype(np.int64)
        print(f"{name}: {layer} layers of {heads} heads")
    save_file(out, HERE / "attention.safetensors", metadata={"numpy": np.__version__})


main(sys.argv[1:] or list(NAMES))
