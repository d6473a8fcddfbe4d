using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Respaldo
{
    /// <summary>JSON as dictionaries, lists, strings, long, double, bool and null; .NET Standard 2.0 has none.</summary>
    public static class Json
    {
        public static string Text(object value)
        {
            var text = new StringBuilder();
            Write(text, value);
            return text.ToString();
        }

        public static object Parse(string text)
        {
            var reader = new Reader(text);
            object value = reader.Next(0);
            reader.End();
            return value;
        }

        private static void Write(StringBuilder text, object value)
        {
            if (value == null) text.Append("null");
            else if (value is bool) text.Append((bool)value ? "true" : "false");
            else if (value is string) WriteString(text, (string)value);
            else if (value is double || value is float) text.Append(Real(Convert.ToDouble(value)));
            else if (value is IEnumerable<KeyValuePair<string, object>>) WriteObject(text, (IEnumerable<KeyValuePair<string, object>>)value);
            else if (value is IEnumerable) WriteArray(text, (IEnumerable)value);
            else if (value is IFormattable) text.Append(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
            else throw new ArgumentException("a " + value.GetType() + " has no JSON");
        }

        private static string Real(double real)
        {
            string text = real.ToString("R", CultureInfo.InvariantCulture);
            return text.All(c => c == '-' || char.IsDigit(c)) ? text + ".0" : text;
        }

        private static void WriteObject(StringBuilder text, IEnumerable<KeyValuePair<string, object>> map)
        {
            text.Append('{');
            string before = "";
            foreach (var member in map)
            {
                text.Append(before);
                WriteString(text, member.Key);
                text.Append(':');
                Write(text, member.Value);
                before = ",";
            }
            text.Append('}');
        }

        private static void WriteArray(StringBuilder text, IEnumerable list)
        {
            text.Append('[');
            string before = "";
            foreach (object element in list)
            {
                text.Append(before);
                Write(text, element);
                before = ",";
            }
            text.Append(']');
        }

        private static void WriteString(StringBuilder text, string words)
        {
            text.Append('"');
            foreach (char c in words)
            {
                if (c == '"' || c == '\\') text.Append('\\').Append(c);
                else if (c < ' ') text.Append("\\u").Append(((int)c).ToString("x4"));
                else text.Append(c);
            }
            text.Append('"');
        }

        private sealed class Reader
        {
            private const int Deepest = 200;
            private readonly string text;
            private int at;

            public Reader(string text)
            {
                this.text = text;
            }

            public void End()
            {
                if (Mark() != '\0') throw Wrong();
            }

            public object Next(int depth)
            {
                if (depth > Deepest) throw Wrong();
                switch (Mark())
                {
                    case '{': return Object(depth);
                    case '[': return Array(depth);
                    case '"': return String();
                    case 't': return Word("true", true);
                    case 'f': return Word("false", false);
                    case 'n': return Word("null", null);
                    default: return Number();
                }
            }

            private FormatException Wrong()
            {
                return new FormatException("not JSON at " + at);
            }

            /// <summary>The next character that is no space; 0 at the end.</summary>
            private char Mark()
            {
                while (at < text.Length && " \t\r\n".IndexOf(text[at]) >= 0) at++;
                return at < text.Length ? text[at] : '\0';
            }

            private bool Skip(char mark)
            {
                if (Mark() != mark) return false;
                at++;
                return true;
            }

            private object Word(string word, object meaning)
            {
                if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0) throw Wrong();
                at += word.Length;
                return meaning;
            }

            private object Number()
            {
                int from = at;
                while (at < text.Length && "+-0123456789.eE".IndexOf(text[at]) >= 0) at++;
                string digits = text.Substring(from, at - from);
                long whole;
                double real;
                if (long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out whole)) return whole;
                if (double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out real)) return real;
                throw Wrong();
            }

            private Dictionary<string, object> Object(int depth)
            {
                var found = new Dictionary<string, object>();
                at++;
                if (Skip('}')) return found;
                do
                {
                    if (Mark() != '"') throw Wrong();
                    string key = String();
                    if (!Skip(':')) throw Wrong();
                    found[key] = Next(depth + 1);
                } while (Skip(','));
                if (!Skip('}')) throw Wrong();
                return found;
            }

            private List<object> Array(int depth)
            {
                var found = new List<object>();
                at++;
                if (Skip(']')) return found;
                do found.Add(Next(depth + 1)); while (Skip(','));
                if (!Skip(']')) throw Wrong();
                return found;
            }

            private string String()
            {
                var found = new StringBuilder();
                for (at++; at < text.Length && text[at] != '"'; at++)
                {
                    if (text[at] == '\\') Escape(found);
                    else found.Append(text[at]);
                }
                if (at++ >= text.Length) throw Wrong();
                return found.ToString();
            }

            private void Escape(StringBuilder found)
            {
                if (++at >= text.Length) throw Wrong();
                if (text[at] == 'u')
                {
                    if (at + 4 >= text.Length) throw Wrong();
                    found.Append((char)ushort.Parse(text.Substring(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                    at += 4;
                    return;
                }
                int which = "\"\\/bfnrt".IndexOf(text[at]);
                if (which < 0) throw Wrong();
                found.Append("\"\\/\b\f\n\r\t"[which]);
            }
        }
    }
}
