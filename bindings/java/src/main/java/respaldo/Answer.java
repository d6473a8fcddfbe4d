package respaldo;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Reads answers of the library; what is missing or null is null, or an empty list. */
final class Answer {
    private Answer() {}

    static <T> T take(JsonObject json, String key, Function<JsonElement, T> read) {
        JsonElement value = json.get(key);
        return value == null || value.isJsonNull() ? null : read.apply(value);
    }

    static <T> List<T> list(JsonObject json, String key, Function<JsonElement, T> read) {
        List<T> found = new ArrayList<>();
        if (json.has(key)) {
            json.getAsJsonArray(key).forEach(element -> found.add(read.apply(element)));
        }
        return List.copyOf(found);
    }

    static <T> Map<String, T> map(JsonObject json, String key, Function<JsonElement, T> read) {
        return take(json, key, value -> {
            Map<String, T> found = new LinkedHashMap<>();
            value.getAsJsonObject().entrySet().forEach(member -> found.put(member.getKey(), read.apply(member.getValue())));
            return found;
        });
    }
}
