"""Documents to learn from and to validate on: SROIE with truth or recognised text, and synthetic receipts.

Which SROIE receipts validate is a rule on the company's name (see `validates`),
so that no company is on both sides and no list has to be kept. The same rule
is in the server's `eval fields`.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz

from .features import cap, fnv1a, tokenize
from .labels import ITEM_KINDS, POINTERS, ROLES, SPANS, Target, alnum, from_keys
from .order import read_order

MAX_TOKENS = 1024
SAME_COMPANY = 85  # percent; keys spell one company in several ways ("MR. D.I.Y.", "MR D.I.Y")


@dataclass
class Document:
    """A page with its tokens and what is known of it; `key` holds SROIE's values, None for synthetic receipts."""

    id: str
    source: str
    lines: list
    tokens: list
    target: Target
    key: dict = None


def company_id(name):
    """A company's name without case, spaces, punctuation and legal form."""
    plain = alnum(name)
    for ending in ("sdnbhd", "bhd"):
        if plain.endswith(ending):
            return plain[:-len(ending)]
    return plain


def validates(company):
    """Whether receipts of this company belong to the validation part: one company in five, by FNV-1a."""
    return fnv1a(company_id(company).encode(), 64) % 5 == 0


class Sroie:
    """A folder with `box/`, `key/`; ids sorted."""

    def __init__(self, root):
        self.root = Path(root)
        self.ids = sorted(p.stem for p in (self.root / "key").glob("*.json"))
        self.keys = {i: self._key(i) for i in self.ids}

    def _key(self, i):
        key = json.loads((self.root / "key" / f"{i}.json").read_text(encoding="utf-8"))
        return {f: str(key.get(f) or "") for f in ("company", "date", "address", "total")}

    def split(self, never):
        """`(training, validation)` ids. Training leaves out `never` and companies that only a typing error tells from a validating one."""
        validation = [i for i in self.ids if validates(self.keys[i]["company"])]
        held = {company_id(self.keys[i]["company"]) for i in validation}
        similar = lambda name: any(fuzz.ratio(name, h) >= SAME_COMPANY for h in held)
        training = [i for i in self.ids if i not in never and not validates(self.keys[i]["company"]) and not similar(company_id(self.keys[i]["company"]))]
        return training, validation

    def truth_page(self, i):
        """Quads and texts of the transcript."""
        page = []
        for row in (self.root / "box" / f"{i}.csv").read_text(encoding="utf-8", errors="replace").splitlines():
            parts = row.split(",", 8)
            if len(parts) == 9 and parts[8].strip():
                v = [float(x) for x in parts[:8]]
                page.append((list(zip(v[0::2], v[1::2])), parts[8].strip()))
        return page

    def document(self, i, page, source, scanner):
        lines = read_order(page)
        tokens = cap(tokenize(lines, scanner), MAX_TOKENS)
        return Document(i, source, lines, tokens, from_keys(tokens, lines, self.keys[i]), self.keys[i])


def recognised_pages(path):
    """Pages of a recogniser's report: {id: [(quad, text)]}."""
    report = json.loads(Path(path).read_text(encoding="utf-8"))
    return {r["id"]: [(line["quad"], line["text"]) for line in r["lines"] or []] for r in report["results"]}


def synthetic(path, scanner, limit=None):
    """Synthetic receipts of a JSON-lines file, all of whose fields are labelled."""
    out = []
    with open(path, encoding="utf-8") as file:
        for row in file:
            if limit is not None and len(out) >= limit:
                break
            record = json.loads(row)
            page = [([(b[0], b[1]), (b[2], b[1]), (b[2], b[3]), (b[0], b[3])], line["text"]) for line in record["lines"] for b in [line["box"]]]
            lines = read_order(page)
            tokens = cap(tokenize(lines, scanner), MAX_TOKENS)
            if tokens:
                out.append(Document(record["id"], "synthetic", lines, tokens, from_labels(tokens, lines, record["lines"])))
    return out


def from_labels(tokens, lines, labelled):
    """Target of a page whose lines carry `labels` with character ranges."""
    marks = [[] for _ in tokens]
    for n, t in enumerate(tokens):
        for label in labelled[lines[t.line].number].get("labels") or []:
            overlap = min(t.end, label["end"]) - max(t.start, label["start"])
            if 2 * overlap > t.end - t.start:
                marks[n].append((label["field"], label.get("group")))
    target = Target(roles=[0] * len(tokens), kinds=[-1] * len(tokens), begins=[0] * len(tokens))
    for name in SPANS:
        hits = [n for n, m in enumerate(marks) if any(f == name for f, _ in m)]
        target.spans[name] = spans_of(hits, tokens)
    for name, kind in POINTERS.items():
        hits = [n for n, m in enumerate(marks) if any(f == name for f, _ in m)]
        right = [n for n in hits if tokens[n].kind == kind]
        if right or not hits:
            target.pointers[name] = right
    runs = {}  # family: (owner, {role: row}) of the row of the list that is being read
    for n, m in enumerate(marks):
        for name, group in m:
            kind, _, part = name.partition("_")
            if kind in ITEM_KINDS and part in ROLES:
                target.roles[n], target.kinds[n], family = ROLES.index(part), ITEM_KINDS.index(kind), "item"
            elif name in ROLES:
                target.roles[n], family = ROLES.index(name), kind
            else:
                continue
            owner, held = runs.get(family, (None, {}))
            # A tax that is printed again further down is a row again; an item's name may go on below.
            again = family != "item" and held.get(target.roles[n], tokens[n].row) != tokens[n].row
            if owner != (group,) or again:
                target.begins[n], held = 1, {}
            runs[family] = ((group,), held | {target.roles[n]: tokens[n].row})
    return target


def spans_of(hits, tokens):
    """Runs of labelled tokens; runs on rows that follow each other are one span (an address), others are repetitions."""
    spans = []
    for n in hits:
        if spans and tokens[n].row - tokens[spans[-1][1]].row <= 1:
            spans[-1] = (spans[-1][0], n)
        else:
            spans.append((n, n))
    return spans


def manifest(paths):
    """Names and SHA-256 of the files that were trained on."""
    entries = []
    for path in sorted(map(Path, paths)):
        entries.append({"file": f"{path.parent.name}/{path.name}", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
    return entries
