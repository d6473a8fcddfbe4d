package respaldo;

import com.google.gson.JsonObject;

/** An operation failed. The message says what, {@link #hint} what to do next, both for the user. */
public class RespaldoException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Failure failure;
    private final Status status;

    RespaldoException(JsonObject json) {
        super(json.get("message").getAsString());
        failure = Failure.from(json);
        status = Status.of(json.get("status").getAsInt());
    }

    /** All that the library said. */
    public Failure failure() {
        return failure;
    }

    /** The status; null for one that this package does not know, whose number and name the failure has. */
    public Status status() {
        return status;
    }

    public String hint() {
        return failure.hint();
    }

    public String path() {
        return failure.path();
    }
}
