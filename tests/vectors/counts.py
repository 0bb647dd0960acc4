#!/usr/bin/env python3
"""Writes into each vector file, and into `README.md`, how many cases there are. Needs nothing but Python.

    python3 tests/vectors/counts.py

`generate.py` does the same at its end. A JSON file with `vectors` says it in `cases`, right before them; `ledger/tree.json` and
`ledger/notes.json` get theirs from `ledger/generate.py`. In a folder of cases each file is one. A table has as many as it has rows
below its heading.
"""

import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
ROW = re.compile(r"^\| `([^`]+)` \| [0-9,]+ \|", re.MULTILINE)


def count(name):
    """How many cases a file, or all files of a pattern such as `policy/*.json`, have."""
    if "*" in name:
        return len(list(HERE.glob(name)))
    text = (HERE / name).read_text(encoding="utf-8")
    if name.endswith(".tsv"):
        return len(text.splitlines()) - 1
    value = json.loads(text)
    return len(value["vectors"]) if "vectors" in value else value["cases"]


def into_file(path):
    """The file is not written anew: those that people write keep their form."""
    text = path.read_text(encoding="utf-8")
    value = json.loads(text)
    if "vectors" not in value:
        return
    text = re.sub(r'^ "cases": [0-9]+,\n', "", text, count=1, flags=re.MULTILINE)
    line = f' "cases": {len(value["vectors"])},\n'
    text = text.replace('\n "vectors": [', f'\n{line} "vectors": [', 1)
    assert json.loads(text)["cases"] == len(value["vectors"]), path
    path.write_text(text, encoding="utf-8")


def main():
    for path in sorted(HERE.glob("*.json")):
        into_file(path)
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    text = ROW.sub(lambda row: f"| `{row[1]}` | {count(row[1]):,} |", text)
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
