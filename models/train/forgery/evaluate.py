"""Measures the classifier on receipts of companies that training never saw; run `python -m forgery.evaluate --help`.

For every kind of edit and every treatment: how well whole pages are told apart, and how well edits are found. Genuine
pages went through the same treatment. `--edits` gives another measure: edits made again where people made them.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch

from .batches import targets
from .edits import EDITS, clip, faces_of, forge, place_of
from .ghosts import block_features
from .net import Forgery
from .pages import rendered_pages, split, sroie_pages
from .planes import planes, whole_cells
from .train import data_arguments
from .treatments import FIXED
from .treatments import treated as treated_at_random
from .verdict import Localisation, fit, score

FALSE_ALARMS = 0.02
KINDS = {"CPI": "copy_move", "CPO": "splice", "CUT": "remove", "IMI": "retype", "PIX": "brush"}


def load(checkpoint):
    """The averaged network of a run, and its config."""
    state = torch.load(checkpoint, weights_only=False)
    net = Forgery(state["config"]["network"])
    net.load_state_dict(state["average"])
    return net.eval(), state["config"]


@torch.no_grad()
def map_of(net, image, exact=False):
    """Logits of all cells of a page; `exact` in single precision throughout."""
    image = whole_cells(image)
    return net(torch.from_numpy(planes(image)).float()[None], torch.from_numpy(block_features(image))[None], exact)[0].numpy()


def forged(page, name, rng, others, faces, times):
    """A page after `times` edits of one kind, with its mask; None where that cannot be done."""
    image, mask, done = page.image, np.zeros(page.image.shape[:2], np.uint8), 0
    for _ in range(12):
        place = place_of(page, rng)
        if done == times or place is None:
            break
        result = forge(image, page, name, place, rng, others[rng.integers(len(others))], faces)
        if result is not None:
            image, mask, done = result[0], np.maximum(mask, result[1]), done + 1
    return (image, mask) if done else None


def forged_at(page, regions, rng, others, faces):
    """A page with edits of the recorded kinds at the recorded places."""
    image, mask = page.image, np.zeros(page.image.shape[:2], np.uint8)
    for region in regions:
        for kind in region["edit"]:
            box = clip(region["box"], image)
            if kind in KINDS and box[2] - box[0] > 3 and box[3] - box[1] > 3:
                for _ in range(4):
                    result = forge(image, page, KINDS[kind], box, rng, others[rng.integers(len(others))], faces)
                    if result is not None:
                        image, mask = result[0], np.maximum(mask, result[1])
                        break
    return (image, mask) if mask.any() else None


def auc(genuine, edited):
    """Probability that an edited page scores above a genuine one; ties count half."""
    both = np.concatenate([genuine, edited])
    order = both.argsort(kind="stable")
    ranks = np.empty(len(both))
    ranks[order] = np.arange(1, len(both) + 1)
    for value in np.unique(both):
        same = both == value
        ranks[same] = ranks[same].mean()
    return float((ranks[len(genuine):].sum() - len(edited) * (len(edited) + 1) / 2) / (len(genuine) * len(edited)))


def recall_at(genuine, edited, false_alarms=FALSE_ALARMS):
    """Share of edited pages above the threshold that at most `false_alarms` of the genuine ones exceed."""
    allowed = int(false_alarms * len(genuine))
    return float((np.array(edited) > np.sort(genuine)[::-1][allowed]).mean())


def learnt(net, pages, config, faces, count):
    """Maps and targets of whole pages that were learnt from, half of them forged, to fit the verdict on."""
    rng, maps = np.random.default_rng(config["seed"]), []
    names = list(config["edits"])
    for n in range(count):
        page = pages[rng.integers(len(pages))]
        result = forged(page, names[rng.integers(len(names))], rng, pages, faces, int(rng.integers(1, 4))) if n % 2 else None
        image, mask = result or (page.image, np.zeros(page.image.shape[:2], np.uint8))
        image, mask = treated_at_random(image, mask, rng, config["treatments"])
        maps.append((map_of(net, image), targets(mask)))
    return maps


class Table:
    """Scores and localisation by (edit, treatment); genuine pages by treatment."""

    def __init__(self, net, verdict):
        self.net, self.verdict = net, verdict
        self.genuine, self.edited = {}, {}

    def look(self, edit, image, mask, rng):
        for treatment, treat in FIXED.items():
            seen, moved = treat(image, mask, rng)
            logits = map_of(self.net, seen)
            value = score(logits, self.verdict)
            if edit is None:
                self.genuine.setdefault(treatment, []).append(value)
            else:
                scores, counts = self.edited.setdefault((edit, treatment), ([], Localisation()))
                scores.append(value)
                counts.add(logits, targets(moved), self.verdict["threshold"])

    def result(self):
        out = {}
        edits = dict.fromkeys(edit for edit, _ in self.edited)
        for treatment, genuine in self.genuine.items():
            everything = []
            for edit in edits:
                scores, counts = self.edited[edit, treatment]
                everything += scores
                cells, regions = counts.f1()
                out[f"{edit}/{treatment}"] = self.row(genuine, scores) | {"localisation_f1": regions, "cell_f1": cells}
            if len(edits) > 1:
                out[f"all/{treatment}"] = self.row(genuine, everything)
        return out

    @staticmethod
    def row(genuine, edited):
        return {"auc": auc(genuine, edited), "recall_at_2_percent": recall_at(genuine, edited), "genuine": len(genuine), "edited": len(edited)}


def shown(result):
    """The result as lines of a table in Markdown."""
    names = ("auc", "recall_at_2_percent", "localisation_f1", "cell_f1")
    rows = ["| edit / treatment | AUC | recall at 2 % false alarms | F1 of regions | F1 of cells |", "|---|---|---|---|---|"]
    for name, row in result.items():
        rows.append(f"| {name} | " + " | ".join(f"{row[n]:.3f}" if n in row else "" for n in names) + " |")
    return "\n".join(rows)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    data_arguments(p)
    p.add_argument("--rendered-validation", type=Path, help="the same, in other typefaces")
    p.add_argument("--run", type=Path, required=True, help="the --out folder of a training run; verdict.json is written there")
    p.add_argument("--pages", type=int, default=1000, help="at most so many of each source")
    p.add_argument("--fit", type=int, default=240, help="pages to fit the verdict on")
    p.add_argument("--again", action="store_true", help="fit the verdict anew although there is one")
    p.add_argument("--json", type=Path, required=True)
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    net, config = load(args.run / "checkpoint.pt")
    sroie, training, validation = split(args.sroie, args.never, args.edits)
    faces = faces_of(args.fonts)
    kept = args.run / "verdict.json"
    if args.again or not kept.exists():
        pages = sroie_pages(sroie, training) + rendered_pages(args.rendered)[:len(training) // 2]
        kept.write_text(json.dumps(fit(learnt(net, pages, config, faces, args.fit)), indent=1))
    verdict = json.loads(kept.read_text())
    print(verdict, flush=True)

    results = {}
    sources = {"sroie": sroie_pages(sroie, validation[::max(1, len(validation) // args.pages)][:args.pages])}
    if args.rendered_validation:
        sources["rendered"] = rendered_pages(args.rendered_validation)[:args.pages]
    for source, pages in sources.items():
        table = Table(net, verdict)
        for n, page in enumerate(pages):
            rng = np.random.default_rng((config["seed"] + 1, n))
            table.look(None, page.image, np.zeros(page.image.shape[:2], np.uint8), rng)
            for edit in EDITS:
                result = forged(page, edit, rng, pages, faces, int(rng.integers(1, 4)))
                if result:
                    table.look(edit, *result, rng)
        results[source] = table.result()
        print(f"\n{source}: {len(pages)} pages\n{shown(results[source])}", flush=True)

    table = Table(net, verdict)
    records = [r for r in map(json.loads, args.edits.read_text(encoding="utf-8").splitlines()) if r["forged"]][:args.pages]
    pages = sroie_pages(sroie, [r["receipt"] for r in records])
    places = {r["receipt"]: r["regions"] for r in records}
    for n, page in enumerate(pages):
        rng = np.random.default_rng((config["seed"] + 2, n))
        table.look(None, page.image, np.zeros(page.image.shape[:2], np.uint8), rng)
        result = forged_at(page, places[page.id], rng, pages, faces)
        if result:
            table.look("where people edited", *result, rng)
    results["places"] = table.result()
    print(f"\nplaces: {len(pages)} pages\n{shown(results['places'])}", flush=True)
    args.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
