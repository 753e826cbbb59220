package transport

import (
	"io"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
)

// maxBuffer is the size of the largest buffer that is kept for later answers, in bytes. A
// page of 200 members fits into it.
const maxBuffer = 256 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// appender is an answer that writes its own JSON, because it is one of those that clients
// ask for most. A test compares the result with what the tags of its fields would give.
type appender interface{ AppendJSON(b []byte) []byte }

// bodyFormat returns the only format of bodies that a face has: JSON.
func bodyFormat(lenient bool) huma.Format {
	return huma.Format{
		Marshal: writeBody,
		Unmarshal: func(data []byte, v any) error {
			v.(interface{ decode([]byte, bool) }).decode(data, lenient)
			return nil
		},
	}
}

func writeBody(w io.Writer, v any) error {
	buffer := buffers.Get().(*[]byte)
	b, err := AppendJSON((*buffer)[:0], v)
	if err != nil {
		return err
	}
	_, _ = w.Write(b) // fails if the client is gone, and then there is nobody to tell
	if cap(b) <= maxBuffer {
		*buffer = b
		buffers.Put(buffer)
	}
	return nil
}

// AppendJSON appends the JSON of an answer to b.
func AppendJSON(b []byte, v any) ([]byte, error) {
	if a, ok := v.(appender); ok {
		return a.AppendJSON(b), nil
	}
	text, err := json.Marshal(v)
	return append(b, text...), err
}
