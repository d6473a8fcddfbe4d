using System;
using System.Collections.Generic;

namespace Respaldo
{
    /// <summary>
    /// An operation failed. The message says what, <c>Hint</c> what to do next, both for the user:
    /// <c>catch (RespaldoException e) when (e.Status == Status.DatabaseLocked)</c>.
    /// </summary>
    public class RespaldoException : Exception
    {
        internal RespaldoException(IReadOnlyDictionary<string, object> json) : base((string)json["message"])
        {
            Failure = new Failure(json);
        }

        /// <summary>All that the library said.</summary>
        public Failure Failure { get; }

        public Status Status => (Status)Failure.Status;

        /// <summary>The status's name, such as DATABASE_LOCKED.</summary>
        public string Name => Failure.Name;

        public string Hint => Failure.Hint;

        public string Path => Failure.Path;
    }

    /// <summary>No library could be loaded. The message names every place that was tried, and why it failed.</summary>
    public class LibraryLoadException : DllNotFoundException
    {
        internal LibraryLoadException(string message) : base(message)
        {
        }
    }
}
