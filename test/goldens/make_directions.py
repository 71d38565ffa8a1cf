"""Makes the goldens of the directions readings, with numpy's SVD in f64.

    python3 test/goldens/make_directions.py

Run once; `directions.safetensors` is kept. See README.md here.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared"
PROMPTS = (SHARED / "models/fable-4m/prompts.txt").read_text().splitlines()
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"

# Of these, the states themselves are in ../shared.
TINY = ("gpt2", "gpt_neo", "gpt_neox", "gpt_neox_sequential", "llama", "mistral", "qwen2", "qwen3", "gemma3_text")


def principal(states: np.ndarray, last: np.ndarray, centred: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ratios, directions [component, d_model] and path [state, component]; each direction points to `last`."""
    states, last = states.astype(np.float64), last.astype(np.float64)
    mean = states.mean(axis=0) if centred else np.zeros(states.shape[1])
    x = states - mean
    _, sigma, v = np.linalg.svd(x, full_matrices=False)
    v *= np.where(v @ (last - mean) < 0, -1, 1)[:, None]
    return sigma**2 / (sigma**2).sum(), v, x @ v.T


def tiny(out: dict[str, np.ndarray], name: str) -> None:
    """Variants on the states of ../shared/goldens: at the last position, at all; with the mid-block states."""
    golden = load_file(SHARED / "goldens" / name / "golden.safetensors")
    layers = json.loads((SHARED / "goldens" / name / "config.json").read_text())
    n = layers.get("num_hidden_layers") or layers.get("n_layer") or layers["num_layers"]
    pre = golden["0.blocks.0.hook_resid_pre"]
    posts = [golden[f"0.blocks.{i}.hook_resid_post"] for i in range(n)]
    rows = np.stack([pre, *posts])  # [row, pos, d_model]
    last = rows[-1, -1]
    for centred in (True, False):
        key = f"{name}.{'centred' if centred else 'plain'}"
        for where, states in (("last", rows[:, -1]), ("all", rows.transpose(1, 0, 2).reshape(-1, rows.shape[-1]))):
            ratios, _, path = principal(states, last, centred)
            out[f"{key}.{where}.ratios"] = ratios.astype(np.float32)
            out[f"{key}.{where}.path"] = path[:, :2].astype(np.float32)


def prompts(out: dict[str, np.ndarray], name: str, model: torch.nn.Module, encode, blocks, norm) -> None:
    """Every prompt of prompts.txt at its last position: ratios, path, and what the first direction reads out as."""
    kept: list[torch.Tensor] = []
    blocks[0].register_forward_pre_hook(lambda _, args: kept.append(args[0]))
    for block in blocks:
        block.register_forward_hook(lambda _m, _i, o: kept.append(o[0] if isinstance(o, tuple) else o))
    rows: dict[str, list] = {}
    for prompt in PROMPTS:
        kept.clear()
        with torch.no_grad():
            logits = model(torch.tensor([encode(prompt)])).logits[0, -1]
        states = np.stack([x[0, -1].numpy() for x in kept])
        last = states[-1]
        for centred in (True, False):
            key = f"{name}.{'centred' if centred else 'plain'}"
            ratios, v, path = principal(states, last, centred)
            with torch.no_grad():
                direction = torch.from_numpy((np.linalg.norm(last.astype(np.float64)) * v[0]).astype(np.float32))
                top = model.lm_head(norm(direction)).argmax()
            rows.setdefault(f"{key}.ratios", []).append(ratios)
            rows.setdefault(f"{key}.direction", []).append(int(top))
            rows.setdefault(f"{key}.path", []).append(path[:, :2])
        rows.setdefault(f"{name}.prediction", []).append(int(logits.argmax()))
    for key, values in rows.items():
        whole = key.endswith((".direction", ".prediction"))
        out[key] = np.asarray(values, dtype=np.int32 if whole else np.float32)
    for centred in ("centred", "plain"):
        match = np.mean(out[f"{name}.{centred}.direction"] == out[f"{name}.prediction"])
        print(f"{name}, {centred}: {out[f'{name}.{centred}.ratios'][:, 0].mean():.4f}, {match:.4f}")


def main() -> None:
    out: dict[str, np.ndarray] = {}
    for name in TINY:
        tiny(out, name)
    fable = SHARED / "models/fable-4m"
    model = AutoModelForCausalLM.from_pretrained(fable, dtype=torch.float32).eval()
    tokenizer = Tokenizer.from_file(str(fable / "tokenizer.json"))
    prompts(out, "fable-4m", model, lambda t: tokenizer.encode(t).ids, model.transformer.h, model.transformer.ln_f)
    smol = SHARED / "models/smollm2-135m-instruct"
    model = AutoModelForCausalLM.from_pretrained(smol, gguf_file=GGUF, dtype=torch.float32).eval()
    tokenizer = Tokenizer.from_file(str(smol / "tokenizer.json"))
    encode = lambda t: tokenizer.encode(t, add_special_tokens=False).ids  # noqa: E731
    prompts(out, "smollm2", model, encode, model.model.layers, model.model.norm)
    libraries = {name: version(name) for name in ("numpy", "torch", "transformers", "tokenizers")}
    save_file(out, HERE / "directions.safetensors", metadata=libraries)


main()
