"""Makes the goldens of the hooks that ../shared's golden.safetensors lacks, with TransformerLens.

    python3 test/goldens/make_hooks.py [NAME ...]

Run once; the files are kept. Every hook that both have must agree, or nothing is written. See README.md here.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

import torch
from safetensors.torch import load_file, save_file
from transformer_lens.model_bridge import TransformerBridge

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared"

Hooks = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Source:
    """A model folder, and what is taken from it."""

    folder: Path
    prompts: tuple[int, ...] = (0,)
    # The type that the whole model had been cast to when the shared golden was made, rotary frequencies and Gemma's
    # embedding scale with it. From such a folder every hook is taken, with these constants in f32.
    cast: torch.dtype | None = None


def tiny(name: str, **more: object) -> Source:
    return Source(SHARED / "goldens" / name, **more)


SOURCES = {
    "fable-4m": Source(SHARED / "models" / "fable-4m"),
    "gpt2": tiny("gpt2", prompts=(0, 1)),
    "gpt_neo": tiny("gpt_neo"),
    "gpt_neox": tiny("gpt_neox", cast=torch.float16),
    "gpt_neox_sequential": tiny("gpt_neox_sequential"),
    "llama": tiny("llama", cast=torch.bfloat16),
    "llama_scaled": tiny("llama_scaled"),
    "mistral": tiny("mistral", cast=torch.bfloat16),
    "qwen2": tiny("qwen2", cast=torch.bfloat16),
    "qwen3": tiny("qwen3", cast=torch.bfloat16),
    "gemma3_text": tiny("gemma3_text", cast=torch.bfloat16),
}

OUTER = ("hook_embed", "hook_pos_embed")
PER_BLOCK = (
    "hook_resid_mid",
    "attn.hook_q",
    "attn.hook_k",
    "attn.hook_v",
    "attn.hook_rot_q",
    "attn.hook_rot_k",
    "attn.hook_attn_scores",
    "attn.hook_result",
    "mlp.hook_pre",
)
# What the shared goldens have; taken too where theirs are of a model that was cast.
SHARED_OUTER = ("ln_final.hook_normalized", "logits")
SHARED_PER_BLOCK = (
    "hook_resid_pre",
    "attn.hook_pattern",
    "attn.hook_z",
    "hook_attn_out",
    "mlp.hook_post",
    "hook_mlp_out",
    "hook_resid_post",
)

# The classic name (HookedTransformer) -> the bridge's, where one name means two things: in the bridge
# `hook_normalized` is taken before the norm's gain and bias, in the classic LayerNorm after them.
ALIASES = {"ln_final.hook_normalized": "ln_final.hook_out"}

# ‖bridge − golden‖ / ‖golden‖ at each position, f32 against f32; weights of attention by their own size, 1.
AGREE = 1e-5
MASKED = torch.finfo(torch.float32).min
TOP = 10


def expand(keys: torch.Tensor, heads: int) -> torch.Tensor:
    """[T, kv head, d_head] -> [T, head, d_head]: each key for every query that it serves."""
    return keys.repeat_interleave(heads // keys.shape[1], dim=1)


class Model:
    """A bridge, and what its config says that no hook does."""

    def __init__(self, folder: Path):
        self.bridge = TransformerBridge.boot_transformers(str(folder), device="cpu", dtype=torch.float32)
        self.config = json.loads((folder / "config.json").read_text())
        self.layers = self.bridge.cfg.n_layers
        self.neo = self.config["model_type"] == "gpt_neo"
        if not self.neo:
            self.bridge.set_use_attn_result(True)

    def round_constants(self, dtype: torch.dtype) -> None:
        """What a cast of the whole model does to the constants that no file stores."""
        for buffer in self.bridge.original_model.buffers():
            if buffer.is_floating_point():
                buffer.copy_(buffer.to(dtype).to(torch.float32))

    def scale(self) -> float:
        if self.neo:
            return 1.0
        return self.config.get("query_pre_attn_scalar", self.bridge.cfg.d_head) ** -0.5

    def visible(self, layer: int, size: int) -> torch.Tensor:
        """bool[dest, src]"""
        kinds = self.config.get("attention_layers") or self.config.get("layer_types")
        window = self.config.get("window_size") or self.config.get("sliding_window")
        seen = torch.ones(size, size, dtype=torch.bool).tril()
        if window and (kinds is None or kinds[layer] in ("local", "sliding_attention")):
            seen &= torch.ones_like(seen).triu(1 - window)
        return seen

    def output(self, layer: int) -> torch.nn.Module:
        return self.bridge.blocks[layer].attn.o.original_component

    def run(self, ids: list[int]) -> Hooks:
        """Every hook of one prompt under its classic name, without the batch axis, and the logits."""
        with torch.no_grad():
            logits, cache = self.bridge.run_with_cache(torch.tensor([ids]))
            hooks = {name: value[0] for name, value in cache.items() if isinstance(value, torch.Tensor)}
            hooks.update({classic: hooks[name] for classic, name in ALIASES.items()})
            hooks["logits"] = logits[0]
            for layer in range(self.layers):
                self.add_missing(layer, hooks)
        return hooks

    def add_missing(self, layer: int, hooks: Hooks) -> None:
        """What this version has no hook for, from its neighbours; `check_meaning` holds it against the others."""
        at = f"blocks.{layer}.attn."
        cos, sin = hooks.get(at + "hook_cos"), hooks.get(at + "hook_sin")  # [T, dims]
        if cos is not None and sin is not None:  # NeoX: turned, and not shown
            for name in ("q", "k"):
                x = hooks[f"{at}hook_{name}"]
                a, rest = x[..., : cos.shape[-1]], x[..., cos.shape[-1] :]
                low, high = a.chunk(2, dim=-1)
                turned = a * cos[:, None] + torch.cat((-high, low), dim=-1) * sin[:, None]
                hooks.setdefault(f"{at}hook_rot_{name}", torch.cat((turned, rest), dim=-1))
        if self.neo:  # its scores are the pattern once more, and it has no results
            q, k, z = (hooks[at + f"hook_{name}"] for name in "qkz")
            scores = torch.einsum("thd,shd->hts", q, k)
            hooks[at + "hook_attn_scores"] = scores.masked_fill(~self.visible(layer, len(q)), MASKED)
            w = self.output(layer).weight.T.reshape(*z.shape[1:], -1)  # [head, d_head, d_model]
            hooks[at + "hook_result"] = torch.einsum("the,hed->thd", z, w)

    def lens(self, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The top tokens of a residual state, and their log-probabilities."""
        with torch.no_grad():
            logits = self.bridge.unembed(self.bridge.ln_final(state[None]))[0]
        top = logits.log_softmax(dim=-1).topk(TOP, dim=-1)
        return top.indices.to(torch.int64), top.values


def check_agreement(name: str, ours: torch.Tensor, golden: torch.Tensor) -> float:
    """The largest relative difference of a position; exits when it is too large."""
    if ours.shape != golden.shape:
        sys.exit(f"{name}: expected {tuple(golden.shape)}, got {tuple(ours.shape)}")
    gap = ours - golden
    worst = gap.abs().max() if "pattern" in name else (gap.norm(dim=-1) / golden.norm(dim=-1)).max()
    if not worst <= AGREE:
        sys.exit(f"{name}: TransformerLens and the golden differ by {worst:.2e} (bound {AGREE:.0e})")
    return worst.item()


def check_meaning(hooks: Hooks, model: Model) -> None:
    """What contracts say of a hook must hold between the hooks, whatever a name means in this version."""
    close = torch.testing.assert_close
    for layer in range(model.layers):
        at = f"blocks.{layer}."
        turned = "rot_" if at + "attn.hook_rot_q" in hooks else ""
        q, k = (hooks[f"{at}attn.hook_{turned}{name}"] for name in "qk")  # [T, head, d_head]
        scores = torch.einsum("thd,shd->hts", q, expand(k, q.shape[1])) * model.scale()
        seen = model.visible(layer, len(q))
        given = hooks[at + "attn.hook_attn_scores"]
        close(given[:, seen], scores[:, seen], rtol=1e-4, atol=1e-4)
        if not (given[:, ~seen] < -1e30).all():
            sys.exit(f"{at}attn.hook_attn_scores: taken before the mask")
        close(given.softmax(dim=-1), hooks[at + "attn.hook_pattern"], rtol=1e-4, atol=1e-5)
        written = hooks[at + "attn.hook_result"].sum(dim=1)
        bias = model.output(layer).bias
        # What attention writes, before Gemma's norm on it.
        close(written if bias is None else written + bias, hooks[at + "attn.hook_out"], rtol=1e-4, atol=1e-4)
        attn, mlp = hooks[at + "hook_attn_out"], hooks[at + "hook_mlp_out"]
        if at + "hook_resid_mid" in hooks:
            close(hooks[at + "hook_resid_pre"] + attn, hooks[at + "hook_resid_mid"], rtol=1e-5, atol=1e-5)
        close(hooks[at + "hook_resid_pre"] + attn + mlp, hooks[at + "hook_resid_post"], rtol=1e-4, atol=1e-4)
    sums = hooks["hook_embed"] + hooks.get("hook_pos_embed", torch.zeros(()))
    close(sums, hooks["blocks.0.hook_resid_pre"], rtol=1e-5, atol=1e-5)


def compare(model: Model, ids: list[list[int]], goldens: Hooks) -> Iterator[float]:
    """Every shared golden of every prompt."""
    runs = [model.run(prompt) for prompt in ids]
    for key, golden in goldens.items():
        prompt, name = key.split(".", 1)
        if name != "ids" and not name.startswith("lens."):
            yield check_agreement(key, runs[int(prompt)][name], golden)


def collect(model: Model, source: Source, ids: list[list[int]]) -> Hooks:
    whole = source.cast is not None
    outer = OUTER + (SHARED_OUTER if whole else ())
    per_block = PER_BLOCK + (SHARED_PER_BLOCK if whole else ())
    names = [*outer, *(f"blocks.{layer}.{hook}" for layer in range(model.layers) for hook in per_block)]
    out: Hooks = {}
    for p in source.prompts:
        hooks = model.run(ids[p])
        check_meaning(hooks, model)
        out[f"{p}.ids"] = torch.tensor(ids[p], dtype=torch.int64)
        out.update({f"{p}.{n}": hooks[n].to(torch.float32).contiguous().clone() for n in names if n in hooks})
        for layer in range(model.layers if whole else 0):
            top_ids, logprobs = model.lens(hooks[f"blocks.{layer}.hook_resid_post"])
            out[f"{p}.lens.{layer}.top_ids"] = top_ids
            out[f"{p}.lens.{layer}.top_logprobs"] = logprobs
    return out


def main() -> None:
    for name in sys.argv[1:] or SOURCES:
        source = SOURCES[name]
        ids = json.loads((source.folder / "golden.json").read_text())["ids"]
        goldens = load_file(source.folder / "golden.safetensors")
        model = Model(source.folder)
        out = collect(model, source, ids)
        if source.cast is not None:
            model.round_constants(source.cast)
        agreement = list(compare(model, ids, goldens))
        versions = {package: version(package) for package in ("transformer-lens", "transformers", "torch")}
        file = HERE / f"{name}-hooks.safetensors"
        save_file(out, file, metadata={**versions, "model": source.folder.name})
        size = file.stat().st_size
        print(f"{file.name}: {len(out)} tensors, {size} bytes; {len(agreement)} goldens agree, worst {max(agreement):.1e}")


if __name__ == "__main__":
    main()
