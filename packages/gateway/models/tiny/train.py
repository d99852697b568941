"""Trains the tiny model and writes the GGUF file, its checksum and `training.json`.

    OMP_NUM_THREADS=1 python train.py [--steps N] [--out DIR]
"""

import argparse
import hashlib
import json
import os
import platform
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from corpus import SEED, corpus
from export import write_gguf
from model import Model, Shape, initial
from tokenizer import BOS, EOS, ROLE_IDS, learn

VOCABULARY = 768
CONVERSATIONS, HELD_OUT = 60_000, 600
ROWS_TOKENS = 1536
LEARNING_RATE, WARM_UP, DECAY = 4e-3, 50, 0.05


def encode(turns, tokenizer):
    """Token ids and, per id, whether the model is asked to predict it."""
    ids, taught = [BOS], [0]
    for role, text in turns:
        body = tokenizer.encode(text)
        ids += [ROLE_IDS[role], *body, EOS]
        taught += [0] + [1 if role == "assistant" else 0] * (len(body) + 1)
    return ids, taught


def batch_of(rows):
    length = max(len(ids) for ids, _ in rows) - 1
    tokens = np.full((len(rows), length), EOS, np.int64)
    targets = np.zeros((len(rows), length), np.int64)
    weights = np.zeros((len(rows), length), np.float32)
    for i, (ids, taught) in enumerate(rows):
        n = len(ids) - 1
        tokens[i, :n], targets[i, :n], weights[i, :n] = ids[:-1], ids[1:], taught[1:]
    return tokens, targets, weights


def batches(rows):
    """Batches of about ROWS_TOKENS tokens: neighbours of similar length, then in shuffled order."""
    rng = np.random.default_rng(SEED)
    ordered = sorted(range(len(rows)), key=lambda i: (len(rows[i][0]), i))
    groups, start = [], 0
    while start < len(ordered):
        longest = len(rows[ordered[start]][0])
        count = max(1, ROWS_TOKENS // longest)
        groups.append(ordered[start : start + count])
        start += count
    while True:
        for g in rng.permutation(len(groups)):
            yield batch_of([rows[i] for i in groups[g]])


def rate(step, steps):
    if step < WARM_UP:
        return LEARNING_RATE * (step + 1) / WARM_UP
    done = (step - WARM_UP) / max(1, steps - WARM_UP)
    return LEARNING_RATE * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * done)))


def train(model, rows, steps, say):
    first = {k: np.zeros_like(v) for k, v in model.p.items()}
    second = {k: np.zeros_like(v) for k, v in model.p.items()}
    recent, seen = [], 0
    for step, (tokens, targets, weights) in zip(range(steps), batches(rows)):
        loss, grads = model.loss(tokens, targets, weights)
        total = np.sqrt(sum(float(np.sum(g * g)) for g in grads.values()))
        clip, lr = min(1.0, 1.0 / (total + 1e-6)), rate(step, steps)
        for k, g in grads.items():
            first[k] = 0.9 * first[k] + 0.1 * clip * g
            second[k] = 0.98 * second[k] + 0.02 * (clip * g) ** 2
            mean = first[k] / (1 - 0.9 ** (step + 1))
            spread = np.sqrt(second[k] / (1 - 0.98 ** (step + 1))) + 1e-8
            decay = DECAY if g.ndim == 2 else 0.0
            model.p[k] -= (lr * (mean / spread + decay * model.p[k])).astype(np.float32)
        recent.append(loss)
        seen += int(tokens.size)
        if (step + 1) % 100 == 0:
            say(f"step {step + 1} loss {np.mean(recent[-100:]):.4f} tokens {seen}")
    return float(np.mean(recent[-100:])), seen


def exact(model, tokenizer, rows):
    """Share of held-out single questions answered word for word and finished."""
    good = 0
    for turns in rows:
        ids, _ = encode(turns[:-1], tokenizer)
        out, finished = model.answer([*ids, ROLE_IDS["assistant"]], EOS)
        good += finished and tokenizer.decode(out) == turns[-1][1]
    return good / len(rows)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=2000)
    options.add_argument("--out", type=Path, default=Path(__file__).parent)
    given = options.parse_args()
    started = time.monotonic()
    talk = corpus(CONVERSATIONS)
    held, taught = talk[:HELD_OUT], talk[HELD_OUT:]
    tokenizer = learn([text for turns in taught[:6000] for _, text in turns], VOCABULARY)
    shape = Shape(vocab=len(tokenizer.tokens))
    model = Model(shape, initial(shape, np.random.default_rng(SEED)))
    rows = [encode(turns, tokenizer) for turns in taught]
    size = sum(v.size for v in model.p.values())
    print(f"{size} parameters, {len(rows)} conversations", flush=True)
    loss, seen = train(model, rows, given.steps, lambda line: print(line, flush=True))
    held_loss, _ = model.loss(*batch_of([encode(t, tokenizer) for t in held]), want_grad=False)
    single = [t for t in held if len(t) == 2][:100]
    record = {
        "parameters": size, "steps": given.steps, "tokensSeen": seen, "conversations": len(rows),
        "trainingLossNats": round(loss, 4), "heldOutLossNats": round(held_loss, 4),
        "heldOutExactOf100": round(100 * exact(model, tokenizer, single)),
        "seconds": round(time.monotonic() - started), "seed": SEED,
        "python": platform.python_version(), "numpy": np.__version__,
    }
    file = given.out / "loadline-tiny.gguf"
    write_gguf(file, model, tokenizer)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    (given.out / "SHA256SUMS").write_text(f"{digest}  {file.name}\n")
    record |= {"bytes": file.stat().st_size, "sha256": digest}
    (given.out / "training.json").write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
