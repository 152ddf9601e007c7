"""The peer of bench_integer_engine_speed: images per second of inference in fp32 under PyTorch.

usage: /usr/bin/python3 pytorch_inference_speed.py [NETWORK] [BATCH] [SECONDS] [THREADS] [nchw|nhwc]

NETWORK as for pytorch_training_speed.py. Random weights and images, evaluation mode without gradients, the median over
the batches.
"""
import statistics, sys, time  # noqa: E401

import torch

from pytorch_training_speed import network


def main(name="resnet20", batch="128", seconds="10", threads="2", layout="nchw"):
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    memory_format = {"nchw": torch.contiguous_format, "nhwc": torch.channels_last}[layout]
    model, side, _ = network(name)
    model = model.eval().to(memory_format=memory_format)
    images = torch.randn(int(batch), 3, side, side).contiguous(memory_format=memory_format)
    print(f"{name}, batch {batch}, {threads} threads, {layout}, PyTorch {torch.__version__}, images/s")
    with torch.inference_mode():
        model(images)
        times, begin = [], time.perf_counter()
        while len(times) < 4 or time.perf_counter() - begin < float(seconds):
            iteration = time.perf_counter()
            model(images)
            times.append(time.perf_counter() - iteration)
    print(f"{'fp32':20} {int(batch) / statistics.median(times):8.0f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
