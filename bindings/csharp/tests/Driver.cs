// Does what a test asks of the binding: a JSON object a line on the standard input, the answer a line on the standard output.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Threading;
using Mono.Data.Sqlite;
using Respaldo;
using Map = System.Collections.Generic.Dictionary<string, object>;

internal static class Driver
{
    private static readonly Dictionary<long, SqliteConnection> Connections = new Dictionary<long, SqliteConnection>();
    private static Store store;

    private static void Main()
    {
        var input = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
        var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };
        for (string line = input.ReadLine(); line != null; line = input.ReadLine())
        {
            Map answer;
            try
            {
                answer = Answer((Map)Json.Parse(line));
            }
            catch (Exception exception)
            {
                answer = new Map { { "failed", exception.ToString() } };
            }
            output.WriteLine(Json.Text(answer));
        }
    }

    private static Map Answer(Map asked)
    {
        switch ((string)asked["do"])
        {
            case "change_folder": Directory.SetCurrentDirectory((string)asked["path"]); break;
            case "open": return Outcome(() => { store = new Store(Request(asked)); return new Map(); });
            case "close": return Close();
            case "call": return Call(asked);
            case "connect": Connect((long)asked["id"], (string)asked["path"]); break;
            case "execute": return new Map { { "value", Execute((long)asked["id"], (string)asked["sql"]) } };
            case "disconnect": Connections[(long)asked["id"]].Dispose(); break;
            default: throw new ArgumentException((string)asked["do"]);
        }
        return new Map();
    }

    private static Map Request(Map asked)
    {
        return asked.ContainsKey("request") ? (Map)asked["request"] : new Map();
    }

    // What a call answers, as the library would.
    private static Map Outcome(Func<object> work)
    {
        try
        {
            return new Map { { "status", "OK" }, { "answer", work() } };
        }
        catch (RespaldoException failure)
        {
            return new Map { { "status", failure.Name }, { "answer", new Map { { "error", failure.Failure.Raw } } } };
        }
    }

    private static Map Close()
    {
        string status = store.IsClosed ? Library.Current.NameOf(Library.Current.Close(store.Handle)) : "OK";
        store.Dispose();
        return new Map { { "status", status }, { "answer", null } };
    }

    private static Map Call(Map asked)
    {
        var watching = new Watching { During = asked.ContainsKey("during") ? (Map)asked["during"] : null };
        string name = (string)asked["call"];
        Map result;
        if (asked.ContainsKey("request_text"))
        {
            string text;
            int status = Library.Current.Call(name, store.Handle, (string)asked["request_text"], null, out text);
            result = new Map { { "status", Library.Current.NameOf(status) }, { "answer", Json.Parse(text) } };
        }
        else
        {
            result = Outcome(() => Method(name, Request(asked), watching, (bool)asked["cancel"]));
        }
        result["progress"] = watching.Steps;
        result["refused"] = watching.Refused;
        return result;
    }

    // Calls the method of a function, with as many of the arguments as it takes.
    private static object Method(string name, Map request, Watching watching, bool cancel)
    {
        string pascal = string.Concat(name.Split('_').Select(word => char.ToUpper(word[0]) + word.Substring(1)));
        MethodInfo method = typeof(Store).GetMethod(pascal);
        var source = new CancellationTokenSource();
        watching.Cancel = cancel ? source : null;
        object[] arguments = method.GetParameters().Select(parameter =>
            parameter.Name == "request" ? request : parameter.Name == "progress" ? watching : (object)source.Token).ToArray();
        try
        {
            return ((Answer)method.Invoke(store, arguments)).Raw;
        }
        catch (TargetInvocationException exception)
        {
            // A token's cancelling has the library's failure inside.
            throw exception.GetBaseException();
        }
    }

    // Counts the steps; cancels at each, and tries a statement at each.
    private sealed class Watching : IProgress<Step>
    {
        internal CancellationTokenSource Cancel;
        internal Map During;
        internal long Refused;
        internal long Steps;

        public void Report(Step step)
        {
            Steps++;
            Cancel?.Cancel();
            if (During != null && IsRefused(Connections[(long)During["id"]], (string)During["sql"])) Refused++;
        }
    }

    private static bool IsRefused(SqliteConnection connection, string sql)
    {
        try
        {
            Run(connection, sql);
            Run(connection, "ROLLBACK");
            return false;
        }
        catch (SqliteException exception) when (exception.ErrorCode == SQLiteErrorCode.Busy)
        {
            return true;
        }
    }

    private static void Connect(long id, string path)
    {
        // Mono's opening sets the journal mode, so that it has to be told the one that is there: bytes 18 and 19 of the header.
        bool wal = File.ReadAllBytes(path)[18] == 2;
        var connection = new SqliteConnection("Data Source=" + path + ";Default Timeout=0;Journal Mode=" + (wal ? "WAL" : "Delete"));
        connection.Open();
        Connections[id] = connection;
    }

    private static object Execute(long id, string sql)
    {
        object value = Run(Connections[id], sql);
        return value is DBNull ? null : value;
    }

    private static object Run(SqliteConnection connection, string sql)
    {
        using (SqliteCommand command = connection.CreateCommand())
        {
            command.CommandText = sql;
            command.CommandTimeout = 0;
            return command.ExecuteScalar();
        }
    }
}
