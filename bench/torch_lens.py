"""The lens as PyTorch runs it, for `npm run bench -- lens`: a model of a config's shape with random weights.

    python3 bench/torch_lens.py CONFIG.json TOKENS RUNS THREADS [cpu|gpu]

Prints JSON, milliseconds a run. With `gpu`, on CUDA or Apple's MPS, or where PyTorch knows neither on the processor, as
`device` then says. A run ends when its results are in the computer's memory, as ours are when JavaScript has them; f32
products stay f32 (PyTorch's default: no TF32). Random weights have no denormals to
speak of; a trained model may be slower.
"""

import json
import os
import sys
import time
from collections.abc import Callable

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from transformers import AutoConfig, AutoModelForCausalLM, __version__

TOP = 10


def fetched(result: object) -> object:
    """Tensors brought to the computer's memory; waits for the device by that."""
    if isinstance(result, torch.Tensor):
        return result.cpu()
    return [fetched(part) for part in result]  # lists, tuples, topk's values and indices


def accelerator() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def main(config: str, tokens: int, runs: int, threads: int, place: str) -> None:
    device = accelerator() if place == "gpu" else torch.device("cpu")
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(config), dtype=torch.float32).eval().to(device)
    ids = torch.randint(0, model.config.vocab_size, (1, tokens)).to(device)
    body = model.base_model
    norm = body.norm if hasattr(body, "norm") else body.ln_f  # Llama's, GPT-2's
    unembed = model.lm_head

    def states() -> list[torch.Tensor]:
        """What each layer leaves, normed: [1, tokens, width] each, the embedding's row first."""
        hidden = model(ids, output_hidden_states=True).hidden_states
        return [*(norm(h) for h in hidden[:-1]), hidden[-1]]  # the last comes normed

    def plain() -> object:
        return model(ids).logits

    def loop() -> object:
        """As notebooks do it: a layer at a time."""
        return [unembed(state).log_softmax(dim=-1).topk(TOP) for state in states()]

    def batched() -> object:
        """Every layer at once, with the entropies and KL to the output that our table has too."""
        logprobs = unembed(torch.cat(states())).log_softmax(dim=-1)
        p = logprobs.exp()
        entropy = -(p * logprobs).sum(dim=-1)
        kl = (p[-1] * (logprobs[-1] - logprobs)).sum(dim=-1)
        return logprobs.topk(TOP), entropy, kl

    def timed(run: Callable[[], object]) -> float:
        start = time.perf_counter()
        fetched(run())
        return (time.perf_counter() - start) * 1000

    kinds = {"plain": plain, "loop": loop, "batched": batched}
    with torch.no_grad():
        for run in kinds.values():
            for _ in range(2):  # CUDA chooses and loads its kernels in the first
                timed(run)
        samples = {name: [timed(run) for _ in range(runs)] for name, run in kinds.items()}
    where = torch.cuda.get_device_name() if device.type == "cuda" else device.type
    versions = {"torch": torch.__version__, "transformers": __version__}
    print(json.dumps({**versions, "threads": threads, "device": where, **samples}))


if __name__ == "__main__":
    main(sys.argv[1], *(int(value) for value in sys.argv[2:5]), sys.argv[5] if len(sys.argv) > 5 else "cpu")
