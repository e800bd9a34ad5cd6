"""Trains the recogniser; run `python -m recognise.train --help` in `models/train`.

Starts from a recogniser that the server can run, grows it as the config says and goes on from there. One seed,
resumable: a checkpoint holds weights, averages, optimiser and the step.
"""

import argparse
import copy
import json
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from rapidfuzz.distance import Levenshtein

from extract.data import Sroie, manifest
from extract.train import settings

from .batches import endless, plain
from .classes import decode
from .lines import load, manifest_jobs, readings_of, sroie_jobs
from .net import build, grow, started_from

VALIDATED = 500  # lines of each corpus that are looked at while training


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--config", type=Path, default=Path(__file__).with_name("config.toml"))
    p.add_argument("--start", type=Path, required=True, help="folder of the recogniser to start from: config.json and model.safetensors")
    p.add_argument("--sroie", type=Path, required=True, help="folder with img/, box/ and key/")
    p.add_argument("--readings", type=Path, help="SROIE's lines as a recogniser reads them: `slipstream eval lines --split all --readings FILE`")
    p.add_argument("--detected", type=Path, help="the same receipts as detection boxes them: `slipstream eval ocr --report FILE`")
    p.add_argument("--never", type=Path, required=True, help="ids, one a line, that no model is trained on")
    p.add_argument("--synthetic", type=Path, action="append", default=[], required=True, help="folder with manifest.jsonl and images/; may be given more than once")
    p.add_argument("--synthetic-validation", type=Path, help="the same, with other typefaces")
    p.add_argument("--out", type=Path, required=True, help="folder for the checkpoint and the manifest")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--set", action="append", default=[], metavar="TABLE.NAME=VALUE", help="override a setting, for experiments")
    p.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    return p.parse_args()


def corpora(args):
    """Lines by corpus, those to validate on, and the files that were learnt from."""
    sroie = Sroie(args.sroie)
    training, validation = sroie.split(set(args.never.read_text().split()))
    readings = readings_of(args.readings)
    report = json.loads(args.detected.read_text(encoding="utf-8"))["results"] if args.detected else []
    detected = {r["id"]: [line["quad"] for line in r["lines"]] for r in report}
    lines = {"sroie": load(sroie_jobs(sroie, training, readings, detected))}
    lines["synthetic"] = [line for folder in args.synthetic for line in load(manifest_jobs(folder))]
    held = {"sroie": load(sroie_jobs(sroie, validation, {}, {}))}
    if args.synthetic_validation:
        held["synthetic"] = load(manifest_jobs(args.synthetic_validation))
    files = [args.sroie / part / f"{i}.{ending}" for i in training for part, ending in (("img", "jpg"), ("box", "csv"))]
    files += [folder / "manifest.jsonl" for folder in args.synthetic]
    files += [f for f in (args.readings, args.detected) if f]
    return lines, {name: part[:: max(1, len(part) // VALIDATED)] for name, part in held.items()}, files


@torch.no_grad()
def errors(net, lines, capitals):
    """Character error rates in percent, with and without spaces, and exact lines without spaces in percent."""
    edits, characters, closed_edits, closed, exact = 0, 0, 0, 0, 0
    fold = str.upper if capitals else str
    for line in lines:
        read = fold(decode(net(plain(line))[0].argmax(1).tolist()))
        truth = fold(line.text)
        edits, characters = edits + Levenshtein.distance(truth, read), characters + len(truth)
        read, truth = read.replace(" ", ""), truth.replace(" ", "")
        closed_edits, closed = closed_edits + Levenshtein.distance(truth, read), closed + len(truth)
        exact += read == truth
    return 100 * edits / characters, 100 * closed_edits / closed, 100 * exact / len(lines)


def rate(step, schedule):
    warm = min(1.0, (step + 1) / schedule["warm_up_steps"])
    return warm * (0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * min(1.0, step / schedule["steps"]))))


def optimiser_of(net, new, schedule):
    """Layers that are new learn faster; weights decay, biases and norms do not."""
    groups = {}
    for name, parameter in net.named_parameters():
        key = (name in new, parameter.dim() > 1)
        groups.setdefault(key, []).append(parameter)
    rates = {True: schedule["new_rate"], False: schedule["rate"]}
    return torch.optim.AdamW(
        [{"params": p, "top": rates[fresh], "weight_decay": schedule["weight_decay"] * decays} for (fresh, decays), p in groups.items()],
        lr=schedule["rate"], betas=(0.9, 0.98),
    )


def loss_of(net, batch):
    """CTC loss for each character. bf16 in the network halves the time; the loss needs single precision."""
    images, labels, lengths = batch
    with torch.autocast("cpu", torch.bfloat16):
        logits = net(images)
    steps = torch.full((len(lengths),), logits.shape[1])
    loss = F.ctc_loss(logits.float().log_softmax(2).transpose(0, 1), labels, steps, lengths, reduction="none", zero_infinity=True)
    return loss.sum() / lengths.sum()


def main():
    args = arguments()
    config = settings(args.config, args.set)
    schedule = config["schedule"]
    torch.set_num_threads(args.threads)
    torch.manual_seed(config["seed"])
    args.out.mkdir(parents=True, exist_ok=True)
    lines, held, files = corpora(args)
    print({name: len(part) for name, part in lines.items()}, "validated:", {name: len(part) for name, part in held.items()}, flush=True)

    described, tensors = started_from(args.start)
    known = set(tensors)
    copies = {int(k): v for k, v in config["network"]["copies"].items()}
    old_blocks = len(described["structure"]["blocks"])
    structure, tensors = grow(described["structure"], tensors, copies, config["network"]["context"])
    # Blocks are renumbered where others come in, so names alone do not tell which are new.
    added, shift = set(), 0
    for i in range(old_blocks):
        added |= {i + shift + n for n in range(1, copies.get(i, 0) + 1)}
        shift += copies.get(i, 0)
    is_new = lambda name: int(name.split(".")[1]) in added if name.startswith("blocks.") else name not in known
    net = build(structure, tensors, config["network"]["frozen"]).to(memory_format=torch.channels_last)
    average = copy.deepcopy(net).eval()
    optimiser = optimiser_of(net, {n for n, _ in net.named_parameters() if is_new(n)}, schedule)
    first, checkpoint = 0, args.out / "checkpoint.pt"
    if args.resume:
        state = torch.load(checkpoint, weights_only=False)
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        first = state["step"]
    (args.out / "manifest.json").write_text(json.dumps({"seed": config["seed"], "files": manifest(files)}, indent=1))

    started, running, seen, batches = time.time(), 0.0, 0, None
    for step in range(first, schedule["steps"]):
        if batches is None or step == schedule["sroie_steps"]:
            mixed = step >= schedule["sroie_steps"]
            parts = [lines["sroie"], lines["synthetic"]] if mixed else [lines["sroie"]]
            shares = [schedule["sroie_share"], 1 - schedule["sroie_share"]] if mixed else [1.0]
            batches = endless(parts, shares, schedule, config["noise"], config["seed"] + step)
        batch = next(batches)
        for group in optimiser.param_groups:
            group["lr"] = group["top"] * rate(step, schedule)
        loss = loss_of(net, batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), schedule["clip"])
        optimiser.step()
        keep = min(schedule["average"], (step + 1) / (step + 20))
        with torch.no_grad():
            for a, p in zip(average.parameters(), net.parameters()):
                a.lerp_(p, 1 - keep)
        value, seen = loss.item(), seen + len(batch[2])
        running = 0.98 * running + 0.02 * value if running else value
        if (step + 1) % 100 == 0:
            print(f"step {step + 1} loss {running:.4f} {seen / (time.time() - started):.0f} lines/s", flush=True)
        if (step + 1) % schedule["evaluate_every"] == 0 or step + 1 == schedule["steps"]:
            results = {name: errors(average, part, name == "sroie") for name, part in held.items()}
            for name, (spaced, closed, exact) in results.items():
                print(f"  {name:10} {spaced:.2f} % with spaces, {closed:.2f} % without, {exact:.1f} % exact", flush=True)
            state = {"net": net.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict()}
            state |= {"step": step + 1, "structure": structure, "config": config, "results": results}
            torch.save(state, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").rename(checkpoint)


if __name__ == "__main__":
    main()
