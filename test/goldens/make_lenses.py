"""Makes the goldens of translated lenses with torch and numpy.

    python3 test/goldens/make_lenses.py

`lens-tuned.safetensors`: random translators for ../shared/goldens/llama, written as a tuned lens's own pickle and
converted by scripts/convert_tuned_lens.py. `lens-tuned-golden.safetensors`: what they make of the golden states, by the
formula of tuned_lens: N(x + W x + b)·Uᵀ, log-softmax. `lens-fitted.safetensors`: of fable-4m and of the tiny gpt2, token
ids of prompts, the states of two blocks, and what numpy's closed form predicts from them. See README.md here.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHARED = ROOT.parent / "shared"
LAMBDAS = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]


def tuned() -> None:
    torch.manual_seed(5)
    folder = SHARED / "goldens" / "llama"
    golden = load_file(folder / "golden.safetensors")
    weights = {k: v.float() for k, v in load_file(folder / "model.safetensors").items()}
    config = json.loads((folder / "config.json").read_text())
    d, layers = config["hidden_size"], config["num_hidden_layers"]
    state = {}
    for i in range(layers):
        state[f"{i}.weight"] = torch.randn(d, d) * 0.3 / d**0.5
        state[f"{i}.bias"] = torch.randn(d) * 0.1
    with tempfile.TemporaryDirectory() as temporary:
        torch.save(state, Path(temporary) / "params.pt")
        (Path(temporary) / "config.json").write_text(
            json.dumps({"lens_type": "linear_tuned_lens", "d_model": d, "num_hidden_layers": layers})
        )
        script = ROOT / "scripts" / "convert_tuned_lens.py"
        subprocess.run([sys.executable, script, temporary, HERE / "lens-tuned.safetensors"], check=True)
    unembed = weights.get("lm_head.weight", weights["model.embed_tokens.weight"])
    out = {"ids": golden["0.ids"]}
    for i in range(layers):
        x = golden[f"0.blocks.{i}.hook_resid_pre"].float()
        y = x + torch.nn.functional.linear(x, state[f"{i}.weight"], state[f"{i}.bias"])
        y = y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + config["rms_norm_eps"])
        logprobs = torch.log_softmax((y * weights["model.norm.weight"]) @ unembed.T, -1)
        top = logprobs.topk(10)
        out[f"{i}.top_ids"], out[f"{i}.top_logprobs"] = top.indices, top.values.contiguous()
        out[f"{i}.entropy"] = -(logprobs.exp() * logprobs).sum(-1)
    save_file(out, HERE / "lens-tuned-golden.safetensors")


def states(model, prompts: list[list[int]]) -> list[np.ndarray]:
    """Of every block's input and of the last block's output, the states after position 0, f64[rows, d]."""
    kept: list[list[np.ndarray]] = [[] for _ in range(len(model.transformer.h) + 1)]
    last: list[torch.Tensor] = []
    handle = model.transformer.h[-1].register_forward_hook(
        lambda _m, _i, o: last.append(o[0] if isinstance(o, tuple) else o)
    )
    for ids in prompts:
        with torch.no_grad():
            hidden = model(torch.tensor([ids]), output_hidden_states=True).hidden_states
        for row, state in enumerate([*hidden[:-1], last.pop().reshape(1, len(ids), -1)]):
            kept[row].append(state[0, 1:].double().numpy())
    handle.remove()
    return [np.concatenate(rows) for rows in kept]


def ridge(x, y, held_x, held_y):
    """λ, A and b: standardized coordinates, intercept not penalized, λ by the error on held-out rows."""
    mean_x, mean_y, scale = x.mean(0), y.mean(0), x.std(0)
    z, t = (x - mean_x) / scale, y - mean_y
    best = None
    for lam in LAMBDAS:
        b = np.linalg.solve(z.T @ z / len(z) + lam * np.eye(x.shape[1]), z.T @ t / len(z))
        error = (((held_x - mean_x) / scale @ b - (held_y - mean_y)) ** 2).sum()
        if best is None or error < best[0]:
            best = (error, lam, b / scale[:, None])
    _, lam, a = best
    return lam, a, mean_y - mean_x @ a


def fitted() -> None:
    out = {}
    for name, folder, lines in (
        ("fable-4m", SHARED / "models" / "fable-4m", 120),
        ("gpt2", SHARED / "goldens" / "gpt2", 90),
    ):
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        tokenizer = AutoTokenizer.from_pretrained(folder)
        corpus = (ROOT / "site/public/reference/corpus.txt").read_text().splitlines()
        # The longest lines: many positions in few prompts.
        texts = sorted(corpus, key=len, reverse=True)[10 : 10 + lines]
        prompts = [tokenizer(text).input_ids[:60] for text in texts]
        if name == "fable-4m":
            prompts = [p if p[0] == 0 else [0, *p] for p in prompts]
        train = states(model, [p for i, p in enumerate(prompts) if i % 5 != 4])
        held = states(model, [p for i, p in enumerate(prompts) if i % 5 == 4])
        lambdas = []
        for block in range(len(train) - 1):
            lam, a, b = ridge(train[block], train[-1], held[block], held[-1])
            lambdas.append(lam)
            if block in (0, len(train) - 2):
                x = held[block][:12]
                out[f"{name}.{block}.states"] = torch.from_numpy(x).float()
                out[f"{name}.{block}.predicted"] = torch.from_numpy(x @ a + b).float()
        out[f"{name}.lambdas"] = torch.tensor(lambdas, dtype=torch.float64).float()
        out[f"{name}.lengths"] = torch.tensor([len(p) for p in prompts])
        out[f"{name}.ids"] = torch.tensor([i for p in prompts for i in p])
    save_file(out, HERE / "lens-fitted.safetensors")


if __name__ == "__main__":
    tuned()
    fitted()
