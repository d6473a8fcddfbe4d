// A backup of studio.db with its progress, the list of all, and a restore of the newest.

#include <respaldo.hpp>

#include <iostream>

int main()
try {
    respaldo::store store(respaldo::object({{"database", "studio.db"}, {"language", "en"}}));
    auto made = store.create(respaldo::object({{"label", "before the update"}}), [](auto done, auto total) {
        std::cout << done << " of " << total << " pages\n";
        return true; // false cancels
    });
    std::cout << "made " << made.backup->path << '\n';

    auto backups = store.list().backups; // the newest first
    for (const auto &backup : backups)
        std::cout << backup.display << ' ' << backup.name << '\n';

    auto restored = store.restore(respaldo::object({{"backup", backups.front().name}}));
    std::cout << "restored; the database as it was before is " << *restored.safety_backup << '\n';
} catch (const respaldo::error &error) {
    std::cerr << error.what() << '\n'; // what is the matter, and what to do next
    return error.status() == RESPALDO_DATABASE_LOCKED ? 2 : 1;
}
