"""pyversity's lists of small inputs: ``run_small.py cases.json answer.json``."""

import json
import sys
from pathlib import Path

import numpy as np
from pyversity import Strategy, diversify

OPTIONS = {"ssd": {"append_bias": False}}

answer = {}
for name, case in json.loads(Path(sys.argv[1]).read_text()).items():
    vectors, found = np.array(case["vectors"], dtype=np.float32), {}
    for method in case["methods"]:
        for diversity in case["diversities"]:
            found[f"{method} {diversity}"] = [
                diversify(
                    embeddings=vectors, scores=np.array(scores, dtype=np.float32), k=case["k"],
                    strategy=Strategy(method), diversity=diversity, **OPTIONS.get(method, {}),
                ).indices.tolist()
                for scores in case["scores"]
            ]  # fmt: skip
    answer[name] = {**case, "lists": found}
Path(sys.argv[2]).write_text(json.dumps(answer))
