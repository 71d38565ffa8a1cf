"""Scores of all heads as TransformerLens has them, for `npm run bench -- heads`: random weights of a config's shape.

    python3 bench/transformerlens_heads.py FOLDER DRAWS TOKENS RUNS THREADS

FOLDER holds config.json and a tokenizer. Prints JSON, milliseconds a run: `patterns` is run_with_cache over all draws
in one batch with the scores of each head and the loss, `copying` the eigenvalues of the full circuit's factored
matrices (W_E·W_V, W_O·W_U) layer by layer, `composition` what all_composition_scores does for Q, K and V, a few earlier
layers at a time where all pairs at once would take more than MEMORY (SmolLM2-135M's: 20 GB). Runs on the processor.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

import torch
from transformer_lens import FactoredMatrix
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.utilities import composition_scores
from transformers import AutoConfig, AutoModelForCausalLM


MEMORY = 4 * 2**30


def boot(folder: str) -> TransformerBridge:
    """Random weights: none are read from the folder."""
    config = AutoConfig.from_pretrained(folder, attn_implementation="eager")
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager").eval()
    return TransformerBridge.boot_transformers(folder, device="cpu", dtype=torch.float32, hf_model=model)


def heads_of(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """[head, in, out], each group's keys and values for every head of it."""
    return weight.repeat_interleave(heads // len(weight), dim=0)


def main(folder: str, draws: int, tokens: int, runs: int, threads: int) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    bridge = boot(folder)
    layers, heads = bridge.cfg.n_layers, bridge.cfg.n_heads
    n = tokens // 2
    copy = torch.randint(0, bridge.cfg.d_vocab, (draws, n))
    start = torch.zeros(draws, tokens - 2 * n, dtype=copy.dtype)
    ids = torch.cat([start, copy, copy], dim=1)

    def patterns() -> object:
        logits, cache = bridge.run_with_cache(ids, names_filter=lambda name: name.endswith("hook_pattern"))
        scores = []
        for layer in range(layers):
            a = cache[f"blocks.{layer}.attn.hook_pattern"]  # [draw, head, dest, src]
            for offset in (0, 1, n, n - 1):  # present, previous, duplicate, induction
                scores.append(a.diagonal(-offset, dim1=-2, dim2=-1).mean(dim=-1))
            scores.append(a[..., 0].mean(dim=-1))  # first
        loss = logits[:, :-1].log_softmax(dim=-1).gather(-1, ids[:, 1:, None])
        return scores, loss

    d, e = bridge.cfg.d_model, bridge.cfg.d_head
    attention = [block.attn for block in bridge.blocks]

    def stacked(name: str) -> torch.Tensor:
        """[layer, head, in, out]"""
        shape = (e, d) if name == "W_O" else (d, e)
        return torch.stack([heads_of(getattr(a, name).reshape(-1, *shape), heads) for a in attention])

    def copying() -> object:
        embed, unembed = bridge.W_E, bridge.W_U
        out = []
        for v, o in zip(stacked("W_V"), stacked("W_O")):
            values = FactoredMatrix(embed @ v, o @ unembed).eigenvalues
            out.append(values.real.sum(dim=-1) / values.abs().sum(dim=-1))
        return out

    def composition() -> object:
        # What matmul spreads for a pair of heads: both sides, [d_head, d_model] each.
        step = max(1, MEMORY // (2 * 4 * e * d * layers * heads * heads))
        if step >= layers:
            return [bridge.all_composition_scores(mode).scores for mode in "QKV"]
        q, k, v, o = (stacked(f"W_{name}") for name in "QKVO")
        qk = FactoredMatrix(q, k.transpose(-2, -1))
        out = []
        for right in (qk, qk.T, FactoredMatrix(v, o)):
            for first in range(0, layers, step):
                left = FactoredMatrix(v[first : first + step], o[first : first + step])
                out.append(composition_scores(left, right, broadcast_dims=True))
        return out

    def timed(run: Callable[[], object]) -> float:
        begun = time.perf_counter()
        run()
        return (time.perf_counter() - begun) * 1000

    kinds = {"patterns": patterns, "copying": copying, "composition": composition}
    with torch.no_grad():
        timed(patterns)
        samples = {name: [timed(run) for _ in range(runs)] for name, run in kinds.items()}
    packages = ("transformer-lens", "torch")
    print(json.dumps({"versions": ", ".join(f"{name} {version(name)}" for name in packages), **samples}))


if __name__ == "__main__":
    main(sys.argv[1], *(int(value) for value in sys.argv[2:6]))
