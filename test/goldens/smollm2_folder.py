"""SmolLM2 in Hugging Face layout, out of its GGUF: what TransformerLens opens. Needs the package gguf."""

import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

SOURCE = Path(__file__).resolve().parents[3] / "shared/models/smollm2-135m-instruct"
GGUF = SOURCE / "SmolLM2-135M-Instruct.Q4_1.gguf"


def smollm2_folder(folder: Path) -> Path:
    """Writes config, tokenizer and the weights, dequantized to f32 as transformers does it."""
    model = AutoModelForCausalLM.from_pretrained(SOURCE, gguf_file=GGUF.name, dtype=torch.float32)
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items() if name != "lm_head.weight"}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})  # the unembedding is tied
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(SOURCE / name, folder / name)
    return folder
