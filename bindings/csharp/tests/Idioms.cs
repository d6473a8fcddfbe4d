// What C#'s users expect: IDisposable, exceptions with a status, IProgress, tokens, tasks. Runs in a folder with studio.db.

using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Respaldo;
using Map = System.Collections.Generic.Dictionary<string, object>;

internal static class Idioms
{
    private sealed class Calls : IProgress<Step>
    {
        private readonly Action action;

        internal Calls(Action action)
        {
            this.action = action;
        }

        public void Report(Step step)
        {
            Check(step.PagesDone <= step.PagesTotal, "pages");
            action();
        }
    }

    private static void Check(bool holds, string what)
    {
        if (!holds) throw new Exception("failed: " + what);
    }

    private static T Throws<T>(Action work) where T : Exception
    {
        try
        {
            work();
        }
        catch (T exception)
        {
            return exception;
        }
        catch (AggregateException exception) when (exception.InnerException is T)
        {
            return (T)exception.InnerException;
        }
        throw new Exception(typeof(T) + " was expected");
    }

    private static void Main()
    {
        Check(Library.Current.VersionText.Count(c => c == '.') == 2, "version");
        Store left;
        using (var store = new Store(new Map { { "database", "studio.db" }, { "language", "en" } }))
        {
            left = store;
            int steps = 0;
            CreateResult made = store.Create(new Map { { "label", "first" } }, new Calls(() => steps++));
            Check(steps > 0 && made.Created && made.Backup.Label == "first" && (long)made.Backup.Raw["size"] > 0, "create");
            Check(store.List().Backups[0].Content.Tables["clients"] == 400, "list");
            Check(store.LastBackupAsync().Result.LastBackupAt != null, "last backup");
            Check(store.HealthAsync().Result.Overall != null, "health");

            Throws<IndexOutOfRangeException>(() => store.Create(null, new Calls(() => { throw new IndexOutOfRangeException(); })));
            var source = new CancellationTokenSource();
            Throws<OperationCanceledException>(() => store.Create(null, new Calls(source.Cancel), source.Token));
            Throws<OperationCanceledException>(() => store.ListAsync(null, source.Token).Wait());
            var failure = Throws<RespaldoException>(() => store.RestoreAsync(new Map { { "backup", "none.db" } }).Wait());
            Check(failure.Status == Status.BackupNotFound && failure.Name == "BACKUP_NOT_FOUND" && failure.Hint != "", "failure");
            Check(failure.Path != null && failure.Failure.Raw.ContainsKey("status"), "failure's details");
            failure = Throws<RespaldoException>(() => store.List(new Map { { "tomorrow", true } }));
            Check(failure.Status == Status.InvalidArgument && failure.Message.Contains("tomorrow"), "unknown key");
            Check(store.List().Backups.Count == 1, "cancelled calls leave nothing");
        }
        left.Dispose();
        Check(Throws<RespaldoException>(() => left.List()).Status == Status.InvalidHandle, "closed");
        var options = new Map { { "database", "studio.db" }, { "timezone", "Nowhere" } };
        Check(Throws<RespaldoException>(() => new Store(options).Dispose()).Status == Status.UnknownTimezone, "open");

        const string text = "{\"a\":[1,-2.5,9007199254740993,1.0,true,null],\"b\\u000a\\\"\":{},\"c\":[]}";
        Check(Json.Text(Json.Parse(text)) == text, "JSON");
        Check((string)Json.Parse("\"\\u00e9\\ud83d\\ude00\\/\"") == "é😀/", "escapes");
        foreach (string bad in new[] { "", "{", "[1,]", "{\"a\"}", "nul", "\"\\x\"", "\"", "1 2", new string('[', 100000) })
            Throws<FormatException>(() => Json.Parse(bad));
        var tomorrow = new Backup(new Map { { "name", "a" }, { "colour", "red" } });
        Check(tomorrow.Name == "a" && tomorrow.Pinned == null && (string)tomorrow.Raw["colour"] == "red", "tomorrow's keys");
    }
}
