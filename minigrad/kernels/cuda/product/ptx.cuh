// All inline PTX. Where CUDA_EMU is defined, an emulator has functions of the same names.
#ifndef CUDA_EMU

// The nearest number of 10 bits after the point, ties away from zero.
__device__ __forceinline__ unsigned f32_to_tf32(float x) {
  unsigned bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return bits;
}

// d += a @ b, (16, 8) @ (8, 8), by a warp. Lane 4 g + q has rows g, g + 8, g, g + 8 of a's columns q, q,
// q + 4, q + 4, rows q, q + 4 of b's column g, and columns 2 q, 2 q + 1 of d's row g, then of row g + 8.
__device__ __forceinline__ void mma_m16n8k8_tf32(float (&d)[4], const unsigned (&a)[4],
                                                 const unsigned (&b)[2]) {
  asm(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// These start an asynchronous copy to shared memory; unless `valid`, it writes zeros and reads nothing.
__device__ __forceinline__ void cp_async16(void* to, const void* from, bool valid = true) {
  const unsigned place = __cvta_generic_to_shared(to);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(place), "l"(from), "r"(valid ? 16 : 0)
               : "memory");
}

__device__ __forceinline__ void cp_async4(void* to, const void* from, bool valid = true) {
  const unsigned place = __cvta_generic_to_shared(to);
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(place), "l"(from), "r"(valid ? 4 : 0)
               : "memory");
}

// Ends the thread's group of copies.
__device__ __forceinline__ void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until at most GROUPS_LEFT of the thread's groups are under way.
template <int GROUPS_LEFT>
__device__ __forceinline__ void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(GROUPS_LEFT) : "memory");
}

#endif
