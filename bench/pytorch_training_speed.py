"""The peer of bench_training_speed: images per second of training under PyTorch.

usage: /usr/bin/python3 pytorch_training_speed.py [NETWORK] [BATCH] [SECONDS] [THREADS] [nchw|nhwc]

NETWORK: resnet20, 32, 44, 56 or 110 (CIFAR, option-A shortcuts), or any of torchvision's. Random weights and images, SGD
with momentum, the median over the iterations; one line each for fp32 and for 4 bits with fixed and with learned steps.
With quantization, each convolution and linear layer fake-quantizes its input (per tensor) and its weights (per output
channel) by PyTorch's own fused operators; the first and last layer have 8 bits. Fixed: activation scales are constants,
weight scales follow the largest weight in each iteration. Learned: both are parameters.
"""
import statistics, sys, time  # noqa: E401

import torch
from torch import nn
from torch.nn import functional

MOMENTUM = {"lr": 1e-4, "momentum": 0.9, "weight_decay": 1e-4}


class Block(nn.Module):
    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.stride, self.padding = stride, (channels - channels_in) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        if self.stride > 1 or self.padding > 0:
            x = functional.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.padding, self.padding))
        return functional.relu(y + x)


def cifar_resnet(depth):
    layers, channels_in = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for channels in (16, 32, 64):
        for block in range((depth - 2) // 6):
            layers.append(Block(channels_in, channels, 2 if channels > 16 and block == 0 else 1))
            channels_in = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def network(name):
    """The model, its image's side in pixels and its classes."""
    depth = name.removeprefix("resnet")
    if depth in ("20", "32", "44", "56", "110"):
        return cifar_resnet(int(depth)), 32, 10
    import torchvision
    options = {"aux_logits": False, "init_weights": False} if name == "inception_v3" else {}
    return torchvision.models.get_model(name, weights=None, **options), 299 if name == "inception_v3" else 224, 1000


class Quantized(nn.Module):
    """A convolution or linear layer whose input and weights are fake-quantized."""

    def __init__(self, layer, bits, learned, signed_input):
        super().__init__()
        self.layer, self.learned, self.high = layer, learned, 2 ** (bits - 1) - 1
        self.low_in, self.high_in = (-self.high - 1, self.high) if signed_input else (0, 2 ** bits - 1)
        channels = layer.weight.shape[0]
        self.step_in = nn.Parameter(torch.tensor([4.0 / self.high_in]), requires_grad=learned)
        self.steps = nn.Parameter(self.largest_weights() / self.high, requires_grad=learned)
        self.register_buffer("zero_in", torch.zeros(1))
        self.register_buffer("zeros", torch.zeros(channels))
        self.register_buffer("integer_zeros", torch.zeros(channels, dtype=torch.int32))

    def largest_weights(self):
        return self.layer.weight.detach().abs().flatten(1).amax(1).clamp_min(1e-8)

    def quantized(self, x):
        weight, high = self.layer.weight, self.high
        if not self.learned:
            x = torch.fake_quantize_per_tensor_affine(x, self.fixed_step(), 0, self.low_in, self.high_in)
            steps = self.largest_weights() / high
            return x, torch.fake_quantize_per_channel_affine(weight, steps, self.integer_zeros, 0, -high, high)
        x = torch._fake_quantize_learnable_per_tensor_affine(
            x, self.step_in, self.zero_in, self.low_in, self.high_in, (x.numel() * self.high_in) ** -0.5)
        return x, torch._fake_quantize_learnable_per_channel_affine(
            weight, self.steps, self.zeros, 0, -high, high, (weight[0].numel() * high) ** -0.5)

    def fixed_step(self):
        return 4.0 / self.high_in

    def forward(self, x):
        x, weight = self.quantized(x)
        if isinstance(self.layer, nn.Linear):
            return functional.linear(x, weight, self.layer.bias)
        return self.layer._conv_forward(x, weight, self.layer.bias)


def quantize(model, bits, learned):
    layers = [(parent, name, layer) for parent in model.modules() for name, layer in parent.named_children()
              if isinstance(layer, (nn.Conv2d, nn.Linear))]
    for i, (parent, name, layer) in enumerate(layers):
        outer = i in (0, len(layers) - 1)
        setattr(parent, name, Quantized(layer, 8 if outer else bits, learned, signed_input=i == 0))
    return model


def images_per_second(model, side, classes, batch, least_seconds, memory_format):
    model = model.train().to(memory_format=memory_format)
    images = torch.randn(batch, 3, side, side).contiguous(memory_format=memory_format)
    labels = torch.arange(batch) % classes
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], **MOMENTUM)
    times, begin = [], time.perf_counter()
    while len(times) < 4 or time.perf_counter() - begin < least_seconds:
        iteration = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
        times.append(time.perf_counter() - iteration)
    return batch / statistics.median(times)


def main(name="resnet20", batch="128", seconds="10", threads="2", layout="nchw"):
    torch.set_num_threads(int(threads))
    memory_format = {"nchw": torch.contiguous_format, "nhwc": torch.channels_last}[layout]
    print(f"{name}, batch {batch}, {threads} threads, {layout}, PyTorch {torch.__version__}, images/s")
    for title, learned in (("fp32", None), ("4 bits, fixed", False), ("4 bits, learned", True)):
        torch.manual_seed(1)
        model, side, classes = network(name)
        if learned is not None:
            model = quantize(model, 4, learned)
        speed = images_per_second(model, side, classes, int(batch), float(seconds), memory_format)
        print(f"{title:20} {speed:10.1f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
