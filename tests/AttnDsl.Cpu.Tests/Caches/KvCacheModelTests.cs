using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace AttnDsl.Cpu.Tests.Caches;

/// <summary>Random operations on a cache and on plain lists of tokens. ATTNDSL_SEQUENCES sets how many sequences of operations each storage gets.</summary>
public class KvCacheModelTests
{
    private const int Operations = 40;

    private static int Sequences => Environment.GetEnvironmentVariable("ATTNDSL_SEQUENCES") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : 300;

    /// <param name="element">How scalars are stored.</param>
    /// <param name="pageSize">Tokens of a page; 0: contiguous.</param>
    /// <param name="capacity">Tokens per row, or pages of all rows, at most; 0: grows.</param>
    /// <param name="mixed">The second stream is stored the other way.</param>
    [Theory]
    [InlineData(CacheElement.Float32, 0, 0, false)]
    [InlineData(CacheElement.Float32, 0, 23, false)]
    [InlineData(CacheElement.BFloat16, 0, 0, false)]
    [InlineData(CacheElement.BFloat16, 0, 23, false)]
    [InlineData(CacheElement.Float32, 1, 0, false)]
    [InlineData(CacheElement.Float32, 4, 0, false)]
    [InlineData(CacheElement.Float32, 4, 9, false)]
    [InlineData(CacheElement.BFloat16, 16, 0, false)]
    [InlineData(CacheElement.BFloat16, 5, 7, false)]
    [InlineData(CacheElement.Float32, 0, 0, true)]
    [InlineData(CacheElement.BFloat16, 4, 9, true)]
    public void RandomOperations(CacheElement element, int pageSize, int capacity, bool mixed)
    {
        for (int seed = 0; seed < Sequences; seed++)
        {
            using var model = new Model(new Random(seed), element, pageSize, capacity, mixed);
            for (int operation = 0; operation < Operations; operation++)
            {
                model.Do();
                model.Check($"seed {seed}, operation {operation}");
            }
        }
    }

    private sealed class Model : IDisposable
    {
        private readonly Random _random;
        private readonly int _pageSize;
        private readonly int _capacity;
        private readonly int _batch;
        private readonly CacheStream[] _streams;
        private readonly KvCache _cache;

        // Per row and token: segment, and the scalars of every stream.
        private readonly List<(int Segment, float[][] Scalars)>[] _rows;
        private bool _segmented;

        private readonly List<(CacheSnapshot Snapshot, List<(int Segment, float[][] Scalars)>[] Rows, bool Segmented)> _snapshots = [];

        public Model(Random random, CacheElement element, int pageSize, int capacity, bool mixed)
        {
            _random = random;
            _pageSize = pageSize;
            _capacity = capacity;
            _batch = random.Next(1, 4);
            _streams = [new("k", random.Next(1, 4), random.Next(1, 20)), new("v", random.Next(1, 3), random.Next(1, 20)) { Element = mixed ? (CacheElement)(1 - (int)element) : null }];
            int? limit = capacity == 0 ? null : capacity;
            _cache = pageSize == 0 ? new KvCache(_batch, element, limit, _streams) : new KvCache(_batch, element, new CachePaging(pageSize, limit), _streams);
            _rows = [.. Enumerable.Range(0, _batch).Select(_ => new List<(int, float[][])>())];
        }

        public void Do()
        {
            switch (_random.Next(16))
            {
                case 0:
                    int row = _random.Next(_batch);
                    int length = _random.Next(_rows[row].Count + 1);
                    _cache.Truncate(row, length);
                    _rows[row].RemoveRange(length, _rows[row].Count - length);
                    break;
                case 1 when _random.Next(3) == 0:
                    _cache.Reset();
                    Array.ForEach(_rows, list => list.Clear());
                    _segmented = false;
                    break;
                case 2 when _capacity == 0:
                    int reserved = _random.Next(40);
                    _cache.Reserve(reserved);
                    Assert.True(_cache.Capacity >= (_pageSize == 0 ? _rows.Max(list => list.Count) + reserved : reserved));
                    break;
                case 3:
                    Append(commit: false);
                    break;
                case 4 when _batch > 1:
                    int from = _random.Next(_batch);
                    int to = (from + _random.Next(1, _batch)) % _batch;
                    _cache.Fork(from, to);
                    _rows[to] = [.. _rows[from]];
                    break;
                case 5:
                    int[] sources = [.. Enumerable.Range(0, _batch).Select(_ => _random.Next(_batch))];
                    _cache.Reorder(sources);
                    List<(int, float[][])>[] arranged = [.. sources.Select(source => new List<(int, float[][])>(_rows[source]))];
                    arranged.CopyTo(_rows, 0);
                    break;
                case 6 when _snapshots.Count < 3:
                    _snapshots.Add((_cache.Snapshot(), [.. _rows.Select(list => new List<(int, float[][])>(list))], _segmented));
                    break;
                case 7 when _snapshots.Count > 0:
                    ComeBack(_snapshots[_random.Next(_snapshots.Count)]);
                    break;
                case 8 when _snapshots.Count > 0:
                    int dropped = _random.Next(_snapshots.Count);
                    _snapshots[dropped].Snapshot.Dispose();
                    _snapshots.RemoveAt(dropped);
                    break;
                default:
                    Append(commit: true);
                    break;
            }
        }

        public void Dispose()
        {
            _snapshots.ForEach(taken => taken.Snapshot.Dispose());
            _cache.Reset();
            if (_cache.Pages is { } pages)
            {
                Assert.Equal((0, 0, 0), (pages.Held, pages.Shared, pages.Entries));
            }
        }

        public void Check(string what)
        {
            for (int row = 0; row < _batch; row++)
            {
                Assert.True(_rows[row].Count == _cache.Length(row), what);
            }

            int longest = _rows.Max(list => list.Count);
            for (int s = 0; s < _streams.Length; s++)
            {
                int size = (int)_streams[s].ScalarsPerToken;
                var expected = new float[_batch * longest * size];
                for (int row = 0; row < _batch; row++)
                {
                    for (int token = 0; token < _rows[row].Count; token++)
                    {
                        _rows[row][token].Scalars[s].CopyTo(expected, ((row * longest) + token) * size);
                    }
                }

                Assert.True(expected.SequenceEqual(_cache.Read(s)), what);
            }

            Assert.True(_cache.Bytes == (long)_cache.Capacity * (_pageSize == 0 ? _batch : 1) * _streams.Sum(stream => stream.ScalarsPerToken * ((stream.Element ?? _cache.Element) == CacheElement.Float32 ? 4 : 2)), what);
        }

        private void ComeBack((CacheSnapshot Snapshot, List<(int Segment, float[][] Scalars)>[] Rows, bool Segmented) taken)
        {
            _cache.Restore(taken.Snapshot);
            for (int row = 0; row < _batch; row++)
            {
                _rows[row] = [.. taken.Rows[row]];
            }

            _segmented = taken.Segmented;
        }

        private void Append(bool commit)
        {
            int tokens = _random.Next(1, 6);
            int[] counts = [.. Enumerable.Range(0, _batch).Select(_ => _random.Next(tokens + 1))];
            int[] segments = _random.Next(4) == 0 ? [.. Enumerable.Range(0, _batch * tokens).Select(_ => _random.Next(3))] : [];
            TokenRows block = TokenRows.Ragged(counts, tokens, default, segments);
            if (_capacity != 0 && _pageSize != 0)
            {
                TokenRows? fitting = TryExtend(block);
                if (fitting is null)
                {
                    return;
                }
            }
            else if (_capacity != 0 && Enumerable.Range(0, _batch).Any(row => _rows[row].Count + counts[row] > _capacity))
            {
                Assert.Throws<ArgumentException>(() => _cache.Extend(block));
                return;
            }

            TokenRows extended = _cache.Extend(block);
            float[][] values = [.. _streams.Select(stream => Numbers.Random(_random.Next(), _batch * tokens * (int)stream.ScalarsPerToken))];
            for (int s = 0; s < _streams.Length; s++)
            {
                _cache.Append(s, values[s], extended);
            }

            for (int row = 0; row < _batch; row++)
            {
                var added = new List<(int, float[][])>();
                for (int token = 0; token < counts[row]; token++)
                {
                    int segment = segments.Length > 0 ? segments[(row * tokens) + token] : _rows[row].Count > 0 ? _rows[row][^1].Segment : 0;
                    int place = (row * tokens) + token;
                    added.Add((segment, [.. _streams.Select((stream, s) => Stored(stream, values[s].AsSpan(place * (int)stream.ScalarsPerToken, (int)stream.ScalarsPerToken)))]));
                }

                CheckExtension(extended, row, [.. _rows[row], .. added], counts[row], segments.Length > 0);
                if (commit)
                {
                    _rows[row].AddRange(added);
                }
            }

            if (commit)
            {
                _cache.Commit(extended);
                _segmented |= segments.Length > 0;
            }
        }

        /// <summary>Whether there are enough pages depends on who shares what: a refusal must change nothing and be right about the pages that it names.</summary>
        private TokenRows? TryExtend(TokenRows block)
        {
            try
            {
                return _cache.Extend(block);
            }
            catch (ArgumentException refusal)
            {
                long least = Enumerable.Range(0, _batch).Sum(row => Pages(_rows[row].Count + block.Count(row)) - Pages(_rows[row].Count));
                CachePages pages = _cache.Pages!.Value;
                Assert.Equal("block", refusal.ParamName);
                Assert.True(pages.Free < least + _batch, refusal.Message);
                return null;
            }
        }

        private int Pages(int tokens) => (tokens + _pageSize - 1) / _pageSize;

        private void CheckExtension(TokenRows extended, int row, List<(int Segment, float[][] Scalars)> all, int count, bool segmented)
        {
            Assert.Equal((count, all.Count, all.Count - count), (extended.Count(row), extended.KeyCount(row), extended.Past(row)));
            Assert.Equal(_segmented || segmented, extended.HasSegments);
            for (int key = 0; key < all.Count; key++)
            {
                Assert.Equal(all[key].Segment, extended.KeySegment(row, key));
            }

            for (int token = 0; token < count; token++)
            {
                Assert.Equal(all[all.Count - count + token].Segment, extended.QuerySegment(row, token));
            }
        }

        private float[] Stored(CacheStream stream, ReadOnlySpan<float> values)
        {
            float[] stored = values.ToArray();
            return (stream.Element ?? _cache.Element) == CacheElement.Float32 ? stored : Array.ConvertAll(stored, value => BFloat16Bits.ToSingle(BFloat16Bits.FromDouble(value)));
        }
    }
}
