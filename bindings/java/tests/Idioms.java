// What Java's users expect: AutoCloseable, exceptions with a status, records, interrupts, executors. Runs beside studio.db.

import com.google.gson.JsonParser;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import respaldo.CreateResult;
import respaldo.Library;
import respaldo.RespaldoException;
import respaldo.Status;
import respaldo.Store;

public final class Idioms {
    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    private static <T extends Throwable> T throwing(Class<T> wanted, Runnable work) {
        try {
            work.run();
        } catch (Throwable thrown) {
            if (wanted.isInstance(thrown)) {
                return wanted.cast(thrown);
            }
            throw new AssertionError(wanted + " was expected", thrown);
        }
        throw new AssertionError(wanted + " was expected");
    }

    public static void main(String[] arguments) throws Exception {
        check(Library.current().version().matches("\\d+\\.\\d+\\.\\d+"), "version");
        Store left;
        try (Store store = new Store(Map.of("database", "studio.db", "language", "en"))) {
            left = store;
            int[] steps = {0};
            CreateResult made = store.create(Map.of("label", "first"), (done, total) -> {
                steps[0]++;
                return done <= total;
            });
            check(steps[0] > 0 && made.created() && made.backup().label().equals("first"), "create");
            check(made.backup().raw().get("size").getAsLong() > 0 && made.backup().note() == null, "raw");
            check(store.list().backups().get(0).content().tables().get("clients") == 400, "list");
            check(store.lastBackup().lastBackupAt() != null, "last backup");
            check(CompletableFuture.supplyAsync(store::health).get().overall() != null, "in the background");

            throwing(ArithmeticException.class, () -> store.create(null, (done, total) -> 1 / (done - done) > 0));
            var failure = throwing(RespaldoException.class, () -> store.create(null, (done, total) -> false));
            check(failure.status() == Status.CANCELLED, "cancelled");
            Thread.currentThread().interrupt();
            failure = throwing(RespaldoException.class, store::create);
            check(failure.status() == Status.CANCELLED && Thread.interrupted(), "interrupted");
            failure = throwing(RespaldoException.class, () -> store.restore(Map.of("backup", "none.db"), null));
            check(failure.status() == Status.BACKUP_NOT_FOUND && failure.status().number() == 21, "failure");
            check(!failure.hint().isEmpty() && failure.path() != null, "failure's details");
            failure = throwing(RespaldoException.class, () -> store.list(Map.of("tomorrow", true)));
            check(failure.status() == Status.INVALID_ARGUMENT && failure.getMessage().contains("tomorrow"), "unknown key");
            check(store.list().backups().size() == 1, "cancelled calls leave nothing");
        }
        left.close();
        check(throwing(RespaldoException.class, left::list).status() == Status.INVALID_HANDLE, "closed");
        var options = Map.of("database", "studio.db", "timezone", "Nowhere");
        var failure = throwing(RespaldoException.class, () -> new Store(options).close());
        check(failure.status() == Status.UNKNOWN_TIMEZONE, "open");
        check(JsonParser.parseString("9007199254740993").getAsLong() == 9007199254740993L, "whole numbers");
    }
}
