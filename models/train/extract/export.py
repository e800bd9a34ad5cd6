"""Writes the trained model for Rust: run `python -m extract.export --help` in `models/train`.

`model.safetensors` (f16, names of `net.py`), `config.json` (dimensions, tables,
temperatures), `tokenizer.json`, and a fixture of two invented receipts with
tokens, features, keys and scores, against which the Rust code is tested.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from . import evaluate
from .batch import Embedder, collate
from .calibrate import fit
from .data import Sroie, recognised_pages, synthetic
from .features import FEATURES, features, tokenize
from .labels import ITEM_KINDS, PAGE, POINTERS, ROLES, SPANS
from .net import LINKS, Net, Size
from .order import read_order
from .text import FOLD, KINDS, PATTERNS, SPLITTER, Scanner

FORMAT = "slipstream-extract/2"
NAME = "slipstream-extract"
MOST_TOKENS = 2048  # of a page when reading: twice what training pays for; nothing in the network depends on it

# Invented receipts: (left, top, text) in a font 10 wide and 18 high. The second page is tilted.
STATIONER = [
    (120, 20, "PUSTAKA CONTOH SDN BHD"), (140, 45, "(123456-X)"), (110, 70, "NO.7, JALAN CONTOH 3/2,"), (130, 95, "81000 TAMAN UJIAN, JOHOR."),
    (120, 120, "TEL: 07-000 0000"), (10, 160, "DATE:"), (100, 161, "25/12/20198:13:39 PM"), (10, 185, "RECEIPT NO : CS00012"), (10, 220, "QTY"),
    (300, 221, "AMOUNT(RM)"), (10, 250, "KERTAS A4 70GSM"), (10, 275, "2 x 4.50"), (340, 276, "9.00"), (10, 300, "PEN BIRU"), (340, 301, "1,201.60"),
    (10, 340, "SUBTOTAL"), (340, 341, "1,210.60"), (10, 365, "GST 6%"), (340, 366, "72.64"), (10, 390, "ROUNDING ADJ"), (350, 391, "0.01"),
    (10, 415, "TOTAL"), (330, 416, "RM1,283.25"), (10, 440, "CASH"), (340, 441, "1,300.00"), (10, 465, "CHANGE"), (350, 466, "16.75"),
]
BAKERY = [
    (90, 10, "Bäckerei Beispiel GmbH"), (110, 35, "Musterstraße 12a"), (100, 60, "01234 Beispielstädt"), (60, 85, "USt-IdNr.: DE000000000"),
    (10, 130, "Roggenbrötchen"), (260, 130, "1,20 A"), (10, 155, "4 Stk x 0,30"), (10, 180, "Pfand"), (270, 181, "-0,25 B"), (10, 215, "Summe EUR"),
    (270, 216, "0,95"), (10, 250, "MwSt 7,00%"), (120, 251, "Netto 0,89"), (270, 250, "0,06"), (10, 290, "03.04.2026 · 08:15 Uhr"), (10, 320, "Bon‑Nr 00417 №二"),
]


def page_of(rows, tilt=0.0):
    """Quads and texts of an invented receipt, corners moved along a slope."""
    page = []
    for left, top, text in rows:
        right, bottom = left + 10 * len(text), top + 18
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        page.append(([(x - tilt * y, y + tilt * x) for x, y in corners], text))
    return page


@torch.no_grad()
def fixture(net, embedder, scanner):
    """Everything that Rust must reproduce, for each invented page and for both in one batch."""
    pages = [page_of(STATIONER), page_of(BAKERY, 0.0625)]
    token_lists = []
    out = []
    for page in pages:
        lines = read_order(page)
        tokens = tokenize(lines, scanner)
        buckets, columns, rows = features(tokens)
        token_lists.append(tokens)
        out.append({
            "lines": [{"quad": quad, "text": text} for quad, text in page],
            "tokens": [{"line": lines[t.line].number, "start": t.start, "end": t.end, "text": t.text, "kind": t.kind} for t in tokens],
            "features": buckets, "rows": rows, "columns": columns,
            "pieces": [embedder.of(t.text)[0] for t in tokens], "grams": [embedder.of(t.text)[1] for t in tokens],
        })
    together = net(collate(token_lists, embedder))
    rounded = lambda table: [[round(v, 5) for v in row] for row in table.tolist()]
    for i, (page, tokens) in enumerate(zip(out, token_lists)):
        one, everyone = together.of(i, len(tokens)), list(range(len(tokens)))
        page["scores"], page["nulls"], page["page"] = rounded(one.tokens), rounded(one.nulls[None])[0], rounded(one.page[None])[0]
        page["links"] = [rounded(net.links(one, link, everyone)) for link in range(LINKS)]
    return {"pages": out}


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--run", type=Path, required=True, help="the --out folder of a training run")
    p.add_argument("--sroie", type=Path, required=True)
    p.add_argument("--recognised", type=Path, required=True)
    p.add_argument("--synthetic", type=Path, help="folder with val.jsonl")
    p.add_argument("--weights", type=Path, required=True, help="folder for model.safetensors, config.json, tokenizer.json")
    p.add_argument("--blend-with", type=Path, help="model.safetensors that the run began with: the mean of both is written, which knows the new and keeps the old (WiSE-FT, arXiv 2109.01903)")
    p.add_argument("--fixture", type=Path, required=True, help="file for the parity fixture")
    args = p.parse_args()
    torch.set_num_threads(1)

    state = torch.load(args.run / "checkpoint.pt", weights_only=False)
    size = Size(**state["size"])
    tokenizer = Tokenizer.from_file(str(args.run / "tokenizer.json")) if size.pieces else None
    embedder = Embedder(tokenizer, size.gram_buckets)
    before = load_file(args.blend_with) if args.blend_with else {}
    blended = {name: (value + before[name].float()) / 2 if before else value for name, value in state["average"].items()}
    half = {name: value.half().contiguous() for name, value in blended.items()}
    net = Net(size)
    net.load_state_dict({name: value.float() for name, value in half.items()})
    net.eval()

    scanner, data = Scanner(), Sroie(args.sroie)
    _, validation = data.split(set())
    pages = recognised_pages(args.recognised)
    recognised = [d for i in validation if pages.get(i) for d in [data.document(i, pages[i], "recognised", scanner)] if d.tokens]
    made = synthetic(args.synthetic / "val.jsonl", scanner) if args.synthetic else []
    together = lambda tokens: collate(tokens, embedder)
    for source, documents in (("recognised", recognised), ("truth", [data.document(i, data.truth_page(i), "truth", scanner) for i in validation])):
        results, best = evaluate.sroie(net, documents, together), evaluate.oracle(documents)
        for name, (strict, loose) in results.items():
            print(f"{source:10} {name:8} F1 {strict:.3f} strictly, {loose:.3f} on letters and digits", f"; a perfect tagger {best[name][0]:.3f}, {best[name][1]:.3f}" if name in best else "")
    if made:
        for group in evaluate.synthetic(net, made, together):
            print("synthetic ", "  ".join(f"{name} {value:.3f}" for name, value in group.items()))
    temperatures, errors = fit(net, recognised, made, together)
    for name, (before, after) in errors.items():
        print(f"calibration error of {name}: {before:.3f} -> {after:.3f} at temperature {temperatures[name]}")

    args.weights.mkdir(parents=True, exist_ok=True)
    save_file(half, args.weights / "model.safetensors")
    (args.weights / "model.safetensors").chmod(0o644)  # the library writes it for its owner alone
    if tokenizer:
        shutil.copyfile(args.run / "tokenizer.json", args.weights / "tokenizer.json")
    config = {
        "format": FORMAT, "name": NAME, "licence": "Apache-2.0", "size": state["size"], "max_tokens": MOST_TOKENS, "features": FEATURES, "kinds": KINDS,
        "spans": list(SPANS.items()), "pointers": list(POINTERS.items()), "roles": ROLES, "item_kinds": ITEM_KINDS, "page": list(PAGE.items()),
        "temperatures": temperatures, "splitter": SPLITTER, "patterns": PATTERNS, "fold": FOLD,
    }
    (args.weights / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    learnt_from = json.loads((args.run / "manifest.json").read_text(encoding="utf-8"))["files"]
    (args.weights / "manifest.sha256").write_text("".join(f"{f['sha256']}  {f['file']}\n" for f in learnt_from), encoding="utf-8")
    args.fixture.parent.mkdir(parents=True, exist_ok=True)
    args.fixture.write_text(json.dumps(fixture(net, embedder, scanner), ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
