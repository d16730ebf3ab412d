using System;

namespace AttnDsl.Cpu;

/// <content>
/// Infinities and NaNs. The packed operands of sums over keys or queries hold them as 0, because 0 · NaN would reach what they are hidden from; here they are added where they are seen.
/// </content>
internal unsafe partial struct HeadGradient<TLanes, TScore, TMask>
{
    private readonly void AddUnusual(in GradientTile info, int tile, int t)
    {
        if (info.Finite && _keysFinite)
        {
            return;
        }

        float* visible = stackalloc float[Tile.Vectors * 16];
        int rows = TLanes.TileRows;
        int end = Math.Min(info.To * rows, _keyCount - _firstKey);
        for (int key = info.From * rows; key < end; key++)
        {
            for (int v = 0; v < info.Vectors; v++)
            {
                TLanes.Store(visible + (v * TLanes.Count), Visible(in info, tile, v, key));
            }

            nint place = (key * Strip.Lanes) + (t * Lanes);
            float* keyAt = Key + ((_firstKey + key) * KeyStride);
            for (int lane = 0; lane < info.Rows; lane++)
            {
                if (((int*)visible)[lane] == 0)
                {
                    continue;
                }

                long token = info.Token + lane;
                float gradient = _scoreGradients[place + lane];
                AddUnusual(keyAt, gradient, KeyWidth, QueryGradient + ((nint)tile * Lanes * Channels(KeyWidth)) + lane, Lanes);
                AddUnusual(Query + (token * QueryStride), gradient, KeyWidth, _keyTarget + (key * Padded(KeyWidth)), 1);
                AddUnusual(OutputGradient + (token * OutputStride), _weights[place + lane], ValueWidth, _valueTarget + (key * Padded(ValueWidth)), 1);
            }
        }
    }

    private static void AddUnusual(float* source, float factor, int width, float* target, int step)
    {
        for (int channel = 0; channel < width; channel++, target += step)
        {
            if (!float.IsFinite(source[channel]))
            {
                *target += factor * source[channel];
            }
        }
    }
}
