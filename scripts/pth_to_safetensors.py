"""Converts a torch checkpoint (a state_dict, as torchvision publishes them) to safetensors.

usage: python3 scripts/pth_to_safetensors.py in.pth out.safetensors
"""
import ctypes, json, os, struct, sys  # noqa: E401

import torch

DTYPES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
          torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}


def convert(source, target):
    try:  # weights_only: a checkpoint from the net must not run code
        state = torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle raises anything
        sys.exit(f"{source}: is no file of tensors alone, save it by torch.save(model.state_dict(), ...): {error}")
    for key in ("state_dict", "model"):
        state = state[key] if isinstance(state, dict) and isinstance(state.get(key), dict) else state
    if not isinstance(state, dict) or not state:
        sys.exit(f"{source}: holds {type(state).__name__}, a state_dict with tensors is needed")
    header, chunks, begin = {}, [], 0
    for name, tensor in sorted(((str(k).removeprefix("module."), v) for k, v in state.items()), key=lambda kv: kv[0]):
        if name.endswith("num_batches_tracked"):
            continue
        if not torch.is_tensor(tensor) or tensor.dtype not in DTYPES or name in header:
            sys.exit(f"{source}: {name}: a tensor of one name and known dtype is needed, not {str(tensor)[:60]}")
        tensor = tensor.detach().contiguous()
        chunks.append(ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size()))
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [begin, begin := begin + len(chunks[-1])]}
    text = json.dumps(header).encode()
    with open(target + ".part", "wb") as file:
        file.writelines([struct.pack("<Q", len(text) + -len(text) % 8), text, b" " * (-len(text) % 8), *chunks])
    os.replace(target + ".part", target)


if __name__ == "__main__":
    sys.exit(__doc__) if len(sys.argv) != 3 else convert(*sys.argv[1:])
