<?php

// What PHP's users expect: exceptions by status, typed answers, closing. Runs in a folder with studio.db.

declare(strict_types=1);

use Respaldo\Backup;
use Respaldo\Store;

require getenv('RESPALDO_PHP');

function check(bool $holds): void
{
    if (!$holds) {
        throw new LogicException('failed: line ' . debug_backtrace()[0]['line']);
    }
}

function throws(string $class, callable $work): Throwable
{
    try {
        $work();
    } catch (Throwable $thrown) {
        return $thrown instanceof $class ? $thrown : throw $thrown;
    }
    throw new LogicException("$class was expected: line " . debug_backtrace()[0]['line']);
}

check(preg_match('/^\d+\.\d+\.\d+$/', Respaldo\version()) === 1);
$store = new Store(['database' => 'studio.db', 'language' => 'en']);

$steps = 0;
$made = $store->create(['label' => 'first'], function (int $done, int $total) use (&$steps): bool {
    $steps++;
    return $done <= $total;
});
check($steps > 0 && $made->created && $made->backup->label === 'first' && $made->backup->raw->size > 0);
check($store->list()->backups[0]->content->tables['clients'] === 400);
check($store->lastBackup()->last_backup_at !== null);

throws(OutOfRangeException::class, fn () => $store->create([], fn () => throw new OutOfRangeException('mine')));
throws(Respaldo\CancelledException::class, fn () => $store->create([], fn () => false));
$error = throws(Respaldo\BackupNotFoundException::class, fn () => $store->restore(['backup' => 'none.db']));
check($error instanceof Respaldo\RespaldoException && $error->getCode() === 21 && $error->hint !== '' && $error->path !== null);
$error = throws(Respaldo\InvalidArgumentException::class, fn () => $store->list(['tomorrow' => true]));
check(str_contains($error->getMessage(), 'tomorrow'));
check(count($store->list()->backups) === 1);
throws(Respaldo\UnknownTimezoneException::class, fn () => new Store(['database' => 'studio.db', 'timezone' => 'Nowhere']));

// A progress that calls the library itself.
$inside = null;
$store->create([], function () use ($store, &$inside): void {
    $inside ??= $store->health([], fn () => true)->overall;
});
check($inside !== null);

$store->close();
$store->close();
throws(Respaldo\InvalidHandleException::class, fn () => $store->list());

$json = $made->backup->raw;
$json->colour = 'red';
check((new Backup($json))->raw->colour === 'red');
