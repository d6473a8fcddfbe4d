// What C++'s users expect: RAII, exceptions, progress as a lambda; and JSON as it is. Runs in a folder with studio.db.

#include <respaldo.hpp>

#include <cstdio>
#include <cstdlib>
#include <thread>

#define CHECK(holds) ((holds) ? (void)0 : (std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #holds), std::exit(1)))

using respaldo::object;
using respaldo::value;

template <class Exception, class Work, class Check> static void throws(const Work &work, const Check &check)
{
    try {
        work();
    } catch (const Exception &error) {
        check(error);
        return;
    }
    CHECK(!"it throws");
}

static void json()
{
    const char *text = R"({"a":[1,-2.5,9007199254740993,1.0,true,null],"b\u000a\"":{},"c":[]})";
    CHECK(value::parse(text).text() == text);
    CHECK(value::parse(R"("\u00e1\ud83d\ude00\/")").string() == "á😀/");
    CHECK(value::parse(" { } ")["none"].is_null());
    for (const char *bad : {"", "{", "[1,]", "{\"a\"}", "nul", "\"\\x\"", "\"", "1 2", "--1", "\"\\u12\""})
        throws<std::invalid_argument>([&] { value::parse(bad); }, [](auto &) {});
    throws<std::invalid_argument>([] { value::parse(std::string(100000, '[')); }, [](auto &) {});
}

static void calls(const respaldo::store &store)
{
    int steps = 0;
    auto made = store.create(object({{"label", "first"}}), [&](auto done, auto total) { return ++steps, done <= total; });
    CHECK(steps > 0 && made.created && made.backup->label == "first" && made.backup->raw["size"].integer() > 0);
    CHECK(store.list().backups.at(0).content->tables->at("clients") == 400);
    CHECK(store.last_backup().last_backup_at);

    std::thread([&] { CHECK(store.health().overall != ""); }).join();
}

static void failures(const respaldo::store &store)
{
    throws<respaldo::error>([&] { store.restore(object({{"backup", "none.db"}})); }, [](auto &error) {
        CHECK(error.status() == RESPALDO_BACKUP_NOT_FOUND && error.name() == "BACKUP_NOT_FOUND");
        CHECK(!error.hint().empty() && error.path() && error.details().raw["status"].integer() == 21);
    });
    throws<respaldo::error>([&] { store.list(object({{"tomorrow", true}})); },
                            [](auto &error) { CHECK(error.status() == RESPALDO_INVALID_ARGUMENT); });
    throws<respaldo::error>([&] { store.create({}, [](auto, auto) { return false; }); },
                            [](auto &error) { CHECK(error.status() == RESPALDO_CANCELLED); });
    throws<std::out_of_range>([&] { store.create({}, [](auto, auto) -> bool { throw std::out_of_range("mine"); }); },
                              [](auto &) {});
    CHECK(store.list().backups.size() == 1);
}

int main()
{
    json();
    respaldo_store handle;
    {
        respaldo::store first(object({{"database", "studio.db"}, {"language", "en"}}));
        respaldo::store store(std::move(first));
        handle = store.handle();
        calls(store);
        failures(store);
        throws<respaldo::error>([&] { first.list(); }, [](auto &error) { CHECK(error.status() == RESPALDO_INVALID_HANDLE); });
    }
    CHECK(respaldo_close(handle) == RESPALDO_INVALID_HANDLE);
}
