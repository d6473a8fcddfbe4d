<?php

declare(strict_types=1);

namespace Respaldo;

/** An answer of the library, or a part of one. `raw` is all of it, also keys that this package does not know. */
abstract class Answer
{
    public function __construct(public readonly \stdClass $raw)
    {
    }
}
