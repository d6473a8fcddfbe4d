#include <respaldo.hpp>

#include <iostream>

int main()
try {
    respaldo::store store(respaldo::object({{"database", "studio.db"}, {"language", "en"}}));
    auto due = store.create_if_due(); // on start: once a day
    std::cout << (due.created ? "made " : "there is ") << due.backup->display << '\n';
    for (const auto &backup : store.list().backups)
        std::cout << backup.name << ' ' << backup.size << '\n';
} catch (const respaldo::error &error) {
    std::cerr << error.what() << '\n'; // says what to do next
    return 1;
}
