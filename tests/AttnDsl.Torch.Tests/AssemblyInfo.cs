// Live tensors are counted for the whole process: tests run one after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
