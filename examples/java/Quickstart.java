import java.util.Map;
import respaldo.Backup;
import respaldo.CreateResult;
import respaldo.RespaldoException;
import respaldo.RestoreResult;
import respaldo.Status;
import respaldo.Store;

/** A backup of studio.db with its progress, the list of all, and a restore of the newest. */
public final class Quickstart {
    public static void main(String[] arguments) {
        try (Store store = new Store(Map.of("database", "studio.db", "language", "en"))) {
            CreateResult made = store.create(Map.of("label", "before the update"), (done, total) -> {
                System.out.println(done + " of " + total + " pages");
                return true; // false cancels
            });
            System.out.println("made " + made.backup().path());

            for (Backup backup : store.list().backups()) { // the newest first
                System.out.println(backup.display() + " " + backup.name());
            }

            RestoreResult restored = store.restore(Map.of("backup", made.backup().name()), null);
            System.out.println("restored; the database as it was before is " + restored.safetyBackup());
        } catch (RespaldoException exception) {
            if (exception.status() == Status.DATABASE_LOCKED) {
                System.err.println("Close the studio's other windows first.");
            }
            System.err.println(exception.getMessage() + " " + exception.hint()); // what is the matter, and what to do next
            System.exit(1);
        }
    }
}
