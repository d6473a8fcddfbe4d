//go:build !windows

package main

// The host's own SQLite, go-sqlite3, in the same process.

import (
	"database/sql"
	"errors"
	"strings"

	_ "github.com/mattn/go-sqlite3"
)

var (
	databases   = map[int]*sql.DB{}
	connections = map[int]*sql.Conn{}
)

func init() {
	does["connect"], does["execute"], does["disconnect"] = connect, execute, disconnect
	isRefused = func(a asked) bool {
		if _, err := connections[a.ID].ExecContext(ctx, a.SQL); err != nil {
			return strings.Contains(err.Error(), "locked")
		}
		execute(asked{ID: a.ID, SQL: "ROLLBACK"})
		return false
	}
}

func connect(a asked) answered {
	database, err := sql.Open("sqlite3", "file:"+a.Path+"?mode=rw&_busy_timeout=0")
	if err == nil {
		databases[a.ID] = database
		connections[a.ID], err = database.Conn(ctx)
	}
	return failed(err)
}

// Closed is only the database: a connection goes back to its pool.
func disconnect(a asked) answered {
	connections[a.ID].Close()
	return failed(databases[a.ID].Close())
}

func execute(a asked) answered {
	var value any
	err := connections[a.ID].QueryRowContext(ctx, a.SQL).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	if err != nil {
		return failed(err)
	}
	if text, is := value.([]byte); is {
		value = string(text)
	}
	return answered{"value": value}
}
