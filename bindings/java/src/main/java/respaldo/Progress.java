package respaldo;

/** Called between steps, on the thread that called. */
@FunctionalInterface
public interface Progress {
    /** Answers whether to go on; what it throws cancels too, and comes out of the call. */
    boolean step(long pagesDone, long pagesTotal);
}
