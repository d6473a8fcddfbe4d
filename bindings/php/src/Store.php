<?php

declare(strict_types=1);

namespace Respaldo;

/** The backups of one database. A store closes itself when nothing refers to it any more. */
final class Store
{
    use Functions;

    /** The library's number of this store. */
    public readonly int $handle;
    private bool $closed = false;

    /** Checks the options; the database need not exist yet. */
    public function __construct(array $options)
    {
        [$status, $handle, $text] = Library::open(self::json($options));
        self::answer($status, $text);
        $this->handle = $handle;
    }

    public function __destruct()
    {
        if (isset($this->handle)) {
            $this->close();
        }
    }

    /** A second time it does nothing. */
    public function close(): void
    {
        if (!$this->closed) {
            $this->closed = true;
            Library::close($this->handle);
        }
    }

    public function isClosed(): bool
    {
        return $this->closed;
    }

    /**
     * Calls a function by the library's name for it. `$progress` gets the pages done and in total, and cancels by
     * answering false; what it throws comes out of the call.
     */
    public function call(string $name, ?array $request = null, ?callable $progress = null): \stdClass
    {
        return self::answer(...Library::call($name, $this->handle, $request === null ? null : self::json($request), $progress));
    }

    private static function json(array $request): string
    {
        return json_encode((object) $request, JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION | JSON_UNESCAPED_UNICODE);
    }

    private static function answer(int $status, string $text): \stdClass
    {
        $answer = json_decode($text, false, 512, JSON_THROW_ON_ERROR);
        return $status === 0 ? $answer : throw RespaldoException::of($answer->error);
    }
}

/** The version of the library. */
function version(): string
{
    return Library::version();
}
