// Does what a test asks of the binding: a JSON object a line on the standard input, the answer a line on the standard output.

#include <respaldo.hpp>

#include <sqlite3.h>
#include <unistd.h>

#include <iostream>
#include <map>

using respaldo::object;
using respaldo::value;

namespace {

std::optional<respaldo::store> current;
bool closed = false;
std::map<std::int64_t, sqlite3 *> connections;

using method = value (*)(const respaldo::store &, const value &, const respaldo::progress_function &);
const std::map<std::string, method> methods = {
#define RESPALDO_WATCHED(name, answer) \
    {#name, [](auto &store, auto &request, auto &progress) { return store.name(request, progress).raw; }},
#define RESPALDO_REQUESTED(name, answer) {#name, [](auto &store, auto &request, auto &) { return store.name(request).raw; }},
#define RESPALDO_PLAIN(name, answer) {#name, [](auto &store, auto &, auto &) { return store.name().raw; }},
    RESPALDO_FUNCTIONS};

value named(respaldo_status status, const value &answer)
{
    return object({{"status", respaldo_status_name(status)}, {"answer", answer}});
}

// What a call answers, as the library would.
template <class Work> respaldo::members outcome(const Work &work)
{
    try {
        return object({{"status", "OK"}, {"answer", work()}}).object();
    } catch (const respaldo::error &error) {
        return object({{"status", error.name()}, {"answer", object({{"error", error.details().raw}})}}).object();
    }
}

value execute(sqlite3 *connection, const std::string &sql)
{
    sqlite3_stmt *statement = nullptr;
    int result = sqlite3_prepare_v2(connection, sql.c_str(), -1, &statement, nullptr);
    value found;
    if (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        if (sqlite3_column_type(statement, 0) == SQLITE_INTEGER)
            found = sqlite3_column_int64(statement, 0);
        else if (const auto *text = sqlite3_column_text(statement, 0))
            found = reinterpret_cast<const char *>(text);
        result = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    if (result != SQLITE_OK && result != SQLITE_DONE)
        throw std::runtime_error(sqlite3_errmsg(connection));
    return found;
}

value open(const value &asked)
{
    return outcome([&] {
        respaldo::store opened(asked["request"]); // where this fails, the store from before stays
        current = std::move(opened);
        closed = false;
        return object({});
    });
}

value close(const value &)
{
    if (closed)
        return named(respaldo_close(current->handle()), nullptr);
    current->close();
    closed = true;
    return named(RESPALDO_OK, nullptr);
}

value call(const value &asked)
{
    std::int64_t steps = 0, refused = 0;
    auto progress = [&](std::uint64_t, std::uint64_t) {
        ++steps;
        if (asked["during"].is_object()) {
            sqlite3 *connection = connections.at(asked["during"]["id"].integer());
            try {
                execute(connection, asked["during"]["sql"].string());
                execute(connection, "ROLLBACK");
            } catch (const std::runtime_error &) {
                refused += sqlite3_errcode(connection) == SQLITE_BUSY;
            }
        }
        return !asked["cancel"].boolean();
    };
    respaldo::members result;
    if (asked["request_text"].is_string()) {
        char *json = nullptr; // only list is called so
        respaldo_status status = respaldo_list(current->handle(), asked["request_text"].string().c_str(), &json);
        result = named(status, value::parse(json)).object();
        respaldo_string_free(json);
    } else {
        result = outcome([&] { return methods.at(asked["call"].string())(*current, asked["request"], progress); });
    }
    result.emplace_back("progress", steps);
    result.emplace_back("refused", refused);
    return result;
}

value change_folder(const value &asked)
{
    if (chdir(asked["path"].string().c_str()) != 0)
        throw std::runtime_error("chdir");
    return object({});
}

value connect(const value &asked)
{
    sqlite3 *&connection = connections[asked["id"].integer()];
    if (sqlite3_open_v2(asked["path"].string().c_str(), &connection, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
        throw std::runtime_error(sqlite3_errmsg(connection));
    return object({});
}

value run(const value &asked)
{
    return object({{"value", execute(connections.at(asked["id"].integer()), asked["sql"].string())}});
}

value disconnect(const value &asked)
{
    sqlite3_close(connections.at(asked["id"].integer()));
    return object({});
}

} // namespace

int main()
{
    const std::map<std::string, value (*)(const value &)> does = {
        {"open", open},       {"close", close}, {"call", call},            {"change_folder", change_folder},
        {"connect", connect}, {"execute", run}, {"disconnect", disconnect}};
    for (std::string line; std::getline(std::cin, line);) {
        value asked = value::parse(line);
        try {
            std::cout << does.at(asked["do"].string())(asked).text() << std::endl;
        } catch (const std::exception &error) {
            std::cout << object({{"failed", error.what()}}).text() << std::endl;
        }
    }
}
