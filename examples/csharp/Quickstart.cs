// A backup of studio.db with its progress, the list of all, and a restore of the newest.

using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Respaldo;
using Map = System.Collections.Generic.Dictionary<string, object>;

internal static class Quickstart
{
    private static int Main()
    {
        try
        {
            Run().GetAwaiter().GetResult();
            return 0;
        }
        catch (RespaldoException exception)
        {
            Console.Error.WriteLine(exception.Message + " " + exception.Hint); // what is the matter, and what to do next
            return exception.Status == Status.DatabaseLocked ? 2 : 1;
        }
    }

    private static async Task Run()
    {
        using (var store = new Store(new Map { ["database"] = "studio.db", ["language"] = "en" }))
        using (var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1)))
        {
            var progress = new Progress<Step>(step => Console.WriteLine(step.PagesDone + " of " + step.PagesTotal + " pages"));
            CreateResult made = await store.CreateAsync(new Map { ["label"] = "before the update" }, progress, timeout.Token);
            Console.WriteLine("made " + made.Backup.Path);

            IReadOnlyList<Backup> backups = (await store.ListAsync()).Backups; // the newest first
            foreach (Backup backup in backups) Console.WriteLine(backup.Display + " " + backup.Name);

            RestoreResult restored = await store.RestoreAsync(new Map { ["backup"] = backups[0].Name });
            Console.WriteLine("restored; the database as it was before is " + restored.SafetyBackup);
        }
    }
}
