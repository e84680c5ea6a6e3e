// Code of all kernels: places in memory, the rectifier, and sums in a fixed order. The launcher defines
// THREADS, the threads of each block.

typedef long long int64;

// A thread's elements in a loop over the whole grid: i = first_element(), then steps of element_step().
__device__ inline int64 first_element() { return (int64)blockIdx.x * THREADS + threadIdx.x; }
__device__ inline int64 element_step() { return (int64)gridDim.x * THREADS; }

// Where part `part` begins if `count` elements are split into `parts` parts of about equal size; part =
// parts gives the end.
__device__ inline int64 share(int64 count, int64 part, int64 parts) {
  const int64 rest = count % parts;
  return count / parts * part + (part < rest ? part : rest);
}

// The elements of a channel that a block owns. Images are (n, channels, pixels), and the `count` elements
// of a channel are numbered through all images: block c * slices + s owns slice s of channel c. Numbers
// of pixels, and of elements in a slice, are 32-bit.
struct Slice {
  int channel;
  unsigned size;
  int64 start;       // where the channel begins in the image in which the slice begins
  int64 image_size;  // elements of an image
  unsigned pixel, pixels;

  __device__ Slice(int channels, int pixels, int64 count, int slices) : pixels(pixels) {
    const int slice = blockIdx.x % slices;
    channel = blockIdx.x / slices;
    const int64 before = share(count, slice, slices);
    size = (unsigned)(share(count, slice + 1, slices) - before);
    const int64 image = before / pixels;
    image_size = (int64)channels * pixels;
    start = image * image_size + (int64)channel * pixels;
    pixel = (unsigned)(before - image * pixels);
  }

  // Where element e of the slice lies.
  __device__ int64 place(unsigned e) const {
    const unsigned image = (pixel + e) / pixels;
    return start + image * image_size + (pixel + e - image * pixels);
  }
};

// Writes the moments of pieces to memory: (3, pieces, channels), as norm/moments.cu describes them.
struct Moments {
  double* memory;
  int pieces, channels;

  __device__ void put(int64 piece, int channel, double count, double mean, double squares) const {
    const int64 plane = (int64)pieces * channels, place = piece * channels + channel;
    memory[place] = count;
    memory[place + plane] = mean;
    memory[place + 2 * plane] = squares;
  }
};

// A slope of 0 gives 0 at infinity too, where the product would be NaN.
template <typename T>
__device__ inline T leaky(T x, T slope) {
  return x <= T(0) ? (slope != T(0) ? slope * x : T(0)) : x;
}

template <typename T>
__device__ inline T gate(T g, T x, T slope) {
  return x > T(0) ? g : (slope != T(0) ? slope * g : T(0));
}

// The sum of `value` over the block, in every thread; all threads of the block call it. The halves are
// added pairwise in a fixed order.
__device__ inline double block_sum(double value) {
  __shared__ double part[THREADS];
  const int thread = threadIdx.x;
  part[thread] = value;
  __syncthreads();
  for (int half = THREADS / 2; half > 0; half /= 2) {
    if (thread < half) part[thread] += part[thread + half];
    __syncthreads();
  }
  const double sum = part[0];
  __syncthreads();  // the next call writes part
  return sum;
}
