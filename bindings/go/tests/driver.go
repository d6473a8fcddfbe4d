// Does what a test asks of the binding: a JSON object a line on the standard input, the answer a line on the standard output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"respaldo"
)

type asked struct {
	Do, Call, Path, SQL string
	ID                  int
	Cancel              bool
	Request             respaldo.Request
	RequestText         *string `json:"request_text"`
	During              *asked
}

type answered map[string]any

var (
	ctx    = context.Background()
	store  *respaldo.Store
	closed bool
	does   = map[string]func(asked) answered{
		"open": open, "close": close, "call": call,
		"change_folder": func(a asked) answered { return failed(os.Chdir(a.Path)) },
	}
	// Whether the host's own SQLite is refused a statement; it is taken back otherwise.
	isRefused func(asked) bool
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
		if a.During != nil && isRefused(*a.During) {
			refused++
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

func failed(err error) answered {
	if err != nil {
		return answered{"failed": err.Error()}
	}
	return answered{}
}

func main() {
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
