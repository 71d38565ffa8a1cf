"""Converts a tuned lens (Belrose et al. 2023, https://github.com/AlignmentResearch/tuned-lens) to safetensors.

    python3 scripts/convert_tuned_lens.py FOLDER OUT.safetensors

FOLDER holds `params.pt` (a pickle: the state of the translators, `i.weight` [out, in] and `i.bias`) and
`config.json`, as `TunedLens.save` writes them and as they lie on the hub (space AlignmentResearch/tuned-lens,
lens/OWNER/MODEL). OUT has the names of shared/lens/FORMAT.md. The pickle is read with `weights_only`: it runs nothing.
Needs torch and safetensors.
"""

import json
import re
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file


def convert(folder: Path, out: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    kind = config.get("lens_type", "linear_tuned_lens")
    if kind != "linear_tuned_lens":
        raise SystemExit(f"{folder}/config.json: lens_type: expected linear_tuned_lens, got {kind}")
    state = torch.load(folder / "params.pt", map_location="cpu", weights_only=True)
    # Some checkpoints put the translators under a prefix, and carry the unembedding along.
    tensors = {}
    for name, value in state.items():
        found = re.fullmatch(r"(?:layer_translators\.)?(\d+)\.(weight|bias)", name)
        if found:
            tensors[int(found[1]), found[2]] = value.to(torch.float32)
    d, layers = config["d_model"], config["num_hidden_layers"]
    converted = {}
    for i in range(layers):
        weight = tensors.pop((i, "weight"), None)
        bias = tensors.pop((i, "bias"), torch.zeros(d))
        if weight is None or tuple(weight.shape) != (d, d) or tuple(bias.shape) != (d,):
            got = "nothing" if weight is None else list(weight.shape)
            raise SystemExit(f"{folder}/params.pt: {i}.weight: expected [{d}, {d}], got {got}")
        # torch's linear layer is x·Wᵀ: transposed, so that it is x·W.
        converted[f"translators.{i}.weight"] = weight.T.contiguous()
        converted[f"translators.{i}.bias"] = bias.contiguous()
    if tensors:
        raise SystemExit(f"{folder}/params.pt: {len(tensors)} tensors more than {layers} translators have")
    metadata = {"format": "residscope.lens/1", "kind": "tuned"}
    model = config.get("base_model_name_or_path")
    if isinstance(model, str):
        metadata["model"] = model
    save_file(converted, out, metadata=metadata)
    print(f"wrote {out}: {layers} translators of {d}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
