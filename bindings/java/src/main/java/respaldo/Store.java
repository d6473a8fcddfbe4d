package respaldo;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The backups of one database. Any thread may use it. Requests have the keys of respaldo.h; null is a request without keys.
 * A thread that is interrupted cancels its call, and stays interrupted.
 */
public final class Store extends Functions implements AutoCloseable {
    private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

    private final int handle;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Checks the options; the database need not exist yet. */
    public Store(Map<String, ?> options) {
        Library.Reply opened = Library.current().open(GSON.toJson(options));
        answer(opened);
        handle = opened.handle();
    }

    /** The library's number of this store. */
    public int handle() {
        return handle;
    }

    public boolean isClosed() {
        return closed.get();
    }

    /** Closes the store; calls that are running end normally. A second time it does nothing. */
    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            Library.current().close(handle);
        }
    }

    /** Calls a function by the library's name for it. */
    @Override
    public JsonObject call(String name, Map<String, ?> request, Progress progress) {
        Progress step = (done, total) ->
                (progress == null || progress.step(done, total)) && !Thread.currentThread().isInterrupted();
        return answer(Library.current().call(name, handle, request == null ? null : GSON.toJson(request), step));
    }

    private static JsonObject answer(Library.Reply reply) {
        JsonObject answer = JsonParser.parseString(reply.text()).getAsJsonObject();
        if (reply.status() != 0) {
            throw new RespaldoException(answer.getAsJsonObject("error"));
        }
        return answer;
    }
}
