<?php

// Does what a test asks of the binding: a JSON object a line on the standard input, the answer a line on the standard output.

declare(strict_types=1);

use Respaldo\Library;
use Respaldo\RespaldoException;
use Respaldo\Store;

require getenv('RESPALDO_PHP');

final class Driver
{
    private ?Store $store = null;
    /** @var array<int, PDO> */
    private array $connections = [];

    public function answer(stdClass $asked): array
    {
        try {
            return $this->{$asked->do}($asked) ?? [];
        } catch (Throwable $error) {
            return ['failed' => (string) $error];
        }
    }

    /** What a call answers, as the library would. */
    private function outcome(callable $work): array
    {
        try {
            return ['status' => 'OK', 'answer' => $work()];
        } catch (RespaldoException $error) {
            return ['status' => $error->name, 'answer' => ['error' => $error->failure->raw]];
        }
    }

    private function change_folder(stdClass $asked): void
    {
        chdir($asked->path);
    }

    private function open(stdClass $asked): array
    {
        return $this->outcome(function () use ($asked) {
            $this->store = new Store((array) ($asked->request ?? []));
            return new stdClass();
        });
    }

    private function close(): array
    {
        if ($this->store->isClosed()) {
            return ['status' => Library::statusName(Library::close($this->store->handle)), 'answer' => null];
        }
        $this->store->close();
        return ['status' => 'OK', 'answer' => null];
    }

    private function call(stdClass $asked): array
    {
        $steps = $refused = 0;
        $progress = function () use ($asked, &$steps, &$refused): bool {
            $steps++;
            if (isset($asked->during)) {
                $refused += (int) $this->isRefused($this->connections[$asked->during->id], $asked->during->sql);
            }
            return !$asked->cancel;
        };
        if (isset($asked->request_text)) {
            [$status, $text] = Library::call($asked->call, $this->store->handle, $asked->request_text, $progress);
            $result = ['status' => Library::statusName($status), 'answer' => json_decode($text)];
        } else {
            $method = lcfirst(str_replace('_', '', ucwords($asked->call, '_')));
            $takes = Respaldo\FUNCTIONS[$asked->call];
            $arguments = $takes['request'] ? [(array) ($asked->request ?? [])] : [];
            if ($takes['progress']) {
                $arguments[] = $progress;
            }
            $result = $this->outcome(fn () => $this->store->$method(...$arguments)->raw);
        }
        return [...$result, 'progress' => $steps, 'refused' => $refused];
    }

    private function isRefused(PDO $connection, string $sql): bool
    {
        try {
            $connection->exec($sql);
            $connection->exec('ROLLBACK');
            return false;
        } catch (PDOException $error) {
            return $error->errorInfo[1] === 5 ? true : throw $error; // SQLITE_BUSY
        }
    }

    private function connect(stdClass $asked): void
    {
        $this->connections[$asked->id] = new PDO("sqlite:$asked->path", options: [PDO::ATTR_TIMEOUT => 0]);
    }

    private function execute(stdClass $asked): array
    {
        $row = $this->connections[$asked->id]->query($asked->sql)->fetch(PDO::FETCH_NUM);
        return ['value' => $row ? $row[0] : null];
    }

    private function disconnect(stdClass $asked): void
    {
        unset($this->connections[$asked->id]);
    }
}

$driver = new Driver();
while (($line = fgets(STDIN)) !== false) {
    $answer = (object) $driver->answer(json_decode($line, flags: JSON_THROW_ON_ERROR));
    echo json_encode($answer, JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION), "\n";
}
