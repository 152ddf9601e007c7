#!/usr/bin/env python3
"""The difference of two networks' top-1 on the same images, with its paired 95 % interval, in points.

usage: paired_interval.py A.json B.json      (both written by `npusim eval --json`; each file's level with the most
images counts)

With b images that only B gets right and c that only A does, of n: d = (b - c) / n, and the standard error is
sqrt(b + c - (b - c)^2 / n) / n.
"""
import json
import math
import sys


def right(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    predictions = max(report["levels"], key=lambda level: level["images"])["predictions"]
    return [p == label for p, label in zip(predictions, report["labels"])]


def main(a_path, b_path):
    a, b = right(a_path), right(b_path)
    if len(a) != len(b):
        sys.exit(f"{a_path} has {len(a)} images, {b_path} {len(b)}; they must be the same")
    n = len(a)
    only_a = sum(x and not y for x, y in zip(a, b))
    only_b = sum(y and not x for x, y in zip(a, b))
    difference = (only_b - only_a) / n
    error = math.sqrt(only_a + only_b - (only_b - only_a) ** 2 / n) / n
    print(f"A {100 * sum(a) / n:.2f} %, B {100 * sum(b) / n:.2f} %, B - A = {100 * difference:+.2f} "
          f"[{100 * (difference - 1.96 * error):+.2f}, {100 * (difference + 1.96 * error):+.2f}] points, "
          f"{n} images, {only_a} right only by A, {only_b} only by B")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
