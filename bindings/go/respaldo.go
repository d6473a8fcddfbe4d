// Package respaldo backs up and restores an application's SQLite database, from inside the application.
//
// Requests are maps with the keys of respaldo.h. Answers are structs, whose Raw has all that the library said, also keys
// that this package does not know.
package respaldo

import (
	"context"
	"encoding/json"
	"errors"
	"runtime/cgo"
	"sync"
)

// Options are those of respaldo_open; only "database" is required.
type Options map[string]any

// Request has the keys of a call; nil is a request without keys.
type Request map[string]any

// Progress is called between steps, on another thread's behalf; false cancels the call.
type Progress func(pagesDone, pagesTotal uint64) bool

// Status is a status of the library. It is an error, so that errors.Is(err, respaldo.DatabaseLocked) works.
type Status int32

// Error is the status's name, such as "DATABASE_LOCKED".
func (s Status) Error() string {
	library, err := load()
	if err != nil {
		return "UNKNOWN"
	}
	return library.statusName(s)
}

// Error says that an operation failed: Message says what, Hint what to do next, both for the user.
type Error struct {
	Failure
}

func (e *Error) Error() string {
	return e.Message + " " + e.Hint
}

// Is says whether the error has the status.
func (e *Error) Is(target error) bool {
	status, is := target.(Status)
	return is && int64(status) == e.Status
}

// Store has the backups of one database. Any goroutine may use it at any time.
type Store struct {
	library library
	handle  uint32
	closing sync.Once
}

// Open checks the options; the database need not exist yet.
func Open(options Options) (*Store, error) {
	library, err := load()
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(options)
	if err != nil {
		return nil, err
	}
	status, handle, text := library.open(body)
	if err := failure(status, text); err != nil {
		return nil, err
	}
	return &Store{library: library, handle: handle}, nil
}

// Close closes the store; calls that are running end normally. A second time it does nothing.
func (s *Store) Close() error {
	s.closing.Do(func() { s.library.close(s.handle) })
	return nil
}

// Handle is the library's number of this store.
func (s *Store) Handle() uint32 {
	return s.handle
}

// Call calls a function by the library's name for it, and decodes the answer into a struct or map.
func (s *Store) Call(ctx context.Context, name string, request Request, progress Progress, answer any) error {
	var body []byte
	if request != nil {
		var err error
		if body, err = json.Marshal(request); err != nil {
			return err
		}
	}
	status, text, err := s.CallText(ctx, name, body, progress)
	if err != nil {
		return err
	}
	if err := failure(status, text); err != nil {
		if status == Cancelled && ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	return json.Unmarshal(text, answer)
}

// CallText calls a function with a text as its request, and returns the status and the answer's text.
func (s *Store) CallText(ctx context.Context, name string, request []byte, progress Progress) (Status, []byte, error) {
	if err := ctx.Err(); err != nil {
		return Cancelled, nil, err
	}
	if _, known := s.library[name]; !known {
		return 0, nil, errors.New("respaldo has no function " + name)
	}
	watching := &watch{ctx: ctx, progress: progress}
	handle := cgo.NewHandle(watching)
	defer handle.Delete()
	status, text := s.library.call(name, s.handle, request, uintptr(handle))
	if watching.panicked != nil {
		panic(watching.panicked)
	}
	return status, text, nil
}

func failure(status Status, text []byte) error {
	if text == nil {
		return errors.New("respaldo had no memory left for its answer")
	}
	if status == OK {
		return nil
	}
	var answer struct{ Error *Error }
	if err := json.Unmarshal(text, &answer); err != nil {
		return err
	}
	return answer.Error
}

// CloseHandle closes the store of a number, as respaldo_close does; for a closed one it is InvalidHandle.
func CloseHandle(handle uint32) Status {
	library, err := load()
	if err != nil {
		return Internal
	}
	return library.close(handle)
}
