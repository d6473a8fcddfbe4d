<?php

// Everything of the package; for Composer, and for programs without it.

declare(strict_types=1);

require_once __DIR__ . '/Answer.php';
require_once __DIR__ . '/RespaldoException.php';
require_once __DIR__ . '/interface.php';
require_once __DIR__ . '/Library.php';
require_once __DIR__ . '/Store.php';
