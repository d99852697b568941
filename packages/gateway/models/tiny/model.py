"""A Llama-shaped transformer in numpy, forward and backward by hand, float32.

RMSNorm, rotary positions on neighbouring pairs (llama.cpp's "norm" type), causal attention,
SwiGLU, tied embedding. Small enough that one core trains it in minutes.
"""

from dataclasses import dataclass

import numpy as np

EPSILON = 1e-5
ROPE_BASE = 10000.0


@dataclass(frozen=True)
class Shape:
    vocab: int
    width: int = 96
    layers: int = 3
    heads: int = 3
    hidden: int = 256
    context: int = 512


def initial(shape, rng):
    def matrix(rows, columns, scale):
        return (rng.standard_normal((rows, columns)) * scale).astype(np.float32)

    w, h = shape.width, shape.hidden
    out_scale = 0.5 / np.sqrt(2 * shape.layers * w)
    p = {"embed": matrix(shape.vocab, w, 0.05), "norm": np.ones(w, np.float32)}
    for i in range(shape.layers):
        p[f"{i}.norm1"] = np.ones(w, np.float32)
        p[f"{i}.norm2"] = np.ones(w, np.float32)
        for name in ("q", "k", "v"):
            p[f"{i}.{name}"] = matrix(w, w, 0.5 / np.sqrt(w))
        p[f"{i}.o"] = matrix(w, w, out_scale)
        p[f"{i}.gate"] = matrix(w, h, 0.5 / np.sqrt(w))
        p[f"{i}.up"] = matrix(w, h, 0.5 / np.sqrt(w))
        p[f"{i}.down"] = matrix(h, w, out_scale)
    return p


def rotary(shape, length):
    half = shape.width // shape.heads // 2
    angle = np.arange(length)[:, None] * ROPE_BASE ** (-np.arange(half) / half)[None, :]
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def rotate(x, cos, sin):
    """x: (batch, heads, length, head width)."""
    out = np.empty_like(x)
    a, b = x[..., 0::2], x[..., 1::2]
    out[..., 0::2] = a * cos - b * sin
    out[..., 1::2] = a * sin + b * cos
    return out


def norm(x, weight):
    inverse = 1.0 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + EPSILON)
    unit = x * inverse
    return unit * weight, (unit, inverse)


def norm_back(grad, weight, kept):
    unit, inverse = kept
    scaled = grad * weight
    inner = np.mean(scaled * unit, axis=-1, keepdims=True)
    return inverse * (scaled - unit * inner), np.sum(grad * unit, axis=0)


class Model:
    def __init__(self, shape, parameters):
        self.shape, self.p = shape, parameters

    def split(self, x, batch, length):
        return x.reshape(batch, length, self.shape.heads, -1).transpose(0, 2, 1, 3)

    def join(self, x):
        return np.ascontiguousarray(x.transpose(0, 2, 1, 3)).reshape(-1, self.shape.width)

    def forward(self, tokens):
        """Final hidden rows (batch * length, width) and what `backward` needs."""
        batch, length = tokens.shape
        p, kept = self.p, []
        cos, sin = rotary(self.shape, length)
        mask = np.triu(np.full((length, length), -1e9, np.float32), 1)
        scale = np.float32(1.0 / np.sqrt(self.shape.width // self.shape.heads))
        x = p["embed"][tokens.reshape(-1)]
        for i in range(self.shape.layers):
            h, n1 = norm(x, p[f"{i}.norm1"])
            q = rotate(self.split(h @ p[f"{i}.q"], batch, length), cos, sin)
            k = rotate(self.split(h @ p[f"{i}.k"], batch, length), cos, sin)
            v = np.ascontiguousarray(self.split(h @ p[f"{i}.v"], batch, length))
            s = q @ k.transpose(0, 1, 3, 2) * scale + mask
            s = np.exp(s - s.max(axis=-1, keepdims=True))
            s /= s.sum(axis=-1, keepdims=True)
            a = self.join(s @ v)
            x = x + a @ p[f"{i}.o"]
            g, n2 = norm(x, p[f"{i}.norm2"])
            gate, up = g @ p[f"{i}.gate"], g @ p[f"{i}.up"]
            sigmoid = 1.0 / (1.0 + np.exp(-gate))
            mixed = gate * sigmoid * up
            x = x + mixed @ p[f"{i}.down"]
            kept.append((h, n1, q, k, v, s, a, g, n2, gate, up, sigmoid, mixed))
        y, n = norm(x, p["norm"])
        return y, (tokens, cos, sin, scale, kept, y, n)

    def backward(self, grad_y, state):
        tokens, cos, sin, scale, kept, _, n = state
        batch, length = tokens.shape
        p, g = self.p, {}
        dx, g["norm"] = norm_back(grad_y, p["norm"], n)
        for i in reversed(range(self.shape.layers)):
            h, n1, q, k, v, s, a, z, n2, gate, up, sigmoid, mixed = kept[i]
            g[f"{i}.down"] = mixed.T @ dx
            dm = dx @ p[f"{i}.down"].T
            dup = dm * gate * sigmoid
            dgate = dm * up * (sigmoid * (1.0 + gate * (1.0 - sigmoid)))
            g[f"{i}.gate"], g[f"{i}.up"] = z.T @ dgate, z.T @ dup
            dz, g[f"{i}.norm2"] = norm_back(
                dgate @ p[f"{i}.gate"].T + dup @ p[f"{i}.up"].T, p[f"{i}.norm2"], n2
            )
            dx = dx + dz
            g[f"{i}.o"] = a.T @ dx
            da = self.split(dx @ p[f"{i}.o"].T, batch, length)
            dv = s.transpose(0, 1, 3, 2) @ da
            ds = da @ v.transpose(0, 1, 3, 2)
            ds = s * (ds - np.sum(ds * s, axis=-1, keepdims=True)) * scale
            dq = self.join(rotate(ds @ k, cos, -sin))
            dk = self.join(rotate(ds.transpose(0, 1, 3, 2) @ q, cos, -sin))
            dv = self.join(dv)
            g[f"{i}.q"], g[f"{i}.k"], g[f"{i}.v"] = h.T @ dq, h.T @ dk, h.T @ dv
            dh = dq @ p[f"{i}.q"].T + dk @ p[f"{i}.k"].T + dv @ p[f"{i}.v"].T
            dh, g[f"{i}.norm1"] = norm_back(dh, p[f"{i}.norm1"], n1)
            dx = dx + dh
        embed = np.zeros_like(p["embed"])
        np.add.at(embed, tokens.reshape(-1), dx)
        g["embed"] = embed
        return g

    def loss(self, tokens, targets, weights, want_grad=True):
        """Mean cross-entropy (nats) over the weighted positions, and the gradients."""
        y, state = self.forward(tokens)
        rows = np.flatnonzero(weights.reshape(-1))
        wanted = targets.reshape(-1)[rows]
        picked = y[rows]
        logits = picked @ self.p["embed"].T
        logits -= logits.max(axis=-1, keepdims=True)
        chance = np.exp(logits)
        chance /= chance.sum(axis=-1, keepdims=True)
        at = np.arange(len(rows))
        loss = float(-np.mean(np.log(chance[at, wanted] + 1e-12)))
        if not want_grad:
            return loss, None
        chance[at, wanted] -= 1.0
        chance /= len(rows)
        grad_y = np.zeros_like(y)
        grad_y[rows] = chance @ self.p["embed"]
        grads = self.backward(grad_y, state)
        grads["embed"] += chance.T @ picked
        return loss, grads

    def answer(self, tokens, end, limit=200):
        """Greedy continuation until `end` or `limit` tokens."""
        tokens, out = list(tokens), []
        while len(out) < limit:
            y, _ = self.forward(np.array([tokens]))
            token = int(np.argmax(y[-1] @ self.p["embed"].T))
            if token == end:
                return out, True
            out.append(token)
            tokens.append(token)
        return out, False
