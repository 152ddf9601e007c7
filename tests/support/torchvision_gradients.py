"""Loss, gradients and running statistics of one of torchvision's networks after one forward and backward pass.

usage: python3 torchvision_gradients.py FOLDER

FOLDER/job.safetensors holds the parameters by torchvision's names, "images" (N, C, H, W) and "labels"; its metadata
gives "network", "precision" (float64 or float32), "frozen" (1: batch norm uses its running statistics) and
"label_smoothing". Raw little-endian arrays are written to FOLDER: "loss", and one file for each parameter (its gradient)
and each running statistic (as the forward pass left it).
"""
import json, os, struct, sys  # noqa: E401

import numpy
import torch
import torchvision

NUMPY = {"F32": "<f4", "I64": "<i8"}


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    metadata = header.pop("__metadata__")
    data = numpy.memmap(path, mode="c", offset=8 + length)
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = torch.from_numpy(data[begin:end].view(NUMPY[entry["dtype"]]).reshape(entry["shape"]))
    return metadata, arrays


def network_of(metadata, state):
    options = {"aux_logits": False, "init_weights": False} if metadata["network"] == "inception_v3" else {}
    model = torchvision.models.get_model(metadata["network"], weights=None, **options)
    if metadata["network"] == "vgg16_bn":  # the test may ask for fewer pixels before the first linear layer
        side = int((state["classifier.0.weight"].shape[1] // 512) ** 0.5)
        model.avgpool = torch.nn.AdaptiveAvgPool2d(side)
        model.classifier[0] = torch.nn.Linear(512 * side * side, 4096)
    missing, unexpected = model.load_state_dict(state, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        sys.exit(f"torchvision's names differ: missing {missing}, unexpected {unexpected}")
    model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        if isinstance(module, torch.nn.BatchNorm2d) and metadata["frozen"] == "1":
            module.eval()
    return model


def write(folder, model, loss):
    arrays = {"loss": loss, **{name: parameter.grad for name, parameter in model.named_parameters()},
              **dict(model.named_buffers())}
    for name, tensor in arrays.items():
        tensor.detach().numpy().tofile(os.path.join(folder, name))


def main(folder):
    torch.set_num_threads(2)
    metadata, state = read_safetensors(os.path.join(folder, "job.safetensors"))
    dtype = getattr(torch, metadata["precision"])
    images, labels = state.pop("images").to(dtype), state.pop("labels")
    # Weights that were fp32 numbers are the same numbers in double.
    model = network_of(metadata, state).to(dtype)
    loss = torch.nn.functional.cross_entropy(model(images), labels,
                                             label_smoothing=float(metadata["label_smoothing"]))
    loss.backward()
    write(folder, model, loss)


if __name__ == "__main__":
    sys.exit(__doc__) if len(sys.argv) != 2 else main(sys.argv[1])
