using System;
using System.Collections.Generic;
using System.Threading;

namespace Respaldo
{
    /// <summary>How far a call is.</summary>
    public struct Step
    {
        public Step(ulong pagesDone, ulong pagesTotal)
        {
            PagesDone = pagesDone;
            PagesTotal = pagesTotal;
        }

        public ulong PagesDone { get; }

        public ulong PagesTotal { get; }
    }

    /// <summary>
    /// The backups of one database. Any thread may use it. Requests have the keys of respaldo.h; null is a request without keys.
    /// The methods that end in Async work on another thread. A token cancels a call with OperationCanceledException, and what
    /// progress throws comes out of it.
    /// </summary>
    public sealed partial class Store : IDisposable
    {
        private int closed;

        /// <summary>Checks the options; the database need not exist yet.</summary>
        public Store(IReadOnlyDictionary<string, object> options)
        {
            uint handle;
            string text;
            int status = Library.Current.Open(Json.Text(options), out handle, out text);
            Answer(status, text);
            Handle = handle;
        }

        ~Store()
        {
            Dispose();
        }

        /// <summary>The library's number of this store.</summary>
        public uint Handle { get; }

        public bool IsClosed => closed != 0;

        /// <summary>Closes the store; calls that are running end normally. A second time it does nothing.</summary>
        public void Dispose()
        {
            GC.SuppressFinalize(this);
            if (Handle != 0 && Interlocked.Exchange(ref closed, 1) == 0) Library.Current.Close(Handle);
        }

        /// <summary>Calls a function by the library's name for it.</summary>
        public IReadOnlyDictionary<string, object> Call(
            string name,
            IReadOnlyDictionary<string, object> request = null,
            IProgress<Step> progress = null,
            CancellationToken cancel = default(CancellationToken))
        {
            cancel.ThrowIfCancellationRequested();
            Func<ulong, ulong, bool> step = (done, total) =>
            {
                progress?.Report(new Step(done, total));
                return !cancel.IsCancellationRequested;
            };
            string text;
            int status = Library.Current.Call(name, Handle, request == null ? null : Json.Text(request), step, out text);
            GC.KeepAlive(this);
            try
            {
                return Answer(status, text);
            }
            catch (RespaldoException failure) when (failure.Status == Status.Cancelled && cancel.IsCancellationRequested)
            {
                throw new OperationCanceledException(failure.Message, failure, cancel);
            }
        }

        private static IReadOnlyDictionary<string, object> Answer(int status, string text)
        {
            var answer = global::Respaldo.Answer.Members(Json.Parse(text));
            if (status != 0) throw new RespaldoException(global::Respaldo.Answer.Members(answer["error"]));
            return answer;
        }
    }
}
