# expect: faster same
# target: softmax
# needs: nvidia-smi
# about: a CUDA kernel that NVRTC compiles
import torch
import torch.nn as nn

kernel = torch.cuda._compile_kernel("""
extern "C" __global__ void rows(const float *x, float *y, int cols)
{
        __shared__ float part[256];
        const float *row = x + (long)blockIdx.x * cols;
        float m = -1e30f, total = 0;
        for (int i = threadIdx.x; i < cols; i += blockDim.x)
                m = fmaxf(m, row[i]);
        part[threadIdx.x] = m;
        __syncthreads();
        for (int i = 0; i < blockDim.x; i++)
                m = fmaxf(m, part[i]);
        __syncthreads();
        for (int i = threadIdx.x; i < cols; i += blockDim.x)
                total += expf(row[i] - m);
        part[threadIdx.x] = total;
        __syncthreads();
        total = 0;
        for (int i = 0; i < blockDim.x; i++)
                total += part[i];
        for (int i = threadIdx.x; i < cols; i += blockDim.x)
                y[(long)blockIdx.x * cols + i] = expf(row[i] - m) / total;
}
""", "rows")


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.empty_like(x)
        kernel((x.shape[0], 1, 1), (256, 1, 1), (x, y, x.shape[1]))
        return y
