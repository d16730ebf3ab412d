namespace AttnDsl.Cpu;

/// <summary>Picks the way a matrix product is computed: by shape only, so that equal calls give equal bits.</summary>
internal static class Products
{
    public static void Run(in MatrixProduct product, int threads)
    {
        if (product.Rows == 0 || product.Columns == 0)
        {
            return;
        }

        switch (Simd.Current)
        {
            case SimdPath.Vector512:
                Run<Lanes512>(product, threads);
                break;
            case SimdPath.Vector256:
                Run<Lanes256>(product, threads);
                break;
            default:
                Run<Lanes128>(product, threads);
                break;
        }
    }

    private static void Run<TLanes>(in MatrixProduct product, int threads)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        if (!product.DepthFirstA && product.Rows <= NarrowProduct<TLanes>.MaxRows(product.DepthFirstB))
        {
            NarrowProduct<TLanes>.Run(product, threads);
        }
        else
        {
            BlockedProduct<TLanes>.Run(product, threads);
        }
    }
}
