using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace AttnDsl.Cpu.Tests.Caches;

/// <summary>Random operations on a quantized cache and on plain lists of tokens. ATTNDSL_SEQUENCES sets how many sequences of operations each storage gets.</summary>
public class QuantizedModelTests
{
    private const int Operations = 40;

    private static int Sequences => Environment.GetEnvironmentVariable("ATTNDSL_SEQUENCES") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : 300;

    /// <param name="bits">Bits of a code.</param>
    /// <param name="group">Scalars of a group.</param>
    /// <param name="residual">Newest tokens that stay scalars.</param>
    /// <param name="capacity">Tokens per row at most; 0: grows.</param>
    /// <param name="element">How scalars are stored.</param>
    [Theory]
    [InlineData(8, 4, 4, 0, CacheElement.Float32)]
    [InlineData(4, 8, 8, 0, CacheElement.Float32)]
    [InlineData(4, 2, 8, 41, CacheElement.Float32)]
    [InlineData(2, 16, 16, 0, CacheElement.Float32)]
    [InlineData(2, 4, 16, 61, CacheElement.BFloat16)]
    [InlineData(4, 4, 16, 0, CacheElement.BFloat16)]
    public void RandomOperations(int bits, int group, int residual, int capacity, CacheElement element)
    {
        for (int seed = 0; seed < Sequences; seed++)
        {
            var model = new Model(new Random(seed), bits, group, residual, capacity, element);
            for (int operation = 0; operation < Operations; operation++)
            {
                model.Do();
                model.Check($"seed {seed}, operation {operation}");
            }
        }
    }

    private sealed class Model
    {
        private readonly Random _random;
        private readonly int _capacity;
        private readonly int _batch;
        private readonly CacheStream[] _streams;
        private readonly KvCache _cache;
        private readonly List<(CacheSnapshot Snapshot, QuantizedOracle[][] Rows)> _snapshots = [];
        private QuantizedOracle[][] _rows;
        private int _lag;

        public Model(Random random, int bits, int group, int residual, int capacity, CacheElement element)
        {
            _random = random;
            _capacity = capacity;
            _batch = random.Next(1, 4);
            int unit = Math.Max(group, 32 / bits);
            _streams =
            [
                new("k", random.Next(1, 3), random.Next(1, 20)) { Quantization = new(bits, group, residual, QuantizationAxis.Channel) },
                new("v", random.Next(1, 3), unit * random.Next(1, 3)) { Quantization = new(bits, group, residual, QuantizationAxis.Token) },
            ];
            _cache = new KvCache(_batch, element, capacity == 0 ? null : capacity, _streams);
            _rows = [.. Enumerable.Range(0, _batch).Select(_ => _streams.Select(stream => new QuantizedOracle(stream)).ToArray())];
        }

        public void Do()
        {
            switch (_random.Next(18))
            {
                case 0 or 1:
                    Truncate();
                    break;
                case 2 when _random.Next(3) == 0:
                    _cache.Reset();
                    Array.ForEach(_rows, row => Array.ForEach(row, oracle => oracle.Truncate(0)));
                    break;
                case 3:
                    int tokens = _random.Next(3) == 0 ? 0 : _random.Next(12);
                    if (_capacity == 0 || _rows.Max(row => row[0].Tokens.Count) + tokens <= _capacity)
                    {
                        _cache.Reserve(tokens);
                        _lag = tokens;
                    }
                    else
                    {
                        Assert.Throws<ArgumentException>(() => _cache.Reserve(tokens));
                    }

                    break;
                case 4:
                    Append(commit: false, 1 + _random.Next(6));
                    break;
                case 5 when _batch > 1:
                    int from = _random.Next(_batch);
                    int to = (from + _random.Next(1, _batch)) % _batch;
                    _cache.Fork(from, to);
                    _rows[to] = Copy(_rows[from]);
                    break;
                case 6:
                    int[] sources = [.. Enumerable.Range(0, _batch).Select(_ => _random.Next(_batch))];
                    _cache.Reorder(sources);
                    _rows = [.. sources.Select(source => Copy(_rows[source]))];
                    break;
                case 7 when _snapshots.Count < 3:
                    _snapshots.Add((_cache.Snapshot(), [.. _rows.Select(Copy)]));
                    break;
                case 8 when _snapshots.Count > 0:
                    (CacheSnapshot snapshot, QuantizedOracle[][] rows) = _snapshots[_random.Next(_snapshots.Count)];
                    _cache.Restore(snapshot);
                    _rows = [.. rows.Select(Copy)];
                    break;
                case 9:
                    Append(commit: true, 1 + _random.Next(45));
                    break;
                default:
                    Append(commit: true, 1 + _random.Next(5));
                    break;
            }
        }

        public void Check(string what)
        {
            for (int row = 0; row < _batch; row++)
            {
                Assert.True(_rows[row][0].Tokens.Count == _cache.Length(row), what);
            }

            int longest = _rows.Max(row => row[0].Tokens.Count);
            for (int s = 0; s < _streams.Length; s++)
            {
                int size = (int)_streams[s].ScalarsPerToken;
                var expected = new float[_batch * longest * size];
                for (int row = 0; row < _batch; row++)
                {
                    for (int token = 0; token < _rows[row][s].Tokens.Count; token++)
                    {
                        _rows[row][s].Tokens[token].CopyTo(expected, ((row * longest) + token) * size);
                    }
                }

                Assert.True(expected.SequenceEqual(_cache.Read(s)), what);
            }
        }

        private static QuantizedOracle[] Copy(QuantizedOracle[] row) => [.. row.Select(oracle => oracle.Copy())];

        private void Truncate()
        {
            int row = _random.Next(_batch);
            int count = _rows[row][0].Tokens.Count;
            int length = _random.Next(2) == 0 ? _random.Next(count + 1) : Math.Max(0, count - _random.Next(8));
            if (_rows[row].Any(oracle => oracle.Refuses(length)))
            {
                Assert.Contains("Reserve", Assert.Throws<InvalidOperationException>(() => _cache.Truncate(row, length)).Message, StringComparison.Ordinal);
                return;
            }

            _cache.Truncate(row, length);
            Array.ForEach(_rows[row], oracle => oracle.Truncate(length));
        }

        private void Append(bool commit, int tokens)
        {
            int[] counts = [.. Enumerable.Range(0, _batch).Select(_ => _random.Next(tokens + 1))];
            TokenRows block = TokenRows.Ragged(counts, tokens);
            if (_capacity != 0 && Enumerable.Range(0, _batch).Any(row => _rows[row][0].Tokens.Count + counts[row] > _capacity))
            {
                Assert.Throws<ArgumentException>(() => _cache.Extend(block));
                return;
            }

            TokenRows extended = _cache.Extend(block);
            for (int s = 0; s < _streams.Length; s++)
            {
                int size = (int)_streams[s].ScalarsPerToken;
                float[] values = Numbers.Random(_random.Next(), _batch * tokens * size);
                _cache.Append(s, values, extended);
                for (int row = 0; row < _batch && commit; row++)
                {
                    _rows[row][s].Tokens.AddRange(Enumerable.Range(row * tokens, counts[row]).Select(place => Stored(values.AsSpan(place * size, size))));
                }
            }

            if (commit)
            {
                _cache.Commit(extended);
                Array.ForEach(_rows, row => Array.ForEach(row, oracle => oracle.Settle(_lag)));
            }
        }

        private float[] Stored(ReadOnlySpan<float> values)
        {
            float[] stored = values.ToArray();
            return _cache.Element == CacheElement.Float32 ? stored : Array.ConvertAll(stored, value => BFloat16Bits.ToSingle(BFloat16Bits.FromDouble(value)));
        }
    }
}
