package transport

import (
	"net/http"
	"reflect"
	"strconv"
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

const jsonType = "application/json"

// jsonTypes are the header's values for [jsonType]. They are shared to save an allocation.
var jsonTypes = []string{jsonType}

// buffered is the length of the longest body for which net/http itself writes
// Content-Length, in bytes.
const buffered = 2048

// answer writes the answer of an operation. The output is a pointer to a struct.
func (c *Call) answer(out any) {
	form, v := &c.route.answers, reflect.ValueOf(out)
	if v.IsNil() {
		c.SetStatus(form.status)
		return
	}
	v = v.Elem()
	for i := range form.headers {
		if c.past != nil && form.headers[i].name == etagName {
			continue // see [Call.unconditional]
		}
		if text := v.FieldByIndex(form.headers[i].index).String(); text != "" {
			c.setHeader(form.headers[i].name, text)
		}
	}
	status := form.status
	if form.statusField != nil {
		status = int(v.FieldByIndex(form.statusField).Int())
	}
	if form.bodyField == nil {
		c.SetStatus(status)
		return
	}
	body := v.FieldByIndex(form.bodyField)
	if write, ok := body.Interface().(func(huma.Context)); ok {
		write(nil) // a handler that writes its answer itself has the call
		return
	}
	c.send(status, jsonType, body.Interface())
}

// send writes an answer with the value as JSON. It panics if there is no JSON of the value.
func (c *Call) send(status int, mediaType string, v any) {
	if mediaType == jsonType {
		c.w.Header()["Content-Type"] = jsonTypes
	} else {
		c.setHeader("Content-Type", mediaType)
	}
	if status == http.StatusNoContent || status == http.StatusNotModified {
		c.SetStatus(status)
		return
	}
	buffer := buffers.Get().(*[]byte)
	b, err := AppendJSON((*buffer)[:0], v)
	if err != nil {
		panic(err)
	}
	if len(b) > buffered {
		c.setHeader("Content-Length", strconv.Itoa(len(b)))
	}
	c.SetStatus(status)
	_, _ = c.w.Write(b) // fails if the client is gone, and then there is nobody to tell
	keep(buffer, b)
}

// keep puts a buffer back for later, with the bytes that it has grown to.
func keep(buffer *[]byte, grown []byte) {
	if cap(grown) <= maxBuffer {
		*buffer = grown
		buffers.Put(buffer)
	}
}

// AppendJSON appends the JSON of an answer to b.
func AppendJSON(b []byte, v any) ([]byte, error) {
	if a, ok := v.(appender); ok {
		return a.AppendJSON(b), nil
	}
	text, err := json.Marshal(v)
	return append(b, text...), err
}
