"""Documents to learn from and to validate on: SROIE and synthetic receipts, each with truth or recognised text.

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
from .labels import BELONGING, CLOSING, FAMILY, ITEM_KINDS, PAGE, POINTERS, ROLES, SPANS, Target, alnum, from_keys
from .order import read_order
from .project import project

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


def synthetic(path, scanner, limit=None, recognised=None):
    """Synthetic receipts of a JSON-lines file, all of whose fields are labelled.

    With `recognised`, pages of a recogniser's report by id: only receipts that were read, with the text as it was read.
    """
    out = []
    with open(path, encoding="utf-8") as file:
        for row in file:
            if limit is not None and len(out) >= limit:
                break
            record = json.loads(row)
            if recognised is None:
                labelled = record["lines"]
            elif recognised.get(record["id"]):
                labelled = project(record["lines"], recognised[record["id"]])
            else:
                continue
            lines = read_order([(quad_of(line), line["text"]) for line in labelled])
            tokens = cap(tokenize(lines, scanner), MAX_TOKENS)
            if tokens:
                out.append(Document(record["id"], "synthetic", lines, tokens, from_labels(tokens, lines, labelled, record)))
    return out


def quad_of(line):
    """The corners of a manifest's line; upright where it has a box alone."""
    left, top, right, bottom = line["box"] if "box" in line else (0, 0, 0, 0)
    return [tuple(p) for p in line.get("quad") or ((left, top), (right, top), (right, bottom), (left, bottom))]


def page_answers(record):
    """What the record says of the page as a whole."""
    named = {"kind": {"lines": "other"}.get(record.get("kind"), record.get("kind", "receipt"))}
    if named["kind"] != "other":
        named |= {name: record[name] for name in ("language", "country")}
    return {name: PAGE[name].index(answer) for name, answer in named.items() if answer in PAGE[name]}


def from_labels(tokens, lines, labelled, record):
    """Target of a page whose lines carry `labels` with character ranges; `record` holds the rest of its manifest entry."""
    marks = [[] for _ in tokens]
    for n, t in enumerate(tokens):
        for label in labelled[lines[t.line].number].get("labels") or []:
            overlap = min(t.end, label["end"]) - max(t.start, label["start"])
            if 2 * overlap > t.end - t.start:
                marks[n].append((label["field"], label.get("group")))
    blank = lambda value: [value] * len(tokens)
    target = Target(roles=blank(0), kinds=blank(-1), anchors=blank(-1), parents=blank(-1), page=page_answers(record))
    for name in SPANS:
        hits = [n for n, m in enumerate(marks) if any(f == name for f, _ in m)]
        target.spans[name] = spans_of(hits, tokens)
    for name, kind in POINTERS.items():
        hits = [n for n, m in enumerate(marks) if any(f == name for f, _ in m)]
        right = [n for n in hits if tokens[n].kind == kind]
        if right or not hits:
            target.pointers[name] = right
    items = record.get("items") or []
    rows, current = [], {}  # rows as (family, group, tokens); of each family and group the one that is being read
    for n, m in enumerate(marks):
        for name, group in m:
            kind, _, part = name.partition("_")
            if kind in ITEM_KINDS and part in ROLES:
                # The count of a deposit is labelled like an item's; its row says what it belongs to.
                kind = items[group]["kind"] if group is not None and group < len(items) else kind
                target.roles[n], target.kinds[n] = ROLES.index(part), ITEM_KINDS.index(kind)
            elif name in ROLES:
                target.roles[n] = ROLES.index(name)
            else:
                continue
            family = FAMILY[target.roles[n]]
            row = current.get((family, group))
            # A tax that is printed again further down is a row again; an item's name may go on below.
            again = row and family != FAMILY[CLOSING[0]] and any(target.roles[o] == target.roles[n] and tokens[o].row != tokens[n].row for o in row)
            if row is None or again:
                row = current[family, group] = []
                rows.append((family, group, row))
            row.append(n)
    anchors = {}
    for family, group, row in rows:
        anchor = next((n for n in reversed(row) if target.roles[n] in CLOSING), row[0])
        anchors.setdefault((family, group), anchor)
        for n in row:
            target.anchors[n] = anchor
    for (family, group), anchor in anchors.items():
        if family == FAMILY[CLOSING[0]] and target.kinds[anchor] in BELONGING and group is not None and group < len(items) and "of" in items[group]:
            target.parents[anchor] = anchors.get((family, items[group]["of"]), anchor)
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
