using System;
using System.Collections.Generic;
using System.Linq;

namespace Respaldo
{
    /// <summary>An answer of the library, or a part of one. <c>Raw</c> is all of it, also keys that this assembly does not know.</summary>
    public abstract class Answer
    {
        protected Answer(IReadOnlyDictionary<string, object> raw)
        {
            Raw = raw;
        }

        public IReadOnlyDictionary<string, object> Raw { get; }

        /// <summary>The value of a key; what is missing is null, or 0 or false where that cannot be.</summary>
        internal T Take<T>(string key)
        {
            object value;
            return Raw.TryGetValue(key, out value) && value != null ? (T)value : default(T);
        }

        internal T Take<T>(string key, Func<object, T> made)
        {
            object value;
            return Raw.TryGetValue(key, out value) && value != null ? made(value) : default(T);
        }

        internal IReadOnlyList<T> List<T>(string key, Func<object, T> made)
        {
            return Take(key, value => ((IEnumerable<object>)value).Select(made).ToList()) ?? new List<T>();
        }

        internal IReadOnlyDictionary<string, T> Map<T>(string key, Func<object, T> made)
        {
            return Take(key, value => Members(value).ToDictionary(member => member.Key, member => made(member.Value)));
        }

        internal static IReadOnlyDictionary<string, object> Members(object json)
        {
            return (IReadOnlyDictionary<string, object>)json;
        }
    }
}
