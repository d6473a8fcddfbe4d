// respaldo for C++17: one header above respaldo.h, whose comments are the manual.
//
//     respaldo::store store(respaldo::object({{"database", "studio.db"}}));
//     auto made = store.create(respaldo::object({{"label", "before the update"}}));
//     std::cout << made.backup->path << '\n';
//
// Requests are values, as in respaldo.h. Answers are structs, whose `raw` has all that the library said, also keys that
// this header does not know. What fails is thrown as a respaldo::error. A store closes itself, and may be used by any
// thread; progress is called on the thread that called.

#ifndef RESPALDO_HPP
#define RESPALDO_HPP

#include "respaldo.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <locale>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace respaldo {

// ---- JSON ----

class value;
using elements = std::vector<value>;
using members = std::vector<std::pair<std::string, value>>;

/// A JSON value. Whole numbers are exact, and an object's keys keep their order.
class value {
public:
    value() = default;
    value(std::nullptr_t) {}
    value(bool truth) : data_(truth) {}
    template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
    value(T number) : data_(static_cast<std::int64_t>(number)) {}
    value(double number) : data_(number) {}
    value(const char *text) : data_(std::string(text)) {}
    value(std::string_view text) : data_(std::string(text)) {}
    value(std::string text) : data_(std::move(text)) {}
    value(elements array) : data_(std::move(array)) {}
    value(members object) : data_(std::move(object)) {}

    bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
    bool is_string() const { return std::holds_alternative<std::string>(data_); }
    bool is_integer() const { return std::holds_alternative<std::int64_t>(data_); }
    bool is_array() const { return std::holds_alternative<elements>(data_); }
    bool is_object() const { return std::holds_alternative<members>(data_); }

    /// What it holds; std::bad_variant_access where it holds something else.
    bool boolean() const { return std::get<bool>(data_); }
    std::int64_t integer() const { return std::get<std::int64_t>(data_); }
    double number() const { return is_integer() ? static_cast<double>(integer()) : std::get<double>(data_); }
    const std::string &string() const { return std::get<std::string>(data_); }
    const elements &array() const { return std::get<elements>(data_); }
    const members &object() const { return std::get<members>(data_); }

    /// The value of a key; null where there is none.
    const value &operator[](std::string_view key) const
    {
        static const value none;
        if (is_object())
            for (const auto &[name, member] : object())
                if (name == key)
                    return member;
        return none;
    }

    /// The JSON text.
    std::string text() const
    {
        std::string out;
        write(out);
        return out;
    }

    /// Reads a JSON text; std::invalid_argument where it is none.
    static value parse(std::string_view text);

private:
    void write(std::string &out) const
    {
        if (const auto *truth = std::get_if<bool>(&data_)) {
            out += *truth ? "true" : "false";
        } else if (is_integer()) {
            out += std::to_string(integer());
        } else if (const auto *number = std::get_if<double>(&data_)) {
            write_number(out, *number);
        } else if (is_string()) {
            write_string(out, string());
        } else if (is_array()) {
            char before = '[';
            for (const auto &element : array()) {
                out += before;
                element.write(out);
                before = ',';
            }
            out += array().empty() ? "[]" : "]";
        } else if (is_object()) {
            char before = '{';
            for (const auto &[key, member] : object()) {
                out += before;
                write_string(out, key);
                out += ':';
                member.write(out);
                before = ',';
            }
            out += object().empty() ? "{}" : "}";
        } else {
            out += "null";
        }
    }

    static void write_number(std::string &out, double number)
    {
        std::ostringstream stream;
        stream.imbue(std::locale::classic());
        stream.precision(17);
        stream << number;
        out += std::isfinite(number) ? stream.str() : "null";
        if (std::isfinite(number) && stream.str().find_first_of(".e") == std::string::npos)
            out += ".0";
    }

    static void write_string(std::string &out, const std::string &text)
    {
        static const char digits[] = "0123456789abcdef";
        out += '"';
        for (char c : text) {
            if (c == '"' || c == '\\') {
                out += '\\';
                out += c;
            } else if (static_cast<unsigned char>(c) < 0x20) {
                out += "\\u00";
                out += digits[c >> 4];
                out += digits[c & 15];
            } else {
                out += c;
            }
        }
        out += '"';
    }

    std::variant<std::monostate, bool, std::int64_t, double, std::string, elements, members> data_;
};

/// An object: object({{"database", "studio.db"}, {"max_backups", 20}})
inline value object(std::initializer_list<std::pair<const char *, value>> list)
{
    members object;
    for (const auto &[key, member] : list)
        object.emplace_back(key, member);
    return object;
}

/// An array: array({"9f2c", "a001"})
inline value array(std::initializer_list<value> list)
{
    return elements(list);
}

namespace detail {

class parser {
public:
    explicit parser(std::string_view text) : rest_(text) {}

    value whole()
    {
        value result = next(0);
        skip_space();
        if (!rest_.empty())
            fail();
        return result;
    }

private:
    [[noreturn]] static void fail() { throw std::invalid_argument("not JSON"); }

    void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

    bool skip(std::string_view word)
    {
        if (rest_.substr(0, word.size()) != word)
            return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    value next(int depth)
    {
        skip_space();
        if (rest_.empty() || depth > 200)
            fail();
        if (skip("null"))
            return nullptr;
        if (skip("true"))
            return true;
        if (skip("false"))
            return false;
        if (skip("\""))
            return string();
        if (skip("["))
            return array(depth);
        if (skip("{"))
            return object(depth);
        return number();
    }

    value array(int depth)
    {
        elements found;
        skip_space();
        if (skip("]"))
            return found;
        do {
            found.push_back(next(depth + 1));
            skip_space();
        } while (skip(","));
        if (!skip("]"))
            fail();
        return found;
    }

    value object(int depth)
    {
        members found;
        skip_space();
        if (skip("}"))
            return found;
        do {
            skip_space();
            if (!skip("\""))
                fail();
            std::string key = string();
            skip_space();
            if (!skip(":"))
                fail();
            found.emplace_back(std::move(key), next(depth + 1));
            skip_space();
        } while (skip(","));
        if (!skip("}"))
            fail();
        return found;
    }

    value number()
    {
        std::size_t length = rest_.find_first_not_of("+-0123456789.eE");
        std::string digits(rest_.substr(0, length));
        rest_.remove_prefix(digits.size());
        std::istringstream stream(digits);
        stream.imbue(std::locale::classic());
        std::int64_t whole;
        if (digits.find_first_of(".eE") == std::string::npos && stream >> whole && stream.eof())
            return whole;
        stream.clear();
        stream.str(digits);
        double real;
        if (!(stream >> real) || !stream.eof())
            fail();
        return real;
    }

    std::string string()
    {
        std::string found;
        for (;;) {
            std::size_t length = rest_.find_first_of("\"\\");
            if (length == std::string_view::npos)
                fail();
            found += rest_.substr(0, length);
            rest_.remove_prefix(length);
            if (skip("\""))
                return found;
            rest_.remove_prefix(1);
            escape(found);
        }
    }

    void escape(std::string &found)
    {
        static const std::string_view names = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
        if (skip("u")) {
            std::uint32_t code = unit();
            if (code >= 0xD800 && code < 0xDC00 && skip("\\u"))
                code = 0x10000 + ((code - 0xD800) << 10) + (unit() - 0xDC00);
            append(found, code);
            return;
        }
        std::size_t which = rest_.empty() ? std::string_view::npos : names.find(rest_[0]);
        if (which == std::string_view::npos)
            fail();
        found += meanings[which];
        rest_.remove_prefix(1);
    }

    std::uint32_t unit()
    {
        if (rest_.size() < 4 || rest_.substr(0, 4).find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
            fail();
        auto code = static_cast<std::uint32_t>(std::stoul(std::string(rest_.substr(0, 4)), nullptr, 16));
        rest_.remove_prefix(4);
        return code;
    }

    static void append(std::string &found, std::uint32_t code)
    {
        if (code < 0x80) {
            found += static_cast<char>(code);
        } else if (code < 0x800) {
            found += static_cast<char>(0xC0 | (code >> 6));
            found += static_cast<char>(0x80 | (code & 0x3F));
        } else if (code < 0x10000) {
            found += static_cast<char>(0xE0 | (code >> 12));
            found += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
            found += static_cast<char>(0x80 | (code & 0x3F));
        } else {
            found += static_cast<char>(0xF0 | ((code >> 18) & 0x07));
            found += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
            found += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
            found += static_cast<char>(0x80 | (code & 0x3F));
        }
    }

    std::string_view rest_;
};

// What a value is in an answer's struct.
template <class T>
struct reader {
    static T read(const value &json) { return T::from(json); }
};
template <>
struct reader<bool> {
    static bool read(const value &json) { return json.boolean(); }
};
template <>
struct reader<std::int64_t> {
    static std::int64_t read(const value &json) { return json.integer(); }
};
template <>
struct reader<std::string> {
    static std::string read(const value &json) { return json.string(); }
};
template <>
struct reader<value> {
    static value read(const value &json) { return json; }
};
template <class T>
struct reader<std::optional<T>> {
    static std::optional<T> read(const value &json)
    {
        return json.is_null() ? std::nullopt : std::optional<T>(reader<T>::read(json));
    }
};
template <class T>
struct reader<std::vector<T>> {
    static std::vector<T> read(const value &json)
    {
        std::vector<T> found;
        if (!json.is_null())
            for (const auto &element : json.array())
                found.push_back(reader<T>::read(element));
        return found;
    }
};
template <class T>
struct reader<std::map<std::string, T>> {
    static std::map<std::string, T> read(const value &json)
    {
        std::map<std::string, T> found;
        for (const auto &[key, member] : json.object())
            found.emplace(key, reader<T>::read(member));
        return found;
    }
};

template <class T>
void take(T &field, const value &json, std::string_view key)
{
    field = reader<T>::read(json[key]);
}

} // namespace detail

inline value value::parse(std::string_view text)
{
    return detail::parser(text).whole();
}

// ---- answers ----
// generated from interface.json: begin

struct warning {
    std::string name{};
    std::string message{};
    std::string hint{};
    std::vector<std::string> columns{};
    std::vector<std::string> tables{};
    value raw;

    static warning from(const value &json)
    {
        warning made;
        detail::take(made.name, json, "name");
        detail::take(made.message, json, "message");
        detail::take(made.hint, json, "hint");
        detail::take(made.columns, json, "columns");
        detail::take(made.tables, json, "tables");
        made.raw = json;
        return made;
    }
};

struct content {
    std::optional<std::map<std::string, std::int64_t>> tables{};
    std::optional<std::int64_t> user_version{};
    std::optional<std::string> alembic{};
    value raw;

    static content from(const value &json)
    {
        content made;
        detail::take(made.tables, json, "tables");
        detail::take(made.user_version, json, "user_version");
        detail::take(made.alembic, json, "alembic");
        made.raw = json;
        return made;
    }
};

struct backup {
    std::string name{};
    std::string display{};
    std::int64_t size{};
    std::string path{};
    std::string created_at{};
    std::string kind{};
    std::optional<bool> intact{};
    std::optional<std::string> label{};
    std::optional<std::string> note{};
    std::optional<bool> pinned{};
    std::optional<std::string> made{};
    std::optional<std::string> verified_at{};
    std::optional<std::string> rehearsed_at{};
    std::optional<std::string> database{};
    std::optional<respaldo::content> content{};
    std::optional<bool> repairable{};
    std::optional<std::string> snapshot{};
    value raw;

    static backup from(const value &json)
    {
        backup made;
        detail::take(made.name, json, "name");
        detail::take(made.display, json, "display");
        detail::take(made.size, json, "size");
        detail::take(made.path, json, "path");
        detail::take(made.created_at, json, "created_at");
        detail::take(made.kind, json, "kind");
        detail::take(made.intact, json, "intact");
        detail::take(made.label, json, "label");
        detail::take(made.note, json, "note");
        detail::take(made.pinned, json, "pinned");
        detail::take(made.made, json, "made");
        detail::take(made.verified_at, json, "verified_at");
        detail::take(made.rehearsed_at, json, "rehearsed_at");
        detail::take(made.database, json, "database");
        detail::take(made.content, json, "content");
        detail::take(made.repairable, json, "repairable");
        detail::take(made.snapshot, json, "snapshot");
        made.raw = json;
        return made;
    }
};

struct create_result {
    bool created{};
    std::optional<std::string> reason{};
    std::optional<respaldo::backup> backup{};
    std::vector<std::string> removed{};
    std::vector<respaldo::warning> warnings{};
    std::optional<std::int64_t> duration_ms{};
    value raw;

    static create_result from(const value &json)
    {
        create_result made;
        detail::take(made.created, json, "created");
        detail::take(made.reason, json, "reason");
        detail::take(made.backup, json, "backup");
        detail::take(made.removed, json, "removed");
        detail::take(made.warnings, json, "warnings");
        detail::take(made.duration_ms, json, "duration_ms");
        made.raw = json;
        return made;
    }
};

struct listing {
    std::vector<respaldo::backup> backups{};
    std::vector<respaldo::warning> warnings{};
    value raw;

    static listing from(const value &json)
    {
        listing made;
        detail::take(made.backups, json, "backups");
        detail::take(made.warnings, json, "warnings");
        made.raw = json;
        return made;
    }
};

struct last_backup {
    std::optional<std::string> last_backup_at{};
    std::string display{};
    value raw;

    static last_backup from(const value &json)
    {
        last_backup made;
        detail::take(made.last_backup_at, json, "last_backup_at");
        detail::take(made.display, json, "display");
        made.raw = json;
        return made;
    }
};

struct restore_result {
    std::string restored_from{};
    std::string database{};
    std::optional<std::string> safety_backup{};
    std::optional<bool> dry_run{};
    std::vector<respaldo::warning> warnings{};
    std::int64_t duration_ms{};
    value raw;

    static restore_result from(const value &json)
    {
        restore_result made;
        detail::take(made.restored_from, json, "restored_from");
        detail::take(made.database, json, "database");
        detail::take(made.safety_backup, json, "safety_backup");
        detail::take(made.dry_run, json, "dry_run");
        detail::take(made.warnings, json, "warnings");
        detail::take(made.duration_ms, json, "duration_ms");
        made.raw = json;
        return made;
    }
};

struct verify_result {
    bool ok{};
    std::string path{};
    std::int64_t pages{};
    std::int64_t page_size{};
    std::vector<std::string> problems{};
    std::vector<respaldo::warning> warnings{};
    value raw;

    static verify_result from(const value &json)
    {
        verify_result made;
        detail::take(made.ok, json, "ok");
        detail::take(made.path, json, "path");
        detail::take(made.pages, json, "pages");
        detail::take(made.page_size, json, "page_size");
        detail::take(made.problems, json, "problems");
        detail::take(made.warnings, json, "warnings");
        made.raw = json;
        return made;
    }
};

struct prune_decision {
    std::string name{};
    std::string reason{};
    std::string text{};
    value raw;

    static prune_decision from(const value &json)
    {
        prune_decision made;
        detail::take(made.name, json, "name");
        detail::take(made.reason, json, "reason");
        detail::take(made.text, json, "text");
        made.raw = json;
        return made;
    }
};

struct prune_result {
    std::vector<respaldo::prune_decision> kept{};
    std::vector<respaldo::prune_decision> removed{};
    bool dry_run{};
    std::vector<respaldo::warning> warnings{};
    value raw;

    static prune_result from(const value &json)
    {
        prune_result made;
        detail::take(made.kept, json, "kept");
        detail::take(made.removed, json, "removed");
        detail::take(made.dry_run, json, "dry_run");
        detail::take(made.warnings, json, "warnings");
        made.raw = json;
        return made;
    }
};

struct annotate_result {
    respaldo::backup backup{};
    value raw;

    static annotate_result from(const value &json)
    {
        annotate_result made;
        detail::take(made.backup, json, "backup");
        made.raw = json;
        return made;
    }
};

struct finding {
    std::string name{};
    std::string severity{};
    std::string message{};
    std::string hint{};
    value raw;

    static finding from(const value &json)
    {
        finding made;
        detail::take(made.name, json, "name");
        detail::take(made.severity, json, "severity");
        detail::take(made.message, json, "message");
        detail::take(made.hint, json, "hint");
        made.raw = json;
        return made;
    }
};

struct safety_copies {
    std::int64_t count{};
    std::int64_t bytes{};
    value raw;

    static safety_copies from(const value &json)
    {
        safety_copies made;
        detail::take(made.count, json, "count");
        detail::take(made.bytes, json, "bytes");
        made.raw = json;
        return made;
    }
};

struct second_place_health {
    std::string folder{};
    bool present{};
    std::int64_t backups{};
    std::int64_t waiting{};
    std::vector<std::string> damaged{};
    bool same_disk{};
    value raw;

    static second_place_health from(const value &json)
    {
        second_place_health made;
        detail::take(made.folder, json, "folder");
        detail::take(made.present, json, "present");
        detail::take(made.backups, json, "backups");
        detail::take(made.waiting, json, "waiting");
        detail::take(made.damaged, json, "damaged");
        detail::take(made.same_disk, json, "same_disk");
        made.raw = json;
        return made;
    }
};

struct check {
    std::string sql{};
    bool ok{};
    value got{};
    value raw;

    static check from(const value &json)
    {
        check made;
        detail::take(made.sql, json, "sql");
        detail::take(made.ok, json, "ok");
        detail::take(made.got, json, "got");
        made.raw = json;
        return made;
    }
};

struct rehearse_result {
    bool ok{};
    respaldo::backup backup{};
    std::vector<respaldo::check> checks{};
    std::vector<std::string> problems{};
    std::vector<respaldo::warning> warnings{};
    std::int64_t duration_ms{};
    value raw;

    static rehearse_result from(const value &json)
    {
        rehearse_result made;
        detail::take(made.ok, json, "ok");
        detail::take(made.backup, json, "backup");
        detail::take(made.checks, json, "checks");
        detail::take(made.problems, json, "problems");
        detail::take(made.warnings, json, "warnings");
        detail::take(made.duration_ms, json, "duration_ms");
        made.raw = json;
        return made;
    }
};

struct different_row {
    std::optional<std::map<std::string, value>> key{};
    std::string what{};
    std::optional<std::string> title{};
    std::map<std::string, value> values{};
    std::optional<std::map<std::string, value>> there{};
    std::vector<std::string> columns{};
    value raw;

    static different_row from(const value &json)
    {
        different_row made;
        detail::take(made.key, json, "key");
        detail::take(made.what, json, "what");
        detail::take(made.title, json, "title");
        detail::take(made.values, json, "values");
        detail::take(made.there, json, "there");
        detail::take(made.columns, json, "columns");
        made.raw = json;
        return made;
    }
};

struct table_difference {
    std::string table{};
    std::int64_t only_here{};
    std::int64_t only_there{};
    std::int64_t changed{};
    std::int64_t same{};
    std::vector<respaldo::different_row> rows{};
    value raw;

    static table_difference from(const value &json)
    {
        table_difference made;
        detail::take(made.table, json, "table");
        detail::take(made.only_here, json, "only_here");
        detail::take(made.only_there, json, "only_there");
        detail::take(made.changed, json, "changed");
        detail::take(made.same, json, "same");
        detail::take(made.rows, json, "rows");
        made.raw = json;
        return made;
    }
};

struct schema_difference {
    std::string kind{};
    std::optional<std::string> table{};
    std::string name{};
    std::string what{};
    value raw;

    static schema_difference from(const value &json)
    {
        schema_difference made;
        detail::take(made.kind, json, "kind");
        detail::take(made.table, json, "table");
        detail::take(made.name, json, "name");
        detail::take(made.what, json, "what");
        made.raw = json;
        return made;
    }
};

struct comparison {
    bool identical{};
    std::string summary{};
    std::vector<respaldo::table_difference> tables{};
    std::vector<respaldo::schema_difference> schema{};
    value raw;

    static comparison from(const value &json)
    {
        comparison made;
        detail::take(made.identical, json, "identical");
        detail::take(made.summary, json, "summary");
        detail::take(made.tables, json, "tables");
        detail::take(made.schema, json, "schema");
        made.raw = json;
        return made;
    }
};

struct found_row {
    std::string table{};
    std::string backup{};
    std::string display{};
    std::string first_seen{};
    std::int64_t backups{};
    std::optional<std::string> snapshot{};
    std::optional<std::map<std::string, value>> key{};
    std::optional<std::string> title{};
    std::map<std::string, value> values{};
    value raw;

    static found_row from(const value &json)
    {
        found_row made;
        detail::take(made.table, json, "table");
        detail::take(made.backup, json, "backup");
        detail::take(made.display, json, "display");
        detail::take(made.first_seen, json, "first_seen");
        detail::take(made.backups, json, "backups");
        detail::take(made.snapshot, json, "snapshot");
        detail::take(made.key, json, "key");
        detail::take(made.title, json, "title");
        detail::take(made.values, json, "values");
        made.raw = json;
        return made;
    }
};

struct find_result {
    std::vector<respaldo::found_row> found{};
    bool complete{};
    std::int64_t backups{};
    std::vector<respaldo::warning> warnings{};
    value raw;

    static find_result from(const value &json)
    {
        find_result made;
        detail::take(made.found, json, "found");
        detail::take(made.complete, json, "complete");
        detail::take(made.backups, json, "backups");
        detail::take(made.warnings, json, "warnings");
        made.raw = json;
        return made;
    }
};

struct row_version {
    std::map<std::string, value> values{};
    respaldo::backup first_seen{};
    respaldo::backup last_seen{};
    std::vector<std::string> changed{};
    value raw;

    static row_version from(const value &json)
    {
        row_version made;
        detail::take(made.values, json, "values");
        detail::take(made.first_seen, json, "first_seen");
        detail::take(made.last_seen, json, "last_seen");
        detail::take(made.changed, json, "changed");
        made.raw = json;
        return made;
    }
};

struct live_version {
    std::map<std::string, value> values{};
    std::vector<std::string> changed{};
    value raw;

    static live_version from(const value &json)
    {
        live_version made;
        detail::take(made.values, json, "values");
        detail::take(made.changed, json, "changed");
        made.raw = json;
        return made;
    }
};

struct history {
    std::optional<std::string> title{};
    std::vector<respaldo::row_version> versions{};
    std::optional<respaldo::backup> gone_since{};
    std::optional<respaldo::live_version> live{};
    std::vector<respaldo::warning> warnings{};
    value raw;

    static history from(const value &json)
    {
        history made;
        detail::take(made.title, json, "title");
        detail::take(made.versions, json, "versions");
        detail::take(made.gone_since, json, "gone_since");
        detail::take(made.live, json, "live");
        detail::take(made.warnings, json, "warnings");
        made.raw = json;
        return made;
    }
};

struct row_conflict {
    std::string table{};
    std::map<std::string, value> key{};
    std::string what{};
    std::optional<std::string> detail{};
    std::map<std::string, value> backup{};
    std::optional<std::map<std::string, value>> live{};
    value raw;

    static row_conflict from(const value &json)
    {
        row_conflict made;
        detail::take(made.table, json, "table");
        detail::take(made.key, json, "key");
        detail::take(made.what, json, "what");
        detail::take(made.detail, json, "detail");
        detail::take(made.backup, json, "backup");
        detail::take(made.live, json, "live");
        made.raw = json;
        return made;
    }
};

struct failure {
    std::int64_t status{};
    std::string name{};
    std::string message{};
    std::string hint{};
    std::optional<std::string> path{};
    std::vector<std::string> problems{};
    std::optional<bool> repairable{};
    std::optional<std::string> safety_backup{};
    std::optional<bool> undone{};
    std::vector<respaldo::row_conflict> conflicts{};
    value raw;

    static failure from(const value &json)
    {
        failure made;
        detail::take(made.status, json, "status");
        detail::take(made.name, json, "name");
        detail::take(made.message, json, "message");
        detail::take(made.hint, json, "hint");
        detail::take(made.path, json, "path");
        detail::take(made.problems, json, "problems");
        detail::take(made.repairable, json, "repairable");
        detail::take(made.safety_backup, json, "safety_backup");
        detail::take(made.undone, json, "undone");
        detail::take(made.conflicts, json, "conflicts");
        made.raw = json;
        return made;
    }
};

struct table_plan {
    std::string table{};
    std::int64_t insert{};
    std::int64_t update{};
    std::int64_t same{};
    std::vector<respaldo::row_conflict> conflicts{};
    value raw;

    static table_plan from(const value &json)
    {
        table_plan made;
        detail::take(made.table, json, "table");
        detail::take(made.insert, json, "insert");
        detail::take(made.update, json, "update");
        detail::take(made.same, json, "same");
        detail::take(made.conflicts, json, "conflicts");
        made.raw = json;
        return made;
    }
};

struct bring_back_result {
    bool applied{};
    std::vector<respaldo::table_plan> plan{};
    std::optional<std::string> safety_backup{};
    std::vector<respaldo::warning> warnings{};
    std::int64_t duration_ms{};
    value raw;

    static bring_back_result from(const value &json)
    {
        bring_back_result made;
        detail::take(made.applied, json, "applied");
        detail::take(made.plan, json, "plan");
        detail::take(made.safety_backup, json, "safety_backup");
        detail::take(made.warnings, json, "warnings");
        detail::take(made.duration_ms, json, "duration_ms");
        made.raw = json;
        return made;
    }
};

struct archive_health {
    std::string repository{};
    std::int64_t archived{};
    std::int64_t waiting{};
    std::optional<std::string> last_push{};
    std::optional<std::string> last_failure{};
    value raw;

    static archive_health from(const value &json)
    {
        archive_health made;
        detail::take(made.repository, json, "repository");
        detail::take(made.archived, json, "archived");
        detail::take(made.waiting, json, "waiting");
        detail::take(made.last_push, json, "last_push");
        detail::take(made.last_failure, json, "last_failure");
        made.raw = json;
        return made;
    }
};

struct health {
    std::string overall{};
    std::string headline{};
    std::vector<respaldo::finding> findings{};
    std::optional<respaldo::backup> newest_verified{};
    std::optional<std::int64_t> days_without{};
    std::vector<std::string> damaged{};
    std::optional<std::int64_t> free_bytes{};
    std::optional<std::int64_t> room_for{};
    respaldo::safety_copies safety_copies{};
    std::optional<respaldo::backup> last_rehearsal{};
    std::optional<respaldo::second_place_health> second_place{};
    std::optional<respaldo::archive_health> archive{};
    value raw;

    static health from(const value &json)
    {
        health made;
        detail::take(made.overall, json, "overall");
        detail::take(made.headline, json, "headline");
        detail::take(made.findings, json, "findings");
        detail::take(made.newest_verified, json, "newest_verified");
        detail::take(made.days_without, json, "days_without");
        detail::take(made.damaged, json, "damaged");
        detail::take(made.free_bytes, json, "free_bytes");
        detail::take(made.room_for, json, "room_for");
        detail::take(made.safety_copies, json, "safety_copies");
        detail::take(made.last_rehearsal, json, "last_rehearsal");
        detail::take(made.second_place, json, "second_place");
        detail::take(made.archive, json, "archive");
        made.raw = json;
        return made;
    }
};

struct archive_init_result {
    std::string repository{};
    std::string key_note{};
    value raw;

    static archive_init_result from(const value &json)
    {
        archive_init_result made;
        detail::take(made.repository, json, "repository");
        detail::take(made.key_note, json, "key_note");
        made.raw = json;
        return made;
    }
};

struct archive_push_result {
    std::string snapshot{};
    std::string name{};
    std::int64_t added_bytes{};
    std::int64_t total_bytes{};
    std::vector<respaldo::warning> warnings{};
    value raw;

    static archive_push_result from(const value &json)
    {
        archive_push_result made;
        detail::take(made.snapshot, json, "snapshot");
        detail::take(made.name, json, "name");
        detail::take(made.added_bytes, json, "added_bytes");
        detail::take(made.total_bytes, json, "total_bytes");
        detail::take(made.warnings, json, "warnings");
        made.raw = json;
        return made;
    }
};

struct archived_backup {
    std::string snapshot{};
    std::string display{};
    std::string created_at{};
    std::string name{};
    std::optional<std::string> database{};
    std::optional<std::string> label{};
    std::optional<std::string> note{};
    std::optional<bool> pinned{};
    std::int64_t size{};
    std::string origin{};
    std::optional<respaldo::content> content{};
    value raw;

    static archived_backup from(const value &json)
    {
        archived_backup made;
        detail::take(made.snapshot, json, "snapshot");
        detail::take(made.display, json, "display");
        detail::take(made.created_at, json, "created_at");
        detail::take(made.name, json, "name");
        detail::take(made.database, json, "database");
        detail::take(made.label, json, "label");
        detail::take(made.note, json, "note");
        detail::take(made.pinned, json, "pinned");
        detail::take(made.size, json, "size");
        detail::take(made.origin, json, "origin");
        detail::take(made.content, json, "content");
        made.raw = json;
        return made;
    }
};

struct archive_listing {
    std::vector<respaldo::archived_backup> snapshots{};
    std::int64_t stored_bytes{};
    std::vector<respaldo::warning> warnings{};
    value raw;

    static archive_listing from(const value &json)
    {
        archive_listing made;
        detail::take(made.snapshots, json, "snapshots");
        detail::take(made.stored_bytes, json, "stored_bytes");
        detail::take(made.warnings, json, "warnings");
        made.raw = json;
        return made;
    }
};

struct archive_fetch_result {
    std::string path{};
    std::string snapshot{};
    std::int64_t size{};
    std::vector<respaldo::warning> warnings{};
    std::int64_t duration_ms{};
    value raw;

    static archive_fetch_result from(const value &json)
    {
        archive_fetch_result made;
        detail::take(made.path, json, "path");
        detail::take(made.snapshot, json, "snapshot");
        detail::take(made.size, json, "size");
        detail::take(made.warnings, json, "warnings");
        detail::take(made.duration_ms, json, "duration_ms");
        made.raw = json;
        return made;
    }
};

struct archive_check_result {
    bool ok{};
    bool read_data{};
    std::vector<std::string> problems{};
    value raw;

    static archive_check_result from(const value &json)
    {
        archive_check_result made;
        detail::take(made.ok, json, "ok");
        detail::take(made.read_data, json, "read_data");
        detail::take(made.problems, json, "problems");
        made.raw = json;
        return made;
    }
};

struct archive_decision {
    std::string snapshot{};
    std::string name{};
    std::string reason{};
    std::string text{};
    value raw;

    static archive_decision from(const value &json)
    {
        archive_decision made;
        detail::take(made.snapshot, json, "snapshot");
        detail::take(made.name, json, "name");
        detail::take(made.reason, json, "reason");
        detail::take(made.text, json, "text");
        made.raw = json;
        return made;
    }
};

struct archive_prune_result {
    std::vector<respaldo::archive_decision> kept{};
    std::vector<respaldo::archive_decision> removed{};
    std::int64_t freed_bytes{};
    bool dry_run{};
    value raw;

    static archive_prune_result from(const value &json)
    {
        archive_prune_result made;
        detail::take(made.kept, json, "kept");
        detail::take(made.removed, json, "removed");
        detail::take(made.freed_bytes, json, "freed_bytes");
        detail::take(made.dry_run, json, "dry_run");
        made.raw = json;
        return made;
    }
};

struct archive_key_result {
    bool changed{};
    std::string key_note{};
    value raw;

    static archive_key_result from(const value &json)
    {
        archive_key_result made;
        detail::take(made.changed, json, "changed");
        detail::take(made.key_note, json, "key_note");
        made.raw = json;
        return made;
    }
};

struct missing_since {
    std::string backup{};
    std::int64_t rows{};
    value raw;

    static missing_since from(const value &json)
    {
        missing_since made;
        detail::take(made.backup, json, "backup");
        detail::take(made.rows, json, "rows");
        made.raw = json;
        return made;
    }
};

struct salvaged_table {
    std::string table{};
    std::int64_t rows{};
    std::int64_t cut{};
    std::optional<respaldo::missing_since> missing_since{};
    value raw;

    static salvaged_table from(const value &json)
    {
        salvaged_table made;
        detail::take(made.table, json, "table");
        detail::take(made.rows, json, "rows");
        detail::take(made.cut, json, "cut");
        detail::take(made.missing_since, json, "missing_since");
        made.raw = json;
        return made;
    }
};

struct salvage_result {
    std::optional<respaldo::backup> recovered{};
    std::string method{};
    std::vector<respaldo::salvaged_table> tables{};
    std::int64_t lost_and_found{};
    std::int64_t deleted{};
    std::vector<respaldo::warning> warnings{};
    std::int64_t duration_ms{};
    value raw;

    static salvage_result from(const value &json)
    {
        salvage_result made;
        detail::take(made.recovered, json, "recovered");
        detail::take(made.method, json, "method");
        detail::take(made.tables, json, "tables");
        detail::take(made.lost_and_found, json, "lost_and_found");
        detail::take(made.deleted, json, "deleted");
        detail::take(made.warnings, json, "warnings");
        detail::take(made.duration_ms, json, "duration_ms");
        made.raw = json;
        return made;
    }
};

// What a store can do, with what it answers: for each function one of RESPALDO_WATCHED (request and
// progress), RESPALDO_REQUESTED and RESPALDO_PLAIN, which the user of the list defines.
#define RESPALDO_FUNCTIONS \
    RESPALDO_WATCHED(create, create_result) \
    RESPALDO_WATCHED(create_if_due, create_result) \
    RESPALDO_REQUESTED(list, listing) \
    RESPALDO_PLAIN(last_backup, last_backup) \
    RESPALDO_WATCHED(restore, restore_result) \
    RESPALDO_WATCHED(verify, verify_result) \
    RESPALDO_REQUESTED(prune, prune_result) \
    RESPALDO_WATCHED(annotate, annotate_result) \
    RESPALDO_WATCHED(health, health) \
    RESPALDO_WATCHED(rehearse, rehearse_result) \
    RESPALDO_WATCHED(compare, comparison) \
    RESPALDO_WATCHED(find, find_result) \
    RESPALDO_WATCHED(history, history) \
    RESPALDO_WATCHED(bring_back, bring_back_result) \
    RESPALDO_WATCHED(salvage, salvage_result) \
    RESPALDO_WATCHED(archive_init, archive_init_result) \
    RESPALDO_WATCHED(archive_push, archive_push_result) \
    RESPALDO_WATCHED(archive_list, archive_listing) \
    RESPALDO_WATCHED(archive_fetch, archive_fetch_result) \
    RESPALDO_WATCHED(archive_check, archive_check_result) \
    RESPALDO_WATCHED(archive_prune, archive_prune_result) \
    RESPALDO_WATCHED(archive_key, archive_key_result)
// generated from interface.json: end

// ---- calls ----

/// An operation failed. what() is the message and the hint, fit to be shown to the user.
class error : public std::runtime_error {
public:
    explicit error(const value &json)
        : std::runtime_error(json["message"].string() + " " + json["hint"].string()),
          failure_(std::make_shared<failure>(failure::from(json)))
    {
    }

    /// The library's number, such as RESPALDO_DATABASE_LOCKED.
    respaldo_status status() const { return static_cast<respaldo_status>(failure_->status); }
    const std::string &name() const { return failure_->name; }
    const std::string &message() const { return failure_->message; }
    const std::string &hint() const { return failure_->hint; }
    const std::optional<std::string> &path() const { return failure_->path; }
    /// All that the library said.
    const failure &details() const { return *failure_; }

private:
    std::shared_ptr<failure> failure_;
};

/// Called between steps; false cancels. What it throws comes out of the call.
using progress_function = std::function<bool(std::uint64_t pages_done, std::uint64_t pages_total)>;

namespace detail {

struct relay {
    const progress_function &function;
    std::exception_ptr thrown;

    static std::int32_t step(void *self, std::uint64_t pages_done, std::uint64_t pages_total) noexcept
    {
        auto &call = *static_cast<relay *>(self);
        try {
            return !call.thrown && call.function(pages_done, pages_total) ? 0 : 1;
        } catch (...) {
            call.thrown = std::current_exception();
            return 1;
        }
    }
};

// The answer of a call, or its error as an exception.
inline value taken(respaldo_status status, char *json)
{
    std::unique_ptr<char, decltype(&respaldo_string_free)> text(json, respaldo_string_free);
    if (!text)
        throw std::bad_alloc();
    value answer = value::parse(text.get());
    if (status != RESPALDO_OK)
        throw error(answer["error"]);
    return answer;
}

using watched = respaldo_status (*)(respaldo_store, const char *, respaldo_progress_fn, void *, char **);
using requested = respaldo_status (*)(respaldo_store, const char *, char **);
using plain = respaldo_status (*)(respaldo_store, char **);

} // namespace detail

/// The backups of one database.
class store {
public:
    /// Checks the options; the database need not exist yet.
    explicit store(const value &options)
    {
        char *json = nullptr;
        respaldo_status status = respaldo_open(options.text().c_str(), &handle_, &json);
        detail::taken(status, json);
    }

    store(store &&other) noexcept : handle_(std::exchange(other.handle_, 0)) {}
    store &operator=(store &&other) noexcept
    {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~store() { respaldo_close(handle_); }

    /// Closes the store before its end; calls that are running in other threads end normally.
    void close() { respaldo_close(handle_); }

    /// The library's number of this store.
    respaldo_store handle() const { return handle_; }

    /// Calls a function of respaldo.h.
    value call(detail::watched function, const value &request, const progress_function &progress) const
    {
        char *json = nullptr;
        detail::relay relay{progress, nullptr};
        respaldo_status status = function(handle_, request.is_null() ? nullptr : request.text().c_str(),
                                          progress ? detail::relay::step : nullptr, &relay, &json);
        if (relay.thrown) {
            respaldo_string_free(json);
            std::rethrow_exception(relay.thrown);
        }
        return detail::taken(status, json);
    }
    value call(detail::requested function, const value &request) const
    {
        char *json = nullptr;
        respaldo_status status = function(handle_, request.is_null() ? nullptr : request.text().c_str(), &json);
        return detail::taken(status, json);
    }
    value call(detail::plain function) const
    {
        char *json = nullptr;
        respaldo_status status = function(handle_, &json);
        return detail::taken(status, json);
    }

#define RESPALDO_WATCHED(name, answer)                                                                                  \
    respaldo::answer name(const value &request = {}, const progress_function &progress = {}) const                      \
    {                                                                                                                   \
        return respaldo::answer::from(call(respaldo_##name, request, progress));                                        \
    }
#define RESPALDO_REQUESTED(name, answer)                                                                                \
    respaldo::answer name(const value &request = {}) const                                                              \
    {                                                                                                                   \
        return respaldo::answer::from(call(respaldo_##name, request));                                                  \
    }
#define RESPALDO_PLAIN(name, answer)                                                                                    \
    respaldo::answer name() const                                                                                       \
    {                                                                                                                   \
        return respaldo::answer::from(call(respaldo_##name));                                                           \
    }
    RESPALDO_FUNCTIONS
#undef RESPALDO_WATCHED
#undef RESPALDO_REQUESTED
#undef RESPALDO_PLAIN

private:
    respaldo_store handle_ = 0;
};

} // namespace respaldo

#endif
