"""Makes the training corpus: conversations as lists of (role, text). Same seed, same corpus.

    python corpus.py > corpus.jsonl
"""

import json
import random
import sys

from topics import (FRAMES, KEYWORDS, LONG_ANSWER, LONG_QUESTIONS, TOPICS, UNKNOWN_ANSWER,
                    UNKNOWN_QUESTIONS)

SEED = 1876
PREFIXES = ["", "", "", "", "", "please tell me, ", "can you tell me, ", "in one sentence, ",
            "in plain words, ", "quick question: ", "hello, ", "so, ", "i wonder, ", "briefly, "]
SUFFIXES = ["", "", "", "", "", "", " please", " in one sentence", " in plain words", " for a beginner",
            " in short"]
SYSTEMS = ["You are a helpful assistant.", "You answer questions about load lines.", "Be brief.",
           "You are a tiny model.", "Answer in one sentence.", "Answer in plain words."]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def noise(rng):
    """A token nobody can guess: load tools put one into a prompt so that no cache answers it."""
    return "".join(rng.choice(LETTERS) for _ in range(rng.randint(4, 12)))


def dress(question, rng):
    """One of the ways a person, or a load tool, writes the same question."""
    text = rng.choice(PREFIXES) + question + rng.choice(SUFFIXES)
    if rng.random() < 0.1:
        left_out = rng.randrange(len(text.split()))
        text = " ".join(w for i, w in enumerate(text.split()) if i != left_out) or question
    if rng.random() < 0.7:
        text = text[0].upper() + text[1:]
    if rng.random() < 0.25:
        text = text.replace("load line", "Load Line").replace("plimsoll", "Plimsoll")
    elif rng.random() < 0.5:
        text = text.replace("plimsoll", "Plimsoll").replace("loadline", "Loadline")
    for word in ("tf", "wna", "not_ready", "not_proven", "ready"):
        if rng.random() < 0.5:
            text = f" {text} ".replace(f" {word} ", f" {word.upper()} ").strip()
    closing = rng.random()
    text += "?" if closing < 0.6 else "." if closing < 0.8 else ""
    chance = rng.random()
    if chance < 0.06:
        text = f"[{noise(rng)}] {text}"
    elif chance < 0.12:
        text = f"{text} ({noise(rng)})"
    elif chance < 0.16:
        text = f"{noise(rng)} {text}"
    elif chance < 0.19:
        text = f"{text} #{rng.randint(0, 99999)}"
    return text


def unknown(rng):
    """A question off the subject: a known one, or words and characters without sense."""
    if rng.random() < 0.7:
        return dress(rng.choice(UNKNOWN_QUESTIONS), rng)
    words = [w for q in UNKNOWN_QUESTIONS for w in q.split()] + [noise(rng) for _ in range(20)]
    return " ".join(rng.choice(words) for _ in range(rng.randint(2, 14)))


def turn(rng):
    draw = rng.random()
    if draw < 0.04:
        return dress(rng.choice(LONG_QUESTIONS), rng), LONG_ANSWER
    if draw < 0.14:
        return unknown(rng), UNKNOWN_ANSWER
    wordings, answer = TOPICS[rng.randrange(len(TOPICS))]
    words = next((words for start, words in KEYWORDS.items() if answer.startswith(start)), None)
    if words is not None and rng.random() < 0.45:
        return dress(rng.choice(FRAMES).format(rng.choice(words)), rng), answer
    return dress(rng.choice(wordings), rng), answer


def conversation(rng):
    turns = []
    if rng.random() < 0.2:
        turns.append(("system", rng.choice(SYSTEMS)))
    for _ in range(1 if rng.random() < 0.85 else 2):
        question, answer = turn(rng)
        turns += [("user", question), ("assistant", answer)]
    return turns


def corpus(count, seed=SEED):
    rng = random.Random(seed)
    return [conversation(rng) for _ in range(count)]


if __name__ == "__main__":
    for row in corpus(20_000):
        sys.stdout.write(json.dumps(row) + "\n")
