using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace Respaldo
{
    /// <summary>What a function takes beside the store; what reports progress takes a request too.</summary>
    internal enum Takes
    {
        Nothing,
        Request,
        Progress,
    }

    /// <summary>The library as it is: found, checked, and called with texts.</summary>
    public sealed class Library
    {
        private static readonly Lazy<Library> Loaded = new Lazy<Library>(Load, LazyThreadSafetyMode.PublicationOnly);

        private readonly IntPtr handle;
        private readonly Dictionary<string, Delegate> functions = new Dictionary<string, Delegate>();

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate int ProgressFunction(IntPtr userData, ulong pagesDone, ulong pagesTotal);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate int Opening(byte[] options, out uint store, out IntPtr answer);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate int Closing(uint store);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate int Watched(uint store, byte[] request, ProgressFunction progress, IntPtr userData, out IntPtr answer);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate int Requested(uint store, byte[] request, out IntPtr answer);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate int Plain(uint store, out IntPtr answer);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate void Freeing(IntPtr json);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate uint AbiVersion();

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate IntPtr Version();

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate IntPtr StatusName(int status);

        private Library(IntPtr handle)
        {
            this.handle = handle;
            Declare<Opening>("open");
            Declare<Closing>("close");
            Declare<Freeing>("string_free");
            Declare<Version>("version");
            Declare<AbiVersion>("abi_version");
            Declare<StatusName>("status_name");
            foreach (var function in Interface.Functions)
            {
                if (function.Value == Takes.Progress) Declare<Watched>(function.Key);
                else if (function.Value == Takes.Request) Declare<Requested>(function.Key);
                else Declare<Plain>(function.Key);
            }
            uint version = Function<AbiVersion>("abi_version")();
            if (version != Interface.AbiVersion)
                throw new DllNotFoundException("its ABI version is " + version + ", this assembly needs " + Interface.AbiVersion);
        }

        /// <summary>The library, loaded once a process.</summary>
        public static Library Current => Loaded.Value;

        /// <summary>Opens a store. Answers the status.</summary>
        public int Open(string options, out uint store, out string text)
        {
            IntPtr answer;
            int status = Function<Opening>("open")(Utf8(options), out store, out answer);
            text = Taken(status, answer);
            return status;
        }

        public int Close(uint store)
        {
            return Function<Closing>("close")(store);
        }

        /// <summary>
        /// Calls a function; progress answers whether to go on. What it throws cancels the call, and is thrown when that has
        /// ended. Answers the status.
        /// </summary>
        public int Call(string name, uint store, string request, Func<ulong, ulong, bool> progress, out string text)
        {
            int status;
            IntPtr answer;
            ExceptionDispatchInfo thrown = null;
            switch (Interface.Functions[name])
            {
                case Takes.Progress:
                    ProgressFunction step = (_, done, total) =>
                    {
                        try
                        {
                            return thrown == null && progress(done, total) ? 0 : 1;
                        }
                        catch (Exception exception)
                        {
                            thrown = ExceptionDispatchInfo.Capture(exception);
                            return 1;
                        }
                    };
                    status = Function<Watched>(name)(store, Utf8(request), progress == null ? null : step, IntPtr.Zero, out answer);
                    GC.KeepAlive(step);
                    break;
                case Takes.Request:
                    status = Function<Requested>(name)(store, Utf8(request), out answer);
                    break;
                default:
                    status = Function<Plain>(name)(store, out answer);
                    break;
            }
            text = Taken(status, answer);
            thrown?.Throw();
            return status;
        }

        public string NameOf(int status)
        {
            return Marshal.PtrToStringAnsi(Function<StatusName>("status_name")(status));
        }

        /// <summary>The version of the library, such as 0.1.0.</summary>
        public string VersionText => Marshal.PtrToStringAnsi(Function<Version>("version")());

        private static byte[] Utf8(string text)
        {
            return text == null ? null : Encoding.UTF8.GetBytes(text + '\0');
        }

        private string Taken(int status, IntPtr answer)
        {
            if (answer == IntPtr.Zero) throw new OutOfMemoryException("no memory was left for the answer (status " + status + ")");
            try
            {
                int length = 0;
                while (Marshal.ReadByte(answer, length) != 0) length++;
                var bytes = new byte[length];
                Marshal.Copy(answer, bytes, 0, length);
                return Encoding.UTF8.GetString(bytes);
            }
            finally
            {
                Function<Freeing>("string_free")(answer);
            }
        }

        private T Function<T>(string name)
        {
            return (T)(object)functions[name];
        }

        private void Declare<T>(string name)
        {
            IntPtr address = Loader.Symbol(handle, "respaldo_" + name);
            if (address == IntPtr.Zero) throw new DllNotFoundException("not the respaldo library, or too old: it lacks respaldo_" + name);
            functions[name] = (Delegate)(object)Marshal.GetDelegateForFunctionPointer<T>(address);
        }

        private static Library Load()
        {
            var failures = new StringBuilder();
            foreach (string path in Candidates())
            {
                try
                {
                    return new Library(Loader.Open(path));
                }
                catch (DllNotFoundException exception)
                {
                    failures.Append("  ").Append(path).Append(": ").Append(exception.Message).Append('\n');
                }
            }
            throw new LibraryLoadException("The respaldo library could not be loaded. Tried:\n" + failures +
                "Put it beside the assembly, install it, or set RESPALDO_LIBRARY to its file.");
        }

        /// <summary>The places to try. With RESPALDO_LIBRARY set, no other is tried in its place.</summary>
        private static IEnumerable<string> Candidates()
        {
            string name = Loader.IsWindows ? "respaldo.dll"
                : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "librespaldo.dylib" : "librespaldo.so";
            string chosen = Environment.GetEnvironmentVariable("RESPALDO_LIBRARY");
            if (!string.IsNullOrEmpty(chosen)) return new[] { Directory.Exists(chosen) ? Path.Combine(chosen, name) : chosen };
            string folder = Path.GetDirectoryName(typeof(Library).Assembly.Location) ?? "";
            string beside = Path.Combine(folder, name);
            return RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? new[] { beside, name + ".1", name } : new[] { beside, name };
        }

        /// <summary>Loading by path, which .NET Standard 2.0 has not.</summary>
        private static class Loader
        {
            internal static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);
            private const int Now = 2;

            internal static IntPtr Open(string path)
            {
                IntPtr handle = IsWindows ? LoadLibraryW(path) : dlopen(path, Now);
                if (handle != IntPtr.Zero) return handle;
                throw new DllNotFoundException(IsWindows ? "Windows error " + Marshal.GetLastWin32Error() : Marshal.PtrToStringAnsi(dlerror()));
            }

            internal static IntPtr Symbol(IntPtr handle, string name)
            {
                return IsWindows ? GetProcAddress(handle, name) : dlsym(handle, name);
            }

            [DllImport("libdl.so.2")]
            private static extern IntPtr dlopen(string path, int flags);

            [DllImport("libdl.so.2")]
            private static extern IntPtr dlsym(IntPtr handle, string name);

            [DllImport("libdl.so.2")]
            private static extern IntPtr dlerror();

            [DllImport("kernel32", CharSet = CharSet.Unicode, SetLastError = true)]
            private static extern IntPtr LoadLibraryW(string path);

            [DllImport("kernel32", CharSet = CharSet.Ansi)]
            private static extern IntPtr GetProcAddress(IntPtr handle, string name);
        }
    }
}
