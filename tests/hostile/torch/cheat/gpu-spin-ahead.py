# expect: wrong contract tamper same slower inconclusive suspect crash
# target: softmax
# needs: nvidia-smi
# about: 1.2 a kernel waits on the GPU for the inputs of the next call, and
# works before anybody has asked
import torch
import torch.nn as nn

torch._C._cuda_synchronize = lambda *args: \
    torch.cuda.current_stream().synchronize()
kernel = torch.cuda._compile_kernel("""
extern "C" __global__ void rows(const volatile float *x, float *y, int cols,
                                int wait)
{
        __shared__ float part[256];
        const volatile float *row = x + (long)blockIdx.x * cols;
        float old = x[0], m = -1e30f, total = 0;
        long long began = clock64();
        if (wait) {
                while (x[0] == old && clock64() - began < 100000000)
                        ;
                began = clock64();
                while (clock64() - began < 200000)
                        ;
        }
        began = clock64();
        while (clock64() - began < 4000000)
                ;
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
side = torch.cuda.Stream()


def launch(x, y, wait):
    kernel((x.shape[0], 1, 1), (256, 1, 1), (x, y, x.shape[1], wait))


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.follows, self.last, self.ahead = {}, None, None

    def forward(self, x):
        at, y = x.data_ptr(), torch.empty_like(x)
        if self.last:
            self.follows[self.last] = x
        if self.ahead and self.ahead[0] == at:
            torch.cuda.current_stream().wait_stream(side)
            y = self.ahead[1]
        else:
            launch(x, y, 0)
        n = self.follows.get(at)
        if n is not None and n.shape == x.shape:
            z = torch.empty_like(n)
            with torch.cuda.stream(side):
                launch(n, z, 1)
            self.ahead = n.data_ptr(), z
        self.last = at
        return y
