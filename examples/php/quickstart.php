<?php

// A backup of studio.db with its progress, the list of all, and a restore of the newest.

declare(strict_types=1);

require 'vendor/autoload.php';

try {
    $store = new Respaldo\Store(['database' => 'studio.db', 'language' => 'en']);

    $made = $store->create(['label' => 'before the update'], function (int $done, int $total): void {
        echo "$done of $total pages\n"; // `return false` cancels
    });
    echo "made {$made->backup->path}\n";

    $backups = $store->list()->backups; // the newest first
    foreach ($backups as $backup) {
        echo "$backup->display $backup->name\n";
    }

    $restored = $store->restore(['backup' => $backups[0]->name]);
    echo "restored; the database as it was before is $restored->safety_backup\n";
} catch (Respaldo\DatabaseLockedException $error) {
    fwrite(STDERR, "Close the studio's other windows first. {$error->getMessage()}\n");
    exit(1);
} catch (Respaldo\RespaldoException $error) {
    fwrite(STDERR, "{$error->getMessage()} $error->hint\n"); // what is the matter, and what to do next
    exit(1);
}
