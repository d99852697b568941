"""Writes the trained model as GGUF (F16 matrices, F32 norms) with its vocabulary and chat template."""

import gguf
import numpy as np

from model import EPSILON, ROPE_BASE
from tokenizer import BOS, EOS, SPECIALS

# A role the model never saw is read as the user's.
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'system' or message.role == 'developer' %}<|system|>"
    "{% elif message.role == 'assistant' %}<|assistant|>{% else %}<|user|>{% endif %}"
    "{{ message.content }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
NAMES = {"q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output",
         "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down"}


def token_types(tokenizer):
    kind = gguf.TokenType
    special = [kind.UNKNOWN] + [kind.CONTROL] * (len(SPECIALS) - 1)
    rest = len(tokenizer.tokens) - len(SPECIALS) - 256
    return special + [kind.BYTE] * 256 + [kind.NORMAL] * rest


def write_gguf(path, model, tokenizer):
    shape = model.shape
    out = gguf.GGUFWriter(str(path), "llama")
    out.add_name("loadline-tiny")
    out.add_description("Answers a few questions about load lines. No general knowledge.")
    out.add_license("apache-2.0")
    out.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    out.add_context_length(shape.context)
    out.add_embedding_length(shape.width)
    out.add_block_count(shape.layers)
    out.add_feed_forward_length(shape.hidden)
    out.add_head_count(shape.heads)
    out.add_head_count_kv(shape.heads)
    out.add_layer_norm_rms_eps(EPSILON)
    out.add_rope_dimension_count(shape.width // shape.heads)
    out.add_rope_freq_base(ROPE_BASE)
    out.add_vocab_size(shape.vocab)
    out.add_tokenizer_model("llama")
    out.add_tokenizer_pre("default")
    out.add_token_list(tokenizer.tokens)
    out.add_token_scores(tokenizer.scores)
    out.add_token_types(token_types(tokenizer))
    out.add_unk_token_id(0)
    out.add_bos_token_id(BOS)
    out.add_eos_token_id(EOS)
    out.add_add_bos_token(True)
    out.add_add_space_prefix(False)
    out.add_chat_template(TEMPLATE)
    half = np.float16
    out.add_tensor("token_embd.weight", model.p["embed"].astype(half))
    out.add_tensor("output_norm.weight", model.p["norm"])
    for i in range(shape.layers):
        out.add_tensor(f"blk.{i}.attn_norm.weight", model.p[f"{i}.norm1"])
        out.add_tensor(f"blk.{i}.ffn_norm.weight", model.p[f"{i}.norm2"])
        for ours, theirs in NAMES.items():
            matrix = np.ascontiguousarray(model.p[f"{i}.{ours}"].T)
            out.add_tensor(f"blk.{i}.{theirs}.weight", matrix.astype(half))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
