package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// receiver VARIABLE STATUS sets the variable to a URL that webhooks can be sent to. Its responses
// have that status.
func receiver(ts *testscript.TestScript, _ bool, arguments []string) {
	status, err := strconv.Atoi(arguments[1])
	ts.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		if status != http.StatusNoContent {
			_, _ = io.WriteString(w, "come back\n")
		}
	}))
	ts.Setenv(arguments[0], server.URL+"/hook")
	ts.Defer(server.Close)
}

// eventually PATTERN PROGRAM... runs the program until what it prints matches.
func eventually(ts *testscript.TestScript, _ bool, arguments []string) {
	pattern, err := regexp.Compile("(?m)" + arguments[0])
	ts.Check(err)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		ts.Check(ts.Exec(arguments[1], arguments[2:]...))
		text := ts.ReadFile("stdout")
		if pattern.MatchString(text) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("it prints\n%s", text)
		}
	}
}
