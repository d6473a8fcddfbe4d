// Does what a test asks of the binding: a JSON object a line on the standard input, the answer a line on the standard output.

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.sun.jna.Function;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import respaldo.Library;
import respaldo.Progress;
import respaldo.RespaldoException;
import respaldo.Store;

public final class Driver {
    private static final Gson GSON = new GsonBuilder().serializeNulls().create();
    private static final Map<Integer, Connection> CONNECTIONS = new HashMap<>();
    private static Store store;

    public static void main(String[] arguments) throws Exception {
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            JsonObject answer;
            try {
                answer = answer(JsonParser.parseString(line).getAsJsonObject());
            } catch (Exception exception) {
                answer = new JsonObject();
                answer.addProperty("failed", exception.toString());
            }
            output.println(GSON.toJson(answer));
        }
    }

    private static JsonObject answer(JsonObject asked) throws Exception {
        JsonObject answer = new JsonObject();
        switch (asked.get("do").getAsString()) {
            // Java has no current directory; C has.
            case "change_folder" -> Function.getFunction("c", "chdir").invokeInt(new Object[] {asked.get("path").getAsString()});
            case "open" -> answer = outcome(() -> {
                store = new Store(request(asked));
                return new JsonObject();
            });
            case "close" -> answer = close();
            case "call" -> answer = call(asked);
            case "connect" -> CONNECTIONS.put(id(asked), connect(asked.get("path").getAsString()));
            case "execute" -> answer.add("value", run(CONNECTIONS.get(id(asked)), asked.get("sql").getAsString()));
            case "disconnect" -> CONNECTIONS.remove(id(asked)).close();
            default -> throw new IllegalArgumentException(asked.toString());
        }
        return answer;
    }

    private static int id(JsonObject asked) {
        return asked.get("id").getAsInt();
    }

    private static Map<String, JsonElement> request(JsonObject asked) {
        return asked.has("request") ? new LinkedHashMap<>(asked.getAsJsonObject("request").asMap()) : Map.of();
    }

    private static JsonObject named(String status, JsonElement answer) {
        JsonObject named = new JsonObject();
        named.addProperty("status", status);
        named.add("answer", answer);
        return named;
    }

    // What a call answers, as the library would.
    private static JsonObject outcome(Callable<JsonObject> work) throws Exception {
        try {
            return named("OK", work.call());
        } catch (RespaldoException exception) {
            JsonObject error = new JsonObject();
            error.add("error", exception.failure().raw());
            return named(exception.failure().name(), error);
        }
    }

    private static JsonObject close() {
        Library library = Library.current();
        String status = store.isClosed() ? library.statusName(library.close(store.handle())) : "OK";
        store.close();
        return named(status, JsonNull.INSTANCE);
    }

    private static JsonObject call(JsonObject asked) throws Exception {
        long[] counts = {0, 0};
        Progress progress = (done, total) -> {
            counts[0]++;
            if (asked.has("during")) {
                JsonObject during = asked.getAsJsonObject("during");
                counts[1] += isRefused(CONNECTIONS.get(id(during)), during.get("sql").getAsString()) ? 1 : 0;
            }
            return !asked.get("cancel").getAsBoolean();
        };
        String name = asked.get("call").getAsString();
        JsonObject result;
        if (asked.has("request_text")) {
            Library library = Library.current();
            var reply = library.call(name, store.handle(), asked.get("request_text").getAsString(), progress);
            result = named(library.statusName(reply.status()), JsonParser.parseString(reply.text()));
        } else {
            result = outcome(() -> method(name, request(asked), progress));
        }
        result.addProperty("progress", counts[0]);
        result.addProperty("refused", counts[1]);
        return result;
    }

    // Calls the method of a function, the one that takes most.
    private static JsonObject method(String name, Map<String, JsonElement> request, Progress progress) throws Exception {
        StringBuilder camel = new StringBuilder();
        for (String word : name.split("_")) {
            camel.append(camel.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        Object[][] most = {{request, progress}, {request}, {}};
        Class<?>[][] types = {{Map.class, Progress.class}, {Map.class}, {}};
        for (int i = 0; i < most.length; i++) {
            try {
                Object answer = Store.class.getMethod(camel.toString(), types[i]).invoke(store, most[i]);
                return (JsonObject) answer.getClass().getMethod("raw").invoke(answer);
            } catch (InvocationTargetException exception) {
                throw (Exception) exception.getCause();
            } catch (NoSuchMethodException fewer) {
                continue;
            }
        }
        throw new NoSuchMethodException(name);
    }

    private static boolean isRefused(Connection connection, String sql) {
        try {
            run(connection, sql);
            run(connection, "ROLLBACK");
            return false;
        } catch (SQLException exception) {
            if (exception.getErrorCode() != 5) { // SQLITE_BUSY
                throw new IllegalStateException(exception);
            }
            return true;
        }
    }

    private static Connection connect(String path) throws SQLException {
        Connection connection = DriverManager.getConnection("jdbc:sqlite:" + path);
        run(connection, "PRAGMA busy_timeout = 0");
        return connection;
    }

    private static JsonElement run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            if (!statement.execute(sql)) {
                return JsonNull.INSTANCE;
            }
            try (ResultSet rows = statement.getResultSet()) {
                Object value = rows.next() ? rows.getObject(1) : null;
                return value == null
                        ? JsonNull.INSTANCE
                        : value instanceof Number number ? new JsonPrimitive(number) : new JsonPrimitive(value.toString());
            }
        }
    }
}
