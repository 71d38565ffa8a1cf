"""Makes the goldens of the hooks that ../shared's golden.safetensors lacks, with TransformerLens.

    python3 test/goldens/make_hooks.py

Run once; the files are kept. Every hook that both have must agree, or nothing is written. See README.md here.
"""

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

import torch
from safetensors.torch import load_file, save_file
from transformer_lens.model_bridge import TransformerBridge

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared"

# output file -> (model folder, prompts of its golden.json)
GOLDENS = {
    "gpt2-hooks.safetensors": (SHARED / "goldens" / "gpt2", (0, 1)),
    "fable-4m-hooks.safetensors": (SHARED / "models" / "fable-4m", (0,)),
}

OUTER = ("hook_embed", "hook_pos_embed")
PER_BLOCK = (
    "hook_resid_mid",
    "attn.hook_q",
    "attn.hook_k",
    "attn.hook_v",
    "attn.hook_attn_scores",
    "attn.hook_result",
    "mlp.hook_pre",
)

# The classic name (HookedTransformer) -> the bridge's, where one name means two things: in the bridge
# `hook_normalized` is taken before the norm's gain and bias, in the classic LayerNorm after them.
ALIASES = {"ln_final.hook_normalized": "ln_final.hook_out"}

# ‖bridge − golden‖ / ‖golden‖ at each position, f32 against f32.
AGREE = 1e-5


def run(bridge: TransformerBridge, ids: list[int]) -> dict[str, torch.Tensor]:
    """Every hook of one prompt under its classic name, without the batch axis, and the logits."""
    with torch.no_grad():
        logits, cache = bridge.run_with_cache(torch.tensor([ids]))
    found = {name: value[0] for name, value in cache.items() if isinstance(value, torch.Tensor)}
    found.update({classic: found[name] for classic, name in ALIASES.items()})
    return {**found, "logits": logits[0]}


def check_agreement(name: str, ours: torch.Tensor, golden: torch.Tensor) -> float:
    """The largest relative difference of a position; exits when it is too large."""
    if ours.shape != golden.shape:
        sys.exit(f"{name}: expected {tuple(golden.shape)}, got {tuple(ours.shape)}")
    worst = ((ours - golden).norm(dim=-1) / golden.norm(dim=-1)).max().item()
    if not worst <= AGREE:
        sys.exit(f"{name}: TransformerLens and the golden differ by {worst:.2e} (bound {AGREE:.0e})")
    return worst


def check_meaning(hooks: dict[str, torch.Tensor], bridge: TransformerBridge) -> None:
    """What contracts say of a hook must hold between the hooks, whatever a name means in this version."""
    for layer in range(bridge.cfg.n_layers):
        at = f"blocks.{layer}."
        q, k = hooks[at + "attn.hook_q"], hooks[at + "attn.hook_k"]  # [T, head, d_head]
        scores = torch.einsum("thd,shd->hts", q, k) / bridge.cfg.d_head**0.5
        seen = torch.ones(len(q), len(q), dtype=torch.bool).tril()
        given = hooks[at + "attn.hook_attn_scores"]
        torch.testing.assert_close(given[:, seen], scores[:, seen], rtol=1e-4, atol=1e-4)
        if not (given[:, ~seen] < -1e30).all():
            sys.exit(f"{at}attn.hook_attn_scores: taken before the mask")
        writes = hooks[at + "attn.hook_result"].sum(dim=1) + bridge.blocks[layer].attn.b_O
        torch.testing.assert_close(writes, hooks[at + "hook_attn_out"], rtol=1e-4, atol=1e-4)
        mid = hooks[at + "hook_resid_pre"] + hooks[at + "hook_attn_out"]
        torch.testing.assert_close(mid, hooks[at + "hook_resid_mid"], rtol=1e-5, atol=1e-5)
    sums = hooks["hook_embed"] + hooks["hook_pos_embed"]
    torch.testing.assert_close(sums, hooks["blocks.0.hook_resid_pre"], rtol=1e-5, atol=1e-5)


def main() -> None:
    for file, (folder, prompts) in GOLDENS.items():
        bridge = TransformerBridge.boot_transformers(str(folder), device="cpu", dtype=torch.float32)
        bridge.set_use_attn_result(True)
        ids = json.loads((folder / "golden.json").read_text())["ids"]
        goldens = load_file(folder / "golden.safetensors")
        out: dict[str, torch.Tensor] = {}
        compared, worst = 0, 0.0
        for p in prompts:
            hooks = run(bridge, ids[p])
            for key, golden in goldens.items():
                prompt, name = key.split(".", 1)
                if prompt != str(p) or name == "ids" or name.startswith("lens."):
                    continue
                worst = max(worst, check_agreement(key, hooks[name], golden))
                compared += 1
            check_meaning(hooks, bridge)
            names = [*OUTER, *(f"blocks.{l}.{h}" for l in range(bridge.cfg.n_layers) for h in PER_BLOCK)]
            out[f"{p}.ids"] = torch.tensor(ids[p], dtype=torch.int64)
            out.update({f"{p}.{n}": hooks[n].to(torch.float32).contiguous().clone() for n in names})
        metadata = {
            **{name: version(name) for name in ("transformer-lens", "transformers", "torch")},
            "model": folder.name,
        }
        save_file(out, HERE / file, metadata=metadata)
        size = (HERE / file).stat().st_size
        print(f"{file}: {len(out)} tensors, {size} bytes; {compared} goldens agree, worst {worst:.1e}")


if __name__ == "__main__":
    main()
