"""Makes the goldens of the heads' scores, with TransformerLens and plain torch in f64.

    npm run build:lib && python3 test/goldens/make_heads.py [NAME ...]      # smollm2 needs the package gguf, too

The random tokens are the ones that `residscope heads` draws; all else is computed here: attention and logits by the
bridge's own run, weights by its W_Q, W_K, W_V and W_O, circuits and compositions as whole matrices. See README.md here.
"""

import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

import torch
from safetensors.torch import load_file, save_file
from transformer_lens.model_bridge import TransformerBridge

from smollm2_folder import GGUF, smollm2_folder

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHARED = HERE.parents[2] / "shared"

TINY = ("gpt2", "gpt_neo", "gpt_neox", "gpt_neox_sequential", "llama", "mistral", "qwen2", "qwen3", "gemma3_text")
DRAWS = 3
# Vocabularies up to here are small enough for the circuit from token to token as it is.
WHOLE = 1024


def drawn(model: Path) -> torch.Tensor:
    """The sequences that the command line draws: int64[draw, position]."""
    cli = ["node", str(ROOT / "dist/lib/cli.js"), "heads", str(model), "--json", "--draws", str(DRAWS), "--no-composition"]
    said = json.loads(subprocess.run(cli, check=True, capture_output=True, text=True).stdout)
    return torch.tensor(said["sequences"], dtype=torch.int64)


class Folded:
    """A bridge's attention matrices in f64, norms folded in: [head, ...] a layer."""

    def __init__(self, bridge: TransformerBridge, config: dict):
        self.bridge, self.config = bridge, config
        self.d, self.heads, self.e = bridge.cfg.d_model, bridge.cfg.n_heads, bridge.cfg.d_head
        self.layers = bridge.cfg.n_layers
        self.offset = 1.0 if config["model_type"] == "gemma3_text" else 0.0
        centred = config["model_type"] in ("gpt2", "gpt_neo", "gpt_neox")
        eye = torch.eye(self.d, dtype=torch.float64)
        self.centre = eye - torch.full_like(eye, 1 / self.d) if centred else eye

    def gain(self, norm: torch.nn.Module) -> torch.Tensor:
        return norm.weight.detach().double() + self.offset

    def layer(self, index: int) -> dict[str, torch.Tensor]:
        block = self.bridge.blocks[index]
        attention = block.attn
        shapes = {"q": (self.d, self.e), "k": (self.d, self.e), "v": (self.d, self.e), "o": (self.e, self.d)}
        raw: dict[str, torch.Tensor] = {}
        for name, shape in shapes.items():
            weight = getattr(attention, f"W_{name.upper()}").detach().double()
            weight = weight.reshape(-1, *shape)
            raw[name] = weight.repeat_interleave(self.heads // len(weight), dim=0)
        read = self.centre @ torch.diag(self.gain(block.ln1))
        write = self.centre
        if hasattr(block, "ln1_post"):
            write = self.centre @ torch.diag(self.gain(block.ln1_post)) @ self.centre
        return {**{name: read @ raw[name] for name in "qkv"}, "o": raw["o"] @ write}


def weighty(bridge: TransformerBridge) -> tuple[torch.Tensor, torch.Tensor]:
    """E and U, [vocab, d] both, as the model itself holds them."""
    model = bridge.original_model
    embed = model.get_input_embeddings().weight.detach().double()
    return embed, bridge.original_model.get_output_embeddings().weight.detach().double()


def attention_scores(bridge: TransformerBridge, sequences: torch.Tensor, n: int) -> dict[str, torch.Tensor]:
    layers, heads = bridge.cfg.n_layers, bridge.cfg.n_heads
    tokens = sequences.shape[1]
    start = tokens - 2 * n
    tables = {name: torch.zeros(len(sequences), layers, heads) for name in ("previous", "present", "first", "duplicate", "induction")}
    losses = torch.full((len(sequences), 2 * n), float("nan"))
    for draw, ids in enumerate(sequences):
        with torch.no_grad():
            logits, cache = bridge.run_with_cache(ids[None])
        logprobs = logits[0].double().log_softmax(dim=-1)
        for j in range(2 * n):
            if start + j > 0:
                losses[draw, j] = -logprobs[start + j - 1, ids[start + j]]
        later = range(2, tokens)
        second = range(start + n, tokens)
        for layer in range(layers):
            a = cache[f"blocks.{layer}.attn.hook_pattern"][0]  # [head, dest, src]
            mean = lambda cells: torch.stack([a[:, i, s] for i, s in cells]).mean(dim=0)
            tables["previous"][draw, layer] = mean([(i, i - 1) for i in later])
            tables["present"][draw, layer] = mean([(i, i) for i in later])
            tables["first"][draw, layer] = mean([(i, 0) for i in later])
            # The copy of a sequence's very first token does not count: nothing is told apart from resting there.
            tables["duplicate"][draw, layer] = torch.stack(
                [a[:, i, i - n] if i - n > 0 else torch.full((heads,), float("nan")) for i in second if i >= 2]
            ).nanmean(dim=0)
            tables["induction"][draw, layer] = mean([(i, i - n + 1) for i in second])
    return {**{name: table.mean(dim=0) for name, table in tables.items()}, "loss": losses.mean(dim=0).reshape(2, n)}


def copying(folded: Folded, embed: torch.Tensor, unembed: torch.Tensor) -> torch.Tensor:
    gain = folded.gain(folded.bridge.ln_final)
    tokens = unembed.T @ embed
    out = torch.zeros(folded.layers, folded.heads)
    for layer in range(folded.layers):
        w = folded.layer(layer)
        for head in range(folded.heads):
            v, o = w["v"][head], w["o"][head]
            if len(embed) <= WHOLE:  # from every token to every token
                circuit = embed @ v @ o @ torch.diag(gain) @ unembed.T
            else:
                circuit = (o @ torch.diag(gain)) @ tokens @ v
            values = torch.linalg.eigvals(circuit)
            out[layer, head] = values.real.sum() / values.abs().sum()
    return out


def composition(folded: Folded, one: int, two: int) -> torch.Tensor:
    """[kind (q, k, v), head of layer one, head of layer two], by the d × d matrices themselves."""
    first, second = folded.layer(one), folded.layer(two)
    out = torch.zeros(3, folded.heads, folded.heads)
    for a in range(folded.heads):
        ov = first["v"][a] @ first["o"][a]
        for b in range(folded.heads):
            qk = second["q"][b] @ second["k"][b].T
            for kind, m in enumerate((qk, qk.T, second["v"][b] @ second["o"][b])):
                out[kind, a, b] = (ov @ m).norm() / ov.norm() / m.norm()
    return out


# Of the real model: the pair that composes most, the first layers, the last ones.
SMOLLM2_PAIRS = ((0, 1), (16, 17), (16, 18), (28, 29))


def make(name: str, folder: Path, opened: Path) -> dict[str, torch.Tensor]:
    """@param opened what our side opens: the folder itself, or the GGUF that the folder was made of."""
    config = json.loads((folder / "config.json").read_text())
    bridge = TransformerBridge.boot_transformers(str(folder), device="cpu", dtype=torch.float32)
    folded = Folded(bridge, config)
    sequences = drawn(opened)
    bos = sequences.shape[1] % 2
    n = (sequences.shape[1] - bos) // 2
    out = attention_scores(bridge, sequences, n)
    out["copying"] = copying(folded, *weighty(bridge))
    pairs = SMOLLM2_PAIRS if name == "smollm2" else [(i, j) for j in range(folded.layers) for i in range(j)]
    for one, two in pairs:
        out[f"composition.{one}.{two}"] = composition(folded, one, two)
    tensors = {f"{name}.{key}": value.float().contiguous() for key, value in out.items()}
    return {**tensors, f"{name}.ids": sequences}


def main() -> None:
    file = HERE / "heads.safetensors"
    tensors = load_file(file) if file.exists() else {}
    for name in sys.argv[1:] or (*TINY, "fable-4m", "smollm2"):
        if name == "smollm2":
            with tempfile.TemporaryDirectory() as folder:
                made = make(name, smollm2_folder(Path(folder)), GGUF)
        else:
            folder = SHARED / ("models" if name == "fable-4m" else "goldens") / name
            made = make(name, folder, folder)
        tensors = {key: value for key, value in tensors.items() if not key.startswith(f"{name}.")} | made
        print(name, len(made), "tensors")
    versions = {package: version(package) for package in ("transformer-lens", "transformers", "torch")}
    save_file(tensors, file, metadata=versions)


if __name__ == "__main__":
    main()
