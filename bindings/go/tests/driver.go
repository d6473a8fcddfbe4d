// Does what a test asks of the binding: a JSON object a line on the standard input, the answer a line on the standard output.
package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	_ "github.com/mattn/go-sqlite3"

	"respaldo"
)

type asked struct {
	Do, Call, Path, SQL string
	ID                  int
	Cancel              bool
	Request             respaldo.Request
	RequestText         *string `json:"request_text"`
	During              *struct {
		ID  int
		SQL string
	}
}

type answered map[string]any

var (
	ctx         = context.Background()
	store       *respaldo.Store
	closed      bool
	databases   = map[int]*sql.DB{}
	connections = map[int]*sql.Conn{}
)

// What a call answers, as the library would.
func outcome(answer any, err error) answered {
	var failure *respaldo.Error
	if errors.As(err, &failure) {
		return answered{"status": failure.Name, "answer": answered{"error": failure.Raw}}
	}
	if err != nil {
		return answered{"failed": err.Error()}
	}
	return answered{"status": "OK", "answer": answer}
}

func open(a asked) answered {
	opened, err := respaldo.Open(respaldo.Options(a.Request))
	if err == nil {
		store, closed = opened, false
	}
	return outcome(answered{}, err)
}

func close(asked) answered {
	if closed {
		return answered{"status": respaldo.CloseHandle(store.Handle()).Error(), "answer": nil}
	}
	closed = true
	return outcome(nil, store.Close())
}

func call(a asked) answered {
	steps, refused := 0, 0
	progress := func(uint64, uint64) bool {
		steps++
		if a.During != nil {
			if _, err := connections[a.During.ID].ExecContext(ctx, a.During.SQL); err == nil {
				execute(asked{ID: a.During.ID, SQL: "ROLLBACK"})
			} else if strings.Contains(err.Error(), "locked") {
				refused++
			}
		}
		return !a.Cancel
	}
	var result answered
	if a.RequestText != nil {
		status, text, err := store.CallText(ctx, a.Call, []byte(*a.RequestText), progress)
		if err != nil {
			return answered{"failed": err.Error()}
		}
		result = answered{"status": status.Error(), "answer": json.RawMessage(text)}
	} else {
		result = method(a.Call, a.Request, progress)
	}
	result["progress"], result["refused"] = steps, refused
	return result
}

// Calls the method of a function, with as many of the arguments as it takes.
func method(name string, request respaldo.Request, progress respaldo.Progress) answered {
	var pascal strings.Builder
	for _, word := range strings.Split(name, "_") {
		pascal.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	function := reflect.ValueOf(store).MethodByName(pascal.String())
	arguments := []reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(request), reflect.ValueOf(progress)}
	results := function.Call(arguments[:function.Type().NumIn()])
	err, _ := results[1].Interface().(error)
	if err != nil {
		return outcome(nil, err)
	}
	return outcome(results[0].Elem().FieldByName("Raw").Interface(), nil)
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

func failed(err error) answered {
	if err != nil {
		return answered{"failed": err.Error()}
	}
	return answered{}
}

func main() {
	does := map[string]func(asked) answered{
		"open": open, "close": close, "call": call, "connect": connect, "execute": execute,
		"disconnect": disconnect, "change_folder": func(a asked) answered { return failed(os.Chdir(a.Path)) },
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var a asked
		decoder := json.NewDecoder(strings.NewReader(lines.Text()))
		decoder.UseNumber()
		if err := decoder.Decode(&a); err != nil {
			panic(err)
		}
		answer, err := json.Marshal(does[a.Do](a))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(answer))
	}
}
