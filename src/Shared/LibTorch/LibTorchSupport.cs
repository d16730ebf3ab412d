using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;

namespace AttnDsl.LibTorch;

/// <summary>
/// Loads libtorch and TorchSharp's bridge to it before TorchSharp would, so that what fails is said as it is: TorchSharp itself blames a missing package whatever the reason.
/// Programs call it before they touch a tensor; libraries never do.
/// </summary>
internal static class LibTorchSupport
{
    /// <summary>Folder of a libtorch for programs that are built without one; see <see cref="EnsureLoaded"/>.</summary>
    public const string FolderVariable = "ATTNDSL_LIBTORCH";

    /// <summary>
    /// TorchSharp's bridge is built with a newer compiler than older distributions have (Debian 12, Ubuntu 22.04, RHEL 9). It names this version of their C++ library for the sake of one
    /// marker, std::ios_base_library_init, that is never looked up.
    /// </summary>
    private const string NewestVersion = "GLIBCXX_3.4.32";

    private static readonly Lock Gate = new();
    private static string? loaded;

    /// <summary>
    /// Loads libtorch from the program's own folder where the build brought it along, else from <paramref name="folder"/>, else from the folder that the environment variable
    /// ATTNDSL_LIBTORCH names. On Linux, when the system's C++ library lacks the version that TorchSharp's bridge names, that version is marked weak in the program's own copy of the bridge.
    /// Does nothing when called again.
    /// </summary>
    /// <param name="folder">Folder that holds the native libtorch (its libtorch_cpu); null for none. A build with its own libtorch refuses it, because two of them in one process do not work.</param>
    /// <exception cref="DllNotFoundException">A library is missing, or cannot be loaded; the message says which one and why.</exception>
    public static void EnsureLoaded(string? folder = null)
    {
        lock (Gate)
        {
            if (loaded is not null)
            {
                if (folder is not null && Path.GetFullPath(folder) != loaded)
                {
                    throw new DllNotFoundException($"libtorch is loaded from '{loaded}' already; '{Path.GetFullPath(folder)}' would be a second one.");
                }

                return;
            }

            loaded = Load(folder);
        }
    }

    /// <summary>The build brought a native libtorch along.</summary>
    public static bool IsBundled => ProgramFolders().Any(HoldsLibTorch);

    private static string Load(string? asked)
    {
        string bridge = ProgramFolders().Select(folder => Path.Combine(folder, FileName("LibTorchSharp"))).FirstOrDefault(File.Exists)
            ?? throw new DllNotFoundException(
                $"{FileName("LibTorchSharp")}, TorchSharp's bridge to libtorch, is not beside the program: TorchSharp has none for {RuntimeInformation.RuntimeIdentifier}, or it was not copied. "
                + $"Looked in {string.Join(", ", ProgramFolders())}.");
        string folder = FindLibTorch(asked);
        if (OperatingSystem.IsLinux())
        {
            LetThreadsSleep();
        }

        foreach (string name in (ReadOnlySpan<string>)["c10", "torch_cpu", "torch"])
        {
            LoadLibrary(Path.Combine(folder, FileName(name)));
        }

        LoadBridge(bridge);
        return folder;
    }

    /// <summary>
    /// libtorch's threads spin for a while after every operation, by default, and take the processors from the fused kernels between two operations: a training step then takes several times as long.
    /// The setting is read once, when the library comes in, from the process's own variables, which .NET's do not reach. One that is there stays.
    /// </summary>
    private static void LetThreadsSleep() => _ = SetVariable("OMP_WAIT_POLICY", "PASSIVE", overwrite: 0);

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetVariable(string name, string value, int overwrite);

    private static string FindLibTorch(string? asked)
    {
        string? bundled = ProgramFolders().FirstOrDefault(HoldsLibTorch);
        if (bundled is not null)
        {
            return asked is null || Path.GetFullPath(asked) == bundled
                ? bundled
                : throw new DllNotFoundException($"This program brings its own libtorch in '{bundled}'; '{asked}' would be a second one. Leave the folder out, or build with LibTorchNatives=false.");
        }

        string source = "the folder given";
        string? folder = asked;
        if (folder is null)
        {
            source = $"the environment variable {FolderVariable}";
            folder = Environment.GetEnvironmentVariable(FolderVariable);
        }

        if (string.IsNullOrEmpty(folder))
        {
            throw new DllNotFoundException(
                $"{FileName("torch_cpu")} is missing: this program is built without the native libtorch 2.10.0. Build it with -p:LibTorchNatives=true, or name the folder of one "
                + $"(in a package of PyTorch: torch/lib) with the environment variable {FolderVariable}.");
        }

        return HoldsLibTorch(folder)
            ? Path.GetFullPath(folder)
            : throw new DllNotFoundException($"{FileName("torch_cpu")} is missing from '{folder}' ({source}); expected the folder with the native libraries of libtorch 2.10.0.");
    }

    private static void LoadLibrary(string path)
    {
        if (!File.Exists(path))
        {
            throw new DllNotFoundException($"'{path}' is missing.");
        }

        try
        {
            NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new DllNotFoundException($"'{path}' cannot be loaded: {Reason(e)}", e);
        }
    }

    private static void LoadBridge(string path)
    {
        try
        {
            LoadLibrary(path);
        }
        catch (DllNotFoundException e) when (OperatingSystem.IsLinux() && e.Message.Contains(NewestVersion, StringComparison.Ordinal))
        {
            MarkWeak(path, e);
            LoadLibrary(path);
        }
    }

    private static void MarkWeak(string path, DllNotFoundException cause)
    {
        try
        {
            (WeakVersion.Outcome outcome, string reason) = WeakVersion.MarkFile(path, NewestVersion);
            if (outcome == WeakVersion.Outcome.Unreadable)
            {
                throw new DllNotFoundException($"{cause.Message} The copy beside the program cannot be made to do without it: {reason}.", cause);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DllNotFoundException($"{cause.Message} The copy beside the program cannot be made to do without it: {e.Message}", e);
        }
    }

    // The runtime's text advises about search paths first; the loader's own line, which names the library or the version, follows it.
    private static string Reason(Exception e)
    {
        string[] lines = e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] telling = [.. lines.Skip(1)];
        return string.Join(" ", telling.Length > 0 ? telling.Distinct(StringComparer.Ordinal) : lines);
    }

    private static bool HoldsLibTorch(string folder) => File.Exists(Path.Combine(folder, FileName("torch_cpu")));

    /// <summary>Where the runtime looks for the program's native libraries: the folders of its dependency list, then its own.</summary>
    private static IEnumerable<string> ProgramFolders()
    {
        string listed = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return listed.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append(AppContext.BaseDirectory)
            .Append(Path.Combine(AppContext.BaseDirectory, "runtimes", PortableName(), "native"))
            .Select(folder => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))
            .Distinct(StringComparer.Ordinal);
    }

    private static string PortableName() =>
        (OperatingSystem.IsWindows() ? "win-" : OperatingSystem.IsMacOS() ? "osx-" : "linux-")
        + (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64");

    private static string FileName(string name) =>
        OperatingSystem.IsWindows() ? name + ".dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";
}
