"""The same kernel by load_inline, with few headers."""
import torch
import torch.nn as nn
from torch.utils.cpp_extension import load_inline

own = load_inline(
    name="gated", functions=["gated"],
    cpp_sources="""
torch::Tensor gated(torch::Tensor x, torch::Tensor gate, torch::Tensor weight);
""",
    cuda_sources="""
#include <ATen/cuda/CUDAContext.h>
__global__ void rows(const float *x, const float *gate, const float *weight,
                     float *y, int cols)
{
        __shared__ float part[32];
        long row = (long)blockIdx.x * cols;
        float total = 0;
        for (int i = threadIdx.x; i < cols; i += blockDim.x)
                total += x[row + i] * x[row + i];
        for (int d = 16; d; d /= 2)
                total += __shfl_xor_sync(0xffffffffu, total, d);
        if (threadIdx.x % 32 == 0)
                part[threadIdx.x / 32] = total;
        __syncthreads();
        total = 0;
        for (int i = 0; i < blockDim.x / 32; i++)
                total += part[i];
        float scale = rsqrtf(total / cols + 1e-6f);
        for (int i = threadIdx.x; i < cols; i += blockDim.x)
                y[row + i] = x[row + i] * scale * weight[i] /
                             (1 + expf(-gate[row + i]));
}
torch::Tensor gated(torch::Tensor x, torch::Tensor gate, torch::Tensor weight)
{
        auto y = torch::empty_like(x);
        rows<<<x.size(0), 256, 0, at::cuda::getCurrentCUDAStream()>>>(
            x.data_ptr<float>(), gate.data_ptr<float>(),
            weight.data_ptr<float>(), y.data_ptr<float>(), x.size(1));
        return y;
}
""", extra_cuda_cflags=["-O3"],
    extra_include_paths=[])


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)

    def forward(self, x, gate):
        return own.gated(x, gate, self.weight)
