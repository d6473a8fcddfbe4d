package respaldo;

import com.sun.jna.Callback;
import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The library as it is: found, checked, and called with texts. */
public final class Library {
    /** A status and the answer's text; of an opened store its handle too. */
    public record Reply(int status, String text, int handle) {}

    private interface Step extends Callback {
        int callback(Pointer userData, long pagesDone, long pagesTotal);
    }

    private static Library loaded;

    private final NativeLibrary functions;

    private Library(String path) {
        functions = NativeLibrary.getInstance(path, Library.class.getClassLoader());
        int version = function("abi_version").invokeInt(new Object[0]);
        if (version != Interface.ABI_VERSION) {
            throw new UnsatisfiedLinkError("its ABI version is " + version + ", this package needs " + Interface.ABI_VERSION);
        }
    }

    /** The library, loaded once a process. */
    public static synchronized Library current() {
        if (loaded == null) {
            loaded = load();
        }
        return loaded;
    }

    public Reply open(String options) {
        IntByReference handle = new IntByReference();
        PointerByReference answer = new PointerByReference();
        int status = function("open").invokeInt(new Object[] {utf8(options), handle, answer});
        return new Reply(status, taken(answer), handle.getValue());
    }

    public int close(int handle) {
        return function("close").invokeInt(new Object[] {handle});
    }

    /** Calls a function. What progress throws cancels the call, and is thrown when that has ended. */
    public Reply call(String name, int handle, String request, Progress progress) {
        Interface.Takes takes = Interface.FUNCTIONS.get(name);
        PointerByReference answer = new PointerByReference();
        List<Object> arguments = new ArrayList<>(List.of(handle));
        if (takes != Interface.Takes.NOTHING) {
            arguments.add(utf8(request));
        }
        Throwable[] thrown = {null};
        Step step = progress == null ? null : (userData, done, total) -> {
            try {
                return thrown[0] == null && progress.step(done, total) ? 0 : 1;
            } catch (Throwable throwable) { // none may cross C
                thrown[0] = throwable;
                return 1;
            }
        };
        if (takes == Interface.Takes.PROGRESS) {
            arguments.add(step);
            arguments.add(null);
        }
        arguments.add(answer);
        int status = function(name).invokeInt(arguments.toArray());
        String text = taken(answer);
        if (thrown[0] instanceof RuntimeException exception) {
            throw exception;
        }
        if (thrown[0] instanceof Error error) {
            throw error;
        }
        return new Reply(status, text, handle);
    }

    /** The version of the library, such as 0.1.0. */
    public String version() {
        return function("version").invokePointer(new Object[0]).getString(0);
    }

    public String statusName(int status) {
        return function("status_name").invokePointer(new Object[] {status}).getString(0);
    }

    private Function function(String name) {
        return functions.getFunction("respaldo_" + name);
    }

    private static byte[] utf8(String text) {
        return text == null ? null : (text + '\0').getBytes(StandardCharsets.UTF_8);
    }

    private String taken(PointerByReference answer) {
        Pointer text = answer.getValue();
        if (text == null) {
            throw new OutOfMemoryError("no memory was left for the library's answer");
        }
        try {
            return text.getString(0, "UTF-8");
        } finally {
            function("string_free").invokeVoid(new Object[] {text});
        }
    }

    private static Library load() {
        StringBuilder failures = new StringBuilder();
        for (String path : candidates()) {
            try {
                return new Library(path);
            } catch (UnsatisfiedLinkError error) {
                failures.append("  ").append(path).append(": ").append(error.getMessage()).append('\n');
            }
        }
        throw new LibraryLoadException("The respaldo library could not be loaded. Tried:\n" + failures
                + "Put it beside the jar, install it, or set RESPALDO_LIBRARY to its file.");
    }

    /** The places to try. With RESPALDO_LIBRARY set, no other is tried in its place. */
    private static List<String> candidates() {
        String name = Platform.isWindows() ? "respaldo.dll" : Platform.isMac() ? "librespaldo.dylib" : "librespaldo.so";
        String chosen = System.getenv("RESPALDO_LIBRARY");
        if (chosen != null && !chosen.isEmpty()) {
            Path path = Path.of(chosen).toAbsolutePath();
            return List.of((Files.isDirectory(path) ? path.resolve(name) : path).toString());
        }
        List<String> places = new ArrayList<>();
        places.add("/" + Platform.RESOURCE_PREFIX + "/" + name); // inside the jar, out of which JNA takes it
        try {
            File own = new File(Library.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            places.add(new File(own.isDirectory() ? own : own.getParentFile(), name).getPath());
        } catch (URISyntaxException | IllegalArgumentException notAFile) {
            // Classes that lie in no file have nothing beside them.
        }
        if (Platform.isLinux()) {
            places.add(name + ".1");
        }
        places.add("respaldo"); // JNA adds what the system's libraries are called
        return places;
    }
}
