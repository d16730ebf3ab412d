using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace AttnDsl.Cpu.Tests.Caches;

/// <summary>Random operations on a ring and on plain lists of all tokens. ATTNDSL_SEQUENCES sets how many sequences of operations each storage gets.</summary>
public class RingModelTests
{
    private const int Operations = 60;

    private static int Sequences => Environment.GetEnvironmentVariable("ATTNDSL_SEQUENCES") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : 300;

    [Theory]
    [InlineData(CacheElement.Float32, RingEviction.RoomBefore)]
    [InlineData(CacheElement.Float32, RingEviction.TrimAfter)]
    [InlineData(CacheElement.BFloat16, RingEviction.RoomBefore)]
    [InlineData(CacheElement.BFloat16, RingEviction.TrimAfter)]
    public void RandomOperations(CacheElement element, RingEviction evict)
    {
        int cuts = 0;
        int refusals = 0;
        for (int seed = 0; seed < Sequences; seed++)
        {
            var model = new Model(new Random(seed), element, evict);
            for (int operation = 0; operation < Operations; operation++)
            {
                model.Do();
                model.Check($"seed {seed}, operation {operation}");
            }

            cuts += model.Cuts;
            refusals += model.Refusals;
        }

        // Both ways out of a truncation were taken.
        Assert.True(cuts > 0 && refusals > 0);
    }

    private sealed class Model
    {
        private readonly Random _random;
        private readonly CacheRing _ring;
        private readonly int _batch;
        private readonly CacheStream[] _streams;
        private readonly KvCache _cache;
        private readonly List<(CacheSnapshot Snapshot, List<(int Segment, float[][] Scalars)>[] Rows, bool Segmented)> _snapshots = [];

        // Per row and token, evicted or not: segment, and the scalars of every stream.
        private readonly List<(int Segment, float[][] Scalars)>[] _rows;

        // Tokens that a row was ever written up to.
        private readonly int[] _written;
        private int _reserved = 1;
        private bool _segmented;

        public Model(Random random, CacheElement element, RingEviction evict)
        {
            _random = random;
            _ring = new CacheRing(random.Next(1, 9), random.Next(4), evict);
            _batch = random.Next(1, 4);
            _streams = [new("k", random.Next(1, 3), random.Next(1, 12)), new("v", random.Next(1, 3), random.Next(1, 12))];

            // Every other ring turns its sinks.
            if (random.Next(2) == 0 && _streams[0].Width > 1)
            {
                double[] frequencies = [.. Enumerable.Range(0, random.Next(1, (_streams[0].Width / 2) + 1)).Select(i => Math.Pow(50, -i))];
                _streams[0] = _streams[0] with { SinkRotation = new(random.Next(2) == 0 ? RopeLayout.HalfSplit : RopeLayout.Interleaved, frequencies) };
            }
            _cache = new KvCache(_batch, element, _ring, _streams);
            _rows = [.. Enumerable.Range(0, _batch).Select(_ => new List<(int, float[][])>())];
            _written = new int[_batch];
        }

        public int Cuts { get; private set; }

        public int Refusals { get; private set; }

        public void Do()
        {
            switch (_random.Next(16))
            {
                case 0 or 1:
                    Cut(_random.Next(_batch));
                    break;
                case 2 when _random.Next(3) == 0:
                    int emptied = _random.Next(_batch);
                    _cache.Reset(emptied);
                    _rows[emptied].Clear();
                    _written[emptied] = 0;
                    break;
                case 3:
                    _reserved = Math.Max(1, _random.Next(6));
                    _cache.Reserve(_reserved);
                    _written.AsSpan().Fill(int.MaxValue);
                    break;
                case 4:
                    Append(commit: false);
                    break;
                case 5 when _batch > 1:
                    int from = _random.Next(_batch);
                    int to = (from + _random.Next(1, _batch)) % _batch;
                    _cache.Fork(from, to);
                    _rows[to] = [.. _rows[from]];
                    _written[to] = _written[from];
                    break;
                case 6:
                    int[] sources = [.. Enumerable.Range(0, _batch).Select(_ => _random.Next(_batch))];
                    _cache.Reorder(sources);
                    List<(int, float[][])>[] arranged = [.. sources.Select(source => new List<(int, float[][])>(_rows[source]))];
                    arranged.CopyTo(_rows, 0);
                    _written.AsSpan().Fill(int.MaxValue);
                    break;
                case 7 when _snapshots.Count < 3:
                    _snapshots.Add((_cache.Snapshot(), [.. _rows.Select(list => new List<(int, float[][])>(list))], _segmented));
                    break;
                case 8 when _snapshots.Count > 0:
                    var taken = _snapshots[_random.Next(_snapshots.Count)];
                    _cache.Restore(taken.Snapshot);
                    for (int row = 0; row < _batch; row++)
                    {
                        _rows[row] = [.. taken.Rows[row]];
                    }

                    _segmented = taken.Segmented;
                    _written.AsSpan().Fill(int.MaxValue);
                    break;
                default:
                    Append(commit: true);
                    break;
            }
        }

        public void Check(string what)
        {
            int longest = 0;
            for (int row = 0; row < _batch; row++)
            {
                int held = Kept(_rows[row].Count).Count;
                Assert.True((_rows[row].Count, held) == (_cache.Length(row), _cache.Held(row)), what);
                longest = Math.Max(longest, held);
            }

            for (int s = 0; s < _streams.Length; s++)
            {
                int size = (int)_streams[s].ScalarsPerToken;
                var expected = new float[_batch * longest * size];
                for (int row = 0; row < _batch; row++)
                {
                    int place = 0;
                    foreach (int token in Kept(_rows[row].Count))
                    {
                        _rows[row][token].Scalars[s].CopyTo(expected, ((row * longest) + place++) * size);
                    }
                }

                Assert.True(expected.SequenceEqual(_cache.Read(s)), what);
            }

            int slots = _ring.Sinks + _ring.Recent + _reserved;
            int bytes = _cache.Element == CacheElement.Float32 ? 4 : 2;
            Assert.True(_cache.Bytes >= (long)_batch * slots * _cache.ScalarsPerToken * bytes, what);
        }

        /// <summary>The sinks and the last tokens of a row of so many.</summary>
        private List<int> Kept(int length) => [.. Enumerable.Range(0, length).Where(token => token < _ring.Sinks || token >= length - _ring.Recent)];

        private List<int> Seen(int length, int added)
        {
            bool room = _ring.Evict == RingEviction.RoomBefore && added <= _ring.Recent;
            int recent = room ? _ring.Recent - added : _ring.Recent;
            return [.. Enumerable.Range(0, length).Where(token => token < _ring.Sinks || token >= length - recent), .. Enumerable.Range(length, added)];
        }

        private void Cut(int row)
        {
            int length = _random.Next(3) == 0 ? _random.Next(_rows[row].Count + 1) : Math.Max(0, _rows[row].Count - _random.Next(4));
            try
            {
                _cache.Truncate(row, length);
            }
            catch (InvalidOperationException refusal)
            {
                Assert.Contains("Reserve", refusal.Message, StringComparison.Ordinal);

                // What was reserved must come back, as long as nothing else was moved since.
                Assert.True(_written[row] == int.MaxValue || _written[row] - length > _reserved, refusal.Message);
                Refusals++;
                return;
            }

            _rows[row].RemoveRange(length, _rows[row].Count - length);
            Cuts++;
        }

        private void Append(bool commit)
        {
            int tokens = _random.Next(4) == 0 ? _random.Next(1, 14) : _random.Next(1, 3);
            int[] counts = [.. Enumerable.Range(0, _batch).Select(_ => _random.Next(tokens + 1))];
            int[] segments = _random.Next(6) == 0 ? [.. Enumerable.Range(0, _batch * tokens).Select(_ => _random.Next(3))] : [];
            TokenRows extended = _cache.Extend(TokenRows.Ragged(counts, tokens, default, segments));
            float[][] values = [.. _streams.Select(stream => Numbers.Random(_random.Next(), _batch * tokens * (int)stream.ScalarsPerToken))];
            for (int s = 0; s < _streams.Length; s++)
            {
                _cache.Append(s, values[s], extended);
            }

            bool segmented = _segmented || segments.Length > 0;
            var all = new List<(int Segment, float[][] Scalars)>[_batch];
            for (int row = 0; row < _batch; row++)
            {
                all[row] = [.. _rows[row]];
                for (int token = 0; token < counts[row]; token++)
                {
                    int segment = segments.Length > 0 ? segments[(row * tokens) + token] : _rows[row].Count > 0 ? _rows[row][^1].Segment : 0;
                    int place = (row * tokens) + token;
                    all[row].Add((segment, [.. _streams.Select((stream, s) => Stored(values[s].AsSpan(place * (int)stream.ScalarsPerToken, (int)stream.ScalarsPerToken)))]));
                }

                List<int> seen = Seen(_rows[row].Count, counts[row]);
                Assert.Equal((counts[row], seen.Count, seen.Count - counts[row]), (extended.Count(row), extended.KeyCount(row), extended.Past(row)));
                Assert.Equal(segmented, extended.HasSegments);
                for (int key = 0; key < seen.Count; key++)
                {
                    Assert.Equal(all[row][seen[key]].Segment, extended.KeySegment(row, key));
                }

                for (int token = 0; token < counts[row]; token++)
                {
                    Assert.Equal((_rows[row].Count + token, all[row][_rows[row].Count + token].Segment), (extended.Position(row, token), extended.QuerySegment(row, token)));
                }

                _written[row] = tokens > _reserved ? int.MaxValue : Math.Max(_written[row], all[row].Count);
            }

            for (int s = 0; s < _streams.Length; s++)
            {
                CheckSeen(s, extended, all, counts);
            }

            if (commit)
            {
                _cache.Commit(extended);
                all.CopyTo(_rows, 0);
                _segmented = segmented;
            }
        }

        private void CheckSeen(int stream, TokenRows extended, List<(int Segment, float[][] Scalars)>[] all, int[] counts)
        {
            int size = (int)_streams[stream].ScalarsPerToken;
            var expected = new float[_batch * extended.Keys * size];
            for (int row = 0; row < _batch; row++)
            {
                List<int> seen = Seen(_rows[row].Count, counts[row]);
                int gone = _rows[row].Count + counts[row] - seen.Count;
                for (int key = 0; key < seen.Count; key++)
                {
                    float[] scalars = all[row][seen[key]].Scalars[stream];
                    (seen[key] < _ring.Sinks && gone > 0 ? Turned(_streams[stream], scalars, gone) : scalars).CopyTo(expected, ((row * extended.Keys) + key) * size);
                }
            }

            float[] actual = Numbers.Garbage(expected.Length);
            _cache.Read(stream, extended, actual);
            Assert.Equal(expected, actual);
        }

        /// <summary>A sink when so many tokens behind it are gone.</summary>
        private float[] Turned(CacheStream stream, float[] scalars, int gone)
        {
            if (stream.SinkRotation is not { } rotation)
            {
                return scalars;
            }

            float[] turned = [.. scalars];
            for (int i = 0; i < rotation.Frequencies.Length; i++)
            {
                (float sine, float cosine) = ((float)Math.Sin(gone * rotation.Frequencies[i]), (float)Math.Cos(gone * rotation.Frequencies[i]));
                for (int head = 0; head < stream.Heads; head++)
                {
                    int first = (head * stream.Width) + (rotation.Layout == RopeLayout.Interleaved ? 2 * i : i);
                    int second = rotation.Layout == RopeLayout.Interleaved ? first + 1 : first + rotation.Frequencies.Length;
                    (turned[first], turned[second]) = ((scalars[first] * cosine) - (scalars[second] * sine), (scalars[first] * sine) + (scalars[second] * cosine));
                }
            }

            return Stored(turned);
        }

        private float[] Stored(ReadOnlySpan<float> values)
        {
            float[] stored = values.ToArray();
            return _cache.Element == CacheElement.Float32 ? stored : Array.ConvertAll(stored, value => BFloat16Bits.ToSingle(BFloat16Bits.FromDouble(value)));
        }
    }
}
