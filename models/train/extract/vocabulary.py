"""Trains `tokenizer.json`: byte-pair encoding over the normal forms of training words."""

from tokenizers import Tokenizer, models, trainers

from .features import normal_form


def train_tokenizer(documents, size, at_least):
    """A tokenizer without normaliser and pre-tokeniser: callers hand it one token in normal form at a time."""
    forms = (normal_form(t.text) for d in documents for t in d.tokens)
    tokenizer = Tokenizer(models.BPE(unk_token="[unk]"))
    trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=at_least, special_tokens=["[unk]"], show_progress=False)
    tokenizer.train_from_iterator(forms, trainer)
    return tokenizer
