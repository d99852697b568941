"""A SentencePiece-style vocabulary with byte fallback, and the encoder llama.cpp uses on it.

Pieces come from byte-pair merges inside words (a word begins with its space, written U+2581)
and never join a word with the mark that follows it.
The score of a piece is minus its merge rank, so the highest-scored merge goes first.
"""

import re
from collections import Counter

SPACE = "\u2581"
SPECIALS = ["<unk>", "<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>"]
BOS, EOS = 1, 2
ROLE_IDS = {"system": 3, "user": 4, "assistant": 5}


def words_of(text):
    return re.findall(rf"{SPACE}?\w+|{SPACE}?[^\w{SPACE}]+|{SPACE}", text.replace(" ", SPACE))


class Tokenizer:
    def __init__(self, pieces):
        """`pieces`: merged pieces in rank order, single characters first."""
        self.tokens = SPECIALS + [f"<0x{b:02X}>" for b in range(256)] + pieces
        first = len(SPECIALS) + 256
        self.scores = [0.0] * first + [-float(i) for i in range(len(pieces))]
        self.ids = {piece: first + i for i, piece in enumerate(pieces)}
        self.cache = {}

    def encode(self, text):
        out = []
        for word in words_of(text):
            if word not in self.cache:
                self.cache[word] = self.encode_word(word)
            out += self.cache[word]
        return out

    def encode_word(self, word):
        parts = list(word)
        while True:
            best = None
            for i in range(len(parts) - 1):
                token = self.ids.get(parts[i] + parts[i + 1])
                if token is not None and (best is None or self.scores[token] > best[0]):
                    best = (self.scores[token], i)
            if best is None:
                break
            i = best[1]
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        out = []
        for part in parts:
            if part in self.ids:
                out.append(self.ids[part])
            else:
                out += [len(SPECIALS) + b for b in part.encode("utf-8")]
        return out

    def decode(self, tokens):
        data = b""
        for token in tokens:
            if token < len(SPECIALS):
                continue
            if token < len(SPECIALS) + 256:
                data += bytes([token - len(SPECIALS)])
            else:
                data += self.tokens[token].replace(SPACE, " ").encode("utf-8")
        return data.decode("utf-8", errors="replace")


def learn(texts, size):
    """A tokenizer of `size` tokens learned from `texts`; ties are broken by spelling."""
    counts = Counter(word for text in texts for word in words_of(text))
    characters = sorted({c for word in counts for c in word} | {chr(c) for c in range(33, 127)})
    pieces = list(characters)
    split = {word: list(word) for word in counts}
    while len(SPECIALS) + 256 + len(pieces) < size:
        pairs = Counter()
        for word, parts in split.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += counts[word]
        if not pairs:
            break
        (left, right), _ = min(pairs.items(), key=lambda item: (-item[1], item[0]))
        if left + right not in pieces:
            pieces.append(left + right)
        for word, parts in split.items():
            i = 0
            while i < len(parts) - 1:
                if parts[i] == left and parts[i + 1] == right:
                    parts[i : i + 2] = [left + right]
                i += 1
    return Tokenizer(pieces)
