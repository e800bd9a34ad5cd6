"""Trains the extraction model; run `python -m extract.train --help` in `models/train`.

One seed, resumable: a checkpoint holds weights, averages,
optimiser, random states and the step.
"""

import argparse
import copy
import dataclasses
import json
import math
import random
import shutil
import time
import tomllib
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from . import evaluate
from .augment import Words, augment, surround
from .batch import Embedder, collate
from .data import MAX_TOKENS, Sroie, manifest, recognised_pages, synthetic
from .labels import ITEM_KINDS, PAGE
from .loss import losses
from .net import Net, Size
from .teach import teach
from .text import Scanner
from .vocabulary import train_tokenizer


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--config", type=Path, default=Path(__file__).with_name("config.toml"))
    p.add_argument("--sroie", type=Path, required=True, help="folder with box/ and key/")
    p.add_argument("--recognised", type=Path, nargs="+", default=[], help="reports of recognisers over the same receipts, results[].lines[].{quad,text}; the first one's readings also validate")
    p.add_argument("--never", type=Path, help="ids, one a line, that no model is trained on")
    p.add_argument("--synthetic", type=Path, help="folder with train.jsonl and val.jsonl")
    p.add_argument("--photographed", type=Path, nargs="+", default=[], help="folders of rendered pages: manifest.jsonl, and recognised.json, a recogniser's report over their images")
    p.add_argument("--photographed-validation", type=Path, help="one such folder, of typefaces and seeds that are not trained on")
    p.add_argument("--start", type=Path, help="folder with model.safetensors and tokenizer.json to go on from, where names and shapes fit")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--synthetic-limit", type=int, help="use only the first documents")
    p.add_argument("--out", type=Path, required=True, help="folder for the checkpoint, the tokenizer and the manifest")
    p.add_argument("--set", action="append", default=[], metavar="TABLE.NAME=VALUE", help="override a setting, for experiments")
    p.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    return p.parse_args()


def settings(path, overrides):
    config = tomllib.loads(path.read_text(encoding="utf-8"))
    for item in overrides:
        name, value = item.split("=", 1)
        table, _, key = name.rpartition(".")
        (config[table] if table else config)[key] = json.loads(value)
    return config


@dataclasses.dataclass
class Corpus:
    """All documents, by part and by how their text was read."""

    truth: dict
    recognised: list  # one dict a recogniser
    training: list
    validation: list
    synthetic: list
    synthetic_validation: list
    photographed: list
    photographed_validation: list

    def __post_init__(self):
        self.prose = [d for d in self.photographed if d.target.page.get("kind") == OTHER]
        made = self.synthetic + self.photographed
        with_rows = {kind: [d for d in made if number in d.target.kinds] for number, kind in enumerate(ITEM_KINDS) if kind != "item"}
        self.rare = [part for part in (*with_rows.values(), [d for d in made if d.target.pointers.get("tip")]) if part]

    def sroie_training(self):
        """SROIE's training receipts in all readings."""
        return [d for part in (self.truth, *self.recognised) for i in self.training for d in [part.get(i)] if d]


def load(args):
    scanner = Scanner()
    data = Sroie(args.sroie)
    never = set(args.never.read_text().split()) if args.never else set()
    training, validation = data.split(never)
    truth = {i: data.document(i, data.truth_page(i), "truth", scanner) for i in training + validation}
    recognised = []
    for report in args.recognised:
        pages = recognised_pages(report)
        documents = {i: data.document(i, pages[i], "recognised", scanner) for i in training + validation if pages.get(i)}
        recognised.append({i: d for i, d in documents.items() if d.tokens})
    limits = {"train": args.synthetic_limit, "val": SYNTHETIC_VALIDATION}
    made = [synthetic(args.synthetic / f"{part}.jsonl", scanner, limit) if args.synthetic else [] for part, limit in limits.items()]
    folders = {"train": args.photographed, "val": [args.photographed_validation] if args.photographed_validation else []}
    photographed = [[d for folder in part for d in synthetic(folder / "manifest.jsonl", scanner, limits[name] if name == "val" else None, recognised_pages(folder / "recognised.json"))]
                    for name, part in folders.items()]
    return Corpus(truth, recognised, training, validation, *made, *photographed)


SYNTHETIC_VALIDATION = 300  # synthetic receipts that are looked at while training; export.py takes all
OTHER = PAGE["kind"].index("other")
POOL = 8  # batches that are drawn together and sorted by length, so that little is padded


def draw(corpus, schedule, mixed):
    """A pool of batches of documents of similar length."""
    out = []
    for _ in range(POOL * schedule["documents"]):
        if corpus.synthetic and (not mixed or random.random() < schedule["synthetic_share"]):
            if corpus.rare and random.random() < schedule["rare_share"]:
                out.append(random.choice(random.choice(corpus.rare)))
                continue
            seen = corpus.photographed and random.random() < schedule["photographed_share"]
            out.append(random.choice(corpus.photographed if seen else corpus.synthetic))
        else:
            i = random.choice(corpus.training)
            read = [documents[i] for documents in corpus.recognised if i in documents]
            out.append(random.choice(read) if read and random.random() < schedule["recognised_share"] else corpus.truth[i])
    batches = batched(out, schedule["documents"], schedule["tokens"])
    random.shuffle(batches)
    return batches


def batched(documents, most, tokens):
    """Batches of similar length: at most `most` documents, and no more than fill `tokens` once padded, unless one alone does."""
    batches = [[]]
    for document in sorted(documents, key=lambda d: len(d.tokens)):
        if len(batches[-1]) == most or batches[-1] and (len(batches[-1]) + 1) * len(document.tokens) > tokens:
            batches.append([])
        batches[-1].append(document)
    return batches


def learning_rate(step, steps, schedule):
    warm = min(1.0, (step + 1) / schedule["warm_up_steps"])
    return schedule["rate"] * warm * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 1e-6


def report(net, corpus, embedder):
    together = lambda tokens: collate(tokens, embedder)
    out = {}
    for source, documents in [("truth", corpus.truth), *(("recognised", documents) for documents in corpus.recognised[:1])]:
        part = [documents[i] for i in corpus.validation if i in documents]
        if part:
            out[source] = evaluate.sroie(net, part, together)
    if corpus.synthetic_validation:
        out["synthetic"] = evaluate.synthetic(net, corpus.synthetic_validation, together)
    if corpus.photographed_validation:
        out["photographed"] = evaluate.synthetic(net, corpus.photographed_validation, together)
    return out


def say(step, loss, seconds, results):
    print(f"step {step} loss {loss:.3f} {seconds:.0f} s")
    for source, values in results.items():
        if source in ("synthetic", "photographed"):
            for group in values:
                print(f"  {source}", " ".join(f"{k} {v:.2f}" for k, v in group.items()))
        else:
            print(f"  {source:10}", "  ".join(f"{k} {a:.3f}/{b:.3f}" for k, (a, b) in values.items()), flush=True)


def begin_with(net, weights):
    """Takes over what fits by name, of longer tables the first rows; layers that are new at first pass their input on unchanged."""
    own = net.state_dict()
    for name, value in own.items():
        if name.startswith("layer.") and name not in weights and any(f".{part}." in name for part in ("out", "down")):
            value.zero_()
    for name, value in weights.items():
        if name in own and own[name].shape[1:] == value.shape[1:]:
            rows = min(len(own[name]), len(value))
            own[name][:rows] = value[:rows].float()


def varied(document, corpus, words, noise):
    """Tokens and target of a document made to look like another one, perhaps with text around it."""
    tokens, target = augment(document, words, noise)
    if corpus.prose and document.target.page.get("kind") != OTHER and random.random() < noise["surround"]:
        tokens, target = surround(tokens, target, random.choice(corpus.prose).tokens, MAX_TOKENS)
    return tokens, target


def main():
    args = arguments()
    config = settings(args.config, args.set)
    schedule, noise = config["schedule"], config["noise"]
    torch.set_num_threads(args.threads)
    random.seed(config["seed"])
    torch.manual_seed(config["seed"])
    args.out.mkdir(parents=True, exist_ok=True)
    corpus = load(args)
    learnt_from = corpus.sroie_training() + corpus.synthetic + corpus.photographed
    print(f"{len(corpus.training)} training, {len(corpus.validation)} validation, {[len(documents) for documents in corpus.recognised]} recognised, "
          f"{len(corpus.synthetic)} synthetic, {len(corpus.photographed)} photographed", flush=True)

    checkpoint = args.out / "checkpoint.pt"
    tokenizer = None
    if config["size"]["pieces"]:
        file = args.out / "tokenizer.json"
        if args.start and not args.resume:
            shutil.copyfile(args.start / "tokenizer.json", file)
        elif not args.resume:
            train_tokenizer(learnt_from, config["size"]["pieces"], 3).save(str(file))
        tokenizer = Tokenizer.from_file(str(file))
    dims = {k: v for k, v in config["size"].items() if k != "dropout"}
    size = Size(**dims | {"pieces": tokenizer.get_vocab_size() if tokenizer else 0})
    embedder = Embedder(tokenizer, size.gram_buckets)
    net = Net(size, config["size"]["dropout"])
    if args.start:
        begin_with(net, load_file(args.start / "model.safetensors"))
    average = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), schedule["rate"], weight_decay=schedule["weight_decay"], betas=(0.9, 0.98))
    first = 0
    if args.resume:
        state = torch.load(checkpoint, weights_only=False)
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        random.setstate(state["random"])
        torch.set_rng_state(state["torch_random"])
        first = state["step"]
    else:
        trained_on = [args.sroie / part / f"{i}.{ext}" for i in corpus.training for part, ext in (("box", "csv"), ("key", "json"))]
        trained_on += args.recognised
        trained_on += [folder / name for folder in args.photographed for name in ("manifest.jsonl", "recognised.json")]
        trained_on += [args.start / "model.safetensors"] if args.start else []
        trained_on += [args.synthetic / "train.jsonl"] if args.synthetic else []
        (args.out / "manifest.json").write_text(json.dumps({"seed": config["seed"], "files": manifest(trained_on)}, indent=1))

    words = Words(learnt_from)
    alone = schedule["synthetic_steps"] if corpus.synthetic else 0
    steps, running, started, pool = alone + schedule["mixed_steps"], 0.0, time.time(), []
    for step in range(first, steps):
        if not pool or step == alone:
            pool = draw(corpus, schedule, step >= alone)
        if step >= alone and (step - alone) % schedule["teach_every"] == 0:
            together = lambda tokens: collate(tokens, embedder)
            documents = corpus.sroie_training()
            print(f"step {step}: rows of {teach(average, documents, together)} of {len(documents)} readings of SROIE prove each other", flush=True)
        pairs = [varied(d, corpus, words, noise) for d in pool.pop()]
        batch = collate([tokens for tokens, _ in pairs], embedder, noise)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, steps, schedule)
        net.train()
        loss = losses(net, batch, [target for _, target in pairs])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), schedule["clip"])
        optimiser.step()
        value = loss.item()
        running = value if not running else 0.98 * running + 0.02 * value
        keep = min(schedule["average"], (step + 1) / (step + 10))
        with torch.no_grad():
            for a, p in zip(average.parameters(), net.parameters()):
                a.lerp_(p, 1 - keep)
        if (step + 1) % schedule["evaluate_every"] == 0 or step + 1 == steps:
            results = report(average, corpus, embedder)
            say(step + 1, running, time.time() - started, results)
            torch.save({
                "net": net.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict(), "random": random.getstate(),
                "torch_random": torch.get_rng_state(), "step": step + 1, "size": dataclasses.asdict(size), "config": config, "results": results,
            }, checkpoint)


if __name__ == "__main__":
    main()
