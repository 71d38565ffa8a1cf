"""Makes the goldens of direct logit attribution and of neurons' writes, from TransformerLens's activations in f64.

    python3 test/goldens/make_attribution.py [NAME ...]      # smollm2 needs the package gguf, too

The bridge runs the model and gives hooks, scales and weights; a part is a component's write times the final norm as it
is in that run. Before anything is kept, the parts must sum to the bridge's own logits. See README.md here.
"""

import json
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

import torch
from safetensors.torch import load_file, save_file
from transformer_lens.model_bridge import TransformerBridge

from smollm2_folder import smollm2_folder

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared"

TINY = ("gpt2", "gpt_neo", "gpt_neox", "gpt_neox_sequential", "llama", "llama_scaled", "mistral", "qwen2", "qwen3", "gemma3_text")
LAYER_NORM = ("gpt2", "gpt_neo", "gpt_neox")
TOKENS = 9


def make(name: str, folder: Path) -> dict[str, torch.Tensor]:
    config = json.loads((folder / "config.json").read_text())
    centred = config["model_type"] in LAYER_NORM
    offset = 1.0 if config["model_type"] == "gemma3_text" else 0.0
    bridge = TransformerBridge.boot_transformers(str(folder), device="cpu", dtype=torch.float32)
    cfg = bridge.cfg
    generator = torch.Generator().manual_seed(len(name))
    unembed = bridge.original_model.get_output_embeddings().weight.detach().double()
    ids = torch.randint(0, len(unembed), (TOKENS,), generator=generator)
    target, against = torch.randint(0, len(unembed), (2,), generator=generator).tolist()
    pos = TOKENS - 2  # not the last: what stands behind it must not count
    with torch.no_grad():
        logits, cache = bridge.run_with_cache(ids[None])

    def row(hook: str) -> torch.Tensor:
        return cache[hook][0, pos].double()

    def weight(matrix: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
        found = matrix.detach().double().reshape(-1, columns)
        assert found.shape == (rows, columns), found.shape
        return found

    def behind(norm: torch.nn.Module, scale: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        w = (norm.weight.detach().double() + offset) * u / scale
        return w - w.mean() if centred else w

    u = unembed[target] - unembed[against]
    w = behind(bridge.ln_final, row("ln_final.hook_scale"), u)
    out: dict[str, torch.Tensor] = {"embed": row("hook_embed") @ w}
    if "hook_pos_embed" in cache.keys():
        # Rotary models have a hook of that name that adds nothing.
        if config["model_type"] in ("gpt2", "gpt_neo"):
            out["pos_embed"] = cache["hook_pos_embed"].reshape(TOKENS, -1)[pos].double() @ w
    heads, attn, mlp, sources = [], [], [], []
    for layer in range(cfg.n_layers):
        block, at = bridge.blocks[layer], f"blocks.{layer}"
        own = behind(block.ln1_post, row(f"{at}.ln1_post.hook_scale"), w) if hasattr(block, "ln1_post") else w
        w_o = weight(block.attn.W_O, cfg.n_heads * cfg.d_head, cfg.d_model).reshape(cfg.n_heads, cfg.d_head, cfg.d_model)
        along = w_o @ own  # [head, d_head]
        z = cache[f"{at}.attn.hook_z"][0].double().reshape(TOKENS, cfg.n_heads, cfg.d_head)
        heads.append((z[pos] * along).sum(-1))
        v = cache[f"{at}.attn.hook_v"][0].double().reshape(TOKENS, -1, cfg.d_head)
        v = v.repeat_interleave(cfg.n_heads // v.shape[1], dim=1)
        pattern = cache[f"{at}.attn.hook_pattern"][0, :, pos].double()  # [head, source]
        sources.append(pattern * torch.einsum("she,he->hs", v, along))
        attn.append(row(f"{at}.hook_attn_out") @ w)
        mlp.append(row(f"{at}.hook_mlp_out") @ w)
    out |= {"heads": torch.stack(heads), "attn": torch.stack(attn), "mlp": torch.stack(mlp), "sources": torch.stack(sources)}
    beta = getattr(bridge.ln_final, "bias", None)
    out["bias"] = beta.detach().double() @ u if beta is not None else torch.zeros(()).double()
    out["logit"] = (logits[0, pos, target] - logits[0, pos, against]).double()

    total = sum(out[key].sum() for key in ("embed", "attn", "mlp", "bias")) + out.get("pos_embed", 0)
    assert abs(total - out["logit"]) < 2e-4, (name, total, out["logit"])
    assert (out["sources"].sum(-1) - out["heads"]).abs().max() < 1e-4, name

    layer = cfg.n_layers - 1  # every neuron of the last block
    block, at = bridge.blocks[layer], f"blocks.{layer}"
    own = behind(block.ln2_post, row(f"{at}.ln2_post.hook_scale"), w) if hasattr(block, "ln2_post") else w
    values = weight(block.mlp.W_out, cfg.d_mlp, cfg.d_model)
    post = row(f"{at}.mlp.hook_post")
    out["neuron_moves"] = post * (values @ own)
    seen = values
    if hasattr(block, "ln2_post"):
        seen = values * (block.ln2_post.weight.detach().double() + offset) / row(f"{at}.ln2_post.hook_scale")
    out["neuron_lengths"] = post.abs() * seen.norm(dim=-1)

    tensors = {f"{name}.{key}": value.float().contiguous() for key, value in out.items()}
    numbers = torch.tensor([pos, target, against], dtype=torch.int64)
    return {**tensors, f"{name}.ids": ids, f"{name}.asked": numbers}


def main() -> None:
    file = HERE / "attribution.safetensors"
    tensors = load_file(file) if file.exists() else {}
    for name in sys.argv[1:] or (*TINY, "fable-4m", "smollm2"):
        if name == "smollm2":
            with tempfile.TemporaryDirectory() as folder:
                made = make(name, smollm2_folder(Path(folder)))
        else:
            made = make(name, SHARED / ("models" if name == "fable-4m" else "goldens") / name)
        tensors = {key: value for key, value in tensors.items() if not key.startswith(f"{name}.")} | made
        print(name, len(made), "tensors")
    versions = {package: version(package) for package in ("transformer-lens", "transformers", "torch")}
    save_file(tensors, file, metadata=versions)


if __name__ == "__main__":
    main()
