<?php

declare(strict_types=1);

namespace Respaldo;

use FFI;
use Throwable;

/** No library could be loaded. The message names every place that was tried, and why it failed. */
final class LibraryLoadException extends \RuntimeException
{
}

/** The library as it is: found, checked, and called with texts. */
final class Library
{
    private static ?FFI $library = null;
    /** One C callback for all calls: PHP keeps each that it makes until the request ends. */
    private static ?FFI\CData $step = null;
    /** @var list<array{callable, ?Throwable}> the progress of the calls that are running, the innermost last */
    private static array $running = [];

    /** The functions, loaded once a process. */
    public static function functions(): FFI
    {
        return self::$library ??= self::load();
    }

    /** @return array{int, int, string} the status, the handle and the answer's text */
    public static function open(string $text): array
    {
        $handle = self::functions()->new('uint32_t');
        [$status, $answer] = self::answered(fn ($out) => self::functions()->respaldo_open($text, FFI::addr($handle), $out));
        return [$status, $handle->cdata, $answer];
    }

    public static function close(int $handle): int
    {
        return self::functions()->respaldo_close($handle);
    }

    /**
     * Calls a function. What `$progress` throws cancels the call, and comes out when that has ended.
     *
     * @return array{int, string} the status and the answer's text
     */
    public static function call(string $name, int $handle, ?string $text, ?callable $progress): array
    {
        ['request' => $takesRequest, 'progress' => $takesProgress] = FUNCTIONS[$name];
        $arguments = [$handle];
        if ($takesRequest) {
            $arguments[] = $text;
        }
        if ($takesProgress) {
            array_push($arguments, $progress === null ? null : self::step(), null);
        }
        self::$running[] = [$progress, null];
        try {
            $result = self::answered(fn ($out) => self::functions()->{"respaldo_$name"}(...[...$arguments, $out]));
        } finally {
            [, $thrown] = array_pop(self::$running);
        }
        return $thrown === null ? $result : throw $thrown;
    }

    public static function version(): string
    {
        return self::functions()->respaldo_version();
    }

    public static function statusName(int $status): string
    {
        return self::functions()->respaldo_status_name($status);
    }

    private static function step(): FFI\CData
    {
        if (self::$step === null) {
            self::$step = self::functions()->new('respaldo_step');
            self::$step->function = static function ($_, int $done, int $total): int {
                $call = &self::$running[array_key_last(self::$running)];
                try {
                    return $call[1] === null && $call[0]($done, $total) !== false ? 0 : 1;
                } catch (Throwable $thrown) { // none may cross C
                    $call[1] = $thrown;
                    return 1;
                }
            };
        }
        return self::$step->function;
    }

    /** @return array{int, string} */
    private static function answered(callable $call): array
    {
        $answer = self::functions()->new('char *');
        $status = $call(FFI::addr($answer));
        if (FFI::isNull($answer)) {
            throw new \RuntimeException("no memory was left for the answer (status $status)");
        }
        try {
            return [$status, FFI::string($answer)];
        } finally {
            self::functions()->respaldo_string_free($answer);
        }
    }

    /** @return list<string> the places to try; with RESPALDO_LIBRARY set, no other is tried in its place */
    private static function candidates(): array
    {
        $name = match (PHP_OS_FAMILY) {
            'Windows' => 'respaldo.dll',
            'Darwin' => 'librespaldo.dylib',
            default => 'librespaldo.so',
        };
        $chosen = (string) getenv('RESPALDO_LIBRARY');
        if ($chosen !== '') {
            return [is_dir($chosen) ? "$chosen/$name" : $chosen];
        }
        $system = PHP_OS_FAMILY === 'Linux' ? ["$name.1", $name] : [$name];
        return [__DIR__ . "/$name", ...$system];
    }

    private static function load(): FFI
    {
        $failures = '';
        foreach (self::candidates() as $path) {
            try {
                $library = FFI::cdef(self::declarations(), $path);
                $version = $library->respaldo_abi_version();
                if ($version === ABI_VERSION) {
                    return $library;
                }
                $failures .= "  $path: its ABI version is $version, this package needs " . ABI_VERSION . "\n";
            } catch (FFI\Exception $error) {
                $failures .= "  $path: {$error->getMessage()}\n";
            }
        }
        throw new LibraryLoadException(
            "The respaldo library could not be loaded. Tried:\n$failures"
            . "Put it into the package's src folder, install it, or set RESPALDO_LIBRARY to its file."
        );
    }

    private static function declarations(): string
    {
        $text = 'typedef int32_t (*respaldo_progress_fn)(void *user_data, uint64_t pages_done, uint64_t pages_total);
            typedef struct { respaldo_progress_fn function; } respaldo_step;
            int32_t respaldo_open(const char *options, uint32_t *store, char **answer);
            int32_t respaldo_close(uint32_t store);
            void respaldo_string_free(char *json);
            const char *respaldo_version(void);
            uint32_t respaldo_abi_version(void);
            const char *respaldo_status_name(int32_t status);';
        foreach (FUNCTIONS as $name => ['request' => $request, 'progress' => $progress]) {
            $middle = ($request ? 'const char *request, ' : '') . ($progress ? 'respaldo_progress_fn progress, void *user_data, ' : '');
            $text .= "int32_t respaldo_$name(uint32_t store, {$middle}char **answer);";
        }
        return $text;
    }
}
