"""Rust's tokenizers on one thread: seconds for all lines, one call a line with offsets, and to read tokenizer.json."""
import json
import sys
import time

import tokenizers

file, lines_file, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(lines_file, encoding="utf-8") as source:
    lines = json.load(source)

seconds, load = [], []
for _ in range(runs):
    start = time.perf_counter()
    tokenizer = tokenizers.Tokenizer.from_file(file)
    load.append(time.perf_counter() - start)
    for line in lines[:100]:
        tokenizer.encode(line)
    start = time.perf_counter()
    for line in lines:
        encoding = tokenizer.encode(line)
        encoding.ids, encoding.tokens, encoding.offsets  # made when they are asked for, as ours are
    seconds.append(time.perf_counter() - start)
print(json.dumps({"version": tokenizers.__version__, "seconds": seconds, "load": load}))
