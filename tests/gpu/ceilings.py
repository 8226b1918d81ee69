#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the vendor's libraries reach here, to compare kernels with.

Prints one JSON line per figure: torch.matmul (cuBLAS) in bf16 at 4096^3, eager
softmax and RMS norm at the shapes of examples/cuda-kernels, a large copy. Each
call finds the L2 cache flushed, and nothing in it that is yet to be written
back; times are medians by CUDA events. Without PyTorch or a GPU it says so on
stderr and exits with 77.
"""
import json
import sys

FLUSH = 256 << 20
ROUNDS = 30


def skip(why):
    print(f"ceilings: SKIPPED, nothing measured: {why}", file=sys.stderr)
    sys.exit(77)


try:
    import torch
except ImportError as e:
    skip(f"no PyTorch ({e})")
if not torch.cuda.is_available():
    skip("PyTorch finds no CUDA device")

flush = torch.empty(FLUSH, dtype=torch.uint8, device="cuda")


def median_ns(call):
    """Median time of `call`, after as many calls to warm up as rounds."""
    times = []
    for i in range(2 * ROUNDS):
        start = torch.cuda.Event(enable_timing=True)
        end = torch.cuda.Event(enable_timing=True)
        flush.zero_()
        flush[:FLUSH // 2].view(torch.int32).amax()
        start.record()
        call()
        end.record()
        torch.cuda.synchronize()
        if i >= ROUNDS:
            times.append(start.elapsed_time(end) * 1e6)
    return sorted(times)[len(times) // 2]


def figure(name, call, moved=0, flops=0):
    ns = median_ns(call)
    line = {"bench": f"torch-{name}", "ns": round(ns),
            "device": torch.cuda.get_device_name(), "torch": torch.__version__}
    if moved:
        line["gbps"] = round(moved / ns, 1)
    if flops:
        line["tflops"] = round(flops / ns / 1e3, 1)
    print(json.dumps(line), flush=True)


def main():
    half = dict(dtype=torch.bfloat16, device="cuda")
    a, b = torch.randn(4096, 4096, **half), torch.randn(4096, 4096, **half)
    figure("gemm", lambda: a @ b.T, flops=2 * 4096**3)
    x = torch.randn(512, 128256, device="cuda")
    figure("softmax_vocab", lambda: torch.softmax(x, -1),
           moved=2 * x.nbytes)
    h, w = torch.randn(8192, 4096, **half), torch.randn(4096, **half)
    figure("rmsnorm", lambda: torch.nn.functional.rms_norm(h, (4096,), w),
           moved=2 * h.nbytes + w.nbytes)
    src = torch.empty(1 << 30, dtype=torch.uint8, device="cuda")
    dst = torch.empty_like(src)
    figure("copy", lambda: dst.copy_(src), moved=2 * src.nbytes)


main()
