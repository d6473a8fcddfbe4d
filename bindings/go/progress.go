package respaldo

// #include <stdint.h>
import "C"

import (
	"context"
	"runtime/cgo"
)

// What is called while a call works.
type watch struct {
	ctx      context.Context
	progress Progress
	panicked any
}

//export respaldo_go_progress
func respaldo_go_progress(handle C.uintptr_t, pagesDone, pagesTotal C.uint64_t) (stop C.int32_t) {
	watch := cgo.Handle(handle).Value().(*watch)
	defer func() {
		// A panic must not cross C; it goes on when the call has ended.
		if reason := recover(); reason != nil {
			watch.panicked = reason
			stop = 1
		}
	}()
	if watch.panicked != nil || watch.ctx.Err() != nil {
		return 1
	}
	if watch.progress != nil && !watch.progress(uint64(pagesDone), uint64(pagesTotal)) {
		return 1
	}
	return 0
}
