"""A CUDA kernel by NVRTC, which PyTorch brings along."""
import torch
import torch.nn as nn

kernel = torch.cuda._compile_kernel("""
extern "C" __global__ void gated(const float *x, const float *gate,
                                 const float *weight, float *y, int cols)
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
""", "gated")


class ModelNew(nn.Module):
    def __init__(self, cols):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(cols) + 0.5)

    def forward(self, x, gate):
        y = torch.empty_like(x)
        kernel((x.shape[0], 1, 1), (256, 1, 1),
               (x, gate, self.weight, y, x.shape[1]))
        return y
