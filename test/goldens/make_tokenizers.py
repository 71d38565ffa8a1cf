"""Makes tokenizers.json: what the Rust tokenizers give for kinds of tokenizers that ../shared has no golden of.

    pip install tokenizers==0.23.3
    python3 test/goldens/make_tokenizers.py

Run once; the file is kept. Byte-level kinds are the shipped fable-4m's tokenizer.json with some of its steps
replaced (`patch`, `modelPatch`, `dropTokens`); kinds that fall back to bytes carry a small tokenizer of their own
(`tokenizer`). Offsets are code points, as Rust gives them.
"""

import copy
import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = Path(__file__).resolve().parent
FABLE = HERE.parents[1] / "site" / "public" / "models" / "fable-4m"

TEXTS = [
    "",
    " ",
    "Hello, world!",
    " two  spaces   and\ttabs \n\n newlines \r\n end ",
    "it's I'll we've THEY'RE DON'T",
    "naïve café “quotes” … ½ ①②",
    "cafe\u0301 A\u030a ﬁne \u1100\u1161\u11a8 각",
    "日本語のテキスト 12345 ٣٤٥ 1.2e-3",
    "👩‍👩‍👧‍👦 family 🏳️‍🌈 🧑‍🚀",
    "\ufeffbom \u0085 nel \u00a0nbsp \u3000wide \u200bzero",
    "NUL\0 and \x04\x06 controls \x7f",
    "<|endoftext|> a <|endoftext|>b<|endoftext|>",
    "x <pad>  y<pad>z  <mask> w<mask>er <word> a<word>b <word>.",
    "ΟΔΥΣΣΕΥΣ İstanbul STRASSE",
    "def f(x):\n    return x ** 2  # squares\n\n\n",
    "$$$%%% --- ... ?!?! a.b,c;d",
    "▁already ▁▁marked",
    "\U000f1234\U00100001 private",
    "aaaaaaaaaaaaaaaaaaaaaaaa",
    "\u1e0b d\u0307",
]

BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
LLAMA3 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
QWEN = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"


def split(regex, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": behavior, "invert": invert}


def sequence(*steps):
    return {"pre_tokenizer": {"type": "Sequence", "pretokenizers": list(steps)}}


def added(content, id, **flags):
    base = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": id, "content": content, **base, **flags}


END = added("<|endoftext|>", 0)
BYTE_KINDS = {
    "llama3": {
        "patch": {
            **sequence(split(LLAMA3), BYTE_LEVEL),
            "post_processor": {
                "type": "Sequence",
                "processors": [
                    {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
                    {
                        "type": "TemplateProcessing",
                        "single": [
                            {"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}},
                            {"Sequence": {"id": "A", "type_id": 0}},
                        ],
                        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                        "special_tokens": {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}},
                    },
                ],
            },
        },
        "modelPatch": {"ignore_merges": True},
    },
    "qwen2": {"patch": {**sequence(split(QWEN), BYTE_LEVEL), "normalizer": {"type": "NFC"}, "post_processor": None}},
    "prefix-space": {"patch": {"pre_tokenizer": {**BYTE_LEVEL, "add_prefix_space": True, "use_regex": True}, "post_processor": None}},
    "digits": {
        "patch": {
            **sequence({"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "Isolated"}, {**BYTE_LEVEL, "use_regex": True}),
            "post_processor": None,
        }
    },
    "digits-runs": {
        "patch": {
            **sequence({"type": "Digits", "individual_digits": False}, {"type": "Punctuation", "behavior": "Contiguous"}, BYTE_LEVEL),
            "post_processor": None,
        }
    },
    "merged-previous": {"patch": {**sequence(split("\\s|[.,]", "MergedWithPrevious"), BYTE_LEVEL), "post_processor": None}},
    "merged-next": {"patch": {**sequence(split("\\s|[.,]", "MergedWithNext"), BYTE_LEVEL), "post_processor": None}},
    "contiguous": {"patch": {**sequence(split("\\s|[.,]", "Contiguous"), BYTE_LEVEL), "post_processor": None}},
    "removed": {"patch": {**sequence(split("\\s+", "Removed"), BYTE_LEVEL), "post_processor": None}},
    "removed-inverted": {"patch": {**sequence(split(QWEN, "Removed", True), BYTE_LEVEL), "post_processor": None}},
    "lowercase-strip": {
        "patch": {
            "normalizer": {
                "type": "Sequence",
                "normalizers": [{"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Lowercase"}, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "_"}],
            },
            "post_processor": None,
        }
    },
    "added": {
        "patch": {
            "post_processor": None,
            "normalizer": {"type": "NFC"},
            "added_tokens": [
                END,
                added("<pad>", 4096, lstrip=True, rstrip=True),
                added("<mask>", 4097, lstrip=True),
                added("<word>", 4098, single_word=True, special=False),
                added("  ", 4099, special=False, normalized=True),
                added("   ", 4100, special=False, normalized=True),
                added("\u1e0b", 4101, special=False, normalized=True),
            ],
        }
    },
    "bytes-missing": {"patch": {"post_processor": None}, "dropBytes": ["\x04", "\x06", "\U000f1234"]},
    "bytes-unknown": {"patch": {"post_processor": None}, "dropBytes": ["\x04", "\x06", "\U000f1234"], "modelPatch": {"unk_token": "<|endoftext|>"}},
    "bytes-unknown-fused": {
        "patch": {"post_processor": None},
        "dropBytes": ["\x04", "\x06", "\U000f1234"],
        "modelPatch": {"unk_token": "<|endoftext|>", "fuse_unk": True},
    },
}


def byte_chars():
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table, extra = {}, 0
    for byte in range(256):
        if byte in plain:
            table[byte] = chr(byte)
        else:
            table[byte] = chr(256 + extra)
            extra += 1
    return table


def byte_tokenizer(kind):
    """fable-4m's with the patch; a token that stands for a dropped byte goes, with what is merged from it."""
    spec = json.loads((FABLE / "tokenizer.json").read_text())
    spec.update(copy.deepcopy(kind.get("patch", {})))
    spec["model"].update(kind.get("modelPatch", {}))
    chars = byte_chars()
    # Only the lead byte of a longer character: the others stay, so that its rest has tokens.
    dropped = [chars[text.encode()[0]] for text in kind.get("dropBytes", [])]
    if dropped:
        gone = lambda token: token != "<|endoftext|>" and any(char in token for char in dropped)
        kind["dropTokens"] = [token for token in spec["model"]["vocab"] if gone(token)]
        spec["model"]["vocab"] = {t: i for t, i in spec["model"]["vocab"].items() if not gone(t)}
        spec["model"]["merges"] = [m for m in spec["model"]["merges"] if not gone(m[0]) and not gone(m[1])]
        del kind["dropBytes"]
    return spec


def character_tokenizer(normalizer, pre_tokenizer, decoder, prefix):
    """A small BPE over characters, trained on the prompts, with a token for each byte."""
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    model = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    model.normalizer = normalizer
    if pre_tokenizer:
        model.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=["<unk>", "<s>", "</s>", *bytes_], show_progress=False, max_token_length=12)
    model.train_from_iterator((FABLE / "prompts.txt").read_text().splitlines()[:60], trainer)
    model.decoder = decoder
    spec = json.loads(model.to_str())
    spec["added_tokens"] = [token for token in spec["added_tokens"] if token["content"] in ("<unk>", "<s>", "</s>")]
    if prefix:
        spec["post_processor"] = {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        }
    return spec


MARK = "▁"
BACK = [decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse()]
CHARACTER_KINDS = {
    "gemma": character_tokenizer(
        normalizers.Replace(" ", MARK), pre_tokenizers.Split(" ", "merged_with_previous"), decoders.Sequence(BACK), True
    ),
    "llama2": character_tokenizer(
        normalizers.Sequence([normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)]),
        None,
        decoders.Sequence([*BACK, decoders.Strip(" ", 1, 0)]),
        False,
    ),
    "metaspace-first": character_tokenizer(
        normalizers.Sequence([]),
        pre_tokenizers.Metaspace(MARK, prepend_scheme="first", split=False),
        decoders.Sequence([*BACK, decoders.Strip(" ", 1, 0)]),
        False,
    ),
    "metaspace-split": character_tokenizer(
        normalizers.Sequence([]),
        pre_tokenizers.Metaspace(MARK, prepend_scheme="always", split=True),
        decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(MARK, prepend_scheme="always", split=True)]),
        False,
    ),
}


def cases(spec):
    tokenizer = Tokenizer.from_str(json.dumps(spec))
    out = []
    for text in TEXTS:
        encoding = tokenizer.encode(text)
        out.append(
            {
                "text": text,
                "ids": encoding.ids,
                "tokens": encoding.tokens,
                "offsets": [list(offset) for offset in encoding.offsets],
                "decoded": tokenizer.decode(encoding.ids, skip_special_tokens=False),
            }
        )
    return out


def main():
    kinds = []
    for name, kind in BYTE_KINDS.items():
        spec = byte_tokenizer(kind)
        kinds.append({"name": name, **kind, "cases": cases(spec)})
    for name, spec in CHARACTER_KINDS.items():
        kinds.append({"name": name, "tokenizer": spec, "cases": cases(spec)})
    text = ",\n".join(json.dumps(kind, ensure_ascii=True, separators=(",", ":")) for kind in kinds)
    (HERE / "tokenizers.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
