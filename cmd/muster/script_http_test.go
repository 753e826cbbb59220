package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// get PATH FILE sends a request to the service at $ADDR with $TOKEN and writes the body
// of the response to the file.
func get(ts *testscript.TestScript, _ bool, arguments []string) {
	request, err := http.NewRequest(http.MethodGet, "http://"+ts.Getenv("ADDR")+arguments[0], nil)
	ts.Check(err)
	request.Header.Set("Authorization", "Bearer "+ts.Getenv("TOKEN"))
	answer(ts, request, arguments[1])
}

// idof VARIABLE FILE sets the variable to the id of the token that the file describes.
func idOf(ts *testscript.TestScript, _ bool, arguments []string) {
	var self struct {
		Token string `json:"token_id"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(arguments[1])), &self))
	ts.Setenv(arguments[0], self.Token)
}

// curl FILE sends the requests of the curl lines in the file, and writes the bodies of
// the responses to answer-1, answer-2 and so on.
func curl(ts *testscript.TestScript, _ bool, arguments []string) {
	n := 0
	for line := range strings.Lines(ts.ReadFile(arguments[0])) {
		words, err := shellWords(line)
		ts.Check(err)
		if len(words) == 0 || words[0] != "curl" {
			continue
		}
		n++
		request, err := http.NewRequest(http.MethodGet, words[len(words)-1], nil)
		ts.Check(err)
		for i := 1; i < len(words)-1; i += 2 {
			switch words[i] {
			case "-H":
				name, value, _ := strings.Cut(words[i+1], ": ")
				request.Header.Set(name, value)
			case "-d":
				request.Method = http.MethodPost
				request.Body = io.NopCloser(strings.NewReader(words[i+1]))
			default:
				ts.Fatalf("curl %s", words[i])
			}
		}
		answer(ts, request, fmt.Sprintf("answer-%d", n))
	}
	if n == 0 {
		ts.Fatalf("%s holds no curl lines", arguments[0])
	}
}

// answer sends the request and writes the body to the file. The status must be 200.
func answer(ts *testscript.TestScript, request *http.Request, file string) {
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	body, err := io.ReadAll(response.Body)
	ts.Check(errors.Join(err, response.Body.Close()))
	if response.StatusCode != http.StatusOK {
		ts.Fatalf("%s %s: %s\n%s", request.Method, request.URL, response.Status, body)
	}
	ts.Check(os.WriteFile(ts.MkAbs(file), append(body, '\n'), 0o600))
}

// shellWords splits a line as a shell does. Of the quotes it knows the single ones.
func shellWords(line string) (words []string, err error) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		var word string
		if quoted, ok := strings.CutPrefix(line, "'"); ok {
			if word, line, ok = strings.Cut(quoted, "'"); !ok {
				return nil, errors.New("a quote is not closed")
			}
		} else {
			word, line, _ = strings.Cut(line, " ")
		}
		words = append(words, word)
	}
	return words, nil
}

// follow PATH opens an event stream and keeps it open.
func openStream(ts *testscript.TestScript, _ bool, arguments []string) {
	request, err := http.NewRequest(http.MethodGet, "http://"+ts.Getenv("ADDR")+arguments[0], nil)
	ts.Check(err)
	request.Header.Set("Authorization", "Bearer "+ts.Getenv("TOKEN"))
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	if response.StatusCode != http.StatusOK {
		ts.Fatalf("%s", response.Status)
	}
	ts.Defer(func() { _ = response.Body.Close() })
}

// same LIST LINES fails unless a list that the service has returned has the same rows
// as a file with one row a line.
func same(ts *testscript.TestScript, _ bool, arguments []string) {
	var list struct {
		Items []map[string]any `json:"items"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(arguments[0])), &list))
	var rows []map[string]any
	for line := range strings.Lines(ts.ReadFile(arguments[1])) {
		var row map[string]any
		ts.Check(json.Unmarshal([]byte(line), &row))
		rows = append(rows, row)
	}
	if !reflect.DeepEqual(list.Items, rows) {
		ts.Fatalf("the service shows\n%v\nand the replay\n%v", list.Items, rows)
	}
}
