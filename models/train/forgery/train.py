"""Trains the forgery classifier; run `python -m forgery.train --help` in `models/train`.

One seed, resumable: a checkpoint holds weights, averages, optimiser and the step, from which the forged crops follow.
"""

import argparse
import copy
import json
import math
import time
from pathlib import Path

import cv2
import torch
import torch.nn.functional as F

from extract.data import manifest
from extract.train import settings

from .batches import endless
from .edits import faces_of
from .net import Forgery
from .pages import rendered_pages, split, sroie_pages


def data_arguments(p):
    """Arguments that name the pages, for all programs of this folder."""
    p.add_argument("--sroie", type=Path, required=True, help="folder with img/, box/ and key/")
    p.add_argument("--never", type=Path, nargs="*", default=[], help="files of ids, one a line, that no model is trained on")
    p.add_argument("--edits", type=Path, required=True, help="edits.jsonl: where people forged receipts; none that it lists is trained on")
    p.add_argument("--rendered", type=Path, required=True, help="folder of `slipstream-training-data synthesise`")
    p.add_argument("--fonts", type=Path, required=True, help="folder of typefaces, for re-typed text")
    p.add_argument("--threads", type=int, default=2)


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--config", type=Path, default=Path(__file__).with_name("config.toml"))
    data_arguments(p)
    p.add_argument("--out", type=Path, required=True, help="folder for the checkpoint and the manifest")
    p.add_argument("--set", action="append", default=[], metavar="TABLE.NAME=VALUE", help="override a setting, for experiments")
    p.add_argument("--start", type=Path, help="a checkpoint whose weights to start from, where shapes agree")
    p.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    return p.parse_args()


def rate(step, schedule):
    warm = min(1.0, (step + 1) / schedule["warm_up_steps"])
    return schedule["rate"] * warm * (0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * min(1.0, step / schedule["steps"]))))


def page_logits(cells):
    """The verdict on a whole crop: a soft maximum over its cells (log-mean-exp of the 16 highest)."""
    top = cells.flatten(1).topk(16, 1).values
    return torch.logsumexp(top, 1) - math.log(16)


def loss_of(cells, target, forged, schedule):
    """Cross entropy of cells and of the crop, and the overlap (Dice) of what is edited."""
    counts = target >= 0
    truth = (target == 1).float()
    weight = counts * (1 + (schedule["positive_weight"] - 1) * truth)
    each = F.binary_cross_entropy_with_logits(cells, truth, reduction="none")
    cross = (each * weight).sum() / weight.sum()
    probability = torch.sigmoid(cells) * counts
    overlap = 1 - (2 * (probability * truth).sum() + 1) / (probability.sum() + truth.sum() + 1)
    page = F.binary_cross_entropy_with_logits(page_logits(cells), forged.float())
    return cross, overlap, page, cross + 0.2 * overlap + schedule["page_weight"] * page


def averages(average, net, keep):
    with torch.no_grad():
        for a, p in zip(average.parameters(), net.parameters()):
            a.lerp_(p, 1 - keep)
        for a, b in zip(average.buffers(), net.buffers()):
            a.lerp_(b, 1 - keep) if a.is_floating_point() else a.copy_(b)


def main():
    args = arguments()
    config = settings(args.config, args.set)
    schedule = config["schedule"]
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(config["seed"])
    args.out.mkdir(parents=True, exist_ok=True)
    sroie, training, _ = split(args.sroie, args.never, args.edits)
    pages = {"sroie": sroie_pages(sroie, training), "rendered": rendered_pages(args.rendered)}
    faces = faces_of(args.fonts)
    print({name: len(part) for name, part in pages.items()}, len(faces), "typefaces", flush=True)
    files = [args.sroie / part / f"{i}.{ending}" for i in training for part, ending in (("img", "jpg"), ("box", "csv"))]
    files += [args.rendered / "manifest.jsonl"]
    (args.out / "manifest.json").write_text(json.dumps({"seed": config["seed"], "files": manifest(files)}, indent=1))

    net = Forgery(config["network"]).to(memory_format=torch.channels_last)
    if args.start:
        known, own = torch.load(args.start, weights_only=False)["average"], net.state_dict()
        net.load_state_dict(own | {k: v for k, v in known.items() if k in own and v.shape == own[k].shape})
    average = copy.deepcopy(net)
    decays = lambda decaying: [p for p in net.parameters() if (p.dim() > 1) == decaying]
    groups = [{"params": decays(True), "weight_decay": schedule["weight_decay"]}, {"params": decays(False), "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=schedule["rate"], betas=(0.9, 0.98))
    first, checkpoint = 0, args.out / "checkpoint.pt"
    if args.resume:
        state = torch.load(checkpoint, weights_only=False)
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        first = state["step"]

    started, running = time.time(), None
    batches = endless(first, pages, config, faces)
    for step in range(first, schedule["steps"]):
        planes, blocks, target, forged = next(batches)
        for group in optimiser.param_groups:
            group["lr"] = rate(step, schedule)
        cells = net(planes, blocks)
        *parts, loss = loss_of(cells, target, forged, schedule)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), schedule["clip"])
        optimiser.step()
        averages(average, net, min(schedule["average"], (step + 1) / (step + 20)))
        values = torch.stack([v.detach() for v in parts])
        running = values if running is None else 0.98 * running + 0.02 * values
        if (step + 1) % 50 == 0:
            named = " ".join(f"{n} {v:.3f}" for n, v in zip(("cells", "overlap", "page"), running.tolist()))
            print(f"step {step + 1} {named} {(time.time() - started) / (step + 1 - first):.2f} s/step", flush=True)
        if (step + 1) % schedule["save_every"] == 0 or step + 1 == schedule["steps"]:
            state = {"net": net.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict()}
            state |= {"step": step + 1, "config": config}
            torch.save(state, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").rename(checkpoint)


if __name__ == "__main__":
    main()
