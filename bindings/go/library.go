package respaldo

// The library is loaded when it is first used, not linked: so a program says where it looked for it, instead of not starting.

/*
#cgo linux LDFLAGS: -ldl
#include "library.h"
*/
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// The functions of the library by name.
type library map[string]unsafe.Pointer

var (
	loadOnce  sync.Once
	loaded    library
	loadError error
)

// LoadError says that no library could be loaded: every place that was tried, and why it failed.
type LoadError struct {
	Tried []string
}

func (e *LoadError) Error() string {
	return "the respaldo library could not be loaded; tried:\n  " + strings.Join(e.Tried, "\n  ") +
		"\nPut it beside the program, install it, or set RESPALDO_LIBRARY to its file."
}

func load() (library, error) {
	loadOnce.Do(func() {
		failure := &LoadError{}
		for _, path := range candidates() {
			opened, err := open(path)
			if err == nil {
				loaded = opened
				return
			}
			failure.Tried = append(failure.Tried, fmt.Sprintf("%s: %v", path, err))
		}
		loadError = failure
	})
	return loaded, loadError
}

// The places to try. With RESPALDO_LIBRARY set, no other is tried in its place.
func candidates() []string {
	name := map[string]string{"windows": "respaldo.dll", "darwin": "librespaldo.dylib"}[runtime.GOOS]
	if name == "" {
		name = "librespaldo.so"
	}
	if chosen := os.Getenv("RESPALDO_LIBRARY"); chosen != "" {
		if found, err := os.Stat(chosen); err == nil && found.IsDir() {
			chosen = filepath.Join(chosen, name)
		}
		return []string{chosen}
	}
	places := []string{name}
	if runtime.GOOS == "linux" {
		places = []string{name + ".1", name}
	}
	if program, err := os.Executable(); err == nil {
		places = append([]string{filepath.Join(filepath.Dir(program), name)}, places...)
	}
	return places
}

func open(path string) (library, error) {
	file := C.CString(path)
	defer C.free(unsafe.Pointer(file))
	var reason [512]C.char
	handle := C.respaldo_go_load(file, &reason[0], C.int(len(reason)))
	if handle == nil {
		return nil, fmt.Errorf("%s", C.GoString(&reason[0]))
	}
	found := library{}
	names := []string{"open", "close", "string_free", "version", "abi_version", "status_name"}
	for _, name := range append(names, functionNames...) {
		symbol := C.CString("respaldo_" + name)
		found[name] = C.respaldo_go_symbol(handle, symbol)
		C.free(unsafe.Pointer(symbol))
		if found[name] == nil {
			return nil, fmt.Errorf("not the respaldo library, or too old: it lacks respaldo_%s", name)
		}
	}
	if version := uint32(C.respaldo_go_abi_version(found["abi_version"])); version != abiVersion {
		return nil, fmt.Errorf("its ABI version is %d, this package needs %d", version, abiVersion)
	}
	return found, nil
}

// A text for C, which is to be freed; nil for nil.
func text(json []byte) *C.char {
	if json == nil {
		return nil
	}
	return C.CString(string(json))
}

// The text of an answer, which is freed.
func (l library) taken(answer *C.char) []byte {
	defer C.respaldo_go_free(l["string_free"], answer)
	if answer == nil {
		return nil
	}
	return []byte(C.GoString(answer))
}

func (l library) open(options []byte) (Status, uint32, []byte) {
	request := text(options)
	defer C.free(unsafe.Pointer(request))
	var handle C.uint32_t
	var answer *C.char
	status := C.respaldo_go_open(l["open"], request, &handle, &answer)
	return Status(status), uint32(handle), l.taken(answer)
}

func (l library) close(handle uint32) Status {
	return Status(C.respaldo_go_close(l["close"], C.uint32_t(handle)))
}

// Calls a function; progress is the handle of a watch, or 0.
func (l library) call(name string, handle uint32, json []byte, progress uintptr) (Status, []byte) {
	request := text(json)
	defer C.free(unsafe.Pointer(request))
	var answer *C.char
	var status C.int32_t
	function, store := l[name], C.uint32_t(handle)
	switch takes := arguments[name]; {
	case takes.progress:
		status = C.respaldo_go_watched(function, store, request, C.uintptr_t(progress), &answer)
	case takes.request:
		status = C.respaldo_go_request(function, store, request, &answer)
	default:
		status = C.respaldo_go_plain(function, store, &answer)
	}
	return Status(status), l.taken(answer)
}

func (l library) statusName(status Status) string {
	return C.GoString(C.respaldo_go_status_name(l["status_name"], C.int32_t(status)))
}

// Version is that of the library, such as "0.1.0".
func Version() (string, error) {
	library, err := load()
	if err != nil {
		return "", err
	}
	return C.GoString(C.respaldo_go_version(library["version"])), nil
}
