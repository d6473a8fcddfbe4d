<?php

declare(strict_types=1);

namespace Respaldo;

/**
 * An operation failed. The message says what, `hint` what to do next, both for the user; the code is the status's number.
 * Each status has its own class.
 */
class RespaldoException extends \RuntimeException
{
    public readonly Failure $failure;
    public readonly string $name;
    public readonly string $hint;
    public readonly ?string $path;

    public function __construct(\stdClass $json)
    {
        parent::__construct($json->message, $json->status);
        $this->failure = new Failure($json);
        $this->name = $json->name;
        $this->hint = $json->hint;
        $this->path = $json->path;
    }

    public static function of(\stdClass $json): self
    {
        $class = EXCEPTIONS[$json->status] ?? self::class;
        return new $class($json);
    }
}
