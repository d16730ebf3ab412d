// The SIMD path under test is process-wide, and the kernels have threads of their own.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
