package respaldo;

/** No library could be loaded. The message names every place that was tried, and why it failed. */
public class LibraryLoadException extends RuntimeException {
    private static final long serialVersionUID = 1;

    LibraryLoadException(String message) {
        super(message);
    }
}
